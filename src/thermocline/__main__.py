"""`python -m thermocline` and the console script."""

from thermocline.cli.app import main

if __name__ == "__main__":
    main()

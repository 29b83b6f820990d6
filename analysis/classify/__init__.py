"""Rules that turn evidence into verdicts; each verdict carries its reasons."""

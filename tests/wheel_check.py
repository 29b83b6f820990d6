"""Install the built wheel into a fresh environment and look whether all that it needs at run time is inside.

Run as `python tests/wheel_check.py dist`; exits non-zero, naming what is missing.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGES = {
    "analysis": "analysis",
    "planner": "src/planner",
    "executor": "src/executor",
    "thermocline": "src/thermocline",
}
ROOT = Path(__file__).resolve().parent.parent


def expected_files() -> set[str]:
    """Every file of the four packages that git tracks, as it must be named inside the wheel."""
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES.values()], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return {
        package + name.removeprefix(folder)
        for name in tracked
        for package, folder in PACKAGES.items()
        if name.startswith(f"{folder}/")
    }


def main(dist: Path) -> int:
    wheel = max(dist.glob("thermocline-*.whl"), key=lambda path: path.stat().st_mtime)
    inside = set(zipfile.ZipFile(wheel).namelist())
    missing = sorted(expected_files() - inside)
    if missing:
        print("missing from the wheel:", *missing, sep="\n  ", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        # The dependencies come from this environment; only our own packages must come from the wheel.
        target = Path(folder) / "wheel"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                str(target),
                str(wheel),
            ],
            check=True,
        )
        probe = (
            "import sys; sys.path.insert(0, sys.argv[1]);"
            "import analysis, planner, executor, thermocline.cli.app as app;"
            "assert all(m.__file__.startswith(sys.argv[1]) for m in (analysis, planner, executor, app)), app.__file__;"
            "[app.load_command(name) for name in app.COMMANDS];"
            "sys.exit(app.run(['--version']))"
        )
        subprocess.run([sys.executable, "-I", "-c", probe, str(target)], check=True, cwd=folder)
    print(f"{wheel.name}: {len(inside)} files, all {len(expected_files())} of ours inside, every command loads")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""How long `thermocline --help` takes to appear: `make bench-start`. The goal is 0.3 s at the median."""

import statistics
import subprocess
import sys
import time

ROUNDS = 15
PROGRAMS = {
    "python, doing nothing": [sys.executable, "-c", "pass"],
    "thermocline --help": [sys.executable, "-m", "thermocline", "--help"],
    "thermocline plan --help": [sys.executable, "-m", "thermocline", "plan", "--help"],
}


def seconds(command: list[str]) -> float:
    """Wall time of one run."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Run the programs in turn, so that they share what else the machine does; print medians and ratios."""
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, command in PROGRAMS.items():
            times[name].append(seconds(command))
    base = statistics.median(times["python, doing nothing"])
    for name, found in times.items():
        middle = statistics.median(found)
        sys.stdout.write(
            f"{name:24} median {middle:.3f} s, {min(found):.3f} to {max(found):.3f}, {middle / base:.1f} times python\n"
        )


if __name__ == "__main__":
    main()

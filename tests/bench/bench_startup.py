"""How long `thermocline --help` takes, beside an interpreter that does nothing: run this file."""

import resource
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

ROUNDS = 20
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "thermocline --help": [sys.executable, "-m", "thermocline", "--help"],
    "thermocline subfolders --help": [sys.executable, "-m", "thermocline", "subfolders", "--help"],
}


class Cost(NamedTuple):
    """One start, in seconds: what a clock on the wall shows, and what the processor worked."""

    wall: float
    processor: float


def start(command: list[str]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    costs: dict[str, list[Cost]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():  # in turn, so that a busy machine is busy for all of them
            costs[name].append(start(command))
    for name, found in costs.items():
        wall = statistics.median(cost.wall for cost in found)
        work = statistics.median(cost.processor for cost in found)
        sys.stdout.write(f"{name:32} {wall:6.3f} s, of which the processor works {work:.3f} s (medians of {ROUNDS})\n")


if __name__ == "__main__":
    main()

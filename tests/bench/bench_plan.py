"""How long planning takes: `python tests/bench/bench_plan.py [SUBFOLDERS]`, 10,000 without a number.

Processor seconds, so that a busy machine counts less: for `generate`, and for writing and reading plan.json. The
made-up subfolders are of every kind, each with four age groups in two classes, children, readers, writers and code.
"""

import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from analysis.model import AGE_GROUPS, ChildFolder, ClassAge, CodeSite, Subfolder
from planner.generate import generate
from planner.planfile import dump, load, write
from planner.prices import load_prices
from planner.settings import PlannerSettings
from planner_evidence import GIB, analysis_of, every_kind, use


def many(count: int, seed: int = 7) -> list[Subfolder]:
    """`count` subfolders, in the proportions of one of every kind."""
    rng = random.Random(seed)
    kinds = [each for each in every_kind() if each.name]
    return [_one(rng, kinds[number % len(kinds)], number) for number in range(count)]


def _one(rng: random.Random, kind: Subfolder, number: int) -> Subfolder:
    name = f"team{number % 40}/folder{number:05}"
    ages = tuple(
        ClassAge(storage_class, age, rng.randint(1, 10_000), rng.randint(1, 500 * GIB), rng.randint(0, 10))
        for storage_class in ("STANDARD", "NEARLINE")
        for age in rng.sample(AGE_GROUPS, 4)
    )
    return replace(
        kind,
        name=name,
        prefix=f"{name}/",
        template=f"{name}/",
        class_ages=ages,
        objects=sum(age.objects for age in ages),
        bytes=sum(age.bytes for age in ages),
        readers=tuple(use(f"reader{rng.randrange(3000)}") for _ in range(3)),
        writers=tuple(use(f"writer{rng.randrange(3000)}") for _ in range(2)),
        children=tuple(ChildFolder(f"part{n}", 10, GIB) for n in range(5)),
        code=tuple(
            CodeSite(f"jobs/job{rng.randrange(2000)}.py", 9, "read", f"{name}/", "code", "open") for _ in range(3)
        ),
    )


def main() -> None:
    """Print the timings."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    analysis, prices = analysis_of(*many(count)), load_prices()
    started = time.process_time()
    plan = generate(analysis, PlannerSettings(), env="prod", prices=prices)
    planned = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        write(plan, path)
        written = time.process_time()
        load(path)
        read = time.process_time()
    size = len(dump(plan))
    sys.stdout.write(
        f"{count} subfolders: planned in {planned - started:.2f} s, written in {written - planned:.2f} s "
        f"({size / 1024**2:.1f} MiB), read back in {read - written:.2f} s\n"
    )


if __name__ == "__main__":
    main()

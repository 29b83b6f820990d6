"""How long `references` takes: `python tests/bench/bench_references.py [PYTHON] [SQL_AND_YAML]`, else 1,000 and 2,000.

The checkout is made on the spot: the projects of tests/references/fixtures again and again, each under a team of its
own and each Python file with a hundred lines of other code, and queries and job files that nothing starts. Seconds of
the clock and of the processor, start to exit of the command, for the first scan and for one that finds everything
unchanged.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "references" / "fixtures"
OTHER_CODE = "\n\n" + "\n".join(
    f"def other_{number}(rows):\n    kept = [row for row in rows if row['n'] > {number}]\n"
    f"    total = sum(row['n'] for row in kept)\n    return {{'total': total, 'n': len(kept)}}\n"
    for number in range(20)
)  # fmt: skip
QUERY = "SELECT day, COUNT(*) AS n\nFROM `warehouse.team{0}.events_{1}`\nWHERE day > '2026-01-0{2}'\nGROUP BY day\n"
EXPORT = "EXPORT DATA OPTIONS (uri = 'gs://lake/team{0}/events_{1}/*.parquet', format = 'PARQUET') AS\n"
JOB = "name: job-{1}\nschedule: '0 {2} * * *'\nsource: gs://lake/team{0}/in/\nwindow: {2}\nowners: [a@example.com]\n"


def make(folder: Path, python: int, others: int) -> None:
    written = {"python": 0, "others": 0}
    team = 0
    while written["python"] < python:
        for path in sorted(FIXTURES.rglob("*")):
            if not path.is_file() or "__pycache__" in path.parts or written["python"] >= python:
                continue
            kind = "python" if path.suffix == ".py" else "others" if path.suffix in (".sql", ".yaml", ".yml") else ""
            if kind == "others" and written["others"] >= others:
                continue
            target = folder / f"team{team:02}" / path.relative_to(FIXTURES)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            if kind:
                written[kind] += 1
            if kind == "python":
                target.write_text(target.read_text(encoding="utf-8") + OTHER_CODE, encoding="utf-8")
        team += 1
    for number in range(written["others"], others):
        target = (
            folder / f"team{number % team:02}" / "queries" / (f"q{number}.sql" if number % 2 else f"j{number}.yaml")
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        text = JOB if number % 2 == 0 else EXPORT + QUERY if number % 10 == 1 else QUERY
        target.write_text(text.format(number % team, number, number % 10), encoding="utf-8")


def main() -> None:
    python, others = (int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (1_000, 2_000)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as kept:
        checkout = Path(folder)
        make(checkout, python, others)
        command = [sys.executable, "-m", "thermocline", "references", folder, "--env", "prod", "--json"]
        for name in ("first scan", "unchanged"):
            clock, processor = time.perf_counter(), _of_children()
            done = subprocess.run(
                command, check=True, capture_output=True, text=True, env={**os.environ, "XDG_CACHE_HOME": kept}
            )
            clock, processor = time.perf_counter() - clock, _of_children() - processor
            print(f"{name}: {clock:.2f} s, {processor:.2f} s of the processor, {done.stderr.splitlines()[0]}")


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()

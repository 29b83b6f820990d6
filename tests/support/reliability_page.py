"""Makes docs/reliability.md from the tests that prove it: `python tests/support/reliability_page.py` writes the page.

Each row of the table is a `@required(fault, outcome)` on a test in tests/torture; the figures are those of the last
full run, kept in tests/torture/last_run.json.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"

HEAD = """# What survives what

<!-- Made by tests/support/reliability_page.py from the tests; do not edit. -->

Every row is a test: the fault is really made (a killed process, a refused request, a full disk), and an oracle that
shares no code with the executor replays the server's own history of every write and removal, with a SHA-256 of each
content. It demands that nothing is lost, wrong, overwritten, or deleted without a verified copy.

`make torture` runs all of it, with every fault at every step, and random storms until 10,000 faults were injected; it
prints the seed of each. CI runs a short version with every fifth step, and draws the same examples every time;
`make explore` draws new ones for every property.

| fault | required outcome | proof |
|---|---|---|
"""

STORM = """
## Figures

Storms, {on}: **0 lost, 0 wrong, 0 overwritten, 0 deleted unverified** over {faults:,} injected faults in {histories}
histories ({runs} runs, {killed} of them killed by SIGKILL, {copies:,} copies), of one `make torture`
(all {tests} tests passed, {seconds} seconds), with the seeds
{first_seed} to {last_seed}.
"""

GUARDS = """
Guards, {on}: {changes} changes were made to executor and planner, one at a time: every precondition of a request left
out, and, drawn at random, checks and statements left out, terms dropped, comparisons turned. {red} of them turned a
test red{rest}
"""

SOAK = """
Soak, {on}: {seconds:,} seconds of migrations under faults in one process, {migrations} migrations, {copies:,} copies,
{faults:,} faults. Memory after warming up {rss_start_mib} MiB, at the end {rss_end_mib} MiB; open file handles
{handles_start} and {handles_end}. {note}

{course}
"""

LIMITS = """
## What no tool can promise

Two buckets cannot be changed in one transaction. Between the last look at both sides and a deletion lie milliseconds; a
copy that somebody else deletes in just that moment is not seen. Soft delete keeps both objects for its retention time,
which is why a target bucket is made with it.

Nor can a deletion be made to depend on the lock object. An executor looks at its lock just before each batch of
deletions; who takes the lock of a living executor over with `--take-lock`, and deletes in those milliseconds, was told
to make sure that it is dead.

A copy that the service stored with a wrong checksum, by a run that was killed before it saw the answer, carries our
marker and yet cannot be proven to be ours to replace. It is reported as a conflict with the advice to delete it.
"""


def rows() -> Iterator[tuple[str, str, str, str]]:
    """(fault, outcome, file, test) of every proof, in the order of files and tests."""
    for path in sorted((ROOT / "tests" / "torture").glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "required":
                    fault, outcome = (str(ast.literal_eval(argument)) for argument in mark.args)
                    yield fault, outcome, path.name, node.name


def figures() -> str:
    """The last full runs, as prose."""
    recorded: dict[str, Any] = json.loads((ROOT / "tests" / "torture" / "last_run.json").read_text(encoding="utf-8"))
    storm, soak = recorded["storm"], recorded["soak"]
    return (
        STORM.format(**storm)
        + GUARDS.format(**recorded["guards"])
        + SOAK.format(**(soak | {"course": _course(soak["course"])}))
    )


def _course(samples: list[tuple[int, int, int]]) -> str:
    """Memory and handles over the soak, as a table."""
    lines = ["| second | memory, MiB | open files |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {second:,} | {memory} | {handles} |" for second, memory, handles in samples)])


def page() -> str:
    """The whole page."""
    table = "".join(f"| {fault} | {outcome} | `{file}` `{test}` |\n" for fault, outcome, file, test in rows())
    return f"{HEAD}{table}{figures()}{LIMITS}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

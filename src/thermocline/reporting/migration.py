"""The migration report: what an execution moved, what proves it, what it cost, and what has to be watched until when.

Everything comes from the plan and its journal; no bucket is asked.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from analysis.whole_files import write_whole
from executor.journal import Journal
from executor.results import MoveResult
from executor.rows import Item
from executor.run import journal_path_of, status
from planner.plan import Move, Plan
from planner.planfile import load
from thermocline.reporting.pages import render_html, render_markdown
from thermocline.reporting.words import joined

FAILURES = 50
DONE = frozenset({"verified", "quiet", "cleaning", "cleaned"})
BEGUN_NOTHING = frozenset({"planned", "stays"})


@dataclass(frozen=True)
class Failure:
    """An object that was not migrated, and why."""

    source: str
    state: str
    reason: str


@dataclass(frozen=True)
class Migrated:
    """One move: what was planned, what the journal says, and what follows."""

    move: Move
    result: MoveResult
    started_at: datetime | None
    verified_at: datetime | None
    observe_until: datetime | None
    skipped: list[tuple[str, int]]  # reason, objects
    left: list[tuple[str, int, int]]  # reason, objects, bytes
    failures: list[Failure]
    failure_count: int
    proof: str  # sha256 over every verified object

    @property
    def done(self) -> bool:
        """All of it is verified."""
        return self.result.state in DONE

    @property
    def took(self) -> timedelta | None:
        """From the first act on the move to its verification."""
        return self.verified_at - self.started_at if self.started_at and self.verified_at else None


def collect(plan_path: Path, journal_path: Path | None = None) -> tuple[Plan, list[Migrated]]:
    """The plan, and every move of it that has begun. Raises the executor's errors for files that cannot be used."""
    plan = load(plan_path)
    results = {result.use_case: result for result in status(plan_path, journal_path)}
    path = journal_path or journal_path_of(plan_path)
    if not path.exists():
        return plan, []
    begun = [move for move in plan.moves() if results[move.use_case].state not in BEGUN_NOTHING]
    with Journal.read(path) as journal:
        return plan, [_migrated(journal, move, results[move.use_case]) for move in begun]


def write_migration(plan_path: Path, journal_path: Path | None, folder: Path) -> list[Path]:
    """Write `migration.html` and `migration.md` into an existing folder; nothing where nothing has begun."""
    plan, migrated = collect(plan_path, journal_path)
    if not migrated:
        return []
    values = _values(plan, migrated)
    page, document = folder / "migration.html", folder / "migration.md"
    html, markdown = render_html("migration.html.j2", **values), render_markdown("migration.md.j2", **values)
    write_whole({page: html, document: markdown})
    return [page, document]


def _migrated(journal: Journal, move: Move, result: MoveResult) -> Migrated:
    row = journal.move(move.use_case)
    assert row is not None, f"{move.use_case} is {result.state} but not in the journal"  # noqa: S101 - states come from it
    begun = [_moment(step.started_at) for step in journal.steps(row.move_id)]
    verified_at = _moment(row.verified_at)
    skipped: dict[str, int] = {}
    for item in journal.items(row.move_id, "skipped"):
        skipped[item.reason] = skipped.get(item.reason, 0) + 1
    failures: list[Failure] = []
    for item in journal.items(row.move_id, "failed", "conflict"):
        if len(failures) == FAILURES:
            break
        failures.append(Failure(item.source, item.state, item.reason))
    return Migrated(
        move=move,
        result=result,
        started_at=min((moment for moment in begun if moment is not None), default=None),
        verified_at=verified_at,
        observe_until=verified_at + timedelta(days=move.migration.observe_days) if verified_at else None,
        skipped=sorted(skipped.items()),
        left=[(reason, objects, size) for reason, objects, size, _ in journal.left_behind(row.move_id)],
        failures=failures,
        failure_count=result.failed + result.conflicts,
        proof=proof_of(item for item in journal.by_source(row.move_id) if item.state == "verified"),
    )


def proof_of(items: Iterable[Item]) -> str:
    """sha256 over lines `source TAB target TAB size TAB crc32c` of verified objects; empty without any.

    `items` come in the order of their source names: whoever lists both sides can compute it again.
    """
    digest, empty = hashlib.sha256(), True
    for item in items:
        digest.update(f"{item.source}\t{item.target}\t{item.size}\t{item.crc32c}\n".encode())
        empty = False
    return "" if empty else digest.hexdigest()


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _values(plan: Plan, migrated: list[Migrated]) -> dict[str, Any]:
    done = [entry for entry in migrated if entry.done]
    unfinished = [entry for entry in migrated if not entry.done]
    phases = sorted({entry.result.phase for entry in migrated})
    return {
        "plan": plan,
        "migrated": migrated,
        "done": done,
        "unfinished": unfinished,
        "failing": [entry for entry in migrated if entry.failure_count],
        "phases": f"phase {phases[0]}" if len(phases) == 1 else f"phases {joined([str(phase) for phase in phases])}",
        "approvals": [phase for phase in plan.phases if phase.approval is not None and phase.phase in phases],
        "objects": sum(entry.result.verified for entry in migrated),
        "bytes": sum(entry.result.bytes for entry in migrated),
        "now": sum(entry.move.cost.monthly_now_usd for entry in done),
        "after": sum(entry.move.cost.monthly_after_usd for entry in done),
        "one_off": sum(entry.move.cost.one_off_usd for entry in done),
        "last": max((entry.verified_at for entry in migrated if entry.verified_at), default=None),
        "observe_until": max((entry.observe_until for entry in done if entry.observe_until), default=None),
    }

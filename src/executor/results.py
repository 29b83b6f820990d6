"""What a command tells scripts: the numbers of each move, with the names of the machine-readable contract."""

from dataclasses import dataclass, field
from typing import Any

from executor.states import MoveState

SELECTED = ("planned", "started", "copied", "verified", "skipped", "conflict", "failed")


@dataclass(frozen=True)
class MoveResult:
    """Where one move stands. `copied` counts every copy that exists, verified or not; `bytes` those of the copies."""

    use_case: str
    phase: int
    state: str
    planned: int = 0
    copied: int = 0
    verified: int = 0
    skipped: int = 0
    conflicts: int = 0
    failed: int = 0
    bytes: int = 0
    left_behind: int = 0
    deleted: int = 0
    source: str = ""
    target: str = ""
    next: str = ""
    way_back: str = ""
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RunResult:
    """Every move of a run, and the exit code that sums them up."""

    run_id: str
    moves: list[MoveResult]
    exit_code: int
    notes: list[str] = field(default_factory=list)


def numbers(counts: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """The contract's numbers from counts by item state."""

    def objects(*states: str) -> int:
        return sum(counts.get(state, (0, 0))[0] for state in states)

    return {
        "planned": objects(*SELECTED),
        "copied": objects("copied", "verified"),
        "verified": objects("verified"),
        "skipped": objects("skipped"),
        "conflicts": objects("conflict"),
        "failed": objects("failed"),
        "bytes": sum(counts.get(state, (0, 0))[1] for state in ("copied", "verified")),
        "left_behind": objects("left"),
    }


def exit_code(moves: list[MoveResult], *, mismatches: int, errors: list[int], interrupted: bool) -> int:
    """One code for a run: the gravest thing that happened to any of its moves."""
    if interrupted:
        return 130
    if mismatches or any(move.state == MoveState.MISMATCH.value for move in moves):
        return 4
    if errors:
        # One refused move beside others that went well is a run that is partly done.
        return errors[0] if len(errors) == len(moves) else 3
    unfinished = {MoveState.WAITING.value, MoveState.LISTING.value, MoveState.COPYING.value, MoveState.PARTIAL.value}
    return 3 if any(move.state in unfinished for move in moves) else 0

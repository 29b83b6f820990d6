"""States of a move, and which command leads where. The table in docs/migrating.md is generated from `NEXT`."""

from enum import StrEnum


class MoveState(StrEnum):
    """Where a move stands. The first two are never in the journal: nothing has been done yet."""

    STAYS = "stays"
    PLANNED = "planned"
    WAITING = "waiting"
    LISTING = "listing"
    COPYING = "copying"
    PARTIAL = "partial"
    MISMATCH = "mismatch"
    VERIFIED = "verified"
    QUIET = "quiet"
    CLEANING = "cleaning"
    CLEANED = "cleaned"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"


NEXT: dict[MoveState, tuple[str, str]] = {
    # state: (the way forward, the way back)
    MoveState.STAYS: ("nothing: the plan says that this folder stays", "nothing to take back"),
    MoveState.PLANNED: ("`execute` (after `plan approve`)", "nothing to take back"),
    MoveState.WAITING: ("`execute` goes on", "`rollback` removes the empty bucket if we created it"),
    MoveState.LISTING: ("`execute` goes on where the listing stopped", "`rollback`"),
    MoveState.COPYING: ("`execute` resumes", "`rollback` removes the copies that nobody changed"),
    MoveState.PARTIAL: ("`execute` tries failed and conflicting objects again", "`rollback`"),
    MoveState.MISMATCH: ("`execute` copies again what differs and is still ours", "`rollback`"),
    MoveState.VERIFIED: (
        "`patch` and switch the consumers, then `observe` until the old place is quiet",
        "`rollback` removes our copies, grants and lifecycle rules; `patch --reverse` takes the code back",
    ),
    MoveState.QUIET: ("`cleanup` deletes the verified sources", "`rollback`, as from verified"),
    MoveState.CLEANING: ("`cleanup` goes on", "`rollback` restores what was deleted"),
    MoveState.CLEANED: (
        "nothing: the move is done",
        "`rollback` restores from soft delete, or copies back what soft delete no longer holds",
    ),
    MoveState.ROLLING_BACK: ("`rollback` goes on", "`execute` migrates again once it is rolled back"),
    MoveState.ROLLED_BACK: ("`execute` migrates again", "nothing to take back"),
}

BEFORE_CLEANUP = frozenset(
    {
        MoveState.WAITING,
        MoveState.LISTING,
        MoveState.COPYING,
        MoveState.PARTIAL,
        MoveState.MISMATCH,
        MoveState.VERIFIED,
        MoveState.QUIET,
    }
)


def state_table() -> str:
    """The states as a Markdown table, for the documentation."""
    lines = ["| state | onward | back |", "|---|---|---|"]
    lines += [f"| {state.value} | {onward} | {back} |" for state, (onward, back) in NEXT.items()]
    return "\n".join(lines)

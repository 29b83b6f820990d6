"""How the commands that carry out a plan show moves: progress on stderr, results on stdout."""

import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from thermocline.cli.output import human_bytes, note, print_json, print_table

if TYPE_CHECKING:
    from executor.progress import MoveProgress
    from executor.results import MoveResult, RunResult

CONTRACT = ("use_case", "phase", "state", "planned", "copied", "verified", "skipped", "conflicts", "failed", "bytes")
INTERVAL_TERMINAL_SECONDS = 0.2
INTERVAL_LOG_SECONDS = 10.0
FAILURES_PRINTED = 20


class ProgressLines:
    """One line that rewrites itself on a terminal; a plain line at intervals anywhere else."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._interval = INTERVAL_TERMINAL_SECONDS if self._terminal else INTERVAL_LOG_SECONDS
        self._shown_at: dict[str, float] = {}
        self._stages: dict[str, str] = {}
        self._width = 0
        self._seen: dict[str, MoveProgress] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal and self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")

    def show(self, progress: "MoveProgress") -> None:
        """Show one move's progress, if it is time to."""
        now = time.monotonic()
        new_stage = self._stages.get(progress.use_case) != progress.stage
        if not new_stage and now - self._shown_at.get(progress.use_case, 0.0) < self._interval:
            return
        self._stages[progress.use_case], self._shown_at[progress.use_case] = progress.stage, now
        self._seen[progress.use_case] = progress
        text = describe(progress)
        if len(self._seen) > 1:
            text += f" | all {len(self._seen)} moves: {total(self._seen.values())}"
        if self._terminal:
            # A line that folds could not be written over.
            text = text[: max(20, shutil.get_terminal_size().columns - 1)]
            sys.stderr.write("\r" + text.ljust(self._width))
            sys.stderr.flush()
            self._width = len(text)
        else:
            note(text)


def describe(progress: "MoveProgress") -> str:
    """One line about a move that is being carried out."""
    parts = [f"{progress.use_case}: {progress.stage}"]
    if progress.planned:
        parts.append(f"{progress.done}/{progress.planned} objects")
    if progress.planned_bytes:
        parts.append(f"{human_bytes(progress.copied_bytes)} of {human_bytes(progress.planned_bytes)}")
    if progress.done and progress.stage == "copying":
        cap = f" (cap {progress.rate_cap:.0f}/s)" if progress.rate_cap is not None else ""
        parts.append(f"{progress.rate():.0f}/s{cap}")
    if (left := progress.seconds_left()) is not None:
        parts.append(f"{left:.0f} s left")
    if progress.retries:
        parts.append(f"{progress.retries} retries")
    if progress.verified:
        parts.append(f"{progress.verified} verified")
    if progress.failed or progress.conflicts:
        parts.append(f"{progress.failed} failed, {progress.conflicts} conflicts")
    return ", ".join(parts)


def total(moves: Iterable["MoveProgress"]) -> str:
    """Objects and bytes over all moves of this run."""
    many = list(moves)
    done, planned = sum(move.done for move in many), sum(move.planned for move in many)
    text = f"{done}/{planned} objects, {human_bytes(sum(move.copied_bytes for move in many))}"
    rate = sum(move.rate() for move in many if move.stage == "copying")
    return text + (f", {rate:.0f}/s, {(planned - done) / rate:.0f} s left" if rate >= 1 else "")


def contract(move: "MoveResult") -> dict[str, Any]:
    """A move for scripts: the names of the contract first, then what more there is."""
    facts: dict[str, Any] = msgspec.to_builtins(move)
    return {**{name: facts[name] for name in CONTRACT}, **facts}


def print_run(result: "RunResult", *, as_json: bool) -> None:
    """Print the moves of a run; failures are always listed at the end."""
    if as_json:
        print_json({"run_id": result.run_id, "moves": [contract(move) for move in result.moves], "notes": result.notes})
    else:
        print_moves(result.moves)
    for text in result.notes:
        note(text)
    for move in result.moves:
        for text in move.notes:
            note(f"{move.use_case}: {text}")
    for move in result.moves:
        for text in move.failures[:FAILURES_PRINTED]:
            note(f"failed: {move.use_case}: {text}")
        if len(move.failures) > FAILURES_PRINTED:
            note(
                f"failed: {move.use_case}: … and {len(move.failures) - FAILURES_PRINTED} more; the manifest lists them"
            )


def print_moves(moves: Sequence["MoveResult"]) -> None:
    """Print moves as a table."""
    columns = ["use case", "phase", "state", "planned", "copied", "verified", "skipped", "conflicts", "failed", "size"]
    rows = [
        [
            move.use_case,
            move.phase,
            move.state,
            move.planned,
            move.copied,
            move.verified,
            move.skipped,
            move.conflicts,
            move.failed,
            human_bytes(move.bytes),
        ]
        for move in moves
    ]
    print_table(columns, rows, right=columns[3:], optional=["copied", "skipped", "phase", "planned", "size"])

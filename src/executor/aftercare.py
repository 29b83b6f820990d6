"""What follows the copy, each a command of its own: observe, clean up, roll back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from analysis.catalogue import Catalogue
from analysis.touches import touches_since
from executor.cleanup import Cleanup, Confirm, Doomed, ready_move
from executor.definition import Definition
from executor.errors import GuardRefused, PlanEdited
from executor.feeding import Stop
from executor.hooks import tell
from executor.journal import Journal
from executor.lock import PlanLocks
from executor.migration import Context
from executor.quiet import Silence, silence
from executor.reading import Selection, approved, digests_of, read_plan, select
from executor.references import take_back
from executor.results import MoveResult
from executor.rollback import ConfirmRollback, Rollback, Undone
from executor.rows import Move
from executor.run import describe, journal_path_of, new_run_id, open_storage
from executor.settings import ExecutorSettings
from executor.states import MoveState
from executor.trail import Trail
from planner.plan import Plan

OBSERVED = frozenset({MoveState.VERIFIED, MoveState.QUIET, MoveState.CLEANING, MoveState.CLEANED})


@dataclass(frozen=True)
class Observation:
    """What fresh logs say about the old place of one move."""

    use_case: str
    state: str
    place: str
    silence: Silence
    notes: tuple[str, ...] = ()


Detail = TypeVar("Detail", Doomed, Undone)


@dataclass(frozen=True)
class Aftermath(Generic[Detail]):
    """How a cleanup or a rollback ended."""

    moves: list[MoveResult]
    details: list[Detail]
    exit_code: int
    notes: list[str] = field(default_factory=list)


@asynccontextmanager
async def _opened(
    plan: Plan, path: Path, command: str, settings: ExecutorSettings, stop: Stop, *, take_lock: bool = False
) -> AsyncIterator[Context]:
    with Journal.open(path, plan_id=plan.plan_id, digests=digests_of(plan)) as journal:
        run_id = new_run_id()
        trail = Trail(path.with_suffix(".audit.ndjson") if settings.audit_trail else None, run_id)
        journal.start_run(run_id, command)
        outcome = "error"
        try:
            async with open_storage(run_id, settings) as storage:
                locks = PlanLocks(storage, plan.plan_id, journal, run_id, take_over=take_lock)
                try:
                    yield Context(run_id, storage, journal, settings, locks, trail, stop)
                    outcome = "0"
                finally:
                    await locks.release()
        finally:
            try:
                trail.close()
            finally:
                journal.end_run(run_id, outcome)


def _begun(journal: Journal, definitions: list[Definition]) -> list[tuple[Definition, Move]]:
    """The moves that have begun; raises `PlanEdited` where the plan now says something else than they did."""
    found = [(one, journal.move(one.use_case)) for one in definitions if not one.stays]
    begun = [(one, move) for one, move in found if move is not None]
    for one, move in begun:
        _refuse_changed(one, move)
    return begun


def _refuse_changed(definition: Definition, move: Move) -> None:
    if move.digest != definition.digest and move.state != MoveState.ROLLED_BACK.value:
        raise PlanEdited(
            f"{definition.use_case} was changed in the plan after its migration began",
            "use the plan file that it began with",
        )


async def observe(
    plan_path: Path,
    selection: Selection,
    catalogue: Catalogue,
    *,
    journal_path: Path | None = None,
    settings: ExecutorSettings | None = None,
) -> list[Observation]:
    """Judge the old places of verified moves by the catalogue's logs, and remember which are quiet."""
    settings = settings or ExecutorSettings()
    plan = read_plan(plan_path)
    definitions = select(plan, selection)
    path = journal_path or journal_path_of(plan_path)
    with Journal.open(path, plan_id=plan.plan_id, digests=digests_of(plan)) as journal:
        run_id = new_run_id()
        journal.start_run(run_id, "observe")
        seen = [
            await _observe_one(journal, one, move, catalogue, settings)
            for one, move in _begun(journal, definitions)
            if MoveState(move.state) in OBSERVED
        ]
        journal.end_run(run_id, "0")
    if not seen:
        raise GuardRefused("no move of this selection is verified yet", "run `thermocline execute` first")
    return seen


async def _observe_one(
    journal: Journal, definition: Definition, move: Move, catalogue: Catalogue, settings: ExecutorSettings
) -> Observation:
    pattern = definition.moving
    verified_on = datetime.fromisoformat(move.verified_at or "").date()
    prefixes = tuple(segment.source_prefix for segment in pattern.segments)
    found = silence(
        touches_since(catalogue, pattern.source_bucket, prefixes, verified_on), verified_on, definition.observe_days
    )
    state = MoveState(move.state)
    if state in {MoveState.VERIFIED, MoveState.QUIET}:
        state = MoveState.QUIET if found.quiet else MoveState.VERIFIED
        journal.update_move(move.move_id, state=state.value, quiet_since=found.since.isoformat(), note=found.reason)
    notes: tuple[str, ...] = ()
    if found.users:
        facts = {
            "use_case": definition.use_case,
            "users": ", ".join(sorted({touch.principal for touch in found.users})),
        }
        if said := await tell(settings.on_late_reader, facts):
            notes = (said,)
    place = f"gs://{pattern.source_bucket}/{pattern.source_prefix}"
    return Observation(definition.use_case, state.value, place, found, notes)


async def cleanup(
    plan_path: Path,
    selection: Selection,
    confirm: Confirm,
    *,
    max_delete: int | None = None,
    dry_run: bool = False,
    journal_path: Path | None = None,
    settings: ExecutorSettings | None = None,
    stop: Stop | None = None,
    take_lock: bool = False,
) -> Aftermath[Doomed]:
    """Delete the sources of quiet moves. `confirm` sees every count first; False changes nothing."""
    settings, stop = settings or ExecutorSettings(), stop or Stop()
    plan = read_plan(plan_path)
    definitions, _ = approved(plan, select(plan, selection), selection)
    path = journal_path or journal_path_of(plan_path)
    if not path.exists():
        raise GuardRefused("nothing of this plan was migrated yet", "run `thermocline execute` first")
    async with _opened(plan, path, "cleanup", settings, stop, take_lock=take_lock) as context:
        chosen = _ready(context.journal, definitions, selection)
        works = [Cleanup(context, one, move) for one, move in chosen]
        for one, _ in chosen:
            await context.locks.acquire(one.moving.target_bucket)
        doomed = [await work.look() for work in works]
        total = sum(one.objects for one in doomed)
        if max_delete is not None and total > max_delete:
            raise GuardRefused(
                f"{total} objects would be deleted, and --max-delete is {max_delete}", "choose fewer moves, or raise it"
            )
        if dry_run:
            return Aftermath([describe(context.journal, one) for one, _ in chosen], doomed, 0)
        if not confirm(doomed):
            raise GuardRefused(
                "not confirmed, so nothing was deleted", "type the number of objects, or give it with --confirm"
            )
        for work in works:
            if not stop.requested:
                await work.delete()
        moves = [describe(context.journal, one) for one, _ in chosen]
    done = all(move.state == MoveState.CLEANED.value for move in moves)
    return Aftermath(moves, [work.doomed for work in works], 130 if stop.requested else 0 if done else 3)


def _ready(journal: Journal, definitions: list[Definition], selection: Selection) -> list[tuple[Definition, Move]]:
    """The moves that may be cleaned up; raises for one that was singled out and may not, or when there is none."""
    ready, refusals = [], []
    for definition in definitions:
        move = journal.move(definition.use_case)
        if definition.stays or (move is not None and move.state == MoveState.CLEANED.value):
            continue
        if move is not None:
            _refuse_changed(definition, move)
        try:
            ready.append((definition, ready_move(definition, move)))
        except GuardRefused as refusal:
            refusals.append(refusal)
    if refusals and (not ready or selection.use_case not in {None, "all"}):
        raise refusals[0]
    if not ready:
        raise GuardRefused("every move of this selection is cleaned up already", "see `thermocline status`")
    return ready


async def rollback(
    plan_path: Path,
    selection: Selection,
    confirm: ConfirmRollback,
    *,
    dry_run: bool = False,
    journal_path: Path | None = None,
    settings: ExecutorSettings | None = None,
    stop: Stop | None = None,
    take_lock: bool = False,
    checkout: Path | None = None,
) -> Aftermath[Undone]:
    """Take the chosen moves back, the latest first. `confirm` sees every count first; False changes nothing.

    With `checkout`, recorded patches are taken back there; without, the notes say how.
    """
    settings, stop = settings or ExecutorSettings(), stop or Stop()
    plan = read_plan(plan_path)
    definitions = select(plan, selection)
    everything = [one for one in select(plan, Selection()) if not one.stays]
    path = journal_path or journal_path_of(plan_path)
    if not path.exists():
        raise GuardRefused("nothing of this plan was migrated yet", "there is nothing to take back")
    async with _opened(plan, path, "rollback", settings, stop, take_lock=take_lock) as context:
        chosen = [
            (one, move)
            for one, move in reversed(_begun(context.journal, definitions))
            if move.state != MoveState.ROLLED_BACK.value
        ]
        if not chosen:
            raise GuardRefused("nothing of this selection is migrated", "there is nothing to take back")
        works = [Rollback(context, one, move, _others(context.journal, one, everything)) for one, move in chosen]
        for one, _ in chosen:
            if await context.storage.get_bucket(one.moving.target_bucket) is not None:
                await context.locks.acquire(one.moving.target_bucket)
        undone = [await work.look() for work in works]
        if dry_run:
            return Aftermath([describe(context.journal, one) for one, _ in chosen], undone, 0)
        if not confirm(undone):
            raise GuardRefused(
                "not confirmed, so nothing was taken back", "type the number of copies, or give it with --confirm"
            )
        for (one, move), work in zip(chosen, works, strict=True):
            if stop.requested:
                break
            again = Rollback(context, one, move, _others(context.journal, one, everything))
            again.undone = work.undone
            bucket = one.moving.target_bucket
            if await context.storage.get_bucket(bucket) is not None:
                # The move before this one may have shared the bucket, and gave its lock back.
                await context.locks.acquire(bucket)
            await again.take_back()
            await context.locks.release(bucket)
            if not stop.requested:
                await again.remove_bucket()
        moves = [describe(context.journal, one) for one, _ in chosen]
        gone = [move.use_case for move in moves if move.state == MoveState.ROLLED_BACK.value]
        notes = take_back(context.journal, gone, checkout)
    done = len(gone) == len(moves)
    return Aftermath(moves, undone, 130 if stop.requested else 0 if done else 3, notes)


def _others(journal: Journal, definition: Definition, everything: list[Definition]) -> list[Definition]:
    """The other moves of the plan that are in force."""
    found = []
    for one in everything:
        move = journal.move(one.use_case)
        if one.use_case != definition.use_case and move is not None and move.state != MoveState.ROLLED_BACK.value:
            found.append(one)
    return found

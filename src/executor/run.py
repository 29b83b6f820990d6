"""Executes the chosen moves of a plan: phases in order, moves of a phase side by side when asked."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from analysis.words import plural
from executor.clock import now
from executor.credentials import credentials_for, endpoint_from_environment
from executor.definition import Definition
from executor.dryrun import forecast
from executor.errors import ExecutorError, MoveRefused, StorageError
from executor.feeding import Stop
from executor.hooks import tell
from executor.journal import Journal
from executor.lock import PlanLocks
from executor.manifest import manifest_path, write_manifest
from executor.migration import Context, Migration, Outcome
from executor.progress import OnProgress
from executor.reading import Selection, approved, digests_of, read_plan, select
from executor.references import Code, write_patches
from executor.results import MoveResult, RunResult, exit_code, numbers
from executor.settings import ExecutorSettings
from executor.states import NEXT, MoveState
from executor.storage import Storage
from executor.together import all_of
from executor.trail import Trail
from executor.transport import Transport

ENGINES = ("rewrite", "transfer-service")
FAILURES_SHOWN = 1000


def journal_path_of(plan_path: Path) -> Path:
    """The journal beside its plan."""
    return plan_path.with_name(plan_path.name + ".journal.sqlite")


def new_run_id() -> str:
    """Sortable by time, unique, and free of anything private; it travels in our audit header."""
    return f"run-{now()[:19].replace(':', '').replace('-', '').replace('T', '-')}-{secrets.token_hex(3)}"


@asynccontextmanager
async def open_storage(run_id: str, settings: ExecutorSettings) -> AsyncIterator[Storage]:
    """The storage service that the environment names, for one run."""
    endpoint = endpoint_from_environment()
    transport = Transport(
        endpoint, credentials_for(endpoint), run_id, retries=settings.retries(), connections=settings.in_flight + 32
    )
    async with transport:
        yield Storage(
            transport,
            write_rate=settings.start_rate or None,
            ceiling=settings.rate_ceiling,
            user_project=settings.user_project,
        )


async def run(
    plan_path: Path,
    selection: Selection,
    *,
    journal_path: Path | None = None,
    settings: ExecutorSettings | None = None,
    stop: Stop | None = None,
    mirror: bool = False,
    take_lock: bool = False,
    code: Code | None = None,
    on_progress: OnProgress = lambda _: None,
) -> RunResult:
    """Carry out (or, in a dry run, foretell) the chosen moves. Raises what concerns the whole run, before any act.

    With `code`, the diffs that verified moves need are written beside the plan; the checkout is not touched.
    """
    settings, stop = settings or ExecutorSettings(), stop or Stop()
    if selection.engine not in ENGINES:
        raise MoveRefused(f"unknown engine {selection.engine!r}", f"use {' or '.join(ENGINES)}")
    if code is not None and not code.checkout.is_dir():
        raise MoveRefused(f"no checkout at {code.checkout}", "give the folder that holds the code, or leave it out")
    plan = read_plan(plan_path)
    definitions = select(plan, selection)
    run_id = new_run_id()
    if selection.dry_run:
        async with open_storage(run_id, settings) as storage:
            return RunResult(run_id, *await _foretell(storage, definitions))
    definitions, notes = approved(plan, definitions, selection)
    path = journal_path or journal_path_of(plan_path)
    with Journal.open(path, plan_id=plan.plan_id, digests=digests_of(plan)) as journal:
        trail = Trail(path.with_suffix(".audit.ndjson") if settings.audit_trail else None, run_id)
        journal.start_run(run_id, "execute")
        outcome = "error"
        try:
            async with open_storage(run_id, settings) as storage:
                locks = PlanLocks(storage, plan.plan_id, journal, run_id, take_over=take_lock)
                context = Context(
                    run_id, storage, journal, settings, locks, trail, stop, mirror, selection.engine, on_progress
                )
                try:
                    outcomes = await _in_phases(context, definitions, selection)
                finally:
                    await locks.release()
            result = _result(journal, run_id, definitions, outcomes, stop, notes)
            if code is not None:
                verified = [one for one in definitions if _is_verified(outcomes.get(one.use_case))]
                result.notes.extend(write_patches(journal, run_id, verified, code, plan_path))
            _write_manifests(journal, definitions, plan_path, settings)
            outcome = str(result.exit_code)
            hook = settings.on_finish if result.exit_code == 0 else settings.on_failure
            facts = {"run_id": run_id, "plan": plan.plan_id, "exit_code": result.exit_code}
            if said := await tell(hook, facts):
                result.notes.append(said)
            return result
        finally:
            try:
                trail.close()
            finally:
                journal.end_run(run_id, outcome)


def _is_verified(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.state is MoveState.VERIFIED


async def _in_phases(context: Context, definitions: list[Definition], selection: Selection) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    slots = asyncio.Semaphore(max(1, selection.parallel))

    async def one(definition: Definition) -> None:
        async with slots:
            if not context.stop.requested:
                outcomes[definition.use_case] = await _one_move(context, definition)

    for _, phase in groupby(definitions, key=lambda one: one.phase):
        await all_of(one(definition) for definition in phase if not definition.stays)
    for outcome in outcomes.values():
        for act in outcome.later:
            try:
                await act()
            except StorageError as error:
                outcome.error = outcome.error or error
    return outcomes


async def _one_move(context: Context, definition: Definition) -> Outcome:
    journal, pattern = context.journal, definition.moving
    try:
        move = await journal.call(
            journal.begin_move,
            definition.use_case,
            definition.phase,
            definition.digest,
            pattern.source_bucket,
            pattern.target_bucket,
        )
    except ExecutorError as error:
        return Outcome(MoveState.WAITING, error=error)
    return await Migration(context, definition, move).run()


def _write_manifests(
    journal: Journal, definitions: list[Definition], plan_path: Path, settings: ExecutorSettings
) -> None:
    if settings.manifest == "none":
        return
    for definition in definitions:
        move = None if definition.stays else journal.move(definition.use_case)
        if move is not None:
            write_manifest(journal, definition, move, manifest_path(plan_path, definition.use_case, settings.manifest))


def _result(
    journal: Journal,
    run_id: str,
    definitions: list[Definition],
    outcomes: dict[str, Outcome],
    stop: Stop,
    notes: list[str],
) -> RunResult:
    moves = [describe(journal, one, outcomes.get(one.use_case)) for one in definitions]
    moving = [move for move, one in zip(moves, definitions, strict=True) if not one.stays]
    errors = [outcome.error.exit_code for outcome in outcomes.values() if outcome.error is not None]
    code = exit_code(
        moving, mismatches=sum(one.mismatches for one in outcomes.values()), errors=errors, interrupted=stop.requested
    )
    return RunResult(run_id, moves, code, notes)


def describe(journal: Journal | None, definition: Definition, outcome: Outcome | None = None) -> MoveResult:
    """Where one move stands, from the journal alone."""
    move = journal.move(definition.use_case) if journal is not None else None
    said = [str(outcome.error)] if outcome and outcome.error else []
    if move is None or journal is None:
        return _placed(definition, MoveState.STAYS if definition.stays else MoveState.PLANNED, notes=said)
    said += outcome.notes if outcome else [move.note] if move.note else []
    said += [definition.unchecked] if definition.unchecked else []
    said += [
        f"left behind: {plural(objects, 'object')}, {reason} (such as {example})"
        for reason, objects, _, example in journal.left_behind(move.move_id)
    ]
    failures = []
    for item in journal.items(move.move_id, "failed", "conflict"):
        failures.append(f"{item.source} (generation {item.generation}): {item.state}: {item.reason}")
        if len(failures) >= FAILURES_SHOWN:
            failures.append("… the manifest lists all of them")
            break
    placed = _placed(definition, MoveState(move.state), notes=said, failures=failures)
    deleted = journal.counts_after(move.move_id).get("deleted", (0, 0))[0]
    return replace(placed, deleted=deleted, **numbers(journal.counts(move.move_id)))


def _placed(definition: Definition, state: MoveState, *, notes: list[str], failures: Sequence[str] = ()) -> MoveResult:
    pattern = definition.pattern
    return MoveResult(
        use_case=definition.use_case,
        phase=definition.phase,
        state=state.value,
        source=f"gs://{pattern.source_bucket}/{pattern.source_prefix}" if pattern else "",
        target=f"gs://{pattern.target_bucket}/{pattern.segments[0].target_prefix}" if pattern else "",
        next=NEXT[state][0],
        way_back=NEXT[state][1],
        notes=notes,
        failures=list(failures),
    )


async def _foretell(storage: Storage, definitions: list[Definition]) -> tuple[list[MoveResult], int]:
    moves, code = [], 0
    for definition in definitions:
        if definition.stays:
            moves.append(describe(None, definition))
            continue
        found = await forecast(storage, definition)
        pattern = definition.moving
        notes = [
            *found.steps,
            *(f"warning: {text}" for text in found.warnings),
            *(f"problem: {text}" for text in found.problems),
        ]
        notes += [f"left behind: {plural(objects, 'object')}, {reason}" for reason, objects in found.left.most_common()]
        if found.in_the_way:
            notes.append(f"problem: {plural(found.in_the_way, 'target name')} already taken by something else")
        if found.problems or found.in_the_way:
            code = 3
        moves.append(
            MoveResult(
                definition.use_case,
                definition.phase,
                "dry-run",
                planned=found.planned,
                copied=0,
                skipped=found.already_there,
                conflicts=found.in_the_way,
                bytes=found.bytes,
                left_behind=sum(found.left.values()),
                source=f"gs://{pattern.source_bucket}/{pattern.source_prefix}",
                target=f"gs://{pattern.target_bucket}/{pattern.segments[0].target_prefix}",
                next="`execute` without --dry-run",
                notes=notes,
            )
        )
    return moves, code


def status(plan_path: Path, journal_path: Path | None = None) -> list[MoveResult]:
    """Where each move of a plan stands, and what comes next; reads the plan and its journal only."""
    plan = read_plan(plan_path)
    definitions = select(plan, Selection())
    path = journal_path or journal_path_of(plan_path)
    if not path.exists():
        if journal_path is not None:
            raise MoveRefused(
                f"no journal at {journal_path}", "leave --journal out, or name the one that `execute` wrote"
            )
        return [describe(None, one) for one in definitions]
    with Journal.read(path) as journal:
        return [describe(journal, one) for one in definitions]

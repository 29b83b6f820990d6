"""Carries out the steps of one move, each with its rows in the journal; copies and verifies, never deletes.

Crash ordering: the bucket must exist and our lock must be held before the first copy; a copy's row must say `started`
before its request; lifecycle rules must not be set before everything is verified. Anything that a crash leaves
half-done is repeated by the next run: each act is safe to repeat.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from analysis.words import plural
from executor import buckets
from executor.clock import written
from executor.copying import ObjectCopier
from executor.definition import Definition
from executor.dryrun import source_warnings
from executor.errors import ExecutorError, ExecutorLocked, GuardRefused, JournalBroken, MoveRefused, PlanDrifted
from executor.feeding import Feeder, Stop
from executor.hooks import program_of, run_check
from executor.journal import Journal
from executor.lock import PlanLocks
from executor.patterns import ANOTHER_SUBFOLDER
from executor.progress import MoveProgress, OnProgress
from executor.rows import Item, Move, Result
from executor.settings import ExecutorSettings
from executor.states import MoveState
from executor.steps import (
    CopyObjects,
    EnsureBucket,
    GrantAccess,
    PatchReferences,
    RunChecks,
    SetLifecycle,
    Step,
    VerifyObjects,
    build_steps,
)
from executor.storage import Storage
from executor.survey import survey
from executor.trail import Trail
from executor.verify import Comparison, Verifier

TICK_SECONDS = 0.2
# Less than this is noise, however small the folder.
SMALL_DRIFT_BYTES = 1 << 20


@dataclass(frozen=True)
class Context:
    """What every move of one run shares."""

    run_id: str
    storage: Storage
    journal: Journal
    settings: ExecutorSettings
    locks: PlanLocks
    trail: Trail
    stop: Stop
    mirror: bool = False
    engine: str = "rewrite"
    on_progress: OnProgress = lambda _: None


@dataclass
class Outcome:
    """How one move ended in this run: sentences for people and what decides the exit code."""

    state: MoveState
    mismatches: int = 0
    notes: list[str] = field(default_factory=list)
    error: ExecutorError | None = None
    later: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


class Migration:
    """One move, from its bucket to its verification."""

    def __init__(self, context: Context, definition: Definition, move: Move) -> None:
        self.context = context
        self.definition = definition
        self.move = move
        self.progress = MoveProgress(definition.use_case)
        self.outcome = Outcome(MoveState(move.state))
        self._journal = context.journal
        self._transferred = False

    async def run(self) -> Outcome:
        """Apply the steps; what goes wrong with this move is in the outcome and does not stop the others."""
        ticking = asyncio.create_task(self._tick())
        try:
            _refuse_uncounted(self.definition)
            await self._refuse_late_states()
            for step in build_steps(self.definition):
                if self.context.stop.requested or not await self._apply(step):
                    break
        except ExecutorError as error:
            if _stops_everything(error):
                raise
            self.outcome.error = error
            if MoveState(self.outcome.state) in {MoveState.LISTING, MoveState.COPYING}:
                self.outcome.notes.append("stopped; run the same command to go on")
        finally:
            ticking.cancel()
            self._show()
        return self.outcome

    async def _tick(self) -> None:
        # Also while nothing comes back: a service that makes us wait must not look like a program that hangs.
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._show()

    def _show(self) -> None:
        storage = self.context.storage
        self.progress.retries = storage.transport.counters["retries"]
        self.progress.rate_cap = storage.write_rate(self.definition.moving.target_bucket).cap
        self.context.on_progress(self.progress)

    async def _refuse_late_states(self) -> None:
        state = MoveState(self.move.state)
        if state in {MoveState.CLEANING, MoveState.CLEANED, MoveState.ROLLING_BACK}:
            raise GuardRefused(
                f"{self.definition.use_case} is {state.value}",
                "finish that with `thermocline cleanup` or `thermocline rollback`",
            )
        if state is MoveState.ROLLED_BACK:
            await self._journal.call(self._journal.begin_again, self.move.move_id)
            await self._reload()

    async def _reload(self) -> None:
        found = await self._journal.call(self._journal.move, self.definition.use_case)
        assert found is not None  # noqa: S101 - moves are never removed from a journal
        self.move = found

    async def _enter(self, state: MoveState, **fields: object) -> None:
        self.outcome.state = state
        await self._journal.call(lambda: self._journal.update_move(self.move.move_id, state=state.value, **fields))
        self.context.trail.add("move", use_case=self.definition.use_case, state=state.value)
        self.progress.enter(state.value)
        self._show()

    async def _apply(self, step: Step) -> bool:
        """Carry out one step; False ends this run of the move."""
        match step:
            case EnsureBucket():
                await self._bucket(step)
            case GrantAccess(bucket, grants):
                await self._grants(bucket, grants)
            case CopyObjects():
                return await self._copy_until_still()
            case VerifyObjects():
                return self.outcome.state is MoveState.VERIFIED
            case SetLifecycle(bucket, rules):
                await self._lifecycle(bucket, rules)
            case PatchReferences(sites):
                await self._record_references(sites)
            case RunChecks(use_case):
                await self._check(use_case)
            case _:
                return False
        return True

    async def _bucket(self, step: EnsureBucket) -> None:
        journal, source = self._journal, self.definition.moving.source_bucket
        self.outcome.notes += source_warnings(await self.context.storage.get_bucket(source) or {})
        number = await journal.call(
            journal.start_step, self.move.move_id, self.context.run_id, "bucket", {"bucket": step.name}
        )
        try:
            detail = await buckets.ensure_bucket(self.context.storage, step, self.definition.project, source)
        except ExecutorError as error:
            await journal.call(journal.end_step, number, "failed", {"bucket": step.name, "error": str(error)})
            raise
        await journal.call(journal.end_step, number, "done", {"bucket": step.name, **detail})
        self.context.trail.add("bucket", use_case=self.definition.use_case, bucket=step.name, **detail)
        await self.context.locks.acquire(step.name)

    async def _grants(self, bucket: str, grants: tuple[tuple[str, str], ...]) -> None:
        journal, storage = self._journal, self.context.storage
        missing = buckets.missing_grants(await storage.get_policy(bucket), grants)
        if not missing:
            return
        # The rows to take back are known before the act, so a crash in between loses nothing.
        detail = {"bucket": bucket, "grants": missing}
        number = await journal.call(journal.start_step, self.move.move_id, self.context.run_id, "grants", detail)
        await buckets.grant(storage, bucket, tuple(missing))
        await journal.call(journal.end_step, number, "done", detail)
        self.context.trail.add("grants", use_case=self.definition.use_case, bucket=bucket, grants=missing)

    async def _copy_until_still(self) -> bool:
        await self._journal.call(self._journal.retry_failed, self.move.move_id)
        passes = 0
        while True:
            passes += 1
            if not await self._one_pass():
                await self._leave_open("interrupted")
                return False
            found = await self._compare()
            if self.context.stop.requested:
                await self._leave_open("interrupted")
                return False
            if found.changed == 0 and not self.context.mirror:
                break
            if self.context.mirror:
                await self._wait_for_changes()
                if self.context.stop.requested:
                    break
            elif passes >= self.context.settings.max_passes:
                await self._leave_open(f"the source keeps changing: {found.changed} objects in pass {passes}")
                return False
        await self._conclude(found)
        return self.outcome.state is MoveState.VERIFIED

    async def _wait_for_changes(self) -> None:
        for _ in range(max(1, int(self.context.settings.mirror_seconds * 10))):
            if self.context.stop.requested:
                return
            await asyncio.sleep(0.1)

    async def _leave_open(self, note: str) -> None:
        self.outcome.notes.append(note)
        await self._enter(MoveState.COPYING if self.move.listed else MoveState.LISTING, note=note)

    async def _one_pass(self) -> bool:
        if not self.move.listed:
            await self._enter(MoveState.LISTING)
            if not await survey(
                self.context.storage, self._journal, self.definition, self.move, self.progress, self.context.stop
            ):
                return False
            await self._reload()
        if MoveState(self.move.state) in {MoveState.WAITING, MoveState.LISTING}:
            await self._refuse_collisions()
            await self._refuse_drift()
            self._advise()
        counts = await self._journal.call(self._journal.counts, self.move.move_id)
        still = [counts.get(state, (0, 0)) for state in ("planned", "started")]
        self.progress.expect(sum(objects for objects, _ in still), sum(size for _, size in still))
        await self._enter(MoveState.COPYING)
        if self.context.engine == "transfer-service" and not self._transferred:
            self._transferred = True
            await self._transfer()
        await self._engine()
        return not self.context.stop.requested

    async def _transfer(self) -> None:
        from executor.transfer_service import TransferEngine

        engine = TransferEngine(
            self.context.storage,
            self._journal,
            self.context.settings,
            self.definition,
            self.move,
            self.context.run_id,
            trail=self.context.trail,
            stop=self.context.stop,
            progress=self.progress,
        )
        self.outcome.notes += await engine.run()

    async def _refuse_drift(self) -> None:
        """A folder that has grown or shrunk beyond the tolerance is not the one that a person approved."""
        approved, tolerance = self.definition.approved_bytes, self.context.settings.size_tolerance
        if approved is None or not tolerance:
            return
        counts = await self._journal.call(self._journal.counts, self.move.move_id)
        elsewhere = [
            size
            for reason, _, size, _ in await self._journal.call(self._journal.left_behind, self.move.move_id)
            if reason == ANOTHER_SUBFOLDER
        ]
        found = sum(size for _, size in counts.values()) - sum(elsewhere)
        if abs(found - approved) > max(tolerance * approved, SMALL_DRIFT_BYTES):
            raise PlanDrifted(
                f"{self.definition.use_case} holds {found} bytes, {approved} were approved",
                "ingest fresh evidence, generate and approve the plan again (or raise [executor] size_tolerance)",
            )

    def _advise(self) -> None:
        limit = self.context.settings.transfer_service_above_bytes
        if self.context.engine == "rewrite" and self.progress.planned_bytes > limit:
            self.outcome.notes.append(f"over {limit} bytes: `--engine transfer-service` is made for moves of this size")

    async def _refuse_collisions(self) -> None:
        from executor.collisions import refuse_collisions

        await self._journal.call(refuse_collisions, self._journal, self.definition, self.move)

    async def _engine(self) -> None:
        journal = self._journal

        async def save_token(item: Item, token: str) -> None:
            await journal.call(journal.save_token, item.item_id, token)

        async def refresh(item: Item) -> None:
            await journal.call(journal.refresh_item, item.item_id, item.metageneration, item.wanted)

        pattern = self.definition.moving
        copier = ObjectCopier(
            self.context.storage,
            pattern.source_bucket,
            pattern.target_bucket,
            save_token=save_token,
            refresh=refresh,
            bytes_per_call=self.context.settings.rewrite_bytes_per_call,
            on_bytes=self.progress.moved,
        )
        feeder = Feeder(
            journal,
            copier.copy,
            in_flight=self.context.settings.in_flight,
            stop=self.context.stop,
            on_result=self._on_result,
        )
        await feeder.run(self.move.move_id)

    def _on_result(self, item: Item, result: Result) -> None:
        self.progress.result(result.state)
        self.context.trail.add(
            "object",
            use_case=self.definition.use_case,
            object=item.source,
            generation=item.generation,
            attempt=item.attempts,
            target=item.target,
            target_generation=result.target_generation,
            result=result.state,
            reason=result.reason,
        )

    def _on_verified(self, pairs: int) -> None:
        self.progress.verified = pairs

    async def _compare(self) -> Comparison:
        self.progress.enter("verifying")
        self._show()
        verifier = Verifier(
            self.context.storage, self._journal, self.definition, self.move, check_class=not self.definition.autoclass
        )
        found = await verifier.run(self._on_verified)
        self.context.trail.add("comparison", use_case=self.definition.use_case, **_numbers(found))
        return found

    async def _conclude(self, found: Comparison) -> None:
        counts = await self._journal.call(self._journal.counts, self.move.move_id)
        open_objects = sum(
            counts.get(state, (0, 0))[0] for state in ("failed", "conflict", "planned", "started", "copied")
        )
        self.outcome.mismatches = found.bad
        self.outcome.notes += found.examples
        if found.gone:
            self.outcome.notes.append(f"{plural(found.gone, 'object')} no longer at the source; the copies are kept")
        if found.foreign:
            self.outcome.notes.append(f"left alone at the target, as not ours: {plural(found.foreign, 'object')}")
        if found.bad:
            await self._enter(MoveState.MISMATCH, note=f"{plural(found.bad, 'object')} not like the source")
        elif open_objects:
            await self._enter(MoveState.PARTIAL, note=f"{plural(open_objects, 'object')} could not be copied")
        else:
            at = self.context.locks.moment(self.definition.moving.target_bucket)
            await self._enter(MoveState.VERIFIED, verified_at=written(at), note="")

    async def _lifecycle(self, bucket: str, rules: tuple[dict[str, object], ...], *, last: bool = False) -> None:
        journal = self._journal
        buckets.refuse_reckless_rules(rules)
        waiting = [
            move.use_case
            for move in await journal.call(journal.moves)
            if move.target_bucket == bucket
            and move.state not in {"verified", "quiet", "cleaning", "cleaned", "rolled-back"}
        ]
        if waiting and not last:
            # A move that runs beside this one may verify the rest of the bucket before the run ends.
            self.outcome.later.append(partial(self._lifecycle, bucket, rules, last=True))
            return
        if waiting:
            self.outcome.notes.append(f"lifecycle of {bucket} waits until {', '.join(waiting)} is verified, too")
            return
        detail = {"bucket": bucket, "rules": list(rules)}
        number = await journal.call(journal.start_step, self.move.move_id, self.context.run_id, "lifecycle", detail)
        added = await buckets.add_rules(self.context.storage, bucket, rules)
        await journal.call(journal.end_step, number, "done", {"bucket": bucket, "rules": added})
        self.context.trail.add("lifecycle", use_case=self.definition.use_case, bucket=bucket, rules=added)

    async def _record_references(self, sites: tuple[str, ...]) -> None:
        """The journal keeps which lines had to change; the diff itself is `thermocline patch`'s."""
        journal, move_id = self._journal, self.move.move_id
        if not any(step.kind == "references" for step in await journal.call(journal.steps, move_id)):
            detail = {"sites": list(sites)}
            number = await journal.call(journal.start_step, move_id, self.context.run_id, "references", detail)
            await journal.call(journal.end_step, number, "done", detail)
            self.context.trail.add("references", use_case=self.definition.use_case, sites=list(sites))
        self.outcome.notes.append(f"{plural(len(sites), 'line')} of code with the old place: `thermocline patch`")

    async def _check(self, use_case: str) -> None:
        command = self.context.settings.checks.get(use_case)
        if command is None:
            return
        journal = self._journal
        number = await journal.call(
            journal.start_step, self.move.move_id, self.context.run_id, "check", {"command": command}
        )
        pattern = self.definition.moving
        facts = {
            "USE_CASE": use_case,
            "SOURCE": f"gs://{pattern.source_bucket}/{pattern.source_prefix}",
            "TARGET": f"gs://{pattern.target_bucket}/{pattern.segments[0].target_prefix}",
        }
        code = await run_check(command, facts)
        await journal.call(
            journal.end_step,
            number,
            "done" if code == 0 else "failed",
            {"command": program_of(command), "exit_code": code},
        )
        self.outcome.notes.append(
            f"end-to-end check {'passed' if code == 0 else f'failed with exit code {code}'}: {program_of(command)}"
        )
        if code:
            self.outcome.mismatches += 1


def _refuse_uncounted(definition: Definition) -> None:
    if not definition.validation.check_file_count:
        raise MoveRefused(
            f"{definition.use_case}: validation.check_file_count is false, but every single object is looked for",
            "remove that key (verify_checksums and verify_file_sizes may be false), then generate and approve again",
        )


def _numbers(found: Comparison) -> dict[str, int]:
    return {
        "verified": found.verified,
        "bad": found.bad,
        "changed": found.changed,
        "gone": found.gone,
        "foreign": found.foreign,
    }


def _stops_everything(error: ExecutorError) -> bool:
    return isinstance(error, JournalBroken | ExecutorLocked)

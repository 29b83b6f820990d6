"""Takes a move back: restores deleted sources first, then removes our copies, then grants, lifecycle and the bucket.

A copy is removed only if its source stands there with the same content, and the copy is the very one that we wrote and
nobody changed. So at every moment at least one good copy of each object exists.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby, islice

from analysis.words import plural
from executor import buckets
from executor.batch import LIMIT, Victim, delete_batch
from executor.copying import ours, same_content
from executor.definition import Definition
from executor.errors import Conflict, Forbidden, NotFound, PreconditionFailed
from executor.join import BothSides
from executor.migration import Context
from executor.objects import StoredObject, attributes_of, decode_attributes
from executor.restoring import restore
from executor.rows import Item, Move
from executor.states import MoveState
from executor.together import all_of
from executor.transport import PERMISSION

RESTORES_AT_ONCE = 64
GONE = ("deleted", "deleting", "restoring")


@dataclass
class Undone:
    """What a rollback of one move did, or would do."""

    use_case: str
    to_restore: int = 0
    to_remove: int = 0
    restored: Counter[str] = field(default_factory=Counter)
    not_restored: Counter[str] = field(default_factory=Counter)
    removed: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    foreign: int = 0
    notes: list[str] = field(default_factory=list)


ConfirmRollback = Callable[[list[Undone]], bool]


class Rollback:
    """The rollback of one move; `others` are the other moves of the plan that are in force."""

    def __init__(self, context: Context, definition: Definition, move: Move, others: list[Definition]) -> None:
        self._context = context
        self._definition = definition
        self._move = move
        self._others = [one for one in others if one.moving.target_bucket == definition.moving.target_bucket]
        self._remove = False
        self.undone = Undone(definition.use_case)

    async def look(self) -> Undone:
        """Count what would be restored and removed; changes nothing."""
        journal = self._context.journal
        after = await journal.call(journal.counts_after, self._move.move_id)
        self.undone.to_restore = sum(after.get(state, (0, 0))[0] for state in GONE)
        if await self._context.storage.get_bucket(self._definition.moving.target_bucket) is not None:
            await self._walk()
        return self.undone

    async def take_back(self) -> None:
        """Restore, remove, revert; may be repeated after a crash."""
        journal, move_id = self._context.journal, self._move.move_id
        await journal.call(lambda: journal.update_move(move_id, state=MoveState.ROLLING_BACK.value))
        await self._restore()
        target = self._definition.moving.target_bucket
        if await self._context.storage.get_bucket(target) is not None and not self._context.stop.requested:
            self._remove = True
            self.undone.kept.clear()
            self.undone.foreign = 0
            await self._walk()
            await self._revert_steps()
        if self.undone.foreign:
            self.undone.notes.append(
                f"{plural(self.undone.foreign, 'object')} at the target not ours: bring back by hand what is needed"
            )
        if not self._context.stop.requested and not self.undone.not_restored and not self.undone.refused:
            note = f"{sum(self.undone.kept.values())} copies were kept" if self.undone.kept else ""
            await journal.call(lambda: journal.update_move(move_id, state=MoveState.ROLLED_BACK.value, note=note))

    async def _restore(self) -> None:
        journal, storage = self._context.journal, self._context.storage
        last = 0
        while batch := await journal.call(self._gone_page, last):
            if self._context.stop.requested:
                return
            last = batch[-1].item_id
            await journal.call(journal.mark_after, [(item.item_id, "restoring", "", None) for item in batch])
            results: list[tuple[int, str, str, int | None]] = []

            async def one(item: Item, results: list[tuple[int, str, str, int | None]] = results) -> None:
                after, how, generation = await restore(storage, self._definition, item)
                results.append((item.item_id, after, how, generation))
                (self.undone.restored if after == "restored" else self.undone.not_restored)[how] += 1
                self._context.trail.add(
                    "restore",
                    use_case=self._definition.use_case,
                    object=item.source,
                    generation=item.generation,
                    attempt=1,
                    result=after,
                    reason=how,
                    restored_generation=generation,
                )

            await all_of(one(item) for item in batch)
            await journal.call(journal.mark_after, results)

    def _gone_page(self, after: int) -> list[Item]:
        """The next deleted items by number; a page at a time, so that memory does not grow."""
        rows = self._context.journal.items(self._move.move_id, "verified", start=after)
        found = (item for item in rows if item.after in GONE)
        return list(islice(found, RESTORES_AT_ONCE))

    async def _walk(self) -> None:
        sides = BothSides(self._context.storage, self._context.journal, self._definition, self._move)
        await sides.visit(self._visit)

    async def _visit(
        self, rows: list[Item], sources: dict[str, StoredObject], targets: dict[str, StoredObject]
    ) -> None:
        chosen: list[tuple[Item, StoredObject]] = []
        for name, group in groupby(rows, key=lambda row: row.source):
            generations = list(group)
            copy = next((targets.pop(row.target, None) for row in generations if row.target in targets), None)
            if copy is None:
                continue
            item = _written_by(generations, copy)
            if item is None:
                self.undone.foreign += 1
                continue
            reason = _reason_to_keep(item, sources.get(name), copy)
            if reason:
                self.undone.kept[reason] += 1
            else:
                chosen.append((item, copy))
        self.undone.foreign += sum(not name.startswith(".thermocline/") for name in targets)
        if not self._remove:
            self.undone.to_remove += len(chosen)
            return
        for start in range(0, len(chosen), LIMIT):
            if self._context.stop.requested:
                return
            await self._remove_some(chosen[start : start + LIMIT])

    async def _remove_some(self, chosen: list[tuple[Item, StoredObject]]) -> None:
        journal, bucket = self._context.journal, self._definition.moving.target_bucket
        await journal.call(journal.mark_after, [(item.item_id, "removing", "", None) for item, _ in chosen])
        victims = [Victim(copy.name, copy.generation, copy.metageneration) for _, copy in chosen]
        await self._context.locks.confirm(bucket)
        answers = await delete_batch(self._context.storage, bucket, victims)
        results: list[tuple[int, str, str, int | None]] = []
        for (item, copy), (status, text) in zip(chosen, answers, strict=True):
            gone = status in {200, 204, 404}
            reason = "" if gone else "changed meanwhile" if status == 412 else f"the service answered {status}"
            if permission := PERMISSION.search(text) if status == 403 else None:
                reason = f"the service forbids it: grant {permission[0]} to this identity"
            if not gone and status != 412:
                self.undone.refused[reason] += 1
            results.append((item.item_id, "removed" if gone else "kept", reason, None))
            if gone:
                self.undone.removed += 1
            else:
                self.undone.kept[reason] += 1
            self._context.trail.add(
                "remove copy",
                use_case=self._definition.use_case,
                object=copy.name,
                generation=copy.generation,
                attempt=1,
                result=results[-1][1],
                reason=reason,
            )
        await journal.call(journal.mark_after, results)

    async def _revert_steps(self) -> None:
        journal, storage = self._context.journal, self._context.storage
        bucket = self._definition.moving.target_bucket
        wanted_elsewhere = {pair for one in self._others for pair in one.iam}
        rules_elsewhere = [rule for one in self._others for rule in (one.lifecycle or {}).get("rule", ())]
        for step in reversed(await journal.call(journal.steps, self._move.move_id)):
            if step.state == "reverted":
                continue
            if step.kind == "grants":
                grants = [pair for pair in step.detail.get("grants", ()) if tuple(pair) not in wanted_elsewhere]
                await buckets.revoke(storage, bucket, grants)
            elif step.kind == "transfer-grants":
                # Left by a run that was killed before it could revoke them itself.
                await buckets.revoke(storage, step.detail["bucket"], step.detail["grants"])
            elif step.kind == "lifecycle":
                rules = tuple(rule for rule in step.detail.get("rules", ()) if rule not in rules_elsewhere)
                await buckets.remove_rules(storage, bucket, rules)
            elif step.kind == "references":
                sites = len(step.detail.get("sites", ()))
                self.undone.notes.append(f"{plural(sites, 'line')} of code to take back: `thermocline patch --reverse`")
            else:
                continue
            await journal.call(journal.end_step, step.step_id, "reverted", step.detail)

    async def remove_bucket(self) -> None:
        """Delete the bucket if this plan created it, nobody else uses it, and it is empty.

        Our lock must have been given back: it is an object, too.
        """
        journal, storage = self._context.journal, self._context.storage
        bucket = self._definition.moving.target_bucket
        steps = [
            step
            for move in await journal.call(journal.moves)
            if move.target_bucket == bucket
            for step in await journal.call(journal.steps, move.move_id)
        ]
        created = any(
            step.kind == "bucket" and step.detail.get("created") and step.state != "reverted" for step in steps
        )
        if not created or self._others or self.undone.kept or self.undone.foreign or self.undone.not_restored:
            return
        found = await storage.get_bucket(bucket)
        if found is None:
            return
        try:
            await storage.delete_bucket(bucket, metageneration=str(found["metageneration"]))
        except NotFound:
            pass  # Our own first attempt, whose answer was lost: it stood there a moment ago.
        except (Conflict, PreconditionFailed) as error:
            # Something came into it, or it changed, since we looked: not ours to delete any more.
            self.undone.notes.append(f"the bucket {bucket} was kept ({error.reason})")
            return
        except Forbidden as error:
            # Everything else is taken back; an empty bucket that stays harms nobody.
            self.undone.notes.append(f"the empty bucket {bucket} was kept ({error.hint or error.message})")
            return
        for step in steps:
            if step.kind == "bucket":
                await journal.call(journal.end_step, step.step_id, "reverted", step.detail)
        self.undone.notes.append(f"the empty bucket {bucket}, which we had created, was deleted")


def _written_by(generations: list[Item], copy: StoredObject) -> Item | None:
    """The item whose copy this is: by the generation we recorded, or by our marker when the answer was lost."""
    for item in generations:
        if copy.generation == item.target_generation:
            return item
    for item in generations:
        if item.target_generation is None and item.state in {"started", "planned", "failed"} and ours(item, copy):
            return item
    return None


def _reason_to_keep(item: Item, source: StoredObject | None, copy: StoredObject) -> str:
    if source is None:
        return "the source is gone: this is the only copy"
    if not same_content(item, source):
        return "the source holds something else now"
    wanted, found = decode_attributes(item.wanted), attributes_of(copy)
    # Lifecycle rules change the class of a copy; anything else was somebody's decision.
    if any(getattr(wanted, name) != getattr(found, name) for name in ("metadata", "content_type", "cache_control")):
        return "somebody changed its metadata"
    return ""

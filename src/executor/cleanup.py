"""Deletes the sources of a verified move, behind every guard that there is.

An object is deleted only if, at this moment: the move was verified and has been quiet for its validation period; both
sides were listed again and agree; its row says verified at exactly the generation and metageneration that the source
listing shows; no hold, retention or retention_days keeps it; and a person typed how many that makes. The delete names
generation and metageneration, so whatever changes after the listing survives.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby

from analysis.words import plural
from executor.batch import LIMIT, Victim, delete_batch
from executor.buckets import deleting_rules
from executor.clock import now
from executor.definition import Definition
from executor.errors import Forbidden, GuardRefused, ValidationMismatch
from executor.join import BothSides
from executor.migration import Context
from executor.objects import StoredObject
from executor.rows import Item, Move
from executor.states import MoveState
from executor.transport import PERMISSION
from executor.verify import Verifier

READY = frozenset({MoveState.QUIET, MoveState.CLEANING})


@dataclass
class Doomed:
    """What a cleanup of one move would delete, and what it would have to leave."""

    use_case: str
    objects: int = 0
    bytes: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


Confirm = Callable[[list[Doomed]], bool]


def ready_move(definition: Definition, move: Move | None) -> Move:
    """The move, if its state allows deletions; raises `GuardRefused` otherwise."""
    if move is None or MoveState(move.state) not in READY:
        state = "not begun" if move is None else move.state
        raise GuardRefused(
            f"{definition.use_case} is {state}, and only a move that is verified and quiet may be cleaned up",
            "run `thermocline execute`, then `thermocline observe` with fresh logs",
        )
    return move


class Cleanup:
    """The cleanup of one move."""

    def __init__(self, context: Context, definition: Definition, move: Move) -> None:
        self._context = context
        self._definition = definition
        self._move = move
        self._bucket = definition.moving.source_bucket
        # Before `look` nothing is old enough.
        self._at = datetime.min.replace(tzinfo=UTC)
        self._delete = False
        self.doomed = Doomed(definition.use_case)
        self.deleted = 0

    async def look(self) -> Doomed:
        """Verify both sides once more and count; deletes nothing."""
        self._at = self._context.locks.moment(self._definition.moving.target_bucket)
        journal = self._context.journal
        found = await Verifier(self._context.storage, journal, self._definition, self._move, everything=True).run()
        if found.bad:
            example = found.examples[0] if found.examples else ""
            raise ValidationMismatch(
                f"{self._definition.use_case}: {found.bad} copies are not as verified ({example})",
                "run `thermocline execute`",
            )
        if found.changed:
            raise GuardRefused(
                f"{self._definition.use_case}: {found.changed} source objects are new or changed since verification",
                "run `thermocline execute`, and observe again",
            )
        await self._explain_space()
        await self._warn_of_rules()
        await self._walk()
        return self.doomed

    async def delete(self) -> None:
        """Delete what `look` counted, as far as it is unchanged."""
        journal = self._context.journal
        await journal.call(lambda: journal.update_move(self._move.move_id, state=MoveState.CLEANING.value))
        self._delete = True
        self.doomed = Doomed(self._definition.use_case, notes=self.doomed.notes)
        await self._walk()
        counts = await journal.call(journal.counts, self._move.move_id)
        after = await journal.call(journal.counts_after, self._move.move_id)
        left = counts.get("verified", (0, 0))[0] - after.get("deleted", (0, 0))[0]
        if left == 0:
            await journal.call(
                lambda: journal.update_move(
                    self._move.move_id, state=MoveState.CLEANED.value, cleaned_at=now(), note=""
                )
            )
        else:
            note = f"{plural(left, 'verified object')} had to stay: " + ", ".join(
                f"{count} {reason}" for reason, count in self.doomed.kept.most_common()
            )
            await journal.call(lambda: journal.update_move(self._move.move_id, note=note))

    async def _walk(self) -> None:
        sides = BothSides(self._context.storage, self._context.journal, self._definition, self._move)
        await sides.visit(self._visit)

    async def _visit(
        self, rows: list[Item], sources: dict[str, StoredObject], targets: dict[str, StoredObject]
    ) -> None:
        chosen: list[tuple[Item, StoredObject]] = []
        vanished: list[tuple[int, str, str, int | None]] = []
        for name, group in groupby(rows, key=lambda row: row.source):
            item = max(group, key=lambda row: row.item_id)
            stored = sources.get(name)
            if item.state != "verified" or item.after == "deleted":
                continue
            if stored is None:
                # Deleted by a run of ours that was killed before it could say so, or by somebody else.
                vanished.append((item.item_id, "deleted", "" if item.after == "deleting" else "was already gone", None))
                continue
            reason = self._reason_to_keep(item, stored, targets.get(item.target))
            if reason:
                self.doomed.kept[reason] += 1
            else:
                chosen.append((item, stored))
                self.doomed.objects += 1
                self.doomed.bytes += stored.size
        if not self._delete:
            return
        if vanished:
            await self._context.journal.call(self._context.journal.mark_after, vanished)
        for start in range(0, len(chosen), LIMIT):
            if self._context.stop.requested:
                return
            await self._delete_some(chosen[start : start + LIMIT])

    def _reason_to_keep(self, item: Item, stored: StoredObject, copy: StoredObject | None) -> str:
        # Between the verification and the deletion a person was asked, which may have taken hours.
        if copy is None or copy.generation != item.target_generation:
            return "its copy is not there any more"
        if (stored.generation, stored.metageneration) != (item.generation, item.metageneration):
            return "changed since verification"
        if stored.temporary_hold or stored.event_based_hold:
            return "under a hold"
        if stored.retention_expiration_time and datetime.fromisoformat(stored.retention_expiration_time) > self._at:
            return "under retention"
        days = self._definition.retention_days
        if days is not None and self._at - datetime.fromisoformat(stored.time_created) < timedelta(days=days):
            return f"younger than retention_days ({days})"
        return ""

    async def _delete_some(self, chosen: list[tuple[Item, StoredObject]]) -> None:
        journal = self._context.journal
        await journal.call(journal.mark_after, [(item.item_id, "deleting", "", None) for item, _ in chosen])
        victims = [Victim(stored.name, stored.generation, stored.metageneration) for _, stored in chosen]
        await self._context.locks.confirm(self._definition.moving.target_bucket)
        answers = await delete_batch(self._context.storage, self._bucket, victims)
        results: list[tuple[int, str, str, int | None]] = []
        for (item, _), (status, text) in zip(chosen, answers, strict=True):
            after, reason = _meaning(status, text)
            results.append((item.item_id, after, reason, None))
            self.deleted += after == "deleted"
            if after == "kept":
                self.doomed.kept[reason] += 1
            self._context.trail.add(
                "delete",
                use_case=self._definition.use_case,
                object=item.source,
                generation=item.generation,
                attempt=1,
                result=after,
                reason=reason,
            )
        await journal.call(journal.mark_after, results)

    async def _explain_space(self) -> None:
        bucket = await self._context.storage.get_bucket(self._bucket) or {}
        seconds = int((bucket.get("softDeletePolicy") or {}).get("retentionDurationSeconds", 0))
        if seconds:
            day = (self._at + timedelta(seconds=seconds)).date()
            self.doomed.notes.append(
                f"soft delete keeps (and bills) it for {seconds // 86_400} days: the space is free after {day}"
            )
        if (bucket.get("versioning") or {}).get("enabled"):
            self.doomed.notes.append(
                "the bucket keeps versions: what is deleted stays, and is billed, as noncurrent versions"
            )

    async def _warn_of_rules(self) -> None:
        """Say before the question what may delete the copies, once they are the only ones."""
        pattern = self._definition.moving
        try:
            target = await self._context.storage.get_bucket(pattern.target_bucket) or {}
        except Forbidden as error:
            said = [f"could not be seen ({error.hint or error.message})"]
        else:
            prefixes = tuple(segment.target_prefix for segment in pattern.segments)
            said = deleting_rules(target, self._definition.bucket.rules, prefixes)
        self.doomed.notes += [f"WARNING: lifecycle of {pattern.target_bucket}: {one}" for one in said]


def _meaning(status: int, text: str) -> tuple[str, str]:
    """(after, reason) of one answer to a delete."""
    if status in {200, 204}:
        return "deleted", ""
    if status == 404:
        # Our row said `deleting` before the request, and the listing had shown it: gone is gone.
        return "deleted", ""
    if status == 412:
        return "kept", "changed since verification"
    if status == 403:
        if permission := PERMISSION.search(text):
            return "kept", f"the service forbids it: grant {permission[0]} to this identity"
        protected = "retention" in text.lower() or "hold" in text.lower()
        return "kept", "the service forbids it" + (": retention or a hold" if protected else "")
    return "kept", f"the service answered {status}"

"""Verification: list both sides, join them with the journal in name order, and judge every pair.

Independent of what the copy loop believed: content (size, crc32c, md5 where both have one), generation, metadata,
storage class and customTime are compared as the two listings show them now. The same pass finds what appeared or
changed at the source since, and plans it (a delta pass).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from executor.copying import ours, refreshed, same_checksums
from executor.definition import Definition
from executor.join import BothSides
from executor.journal import Journal
from executor.objects import OWN_PREFIX, StoredObject, attributes_of, decode_attributes
from executor.rows import Item, Move, Result
from executor.storage import Storage
from executor.survey import new_row
from planner.plan import Validation

MADE = frozenset({"copied", "verified"})


@dataclass
class Comparison:
    """What one comparison found. `changed` were planned again, `foreign` are target objects that we did not write."""

    verified: int = 0
    bad: int = 0
    changed: int = 0
    gone: int = 0
    foreign: int = 0
    examples: list[str] = field(default_factory=list)

    def blame(self, target: str, reason: str) -> None:
        """Count a mismatch and keep the first few for the report."""
        self.bad += 1
        if len(self.examples) < 20:
            self.examples.append(f"{target}: {reason}")


class Verifier:
    """Compares both sides of one move, as far as the plan's `validation` wants it; `everything` in spite of it."""

    def __init__(
        self,
        storage: Storage,
        journal: Journal,
        definition: Definition,
        move: Move,
        *,
        check_class: bool = True,
        everything: bool = False,
    ) -> None:
        self._storage = storage
        self._journal = journal
        self._definition = definition
        self._move = move
        self._check_class = check_class
        self._validation = Validation() if everything else definition.validation
        self._on_verified: Callable[[int], None] = lambda _pairs: None
        self.found = Comparison()

    async def run(self, on_verified: Callable[[int], None] = lambda _pairs: None) -> Comparison:
        """Compare everything; results are in the journal when this returns. `on_verified` hears how many are good."""
        self._on_verified = on_verified
        await BothSides(self._storage, self._journal, self._definition, self._move).visit(self._judge)
        return self.found

    async def _judge(
        self, rows: list[Item], sources: dict[str, StoredObject], targets: dict[str, StoredObject]
    ) -> None:
        good: list[int] = []
        bad: list[Result] = []
        added: list[dict[str, Any]] = []
        superseded: list[dict[str, Any]] = []
        again: list[Item] = []
        for name, group in groupby(rows, key=lambda row: row.source):
            generations = list(group)
            current = generations[0] if len(generations) == 1 else max(generations, key=lambda row: row.item_id)
            source = sources.pop(name, None)
            target = targets.pop(current.target, None) if current.target else None
            if current.state == "left":
                continue
            if source is None:
                self.found.gone += 1
            elif source.generation != current.generation:
                added.append(new_row(self._definition, source, expect=_expected(generations)))
                superseded += [
                    {"item_id": row.item_id, "reason": f"superseded at the source by generation {source.generation}"}
                    for row in generations
                    if row.state in MADE
                ]
                continue
            elif source.metageneration != current.metageneration:
                again.append(refreshed(current, source))
                if again[-1].wanted != current.wanted:
                    continue
            if current.state in MADE or (current.state == "failed" and current.target_generation is not None):
                self._weigh(current, target, good, bad)
        added += [new_row(self._definition, source) for source in sources.values()]
        self.found.foreign += sum(not name.startswith(OWN_PREFIX) for name in targets)
        self.found.changed += sum(row["state"] != "left" for row in added)
        await self._journal.call(self._write, good, bad, added, superseded, again)
        self._on_verified(self.found.verified)

    def _write(
        self,
        good: list[int],
        bad: list[Result],
        added: list[dict[str, Any]],
        superseded: list[dict[str, Any]],
        again: list[Item],
    ) -> None:
        journal = self._journal
        if again:
            self.found.changed += journal.replan(again)
        if good or bad:
            journal.mark_verified(good, bad)
        if added or superseded:
            journal.add_items(self._move.move_id, added, superseded)

    def _weigh(self, item: Item, target: StoredObject | None, good: list[int], bad: list[Result]) -> None:
        state, reason = self._verdict(item, target)
        if state == "verified":
            self.found.verified += 1
            if item.state != "verified":
                good.append(item.item_id)
        else:
            self.found.blame(item.target, reason)
            bad.append(Result(item.item_id, state, reason))

    def _verdict(self, item: Item, target: StoredObject | None) -> tuple[str, str]:
        if target is None:
            return "failed", "the copy is missing at the target"
        if target.generation != item.target_generation:
            return (
                "conflict",
                f"somebody replaced the copy: generation {target.generation}, ours was {item.target_generation}",
            )
        wanted = self._validation
        if (wanted.verify_file_sizes and item.size != target.size) or (
            wanted.verify_checksums and not same_checksums(item, target)
        ):
            found, had = f"{target.size} bytes {target.crc32c}", f"{item.size} bytes {item.crc32c}"
            return "failed", f"size or checksum differs: {found}, the source had {had}"
        # Once verified and in use, the class and the metadata are the new owner's (lifecycle rules, their own patches).
        if item.state != "verified" and (names := self._differing(item, target)):
            return "failed", f"metadata differs: {', '.join(names)}"
        return "verified", ""

    def _differing(self, item: Item, target: StoredObject) -> list[str]:
        wanted, found = decode_attributes(item.wanted), attributes_of(target)
        if wanted == found:
            return []
        names = [name for name in wanted.__struct_fields__ if getattr(wanted, name) != getattr(found, name)]
        if not self._check_class and "storage_class" in names:
            names.remove("storage_class")
        if "custom_time" in names and same_moment(wanted.custom_time, found.custom_time):
            names.remove("custom_time")
        if "metadata" in names and not ours(item, target):
            return [*names, "our marker"]
        return names


def same_moment(a: str | None, b: str | None) -> bool:
    """Whether two RFC 3339 times, however written, are one moment."""
    return a is not None and b is not None and datetime.fromisoformat(a) == datetime.fromisoformat(b)


def _expected(generations: list[Item]) -> int:
    made = [row.target_generation for row in generations if row.target_generation is not None]
    return max(made, default=0)

"""Verification: list both sides, join them with the journal in name order, and judge every pair.

Independent of what the copy loop believed: content (size, crc32c, md5 where both have one), generation, metadata,
storage class and customTime are compared as the two listings show them now. The same pass finds what appeared or
changed at the source since, and plans it (a delta pass).
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from executor.copying import ours, refreshed, same_content
from executor.definition import Definition
from executor.journal import PAGE, Journal
from executor.objects import OWN_PREFIX, StoredObject, attributes_of, decode_attributes
from executor.patterns import Segment
from executor.rows import Item, Move, Result
from executor.storage import Storage
from executor.survey import new_row
from executor.together import all_of

RANGES = 8
RANGE_OBJECTS = 20_000
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


class Cursor:
    """A listing that gives up everything up to a name, in order."""

    def __init__(self, pages: AsyncIterator[list[StoredObject]]) -> None:
        self._pages = pages
        self._page: list[StoredObject] = []
        self._names: list[str] = []
        self._ended = False

    async def up_to(self, bound: str | None) -> dict[str, StoredObject]:
        """Objects not yet given whose name is at most `bound`; None gives all the rest of one page, {} at the end."""
        found: dict[str, StoredObject] = {}
        while not self._ended:
            if not self._page and not await self._more():
                break
            cut = len(self._page) if bound is None else bisect_right(self._names, bound)
            found.update((stored.name, stored) for stored in self._page[:cut])
            self._page, self._names = self._page[cut:], self._names[cut:]
            if self._page or (bound is None and found):
                break
        return found

    async def _more(self) -> bool:
        async for page in self._pages:
            self._page, self._names = page, [stored.name for stored in page]
            return True
        self._ended = True
        return False


@dataclass(frozen=True, slots=True)
class Range:
    """A part of one segment: source names from `start` (inclusive, '' from the beginning) to `end` (exclusive)."""

    segment: Segment
    start: str
    end: str | None


class Verifier:
    """Compares both sides of one move."""

    def __init__(
        self, storage: Storage, journal: Journal, definition: Definition, move: Move, *, check_class: bool = True
    ) -> None:
        self._storage = storage
        self._journal = journal
        self._definition = definition
        self._move = move
        self._check_class = check_class
        self.found = Comparison()

    async def run(self) -> Comparison:
        """Compare everything; results are in the journal when this returns."""
        ranges = await self._journal.call(lambda: list(self._ranges()))
        slots = asyncio.Semaphore(RANGES)

        async def one(part: Range) -> None:
            async with slots:
                await self._compare(part)

        await all_of(one(part) for part in ranges)
        return self.found

    def _ranges(self) -> Iterator[Range]:
        count = self._journal.last_seq(self._move.move_id)
        parts = min(RANGES, count // RANGE_OBJECTS + 1)
        bounds = {self._journal.bound_at(self._move.move_id, count * part // parts) for part in range(1, parts)}
        for segment in self._definition.moving.segments:
            inside = sorted(
                b for b in bounds if b and b.startswith(segment.source_prefix) and b != segment.source_prefix
            )
            starts = ["", *inside]
            for start, end in zip(starts, [*inside, None], strict=True):
                yield Range(segment, start, end)

    def _listing(self, part: Range) -> tuple[Cursor, Cursor]:
        pattern, segment = self._definition.moving, part.segment
        source = self._storage.list_objects(
            pattern.source_bucket, segment.source_prefix, start=part.start, end=part.end or ""
        )
        target = self._storage.list_objects(
            pattern.target_bucket,
            segment.target_prefix,
            start=segment.target(part.start) if part.start else "",
            end=segment.target(part.end) if part.end else "",
        )
        return Cursor(source), Cursor(target)

    async def _compare(self, part: Range) -> None:
        sources, targets = self._listing(part)
        segment = part.segment
        until = part.end or _after_prefix(segment.source_prefix)
        # (name, -1) sorts before every generation of that name.
        position = (part.start or segment.source_prefix, -1)
        while True:
            rows = await self._journal.call(self._journal.page_by_source, self._move.move_id, position, until)
            last_page = len(rows) < PAGE
            rows = rows if last_page else _whole_names(rows)
            bound = None if last_page else rows[-1].source
            if not last_page:
                position = (rows[-1].source, rows[-1].generation)
                await self._judge(
                    rows, await sources.up_to(bound), await targets.up_to(segment.target(rows[-1].source))
                )
                continue
            # The rest may hold many new objects: take them page by page.
            seen = await sources.up_to(rows[-1].source) if rows else {}
            there = await targets.up_to(segment.target(rows[-1].source)) if rows else {}
            await self._judge(rows, seen, there)
            while new := await sources.up_to(None):
                await self._judge([], new, {})
            while foreign := await targets.up_to(None):
                await self._judge([], {}, foreign)
            return

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
            current = max(generations, key=lambda row: row.item_id)
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
        if not same_content(item, target):
            found, wanted = f"{target.size} bytes {target.crc32c}", f"{item.size} bytes {item.crc32c}"
            return "failed", f"size or checksum differs: {found}, the source had {wanted}"
        # Once verified and in use, the class and the metadata are the new owner's (lifecycle rules, their own patches).
        if item.state != "verified" and (names := self._differing(item, target)):
            return "failed", f"metadata differs: {', '.join(names)}"
        return "verified", ""

    def _differing(self, item: Item, target: StoredObject) -> list[str]:
        wanted, found = decode_attributes(item.wanted), attributes_of(target)
        names = [name for name in wanted.__struct_fields__ if getattr(wanted, name) != getattr(found, name)]
        if not self._check_class and "storage_class" in names:
            names.remove("storage_class")
        if "custom_time" in names and _same_moment(wanted.custom_time, found.custom_time):
            names.remove("custom_time")
        if "metadata" in names and not ours(item, target):
            return [*names, "our marker"]
        return names


def _same_moment(a: str | None, b: str | None) -> bool:
    return a is not None and b is not None and datetime.fromisoformat(a) == datetime.fromisoformat(b)


def _expected(generations: list[Item]) -> int:
    made = [row.target_generation for row in generations if row.target_generation is not None]
    return max(made, default=0)


def _whole_names(rows: list[Item]) -> list[Item]:
    """Cut the page so that all generations of a name are on one page."""
    last = rows[-1].source
    whole = [row for row in rows if row.source != last]
    return whole or rows


def _after_prefix(prefix: str) -> str | None:
    """The first name after everything that begins with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else None

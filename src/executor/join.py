"""Both sides of a move and its journal, joined in name order as streams.

Names keep their order from source to target within a segment, so three sorted streams meet without anything being held
in memory but a few pages of each, however many objects one side has that the others do not know. Large moves are cut
into ranges that are read side by side.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

from executor.definition import Definition
from executor.journal import PAGE, Journal
from executor.objects import StoredObject
from executor.patterns import Segment
from executor.rows import Item, Move
from executor.storage import Storage
from executor.together import all_of

RANGES = 8
RANGE_OBJECTS = 20_000
MOST = 10 * PAGE

Visit = Callable[[list[Item], dict[str, StoredObject], dict[str, StoredObject]], Awaitable[None]]
"""Called with rows of the journal in source order (every generation of a name together), and the source and target
objects of the same stretch of names."""


class Cursor:
    """A listing that gives up everything up to a name, in order."""

    def __init__(self, pages: AsyncIterator[list[StoredObject]]) -> None:
        self._pages = pages
        self._page: list[StoredObject] = []
        self._names: list[str] = []
        self._ended = False
        self.stopped_at: str | None = None

    async def up_to(self, bound: str | None) -> dict[str, StoredObject]:
        """Objects not yet given whose name is at most `bound`; None gives all the rest of one page, {} at the end.

        After about `MOST` objects it stops early, and `stopped_at` is the last name that it gave; None otherwise.
        """
        found: dict[str, StoredObject] = {}
        self.stopped_at = None
        while not self._ended:
            if len(found) >= MOST:
                self.stopped_at = next(reversed(found))
                break
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


class BothSides:
    """The three streams of one move."""

    def __init__(self, storage: Storage, journal: Journal, definition: Definition, move: Move) -> None:
        self._storage = storage
        self._journal = journal
        self._definition = definition
        self._move = move

    async def visit(self, visit: Visit) -> None:
        """Call `visit` for every stretch of names, several at a time."""
        ranges = await self._journal.call(lambda: list(self._ranges()))
        slots = asyncio.Semaphore(RANGES)

        async def one(part: Range) -> None:
            async with slots:
                await self._walk(part, visit)

        await all_of(one(part) for part in ranges)

    def _ranges(self) -> Iterator[Range]:
        count = self._journal.last_seq(self._move.move_id)
        parts = min(RANGES, count // RANGE_OBJECTS + 1)
        bounds = {self._journal.bound_at(self._move.move_id, count * part // parts) for part in range(1, parts)}
        for segment in self._definition.moving.segments:
            prefix = segment.source_prefix
            inside = sorted(bound for bound in bounds if bound and bound.startswith(prefix) and bound != prefix)
            for start, end in zip(["", *inside], [*inside, None], strict=True):
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

    async def _walk(self, part: Range, visit: Visit) -> None:
        sources, targets = self._listing(part)
        segment = part.segment
        until = part.end or _after_prefix(segment.source_prefix)
        # (name, -1) sorts before every generation of that name.
        position = (part.start or segment.source_prefix, -1)
        while True:
            rows = await self._journal.call(self._journal.page_by_source, self._move.move_id, position, until)
            last_page = len(rows) < PAGE
            rows = rows if last_page else _whole_names(rows)
            if rows:
                bound = rows[-1].source
                found = await sources.up_to(bound)
                if sources.stopped_at is not None:
                    # Many new objects before the end of this page of rows: the rows after them are read again.
                    bound, last_page = sources.stopped_at, False
                    rows = [row for row in rows if row.source <= bound]
                if rows:
                    position = (rows[-1].source, rows[-1].generation)
                await _by_targets(rows, found, targets, segment, bound, visit)
            if last_page:
                break
        # What is left may be many new objects: page by page.
        while new := await sources.up_to(None):
            await visit([], new, {})
        while foreign := await targets.up_to(None):
            await visit([], {}, foreign)


async def _by_targets(
    rows: list[Item], sources: dict[str, StoredObject], targets: Cursor, segment: Segment, bound: str, visit: Visit
) -> None:
    """Visit one stretch of names, up to `bound`; in parts where the target holds many objects in between."""
    while True:
        found = await targets.up_to(segment.target(bound))
        if targets.stopped_at is None:
            await visit(rows, sources, found)
            return
        cut = segment.source(targets.stopped_at)
        before = {name: stored for name, stored in sources.items() if name <= cut}
        await visit([row for row in rows if row.source <= cut], before, found)
        rows = [row for row in rows if row.source > cut]
        sources = {name: stored for name, stored in sources.items() if name > cut}


def _whole_names(rows: list[Item]) -> list[Item]:
    """Cut the page so that all generations of a name are on one page."""
    last = rows[-1].source
    whole = [row for row in rows if row.source != last]
    return whole or rows


def _after_prefix(prefix: str) -> str | None:
    """The first name after everything that begins with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else None

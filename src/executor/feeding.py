"""Feeds items of a move to many workers at once, in a shuffled order, with the journal always one step ahead.

One task (the scribe) alone writes to the journal: it marks a batch as started and commits, hands it to the workers,
and commits the results of earlier ones in the same transaction. So the disk costs one fsync for hundreds of objects,
and no request leaves before its row is durable.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from executor.errors import ExecutorError, StorageError
from executor.journal import Journal
from executor.rows import SEQ_BITS, Item, Result

Act = Callable[[Item], Awaitable[Result]]
GROUP = 256
PATIENCE_SECONDS = 0.05
GOLDEN = 0.6180339887498949
STOP_AFTER = 25


def shuffled(count: int, start: int = 0) -> Iterator[int]:
    """Every number of 1…count once, neighbours far apart, in constant memory.

    The service splits its key index by lexicographic range; copying in sorted order would hit one range at a time.
    """
    if count <= 0:
        return
    stride = max(1, int(count * GOLDEN))
    while math.gcd(stride, count) != 1:
        stride += 1
    position = start % count
    for _ in range(count):
        yield position + 1
        position = (position + stride) % count


@dataclass
class Stop:
    """Set when no new work may begin; what is in flight is finished and journalled."""

    requested: bool = False


class Feeder:
    """Runs `act` on every pending item of a move, `in_flight` at a time."""

    def __init__(
        self,
        journal: Journal,
        act: Act,
        *,
        in_flight: int,
        stop: Stop,
        on_result: Callable[[Item, Result], None] = lambda _item, _result: None,
    ) -> None:
        self._journal = journal
        self._act = act
        self._in_flight = in_flight
        self._stop = stop
        self._on_result = on_result
        self._queue: asyncio.Queue[Item | None] = asyncio.Queue()
        self._results: list[Result] = []
        self._busy = 0
        self._more = True
        self._wake = asyncio.Event()
        self._failures = 0
        self.broken: StorageError | None = None

    async def run(self, move_id: int) -> None:
        """Return when every pending item has a result, or `stop` was requested and nothing is in flight.

        Raises the `StorageError` that made it give up: too many objects in a row failed in the same way.
        """
        count = await self._journal.call(self._journal.last_seq, move_id)
        if not count:
            return
        workers = [asyncio.create_task(self._work()) for _ in range(min(self._in_flight, count))]
        try:
            await self._write(move_id << SEQ_BITS, shuffled(count), workers)
            for _ in workers:
                self._queue.put_nowait(None)
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self.broken is not None:
            raise self.broken

    async def _write(self, base: int, order: Iterator[int], workers: list[asyncio.Task[None]]) -> None:
        while True:
            _raise_first(workers)
            halted = self._halted()
            ids = []
            if self._more and not halted and self._queue.qsize() < self._in_flight:
                ids = [base | seq for seq in islice(order, max(GROUP, 2 * self._in_flight))]
                self._more = bool(ids)
            results, self._results = self._results, []
            if ids or results:
                for item in await self._journal.call(self._journal.record_and_take, results, ids):
                    self._busy += 1
                    self._queue.put_nowait(item)
            elif self._busy == 0 and (not self._more or halted):
                return
            if halted:
                self._drain()
            if not ids or self._queue.qsize() >= self._in_flight:
                await self._pause()

    def _halted(self) -> bool:
        return self._stop.requested or self.broken is not None

    def _drain(self) -> None:
        # Started in the journal but never sent: the next run takes them again.
        while not self._queue.empty():
            self._queue.get_nowait()
            self._busy -= 1

    async def _pause(self) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            # Few results in this time is a slow service, not an error; they are committed now.
            return

    async def _work(self) -> None:
        while (item := await self._queue.get()) is not None:
            if self._halted():
                # Started in the journal but never sent: the next run takes it again.
                self._busy -= 1
                continue
            try:
                result = await self._act(item)
                self._failures = self._failures + 1 if result.state == "failed" else 0
            except StorageError as error:
                self._failures += 1
                result = Result(item.item_id, "failed", str(error)[:500])
                # One bad object must not stop the others; a missing permission or a dead service must.
                if error.status in {401, 403} or self._failures >= STOP_AFTER:
                    self.broken = self.broken or error
            except ExecutorError:
                self._wake.set()
                raise
            self._on_result(item, result)
            self._results.append(result)
            self._busy -= 1
            hungry = self._more and self._queue.qsize() < self._in_flight
            if hungry or len(self._results) >= GROUP or self._busy == 0:
                self._wake.set()


def _raise_first(workers: list[asyncio.Task[None]]) -> None:
    for worker in workers:
        if worker.done() and not worker.cancelled() and (error := worker.exception()) is not None:
            raise error

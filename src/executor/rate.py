"""The request rate of one bucket, shared by all workers.

A bucket takes about 1,000 writes a second at first and should not be asked for more than double that every 20
minutes; 429 and 503 mean that it is still splitting its key ranges. So the rate starts low, grows on that curve while
it is used, and halves when told to slow down.
"""

import asyncio
from collections.abc import Callable

START_RATE = 1000.0
DOUBLING_SECONDS = 1200.0
RECOVERY_SECONDS = 60.0
FLOOR = 5.0
BURST_SECONDS = 0.05


class RateControl:
    """Paces callers to `rate` a second; `start` None lifts the cap."""

    def __init__(
        self,
        start: float | None = START_RATE,
        *,
        ceiling: float | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock or asyncio.get_running_loop().time
        self._uncapped = start is None
        self.rate = start or START_RATE
        self._ceiling = ceiling
        self._recover_to = self.rate
        self._grown_at = self._next = self._clock()
        self._halved_at = float("-inf")
        self.throttled = 0

    @property
    def cap(self) -> float | None:
        """Requests a second that are allowed now, None without a cap."""
        return None if self._uncapped else self.rate

    def reserve(self, requests: int = 1) -> float:
        """Take the next places in the queue; returns the seconds to wait for them."""
        if self._uncapped:
            return 0.0
        now = self._clock()
        self._grow(now)
        start = max(self._next, now - BURST_SECONDS)
        self._next = start + requests / self.rate
        return max(0.0, start - now)

    async def acquire(self, requests: int = 1) -> None:
        """Wait until `requests` more may be sent."""
        wait = self.reserve(requests)
        if wait > 0:
            await asyncio.sleep(wait)

    def slow_down(self, sent_at: float) -> None:
        """The service said 429 or 503 to a request sent at `sent_at`; one burst of refusals halves the rate once."""
        self.throttled += 1
        if sent_at < self._halved_at:
            return
        self._uncapped = False
        self._recover_to = max(self.rate * 0.9, FLOOR)
        self.rate = max(self.rate / 2, FLOOR)
        self._halved_at = self._grown_at = self._clock()

    def _grow(self, now: float) -> None:
        elapsed, self._grown_at = now - self._grown_at, now
        pace = RECOVERY_SECONDS if self.rate < self._recover_to else DOUBLING_SECONDS
        # A pause in use must not pile up into a jump.
        self.rate *= 2 ** (min(elapsed, 1.0) / pace)
        if self._ceiling is not None:
            self.rate = min(self.rate, self._ceiling)

"""What a folder's builder works with: the ledger, the cast, the names, and a random stream of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from thermocline.sandbox.lake.callers import Caller, Callers
from thermocline.sandbox.lake.ledger import Ledger, midnight_us
from thermocline.sandbox.lake.names import Names

__all__ = ["KIB", "MIB", "Site", "at"]

KIB = 1 << 10
MIB = 1 << 20


def at(day: date, hour: float) -> int:
    """Microseconds since the epoch at an hour of a day, UTC."""
    return midnight_us(day) + int(hour * 3_600_000_000)


@dataclass
class Site:
    """One folder's building site. The stream depends on the seed and the folder's key, never on its name."""

    key: str
    ledger: Ledger
    callers: Callers
    names: Names
    env: str
    seed: int

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.seed}:{self.key}")

    def put(
        self, name: str, size: int, at_us: int, caller: Caller, *, storage_class: str = "STANDARD", logged: bool = True
    ) -> None:
        """Put an object into this folder, drawing what is left open from this site's stream."""
        self.ledger.put(
            name, size, at_us, caller, self.rng, folder=self.key, storage_class=storage_class, logged=logged
        )

    def moment(self, day: date, hour: float, spread_minutes: float = 30) -> int:
        """A moment on a day soon after an hour."""
        return at(day, hour) + self.rng.randrange(int(spread_minutes * 60_000_000) or 1)

    def size(self, middle: int, spread: float = 1.0) -> int:
        """A size around `middle` bytes, log-normal: most below twice the middle, some far above."""
        return max(1, int(middle * self.rng.lognormvariate(0, spread)))

    def day_before_window(self, nearest: int, farthest: int) -> date:
        """A day between `nearest` and `farthest` days before the first logged day."""
        return self.ledger.window.first - timedelta(days=self.rng.randint(nearest, farthest))

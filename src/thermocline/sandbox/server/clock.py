"""The server's clock: the machine's time, or whatever `/sandbox/clock` says.

Times inside the server are integer milliseconds since 1970 in UTC, which is the precision the API shows.
"""

import time
from datetime import UTC, datetime
from functools import lru_cache

from thermocline.sandbox.server.errors import invalid

SECOND = 1000
DAY = 86_400 * SECOND


class Clock:
    """Runs with the machine's clock plus an offset, or stands still at a chosen instant."""

    def __init__(self) -> None:
        self.offset_ms = 0
        self.frozen_ms: int | None = None

    def now(self) -> int:
        """Milliseconds since 1970."""
        if self.frozen_ms is not None:
            return self.frozen_ms
        return time.time_ns() // 1_000_000 + self.offset_ms

    def set(self, instant: str, *, frozen: bool) -> None:
        """Jump to an instant; frozen stands still there, otherwise time runs on from it."""
        target = parse_time(instant)
        self.frozen_ms = target if frozen else None
        self.offset_ms = target - time.time_ns() // 1_000_000

    def advance(self, seconds: float) -> None:
        """Jump by a number of seconds, which may be negative."""
        if self.frozen_ms is not None:
            self.frozen_ms += int(seconds * SECOND)
        self.offset_ms += int(seconds * SECOND)


@lru_cache(maxsize=65_536)
def format_time(milliseconds: int) -> str:
    """RFC 3339 with milliseconds and `Z`, as the API writes it."""
    moment = datetime.fromtimestamp(milliseconds // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % SECOND:03d}Z"


def parse_time(text: object) -> int:
    """Milliseconds since 1970 of an RFC 3339 time or a date; refuses times without an offset."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise invalid(f"Invalid time: {text}") from None
    if moment.tzinfo is None and len(str(text)) > len("2026-01-01"):
        raise invalid(f"Invalid time: {text}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * SECOND)

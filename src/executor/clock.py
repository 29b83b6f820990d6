"""The machine's time, for this room: it goes into journals and progress, and says how old a rewrite token is.

Nothing else may depend on it: generations decide what is copied, verified or deleted, and the days that a deletion must
wait are counted by the service's clock (see lock.py).
"""

from datetime import UTC, datetime


def moment() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def now() -> str:
    """This moment in UTC, to the millisecond, as RFC 3339."""
    return written(moment())


def written(at: datetime) -> str:
    """A moment in UTC, to the millisecond, as RFC 3339."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""The time that goes into journals and progress; nothing else in this room may depend on it."""

from datetime import UTC, datetime


def now() -> str:
    """This moment in UTC, to the millisecond, as RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

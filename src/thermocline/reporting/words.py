"""How numbers and days are spoken of in every report."""

import re
from datetime import date, datetime, timedelta

from analysis.words import plural

# Characters that no line may hold: controls, line separators, and marks that turn the direction of what follows.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size(count: float | None) -> str:
    """Bytes in binary units, as Cloud Storage bills them: `1.5 GiB`; a dash where nobody knows."""
    if count is None:
        return "–"
    for unit in UNITS:
        # 1023.96 must not become "1024.0".
        if abs(count) < 1023.95 or unit == UNITS[-1]:
            break
        count /= 1024
    return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"


def number(count: float | None) -> str:
    """A count with commas between the thousands: `27,104`."""
    return "–" if count is None else f"{count:,.0f}"


def share(part: float, whole: float) -> str:
    """A percentage that never rounds something to nothing, nor a part to the whole."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "<1%"
    if 99 < percent < 100:
        return ">99%"
    return f"{percent:.0f}%"


def day(moment: date | datetime | None) -> str:
    """A UTC day as `2026-10-31`."""
    return "–" if moment is None else moment.strftime("%Y-%m-%d")


def minute(moment: datetime) -> str:
    """A moment to the minute: `2026-10-31 04:05 UTC`."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def duration(length: timedelta | None) -> str:
    """`12 s`, `3 min`, `2 h 5 min`, `3 days`; a dash where nobody knows."""
    if length is None:
        return "–"
    seconds = round(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 2 * 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return plural(round(minutes / 60 / 24), "day")


def joined(parts: list[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""


def months(count: float | None) -> str:
    """`4 months`; `never` where nothing pays off within the years looked at."""
    if count is None:
        return "never"
    if count < 1:
        return "less than a month" if count > 0 else "at once"
    return plural(round(count), "month")


def payoff(count: float | None) -> str:
    """The same as the end of a sentence."""
    return (
        "never pays for itself"
        if count is None
        else f"pays for itself in {months(count)}"
        if count
        else "costs nothing"
    )


def capfirst(text: str) -> str:
    """The first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def visible(text: str) -> str:
    """`text` with a replacement character for everything that cannot be seen or breaks a line."""
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)

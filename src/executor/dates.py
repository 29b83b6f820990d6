"""Date ranges and partition templates of the `date_partitioned` pattern."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from executor.errors import MoveRefused

LAST_DAYS = re.compile(r"last[_ ](\d{1,5})[_ ]days?")
DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")

# Each placeholder and the expression it stands for; a template must yield a year, a month and a day exactly once.
PLACEHOLDERS = {
    "{YYYYMMDD}": r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    "{YYYY-MM-DD}": r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})",
    "{YYYY/MM/DD}": r"(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})",
    "{YYYY}": r"(?P<year>[0-9]{4})",
    "{MM}": r"(?P<month>[0-9]{2})",
    "{DD}": r"(?P<day>[0-9]{2})",
}
EXAMPLES = "'all', 'last_30_days', 'YYYY-MM-DD:YYYY-MM-DD' or one day"


@dataclass(frozen=True, slots=True)
class DateRange:
    """An inclusive range of days; None leaves that end open."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    @classmethod
    def parse(cls, text: str, as_of: date | None) -> "DateRange":
        """Read `all`, `last_N_days` (counted back from `as_of`, that day included), `FROM:TO` or one day."""
        text = text.strip()
        if text == "all":
            return cls()
        if match := LAST_DAYS.fullmatch(text):
            if as_of is None:
                raise MoveRefused(f"date_range {text!r} needs a day to count back from", "generate the plan again")
            return cls(as_of - timedelta(days=int(match[1]) - 1), as_of)
        if ":" in text:
            first, last = (_day(part, text) for part in text.split(":", 1))
            if first > last:
                raise MoveRefused(f"date_range {text!r} ends before it begins", "swap the two days")
            return cls(first, last)
        day = _day(text, text)
        return cls(day, day)


def _day(part: str, whole: str) -> date:
    match = DAY.fullmatch(part.strip())
    if match is None:
        raise MoveRefused(f"date_range {whole!r} is not understood", f"use {EXAMPLES}")
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise MoveRefused(f"date_range {whole!r} holds a day that no calendar has", f"use {EXAMPLES}") from None


def partition_regex(template: str, env: str) -> re.Pattern[str]:
    """A partition template as an expression anchored below the source path; everything but placeholders is literal."""
    text = template.replace("{env}", env)
    expression, position = "", 0
    while position < len(text):
        for placeholder, part in PLACEHOLDERS.items():
            if text.startswith(placeholder, position):
                expression += part
                position += len(placeholder)
                break
        else:
            if text[position] in "{}":
                raise MoveRefused(
                    f"partition_pattern {template!r} holds an unknown placeholder",
                    f"known are {{env}}, {', '.join(PLACEHOLDERS)}",
                )
            expression += re.escape(text[position])
            position += 1
    # `day_{YYYYMMDD}` must not match `day_202601011`.
    expression += "(?![0-9])" if text.endswith("}") else ""
    try:
        compiled = re.compile(expression)
    except re.error:
        raise MoveRefused(f"partition_pattern {template!r} names the date twice", "name each part once") from None
    if set(compiled.groupindex) != {"year", "month", "day"}:
        raise MoveRefused(f"partition_pattern {template!r} does not name a whole date", "add {YYYYMMDD}")
    return compiled

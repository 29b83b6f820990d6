"""`date_range` of date_partitioned use cases, checked before a plan exists."""

import re
from datetime import date

from planner.errors import InvalidPlanInput

LAST_DAYS = re.compile(r"last_([1-9]\d{0,4})_days")
EXAMPLES = "write all, last_30_days, YYYY-MM-DD:YYYY-MM-DD, or one day"


def check_date_range(text: str, where: str) -> str:
    """The range as the executor reads it. Raises InvalidPlanInput for anything but the four forms."""
    if text == "all" or LAST_DAYS.fullmatch(text):
        return text
    days = []
    for part in text.split(":"):
        try:
            days.append(date.fromisoformat(part.strip()))
        except ValueError:
            raise InvalidPlanInput(f"{where}: date_range {text!r} is not understood", EXAMPLES) from None
    if len(days) > 2 or days != sorted(days):
        raise InvalidPlanInput(f"{where}: date_range {text!r} ends before it begins", EXAMPLES)
    return ":".join(day.isoformat() for day in days)

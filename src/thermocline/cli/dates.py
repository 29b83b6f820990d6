"""Dates as options."""

from datetime import date

from thermocline.errors import UnusableInput


def parse_date(text: str | None, option: str) -> date | None:
    """A date given as YYYY-MM-DD. Raises UnusableInput for anything else."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UnusableInput(f"{option} {text} is no date", "write it as YYYY-MM-DD") from error

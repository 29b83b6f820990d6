"""How far the evidence reaches, per bucket and log type, and where it has gaps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from analysis.catalogue import Catalogue, load_sql


@dataclass(frozen=True)
class Span:
    """The evidence of one log type for one bucket; `days` have events, `gaps` are (first, last) days without any."""

    bucket: str
    log_type: str  # data_read, data_write, admin, usage
    first_day: date
    last_day: date
    days: int
    events: int
    gaps: tuple[tuple[date, date], ...]


def summarise(catalogue: Catalogue, bucket: str | None = None) -> list[Span]:
    """One span per bucket and log type, by name."""
    rows = catalogue.connection.execute(load_sql("coverage_gaps.sql"), {"bucket": bucket}).fetchall()
    return [
        Span(name, log_type, first, last, days, events, tuple(_runs(missing)))
        for name, log_type, first, last, days, events, missing in rows
    ]


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and day == runs[-1][1] + timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs

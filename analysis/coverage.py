"""How far the evidence reaches, per bucket and log type, and where it has gaps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

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

    def covered(self, first: date, last: date) -> list[bool]:
        """For each day from `first` to `last`, whether this log says anything."""
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [
            self.first_day <= day <= self.last_day and not any(start <= day <= end for start, end in self.gaps)
            for day in days
        ]


def summarise(catalogue: Catalogue, bucket: str | None = None) -> list[Span]:
    """One span per bucket and log type, by name."""
    rows = catalogue.connection.execute(load_sql("coverage_gaps.sql"), {"bucket": bucket}).fetchall()
    return [
        Span(name, log_type, first, last, days, events, tuple(_runs(missing)))
        for name, log_type, first, last, days, events, missing in rows
    ]


def resting_on(catalogue: Catalogue, bucket: str) -> dict[str, list[tuple[str, str]]]:
    """(subfolder, verdict) by the log type whose gaps weaken it; nothing before the first analysis of the bucket."""
    rows = catalogue.connection.execute(load_sql("coverage_verdicts.sql"), {"bucket": bucket}).fetchall()
    return {log: [(name, verdict) for _, name, verdict in of_log] for log, of_log in groupby(rows, lambda row: row[0])}


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and day == runs[-1][1] + timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs

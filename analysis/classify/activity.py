"""Access per week, as kept with a snapshot."""

from dataclasses import dataclass
from datetime import date, timedelta

from analysis.catalogue import Catalogue, load_sql
from analysis.model import Analysis, Subfolder


@dataclass(frozen=True)
class Week:
    """Seven days up to and including `ends`; effective reads and writes."""

    ends: date
    reads: int
    writes: int


def weekly_activity(catalogue: Catalogue, analysis: Analysis, subfolder: Subfolder) -> tuple[Week, ...]:
    """Every week of the log coverage, the oldest first; weeks without traffic are zeros."""
    if analysis.coverage_from is None:
        return ()
    parameters = {"snapshot": analysis.snapshot_id, "subfolder": subfolder.name}
    rows = catalogue.connection.execute(load_sql("classify/read_activity_week.sql"), parameters).fetchall()
    by_week = {ago: (reads, writes) for ago, reads, writes in rows}
    oldest = (analysis.as_of - analysis.coverage_from).days // 7
    return tuple(
        Week(analysis.as_of - timedelta(days=7 * ago), *by_week.get(ago, (0, 0))) for ago in range(oldest, -1, -1)
    )

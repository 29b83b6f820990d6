"""Which days the logs speak for. Without them there is no verdict, only "unknown"."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from analysis.classify.thresholds import Thresholds

READ_LOGS = ("data_read", "usage")
WRITE_LOGS = ("data_write", "usage")


@dataclass(frozen=True)
class Coverage:
    """Days up to `as_of` that read logs and write logs cover; `gaps` are (first, last) days without read logs."""

    as_of: date
    read_days: frozenset[date]
    write_days: frozenset[date]
    gaps: tuple[tuple[date, date], ...]

    @property
    def days(self) -> int:
        """Days covered by read logs."""
        return len(self.read_days)

    @property
    def first(self) -> date | None:
        """First day covered by read logs."""
        return min(self.read_days, default=None)

    @property
    def last(self) -> date | None:
        """Last day covered by read logs."""
        return max(self.read_days, default=None)

    @property
    def recent(self) -> int:
        """Days covered by read logs among the last 30."""
        return sum(1 for day in self.read_days if day > self.as_of - timedelta(days=30))

    def since(self, day: date) -> int:
        """Days covered by read logs on or after `day`."""
        return sum(1 for covered in self.read_days if covered >= day)

    def missing(self, thresholds: Thresholds) -> str | None:
        """What is missing for a verdict on reads, as a sentence; None if nothing is."""
        if not self.read_days:
            return "no read logs (data_read or usage) of this bucket have been ingested"
        if self.days < thresholds.minimum_coverage_days:
            return f"read logs cover {self.days} days up to {self.as_of}, {thresholds.minimum_coverage_days} are needed"
        if self.recent < thresholds.recent_coverage_days:
            named = [f"{first} to {last}" for first, last in self.gaps if last > self.as_of - timedelta(days=30)]
            where = f"; missing: {', '.join(named)}" if named else ""
            needed = thresholds.recent_coverage_days
            return f"read logs cover {self.recent} of the last 30 days, {needed} are needed{where}"
        return None


def measure_coverage(
    days_by_log: Mapping[str, Collection[date]], as_of: date, thresholds: Thresholds, horizon: date
) -> Coverage:
    """Coverage from the days on which each log type says anything, from `horizon` to `as_of`.

    A silence of the whole bucket of up to `longest_quiet_days` between two covered days counts as covered: a bucket may
    rest on a weekend. A longer one is a gap, because silence and missing logs look the same.
    """
    reads = _days(days_by_log, READ_LOGS, horizon, as_of)
    covered = _bridge(reads, thresholds.longest_quiet_days)
    writes = _bridge(_days(days_by_log, WRITE_LOGS, horizon, as_of), thresholds.longest_quiet_days)
    return Coverage(as_of, frozenset(covered), frozenset(writes), tuple(_gaps(covered, as_of)))


def _days(days_by_log: Mapping[str, Collection[date]], logs: tuple[str, ...], first: date, last: date) -> list[date]:
    return sorted({day for log in logs for day in days_by_log.get(log, ()) if first <= day <= last})


def _bridge(days: list[date], longest_quiet: int) -> list[date]:
    bridged: list[date] = []
    for day in days:
        quiet = (day - bridged[-1]).days - 1 if bridged else 0
        if 0 < quiet <= longest_quiet:
            bridged.extend([day - timedelta(days=n) for n in range(quiet, 0, -1)])
        bridged.append(day)
    return bridged


def _gaps(covered: list[date], as_of: date) -> list[tuple[date, date]]:
    if not covered:
        return []
    one = timedelta(days=1)
    edges = zip(covered, [*covered[1:], as_of + one], strict=True)
    return [(before + one, after - one) for before, after in edges if after - before > one]

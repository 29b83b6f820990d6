"""Sums, shares and orders that the access-pattern report shows; all of it plain arithmetic on its facts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from planner.prices import OLD_CLASSES, Place
from thermocline.reporting.facts import AgeAtRead, ClassBytes, CoveredDay, Facts, Touch
from thermocline.reporting.figures.classes import ClassCost

GIB = 1024**3
TEMPERATURE_ORDER = ("cold", "warm", "hot", "unknown")


class TemperatureSum(NamedTuple):
    """What lies in the subfolders of one temperature."""

    temperature: str
    subfolders: int
    objects: int
    bytes: int
    monthly_usd: float


class AgeSummary(NamedTuple):
    """How old a subfolder's data is when it is read; days."""

    subfolder: str
    reads: int
    undated: int
    median: int
    ninth_decile: int


class UseSummary(NamedTuple):
    """A subfolder's days of use within the window."""

    subfolder: str
    read_days: int
    reads: int
    write_days: int
    writes: int


class Gap(NamedTuple):
    """Neighbouring days without a log entry of one type."""

    log_type: str
    first: date
    last: date
    days: int


def price(class_bytes: Iterable[ClassBytes], place: Place) -> list[ClassCost]:
    """Storage alone, per month, at the prices of one location; a class without a price is billed as Standard."""
    costs = []
    for entry in class_bytes:
        name = OLD_CLASSES.get(entry.storage_class, entry.storage_class)
        per_gib = place.storage.get(name, place.storage["STANDARD"])
        costs.append(ClassCost(entry.subfolder, name, entry.bytes, entry.bytes / GIB * per_gib))
    return costs


def by_temperature(facts: Facts, costs: Iterable[ClassCost]) -> list[TemperatureSum]:
    """Coldest first; temperatures that no subfolder has are left out."""
    spent: dict[str, float] = {}
    for cost in costs:
        spent[cost.subfolder] = spent.get(cost.subfolder, 0.0) + cost.monthly_usd
    sums = []
    for temperature in TEMPERATURE_ORDER:
        members = [verdict for verdict in facts.verdicts if verdict.temperature == temperature]
        if members:
            usd = sum(spent.get(verdict.subfolder, 0.0) for verdict in members)
            sums.append(
                TemperatureSum(
                    temperature, len(members), sum(v.objects for v in members), sum(v.bytes for v in members), usd
                )
            )
    return sums


def summarise_ages(ages: Iterable[AgeAtRead]) -> list[AgeSummary]:
    """One line for each subfolder whose reads have ages, most reads first."""
    by_subfolder: dict[str, list[AgeAtRead]] = {}
    for entry in ages:
        by_subfolder.setdefault(entry.subfolder, []).append(entry)
    summaries = []
    for name, entries in by_subfolder.items():
        dated = sorted((entry.age_days, entry.reads) for entry in entries if entry.age_days is not None)
        if dated:
            undated = sum(entry.reads for entry in entries if entry.age_days is None)
            reads = sum(count for _, count in dated)
            summaries.append(AgeSummary(name, reads, undated, quantile(dated, 0.5), quantile(dated, 0.9)))
    return sorted(summaries, key=lambda line: (-line.reads, line.subfolder))


def quantile(weighted: Sequence[tuple[int, int]], share: float) -> int:
    """The smallest value at which at least `share` of the weights lie; `weighted` is sorted (value, weight)."""
    total, running = sum(weight for _, weight in weighted), 0
    for value, weight in weighted:
        running += weight
        if running >= share * total:
            return value
    return weighted[-1][0]


def summarise_use(facts: Facts) -> dict[str, UseSummary]:
    """By subfolder; those that nobody touched are there with zeros."""
    sums = {verdict.subfolder: [0, 0, 0, 0] for verdict in facts.verdicts}
    for entry in facts.days_of_use:
        line = sums.setdefault(entry.subfolder, [0, 0, 0, 0])
        line[0] += entry.reads > 0
        line[1] += entry.reads
        line[2] += entry.writes > 0
        line[3] += entry.writes
    return {name: UseSummary(name, *line) for name, line in sums.items()}


def gaps(covered: Iterable[CoveredDay], first: date, last: date) -> list[Gap]:
    """Runs of days without an entry, for the log types that show use; a type with no entry at all is one long gap."""
    days: dict[str, set[date]] = {"data_read": set(), "data_write": set()}
    for entry in covered:
        days.setdefault(entry.log_type, set()).add(entry.day)
    # Administrative calls are rare by nature: a day without one says nothing. Usage logs stand in for data access.
    if days.pop("usage", set()) and not (days["data_read"] or days["data_write"]):
        return []
    days.pop("admin", None)
    found = []
    for log_type, there in days.items():
        start: date | None = None
        for offset in range((last - first).days + 2):
            day = first + timedelta(days=offset)
            missing = day <= last and day not in there
            if missing and start is None:
                start = day
            elif not missing and start is not None:
                found.append(Gap(log_type, start, day - timedelta(days=1), (day - start).days))
                start = None
    return found


def most_active(touches: Iterable[Touch], limit: int) -> list[str]:
    """Consumers by their events, the busiest first."""
    events: dict[str, int] = {}
    for touch in touches:
        events[touch.consumer] = events.get(touch.consumer, 0) + touch.events
    return sorted(events, key=lambda name: (-events[name], name))[:limit]


def in_order(facts: Facts, ranks: Mapping[str, int]) -> list[str]:
    """Subfolders by rank; those without one by temperature, coldest first, then by size."""
    warmth = {name: position for position, name in enumerate(TEMPERATURE_ORDER)}
    return [
        verdict.subfolder
        for verdict in sorted(
            facts.verdicts,
            key=lambda v: (ranks.get(v.subfolder, len(ranks) + 1), warmth.get(v.temperature, 9), -v.bytes, v.subfolder),
        )
    ]

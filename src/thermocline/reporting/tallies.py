"""Sums, shares and orders that the access-pattern report shows; all of it plain arithmetic on its facts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from analysis.model import Subfolder
from planner.prices import OLD_CLASSES, Place
from thermocline.reporting.facts import NOT_USE, AgeAtRead, CoveredDay, Facts
from thermocline.reporting.figures.classes import ClassCost

GIB = 1024**3
TEMPERATURE_ORDER = ("cold", "warm", "hot", "unknown")
LOG_NAMES = {"data_read": "data read", "data_write": "data write", "admin": "admin activity", "usage": "usage logs"}


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


class SetAside(NamedTuple):
    """An identity whose calls set no temperature."""

    consumer: str
    kind: str
    subfolders: int
    events: int


class Gap(NamedTuple):
    """Neighbouring days without a log entry of one type."""

    log_type: str
    first: date
    last: date
    days: int


class Coverage(NamedTuple):
    """On how many days of the window one log type has entries."""

    log_type: str
    first: date | None
    last: date | None
    days: int
    window: int
    events: int


def price(subfolders: Iterable[Subfolder], place: Place) -> list[ClassCost]:
    """Storage alone, per month, at the prices of one location; a class without a price is billed as Standard."""
    costs = []
    for subfolder in subfolders:
        held: dict[str, int] = {}
        for age in subfolder.class_ages:
            name = OLD_CLASSES.get(age.storage_class, age.storage_class)
            held[name] = held.get(name, 0) + age.bytes
        for name, count in sorted(held.items()):
            per_gib = place.storage.get(name, place.storage["STANDARD"])
            costs.append(ClassCost(subfolder.name, name, count, count / GIB * per_gib))
    return costs


def by_temperature(facts: Facts, costs: Iterable[ClassCost]) -> list[TemperatureSum]:
    """Coldest first; temperatures that no subfolder has are left out."""
    spent: dict[str, float] = {}
    for cost in costs:
        spent[cost.subfolder] = spent.get(cost.subfolder, 0.0) + cost.monthly_usd
    sums = []
    for temperature in TEMPERATURE_ORDER:
        members = [subfolder for subfolder in facts.subfolders if subfolder.temperature == temperature]
        if members:
            usd = sum(spent.get(subfolder.name, 0.0) for subfolder in members)
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
    sums = {subfolder.name: [0, 0, 0, 0] for subfolder in facts.subfolders}
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


def summarise_coverage(covered: Iterable[CoveredDay], first: date, last: date) -> list[Coverage]:
    """One line for each log type; those that show data access are there even where nothing was found."""
    days: dict[str, dict[date, int]] = {"data_read": {}, "data_write": {}}
    for entry in covered:
        if first <= entry.day <= last:
            there = days.setdefault(entry.log_type, {})
            there[entry.day] = there.get(entry.day, 0) + entry.events
    whole = (last - first).days + 1
    return [
        Coverage(name, min(there, default=None), max(there, default=None), len(there), whole, sum(there.values()))
        for name, there in days.items()
    ]


def most_active(facts: Facts) -> list[str]:
    """Consumers by their events, the busiest first."""
    events: dict[str, int] = {}
    for _, use in facts.touches():
        events[use.name] = events.get(use.name, 0) + use.events
    return sorted(events, key=lambda name: (-events[name], name))


def set_aside(facts: Facts) -> list[SetAside]:
    """Identities whose calls set no temperature, the busiest first."""
    found: dict[str, tuple[str, set[str], int]] = {}
    for subfolder in facts.subfolders:
        for use in subfolder.others:
            if use.kind in NOT_USE:
                who = use.principal or use.name
                kind, names, events = found.get(who, (use.kind, set(), 0))
                found[who] = (kind, names | {subfolder.name}, events + use.events)
    lines = [SetAside(name, kind, len(names), events) for name, (kind, names, events) in found.items()]
    return sorted(lines, key=lambda line: (-line.events, line.consumer))


def in_order(facts: Facts, ranks: Mapping[str, int]) -> list[str]:
    """Subfolders by rank; those without one by temperature, coldest first, then by size."""
    warmth = {name: position for position, name in enumerate(TEMPERATURE_ORDER)}
    return [
        subfolder.name
        for subfolder in sorted(
            facts.subfolders,
            key=lambda v: (ranks.get(v.name, len(ranks) + 1), warmth.get(v.temperature, 9), -v.bytes, v.name),
        )
    ]

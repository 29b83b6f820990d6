"""The figures of the access-pattern report, each with the words that stand for it where it cannot be seen."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup
from matplotlib.figure import Figure

from analysis.words import plural
from thermocline.reporting import tallies
from thermocline.reporting.facts import Facts
from thermocline.reporting.figures.ages import ReadAge, age_at_read
from thermocline.reporting.figures.canvas import to_inline_svg
from thermocline.reporting.figures.classes import ClassCost, class_costs
from thermocline.reporting.figures.evidence import coverage, missing_days
from thermocline.reporting.figures.growth import growth
from thermocline.reporting.figures.heatmap import heatmap
from thermocline.reporting.figures.matrix import Touch, matrix
from thermocline.reporting.figures.treemap import Holding, treemap
from thermocline.reporting.words import joined, share, size

ROWS = 40  # more rows than this make no picture; the tables hold everything
CONSUMERS = COLUMNS = 30


@dataclass(frozen=True)
class Picture:
    """A figure with its title, its text alternative, and what it leaves out, if anything."""

    name: str
    title: str
    description: str
    figure: Figure
    choice: str = ""

    def svg(self) -> Markup:
        """The figure as an element of the page."""
        return Markup(to_inline_svg(self.figure, self.name, self.title, self.description))  # noqa: S704 - escaped there


def draw(facts: Facts, order: Sequence[str], costs: Sequence[ClassCost]) -> dict[str, Picture]:
    """All figures by name, in the order in which the report shows them."""
    pictures = [
        _treemap(facts, costs),
        _heatmap(facts, order),
        _ages(facts, order),
        _matrix(facts, order),
        _growth(facts),
        _classes(order, costs),
        _coverage(facts),
    ]
    return {picture.name: picture for picture in pictures}


def most(order: Sequence[str], weights: Mapping[str, float], which: str, limit: int = ROWS) -> tuple[list[str], str]:
    """The names of greatest weight that one picture holds, in their order, and a sentence if there are others."""
    if len(order) <= limit:
        return list(order), ""
    chosen = set(sorted(order, key=lambda name: -weights.get(name, 0))[:limit])
    return [name for name in order if name in chosen], f"The {limit} {which} of {len(order)} subfolders."


def _treemap(facts: Facts, costs: Sequence[ClassCost]) -> Picture:
    total = sum(subfolder.bytes for subfolder in facts.subfolders)
    parts = [f"{line.temperature} {share(line.bytes, total)}" for line in tallies.by_temperature(facts, costs)]
    holdings = [Holding(subfolder.name, subfolder.bytes, subfolder.temperature) for subfolder in facts.subfolders]
    description = f"{size(total)} divided among {plural(len(holdings), 'subfolder')}: {joined(parts)}."
    return Picture("treemap", "What is in the bucket, by bytes and temperature", description, treemap(holdings))


def _heatmap(facts: Facts, order: Sequence[str]) -> Picture:
    use = tallies.summarise_use(facts)
    shown, choice = most(order, {name: line.reads + line.writes for name, line in use.items()}, "busiest")
    read = sum(1 for name in shown if use[name].read_days)
    gaps = _days_without_reads(facts)
    description = (
        f"Between {facts.first} and {facts.last}, {plural(read, 'subfolder was', 'subfolders were')} read, "
        f"{plural(len(shown) - read, 'was', 'were')} not."
    )
    figure = heatmap(shown, facts.days_of_use, facts.first, facts.last, gaps)
    return Picture("heatmap", "Reads and writes of each subfolder, day by day", description, figure, choice)


def _ages(facts: Facts, order: Sequence[str]) -> Picture:
    summaries = {line.subfolder: line for line in tallies.summarise_ages(facts.ages)}
    dated = [name for name in order if name in summaries]
    names, choice = most(dated, {name: line.reads for name, line in summaries.items()}, "most read")
    ages = [ReadAge(entry.subfolder, entry.age_days, entry.reads) for entry in facts.ages if entry.age_days is not None]
    parts = [f"{name} {plural(summaries[name].median, 'day')}" for name in names]
    description = f"Median age at read: {joined(parts)}." if parts else "No read of dated data."
    return Picture("ages", "Age of dated data when it is read", description, age_at_read(names, ages), choice)


def _matrix(facts: Facts, order: Sequence[str]) -> Picture:
    everybody = tallies.most_active(facts)
    consumers = everybody[:CONSUMERS]
    busy = set(consumers)
    touches = [Touch(use.name, name, use.role, use.days) for name, use in facts.touches() if use.name in busy]
    shown, choice = most(order, Counter(touch.subfolder for touch in touches), "that they share most", COLUMNS)
    if len(everybody) > len(consumers):
        choice = f"The {CONSUMERS} busiest of {len(everybody)} consumers. {choice}".strip()
    description = (
        f"{plural(len(consumers), 'consumer')} across {plural(len(shown), 'subfolder')}; the table below says the same."
    )
    figure = matrix(consumers, shown, touches, facts.analysis.coverage_days)
    return Picture("consumers", "Who reads, writes and deletes where", description, figure, choice)


def _growth(facts: Facts) -> Picture:
    total = sum(entry.bytes for entry in facts.creations)
    recent = sum(entry.bytes for entry in facts.creations if entry.month >= facts.first.replace(day=1))
    description = f"Of {size(total)} still there, {size(recent)} were created since {facts.first:%Y-%m}."
    return Picture("growth", "Bytes still there, by the month of their creation", description, growth(facts.creations))


def _classes(order: Sequence[str], costs: Sequence[ClassCost]) -> Picture:
    spent: dict[str, float] = defaultdict(float)
    for cost in costs:
        spent[cost.subfolder] += cost.monthly_usd
    shown, choice = most(order, spent, "dearest")
    total = sum(cost.monthly_usd for cost in costs)
    names = [cost.storage_class for cost in costs]
    parts = [
        f"{name.capitalize()} {share(sum(cost.monthly_usd for cost in costs if cost.storage_class == name), total)}"
        for name in sorted(set(names), key=lambda name: -names.count(name))
    ]
    description = f"Share of the monthly cost: {joined(parts)}." if parts else "No storage class is known."
    return Picture("classes", "Storage cost a month, by storage class", description, class_costs(shown, costs), choice)


def _coverage(facts: Facts) -> Picture:
    names = tallies.LOG_NAMES
    covered: dict[str, list[date]] = {"data read": [], "data write": []}
    for entry in facts.covered:
        covered.setdefault(names[entry.log_type], []).append(entry.day)
    parts = [f"{name} on {plural(len(set(days)), 'day')}" for name, days in covered.items()]
    figure = coverage(covered, facts.first, facts.last)
    return Picture("coverage", "Days with log entries, by log type", f"{joined(parts).capitalize()}.", figure)


def _days_without_reads(facts: Facts) -> list[date]:
    covered = [entry.day for entry in facts.covered if entry.log_type in {"data_read", "usage"}]
    return missing_days(covered, facts.first, facts.last) if covered else []

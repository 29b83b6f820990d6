"""The access-pattern report: one HTML page, one Markdown document, and the figures as files beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from analysis.classify.drift import compare
from analysis.whole_files import write_whole
from planner.cost.today import month_as_it_is
from planner.plan import Plan
from planner.prices import PriceTable
from planner.tiers import place as place_in_tier
from thermocline.reporting import tallies
from thermocline.reporting.facts import Facts
from thermocline.reporting.figures.canvas import to_png, to_svg
from thermocline.reporting.figures.classes import ClassCost
from thermocline.reporting.pages import render_html, render_markdown
from thermocline.reporting.pictures import Picture, draw
from thermocline.reporting.summary import change_words, in_short

ROWS = 200  # lines of any one table on the page; the commands named beside it show them all


class Ranking(NamedTuple):
    """What the planner says of a subfolder."""

    rank: int
    priority: str
    tier: int


@dataclass(frozen=True)
class AccessReport:
    """Everything that the two templates show. `values` are theirs, `pictures` come by name."""

    values: Mapping[str, Any]
    pictures: Mapping[str, Picture]

    def html(self) -> str:
        """The page, complete in itself."""
        return render_html("access.html.j2", pictures=self.pictures, **self.values)

    def markdown(self, figures: str = "figures") -> str:
        """The document; figures are linked as files below the folder `figures`."""
        return render_markdown("access.md.j2", pictures=self.pictures, figures=figures, **self.values)

    def write(self, folder: Path) -> list[Path]:
        """Write all files into `folder`, creating it; returns them in the order a reader wants them."""
        drawings = folder / "figures"
        drawings.mkdir(parents=True, exist_ok=True)
        page, document = folder / "access-patterns.html", folder / "access-patterns.md"
        files: dict[Path, str | bytes] = {page: self.html(), document: self.markdown()}
        for name, picture in self.pictures.items():
            files[drawings / f"{name}.png"] = to_png(picture.figure)
            files[drawings / f"{name}.svg"] = to_svg(picture.figure)
        write_whole(files)
        return list(files)


def rank(facts: Facts, plan: Plan | None = None) -> dict[str, Ranking]:
    """Rank, priority and tier of every subfolder: a plan's, or what the evidence alone gives."""
    if plan is not None:
        return {move.subfolder: Ranking(move.rank, move.priority, move.tier) for move in plan.moves()}
    placed = [(place_in_tier(subfolder), subfolder) for subfolder in facts.subfolders]
    placed.sort(key=lambda pair: (pair[0].phase, pair[0].tier, -pair[1].bytes, pair[1].name))
    return {
        subfolder.name: Ranking(position, placement.priority, placement.tier)
        for position, (placement, subfolder) in enumerate(placed, 1)
    }


def build(facts: Facts, prices: PriceTable, plan: Plan | None = None) -> AccessReport:
    """The report of one bucket at one analysis, with the priorities of `plan` where there is one."""
    rankings = rank(facts, plan)
    place = prices.place(facts.analysis.location)
    costs = tallies.price(facts.subfolders, place)
    order = tallies.in_order(facts, {name: ranking.rank for name, ranking in rankings.items()})
    changes = list(compare(facts.before, facts.analysis)) if facts.before else []
    temperatures = tallies.by_temperature(facts, costs)
    months = {subfolder.name: month_as_it_is(subfolder, place) for subfolder in facts.subfolders}
    values = {
        "facts": facts,
        "analysis": facts.analysis,
        "set_aside": tallies.set_aside(facts),
        "place": place,
        "prices": prices,
        "rankings": rankings,
        "planned": plan is not None,
        "order": order,
        "rows": ROWS,
        "verdicts": {subfolder.name: subfolder for subfolder in facts.subfolders},
        "use": tallies.summarise_use(facts),
        "ages": tallies.summarise_ages(facts.ages),
        "temperatures": temperatures,
        "costs": _cost_table(order, costs),
        "months": months,
        "access_usd": sum(month.reads_usd + month.writes_usd for month in months.values()),
        "covered": tallies.summarise_coverage(facts.covered, facts.first, facts.last),
        "by_size": sorted(facts.subfolders, key=lambda subfolder: (-subfolder.bytes, subfolder.name)),
        "class_names": sorted({cost.storage_class for cost in costs}, key=_class_order),
        "total_bytes": sum(subfolder.bytes for subfolder in facts.subfolders),
        "total_objects": sum(subfolder.objects for subfolder in facts.subfolders),
        "total_usd": sum(cost.monthly_usd for cost in costs),
        "gaps": tallies.gaps(facts.covered, facts.first, facts.last),
        "years": _years(facts),
        "changes": changes,
        "change_words": change_words,
        "in_short": in_short(facts, temperatures, costs, place, changes),
        "log_names": tallies.LOG_NAMES,
        "thresholds": facts.thresholds,
        "consumers": tallies.most_active(facts)[:ROWS],
        "touches": _touches(facts),
    }
    return AccessReport(values, draw(facts, order, costs))


def _class_order(name: str) -> tuple[int, str]:
    known = ("STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE")
    return (known.index(name) if name in known else len(known), name)


def _cost_table(order: list[str], costs: list[ClassCost]) -> list[dict[str, Any]]:
    """One line a subfolder: bytes by class."""
    lines: dict[str, dict[str, Any]] = {name: {"subfolder": name, "bytes": {}} for name in order}
    for cost in costs:
        held = lines[cost.subfolder]["bytes"]
        held[cost.storage_class] = held.get(cost.storage_class, 0) + cost.bytes
    return list(lines.values())


def _years(facts: Facts) -> list[tuple[int, int, int]]:
    """(year, bytes created in it that are still there, bytes up to its end)."""
    added: dict[int, int] = {}
    for entry in facts.creations:
        added[entry.month.year] = added.get(entry.month.year, 0) + entry.bytes
    running, years = 0, []
    for year in sorted(added):
        running += added[year]
        years.append((year, added[year], running))
    return years


def _touches(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    """Consumer → its subfolders with what it does there and on how many days at most, busiest first."""
    verbs = {"reader": "reads", "writer": "writes", "deleter": "deletes"}
    grouped: dict[tuple[str, str], dict[str, Any]] = {}
    for name, use in facts.touches():
        line = grouped.setdefault((use.name, name), {"subfolder": name, "kind": use.kind, "roles": [], "days": 0})
        if verbs[use.role] not in line["roles"]:
            line["roles"].append(verbs[use.role])
        line["days"] = max(line["days"], use.days)
    found: dict[str, list[dict[str, Any]]] = {}
    for (consumer, _), line in sorted(grouped.items(), key=lambda item: (-item[1]["days"], item[0])):
        found.setdefault(consumer, []).append(line)
    return found

"""Every alternative priced again, day by day, by a checker that shares no code with the cost model.

It knows the shipped price table and the rules in words: what an object costs on each day of three years, which class
changes it pays for, and what a copy costs once.
"""

import math
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import AGE_GROUPS, ClassAge
from planner.generate import generate
from planner.prices import load_prices
from planner.settings import PlannerSettings
from planner_evidence import analysis_of, folder

TABLE = tomllib.loads((files("planner") / "data" / "prices-2026-05.toml").read_text("utf-8"))
CLASSES = ["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"]
DAYS = 1080
QUIET = {"cold": 45, "warm": 30, "hot": 14}
SOFT_DELETE = 7


class Rates(NamedTuple):
    """What one location charges: a GiB and month, a get, an insert or a change, a copied GiB, a replicated one."""

    store: dict[str, float]
    get: dict[str, float]
    change: dict[str, float]
    copied: float
    replicated: float


REGION, SEVERAL = TABLE["operations"]["region"], TABLE["operations"]["multi-region"]
IN = {
    "europe-west1": Rates(TABLE["locations"]["region"]["standard-1"], REGION["class_b"], REGION["class_a"], 0.0, 0.0),
    "us-central1": Rates(TABLE["locations"]["region"]["standard-2"], REGION["class_b"], REGION["class_a"], 0.05, 0.0),
    "eu": Rates(TABLE["locations"]["multi-region"]["eu"], SEVERAL["class_b"], SEVERAL["class_a"], 0.02, 0.02),
}
HOME = IN["europe-west1"]


class Lake(NamedTuple):
    """A folder as the checker sees it; reads and writes a month."""

    groups: tuple[ClassAge, ...]
    fed: bool
    reads: float
    read_gib: float
    writes: float

    @property
    def gib(self) -> float:
        return sum(group.bytes for group in self.groups) / 2**30

    @property
    def objects(self) -> int:
        return sum(group.objects for group in self.groups)


def classes(group: ClassAge, origin: str, rules: dict[int, str], *, fed: bool) -> Iterator[str]:
    """The class of a group on each day: the coldest of what it began in and what any rule has made of it."""
    for day in range(DAYS):
        age = group.age_days_bucket + (0 if fed else day)
        yield max([origin, *(name for days, name in rules.items() if age >= days)], key=CLASSES.index)


def lived(lake: Lake, rates: Rates, rules: dict[int, str], origin: str | None) -> tuple[float, float, float]:
    """Dollars in three years, in their last month, and for class changes of what is there already."""
    total = last = changes = 0.0
    for group in lake.groups:
        share, before = group.bytes / 2**30 / lake.gib, origin or group.storage_class
        for day, name in enumerate(classes(group, before, rules, fed=lake.fed)):
            month = group.bytes / 2**30 * rates.store[name]
            month += share * (lake.reads * rates.get[name] / 1000 + lake.read_gib * TABLE["retrieval"][name])
            total += month / 30
            last += month / 30 if day >= DAYS - 30 else 0.0
            changes += group.objects * rates.change[name] / 1000 if name != before else 0.0
            before = name
    arriving = lake.writes * rates.change[origin or "STANDARD"] / 1000
    if lake.fed:
        oldest = max(group.age_days_bucket for group in lake.groups)
        reached = [name for days, name in rules.items() if days <= oldest and name != "STANDARD"]
        arriving += sum(lake.writes * rates.change[name] / 1000 for name in reached)
    return total + 36 * arriving, last + arriving, changes


def copied(lake: Lake, rates: Rates, quiet: int) -> float:
    """Dollars once for a copy and the end of its sources, but for operations."""
    total = lake.gib * (rates.copied + rates.replicated)
    for group in lake.groups:
        gib, name = group.bytes / 2**30, group.storage_class
        there = quiet + SOFT_DELETE
        billed = max(there, TABLE["minimum_days"][name] - group.age_days_bucket)
        total += gib * (HOME.store[name] * billed / 30 + TABLE["retrieval"][name])
    return total


def expected(name: str, summary: str, lake: Lake, rates: Rates, quiet: int) -> tuple[float, float, float] | None:
    """Three years without what is paid once, the last month, and what is paid once; None for what is not checked."""
    by_age = {int(days): each.upper() for each, days in re.findall(r"([A-Z][a-z]+) from (\d+) days", summary)}
    if name in {"leave", "in-place-by-age"} or name.startswith("in-place"):
        rules = by_age if "age" in name or name == "leave" else {0: name.rpartition("-")[2].upper()}
        return lived(lake, HOME, rules, None)
    if name == "move-autoclass":
        return None
    origin = "STANDARD" if name == "move-then-demote" else name.split("-")[1].upper()
    total, last, changes = lived(lake, rates, by_age, origin)
    return total, last, changes + lake.objects * rates.change[origin] / 1000 + copied(lake, rates, quiet)


@st.composite
def lakes(draw: st.DrawFn) -> tuple[Lake, dict[str, Any]]:
    count = draw(st.integers(1, 4))
    groups = tuple(
        ClassAge(
            draw(st.sampled_from(CLASSES)), draw(st.sampled_from(AGE_GROUPS)), draw(st.integers(1, 10**7)),
            draw(st.integers(2**20, 2**45)), 0,
        )
        for _ in range(count)
    )  # fmt: skip
    fed, reads, writes = draw(st.booleans()), draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6))
    carried = draw(st.integers(0, 2**40))
    lake = Lake(groups, fed, reads / 4, carried / 2**30 / 4, writes / 4)  # 120 days of logs are four months
    more = {
        "class_ages": groups, "objects": lake.objects, "bytes": sum(group.bytes for group in groups),
        "read_events": reads, "read_bytes": carried, "write_events": writes, "write_days_30": 30 if fed else 0,
        "temperature": draw(st.sampled_from(list(QUIET))), "read_days": draw(st.integers(0, 120)),
        "flags": {"growing"},
    }  # fmt: skip
    return lake, more


@settings(deadline=None, max_examples=25)
@given(lakes(), st.sampled_from(list(IN)))
def test_every_alternative_costs_what_its_days_cost(drawn: tuple[Lake, dict[str, Any]], location: str) -> None:
    lake, more = drawn
    wanted = PlannerSettings(target_location=location)
    move = generate(analysis_of(folder("x", **more)), wanted, env="prod", prices=load_prices()).moves()[0]
    quiet, before = QUIET[move.temperature], lived(lake, HOME, {}, None)

    assert move.cost.monthly_now_usd == pytest.approx(before[1], abs=0.0001)
    checked = set()
    for each in move.cost.alternatives:
        found = expected(each.name, each.summary, lake, IN.get(each.location, HOME), quiet)
        if found is None or each.location not in IN:
            continue
        total, last, once = found
        checked.add(each.name)
        assert each.one_off_usd == pytest.approx(once, abs=0.0001, rel=1e-9), each.name
        assert each.monthly_usd == pytest.approx(last, abs=0.0001, rel=1e-9), each.name
        assert each.three_year_usd == pytest.approx(total + once, abs=0.0001, rel=1e-9), each.name
        assert each.saving_usd == pytest.approx(before[0] - total - once, abs=0.0002, rel=1e-9), each.name
        gained = before[0] - total - once
        # Where nothing is gained or lost but what rounding leaves of the sums, either answer is right.
        if not re.search("age|demote|leave", each.name) and abs(gained) > 1e-9 * (1 + before[0]):
            months = math.ceil(once / (before[1] - last) * 10 - 1e-6) / 10 if gained > 0 else None
            assert each.break_even_months == (None if months is None else pytest.approx(months, abs=0.1001)), each.name
    assert {"leave", "in-place-archive", "move-standard", "move-archive"} <= checked

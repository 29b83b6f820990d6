"""One bucket looked at again and again, each time with new log files and a new inventory, through the real ingest."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import scenarios
from analysis.catalogue import Catalogue
from analysis.classify.analyze import analyze
from analysis.classify.drift import compare, read_churn
from analysis.classify.store import earlier_snapshot, latest_analysis, read_analysis
from analysis.model import Analysis
from scenario_play import filled
from scenarios import Scenario

# Two folders below one parent, written and read by one job: one subfolder.
TOGETHER = (
    "loader reads feeds/a/* every 10 days at 05:00",
    "loader reads feeds/b/* every 10 days at 05:00",
    "etl writes feeds/a/{date}.csv weekly at 01:00",
    "etl writes feeds/b/{date}.csv weekly at 01:00",
)
# The same, but one of them was read once less and the other one once more: no reason to think otherwise.
ALMOST = (
    "loader reads feeds/a/* on days 3, 10, 17, 24 ago at 05:00",
    "loader reads feeds/b/* on day 12 ago at 05:00",
    *TOGETHER[2:],
)
# One is in daily use, the other one is not read any more.
APART = ("loader reads feeds/a/* daily at 05:00", *TOGETHER[2:])
ENDS = (date(2026, 6, 30), date(2026, 8, 29), date(2026, 10, 28), date(2026, 12, 27))


def sixty_days(folder: Path, traffic: Sequence[str], end: date, objects: Sequence[str] = ()) -> Scenario:
    """What happened in the sixty days up to `end`."""
    age = 500 + (end - ENDS[0]).days
    held = [f"feeds/{part}/part-{{0..9}}.csv, 5 MiB, {age} days old" for part in "ab"]
    path = folder / "history.yaml"
    lines = [
        "says: history",
        "logs: {days: 60}",
        "objects:",
        *(f"  - {one}" for one in (*held, *objects)),
        "traffic:",
        *(f"  - {one}" for one in traffic),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return scenarios.load(path, end=end)


def look(folder: Path, traffic: Sequence[str], end: date, objects: Sequence[str] = ()) -> Analysis:
    """Ingest sixty more days and analyse."""
    scenario = sixty_days(folder, traffic, end, objects)
    with filled(scenario, folder) as (catalogue, settings):
        analyze(catalogue, scenario.bucket, settings)
        return latest_analysis(catalogue, scenario.bucket)


def names(analysis: Analysis) -> list[str]:
    return [one.name for one in analysis.subfolders]


def test_a_boundary_moves_only_when_the_evidence_does(tmp_path: Path) -> None:
    assert names(look(tmp_path, TOGETHER, ENDS[0])) == ["feeds"]
    assert names(look(tmp_path, ALMOST, ENDS[1])) == ["feeds"]
    apart = look(tmp_path, APART, ENDS[2])
    assert names(apart) == ["feeds/a", "feeds/b"]
    # And back: alike by a hair's breadth is not yet grown together.
    assert names(look(tmp_path, ALMOST, ENDS[3])) == ["feeds/a", "feeds/b"]


def test_what_holds_a_boundary_is_the_history_and_no_blindness(tmp_path: Path) -> None:
    assert names(look(tmp_path, ALMOST, ENDS[1])) == ["feeds/a", "feeds/b"]


def test_the_same_evidence_again_moves_nothing(tmp_path: Path) -> None:
    first = look(tmp_path, APART, ENDS[0])
    with filled(sixty_days(tmp_path, APART, ENDS[0]), tmp_path) as (catalogue, settings):
        analyze(catalogue, first.bucket, settings)
        again = latest_analysis(catalogue, first.bucket)
    assert again.snapshot_id == first.snapshot_id + 1
    assert (again.evidence_digest, again.subfolders) == (first.evidence_digest, first.subfolders)


def test_drift_tells_all_that_happened_since_any_earlier_look(tmp_path: Path) -> None:
    look(tmp_path, TOGETHER, ENDS[0])
    look(tmp_path, [*TOGETHER, "analyst reads feeds/a/* on day 9 ago"], ENDS[1])
    busy = [
        "loader reads feeds/a/* daily at 05:00",
        "loader reads feeds/b/* daily at 05:00",
        "beam writes feeds/a/{date}.avro daily at 01:00",
        "beam writes feeds/b/{date}.avro daily at 01:00",
        "bigquery reads novel/* daily at 07:00",
    ]
    now = look(tmp_path, busy, ENDS[2], ["novel/part-{0..3}.csv, 9 MiB, 59 days old"])
    with Catalogue.open(tmp_path / "catalogue.duckdb") as catalogue:
        before = {
            day: read_analysis(catalogue, now.bucket, earlier_snapshot(catalogue, now, day)) for day in (None, ENDS[0])
        }
        churn = read_churn(catalogue, before[None], now)
    assert [one.as_of for one in before.values()] == [ENDS[1], ENDS[0]]
    told = {(one.kind, one.subfolder) for one in compare(before[ENDS[0]], now)}
    assert told >= {("warmed", "feeds"), ("grew", "feeds"), ("gained-consumer", "feeds"), ("appeared", "novel")}
    gained = [one.sentence for one in compare(before[ENDS[0]], now) if one.kind == "gained-consumer"]
    assert gained == [
        "feeds gained a reader: analyst@example.com (browser), 1 day",
        "feeds gained a writer: dataflow@analytics-prod (beam), 60 days",
    ]
    # Each look finds the weekly files of its own sixty days, and those of the look before gone.
    assert [one.sentence for one in compare(before[None], now, churn) if one.kind == "churned"] == [
        "feeds: 120 objects came, 18 went, 0 were rewritten between the inventories of 2026-08-29 and 2026-10-28"
    ]
    back = {(one.kind, one.subfolder) for one in compare(now, before[ENDS[0]])}
    assert back >= {("cooled", "feeds"), ("shrank", "feeds"), ("lost-consumer", "feeds"), ("vanished", "novel")}

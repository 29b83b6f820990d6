"""The access-pattern report, made from a small catalogue through the command line."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.catalogue import Catalogue
from planner.cost.today import month_as_it_is
from planner.money import money
from planner.prices import load_prices
from small_catalogue import BUCKET, GAP, GIB, usual_folders, write_catalogue
from thermocline.cli.app import run
from thermocline.reporting.access import build
from thermocline.reporting.facts import load_facts
from thermocline.reporting.pages import escape_markdown


def write_report(catalogue: Path, folder: Path, *options: str) -> tuple[str, str]:
    """The page and the document."""
    assert run(["report", "--catalogue", str(catalogue), "--output", str(folder), *options]) == 0
    return (folder / "access-patterns.html").read_text("utf-8"), (folder / "access-patterns.md").read_text("utf-8")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    earlier = usual_folders()
    earlier[0].bytes = 100 * GIB
    earlier[2].temperature = "hot"
    earlier[3].reader = "old_import"
    earlier[5].name = "lib"
    return write_catalogue(tmp_path_factory.mktemp("catalogue") / "c.duckdb", earlier=earlier)


@pytest.fixture(scope="module")
def pages(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return write_report(catalogue, tmp_path_factory.mktemp("report"))


def line_of(document: str, name: str, section: str) -> str:
    """The table line of one subfolder within a section of the document."""
    body = document.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return next(line for line in body.splitlines() if line.startswith(f"| `{name}` |"))


def test_every_subfolder_has_its_verdict(pages: tuple[str, str]) -> None:
    for folder in usual_folders():
        line = line_of(pages[1], folder.name, "Verdicts")
        assert folder.temperature in line
        assert folder.isolation in line
        assert folder.pattern in line
        assert f'<span class="mark {folder.temperature}">' in pages[0]


def test_reads_and_writes_are_counted_without_maintenance(pages: tuple[str, str]) -> None:
    assert line_of(pages[1], "exports", "When each folder is used").split("|")[2:6] == [
        " 120 ", " 4,800 ", " 120 ", " 4,800 ",
    ]  # fmt: skip
    # The scanner came on one day in October; it neither counts as a read nor moves the last one.
    assert line_of(pages[1], "features", "When each folder is used").split("|")[2:4] == [" 0 ", " 0 "]


def test_only_dated_reads_have_an_age(pages: tuple[str, str]) -> None:
    assert "1 day" in line_of(pages[1], "exports", "How old what is read is")
    with pytest.raises(StopIteration):
        line_of(pages[1], "archive", "How old what is read is")


def test_cost_is_the_price_of_the_class_at_the_location(pages: tuple[str, str]) -> None:
    assert r"\$6.00" in line_of(pages[1], "archive", "Storage classes and cost now")  # 300 GiB at 0.020
    assert r"\$0.80" in line_of(pages[1], "imports/seed", "Storage classes and cost now")  # 80 GiB at 0.010


def test_reads_and_new_objects_are_priced_beside_storage(pages: tuple[str, str], catalogue: Path) -> None:
    with Catalogue.open(catalogue) as opened:
        facts = load_facts(opened, BUCKET)
    place = load_prices().place(facts.analysis.location)
    exports = next(each for each in facts.subfolders if each.name == "exports")
    month = month_as_it_is(exports, place)

    # Gets at .0004 a thousand, inserts at .005 a thousand, over the window's months; Standard has no retrieval.
    months = exports.coverage_days / 30
    assert month.reads_usd == pytest.approx(exports.read_events / months * 0.0004 / 1000)
    assert month.writes_usd == pytest.approx(exports.write_events / months * 0.005 / 1000)
    line = line_of(pages[1], "exports", "Storage classes and cost now")
    assert line.endswith(f"| {escape_markdown(money(month.usd))} |")


def test_pictures_stand_as_tables_too(pages: tuple[str, str]) -> None:
    for subfolder in usual_folders():
        assert subfolder.temperature in line_of(pages[1], subfolder.name, "What is in the bucket")
    section = pages[1].split("## What the evidence covers")[1]
    assert re.search(r"\| data read \| 2026-\d\d-\d\d \| 2026-10-31 \| 1\d\d of 1\d\d \|", section)
    # Each figure of the page is followed by a table before the next heading.
    for part in pages[0].split("<figure")[1:]:
        assert "<table" in part.split("<h2")[0]


def test_gaps_in_the_logs_are_named(pages: tuple[str, str]) -> None:
    assert f"data read: nothing from {GAP[0]} to {GAP[1]}, 2 days" in pages[1]
    assert "hatch" in pages[0] or "no logs" in pages[0]


def test_contradictions_come_with_their_evidence(pages: tuple[str, str]) -> None:
    assert "code writes here, the logs saw no write (`jobs/old.py:3`)" in pages[1]


def test_changes_since_the_last_analysis_are_listed(pages: tuple[str, str]) -> None:
    changes = pages[1].split("## What changed\n", 1)[1].split("\n## ", 1)[0]
    assert "- `archive` grew from 100.0 GiB to 300.0 GiB" in changes
    assert "- `exports` gained a reader: nightly_import@example.com (python), 120 days" in changes
    assert "- `exports` lost a reader: old_import@example.com (python), 120 days" in changes
    assert "- `imports/seed` went from hot to warm" in changes
    assert "- `lib` is gone" in changes
    assert "- `tiny` is new" in changes
    assert "history" not in changes


def test_a_report_as_of_an_earlier_day_shows_that_analysis(catalogue: Path, tmp_path: Path) -> None:
    _, document = write_report(catalogue, tmp_path, "--as-of", "2026-10-01")
    assert "As of 2026-09-30" in document
    assert "This is the first analysis" in document


def test_without_an_analysis_by_then_there_is_no_report(
    catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "--catalogue", str(catalogue), "--output", str(tmp_path), "--as-of", "2026-01-01"]) == 2
    assert "thermocline analyze" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_day_that_is_none_is_refused(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--catalogue", str(catalogue), "--since", "yesterday"]) == 2
    assert "--since" in capsys.readouterr().err


def test_a_bucket_that_was_never_analysed_is_refused(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--catalogue", str(catalogue), "--bucket", "lake-stg"]) == 2
    assert "lake-stg" in capsys.readouterr().err


def test_equal_catalogues_give_equal_bytes(catalogue: Path, tmp_path: Path) -> None:
    write_report(catalogue, tmp_path / "one")
    write_report(catalogue, tmp_path / "two")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 2 + 2 * 7
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_the_page_needs_nothing_but_itself(pages: tuple[str, str]) -> None:
    page = pages[0]
    assert "Content-Security-Policy" in page
    assert not re.search(r"<(script|link|iframe|img)\b", page)
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', page) == []
    # matplotlib names the SVG namespace; nothing else may hold an address.
    assert set(re.findall(r"https?://[^\s\"<]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert len(page) < 1_000_000


def test_ids_are_unique_and_every_reference_has_its_target(pages: tuple[str, str]) -> None:
    ids = re.findall(r'\bid="([^"]+)"', pages[0])
    assert len(ids) == len(set(ids))
    targets = re.findall(r'href="#([^"]+)"', pages[0]) + re.findall(r"url\(#([^)]+)\)", pages[0])
    labels = [part for label in re.findall(r'aria-labelledby="([^"]+)"', pages[0]) for part in label.split()]
    assert set(targets + labels) <= set(ids)


def test_json_names_the_files(catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report(catalogue, tmp_path, "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["bucket"] == BUCKET
    assert said["as_of"] == "2026-10-31"
    assert all(Path(file).is_file() for file in said["files"])


def test_an_empty_bucket_has_a_report_too(tmp_path: Path) -> None:
    page, document = write_report(write_catalogue(tmp_path / "c.duckdb", []), tmp_path / "report")
    assert "The inventory shows no subfolder." in document
    assert "No objects in the inventory" in page


def test_more_subfolders_than_fit_are_counted_and_a_command_is_named(catalogue: Path) -> None:
    with Catalogue.open(catalogue) as opened:
        facts = load_facts(opened, BUCKET)
    many = tuple(replace(facts.subfolders[0], name=f"team-{number:03d}") for number in range(230))
    page = build(replace(facts, analysis=replace(facts.analysis, subfolders=many)), load_prices()).html()
    assert "30 more; <code>thermocline subfolders</code> shows them all" in page
    assert "<summary>160 more</summary>" in page, "what does not fit a glance is folded"
    assert "team-199</code></th>" in page
    assert "team-200</code></th>" not in page
    assert len(page) < 1_000_000

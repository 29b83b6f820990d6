"""The priority report of a plan that the planner made from a small catalogue."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from analysis.catalogue import Catalogue
from analysis.classify.store import latest_analysis
from analysis.model import Analysis, CodeSite
from planner.generate import generate
from planner.plan import Plan
from planner.planfile import approve, write
from planner.prices import load_prices
from planner.settings import PlannerSettings
from planner_evidence import analysis_of, folder
from small_catalogue import BUCKET, usual_folders, write_catalogue
from thermocline.cli.app import run
from thermocline.reporting.priority import IN_FULL, kinds, render_html, render_markdown, summarise_phases

SITE = CodeSite("dags/a b.py", 12, "read", "archive/", "code", "pandas.read_parquet")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalogue(tmp_path_factory.mktemp("priority") / "c.duckdb")


@pytest.fixture(scope="module")
def plan(catalogue: Path) -> Plan:
    with Catalogue.open(catalogue) as opened:
        analysis: Analysis = latest_analysis(opened, BUCKET)
    subfolders = tuple(
        replace(subfolder, code=(SITE,)) if subfolder.name == "archive" else subfolder
        for subfolder in analysis.subfolders
    )
    return generate(replace(analysis, subfolders=subfolders), PlannerSettings(), env="prod", prices=load_prices())


def section(document: str, title: str) -> str:
    return document.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_move_stands_under_its_priority_tier_and_phase(plan: Plan) -> None:
    document = render_markdown(plan)
    for move in plan.moves():
        under_priority = document.split(f"### {move.priority} priority", 1)[1].split("\n### ", 1)[0]
        assert f"#### {move.rank}. `{move.subfolder}`" in under_priority
        under_tier = document.split(f"### Tier {move.tier}:", 1)[1].split("\n### ", 1)[0]
        assert f"| {move.rank} | `{move.subfolder}` |" in under_tier
    for phase in plan.phases:
        under_phase = document.split(f"### Phase {phase.phase}: {phase.title}\n", 1)[1].split("\n##", 1)[0]
        assert all(f"- `{move.subfolder}`" in under_phase for move in phase.moves)


def test_the_sections_of_a_hand_made_analysis_are_all_there(plan: Plan) -> None:
    headings = re.findall(r"^## (.+)$", render_markdown(plan), flags=re.MULTILINE)
    assert headings == [
        "To decide",
        "Subfolders by priority",
        "Ranking by tier",
        "Roadmap by phase",
        "How a move goes",
        "What it brings",
    ]


def test_phases_add_up_to_their_moves(plan: Plan) -> None:
    for total in summarise_phases(plan):
        assert total.bytes == sum(move.bytes for move in total.phase.moves if move.action == "move")
        assert total.one_off_usd == pytest.approx(
            sum(m.cost.one_off_usd for m in total.phase.moves if m.action == "move")
        )
        assert len(total.moving) + len(total.staying) == len(total.phase.moves)


def test_phases_follow_each_other_month_by_month_and_name_who_has_to_know(plan: Plan) -> None:
    moving = [total for total in summarise_phases(plan) if total.moving]
    assert [total.month for total in moving] == list(range(1, len(moving) + 1))
    first = moving[0]
    assert first.cleanup_month == 3  # 45 quiet days from month 1 on
    roadmap = section(render_markdown(plan), "Roadmap by phase")
    assert "- **When**: month 1, at one phase a month; cleanup from month 3 on" in roadmap
    users = {name for move in first.moving for name in (*move.readers, *move.writers)}
    assert users
    assert set(first.people) == users
    assert f"- **Who has to know**: {'; '.join(first.people)}\n" in roadmap


def test_formats_stand_where_the_inventory_tells_them(plan: Plan) -> None:
    move = plan.moves()[0]
    assert kinds(move) == ""
    assert kinds(msgspec.structs.replace(move, formats={"parquet": 2, "json": 1, "csv": 0})) == "parquet 67%, json 33%"


def test_grants_on_a_shared_bucket_are_counted_once(plan: Plan) -> None:
    buckets = {
        move.migration.target_bucket: move.migration.settings.iam for move in plan.moves() if move.action == "move"
    }
    text = section(render_markdown(plan), "What it brings")
    assert f"{sum(map(len, buckets.values()))} grants" in text


def test_an_approval_shows_and_ends_the_request_for_it(plan: Plan) -> None:
    approved = approve(plan, 1, "owner@example.com", "fine by us", datetime(2026, 11, 2, tzinfo=UTC))
    before, after = render_html(plan), render_html(approved)

    assert "plan approve plan.json --phase 1 " in before
    assert "plan approve plan.json --phase 1 " not in after
    assert "owner@example.com" in after
    assert "fine by us" in after
    assert "execute plan.json --phase 1 --dry-run" in after


def test_code_is_linked_where_an_address_is_given(plan: Plan) -> None:
    template = "https://git.example.com/repo/blob/main/{file}#L{line}"
    address = "https://git.example.com/repo/blob/main/dags/a%20b.py#L12"

    assert f'<a href="{address}">' in render_html(plan, code_url=template)
    assert f"[`dags/a b.py:12`]({address})" in render_markdown(plan, code_url=template)
    assert "<a href=" not in render_html(plan).split("<main", 1)[1]
    assert "`dags/a b.py:12`" in render_markdown(plan)


def test_only_web_addresses_become_links(plan: Plan) -> None:
    assert "javascript:" not in render_html(plan, code_url="javascript:alert({line})")


def test_what_stays_has_no_target(plan: Plan) -> None:
    staying = [move for move in plan.moves() if move.action == "stay"]
    assert [move.subfolder for move in staying] == ["features"]
    assert "- `features` – stay: " in render_markdown(plan)
    assert "features-bucket" not in render_html(plan)


def test_report_writes_the_priority_report_of_a_plan(catalogue: Path, plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write(plan, file)
    arguments = ["report", "--catalogue", str(catalogue), "--plan", str(file), "--output", str(tmp_path / "out")]
    assert run(arguments) == 0

    assert (tmp_path / "out" / "priority.html").read_text("utf-8") == render_html(plan)
    assert (tmp_path / "out" / "priority.md").read_text("utf-8") == render_markdown(plan)
    page = (tmp_path / "out" / "access-patterns.html").read_text("utf-8")
    page = page.replace("<wbr>", "").split('id="contents"')[0]
    rows = re.findall(r'<tr><th scope="row"><code>([^<]+)</code></th><td><span class="mark', page)
    assert rows == [move.subfolder for move in sorted(plan.moves(), key=lambda move: move.rank)]
    assert {folder.name for folder in usual_folders()} == set(rows)


def test_a_plan_of_thousands_names_all_and_shows_the_best_in_full() -> None:
    names = [f"f{number:04}" for number in range(IN_FULL + 50)]
    many = analysis_of(*(folder(name, gib=1 + number) for number, name in enumerate(names)))
    plan = generate(many, PlannerSettings(), env="prod", prices=load_prices())
    for text in (render_html(plan), render_markdown(plan)):
        assert [name for name in names if name not in text] == []
        assert "50 more of lower rank" in text
    assert render_html(plan).count('<article class="card">') == IN_FULL + len(plan.phases)
    assert render_markdown(plan).count("#### ") == IN_FULL

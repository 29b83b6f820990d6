"""Promises for every plan: the same bytes wherever it is made, a round trip, and no edit that an approval survives."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no type information
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.catalogue import Catalogue
from analysis.model import CodeSite, Subfolder
from planner.candidates import HEATS, ISOLATIONS
from planner.errors import InvalidPlanInput
from planner.generate import generate
from planner.plan import Plan
from planner.planfile import approval_problems, approve, dump, loads
from planner.prices import CLASSES, load_prices
from planner.schema import shipped_schema
from planner.settings import PlannerSettings
from planner_evidence import analysis_of, every_kind, folder, use
from small_catalogue import write_catalogue
from thermocline.cli.app import run

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
Place = tuple[Any, ...]  # keys and positions from the outside in


def made_in(environment: dict[str, str], catalogue: Path, path: Path) -> bytes:
    """plan.json as a process of its own writes it."""
    command = [sys.executable, "-m", "thermocline", "plan", "generate", "--env", "prod", "--catalogue", str(catalogue),
               "--output", str(path), "--no-report"]  # fmt: skip
    subprocess.run(command, check=True, env={**os.environ, **environment}, capture_output=True)
    return path.read_bytes()


def test_neither_hash_seed_nor_time_zone_nor_locale_changes_a_byte(tmp_path: Path) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue.duckdb")
    plans = [
        made_in(environment, catalogue, tmp_path / f"{number}.json")
        for number, environment in enumerate(
            (
                {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
                {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8"},
                {"PYTHONHASHSEED": "99", "TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8"},
            )
        )
    ]
    assert plans[0] == plans[1] == plans[2]


def test_the_order_of_rows_in_the_catalogue_changes_no_byte(tmp_path: Path) -> None:
    straight = write_catalogue(tmp_path / "straight.duckdb")
    turned = Path(shutil.copy(straight, tmp_path / "turned.duckdb"))
    with Catalogue.create_or_migrate(turned) as opened:
        names = opened.connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        for (name,) in names:
            opened.connection.execute(
                f"CREATE TEMP TABLE kept AS SELECT *, rowid AS place FROM main.{name}; DELETE FROM main.{name};"  # noqa: S608
                f"INSERT INTO main.{name} SELECT * EXCLUDE place FROM kept ORDER BY place DESC; DROP TABLE kept"
            )
    plans = [tmp_path / "straight.json", tmp_path / "turned.json"]
    for catalogue, plan in zip((straight, turned), plans, strict=True):
        command = ["plan", "generate", "--env", "prod", "--no-report", "--catalogue", str(catalogue)]
        assert run([*command, "--output", str(plan)]) == 0

    assert plans[0].read_bytes() == plans[1].read_bytes()


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20
).filter(lambda name: any(letter.isascii() and letter.isalnum() for letter in name))


@st.composite
def subfolders(draw: st.DrawFn) -> Subfolder:
    name = draw(NAMES)
    consumers = draw(st.lists(NAMES, max_size=3))
    return folder(
        name,
        gib=draw(st.floats(0, 1e6)),
        objects=draw(st.integers(1, 10**9)),
        storage_class=draw(st.sampled_from(CLASSES)),
        age=draw(st.sampled_from((0, 30, 90, 365, 730))),
        temperature=draw(st.sampled_from(HEATS)),
        isolation=draw(st.sampled_from(ISOLATIONS)),
        flags=draw(st.sets(st.sampled_from(("external-writer", "bigquery-reader", "growing", "never-read")))),
        reasons=tuple(draw(st.lists(NAMES, max_size=2))),
        readers=tuple(use(each) for each in consumers),
        read_events=draw(st.integers(0, 10**6)),
        write_days_30=draw(st.integers(0, 30)),
        code=tuple(CodeSite(each, 1, "read", f"{name}/", "code", "open") for each in consumers),
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(subfolders(), min_size=1, max_size=4, unique_by=lambda each: each.name))
def test_every_plan_survives_the_round_trip_and_fits_the_schema(found: list[Subfolder]) -> None:
    plan = generate(analysis_of(*found), PlannerSettings(), env="prod", prices=load_prices())
    raw = dump(plan)

    assert loads(raw) == plan
    assert dump(loads(raw)) == raw
    assert not list(validator().iter_errors(json.loads(raw)))


@cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(json.loads(shipped_schema()))


@cache
def approved() -> bytes:
    plan = generate(analysis_of(*every_kind()), PlannerSettings(), env="prod", prices=load_prices())
    return dump(approve(plan, 1, "owner@example.com", "agreed", AT))


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """The path of every value in the document that the approval of phase 1 stands for."""
    if path[:1] == ("phases",) and len(path) > 1 and path[1] != 0:
        return
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*path, key))


PLACES = tuple(places(json.loads(approved())))


def spoilt(value: Any) -> list[Any]:
    """Other values in the place of one: of the same kind, of another, shorter, longer."""
    if isinstance(value, bool):
        return [not value, None, "true"]
    if isinstance(value, (int, float)):
        return [value + 1, -value - 1, value * 2 + 0.5, str(value), None]
    if isinstance(value, str):
        return [value + "x", value[:-1] if value else "x", value.upper() + "y", None, 1]
    if isinstance(value, list):
        return [[*value, *value[-1:], "x"], *([value[:-1], value[1:], [value[-1], *value]] if value else []), None]
    if isinstance(value, dict):
        return [{**value, "x": 1}, {key: value[key] for key in list(value)[1:]} if value else None, None]
    return ["x", 1, {}]


@pytest.mark.parametrize("section", sorted({path[0] for path in PLACES}))
def test_no_edit_survives_an_approval(section: str) -> None:
    """Every edit of every place: by luck of the draw, one that had to be refused was not tried for days."""
    same, survived, tried = loads(approved()), [], 0
    for path in (path for path in PLACES if path[0] == section):
        document = json.loads(approved())
        *way, last = path
        inside = document
        for key in way:
            inside = inside[key]
        for edit in spoilt(copy.deepcopy(inside[last])):
            inside[last] = edit
            tried += 1
            try:
                edited = loads(json.dumps(document).encode())
            except InvalidPlanInput:
                continue  # not even a plan any more
            if not (edited == same or refused(edited)):
                survived.append((path, edit))
    assert tried
    assert not survived


def refused(plan: Plan) -> bool:
    """Whether phase 1 may not be carried out as approved, nor be approved as if nothing had happened."""
    if not plan.phases or plan.phases[0].phase != 1:
        return True
    phase = plan.phases[0]
    return bool(approval_problems(plan, 1)) if phase.approval else True


def test_the_places_that_are_edited_are_those_of_the_whole_plan() -> None:
    named = {str(path[-1]) for path in PLACES}

    for field in ("plan_id", "created_at", "as_of", "project", "warnings", "read_on", "target_bucket", "three_year_usd",
                  "by", "note", "phase_digest", "member", "title", "because"):  # fmt: skip
        assert field in named
    assert len(PLACES) > 1000


@pytest.mark.parametrize("place", [("evidence", "as_of"), ("evidence", "project"), ("warnings",), ("created_at",)])
def test_what_the_plan_says_of_all_phases_is_part_of_each_approval(place: tuple[str, ...]) -> None:
    document = json.loads(approved())
    inside = document
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = {
        "as_of": "2026-10-30",
        "project": "another",
        "warnings": [],
        "created_at": "2020-01-01T00:00:00Z",
    }[place[-1]]

    edited = loads(json.dumps(document).encode())
    assert approval_problems(edited, 1) == ["phase 1 was edited after owner@example.com approved it"]
    with pytest.raises(InvalidPlanInput, match="edited after it was generated"):
        approve(edited, 2, "owner@example.com", "", AT)

"""What changed between two plans and why; and when an approved plan no longer fits the evidence."""

from dataclasses import replace
from typing import Any

import pytest

from analysis.model import Analysis
from planner.check import check, require_fresh
from planner.diff import Change, diff
from planner.errors import PlanStale
from planner.generate import generate
from planner.plan import Plan
from planner.prices import load_prices
from planner.settings import PlannerSettings
from planner_evidence import GIB, analysis_of, changed, every_kind, folder, use


def before() -> Analysis:
    return analysis_of(*every_kind())


def plan_of(analysis: Analysis, settings: PlannerSettings | None = None) -> Plan:
    return generate(analysis, settings or PlannerSettings(), env="prod", prices=load_prices())


def test_the_same_evidence_is_no_drift() -> None:
    assert check(plan_of(before()), before()) == []
    require_fresh(plan_of(before()), before())


@pytest.mark.parametrize(
    ("name", "change", "kind"),
    [
        ("archives", {"readers": (use("analyst", "human"), use("new_dag"))}, "reader"),
        ("archives", {"writers": (use("new_dag"),)}, "writer"),
        ("archives", {"temperature": "warm"}, "temperature"),
        ("archives", {"temperature": "unknown"}, "temperature"),
        ("archives", {"isolation": "shared"}, "isolation"),
        ("archives", {"bytes": 121 * GIB}, "size"),
        ("archives", {"bytes": 79 * GIB}, "size"),
        ("archives", {"name": "moved", "prefix": "moved/"}, "gone"),
    ],
)
def test_drift_beyond_tolerance_is_found(name: str, change: dict[str, Any], kind: str) -> None:
    later = changed(before(), name, **change)

    drifts = check(plan_of(before()), later)
    assert [(drift.use_case, drift.kind, drift.phase) for drift in drifts] == [("archives", kind, 1)]
    with pytest.raises(PlanStale, match="archives"):
        require_fresh(plan_of(before()), later)


@pytest.mark.parametrize(
    "change",
    [
        {"bytes": 119 * GIB},
        {"bytes": 81 * GIB},
        {"readers": ()},
        {"reasons": ("other words",)},
    ],
)
def test_what_is_within_tolerance_is_no_drift(change: dict[str, Any]) -> None:
    assert check(plan_of(before()), changed(before(), "archives", **change)) == []


def test_drift_of_what_stays_does_not_matter() -> None:
    assert check(plan_of(before()), changed(before(), "exchange", bytes=1)) == []


def test_drift_is_asked_by_phase_and_tolerance() -> None:
    later = changed(before(), "archives", bytes=150 * GIB)

    assert check(plan_of(before()), later, phase=2) == []
    assert check(plan_of(before()), later, phase=1, bytes_share=0.6) == []
    assert check(plan_of(before()), later, phase=1, bytes_share=0.4)


def test_the_analysis_of_another_bucket_never_fits() -> None:
    assert check(plan_of(before()), replace(before(), bucket="other"))


def by_field(changes: list[Change], use_case: str) -> dict[str, Change]:
    return {change.field: change for change in changes if change.use_case == use_case}


def test_equal_plans_have_no_differences() -> None:
    assert diff(plan_of(before()), plan_of(before())) == []


def test_a_change_of_the_evidence_is_the_reason_given() -> None:
    found = diff(plan_of(before()), plan_of(changed(before(), "archives", temperature="warm")))

    archives = by_field(found, "archives")
    assert (archives["temperature"].before, archives["temperature"].after) == ("cold", "warm")
    assert (archives["phase"].before, archives["phase"].after) == (1, 3)
    assert archives["phase"].why == "temperature: cold → warm"
    assert "evidence.digest" in by_field(found, "")
    assert not by_field(found, "old_tables")


def test_a_change_of_settings_is_the_reason_given() -> None:
    found = diff(plan_of(before()), plan_of(before(), PlannerSettings(target_class={"archives": "NEARLINE"})))

    assert by_field(found, "archives")["storage_class"].why == "configuration or settings changed"


def test_added_and_removed_use_cases() -> None:
    smaller = analysis_of(*(each for each in every_kind() if each.name != "archives"), folder("newcomer"))
    kinds = {(change.use_case, change.kind) for change in diff(plan_of(before()), plan_of(smaller))}

    assert ("archives", "removed") in kinds
    assert ("newcomer", "added") in kinds

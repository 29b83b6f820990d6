"""Verdicts → tier, phase, priority, rank; and the promises of the score."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import CodeSite, Isolation, Subfolder, Temperature
from planner.candidates import HEATS, ISOLATIONS
from planner.generate import generate
from planner.plan import Move, Plan
from planner.prices import load_prices
from planner.score import score
from planner.settings import PlannerSettings, Weights
from planner.tiers import place
from planner_evidence import analysis_of, every_kind, folder, use

PRICES = load_prices()


def planned(*subfolders: Subfolder, wanted: PlannerSettings | None = None) -> Plan:
    return generate(analysis_of(*subfolders), wanted or PlannerSettings(), env="prod", prices=PRICES)


def places(plan: Plan) -> dict[str, tuple[int, int, str, str]]:
    return {
        move.subfolder: (move.tier, phase.phase, move.priority, move.action)
        for phase in plan.phases
        for move in phase.moves
    }


def test_the_rule_table() -> None:
    assert places(planned(*every_kind())) == {
        "archives": (1, 1, "HIGH", "move"),
        "old_tables": (1, 1, "HIGH", "move"),
        "history": (1, 1, "HIGH", "move"),
        "mapping": (1, 2, "HIGH", "move"),
        "imports/seed": (2, 3, "MEDIUM", "move"),
        "library": (2, 3, "MEDIUM", "move"),
        "deliveries": (3, 4, "LOW", "move"),
        "staging": (3, 4, "LOW", "move"),
        "exchange": (4, 5, "LOW", "stay"),
        "reports": (4, 5, "LOW", "stay"),
        "tmp": (4, 5, "LOW", "stay"),
        "features": (4, 5, "LOW", "stay"),
        "": (4, 5, "LOW", "stay"),
    }


def test_names_decide_nothing() -> None:
    renamed = [replace(each, name=f"x{n}", prefix=f"x{n}/") for n, each in enumerate(every_kind()) if each.name]
    originals = [each for each in every_kind() if each.name]

    before, after = places(planned(*originals)), places(planned(*renamed))
    assert [before[each.name] for each in originals] == [after[each.name] for each in renamed]


def test_what_stays_has_no_target() -> None:
    for move in planned(*every_kind()).moves():
        assert (move.migration.target_bucket is None) == (move.action == "stay")
        assert (len(move.steps) == 6) == (move.action == "move")


def test_ranks_follow_phases_and_then_scores() -> None:
    plan = planned(*every_kind())
    moves = plan.moves()

    assert [move.rank for move in moves] == list(range(1, len(moves) + 1))
    for phase in plan.phases:
        scores = [(move.tier, -move.score.total) for move in phase.moves]
        assert scores == sorted(scores)


temperatures = st.sampled_from(HEATS)
isolations = st.sampled_from(ISOLATIONS)


@settings(deadline=None)
@given(temperatures, temperatures, isolations, st.sampled_from(["manual archive", "reference data", "ETL staging"]))
def test_colder_is_never_a_later_phase(a: Temperature, b: Temperature, isolation: Isolation, pattern: str) -> None:
    colder, warmer = sorted((a, b), key=HEATS.index)
    one, other = (folder("x", temperature=heat, isolation=isolation, pattern=pattern) for heat in (colder, warmer))

    assert place(one).phase <= place(other).phase
    assert place(one).tier <= place(other).tier


@settings(deadline=None)
@given(isolations, isolations, temperatures, st.sampled_from(["manual archive", "reference data", "ETL staging"]))
def test_more_isolated_is_never_a_later_phase(a: Isolation, b: Isolation, heat: Temperature, pattern: str) -> None:
    better, worse = sorted((a, b), key=ISOLATIONS.index)
    one, other = (folder("x", temperature=heat, isolation=level, pattern=pattern) for level in (better, worse))

    assert place(one).phase <= place(other).phase
    assert place(one).tier <= place(other).tier


@st.composite
def subfolders(draw: st.DrawFn) -> Subfolder:
    people = draw(st.integers(0, 6))
    lines = draw(st.integers(0, 12))
    return folder(
        "x",
        gib=draw(st.floats(0.001, 100_000)),
        objects=draw(st.integers(1, 10**8)),
        temperature=draw(temperatures),
        isolation=draw(isolations),
        flags=draw(st.sets(st.sampled_from(["external-writer", "shared-identity", "low-coverage"]))),
        readers=tuple(use(f"r{n}") for n in range(people)),
        code=tuple(CodeSite("a.py", n, "read", "x/", "code", "open") for n in range(lines)),
    )


@settings(deadline=None)
@given(subfolders(), st.floats(-100, 5000), st.floats(0, 1000), st.data())
def test_the_score_is_monotone(subfolder: Subfolder, saving: float, more: float, data: st.DataObject) -> None:
    usual = PlannerSettings()
    before = score(subfolder, saving, usual).total

    assert score(subfolder, saving + more, usual).total >= before
    colder = HEATS[data.draw(st.integers(0, HEATS.index(subfolder.temperature)))]
    assert score(replace(subfolder, temperature=colder), saving, usual).total >= before
    alone = ISOLATIONS[data.draw(st.integers(0, ISOLATIONS.index(subfolder.isolation)))]
    assert score(replace(subfolder, isolation=alone), saving, usual).total >= before
    assert score(replace(subfolder, readers=subfolder.readers[:-1]), saving, usual).total >= before
    assert score(replace(subfolder, code=subfolder.code[:-1]), saving, usual).total >= before
    assert score(replace(subfolder, bytes=subfolder.bytes * 2), saving, usual).total >= before


@settings(deadline=None)
@given(subfolders(), subfolders())
def test_the_better_of_two_never_ranks_lower(one: Subfolder, other: Subfolder) -> None:
    """Same folder twice, one of them colder and more isolated: through the whole planner it comes first or equal."""
    heats = sorted((one.temperature, other.temperature), key=HEATS.index)
    levels = sorted((one.isolation, other.isolation), key=ISOLATIONS.index)
    better = replace(one, name="b", prefix="b/", temperature=heats[0], isolation=levels[0])
    worse = replace(one, name="a", prefix="a/", temperature=heats[1], isolation=levels[1])
    # Big and long-lived enough for money not to decide.
    generous = PlannerSettings(material_usd=1e12)

    found = {move.subfolder: move for move in planned(better, worse, wanted=generous).moves()}
    if (better.temperature, better.isolation) != (worse.temperature, worse.isolation):
        assert found["b"].rank < found["a"].rank or found["b"].score.total == found["a"].score.total


def test_every_point_of_a_score_is_explained() -> None:
    for move in planned(*every_kind()).moves():
        assert [factor.name for factor in move.score.factors] == list(Weights.__struct_fields__)
        assert move.score.total == pytest.approx(sum(factor.points for factor in move.score.factors), abs=0.01)
        for factor in move.score.factors:
            assert 0 <= factor.value <= 1
            assert factor.points == pytest.approx(factor.value * factor.weight, abs=0.01)  # the weights sum to 100


def test_weights_come_from_the_settings() -> None:
    only_volume = Weights(temperature=0, isolation=0, savings=0, volume=1, risk=0, effort=0)
    small, large = folder("small", gib=1), folder("large", gib=5000)

    totals = [score(each, 0, PlannerSettings(weights=only_volume)).total for each in (small, large)]
    assert totals[0] < totals[1]
    assert totals[1] == pytest.approx(89.6, abs=1)


def find(plan: Plan, use_case: str) -> Move:
    return next(move for move in plan.moves() if move.use_case == use_case)

"""When staying is right: every move is compared with what the bucket it is in can do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.cost.decide import decide
from planner.generate import generate
from planner.plan import Move
from planner.prices import PriceBook, load_prices
from planner.settings import PlannerSettings
from planner_evidence import GIB, analysis_of, folder, use

PRICES = load_prices()
TWINS = {"move-then-demote": "in-place-by-age"}


def planned(subfolder: object, wanted: PlannerSettings | None = None) -> Move:
    plan = generate(analysis_of(subfolder), wanted or PlannerSettings(), env="prod", prices=PRICES)  # type: ignore[arg-type]
    return plan.moves()[0]


def test_data_in_archive_already_stays() -> None:
    move = planned(folder("x", gib=10_000, storage_class="ARCHIVE", age=180))

    # Retrieval 500.00, 133 days of early deletion 53.20, both copies for 45 days and soft delete 20.80, rewrites .05
    assert move.action == "stay"
    assert move.tier == 4
    assert move.cost.move_premium_usd == pytest.approx(574.05, abs=0.005)
    assert move.cost.recommendation.startswith("do not move: over three years it costs $574.05 more")


def test_many_small_objects_stay_where_they_are() -> None:
    move = planned(folder("x", gib=95, objects=10_000_000))

    assert move.action == "stay"
    chosen = next(option for option in move.cost.alternatives if option.chosen)
    assert chosen.name == "leave"


def test_large_cold_data_in_standard_moves() -> None:
    move = planned(folder("x", gib=10_000))

    assert move.action == "move"
    assert move.migration.storage_class == "ARCHIVE"
    # Today 200.00 a month; 12.00 in Archive; once: rewrites .05, 45 days double 300.00, 7 days soft delete 46.67.
    assert move.cost.monthly_now_usd == pytest.approx(200.00)
    assert move.cost.monthly_after_usd == pytest.approx(12.00)
    assert move.cost.one_off_usd == pytest.approx(346.72, abs=0.005)
    assert move.cost.break_even_months == 1.9  # 346.72 / 188.00 = 1.844
    assert move.cost.three_year_after_usd == pytest.approx(778.72, abs=0.005)
    assert move.cost.three_year_in_place_usd == pytest.approx(432.05)
    assert move.cost.move_premium_usd == pytest.approx(346.67, abs=0.005)


def test_the_comparison_stands_in_every_move() -> None:
    for gib in (0.001, 1, 100, 10_000):
        move = planned(folder("x", gib=gib))
        names = [option.name for option in move.cost.alternatives]
        for wanted in ("leave", "in-place-coldline", "in-place-by-age", "move-then-demote", "move-standard",
                       "move-nearline", "move-coldline", "move-archive", "move-autoclass"):  # fmt: skip
            assert wanted in names
        assert "over three years" in move.cost.recommendation


def test_the_class_is_the_cheapest_that_the_access_allows() -> None:
    never = planned(folder("x"))
    sometimes = planned(folder("x", read_days=10, read_events=100))
    warm = planned(folder("x", temperature="warm", read_days=30, read_events=300))
    hot = planned(folder("x", temperature="hot", read_days=110, read_events=9000))

    classes = [move.migration.storage_class for move in (never, sometimes, warm, hot)]
    assert classes == ["ARCHIVE", "COLDLINE", "NEARLINE", "STANDARD"]


def test_retrieval_makes_a_colder_class_dearer() -> None:
    # 100 GiB read five times over in 120 days, 125 GiB a month: Coldline would pay 2.50 for retrieval, and save 1.60.
    move = planned(folder("x", read_days=5, read_events=5000, read_bytes=500 * 1024**3))

    assert move.migration.storage_class == "STANDARD"


def test_a_hot_head_keeps_its_tail_cheap() -> None:
    move = planned(
        folder("x", temperature="hot", age=365, hot_until_age_days=30, read_events=4000, write_events=4000,
               write_days_30=30, flags=("hot-head-cold-tail",))
    )  # fmt: skip

    assert move.migration.storage_class == "STANDARD"
    first = move.migration.lifecycle_policy["rule"][0]
    assert first["action"] == {"type": "SetStorageClass", "storageClass": "NEARLINE"}
    assert first["condition"]["age"] == 30


def test_where_staying_wins_a_rule_in_place_is_planned() -> None:
    # Reads every few days rule Archive out; in Nearline already, a copy would pay retrieval.
    strict = PlannerSettings(material_usd=0.01, premium_share=0.01)
    move = planned(folder("logs", gib=5000, storage_class="NEARLINE", read_days=10), strict)

    assert move.action == "stay"
    assert move.migration.lifecycle_policy == {
        "rule": [
            {
                "action": {"type": "SetStorageClass", "storageClass": "COLDLINE"},
                "condition": {"age": 0, "matchesStorageClass": ["STANDARD", "NEARLINE"], "matchesPrefix": ["logs/"]},
            }
        ]
    }


def test_an_alternative_that_the_access_forbids_says_why() -> None:
    for heat, said in (("hot", "retrieval"), ("warm", "Nearline"), ("cold", "30 days a year")):
        options = planned(folder("x", temperature=heat, read_days=10)).cost.alternatives
        forbidden = [each for each in options if not each.allowed]
        assert forbidden
        assert all(said in each.note for each in forbidden)


def test_bigquery_reads_are_priced_where_a_folder_leaves_their_location() -> None:
    # 100 GiB, 400 GiB read in 120 days, three quarters by BigQuery: 75 GiB a month x .02 = 1.50 USD.
    readers = (use("dashboards", agent="bigquery", events=30), use("job", events=10))
    more = {"temperature": "hot", "readers": readers, "read_events": 40, "read_bytes": 400 * GIB}
    read = folder("x", flags=("bigquery-reader",), **more)
    there = planned(read, PlannerSettings(target_location="europe-north1"))
    by_name = {option.name: option for option in there.cost.alternatives}
    assert by_name["move-standard"].monthly_usd - by_name["leave"].monthly_usd == pytest.approx(1.50)
    assert "BigQuery reads 75.0 GiB a month for datasets in europe-west1" in there.cost.assumptions

    today = planned(read, PlannerSettings(bigquery_location="EU")).cost
    assert today.monthly_now_usd == pytest.approx(2.00 + 1.50)  # 100 GiB x .020, and network from europe-west1


@settings(deadline=None)
@given(
    gib=st.floats(0.0001, 1e6),
    objects=st.integers(1, 10**8),
    storage_class=st.sampled_from(["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"]),
    age=st.sampled_from([0, 30, 60, 90, 180, 365, 730]),
    heat=st.sampled_from(["cold", "warm", "hot"]),
    reads=st.integers(0, 10**6),
)
def test_staying_is_never_dearer_than_moving(
    gib: float, objects: int, storage_class: str, age: int, heat: str, reads: int
) -> None:
    subfolder = folder("x", gib=gib, objects=objects, storage_class=storage_class, age=age, temperature=heat,
                       read_events=reads, read_bytes=None, readers=(use("r"),))  # fmt: skip
    belgium = PRICES.place("europe-west1")
    found = decide(subfolder, PriceBook(PRICES), belgium, belgium, PlannerSettings(), use_case="x", observe_days=30,
                   soft_delete_days=7)  # fmt: skip

    straight = [o for o in found.options if o.name.startswith("move-") and o.name != "move-autoclass"]
    in_place = {o.name: o for o in found.options if not o.moves}
    assert found.best_in_place.three_year_usd <= in_place["leave"].three_year_usd
    if storage_class == "STANDARD":
        for option in straight:
            twin = in_place.get(TWINS.get(option.name) or option.name.replace("move-", "in-place-"), in_place["leave"])
            assert twin.three_year_usd <= option.three_year_usd + 1e-6
    for option in found.options:
        if option.break_even_months is not None:
            assert 0 <= option.break_even_months <= 36
        assert all(usd >= 0 for usd in option.one_off.values())


@settings(deadline=None)
@given(st.floats(1, 1e5), st.floats(1, 1e5))
def test_more_bytes_never_make_a_move_worth_less(one: float, other: float) -> None:
    small, large = sorted((one, other))
    savings = [
        (move.cost.three_year_now_usd - move.cost.three_year_after_usd)
        for move in (planned(folder("x", gib=small)), planned(folder("x", gib=large)))
    ]
    assert savings[0] <= savings[1] + 1e-3

"""Temperature as a function of who read on which days."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from analysis.classify.coverage import Coverage, measure_coverage
from analysis.classify.facts import Consumer, Facts, Use, busiest_30, days_from_bits
from analysis.classify.temperature import judge_heat
from analysis.classify.thresholds import Thresholds
from analysis.model import ConsumerKind

AS_OF = date(2026, 10, 31)
LIMITS = Thresholds()
DAYS = st.sets(st.integers(0, 119), max_size=60)
WARMTH = {"cold": 0, "warm": 1, "hot": 2}


def covered(days: int = 120) -> Coverage:
    every = frozenset(AS_OF - timedelta(days=n) for n in range(days))
    return Coverage(AS_OF, every, every, ())


def reader(kind: ConsumerKind = "service", number: int = 1) -> Consumer:
    return Consumer(number, kind, f"reader{number}@example.iam.gserviceaccount.com", "", "", "python", "")


def use(days: set[int], consumer: Consumer, role: str = "read") -> Use:
    at = datetime.combine(AS_OF - timedelta(days=min(days, default=0)), datetime.min.time())
    return Use(consumer, role, sum(1 << day for day in days), len(days), len(days), None, at, at)


def facts(*uses: Use, coverage: Coverage | None = None) -> Facts:
    return Facts(
        prefix="data/",
        coverage=coverage or covered(),
        inventory_date=AS_OF,
        objects=10,
        bytes=10_000,
        created_min=datetime(2024, 1, 1),  # noqa: DTZ001
        created_max=datetime(2024, 1, 1),  # noqa: DTZ001
        uses=tuple(one for one in uses if one.day_bits),
    )


@given(days=DAYS, more=DAYS)
def test_more_reads_never_cool(days: set[int], more: set[int]) -> None:
    before = judge_heat(facts(use(days, reader())), LIMITS).temperature
    after = judge_heat(facts(use(days, reader()), use(more, reader(number=2))), LIMITS).temperature
    assert WARMTH[after] >= WARMTH[before]


@given(days=DAYS, more=DAYS, role=st.sampled_from(["poll", "copy", "missing", "denied", "usage", "update"]))
def test_what_is_no_read_changes_no_temperature(days: set[int], more: set[int], role: str) -> None:
    before = judge_heat(facts(use(days, reader())), LIMITS).temperature
    assert judge_heat(facts(use(days, reader()), use(more, reader(number=2), role)), LIMITS).temperature == before


@given(days=DAYS, kind=st.sampled_from(["maintenance", "ourselves"]))
def test_maintenance_and_ourselves_never_warm(days: set[int], kind: ConsumerKind) -> None:
    assert judge_heat(facts(use(days, reader(kind))), LIMITS).temperature == "cold"


@given(days=DAYS, length=st.integers(0, 29))
def test_short_logs_never_give_cold(days: set[int], length: int) -> None:
    seen = {day for day in days if day < length}
    heat = judge_heat(facts(use(seen, reader()), coverage=covered(length)), LIMITS)
    assert heat.temperature in ({"hot"} if len(seen) >= LIMITS.hot_read_days_30 else {"unknown"})
    assert heat.temperature == "hot" or heat.confidence == 0


def test_the_thresholds_lie_where_they_say() -> None:
    for days, expected in ((2, "cold"), (3, "warm"), (14, "warm"), (15, "hot")):
        assert judge_heat(facts(use(set(range(days)), reader())), LIMITS).temperature == expected


def test_thresholds_come_from_the_settings() -> None:
    strict = Thresholds(warm_read_days_30=1)
    assert judge_heat(facts(use({4}, reader())), strict).temperature == "warm"


def test_reasons_carry_the_numbers() -> None:
    sentence = judge_heat(facts(use({3, 50}, reader())), LIMITS).reasons[0].sentence
    assert sentence.startswith("read on 2 days of 120, 1 of the last 30, last 2026-10-28 by reader1@example (python)")


@given(days=st.sets(st.integers(0, 399), max_size=80))
def test_bits_hold_the_days(days: set[int]) -> None:
    text = "".join("1" if day in days else "0" for day in range(400))
    bits = days_from_bits(text)
    assert {day for day in range(400) if bits >> day & 1} == days
    most = max((sum(1 for day in days if start <= day < start + 30) for start in range(400)), default=0)
    assert busiest_30(bits)[0] == most


def test_a_weekend_of_silence_is_covered_and_a_week_is_a_gap() -> None:
    days = [AS_OF - timedelta(days=n) for n in range(60) if n not in {5, 6, 20, 21, 22, 23, 24, 25, 26}]
    found = measure_coverage({"data_read": days}, AS_OF, LIMITS, AS_OF - timedelta(days=399))
    # The two silent days count, the seven do not; nothing before the first day of logs does.
    assert found.days == len(days) + 2
    assert found.gaps == ((AS_OF - timedelta(days=26), AS_OF - timedelta(days=20)),)
    assert found.missing(LIMITS) is not None
    assert "2026-10-05 to 2026-10-11" in (found.missing(LIMITS) or "")


def test_a_new_folder_is_unknown_until_it_has_been_watched() -> None:
    young = replace(facts(), created_min=datetime(2026, 10, 20))  # noqa: DTZ001
    assert judge_heat(young, LIMITS).temperature == "unknown"


def test_a_season_outside_the_last_ninety_days_is_not_forgotten() -> None:
    heat = judge_heat(facts(use(set(range(95, 115)), reader())), LIMITS)
    assert (heat.temperature, heat.reasons[0].rule) == ("warm", "seasonal")

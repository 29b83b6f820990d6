"""Each price rule against a figure worked out by hand, to the cent; the working stands beside each.

| rule | test |
|---|---|
| storage by class and location, by the day | storage_at_rest, storage_is_billed_by, storage_costs_more_in |
| Class A at the destination's rate, once a rewrite; region, dual-region, multi-region | a_rewrite_pays_class_a |
| Class B and retrieval on reads | reads_pay_class_b_and_retrieval, a_get_costs_the_same_in_every_kind_of_location |
| retrieval on copies; early deletion after the wait | copying_cold_objects, deleting_early |
| a lifecycle change pays Class A alone, never warms | a_lifecycle_change, a_rule_in_place |
| network between locations, replication into several | copying_between_locations, writing_into_a_multi_region |
| BigQuery's reads, free by location | bigquery_* |
| Autoclass: fee, small objects, no retrieval | autoclass_* |
| both copies until cleanup, soft delete for seven days, deleting itself free | moving_straight_to_coldline |
| small objects | small_objects_can_cost_more |
| demotion by age, also by rules that exist | demotion_by_age, old_objects, a_fed_folder, rules_that_are_there |
| rules that delete, with soft delete and minimum days | a_rule_that_deletes, what_is_deleted_early |
| configured lifecycles, by original time or by the copy's | a_lifecycle_as_configured, copies_that_are_demoted |
| a table of one's own | negotiated_prices (and test_planning.py) |
"""

import pytest

from planner.cost import rules
from planner.cost.holding import Group, Holding
from planner.cost.option import Access, Configured, Option, Terms
from planner.cost.options import options
from planner.cost.rules import Rung
from planner.prices import CLASSES, GONE, Place, PriceBook, PriceTable, load_prices

TABLE = load_prices()
BELGIUM = TABLE.place("europe-west1")
EUROPE = TABLE.place("EU")
IOWA = TABLE.place("us-central1")
ASIA = TABLE.place("asia")


def holding(
    storage_class: str = "STANDARD", gib: float = 1000, objects: int = 1000, age: int = 0, **more: float
) -> Holding:
    group = Group(storage_class, age, objects, gib, int(more.pop("small", 0)), 1.0)
    return Holding((group,), fed=bool(more.pop("fed", 0)), **more)  # type: ignore[arg-type]


def terms(
    target: Place = BELGIUM, *, observe: int = 30, access: Access | None = None, table: PriceTable = TABLE
) -> Terms:
    return Terms(PriceBook(table), BELGIUM, target, access or Access("ARCHIVE"), observe, 7)


def option(name: str, what: Holding, under: Terms | None = None) -> Option:
    return next(each for each in options(what, under or terms()) if each.name == name)


@pytest.mark.parametrize(
    ("storage_class", "month"),
    [
        ("STANDARD", 20.00),  # 1000 GiB x .020
        ("NEARLINE", 10.00),  # 1000 GiB x .010
        ("COLDLINE", 4.00),  # 1000 GiB x .004
        ("ARCHIVE", 1.20),  # 1000 GiB x .0012
    ],
)
def test_storage_at_rest(storage_class: str, month: float) -> None:
    assert rules.storage_usd(1000, storage_class, 30, BELGIUM) == pytest.approx(month)


def test_storage_is_billed_by_the_day() -> None:
    # 1000 GiB x .020 x 7/30
    assert rules.storage_usd(1000, "STANDARD", 7, BELGIUM) == pytest.approx(4.6667, abs=0.00005)


@pytest.mark.parametrize(
    ("storage_class", "usd"),
    [
        ("STANDARD", 4.00),  # 10,000,000 gets x .0004/1000; no retrieval
        ("NEARLINE", 15.00),  # 10,000,000 x .001/1000 + 500 GiB x .01
        ("COLDLINE", 110.00),  # 10,000,000 x .01/1000 + 500 GiB x .02
        ("ARCHIVE", 525.00),  # 10,000,000 x .05/1000 + 500 GiB x .05
    ],
)
def test_reads_pay_class_b_and_retrieval(storage_class: str, usd: float) -> None:
    assert rules.reads_usd(10_000_000, 500, storage_class, BELGIUM) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("storage_class", "region", "multi"),
    [
        ("STANDARD", 5.00, 10.00),  # 1,000,000 rewrites x .005/1000, in a multi-region .010/1000
        ("NEARLINE", 10.00, 20.00),
        ("COLDLINE", 20.00, 40.00),
        ("ARCHIVE", 50.00, 100.00),
    ],
)
def test_a_rewrite_pays_class_a_of_its_destination(storage_class: str, region: float, multi: float) -> None:
    assert rules.rewrite_usd(1_000_000, storage_class, BELGIUM) == pytest.approx(region)
    assert rules.rewrite_usd(1_000_000, storage_class, EUROPE) == pytest.approx(multi)


@pytest.mark.parametrize(
    ("storage_class", "usd"), [("STANDARD", 0.0), ("NEARLINE", 10.0), ("COLDLINE", 20.0), ("ARCHIVE", 50.0)]
)
def test_copying_cold_objects_pays_retrieval(storage_class: str, usd: float) -> None:
    # 1000 GiB x 0 / .01 / .02 / .05
    assert rules.retrieval_usd(holding(storage_class), BELGIUM) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("storage_class", "age", "wait", "usd"),
    [
        ("STANDARD", 0, 0, 0.0),
        ("NEARLINE", 0, 0, 10.00),  # 30 days left: 1000 x .010 x 30/30
        ("NEARLINE", 0, 15, 5.00),  # 15 days left
        ("NEARLINE", 30, 0, 0.0),
        ("COLDLINE", 30, 15, 6.00),  # 90 - 45 = 45 days left: 1000 x .004 x 45/30
        ("ARCHIVE", 180, 35, 6.00),  # 365 - 215 = 150 days left: 1000 x .0012 x 150/30
        ("ARCHIVE", 365, 0, 0.0),
    ],
)
def test_deleting_early_pays_the_rest_of_the_minimum(storage_class: str, age: int, wait: int, usd: float) -> None:
    assert rules.early_deletion_usd(holding(storage_class, age=age), wait, BELGIUM) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("target", "usd"),
    [
        (BELGIUM, 0.0),
        (EUROPE, 20.00),  # a multi-region that contains the region is another location: 1000 x .02
        (TABLE.place("europe-north1"), 20.00),
        (IOWA, 50.00),  # 1000 x .05
        (ASIA, 80.00),  # 1000 x .08
    ],
)
def test_copying_between_locations_pays_network(target: Place, usd: float) -> None:
    assert rules.network_usd(holding(), BELGIUM, target, TABLE) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("location", "months"),
    [
        ("nam4", (44.00, 22.00, 8.80, 2.80)),  # each half .022, .011, .0044, .0014
        ("asia", (26.00, 15.00, 8.75, 3.00)),
        ("us", (26.00, 15.00, 7.00, 2.40)),
    ],
)
def test_storage_costs_more_in_more_places(location: str, months: tuple[float, ...]) -> None:
    found = [rules.storage_usd(1000, name, 30, TABLE.place(location)) for name in CLASSES]
    assert found == pytest.approx(months)


def test_a_get_costs_the_same_in_every_kind_of_location() -> None:
    # 1,000,000 gets x .0004/1000, of 1 GiB in Nearline x .01 more
    for location in ("europe-west1", "nam4", "eu"):
        assert rules.reads_usd(1_000_000, 1, "STANDARD", TABLE.place(location)) == pytest.approx(0.40)
        assert rules.reads_usd(1_000_000, 1, "NEARLINE", TABLE.place(location)) == pytest.approx(1.01)


@pytest.mark.parametrize(
    ("datasets", "bucket", "usd"),
    [
        ("us", "us-central1", 0.0),  # datasets in US count as us-central1
        ("us", "nam4", 0.0),  # one of its regions is us-central1
        ("us", "us", 2.00),  # the multi-region is not where its datasets are: 100 GiB x .02 within the continent
        ("us-central1", "nam4", 0.0),
        ("us", "us-east1", 2.00),
        ("eu", "europe-west4", 0.0),
        ("eu", "europe-west1", 2.00),
        ("europe-west1", "europe-west1", 0.0),
        ("europe-west1", "eu", 2.00),  # datasets of a region read only that region for free
        ("eu", "us-central1", 5.00),  # 100 GiB x .05 across the Atlantic
    ],
)
def test_bigquery_reads_free_by_location(datasets: str, bucket: str, usd: float) -> None:
    what = holding(read_gib=100.0, bigquery_gib=100.0)
    assert rules.bigquery_usd(what, TABLE.place(datasets), TABLE.place(bucket), TABLE) == pytest.approx(usd)


def test_bigquery_reads_make_a_cheaper_location_dearer() -> None:
    # 1000 GiB in eur4, 500 GiB a month for datasets in EU. To europe-north1: storage 24.00 less, network 10.00 more.
    source = TABLE.place("eur4")
    under = Terms(PriceBook(TABLE), source, source, Access("STANDARD"), 30, 7, datasets=EUROPE)
    read = holding(objects=1000, read_gib=500.0, bigquery_gib=500.0)
    assert option("leave", read, under).month_usd == pytest.approx(44.00)
    assert option("move-standard-europe-north1", read, under).month_usd == pytest.approx(30.00)


def test_bigquery_pays_network_today_where_its_datasets_are_elsewhere() -> None:
    under = Terms(PriceBook(TABLE), BELGIUM, BELGIUM, Access("STANDARD"), 30, 7, datasets=EUROPE)
    assert option("leave", holding(read_gib=50.0, bigquery_gib=50.0), under).month_usd == pytest.approx(21.00)


def test_rules_that_are_there_already_are_part_of_todays_cost() -> None:
    # The bucket's own rule makes Nearline of what is 30 days old: 1000 GiB x .010, and no new rule for it to win by.
    under = Terms(PriceBook(TABLE), BELGIUM, BELGIUM, Access("ARCHIVE"), 30, 7, set_already=(Rung(30, "NEARLINE"),))
    leave = option("leave", holding(objects=1000, age=90), under)

    assert leave.month_usd == pytest.approx(10.00)
    assert leave.one_off_usd == pytest.approx(0.01)  # 1000 objects x .01/1000, which that rule costs anyhow
    assert leave.three_year_usd == pytest.approx(360.01)
    assert option("in-place-nearline", holding(objects=1000, age=90), under).three_year_usd == pytest.approx(360.01)
    assert option("move-standard", holding(objects=1000, age=90), under).month_usd == pytest.approx(20.00)


def deleting(days: int, *more: Rung) -> Terms:
    """A source bucket whose own rules end what is billed after some days."""
    return terms()._replace(set_already=(*more, Rung(days, GONE)))


def test_a_rule_that_deletes_ends_what_staying_costs() -> None:
    what, under = holding(objects=1000, age=100), deleting(407)  # 400 days, and 7 in soft delete
    leave, archive = option("leave", what, under), option("in-place-archive", what, under)

    assert leave.running.spent(30) == pytest.approx(20.00)
    assert leave.month_usd == 0.0
    assert leave.three_year_usd == pytest.approx(204.67, abs=0.005)  # 307 days: 1000 x .020 x 307/30
    assert archive.three_year_usd == pytest.approx(12.33, abs=0.005)  # 1000 x .0012 x 307/30 + 1000 x .05/1000
    assert archive.break_even_months == 0.1  # .05 / (20.00 - 1.20) = .0027

    # The copy is not deleted: 36 x 4.00, both copies for 30 days 20.00, soft delete 4.67, rewrites .02.
    moved = option("move-coldline", what, under)
    assert moved.three_year_usd == pytest.approx(168.69, abs=0.005)
    # Ahead from day 0 on by .5333 a day, so 24.6867 are back after 46.3 days; but from day 307 on it costs 4.00 more
    # a month than nothing, and 35.98 are left in the end.
    assert leave.three_year_usd - moved.three_year_usd == pytest.approx(35.98, abs=0.005)
    assert moved.break_even_months == 1.6


def test_what_is_deleted_early_is_billed_for_its_minimum_days() -> None:
    leave = option("leave", holding("ARCHIVE", age=10), deleting(37))
    assert leave.three_year_usd == pytest.approx(14.20)  # 365-10 days: 1000 x .0012 x 355/30

    # Made Coldline at 30 days, deleted at 60: billed as Standard for 30 days, as Coldline until day 90.
    demoted = option("leave", holding(age=0, objects=0), deleting(60, Rung(30, "COLDLINE")))
    assert demoted.three_year_usd == pytest.approx(20.00 + 8.00)


def test_a_lifecycle_as_configured_is_priced_as_it_acts() -> None:
    ladder = (Rung(30, "NEARLINE"), Rung(365, "ARCHIVE"))
    what = holding(objects=1000, age=400)
    once = 20.00 + 4.6667 + 0.005  # both copies for 30 days, soft delete, rewrites as Standard

    # By the original time the copies are Archive at once: 36 x 1.20, 1000 x .05/1000.
    found = option("move-configured", what, terms()._replace(configured=Configured("STANDARD", ladder)))
    assert found.three_year_usd == pytest.approx(43.20 + 0.05 + once, abs=0.0005)
    # By their own age: 30 days Standard, 335 Nearline, 715 Archive; two changes, .01 and .05.
    asked = Configured("STANDARD", ladder, from_copy=True)
    found = option("move-configured", what, terms()._replace(configured=asked))
    assert found.three_year_usd == pytest.approx(20.00 + 111.6667 + 28.60 + 0.06 + once, abs=0.0005)
    # Without a class of its own it is the cheapest one that the access allows.
    asked = Configured(None, (Rung(90, GONE),))
    found = option("move-configured", what, terms(access=Access("COLDLINE"))._replace(configured=asked))
    assert (found.storage_class, found.month_usd) == ("COLDLINE", 0.0)


def test_copies_that_are_demoted_begin_in_standard() -> None:
    # 1000 GiB in Nearline, 10 days old: as Standard for 20 days more, then as they were; and pays for both changes.
    found = option(
        "move-then-demote", holding("NEARLINE", age=10, objects=1000), terms(access=Access("NEARLINE", 0, "NEARLINE"))
    )

    running = 20.00 * 20 / 30 + 10.00 * 1060 / 30
    assert found.three_year_usd - found.copying.total == pytest.approx(running + 0.005 + 0.01)


def test_writing_into_a_multi_region_pays_replication() -> None:
    assert rules.replication_usd(holding(), EUROPE) == pytest.approx(20.00)  # 1000 GiB x .02
    assert rules.replication_usd(holding(), ASIA) == pytest.approx(80.00)  # 1000 GiB x .08
    assert rules.replication_usd(holding(), BELGIUM) == 0.0


def test_a_lifecycle_change_pays_class_a_alone_and_never_warms() -> None:
    nearline = holding("NEARLINE", objects=100_000)
    assert rules.changes_at_once_usd(nearline, "COLDLINE", BELGIUM) == pytest.approx(2.00)  # 100,000 x .02/1000
    assert rules.changes_at_once_usd(nearline, "NEARLINE", BELGIUM) == 0.0
    assert rules.class_at("COLDLINE", 400, (Rung(30, "NEARLINE"),)) == "COLDLINE"


def test_moving_straight_to_coldline_over_three_years() -> None:
    found = option("move-coldline", holding(objects=100_000, age=730))

    assert found.one_off["operations"] == pytest.approx(2.00)  # 100,000 x .02/1000
    assert found.one_off["double_storage"] == pytest.approx(20.00)  # 1000 GiB x .020 for 30 days
    assert found.one_off["soft_delete"] == pytest.approx(4.6667, abs=0.00005)  # 7 of 30 days
    assert found.one_off["retrieval"] == found.one_off["early_deletion"] == found.one_off["network"] == 0.0
    assert found.month_usd == pytest.approx(4.00)
    assert found.three_year_usd == pytest.approx(170.67, abs=0.005)  # 36 x 4.00 + 26.6667
    assert found.break_even_months == 1.7  # 26.6667 / (20.00 - 4.00) = 1.667


def test_moving_what_is_in_archive_already_never_pays() -> None:
    found = option("move-archive", holding("ARCHIVE", age=180, objects=1000))

    assert found.one_off["retrieval"] == pytest.approx(50.00)  # 1000 x .05
    # Waiting and soft delete count: 365-180-30-7 = 148 days: 1000 x .0012 x 148/30
    assert found.one_off["early_deletion"] == pytest.approx(5.92)
    assert found.one_off["operations"] == pytest.approx(0.05)
    assert found.one_off["double_storage"] == pytest.approx(1.20)
    assert found.one_off["soft_delete"] == pytest.approx(0.28)  # 1000 x .0012 x 7/30
    assert found.one_off_usd == pytest.approx(57.45)
    assert found.break_even_months is None


def test_a_rule_in_place_pays_the_class_change_and_nothing_else() -> None:
    found = option("in-place-archive", holding(objects=100_000, age=730))

    assert found.one_off == {"operations": pytest.approx(5.00)}  # 100,000 x .05/1000
    assert found.three_year_usd == pytest.approx(48.20)  # 36 x 1.20 + 5.00
    assert found.break_even_months == 0.3  # 5.00 / 18.80 = 0.266


def test_small_objects_can_cost_more_to_change_than_they_save() -> None:
    # 10 million objects of 10 KiB are 95.37 GiB: 1.9073 USD a month, 68.66 USD over three years.
    gib = 10_000_000 * 10 / 1024**2
    found = option("in-place-coldline", holding(gib=gib, objects=10_000_000, age=730, small=10_000_000))

    assert found.one_off_usd == pytest.approx(200.00)  # 10,000,000 x .02/1000
    assert found.three_year_usd == pytest.approx(213.73, abs=0.005)  # 36 x .38147 + 200
    assert found.break_even_months is None


def test_demotion_by_age_bills_each_class_for_its_days() -> None:
    # From 0 days on: 30 days Standard, 60 Nearline, 275 Coldline, 715 Archive.
    found = option("in-place-by-age", holding(age=0, objects=1000))
    storage = 20.00 * 30 / 30 + 10.00 * 60 / 30 + 4.00 * 275 / 30 + 1.20 * 715 / 30  # 20 + 20 + 36.67 + 28.60
    changes = 0.01 + 0.02 + 0.05  # 1000 x .01, .02, .05 per 1000

    assert found.three_year_usd == pytest.approx(storage + changes)
    assert found.three_year_usd == pytest.approx(105.35, abs=0.005)
    assert found.month_usd == pytest.approx(1.20)


def test_old_objects_skip_the_rungs_that_they_have_outgrown() -> None:
    found = option("in-place-by-age", holding(age=400, objects=1000))

    assert found.one_off_usd == pytest.approx(0.05)  # straight to Archive: 1000 x .05/1000
    assert found.three_year_usd == pytest.approx(43.25)  # 36 x 1.20 + .05


def test_a_fed_folder_keeps_its_ages_and_pays_for_what_comes_in() -> None:
    groups = (Group("STANDARD", 0, 1000, 100.0, 0, 1.0), Group("STANDARD", 90, 9000, 900.0))
    found = option("in-place-by-age", Holding(groups, fed=True, writes=1000))

    # A month: 100 x .020 + 900 x .004; 1000 inserts x .005/1000; as many become Nearline (.01) and Coldline (.02).
    assert found.month_usd == pytest.approx(2.00 + 3.60 + 0.005 + 0.01 + 0.02)
    assert found.one_off_usd == pytest.approx(0.18)  # 9000 to Coldline at once: x .02/1000


def test_reads_of_the_young_head_do_not_pay_for_the_cold_tail() -> None:
    groups = (Group("STANDARD", 0, 100, 10.0, 0, 1.0), Group("STANDARD", 365, 9900, 990.0, 0, 0.0))
    found = option(
        "in-place-by-age",
        Holding(groups, fed=True, reads=1_000_000, read_gib=100.0),
        terms(access=Access("STANDARD", 30, "COLDLINE")),
    )

    # 10 x .020 + 990 x .004 + 1,000,000 x .0004/1000; no retrieval, as nobody reads the tail.
    assert found.month_usd == pytest.approx(0.20 + 3.96 + 0.40)


def test_autoclass_charges_a_fee_and_keeps_small_objects_in_standard() -> None:
    # 1,000,000 objects, 400,000 of them small (64 KiB on average: 24.41 GiB); 1000 GiB in all, nothing read.
    found = option("move-autoclass", holding(objects=1_000_000, age=730, small=400_000))
    small = 400_000 * 64 / 1024**2
    cold = (1000 - small) * (0.020 * 30 + 0.010 * 60 + 0.004 * 275 + 0.0012 * 715) / 30
    warm = small * 0.020 * 36
    fee = 600_000 * 0.0025 / 1000 * 36  # 1.50 USD a month

    running = found.three_year_usd - found.one_off_usd
    assert running == pytest.approx(cold + warm + fee)
    assert found.one_off["operations"] == pytest.approx(5.00)  # as Standard


def test_autoclass_reads_pay_no_retrieval() -> None:
    # 1000 GiB, of which 500 are read each month: these stay Standard. 10,000 gets x .0004/1000, no retrieval.
    found = option("move-autoclass", holding(objects=1000, age=730, reads=10_000, read_gib=500.0))
    cold = 500 * (0.020 * 30 + 0.010 * 60 + 0.004 * 275 + 0.0012 * 715) / 30
    fee = 1000 * 0.0025 / 1000 * 36

    assert found.three_year_usd - found.one_off_usd == pytest.approx(500 * 0.020 * 36 + cold + 0.004 * 36 + fee)


def test_a_cheaper_location_pays_the_network_once() -> None:
    source = TABLE.place("EU")
    under = Terms(PriceBook(TABLE), source, source, Access("STANDARD"), 30, 7)
    found = option("move-standard-europe-north1", holding(objects=1000), under)

    assert found.one_off["network"] == pytest.approx(20.00)
    assert found.one_off["double_storage"] == pytest.approx(26.00)  # at the source: 1000 x .026
    assert found.month_usd == pytest.approx(20.00)
    assert found.break_even_months == 8.7  # (20 + 26 + 6.0667 + .005) / 6.00 = 8.679


def test_there_is_no_cheaper_location_than_the_cheapest() -> None:
    assert not [each for each in options(holding(), terms()) if each.place.location != "europe-west1"]


def test_negotiated_prices_change_the_figures() -> None:
    import msgspec

    cheap = msgspec.structs.replace(BELGIUM, storage={**BELGIUM.storage, "STANDARD": 0.010})
    assert rules.storage_usd(1000, "STANDARD", 30, cheap) == pytest.approx(10.00)

"""The pure pieces of the classification: boundaries, identities, code, settings, drift."""

import random
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from analysis.classify.boundaries import Child, connected, find_boundaries
from analysis.classify.code import find_workload, map_code
from analysis.classify.drift import compare
from analysis.classify.facts import Consumer, Use
from analysis.classify.identities import kind_by_name, project_of
from analysis.classify.rollup import run
from analysis.classify.scanners import Ground, Rounds, judge_breadth
from analysis.classify.thresholds import SubfolderLimits, Thresholds
from analysis.classify.untangle import tell_times_apart, times_of_day
from analysis.errors import BadInput
from analysis.model import Analysis, CodeSite, ConsumerUse, Subfolder
from analysis.settings import ConsumerSettings, SubfolderOverride, load_settings

LIMITS = SubfolderLimits()
THRESHOLDS = Thresholds()


def child(path: str, *consumers: int, reads: int = 0) -> Child:
    return Child(path, 10, 1000, reads, frozenset(consumers))


def boundaries(children: list[Child], *overrides: SubfolderOverride) -> list[str]:
    found = find_boundaries(["a/"], {}, {"a/": children}, overrides, LIMITS, THRESHOLDS)
    return [boundary.path for boundary in found]


def test_children_of_one_job_stay_together() -> None:
    assert boundaries([child("a/x/", 1), child("a/y/", 1, 2), child("a/z/", 2)]) == ["a/"]


def test_children_that_share_no_job_part() -> None:
    assert boundaries([child("a/x/", 1), child("a/y/", 2)]) == ["a/", "a/x/", "a/y/"]


def test_a_read_half_and_an_unread_half_part_only_if_the_difference_is_clear() -> None:
    assert boundaries([child("a/x/", 1, reads=20), child("a/y/", reads=0)]) == ["a/", "a/x/", "a/y/"]
    assert boundaries([child("a/x/", 1, reads=4), child("a/y/", reads=2)]) == ["a/"]


def test_a_boundary_does_not_flicker_with_a_day_of_reading() -> None:
    for reads in range(3, 6):
        assert boundaries([child("a/x/", 1, reads=reads), child("a/y/", reads=2)]) == ["a/"]


def test_the_owner_can_keep_a_folder_whole_or_cut_it_open() -> None:
    parts = [child("a/x/", 1), child("a/y/", 2)]
    assert boundaries(parts, SubfolderOverride(prefix="a/")) == ["a/"]
    assert boundaries([child("a/x/", 1), child("a/y/", 1)], SubfolderOverride(prefix="a", together=False)) == [
        "a/",
        "a/x/",
        "a/y/",
    ]


def test_a_chain_ends_at_the_maximum_depth() -> None:
    chains = {"a/": "a/b/", "a/b/": "a/b/c/", "a/b/c/": "a/b/c/d/"}
    found = find_boundaries(["a/"], chains, {}, (), LIMITS, THRESHOLDS)
    assert [boundary.path for boundary in found] == ["a/b/c/"]


def test_groups_are_joined_by_whoever_touches_both() -> None:
    assert len(connected([child("a/", 1), child("b/", 2), child("c/", 1, 2), child("d/")])) == 1


@pytest.mark.parametrize(
    ("principal", "delegation", "agent", "kind"),
    [
        ("etl@home.iam.gserviceaccount.com", "", "python", "service"),
        ("etl@elsewhere.iam.gserviceaccount.com", "", "python", "external"),
        ("p1-x@gcp-sa-cloud-sql.iam.gserviceaccount.com", "", "", "service"),
        ("12-compute@developer.gserviceaccount.com", "", "python", "service"),
        ("home@appspot.gserviceaccount.com", "", "python", "service"),
        ("elsewhere@appspot.gserviceaccount.com", "", "python", "external"),
        ("project-12@storage-transfer-service.iam.gserviceaccount.com", "", "", "maintenance"),
        ("service-12@gcp-sa-storageinsights.iam.gserviceaccount.com", "", "", "maintenance"),
        ("service-12@dlp-api.iam.gserviceaccount.com", "", "", "maintenance"),
        ("service-12@gcp-sa-backupdr.iam.gserviceaccount.com", "", "", "maintenance"),
        ("", "", "lifecycle", "maintenance"),
        ("cloud-storage-millwheel@system.gserviceaccount.com", "", "", "maintenance"),
        ("analyst@example.com", "", "browser", "human"),
        ("etl@home.iam.gserviceaccount.com", "analyst@example.com", "gcloud-interactive", "human"),
        ("etl@home.iam.gserviceaccount.com", "analyst@example.com", "python", "service"),
        ("etl@home.iam.gserviceaccount.com", "", "thermocline", "ourselves"),
        ("", "", "", "service"),
    ],
)
def test_kinds_of_identities(principal: str, delegation: str, agent: str, kind: str) -> None:
    assert kind_by_name(principal, delegation, agent, frozenset({"home"}), ConsumerSettings()) == kind


def test_settings_overrule_what_a_name_says() -> None:
    told = ConsumerSettings(maintenance=("guard@*",), external=("*@example.org",), internal=("*@sister.iam.*",))
    home = frozenset({"home"})
    assert kind_by_name("guard@home.iam.gserviceaccount.com", "", "python", home, told) == "maintenance"
    assert kind_by_name("analyst@example.org", "", "browser", home, told) == "external"
    assert kind_by_name("etl@sister.iam.gserviceaccount.com", "", "python", home, told) == "service"


def test_nobody_is_external_where_no_project_is_known() -> None:
    kind = kind_by_name("a@any.iam.gserviceaccount.com", "", "", frozenset(), ConsumerSettings())
    assert (kind, project_of("a@any.iam.gserviceaccount.com")) == ("service", "any")


def test_a_divided_folder_stays_divided_until_its_children_have_clearly_grown_together() -> None:
    before = frozenset({"a/", "a/x/", "a/y/"})

    def found(children: list[Child]) -> list[str]:
        return [one.path for one in find_boundaries(["a/"], {}, {"a/": children}, (), LIMITS, THRESHOLDS, before)]

    def shared(path: str, reads: int) -> Child:
        return Child(path, 10, 1000, reads, frozenset({1, 2}), frozenset({1}))

    once_met = [
        replace(child("a/x/", 1, 2), regulars=frozenset({1})),
        replace(child("a/y/", 2), regulars=frozenset({2})),
    ]
    assert found(once_met) == ["a/", "a/x/", "a/y/"]  # one visit of the other's program is no reason
    assert boundaries(once_met) == ["a/"]  # without history it would be
    almost_alike = [shared("a/x/", 4), shared("a/y/", 2)]
    assert found(almost_alike) == ["a/", "a/x/", "a/y/"]
    alike = [shared("a/x/", 4), shared("a/y/", 3)]
    assert found(alike) == ["a/"]


def test_a_whole_folder_is_divided_by_warmth_only_by_a_margin() -> None:
    def found(reads: int) -> int:
        children = [child("a/x/", 1, reads=reads), child("a/y/", 1)]
        return len(find_boundaries(["a/"], {}, {"a/": children}, (), LIMITS, THRESHOLDS, frozenset({"a/"})))

    assert [found(reads) for reads in (3, 4, 5)] == [1, 1, 3]
    assert len(boundaries([child("a/x/", 1, reads=3), child("a/y/", 1)])) == 3


HELD = {f"place{number}": 50 for number in range(10)}
GROUND = Ground(HELD, HELD.keys())


def rounds(reads: dict[str, int], writes: int = 0) -> Rounds:
    return Rounds(reads, {place for place, count in reads.items() if count}, sum(reads.values()), {"notes"}, writes)


@pytest.mark.parametrize(
    ("reads", "writes", "breadth"),
    [
        (dict.fromkeys(HELD, 50), 0, "scanner"),
        (dict.fromkeys(HELD, 5), 0, "scanner"),  # a tenth of its round, as evenly
        (dict.fromkeys(HELD, 5_000), 0, "scanner"),  # a hundred rounds
        (dict.fromkeys(HELD, 50), 20, "scanner"),  # and leaves notes
        (dict.fromkeys(HELD, 50), 200, "user"),  # it works here
        (dict.fromkeys(list(HELD)[:6], 50), 0, "user"),  # leaves places out
        ({**dict.fromkeys(HELD, 1), "place0": 500}, 0, "user"),  # looks in everywhere, works in one place
        (dict.fromkeys(HELD, 0), 0, "user"),  # reads nothing old
    ],
)
def test_scanners_are_known_by_what_they_read_of_the_old_data(reads: dict[str, int], writes: int, breadth: str) -> None:
    assert judge_breadth(rounds(reads, writes), GROUND, THRESHOLDS) == breadth


def test_a_loader_of_everything_new_reads_nothing_old() -> None:
    loader = replace(rounds(dict.fromkeys(HELD, 0)), read_places=set(HELD), reads=5_000)
    assert judge_breadth(replace(loader, among_others=False), GROUND, THRESHOLDS) == "user"
    # Whoever takes everything new of folders that have nothing to do with each other may be scanning uploads.
    assert judge_breadth(loader, GROUND, THRESHOLDS) == "perhaps"
    assert judge_breadth(replace(loader, read_places={"place0", "place1"}), GROUND, THRESHOLDS) == "user"


def test_where_there_is_hardly_anything_old_a_wide_reader_stays_in_doubt() -> None:
    wide = replace(rounds({}), read_places=set(HELD), reads=500)
    assert judge_breadth(wide, Ground({}, HELD.keys()), THRESHOLDS) == "perhaps"
    assert judge_breadth(wide, Ground({}, {*HELD, *"abcdefghij"}), THRESHOLDS) == "user"


def test_reading_everything_again_and_again_is_use_where_everything_belongs_together() -> None:
    often, once = rounds(dict.fromkeys(HELD, 5_000)), rounds(dict.fromkeys(HELD, 50))
    tables = Ground(HELD, HELD.keys(), at_the_top=False)
    assert judge_breadth(often, tables, THRESHOLDS) == "user"
    assert judge_breadth(once, tables, THRESHOLDS) == "scanner"
    assert judge_breadth(replace(once, among_others=False), GROUND, THRESHOLDS) == "perhaps"


@pytest.mark.parametrize("places", [8, 10, 30])
@pytest.mark.parametrize("share", [0.08, 0.25, 0.6, 1.0])
def test_a_scanner_is_found_however_little_of_its_round_was_watched(share: float, places: int) -> None:
    # Luck may leave a place out, or give it little: then the answer is "user", which only ever heats. Not often.
    rng, missed = random.Random(1), 0
    for _ in range(500):
        held = {f"place{number}": rng.randint(20, 120) for number in range(places)}
        reads = {place: sum(rng.random() < share for _ in range(objects)) for place, objects in held.items()}
        missed += judge_breadth(rounds(reads), Ground(held, held.keys()), THRESHOLDS) == "user"
    assert missed <= 2


def site(prefix: str, role: str = "read", workload: str = "job", via: str = "storage.Client") -> CodeSite:
    return CodeSite("jobs/job.py", 7, role, prefix, "code", via, workload)


def test_code_lands_in_the_deepest_folder_it_can_mean() -> None:
    prefixes = ["", "a/", "a/b/", "ab/"]
    mapped = map_code([site("a/b/*.csv"), site("a/x.csv"), site("a"), site("ab/{}")], prefixes)
    assert {prefix: len(sites) for prefix, sites in mapped.sites.items()} == {"a/b/": 1, "a/": 2, "ab/": 1}


def test_code_that_names_no_folder_is_kept_apart() -> None:
    mapped = map_code([site("*"), site("gone/x/")], ["a/", "b/"])
    assert [one.prefix for one in mapped.unresolved] == ["*"]
    assert [one.prefix for one in mapped.nowhere] == ["gone/x/"]


def test_a_delete_without_its_slash_takes_the_neighbour_along() -> None:
    mapped = map_code([site("dms", role="delete")], ["dms/", "dms_old/"])
    assert [span.subfolders for span in mapped.spans["dms_old/"]] == [("dms", "dms_old")]


def test_a_job_header_names_the_job_and_the_client_tells_two_apart() -> None:
    beam = Consumer(1, "service", "x@p.iam.gserviceaccount.com", "", "", "beam", "seed-refresh-#-#")
    both = [site("a/", workload="seed_refresh"), site("a/", workload="other")]
    assert find_workload(beam, "read", both).name == "seed_refresh"
    airflow = replace(beam, agent="airflow", job="")
    both = [site("a/", workload="dag", via="GCSToBigQueryOperator"), site("a/", workload="script")]
    assert find_workload(airflow, "read", both).name == "dag"


def test_an_unknown_key_is_refused_with_its_nearest_match(tmp_path: Path) -> None:
    path = tmp_path / "thermocline.toml"
    path.write_text("[thresholds]\nhot_read_day_30 = 3\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"thresholds.hot_read_day_30.*did you mean `hot_read_days_30`"):
        load_settings(path)


def test_settings_are_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "thermocline.toml"
    text = '[thresholds]\nhot_read_days_30 = 20\n[[subfolder]]\nprefix = "a/b/"\n[planner]\nrank = 1\n'
    path.write_text(text, encoding="utf-8")
    settings = load_settings(path)
    assert (settings.thresholds.hot_read_days_30, settings.subfolder[0].name) == (20, "a/b")
    assert settings.room("planner") == {"rank": 1}


def reader(name: str) -> ConsumerUse:
    return ConsumerUse(name, "service", f"{name}@p.iam.gserviceaccount.com", "python", "", 0.9, 10, 5)


def subfolder(name: str = "a") -> Subfolder:
    return Subfolder(
        name=name,
        prefix=f"{name}/",
        template=f"{name}/",
        objects=10,
        bytes=1000,
        class_ages=(),
        temperature="cold",
        temperature_confidence=0.95,
        isolation="perfect",
        pattern="manual archive",
        assessment="",
        flags=frozenset(),
        reasons=(),
        isolation_breakers=(),
        readers=(reader("old"),),
        writers=(),
        last_read_at=None,
        last_write_at=None,
        read_days_30=1,
        write_days_30=0,
        read_events=1,
        write_events=0,
        read_bytes=None,
        coverage_days=120,
        hot_until_age_days=None,
    )


def snapshot(number: int, *subfolders: Subfolder) -> Analysis:
    return Analysis(number, "b", None, None, date(2026, 10, 31), 120, None, None, "", subfolders)


def test_drift_tells_what_warmed_grew_appeared_and_who_came_and_went() -> None:
    now = replace(subfolder(), temperature="hot", bytes=2000, readers=(reader("new"),))
    changes = compare(snapshot(1, subfolder(), subfolder("gone")), snapshot(2, now, subfolder("fresh")))
    assert [(change.kind, change.subfolder) for change in changes] == [
        ("warmed", "a"),
        ("grew", "a"),
        ("gained-consumer", "a"),
        ("lost-consumer", "a"),
        ("appeared", "fresh"),
        ("vanished", "gone"),
    ]


def test_no_drift_between_equals_and_no_noise_from_small_growth() -> None:
    assert compare(snapshot(1, subfolder()), snapshot(2, replace(subfolder(), bytes=1050))) == ()


def test_becoming_unknown_is_neither_warming_nor_cooling() -> None:
    changes = compare(snapshot(1, subfolder()), snapshot(2, replace(subfolder(), temperature="unknown")))
    assert [change.kind for change in changes] == ["became-unknown"]


def test_a_missing_subfolder_is_refused_with_near_names() -> None:
    with pytest.raises(BadInput, match="did you mean `archives`"):
        snapshot(1, subfolder("archives")).find("archive")


@pytest.mark.parametrize(
    ("hours", "stretches"),
    [(set(), 0), ({3}, 1), ({1, 4}, 1), ({1, 5}, 2), ({23, 1}, 1), ({23, 2, 12}, 2), (set(range(24)), 0)],
)
def test_stretches_of_the_day_run_over_midnight(hours: set[int], stretches: int) -> None:
    assert times_of_day(sum(1 << hour for hour in hours)) == stretches


def test_a_single_visit_at_an_odd_hour_is_no_job() -> None:
    def use(hour: int, days: int) -> Use:
        moment = datetime(2026, 10, 1, hour)  # noqa: DTZ001
        who = Consumer(1, "service", "x@p.iam.gserviceaccount.com", "", "", "python", "")
        return Use(who, "read", (1 << days) - 1, days, days, None, moment, moment, hours=1 << hour)

    regular = [("a/", use(1, 30)), ("b/", use(13, 30))]
    assert [words for words, _ in tell_times_apart(regular)] == ["01-02 h UTC", "13-14 h UTC"]
    assert tell_times_apart([("a/", use(1, 30)), ("b/", use(13, 3))]) == []
    assert tell_times_apart([*regular, ("c/", replace(use(1, 30), hours=1 << 1 | 1 << 13))]) == []


@pytest.mark.parametrize(
    ("folder", "template"),
    [
        ("a/20261031/", "a/{YYYYMMDD}/"),
        ("a/qpi_answers_20261031/", "a/qpi_answers_{YYYYMMDD}/"),
        ("a/2026-10-31/", "a/{YYYY-MM-DD}/"),
        ("a/dt=2026-10-31/", "a/dt={YYYY-MM-DD}/"),
        ("a/dt=20261031/hour=07/", "a/dt={YYYYMMDD}/hour={HH}/"),
        ("a/2026/10/31/", "a/{YYYY}/{MM}/{DD}/"),
        ("a/2026/10/31/23/", "a/{YYYY}/{MM}/{DD}/{HH}/"),
        ("a/year=2026/month=10/day=31/hour=7/", "a/year={YYYY}/month={MM}/day={DD}/hour={HH}/"),
        ("a/2026/10/", "a/{YYYY}/{MM}/"),
        ("a/202610/", "a/{YYYYMM}/"),
        ("a/2026-10/", "a/{YYYY-MM}/"),
        ("a/20261031T120000Z/", "a/{timestamp}/"),
        ("a/run_id=scheduled__2026-10-31T00:00:00+00:00/", "a/run_id=scheduled__{timestamp}/"),
        ("a/1793404800/", "a/{epoch}/"),
        ("a/0f8fad5b-d9cb-469f-a165-70867728950e/", "a/{uuid}/"),
        ("a/01ARZ3NDEKTSV4RRFFQ69G5FAV/", "a/{id}/"),
        ("a/country=FR/", "a/country={value}/"),
        ("a//20261031/", "a//{YYYYMMDD}/"),
        ("a/v2/", "a/v2/"),
        ("a/99999999/", "a/{n}/"),
    ],
)
def test_partitions_of_every_form_fold_into_a_template(folder: str, template: str) -> None:
    with duckdb.connect() as connection:
        run(connection, "fold_macro")
        found = connection.execute("SELECT fold_ids(fold_date_paths(fold_dates(?)))", [folder]).fetchall()
    assert found == [(template,)]

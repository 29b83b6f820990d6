"""Phases under capacity and pins, dependencies, steps, grants, breakages; and everything that is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.model import ChildFolder, CodeSite, Subfolder
from planner.bucket_facts import BucketFacts
from planner.config_file import load_configs
from planner.errors import InvalidPlanInput
from planner.generate import generate
from planner.naming import check_bucket_name
from planner.plan import Move, Plan
from planner.planfile import dump, loads
from planner.prices import load_prices
from planner.settings import PlannerSettings
from planner.whatif import parse_size, with_options
from planner_evidence import GIB, analysis_of, every_kind, folder, use

PRICES = load_prices()


def planned(*subfolders: Subfolder, settings: PlannerSettings | None = None, **more: Any) -> Plan:
    return generate(analysis_of(*subfolders), settings or PlannerSettings(), env="prod", prices=PRICES, **more)


def phases(plan: Plan) -> dict[str, int]:
    return {move.use_case: phase.phase for phase in plan.phases for move in phase.moves}


def find(plan: Plan, use_case: str) -> Move:
    return next(move for move in plan.moves() if move.use_case == use_case)


def test_capacity_pushes_the_lower_ranks_to_later_phases() -> None:
    archives = [folder(f"a{n}", gib=100 + n) for n in range(4)]
    plan = planned(*archives, settings=with_options(PlannerSettings(), max_phase_bytes="210GiB"))

    assert phases(plan) == {"a3": 1, "a2": 1, "a1": 2, "a0": 2}
    for phase in plan.phases:
        assert sum(move.bytes for move in phase.moves) <= 210 * GIB
    assert any("phase 1 is full" in reason for reason in find(plan, "a1").reasons)


def test_what_is_larger_than_the_capacity_gets_a_phase_of_its_own() -> None:
    plan = planned(folder("a", gib=900), folder("b", gib=1), settings=PlannerSettings(max_phase_bytes=100 * GIB))

    assert phases(plan) == {"a": 1, "b": 2}


def test_what_finds_no_room_is_deferred() -> None:
    many = [folder(f"a{n}", gib=100) for n in range(6)]
    plan = planned(*many, settings=PlannerSettings(max_phase_bytes=100 * GIB))

    assert sorted(phases(plan).values()) == [1, 2, 3, 4, 5, 5]


def test_pins_and_exclusions() -> None:
    settings = with_options(PlannerSettings(), pin=("archives=3",), exclude=("old_tables", "imports/seed"))
    plan = planned(*every_kind(), settings=settings)

    assert phases(plan)["archives"] == 3
    assert not {"old_tables", "imports_seed"} & set(phases(plan))


def test_a_pin_does_not_move_what_stays() -> None:
    with pytest.raises(InvalidPlanInput, match="it stays"):
        planned(*every_kind(), settings=PlannerSettings(pin={"exchange": 2}))


def test_a_target_class_of_ones_own() -> None:
    plan = planned(*every_kind(), settings=with_options(PlannerSettings(), target_class=("archives=nearline",)))
    assert find(plan, "archives").migration.storage_class == "NEARLINE"
    assert find(plan, "old_tables").migration.storage_class == "ARCHIVE"

    plan = planned(*every_kind(), settings=with_options(PlannerSettings(), target_class=("COLDLINE",)))
    assert {move.migration.storage_class for move in plan.moves() if move.action == "move"} == {"COLDLINE"}


def test_another_location_is_priced_and_warned_about() -> None:
    settings = with_options(PlannerSettings(), target_location="europe-north1")
    move = find(planned(folder("x", flags=("bigquery-reader",)), settings=settings), "x")

    assert move.migration.location == "europe-north1"
    assert move.cost.one_off.network_usd == pytest.approx(2.00)  # 100 GiB x .02
    assert any("every read from europe-west1 pays network" in risk for risk in move.risks)
    assert any("BigQuery" in risk for risk in move.risks)


@pytest.mark.parametrize(
    ("text", "count"), [("1", 1), ("2KiB", 2048), ("1.5g", 3 * 512 * 1024**2), ("2 TiB", 2 * 1024**4)]
)
def test_sizes(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize(
    "options",
    [
        {"max_phase_bytes": "much"},
        {"max_phase_bytes": "0"},
        {"pin": ("archives",)},
        {"pin": ("archives=one",)},
        {"target_class": ("archives=ice",)},
        {"use_cases": "some"},
    ],
)
def test_options_that_are_not_understood(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidPlanInput):
        with_options(PlannerSettings(), **options)


def test_folders_that_share_a_consumer_are_tied_or_flagged() -> None:
    seed = (use("seed_job"),)
    plan = planned(
        folder("one", readers=seed),
        folder("two", readers=seed),
        folder("three", readers=seed, temperature="warm"),
        folder("alone", readers=(use("other"),)),
    )

    shared = {each.use_case: each for each in find(plan, "one").shared_with}
    assert set(shared) == {"two", "three"}
    assert shared["two"].together
    assert not shared["three"].together
    assert any(
        "three (phase 3): pin them together, or change that code twice" in risk for risk in find(plan, "one").risks
    )
    assert find(plan, "alone").shared_with == ()


def test_a_file_that_names_two_folders_ties_them() -> None:
    site = CodeSite("jobs/main.py", 7, "read", "x/", "code", "open")
    document = CodeSite("README.md", 7, "reference", "x/", "document", "text")
    plan = planned(folder("a", code=(site,)), folder("b", code=(site,)), folder("c", code=(document,)))

    assert [each.because for each in find(plan, "a").shared_with] == ["jobs/main.py names both"]
    assert find(plan, "c").shared_with == ()


def test_six_steps_with_their_facts() -> None:
    move = find(planned(*every_kind()), "deliveries")
    steps = {step.number: (step.title, "\n".join(step.actions)) for step in move.steps}

    assert list(steps) == [1, 2, 3, 4, 5, 6]
    assert "deliveries-bucket-prod in europe-west1" in steps[1][1]
    assert f"{move.objects:,} objects" in steps[2][1]
    assert f"{move.bytes:,} bytes" in steps[2][1]
    assert "dags/load.py:12" in steps[3][1]
    assert "run loader once" in steps[4][1]
    assert "ask the owner of partner" in steps[4][1]
    assert "14 days" in steps[5][1]
    assert "rollback" in steps[6][1]


def test_grants_follow_from_what_was_seen() -> None:
    deleter = replace(use("janitor"), role="deleter")
    scanner = use("scanner", "maintenance")
    external = replace(use("lister"), role="lister")
    move = find(
        planned(
            folder(
                "x",
                readers=(use("reader"), use("both"), use("analyst", "human"), scanner),
                writers=(use("writer"), use("both")),
                others=(deleter, external),
            )
        ),
        "x",
    )
    granted = {binding.member.split("@")[0]: binding.role for binding in move.migration.settings.iam}

    assert granted == {
        "serviceAccount:reader": "roles/storage.objectViewer",
        "serviceAccount:lister": "roles/storage.objectViewer",
        "user:analyst": "roles/storage.objectViewer",
        "serviceAccount:writer": "roles/storage.objectCreator",
        "serviceAccount:both": "roles/storage.objectUser",
        "serviceAccount:janitor": "roles/storage.objectUser",
    }


def test_what_else_breaks_is_found_in_the_code() -> None:
    sites = (
        CodeSite("udf/encode.sql", 3, "read", "x/", "code", "UDF library"),
        CodeSite("infra/main.tf", 9, "reference", "x/", "code", "literal"),
    )
    plan = planned(folder("x", code=sites))
    found = "\n".join(find(plan, "x").breakages)

    assert "udf/encode.sql:3" in found
    assert "infra/main.tf:9" in found
    assert any("was not asked about notifications" in warning for warning in plan.warnings)
    assert any("was not asked for its lifecycle rules" in warning for warning in plan.warnings)


def test_what_else_breaks_is_asked_of_the_bucket() -> None:
    facts = BucketFacts(
        metadata={
            "lifecycle": {
                "rule": [
                    {"action": {"type": "Delete"}, "condition": {"age": 30, "matchesPrefix": ["x/tmp/"]}},
                    {"action": {"type": "Delete"}, "condition": {"age": 30, "matchesPrefix": ["y/"]}},
                ]
            },
            "retentionPolicy": {"retentionPeriod": "86400"},
            "versioning": {"enabled": True},
        },
        notifications=[
            {"id": "1", "topic": "//pubsub.googleapis.com/projects/p/topics/new-x", "object_name_prefix": "x/"},
            {"id": "2", "topic": "//pubsub.googleapis.com/projects/p/topics/new-y", "object_name_prefix": "y/"},
        ],
        policy={
            "bindings": [
                {
                    "role": "roles/storage.objectViewer",
                    "members": ["group:x@example.com"],
                    "condition": {
                        "title": "only x",
                        "expression": 'resource.name.startsWith("projects/_/buckets/data-bucket-prod/objects/x/")',
                    },
                }
            ]
        },
    )
    found = "\n".join(find(planned(folder("x"), facts=facts), "x").breakages)

    for said in ("new-x", "x/tmp/", "only x", "group:x@example.com", "retention policy", "versioning"):
        assert said in found
    assert "new-y" not in found
    assert not any("was not asked" in warning for warning in planned(folder("x"), facts=facts).warnings)


def test_rules_that_the_bucket_has_already_make_a_move_less_worth() -> None:
    rule = {"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 365}}
    elsewhere = {**rule, "condition": {"age": 0, "matchesPrefix": ["y/"]}}
    facts = BucketFacts({"lifecycle": {"rule": [rule, elsewhere]}})
    x, y = folder("x", gib=10_000, age=365), folder("y", gib=10_000, age=0)

    asked = {move.use_case: move for move in planned(x, y, facts=facts).moves()}
    assert asked["x"].cost.monthly_now_usd == pytest.approx(12.00)  # 10,000 GiB x .0012
    assert asked["y"].cost.monthly_now_usd == pytest.approx(12.00)
    assert find(planned(x, y), "x").cost.monthly_now_usd == pytest.approx(200.00)
    assert asked["x"].action == "stay"  # a bucket of its own would save nothing any more
    assert any("own lifecycle rules are counted in place" in line for line in asked["x"].cost.assumptions)


def delete(**condition: Any) -> dict[str, Any]:
    return {"action": {"type": "Delete"}, "condition": condition}


def test_rules_that_delete_make_staying_cheaper_and_say_so() -> None:
    facts = BucketFacts(
        {"lifecycle": {"rule": [delete(age=800)]}, "softDeletePolicy": {"retentionDurationSeconds": "0"}}
    )
    move = find(planned(folder("x", gib=10_000, age=730), facts=facts), "x")

    # 70 days left: 10,000 x .020 x 70/30; a copy would not be deleted.
    assert move.cost.three_year_now_usd == pytest.approx(466.67, abs=0.005)
    assert move.cost.monthly_now_usd == pytest.approx(200.00)
    assert move.action == "stay"
    [said] = move.cost.assumptions
    assert said.startswith("the bucket's own lifecycle rules are counted in place (no longer billed from 800 days)")
    staying = planned(folder("x", gib=10_000, age=730)).moves()[0]
    assert staying.cost.one_off.soft_delete_usd == pytest.approx(46.67, abs=0.005)


@pytest.mark.parametrize(
    ("rules", "more", "priced", "said"),
    [
        ([delete(age=800, isLive=False)], {}, False, False),  # noncurrent versions are not in the evidence
        ([delete(numNewerVersions=3)], {}, False, False),
        ([delete(age=800)], {"versioning": {"enabled": True}}, False, False),  # a version stays behind
        ([delete(age=800, matchesPrefix=["y/"])], {}, False, False),
        ([delete(age=800, matchesPrefix=["x/tmp/"])], {}, False, True),  # a part only
        ([delete(age=800, matchesStorageClass=["ARCHIVE"])], {}, False, True),
        ([delete(age=800, matchesSuffix=[".tmp"])], {}, False, True),
        ([delete(age=800, matchesPrefix=["x/", "y/"])], {}, True, False),
    ],
)  # fmt: skip
def test_only_rules_that_hold_for_the_whole_folder_are_priced(
    rules: list[dict[str, Any]], more: dict[str, Any], priced: bool, said: bool
) -> None:
    facts = BucketFacts({"lifecycle": {"rule": rules}, **more})
    cost = find(planned(folder("x", gib=10_000, age=730), facts=facts), "x").cost

    assert (cost.three_year_now_usd < 7200.00) == priced  # 36 x 10,000 x .020
    assert any("1 lifecycle rule of the bucket's own" in line for line in cost.assumptions) == said


def test_names_and_lines_are_said_once() -> None:
    site = CodeSite("jobs/main.py", 7, "read", "x/", "code", "open")
    twice = use("etl"), use("etl", delegation="sa@example.com")
    move = find(planned(folder("x", readers=twice, writers=twice, code=(site, site))), "x")

    assert (move.readers, move.writers) == (("etl",), ("etl",))
    assert len(move.code_changes) == 1


def test_a_use_case_inside_a_subfolder_leaves_out_only_what_lies_below_it(tmp_path: Path) -> None:
    path = tmp_path / "configs.yaml"
    path.write_text(
        "part: {pattern: single_folder, source_bucket: 'data-bucket-{env}', source_path: x/a/, "
        "target_bucket: 'part-{env}'}\n"
    )
    whole = folder("x", excludes=("x/a/own/", "x/b/"))
    plan = planned(whole, config=load_configs(path))

    assert find(plan, "part").migration.exclude_prefixes == ("x/a/own/",)
    assert find(plan, "x").migration.exclude_prefixes == ("x/a/", "x/a/own/", "x/b/")


def test_an_empty_analysis_is_refused() -> None:
    with pytest.raises(InvalidPlanInput, match="ingest an inventory or logs"):
        planned()


@pytest.mark.parametrize("option", ["exclude", "pin", "target_class"])
def test_unknown_use_cases_are_refused(option: str) -> None:
    values: dict[str, Any] = {
        "exclude": ("archivs",),
        "pin": {"archivs": 1},
        "target_class": {"archivs": "COLDLINE"},
    }
    with pytest.raises(InvalidPlanInput, match="did you mean `archives`"):
        planned(*every_kind(), settings=msgspec.structs.replace(PlannerSettings(), **{option: values[option]}))


def test_unknown_phases_are_refused() -> None:
    with pytest.raises(InvalidPlanInput, match="there is no phase 9"):
        planned(*every_kind(), settings=PlannerSettings(pin={"archives": 9}))


def test_a_folder_that_no_bucket_can_be_named_after_keeps_what_it_can_of_its_name() -> None:
    """A bucket's name has at most 63 characters and no 'google' in it; one such folder must not stop the plan."""
    names = ["a" * 60, "a" * 60 + "b", "google_ads", "ads", "goog", "my_google"]
    buckets = [move.migration.target_bucket or "" for move in planned(*map(folder, names)).moves()]

    assert len(set(buckets)) == len(names)
    assert all(check_bucket_name(bucket, "") == bucket for bucket in buckets)
    assert "ads-bucket-prod" in buckets
    assert sum(bucket.startswith("ads-") for bucket in buckets) == 2


def test_names_that_are_too_long_or_taken_are_refused() -> None:
    with pytest.raises(InvalidPlanInput, match="give the subfolder a shorter target"):
        check_bucket_name("a" * 64, "mappings.yaml, line 3")
    with pytest.raises(InvalidPlanInput, match="x-bucket-prod exists already and belongs to other-project"):
        planned(folder("x"), taken={"x-bucket-prod": "other-project"})
    assert find(planned(folder("x"), taken={"x-bucket-prod": "analytics-prod"}), "x").action == "move"


def test_two_folders_of_one_conventional_name_keep_apart() -> None:
    """By the convention all would be `x-y-bucket-prod`; each gets a bucket and files of its own."""
    plan = planned(folder("x/y"), folder("x_y"), folder("x-y"), folder("X_Y"))
    names = {move.use_case for move in plan.moves()}

    assert len({move.migration.target_bucket for move in plan.moves()}) == 4
    assert len({name.lower().replace("-", "_") for name in names}) == 4


def test_a_subfolder_called_like_the_bucket_gets_another_name() -> None:
    assert find(planned(folder("data")), "data_2").migration.target_bucket == "data-2-bucket-prod"


def test_a_plan_with_two_use_cases_of_one_name_is_refused() -> None:
    text = dump(planned(folder("x"), folder("y"))).decode()

    with pytest.raises(InvalidPlanInput, match="`x` and `X` would share a journal and files"):
        loads(text.replace('"use_case": "y"', '"use_case": "X"').encode())


CONFIG = """
one: {pattern: single_folder, source_bucket: data-bucket-prod, source_path: a/, target_bucket: t-prod, target_path: %s}
two: {pattern: single_folder, source_bucket: data-bucket-prod, source_path: b/, target_bucket: %s, target_path: %s}
"""


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("same/", "t-prod", "same/"), "both move to t-prod/same/"),
        (("same", "t-prod", "same/"), "both move to t-prod/same/"),
        (('""', "t-prod", "sub/"), "where `one` puts its own sub/"),
        (("x/", "data-bucket-prod", "a/in/"), "the bucket that it comes from"),
    ],
)
def test_colliding_targets_are_refused(tmp_path: Path, values: tuple[str, str, str], said: str) -> None:
    path = tmp_path / "configs.yaml"
    path.write_text(CONFIG % values, encoding="utf-8")
    children = (ChildFolder("sub", 1, 1),)

    with pytest.raises(InvalidPlanInput) as refusal:
        planned(folder("a", children=children), folder("b"), config=load_configs(path))

    assert said in str(refusal.value)


def test_a_mapping_inside_a_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "configs.yaml"
    text = CONFIG.splitlines()[1].replace("single_folder", "multi_folder") % "x/"
    path.write_text(text.replace("}", ", subfolder_mapping: {c: c, c/d: e}}"), encoding="utf-8")

    with pytest.raises(InvalidPlanInput, match="`one` maps a/c/ and a/c/d/ inside it"):
        planned(folder("a"), config=load_configs(path))


def test_an_unknown_location_needs_a_name_or_a_price() -> None:
    with pytest.raises(InvalidPlanInput, match="--target-location"):
        generate(analysis_of(folder("x"), location=None), PlannerSettings(), env="prod", prices=PRICES)
    with pytest.raises(InvalidPlanInput, match="has no location mars-central1"):
        generate(analysis_of(folder("x"), location="mars-central1"), PlannerSettings(), env="prod", prices=PRICES)
    plan = generate(analysis_of(folder("x"), location="EUROPE-WEST6"), PlannerSettings(), env="prod", prices=PRICES)
    assert any("priced as" in note for note in plan.prices.assumptions)


@pytest.mark.parametrize("env", ["", "Prod", "../x", "a b", "{env}"])
def test_environments_that_cannot_stand_in_names(env: str) -> None:
    with pytest.raises(InvalidPlanInput, match="cannot name an environment"):
        generate(analysis_of(folder("x")), PlannerSettings(), env=env, prices=PRICES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("STANDARD = 0.020", 'STANDARD = "cheap"'),
        ("read_on = 2026-05-16", ""),
        ("[retrieval]", "[retreival]"),
        ("[operations.dual-region]", "[operations.dual-regions]"),
        ('name = "list', "name = list"),
    ],
)
def test_broken_price_tables_are_refused(tmp_path: Path, old: str, new: str) -> None:
    from importlib.resources import files

    text = (files("planner") / "data" / "prices-2026-05.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "prices.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(InvalidPlanInput, match=r"prices\.toml"):
        load_prices(path)


def test_negotiated_prices_are_used_and_named(tmp_path: Path) -> None:
    from importlib.resources import files

    text = (files("planner") / "data" / "prices-2026-05.toml").read_text(encoding="utf-8")
    path = tmp_path / "prices.toml"
    path.write_text(
        text.replace("STANDARD = 0.020,", "STANDARD = 0.015,").replace("list-2026-05", "ours"), encoding="utf-8"
    )
    plan = generate(analysis_of(folder("x")), PlannerSettings(), env="prod", prices=load_prices(path))

    assert plan.prices.name == "ours"
    assert plan.moves()[0].cost.monthly_now_usd == pytest.approx(1.50)

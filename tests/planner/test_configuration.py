"""Hand-written configuration: every key reaches the plan, and everything else is refused with its line."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.model import ChildFolder
from planner.config_file import load_configs, load_mappings
from planner.errors import InvalidPlanInput
from planner.generate import generate
from planner.plan import Migration, Move, Plan, Validation
from planner.prices import load_prices
from planner.settings import PlannerSettings, planner_settings
from planner.yaml_lines import parse_yaml
from planner_evidence import analysis_of, every_kind

CONFIGS = Path(__file__).with_name("document_configs.yaml")


def plan_with(settings: PlannerSettings | None = None, config: Path = CONFIGS) -> Plan:
    evidence = analysis_of(*every_kind())
    return generate(
        evidence, settings or PlannerSettings(), env="prod", config=load_configs(config), prices=load_prices()
    )


def move_of(plan: Plan, use_case: str) -> Move:
    return next(move for move in plan.moves() if move.use_case == use_case)


def migration_of(use_case: str) -> Migration:
    return move_of(plan_with(), use_case).migration


def edited(tmp_path: Path, old: str, new: str) -> Path:
    text = CONFIGS.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "migration_configs.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


# What a team's own file was seen to hold: six use cases, these keys, and these ways of writing them.
WRITTEN_KEYS = """
    pattern source_bucket target_bucket source_path target_path include_subfolders file_types file_patterns
    subfolder_mapping partition_pattern date_range retention_days lifecycle_policy cleanup_after_migration batch_size
    validation validation.check_file_count validation.verify_checksums validation.verify_file_sizes
"""
FORMS = {
    "a heading": r"^# \S",
    "an empty text with a remark": r'^  target_path: ""  # \S',
    "a list on one line": r'^  file_types: \["\*\.csv", ',
    "a list on lines of its own": r'^  file_patterns:\n    - "\S+\*\.',
    "a remark with quotes, a comma and a colon": r'^  date_range: "last_30_days"  # or "all", "YYYY-MM-DD:YYYY-MM-DD"$',
    "quoted folders as keys": r'^  subfolder_mapping:\n    "\w+/": "\w+/"$',
    "an environment in the middle and at the start": r'"data-bucket-\{env\}"(?s:.)*"\{env\}/export/\{YYYYMMDD\}/"',
    "a mapping inside one": r"^  validation:\n    check_file_count: true\n    verify_checksums: true$",
    "a number with a remark": r"^  retention_days: 7  # \S",
    "a truth with a remark": r"^  cleanup_after_migration: true  # \S",
}


def test_the_configuration_of_these_tests_has_every_key_and_every_form() -> None:
    text = CONFIGS.read_text(encoding="utf-8")
    use_cases = parse_yaml(text, CONFIGS.name).data

    keys = {key for use_case in use_cases.values() for key in use_case}
    keys |= {f"validation.{key}" for use_case in use_cases.values() for key in use_case.get("validation", {})}
    assert keys == set(WRITTEN_KEYS.split())
    patterns = {use_case["pattern"] for use_case in use_cases.values()}
    assert patterns == {"single_folder", "multi_folder", "file_pattern", "date_partitioned"}
    assert len(use_cases) == 6
    assert [form for form, written in FORMS.items() if not re.search(written, text, re.MULTILINE)] == []
    assert list(load_configs(CONFIGS).use_cases) == list(use_cases)


@pytest.mark.parametrize("text", ["all", "last_7_days", "2026-09-01:2026-10-31", "2026-10-31"])
def test_every_form_of_a_date_range(tmp_path: Path, text: str) -> None:
    plan = plan_with(config=edited(tmp_path, "last_30_days", text))
    assert move_of(plan, "deliveries").migration.date_range == text


def test_several_folders_with_types_and_a_named_lifecycle() -> None:
    migration = migration_of("reference_seed")

    assert migration.pattern == "multi_folder"
    assert migration.source_bucket == "data-bucket-prod"
    assert migration.target_bucket == "seed-data-bucket-prod"
    assert (migration.source_path, migration.target_path) == ("imports/seed/", "")
    assert migration.include_subfolders
    assert migration.file_types == ("*.csv", "*.parquet", "*.avro")
    assert migration.validation == Validation(check_file_count=True, verify_checksums=True)
    assert migration.storage_class == "STANDARD"
    steps = [rule["condition"].get("daysSinceCustomTime") for rule in migration.lifecycle_policy["rule"]]
    assert [step for step in steps if step] == [30, 90, 365]


def test_file_patterns_and_retention() -> None:
    migration = migration_of("staging")

    assert migration.file_patterns == ("etl_*.parquet", "unsorted_etl_*.json")
    assert migration.retention_days == 90
    assert migration.target_path == "staging/"


def test_partitions_and_their_range() -> None:
    migration = migration_of("deliveries")

    assert migration.partition_pattern == "answers_{YYYYMMDD}/"
    assert migration.date_range == "last_30_days"
    assert migration_of("tmp").partition_pattern == "prod/export/{YYYYMMDD}/"
    assert migration_of("tmp").date_range == "all"


def test_cleanup_batches_and_mapping() -> None:
    assert migration_of("exchange_sync").cleanup_after_migration
    assert migration_of("tmp").batch_size == 50
    assert migration_of("history").subfolder_mapping == {
        "tracking/": "web_tracking/",
        "applicative/": "database_snapshots/",
    }
    assert migration_of("history").storage_class == "COLDLINE"


def test_configuration_wins_and_differences_are_said() -> None:
    exchange = move_of(plan_with(), "exchange_sync")

    assert exchange.action == "move"
    assert exchange.tier == 4
    assert exchange in plan_with().phases[4].moves
    assert any("the evidence says" in line for line in exchange.differences)
    assert any("recommends ARCHIVE" in line for line in move_of(plan_with(), "history").differences)


def test_what_a_selection_leaves_behind_is_said() -> None:
    children = (ChildFolder("tracking", 1, 1), ChildFolder("forgotten", 1, 1))
    evidence = analysis_of(
        *(replace(each, children=children) if each.name == "history" else each for each in every_kind())
    )
    plan = generate(evidence, PlannerSettings(), env="prod", config=load_configs(CONFIGS), prices=load_prices())

    assert "subfolder_mapping leaves forgotten behind" in move_of(plan, "history").differences
    assert any("file_types may select fewer" in line for line in move_of(plan, "reference_seed").differences)


def test_a_configured_lifecycle_has_its_own_price() -> None:
    cost = move_of(plan_with(), "reference_seed").cost
    chosen = next(option for option in cost.alternatives if option.chosen)

    # Two years old, so Archive at once: 36 x (2 GiB x .0012 + 7500 gets x .05/1000); once: rewrites .005, changes .05,
    # both copies for 30 days .04, soft delete .0093.
    assert chosen.name == "move-configured"
    assert "Nearline from 30 days, Coldline from 90 days, Archive from 365 days" in chosen.summary
    assert cost.three_year_after_usd == pytest.approx(13.6907, abs=0.0001)
    # Nearline: 36 x (2 x .010 + 7500 x .001/1000) + rewrites .01 + .0493 = 1.0493.
    said = "as configured it costs $12.64 more over three years than to move straight to Nearline"
    assert said in move_of(plan_with(), "reference_seed").differences


def test_configured_and_discovered_use_cases_do_not_overlap() -> None:
    names = [move.subfolder for move in plan_with().moves()]

    assert len(names) == len(set(names))
    assert "archives" in names
    only = plan_with(PlannerSettings(use_cases="configured"))
    assert {move.use_case for move in only.moves()} == set(load_configs(CONFIGS).use_cases)
    none = plan_with(PlannerSettings(use_cases="discovered"))
    assert "exchange_sync" not in {move.use_case for move in none.moves()}


def test_a_use_case_inside_a_subfolder_is_taken_out_of_it(tmp_path: Path) -> None:
    plan = plan_with(config=edited(tmp_path, '"staging/"\n  target', '"staging/raw/"\n  target'))

    discovered = next(move for move in plan.moves() if move.subfolder == "staging")
    assert discovered.migration.exclude_prefixes == ("staging/raw/",)
    assert any("of the whole" in line for line in move_of(plan, "staging").differences)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  file_types: [\"*.csv\"", "  file_typs: [\"*.csv\"", "did you mean `file_types`?"),
        ("    verify_checksums: true", "    verify_checksum: true", "did you mean `verify_checksums`?"),
        ("  retention_days: 90", "  retention_days: soon", "retention_days"),
        ("  retention_days: 90", "  retention_days: 0", "must be 1 or more"),
        ("  retention_days: 90", "  retention_days: 99999999", "over a hundred years"),
        ("pattern: \"file_pattern\"", "pattern: \"by_file\"", "known: single_folder, multi_folder"),
        ("  target_path: \"imports/\"", "  target_path: \"../imports/\"", "a segment '.' or '..'"),
        ("pattern: \"file_pattern\"", "pattern: \"file_patern\"", "staging.pattern"),
        ("  date_range: \"last_30_days\"", "  date_range: \"last_thirty\"", "write all, last_30_days"),
        ("  date_range: \"last_30_days\"", "  date_range: \"2026-10-31:2026-10-01\"", "ends before it begins"),
        ("answers_{YYYYMMDD}/", "answers_{YYYYMMD}/", "did you mean `YYYYMMDD`?"),
        ("answers_{YYYYMMDD}/", "answers/", "names no date"),
        ("  partition_pattern: \"answers_{YYYYMMDD}/\"\n", "", "needs a partition_pattern"),
        ("seed-data-bucket-{env}", "seed-data-bucket-{environment}", "only {env} is known"),
        ("lifecycle_policy: \"immediate_coldline\"", "lifecycle_policy: \"imediate_coldline\"", "immediate_coldline"),
        ("source_path: \"deliveries/\"", "source_path: \"delivries/\"", "did you mean `deliveries/`?"),
        ("source_bucket: \"data-bucket-{env}\"", "source_bucket: \"other-bucket-{env}\"", "other-bucket-prod"),
        ("  cleanup_after_migration: true  #", "  file_patterns: [\"*\"]  #", "means nothing to single_folder"),
        ("staging:\n", "staging:\nstaging:\n", "is there twice"),
        ("staging:\n", "Exchange-Sync:\n", "`exchange_sync` and `Exchange-Sync` would share the names"),
        ("  target_path: \"imports/\"", "  target_path: &x \"imports/\"\n  file_typs: *x", "aliases are not read"),
    ],
)  # fmt: skip
def test_every_mistake_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = edited(tmp_path, old, new)

    with pytest.raises(InvalidPlanInput) as refusal:
        plan_with(config=path)

    message = str(refusal.value)
    assert said in message
    assert "migration_configs.yaml:" in message
    line = int(message.split("migration_configs.yaml:")[1].split(":", maxsplit=1)[0])
    assert 1 <= line <= len(path.read_text(encoding="utf-8").splitlines())


def test_an_unknown_key_is_named_with_its_own_line(tmp_path: Path) -> None:
    path = edited(tmp_path, "  batch_size: 50", "  batchsize: 50")

    with pytest.raises(
        InvalidPlanInput, match=rf"{path.name}:68: unknown key `tmp.batchsize`: did you mean `batch_size`"
    ):
        load_configs(path)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ('[{action: {type: Delete}, condition: {}}]', "empty condition"),
        ('[{action: {type: Delete}, condition: {age: 0}}]', "as soon as the policy is set"),
        ('[{action: {type: Delete}, condition: {matchesStorageClass: [COLDLINE]}}]', "as soon as the policy is set"),
        ('[{action: {type: Delete}, condition: {daysSinceCustomTime: 10}}]', "at once"),
        ('[{action: {type: Delete}, condition: {age: 0, daysSinceCustomTime: 10}}]', "at once"),
        ('[{action: {type: Erase}, condition: {age: 9}}]', "no known action"),
        ('[{action: {type: SetStorageClass, storageClass: FROZEN}, condition: {age: 9}}]', "FROZEN"),
        ('[{action: {type: Delete}, condition: {aeg: 9}}]', "did you mean `age`?"),
        ('[{action: {type: Delete}, condition: {age: "9"}}]', "not a number of days"),
        ("{rules: []}", "a list of rules"),
    ],
)  # fmt: skip
def test_dangerous_or_broken_lifecycles_are_refused(tmp_path: Path, policy: str, said: str) -> None:
    path = edited(tmp_path, 'lifecycle_policy: "immediate_coldline"', f"lifecycle_policy: {policy}")

    with pytest.raises(InvalidPlanInput, match=r"lifecycle|storage class") as refusal:
        plan_with(config=path)

    assert said in str(refusal.value)


def test_a_lifecycle_of_ones_own_is_taken(tmp_path: Path) -> None:
    rule = "[{action: {type: Delete}, condition: {age: 400}}]"
    path = edited(tmp_path, 'lifecycle_policy: "immediate_coldline"', f"lifecycle_policy: {rule}")

    policy = move_of(plan_with(config=path), "history").migration.lifecycle_policy
    assert policy == {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 400}}]}


def test_a_lifecycle_that_deletes_before_anybody_looked_is_said(tmp_path: Path) -> None:
    rule = "[{action: {type: Delete}, condition: {age: 2}}]"
    path = edited(tmp_path, 'lifecycle_policy: "immediate_coldline"', f"lifecycle_policy: {rule}")

    said = move_of(plan_with(config=path), "history").differences
    assert any("deletes copies 2 days after they are made" in line for line in said)


def test_a_policy_defined_in_the_settings_is_found_by_name(tmp_path: Path) -> None:
    path = edited(tmp_path, "immediate_coldline", "keep_long")
    rule = {"action": {"type": "Delete"}, "condition": {"age": 3650}}
    settings = planner_settings({"lifecycle_policies": {"keep_long": {"storage_class": "ARCHIVE", "rule": [rule]}}})

    migration = move_of(plan_with(settings, path), "history").migration
    assert migration.storage_class == "ARCHIVE"
    assert migration.lifecycle_policy == {"rule": [rule]}


def test_yaml_runs_nothing() -> None:
    with pytest.raises(InvalidPlanInput, match="is not read"):
        parse_yaml("a: !!python/object/apply:os.system ['true']", "evil.yaml")


MAPPINGS = """
source_bucket: data-bucket-{env}
mappings:
  archives: cold-archive-bucket-{env}
  mapping: seed-data-bucket-{env}
  imports/seed/: {bucket: "seed-data-bucket-{env}", path: "seeds/"}
"""


def mapped(tmp_path: Path, text: str = MAPPINGS) -> Plan:
    path = tmp_path / "bucket_mappings.yaml"
    path.write_text(text, encoding="utf-8")
    evidence = analysis_of(*every_kind())
    return generate(evidence, PlannerSettings(), env="prod", mappings=load_mappings(path), prices=load_prices())


def test_mappings_name_the_targets(tmp_path: Path) -> None:
    plan = mapped(tmp_path)

    assert move_of(plan, "archives").migration.target_bucket == "cold-archive-bucket-prod"
    assert move_of(plan, "archives").migration.target_path == "archives/"
    assert move_of(plan, "imports_seed").migration.target_path == "seeds/"
    assert move_of(plan, "history").migration.target_bucket == "history-bucket-prod"


def test_moves_that_share_a_bucket_agree_on_it(tmp_path: Path) -> None:
    plan = mapped(tmp_path)
    mapping, seed = (move_of(plan, name).migration for name in ("mapping", "imports_seed"))

    assert mapping.target_bucket == seed.target_bucket
    assert mapping.settings == seed.settings
    assert mapping.labels == seed.labels
    assert mapping.lifecycle_policy == seed.lifecycle_policy
    assert mapping.settings.default_storage_class == "NEARLINE"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  archives:", "  archivs:", "did you mean `archives`?"),
        ("mappings:", "mapings:", "did you mean `mappings`?"),
        ("data-bucket-{env}\nmappings", "data-bucket-dev\nmappings", "the mappings are for data-bucket-dev"),
        ('path: "seeds/"', 'pth: "seeds/"', "did you mean `path`?"),
        ("cold-archive-bucket-{env}", "Cold_Archive", "is not a bucket name"),
        ("cold-archive-bucket-{env}", "a" * 60 + "-{env}", "65 characters"),
        ("cold-archive-bucket-{env}", "my-google-{env}", "google"),
        ("cold-archive-bucket-{env}", "data-bucket-{env}", "the bucket that it comes from"),
    ],
)
def test_mistakes_in_mappings_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidPlanInput) as refusal:
        mapped(tmp_path, MAPPINGS.replace(old, new, 1))

    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"wieghts": {}}, "did you mean `weights`?"),
        ({"weights": {"saving": 1}}, "did you mean `savings`?"),
        ({"weights": {"savings": -1}}, "must not be negative"),
        ({"material_usd": "much"}, "does not fit"),
        ({"observe_days": {"cool": 1}}, "unknown key `planner.observe_days.cool`"),
    ],
)
def test_mistakes_in_settings_are_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidPlanInput) as refusal:
        planner_settings(table)

    assert said in str(refusal.value)

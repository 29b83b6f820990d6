"""The shipped schema fits what is written; exports are what their readers expect."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hcl2
import jsonschema  # type: ignore[import-untyped]  # ships no type information
import msgspec
import pytest

from planner.config_file import load_configs
from planner.cost.rules import Rung
from planner.errors import InvalidPlanInput
from planner.export import FORMATS, export
from planner.export.in_place import in_place_rules
from planner.export.terraform import quoted
from planner.generate import generate
from planner.lifecycle import policy_of
from planner.plan import Plan
from planner.planfile import approve, dump
from planner.prices import load_prices
from planner.schema import schema_text, shipped_schema
from planner.settings import PlannerSettings
from planner_evidence import analysis_of, every_kind, folder

CONFIGS = Path(__file__).with_name("document_configs.yaml")


def a_plan(**more: Any) -> Plan:
    return generate(analysis_of(*every_kind()), PlannerSettings(), env="prod", prices=load_prices(), **more)


def configured() -> Plan:
    return a_plan(config=load_configs(CONFIGS))


def test_the_shipped_schema_is_that_of_the_structs() -> None:
    assert shipped_schema() == schema_text(), "write it again: python -c 'from planner.schema import …; schema_text()'"


def test_plans_fit_the_schema() -> None:
    schema = json.loads(shipped_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for plan in (a_plan(), configured(), approve(a_plan(), 1, "owner@example.com", "", datetime.now(UTC))):
        assert list(validator.iter_errors(json.loads(dump(plan)))) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda plan: plan.update(schema_version=2),
        lambda plan: plan.pop("env"),
        lambda plan: plan.update(extra=1),
        lambda plan: plan["phases"][0]["moves"][0].update(bytes="many"),
        lambda plan: plan["phases"][0]["moves"][0].update(priority="URGENT"),
        lambda plan: plan["phases"][0]["moves"][0]["migration"].update(pattern="whatever"),
    ],
)
def test_spoilt_plans_do_not_fit_the_schema(spoil: Any) -> None:
    document = json.loads(dump(a_plan()))
    spoil(document)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(shipped_schema())).validate(document)


def resources(text: str) -> dict[str, dict[str, Any]]:
    """Terraform resources by type and name, as a parser that is not ours reads them."""
    found: dict[str, dict[str, Any]] = {}
    for block in hcl2.loads(text)["resource"]:
        for kind, named in block.items():
            for name, body in named.items():
                found.setdefault(kind.strip('"'), {})[name.strip('"')] = body
    return found


def test_terraform_is_valid_and_complete() -> None:
    plan = configured()
    found = resources(export(plan, "terraform"))
    moving = [move for move in plan.moves() if move.action == "move"]

    names = {body["name"].strip('"') for body in found["google_storage_bucket"].values()}
    assert names == {move.migration.target_bucket for move in moving}
    grants = {(grant.member, move.migration.target_bucket) for move in moving for grant in move.migration.settings.iam}
    assert len(found["google_storage_bucket_iam_member"]) == len(grants)
    seed = found["google_storage_bucket"]["seed-data-bucket-prod"]
    assert len(seed["lifecycle_rule"]) == 6
    for bucket in found["google_storage_bucket"].values():
        assert bucket["force_destroy"] in (False, "false")


def test_terraform_keeps_hostile_names_as_text() -> None:
    hostile = 'a"b${var.project}%{if true}\\n'
    assert quoted(hostile) == '"a\\"b$${var.project}%%{if true}\\\\n"'
    plan = generate(analysis_of(folder('we"ird ${x}')), PlannerSettings(), env="prod", prices=load_prices())
    job = next(iter(resources(export(plan, "terraform"))["google_storage_transfer_job"].values()))

    assert "$${x}" in json.dumps(job)


def test_transfer_jobs_never_delete_or_overwrite() -> None:
    lines = [json.loads(line) for line in export(configured(), "transfer-jobs").splitlines()]
    jobs = [line for line in lines if "transferSpec" in line]

    assert jobs
    for job in jobs:
        spec = job["transferSpec"]
        assert spec["transferOptions"]["overwriteWhen"] == "NEVER"
        assert spec["transferOptions"]["deleteObjectsFromSourceAfterTransfer"] is False
        for side in ("gcsDataSource", "gcsDataSink"):
            assert spec[side]["path"] == "" or spec[side]["path"].endswith("/")
        assert job["name"].startswith("transferJobs/")
    assert len({job["name"] for job in jobs}) == len(jobs)


def test_what_a_transfer_job_cannot_express_is_said() -> None:
    lines = [json.loads(line) for line in export(configured(), "transfer-jobs").splitlines()]
    reasons = {line["use_case"]: line["not_expressible"] for line in lines if "not_expressible" in line}

    assert reasons["reference_seed"] == "it selects by file name"
    assert reasons["history"] == "it renames subfolders"
    assert reasons["tmp"] == "it takes partitions only, and leaves other objects"
    assert "archives" not in reasons


def test_excluded_prefixes_stay_out_of_the_job() -> None:
    outer = folder("outer", excludes=("outer/inner/",))
    plan = generate(analysis_of(outer), PlannerSettings(), env="prod", prices=load_prices())
    job = json.loads(export(plan, "transfer-jobs"))

    assert job["transferSpec"]["objectConditions"] == {"excludePrefixes": ["inner/"]}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_gcloud_script_parses_and_quotes(tmp_path: Path) -> None:
    hostile = folder("it's; touch pwned")
    plan = generate(analysis_of(*every_kind(), hostile), PlannerSettings(), env="prod", prices=load_prices())
    script = tmp_path / "buckets.sh"
    script.write_text(export(plan, "gcloud"), encoding="utf-8")
    fake = tmp_path / "gcloud"
    fake.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$*" >> "$CALLS"\ntest "$3" != describe -o "$4" = gs://data-bucket-prod\n',
        encoding="utf-8",
    )
    fake.chmod(0o755)
    calls = tmp_path / "calls"

    bash = shutil.which("bash")
    assert bash
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CALLS": str(calls)}
    subprocess.run([bash, str(script)], check=True, env=environment, cwd=tmp_path)

    assert not (tmp_path / "pwned").exists()
    said = calls.read_text(encoding="utf-8")
    assert "gs://data-bucket-prod/it's; touch pwned/" in said
    assert said.count("buckets create") == len({m.migration.target_bucket for m in plan.moves() if m.action == "move"})
    assert not {"rm", "delete", "rsync", "mv"} & set(said.split())


def a_plan_with_rules_in_place() -> Plan:
    """Two folders that stay under equal rules, and nothing that moves."""
    settings = PlannerSettings(material_usd=0.01, premium_share=0.01)
    stays = [folder(name, gib=5000, storage_class="NEARLINE", read_days=10) for name in ("logs", "it's")]
    return generate(analysis_of(*stays), settings, env="prod", prices=load_prices())


def test_rules_in_place_become_one_rule_for_both_prefixes() -> None:
    moves = a_plan_with_rules_in_place().moves()
    assert [move.action for move in moves] == ["stay", "stay"]
    [rule] = in_place_rules(moves)["rule"]

    assert rule["condition"]["matchesPrefix"] == ["it's/", "logs/"]
    many = [
        msgspec.structs.replace(
            moves[0],
            migration=msgspec.structs.replace(
                moves[0].migration, lifecycle_policy=policy_of([Rung(30, "NEARLINE")], prefix=f"f{n:03}/")
            ),
        )
        for n in range(120)
    ]
    assert [len(rule["condition"]["matchesPrefix"]) for rule in in_place_rules(many)["rule"]] == [50, 50, 20]


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("jq")), reason="needs bash and jq")
def test_the_gcloud_script_adds_rules_to_those_the_bucket_has(tmp_path: Path) -> None:
    own = {"action": {"type": "Delete"}, "condition": {"age": 7, "matchesPrefix": ["tmp/"]}}
    script, fake = tmp_path / "rules.sh", tmp_path / "gcloud"
    script.write_text(export(a_plan_with_rules_in_place(), "gcloud"), encoding="utf-8")
    fake.write_text(
        "#!/bin/sh\n"
        f"test \"$3\" = describe && echo '{json.dumps({'lifecycle_config': {'rule': [own]}})}' && exit\n"
        'cp "${5#--lifecycle-file=}" "$SET"\n',
        encoding="utf-8",
    )
    fake.chmod(0o755)
    bash = shutil.which("bash")
    assert bash
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SET": str(tmp_path / "set.json")}
    subprocess.run([bash, str(script)], check=True, env=environment, cwd=tmp_path)

    rules = json.loads((tmp_path / "set.json").read_text(encoding="utf-8"))["rule"]
    assert own in rules
    assert in_place_rules(a_plan_with_rules_in_place().moves())["rule"][0] in rules
    assert len(rules) == 2


def test_terraform_shows_rules_in_place_as_a_comment() -> None:
    text = export(a_plan_with_rules_in_place(), "terraform")
    shown = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("#   ")]
    [rule] = hcl2.loads("x {\n" + "\n".join(shown) + "\n}\n")["x"][0]["lifecycle_rule"]

    assert "COLDLINE" in json.dumps(rule)
    assert "google_storage_bucket" not in text.replace("hashicorp/google", "")


@pytest.mark.parametrize("form", FORMATS)
def test_exports_are_the_same_each_time(form: str) -> None:
    assert export(a_plan(), form) == export(a_plan(), form)


def test_what_cannot_be_exported() -> None:
    with pytest.raises(InvalidPlanInput, match="did you mean `terraform`"):
        export(a_plan(), "teraform")
    with pytest.raises(InvalidPlanInput, match="nothing moves"):
        export(a_plan(), "transfer-jobs", 5)
    stays = generate(
        analysis_of(folder("x", temperature="unknown")), PlannerSettings(), env="prod", prices=load_prices()
    )
    for form in ("terraform", "gcloud", "transfer-jobs"):
        with pytest.raises(InvalidPlanInput, match="nothing moves"):
            export(stays, form)
    with pytest.raises(InvalidPlanInput, match="no phase 7"):
        export(a_plan(), "terraform", 7)

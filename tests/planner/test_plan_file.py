"""`plan.json`: round trip, same bytes, schema, digests, approvals, signatures."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from planner.errors import ApprovalNeeded, InvalidPlanInput
from planner.generate import generate
from planner.plan import Plan
from planner.planfile import approval_problems, approve, dump, load, loads, require_approval, write
from planner.prices import load_prices
from planner.settings import PlannerSettings
from planner_evidence import analysis_of, every_kind

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def a_plan() -> Plan:
    return generate(analysis_of(*every_kind()), PlannerSettings(), env="prod", prices=load_prices())


def approved() -> Plan:
    return approve(a_plan(), 1, "owner@example.com", "agreed", AT)


def test_the_same_evidence_makes_the_same_bytes() -> None:
    assert dump(a_plan()) == dump(a_plan())


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write(approved(), path)

    assert load(path) == approved()
    assert dump(load(path)) == path.read_bytes()


def test_the_contract_of_names() -> None:
    plan = json.loads(dump(approved()))

    assert {"schema_version", "plan_id", "env", "created_at", "source_bucket", "evidence", "prices", "phases"} <= set(
        plan
    )
    phase = plan["phases"][0]
    assert {"phase", "title", "moves", "digest", "approval"} <= set(phase)
    move = phase["moves"][0]
    wanted = (
        "use_case subfolder rank tier priority temperature isolation pattern assessment reasons risks readers writers"
    )
    assert {*wanted.split(), "objects", "bytes", "migration", "cost"} <= set(move)
    wanted = "pattern source_bucket source_path target_bucket target_path storage_class location lifecycle_policy"
    assert set(wanted.split()) <= set(move["migration"])
    assert {"monthly_now_usd", "monthly_after_usd", "one_off_usd", "break_even_months"} <= set(move["cost"])


def test_an_approval_holds_until_something_changes() -> None:
    plan = approved()

    assert approval_problems(plan, 1) == []
    require_approval(plan, 1)
    assert approval_problems(plan, 2) == ["phase 2 is not approved"]
    with pytest.raises(ApprovalNeeded, match="plan approve"):
        require_approval(plan, 2)


@pytest.mark.parametrize(
    "edit",
    [
        lambda plan: plan["phases"][0]["moves"][0]["migration"].update(target_bucket="elsewhere"),
        lambda plan: plan["phases"][0]["moves"][0].update(bytes=1),
        lambda plan: plan["phases"][0]["moves"].pop(),
        lambda plan: plan["phases"][0]["moves"][0]["cost"].update(one_off_usd=0.0),
        lambda plan: plan.update(source_bucket="other"),
        lambda plan: plan.update(env="dev"),
        lambda plan: plan["evidence"].update(digest="sha256:other"),
    ],
)
def test_every_edit_voids_the_approval(edit: object) -> None:
    raw = json.loads(dump(approved()))
    edit(raw)  # type: ignore[operator]
    plan = loads(json.dumps(raw).encode())

    assert approval_problems(plan, 1)
    with pytest.raises(ApprovalNeeded):
        require_approval(plan, 1)


def test_an_edited_plan_with_a_recomputed_digest_is_still_not_the_approved_one() -> None:
    from planner.planfile import phase_digest

    plan = approved()
    phase = plan.phases[0]
    move = msgspec.structs.replace(phase.moves[0], bytes=1)
    edited = msgspec.structs.replace(phase, moves=(move, *phase.moves[1:]))
    edited = msgspec.structs.replace(edited, digest=phase_digest(plan, edited))
    forged = msgspec.structs.replace(plan, phases=(edited, *plan.phases[1:]))

    assert approval_problems(forged, 1) == [
        "the approval of phase 1, the plan's id or its list of phases was edited after it was given",
        "phase 1 was edited after owner@example.com approved it",
    ]


def test_a_plan_without_one_of_its_other_phases_is_not_the_approved_one() -> None:
    plan = approved()
    shorter = msgspec.structs.replace(plan, phases=plan.phases[:-1])

    assert approval_problems(plan, 1) == []
    assert approval_problems(shorter, 1) == [
        "the approval of phase 1, the plan's id or its list of phases was edited after it was given"
    ]


def test_an_edit_of_another_phase_leaves_this_one_approved() -> None:
    raw = json.loads(dump(approved()))
    raw["phases"][1]["moves"][0]["bytes"] = 1

    assert approval_problems(loads(json.dumps(raw).encode()), 1) == []


def test_what_cannot_be_approved() -> None:
    with pytest.raises(InvalidPlanInput, match="no phase 9"):
        approve(a_plan(), 9, "owner@example.com", "", AT)
    with pytest.raises(InvalidPlanInput, match="moves nothing"):
        approve(a_plan(), 5, "owner@example.com", "", AT)
    with pytest.raises(InvalidPlanInput, match="needs a name"):
        approve(a_plan(), 1, " ", "", AT)
    edited = json.loads(dump(a_plan()))
    edited["phases"][0]["moves"][0]["bytes"] = 1
    with pytest.raises(InvalidPlanInput, match="edited after it was generated"):
        approve(loads(json.dumps(edited).encode()), 1, "owner@example.com", "", AT)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private and a public ed25519 key, made by openssl as a user would."""
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(private)], check=True)
    subprocess.run(["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)], check=True)
    return private, public


def test_a_signed_approval(keys: tuple[Path, Path]) -> None:
    private, public = keys
    plan = loads(dump(approve(a_plan(), 1, "owner@example.com", "", AT, private)))

    assert approval_problems(plan, 1, public) == []
    assert approval_problems(approved(), 1, public) == [f"the approval of phase 1 is not signed by {public}"]


def test_a_signature_does_not_survive_a_change_of_the_approval(keys: tuple[Path, Path]) -> None:
    signed = json.loads(dump(approve(a_plan(), 1, "owner@example.com", "", AT, keys[0])))
    forged = json.loads(dump(approve(a_plan(), 1, "someone-else@example.com", "", AT)))
    forged["phases"][0]["approval"]["signature"] = signed["phases"][0]["approval"]["signature"]

    problems = approval_problems(loads(json.dumps(forged).encode()), 1, keys[1])
    assert problems == ["the signature on the approval of phase 1 does not match it"]


def test_keys_that_are_none(tmp_path: Path) -> None:
    broken = tmp_path / "key.pem"
    broken.write_text("no key", encoding="utf-8")
    with pytest.raises(InvalidPlanInput, match=r"key\.pem"):
        approve(a_plan(), 1, "owner@example.com", "", AT, broken)
    with pytest.raises(InvalidPlanInput, match="cannot read the key"):
        approve(a_plan(), 1, "owner@example.com", "", AT, tmp_path / "missing.pem")
    with pytest.raises(InvalidPlanInput, match="cannot read the public key"):
        approval_problems(approved(), 1, broken)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not valid JSON"),
        (b"[]", "names no schema_version"),
        (b'{"schema_version": 2}', "plan version 2"),
        (b'{"schema_version": 1}', "not a plan this release understands"),
        (b"\xff\xfe", "not valid JSON"),
    ],
)
def test_files_that_are_no_plans(raw: bytes, said: str) -> None:
    with pytest.raises(InvalidPlanInput, match="generate it again") as refusal:
        loads(raw)

    assert said in str(refusal.value)


def test_unknown_fields_are_refused() -> None:
    raw = json.loads(dump(a_plan()))
    raw["phases"][0]["moves"][0]["migration"]["overwrite"] = True

    with pytest.raises(InvalidPlanInput, match="overwrite"):
        loads(json.dumps(raw).encode())


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlanInput, match="plan generate"):
        load(tmp_path / "plan.json")

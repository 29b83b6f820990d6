"""`plan.json` on disk: reading, writing, digests and approvals.

The file keeps the order of the structs and is indented for people (by one space: deep as it is, two would be a fifth
of a large plan); digests are taken over the canonical form (see `canonical`), so that only content counts. A
phase's digest covers its moves and everything that the plan says of all phases (bucket, environment, evidence, prices,
warnings). An approval repeats that digest and the digest of the evidence, and has a digest of its own, over the plan's
id and the digests of all phases too; `approval_problems` compares all of them. So nothing that an approver saw can
change unnoticed; what another phase holds is told by the digest of that one. Who can write the file can also make
digests anew: only a signature tells that.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from analysis.whole_files import write_whole
from planner.errors import ApprovalNeeded, InvalidPlanInput
from planner.lifecycle import checked
from planner.naming import spoken_alike
from planner.plan import SCHEMA_VERSION, Approval, Phase, Plan
from planner.signature import public_key, sign, verified


def canonical(value: Any) -> bytes:
    """The bytes that digests are taken over: JSON without spaces, structs in their own order, other keys sorted."""
    return msgspec.json.encode(value, order="deterministic")


def digest_of(value: Any) -> str:
    """`sha256:…` of a value's canonical form."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def phase_digest(plan: Plan, phase: Phase) -> str:
    """The digest that an approval of this phase binds to: of all but its moves, then of one move after the other."""
    bare = msgspec.structs.replace(phase, moves=(), digest="", approval=None)
    found = hashlib.sha256(canonical([msgspec.structs.replace(plan, plan_id="", phases=()), bare]))
    for move in phase.moves:
        found.update(canonical(move))
    return f"sha256:{found.hexdigest()}"


def dump(plan: Plan) -> bytes:
    """The plan as the bytes of `plan.json`."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n"


def write(plan: Plan, path: Path) -> None:
    """Write `plan.json` so that a crash leaves the old file or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole({path: dump(plan)})
    except OSError as error:
        raise InvalidPlanInput(f"cannot write the plan {path}: {error.strerror}", "name another file") from error


def load(path: Path) -> Plan:
    """Read `plan.json`. Raises InvalidPlanInput for missing files, broken JSON, unknown versions and unknown fields."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidPlanInput(
            f"cannot read the plan {path}: {error.strerror}", "run `thermocline plan generate`"
        ) from error
    return loads(raw, str(path))


def loads(raw: bytes, name: str = "plan.json") -> Plan:
    """A plan from the bytes of a file called `name`."""
    again = "generate it again with `thermocline plan generate`"
    try:
        version = msgspec.json.decode(raw, type=_Head).schema_version
    except msgspec.ValidationError:
        version = None
    except msgspec.DecodeError as error:
        raise InvalidPlanInput(f"{name} is not valid JSON ({error})", again) from error
    except RecursionError:
        raise InvalidPlanInput(f"{name} is nested deeper than any plan", again) from None
    if version is None:
        raise InvalidPlanInput(f"{name} is no plan: it names no schema_version", again)
    if version != SCHEMA_VERSION:
        hint = f"this release reads version {SCHEMA_VERSION}; {again}"
        raise InvalidPlanInput(f"{name} has plan version {version!r}", hint)
    try:
        plan = msgspec.json.decode(raw, type=Plan)
    except msgspec.ValidationError as error:
        raise InvalidPlanInput(f"{name} is not a plan this release understands ({error})", again) from error
    alike: dict[str, str] = {}
    for move in plan.moves():
        if spoken_alike(move.use_case) in alike:
            other = alike[spoken_alike(move.use_case)]
            raise InvalidPlanInput(f"{name}: `{other}` and `{move.use_case}` would share a journal and files", again)
        alike[spoken_alike(move.use_case)] = move.use_case
        policy = checked(move.migration.lifecycle_policy, f"{name}: `{move.use_case}`")
        if move.action == "stay" and not all(rule["condition"].get("matchesPrefix") for rule in policy["rule"]):
            raise InvalidPlanInput(f"{name}: `{move.use_case}` stays, and its rules name no prefix", again)
    return plan


class _Head(msgspec.Struct):
    schema_version: int | None = None


def find_phase(plan: Plan, number: int) -> Phase:
    """The phase with that number. Raises InvalidPlanInput where the plan has none."""
    for phase in plan.phases:
        if phase.phase == number:
            return phase
    known = ", ".join(str(phase.phase) for phase in plan.phases)
    raise InvalidPlanInput(f"the plan has no phase {number}", f"its phases are {known}")


def _sealed(plan: Plan, number: int, approval: Approval) -> list[Any]:
    """What an approval's digest and signature are made over; the other phases count by their digests."""
    bare = msgspec.structs.replace(approval, digest="", signature=None)
    return [plan.plan_id, [phase.digest for phase in plan.phases], number, bare]


def approve(plan: Plan, phase: int, by: str, note: str, at: datetime, key_file: Path | None = None) -> Plan:
    """The plan with an approval of `phase`; signed where a key file (ed25519, PEM) is given.

    Raises InvalidPlanInput when the phase is unknown, moves nothing, or was edited since it was generated.
    """
    wanted = find_phase(plan, phase)
    if not by.strip():
        raise InvalidPlanInput("an approval needs a name", "say who approves with --by")
    if not any(move.action == "move" for move in wanted.moves):
        raise InvalidPlanInput(f"phase {phase} moves nothing", "there is nothing to approve")
    actual = phase_digest(plan, wanted)
    if actual != wanted.digest:
        raise InvalidPlanInput(f"phase {phase} was edited after it was generated", "generate the plan again")
    approval = Approval(by=by, at=at, note=note, phase_digest=actual, evidence_digest=plan.evidence.digest, digest="")
    sealed = _sealed(plan, phase, approval)
    signature = sign(canonical(sealed), key_file) if key_file is not None else None
    approval = msgspec.structs.replace(approval, digest=digest_of(sealed), signature=signature)
    approved = msgspec.structs.replace(wanted, approval=approval)
    return msgspec.structs.replace(plan, phases=tuple(approved if p is wanted else p for p in plan.phases))


def approval_problems(plan: Plan, phase: int, trusted_key: Path | None = None) -> list[str]:
    """Why this phase may not be carried out; empty when it may.

    With `trusted_key` (an ed25519 public key, PEM) the approval must also carry a signature by that key.
    """
    wanted = find_phase(plan, phase)
    approval = wanted.approval
    if approval is None:
        return [f"phase {phase} is not approved"]
    problems, sealed = [], _sealed(plan, phase, approval)
    if approval.digest != digest_of(sealed):
        problems.append(
            f"the approval of phase {phase}, the plan's id or its list of phases was edited after it was given"
        )
    if not wanted.digest == approval.phase_digest == phase_digest(plan, wanted):
        problems.append(f"phase {phase} was edited after {approval.by} approved it")
    if approval.evidence_digest != plan.evidence.digest:
        problems.append(f"the evidence behind phase {phase} is not what {approval.by} approved")
    if approval.signature is not None and not verified(canonical(sealed), approval.signature):
        problems.append(f"the signature on the approval of phase {phase} does not match it")
    trusted = public_key(trusted_key) if trusted_key is not None else None
    if trusted is not None and (approval.signature is None or approval.signature.public_key != trusted):
        problems.append(f"the approval of phase {phase} is not signed by {trusted_key}")
    return problems


def require_approval(plan: Plan, phase: int, trusted_key: Path | None = None) -> None:
    """Raise ApprovalNeeded unless the phase may be carried out."""
    if problems := approval_problems(plan, phase, trusted_key):
        raise ApprovalNeeded("; ".join(problems), f"run `thermocline plan approve PLAN --phase {phase} --by NAME`")

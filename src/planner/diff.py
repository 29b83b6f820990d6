"""What changed between two plans, and why: the evidence, the prices, or what somebody configured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from planner.plan import Move, Plan


@dataclass(frozen=True)
class Change:
    """One difference. `kind` is added, removed or changed; `why` names the cause as far as the plans tell it."""

    use_case: str
    kind: str
    field: str
    before: Any
    after: Any
    why: str


# What the evidence says, and what the plan makes of it.
EVIDENCE_FIELDS: dict[str, Callable[[Move], Any]] = {
    "temperature": lambda move: move.temperature,
    "isolation": lambda move: move.isolation,
    "pattern": lambda move: move.pattern,
    "flags": lambda move: list(move.flags),
    "readers": lambda move: sorted(move.readers),
    "writers": lambda move: sorted(move.writers),
    "objects": lambda move: move.objects,
    "bytes": lambda move: move.bytes,
    "code_changes": lambda move: sorted({f"{each.file}:{each.line}" for each in move.code_changes}),
}
DECISION_FIELDS: dict[str, Callable[[Move], Any]] = {
    "action": lambda move: move.action,
    "tier": lambda move: move.tier,
    "priority": lambda move: move.priority,
    "target": lambda move: f"{move.migration.target_bucket}/{move.migration.target_path}",
    "storage_class": lambda move: move.migration.storage_class,
    "location": lambda move: move.migration.location,
    "lifecycle_policy": lambda move: move.migration.lifecycle_policy,
    "monthly_now_usd": lambda move: move.cost.monthly_now_usd,
    "monthly_after_usd": lambda move: move.cost.monthly_after_usd,
    "one_off_usd": lambda move: move.cost.one_off_usd,
}


def diff(before: Plan, after: Plan) -> list[Change]:
    """The differences, plan-wide ones first, then by use case in the order of the newer plan."""
    return [*_whole(before, after), *_by_use_case(before, after)]


def _whole(before: Plan, after: Plan) -> list[Change]:
    pairs = [
        ("env", before.env, after.env, "another environment"),
        ("source_bucket", before.source_bucket, after.source_bucket, "another bucket"),
        ("evidence.as_of", str(before.evidence.as_of), str(after.evidence.as_of), "a newer analysis"),
        ("evidence.digest", before.evidence.digest, after.evidence.digest, "the evidence changed"),
        ("prices", before.prices.digest, after.prices.digest, "another price table"),
    ]
    return [Change("", "changed", name, old, new, why) for name, old, new, why in pairs if old != new]


def _by_use_case(before: Plan, after: Plan) -> list[Change]:
    old = {move.use_case: (phase.phase, move) for phase in before.phases for move in phase.moves}
    new = {move.use_case: (phase.phase, move) for phase in after.phases for move in phase.moves}
    changes = []
    for use_case, (phase, move) in new.items():
        if use_case not in old:
            changes.append(Change(use_case, "added", "phase", None, phase, move.reasons[-1] if move.reasons else ""))
            continue
        changes += _changed(use_case, *old[use_case], phase, move, same_prices=before.prices == after.prices)
    for use_case, (phase, _) in old.items():
        if use_case not in new:
            changes.append(
                Change(use_case, "removed", "phase", phase, None, "no longer discovered, configured or wanted")
            )
    return changes


def _changed(use_case: str, old_phase: int, old: Move, new_phase: int, new: Move, *, same_prices: bool) -> list[Change]:
    evidence = [
        Change(use_case, "changed", name, read(old), read(new), "the evidence changed")
        for name, read in EVIDENCE_FIELDS.items()
        if read(old) != read(new)
    ]
    causes = [f"{change.field}: {_short(change.before)} → {_short(change.after)}" for change in evidence]
    why = "; ".join(causes) or ("configuration or settings changed" if same_prices else "prices changed")
    fields = {"phase": (old_phase, new_phase)} | {n: (read(old), read(new)) for n, read in DECISION_FIELDS.items()}
    decisions = [Change(use_case, "changed", name, a, b, why) for name, (a, b) in fields.items() if a != b]
    return evidence + decisions


def _short(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)

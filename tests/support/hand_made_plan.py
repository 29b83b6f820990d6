"""Plans written by hand for tests of the executor: the planner's structs, without the planner's verdicts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from planner.cost.figures import Cost, OneOff
from planner.plan import Evidence, Migration, Move, Phase, Plan, Prices, Score
from planner.planfile import approve, phase_digest, write

SOURCE = "data-bucket-dev"
# A bucket that a person made and handed over, as plans want it.
HANDED_OVER: dict[str, Any] = {
    "labels": {"managed-by": "thermocline"},
    "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
}
COST = Cost(
    monthly_now_usd=0.0,
    monthly_after_usd=0.0,
    one_off_usd=0.0,
    break_even_months=None,
    three_year_now_usd=0.0,
    three_year_after_usd=0.0,
    three_year_in_place_usd=0.0,
    move_premium_usd=0.0,
    recommendation="",
    one_off=OneOff(),
)


def move(use_case: str, **migration: Any) -> Move:
    """One move; the keywords are those of `Migration`."""
    migration = {"pattern": "single_folder", "source_bucket": SOURCE, "location": "europe-west1"} | migration
    return Move(
        use_case=use_case,
        subfolder=migration["source_path"].rstrip("/"),
        action="move" if migration.get("target_bucket") else "stay",
        rank=1,
        tier=1,
        priority="HIGH",
        temperature="cold",
        isolation="perfect",
        pattern="manual archive",
        assessment="",
        reasons=(),
        risks=(),
        readers=(),
        writers=(),
        objects=0,
        bytes=0,
        migration=msgspec.convert(migration, Migration),
        cost=COST,
        score=Score(total=1.0, factors=()),
    )


def plan_of(*phases: Sequence[Move], env: str = "dev", as_of: date = date(2026, 10, 31)) -> Plan:
    """A plan with these moves, phase by phase."""
    plan = Plan(
        schema_version=1,
        plan_id="plan-by-hand",
        env=env,
        created_at=datetime(2026, 10, 31, 23, 59, tzinfo=UTC),
        source_bucket=SOURCE,
        evidence=Evidence(
            digest="sha256:0",
            snapshot_id=1,
            as_of=as_of,
            coverage_days=90,
            coverage_from=None,
            coverage_to=None,
            location="europe-west1",
            project="analytics-dev",
        ),
        prices=Prices(name="test", read_on=as_of, source="", currency="USD", digest="", location="europe-west1"),
        phases=tuple(Phase(phase=n, title="", moves=tuple(moves), digest="") for n, moves in enumerate(phases, 1)),
    )
    bound = tuple(msgspec.structs.replace(phase, digest=phase_digest(plan, phase)) for phase in plan.phases)
    return msgspec.structs.replace(plan, phases=bound)


def write_approved(plan: Plan, path: Path, *phases: int) -> Path:
    """Approve the phases (all that move something, when none is named) and write the plan."""
    moving = [phase.phase for phase in plan.phases if any(one.action == "move" for one in phase.moves)]
    for number in phases or moving:
        plan = approve(plan, number, "owner@example.com", "", datetime(2026, 11, 1, tzinfo=UTC))
    write(plan, path)
    return path

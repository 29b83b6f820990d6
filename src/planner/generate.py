"""From an analysis to a plan: pure, and the same bytes for the same evidence and settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

import msgspec

from analysis.model import Analysis
from planner.breakages import breakages
from planner.candidates import Candidate, candidates
from planner.capacity import capped
from planner.config_file import BucketMappings, MigrationConfigs
from planner.cost.decide import Decision, decide
from planner.cost.options import Option
from planner.dependencies import shared_with
from planner.errors import InvalidPlanInput
from planner.migration import Scene, moving, staying
from planner.naming import check_env
from planner.plan import SCHEMA_VERSION, Evidence, Migration, Move, Phase, Plan, Prices, Score, Shared
from planner.planfile import digest_of, phase_digest
from planner.prices import Place, PriceTable
from planner.score import score
from planner.settings import PlannerSettings
from planner.shared_buckets import agree
from planner.steps import checks, code_changes, six_steps
from planner.target import Claim, Target, check_mappings, refuse_collisions, target_of
from planner.tiers import DEFERRED, LAST_MOVING_PHASE, PHASE_TITLES, Placement, place, stay
from planner.wording import benefits, money_reason, recommendation, risks


@dataclass(frozen=True)
class Row:
    """One candidate with everything decided about it."""

    candidate: Candidate
    placement: Placement
    decision: Decision
    option: Option
    migration: Migration
    score: Score

    @property
    def size(self) -> int:
        """Bytes, for capacity."""
        return self.candidate.subfolder.bytes if self.placement.action == "move" else 0


def generate(
    analysis: Analysis,
    settings: PlannerSettings,
    *,
    env: str,
    config: MigrationConfigs | None = None,
    mappings: BucketMappings | None = None,
    prices: PriceTable,
    taken: Mapping[str, str] | None = None,
) -> Plan:
    """The plan. `taken` names existing buckets and their projects, to refuse names that belong to somebody else.

    Raises InvalidPlanInput for everything that cannot be planned as asked, before anything is written.
    """
    check_env(env)
    check_mappings(mappings, analysis.bucket, env, {each.name for each in analysis.subfolders})
    location = settings.target_location or analysis.location
    if location is None:
        raise InvalidPlanInput(f"the location of {analysis.bucket} is not known", "name it with --target-location")
    scene = Scene(env, analysis.bucket, location.lower(), settings, prices.soft_delete.days)
    source = prices.place(analysis.location or location)
    rows = [
        _row(candidate, mappings, prices, source, scene) for candidate in candidates(analysis, settings, config, env)
    ]
    _refuse_taken(rows, taken or {}, analysis.project)
    refuse_collisions([_claim(row) for row in rows if row.migration.target_bucket], analysis.bucket)
    agreed = agree([row.migration for row in rows])
    rows = [_with(row, migration=migration) for row, migration in zip(rows, agreed, strict=True)]
    rows = sorted(
        rows, key=lambda row: (row.placement.phase, row.placement.tier, -row.score.total, row.candidate.use_case)
    )
    placements = capped([(row.candidate.use_case, row.placement, row.size) for row in rows], settings)
    rows = [_with(row, placement=placement) for row, placement in zip(rows, placements, strict=True)]
    rows.sort(key=lambda row: row.placement.phase)
    return _plan(analysis, rows, scene, source, prices)


def _with(row: Row, *, migration: Migration | None = None, placement: Placement | None = None) -> Row:
    return Row(
        row.candidate, placement or row.placement, row.decision, row.option, migration or row.migration, row.score
    )


def _row(candidate: Candidate, mappings: BucketMappings | None, prices: PriceTable, source: Place, scene: Scene) -> Row:
    subfolder, settings = candidate.subfolder, scene.settings
    days = getattr(settings.observe_days, subfolder.temperature)
    placement = place(subfolder)
    target: Target | None = None
    if placement.action == "move" or candidate.config is not None:
        target = target_of(candidate, mappings, scene.env)
    where = prices.place(target.location if target and target.location else scene.location)
    decision = decide(subfolder, prices, source, where, settings, use_case=candidate.use_case, observe_days=days)
    if candidate.config is not None and subfolder.name:
        placement = _configured(placement)
    elif placement.action == "move" and not decision.move_pays and candidate.use_case not in settings.pin:
        placement = stay("a bucket of its own costs more than it is worth: set a lifecycle rule in place")
    if placement.action == "move" and target is not None:
        option = decision.best_move
        migration = moving(candidate, target, option, days, scene)
        option = _option_of(decision, migration, option)
    else:
        option = decision.leave if subfolder.temperature == "unknown" else decision.best_in_place
        migration = staying(candidate, scene, option)
    saving = decision.leave.month_usd - option.month_usd
    return Row(candidate, placement, decision, option, migration, score(subfolder, saving, settings))


def _configured(placement: Placement) -> Placement:
    """A configured use case moves, in the phase that the evidence gives it."""
    return placement if placement.action == "move" else Placement(placement.tier, DEFERRED, "move", placement.because)


def _option_of(decision: Decision, migration: Migration, best: Option) -> Option:
    """The alternative whose price is that of a configured class, where configuration chose another one."""
    if migration.storage_class == best.storage_class:
        return best
    name = f"move-{migration.storage_class.lower()}"
    return next(option for option in decision.options if option.name == name)


def _claim(row: Row) -> Claim:
    migration = row.migration
    return Claim(
        use_case=row.candidate.use_case,
        source_path=migration.source_path,
        bucket=migration.target_bucket or "",
        target_path=migration.target_path,
        mapping=migration.subfolder_mapping,
        children=frozenset(child.name for child in row.candidate.subfolder.children),
    )


def _refuse_taken(rows: Sequence[Row], taken: Mapping[str, str], project: str | None) -> None:
    for row in rows:
        owner = taken.get(row.migration.target_bucket or "")
        if owner is not None and owner != project:
            raise InvalidPlanInput(
                f"`{row.candidate.use_case}`: the bucket {row.migration.target_bucket} exists already and belongs to "
                f"{owner or 'somebody else'}",
                "name another one in bucket_mappings.yaml",
            )


def _plan(analysis: Analysis, rows: Sequence[Row], scene: Scene, source: Place, prices: PriceTable) -> Plan:
    phases_of = {row.candidate.use_case: row.placement.phase for row in rows}
    tied = shared_with([(row.candidate.use_case, row.candidate.subfolder) for row in rows], phases_of)
    moves: dict[int, list[Move]] = {phase: [] for phase in PHASE_TITLES}
    for rank, row in enumerate(rows, 1):
        moves[row.placement.phase].append(_move(rank, row, tied.get(row.candidate.use_case, ())))
    plan = Plan(
        schema_version=SCHEMA_VERSION,
        plan_id="",
        env=scene.env,
        created_at=datetime.combine(analysis.as_of, time(), UTC),
        source_bucket=analysis.bucket,
        evidence=_evidence(analysis),
        prices=_prices(prices, source),
        warnings=_warnings(analysis, rows),
        phases=tuple(
            Phase(phase=number, title=PHASE_TITLES[number], moves=tuple(moves[number]), digest="") for number in moves
        ),
    )
    phases = tuple(msgspec.structs.replace(phase, digest=phase_digest(plan, phase)) for phase in plan.phases)
    plan_id = digest_of([plan.evidence, plan.prices, plan.env, [phase.digest for phase in phases]])
    return msgspec.structs.replace(plan, plan_id=f"plan-{plan_id.partition(':')[2][:16]}", phases=phases)


def _evidence(analysis: Analysis) -> Evidence:
    return Evidence(
        digest=analysis.evidence_digest,
        snapshot_id=analysis.snapshot_id,
        as_of=analysis.as_of,
        coverage_days=analysis.coverage_days,
        coverage_from=analysis.coverage_from,
        coverage_to=analysis.coverage_to,
        location=analysis.location,
        project=analysis.project,
    )


def _prices(prices: PriceTable, source: Place) -> Prices:
    notes = ("list prices without taxes, free tiers and commitments", *([source.note] if source.note else []))
    return Prices(
        name=prices.name,
        read_on=prices.read_on,
        source=prices.source,
        currency=prices.currency,
        digest=digest_of(prices),
        location=source.location,
        assumptions=notes,
    )


def _warnings(analysis: Analysis, rows: Sequence[Row]) -> tuple[str, ...]:
    found = []
    unknown = [row.candidate.subfolder.name for row in rows if row.candidate.subfolder.temperature == "unknown"]
    if unknown:
        found.append(f"the evidence does not tell how {', '.join(filter(None, unknown[:5]))} are used")
    if analysis.project is None:
        found.append("the project of the bucket is not known: nobody could be told apart as external")
    late = [
        r.candidate.use_case for r in rows if r.placement.action == "move" and r.placement.phase > LAST_MOVING_PHASE
    ]
    if late:
        found.append(f"configured against the evidence: {', '.join(late)}")
    return tuple(found)


def _move(rank: int, row: Row, shared: tuple[Shared, ...]) -> Move:
    subfolder, migration, placement = row.candidate.subfolder, row.migration, row.placement
    moves = placement.action == "move"
    changes = code_changes(subfolder)
    checked = checks(subfolder) if moves else ()
    return Move(
        use_case=row.candidate.use_case,
        subfolder=subfolder.name,
        action=placement.action,
        rank=rank,
        tier=placement.tier,
        priority=placement.priority,
        temperature=subfolder.temperature,
        isolation=subfolder.isolation,
        pattern=subfolder.pattern,
        assessment=subfolder.assessment,
        reasons=(*subfolder.reasons, placement.because, money_reason(row.decision, row.option)),
        risks=risks(subfolder, row.decision, placement.action, shared),
        benefits=benefits(subfolder, row.decision, row.option, placement.action),
        flags=tuple(sorted(subfolder.flags)),
        readers=tuple(use.name for use in subfolder.readers),
        writers=tuple(use.name for use in subfolder.writers),
        objects=subfolder.objects,
        bytes=subfolder.bytes,
        migration=migration,
        cost=row.decision.cost(row.option, recommendation(placement, row.decision, row.option)),
        score=row.score,
        steps=six_steps(subfolder, migration, changes, checked) if moves else (),
        code_changes=changes,
        shared_with=shared,
        breakages=breakages(subfolder, migration) if moves else (),
        checks=checked,
        differences=_differences(row),
    )


def _differences(row: Row) -> tuple[str, ...]:
    """What configuration says and the evidence does not."""
    found = list(row.candidate.differences)
    if row.candidate.config is None:
        return tuple(found)
    if row.placement.phase == DEFERRED:
        found.append(f"configured to move, while the evidence says: {row.placement.because}")
    if row.migration.storage_class != row.decision.best_move.storage_class:
        found.append(
            f"configured for {row.migration.storage_class}, while the evidence recommends "
            f"{row.decision.best_move.storage_class}"
        )
    if not row.decision.move_pays:
        found.append(
            f"configured to move, while staying is {row.decision.premium_usd:.2f} USD cheaper over three years"
        )
    return tuple(found)

"""Puts decided rows together as a plan: the text of each move, the phases, digests and the plan's id."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from itertools import islice

import msgspec

from analysis.model import ROOT, Analysis
from planner.breakages import breakages
from planner.bucket_facts import BucketFacts
from planner.candidates import Candidate
from planner.cost.decide import Decision
from planner.cost.figures import Cost
from planner.cost.option import Option
from planner.dependencies import shared_with
from planner.migration import Scene
from planner.money import money
from planner.plan import SCHEMA_VERSION, Evidence, Migration, Move, Phase, Plan, Prices, Score, Shared
from planner.planfile import digest_of, phase_digest
from planner.prices import Place, PriceTable
from planner.steps import checks, code_changes, six_steps
from planner.tiers import DEFERRED, LAST_MOVING_PHASE, PHASE_TITLES, Placement
from planner.wording import benefits, recommendation, risks

FORMATS = 5  # that are named


class Row(msgspec.Struct, frozen=True):
    """One candidate with everything decided about it."""

    candidate: Candidate
    placement: Placement
    decision: Decision
    option: Option
    cost: Cost
    migration: Migration
    score: Score

    @property
    def size(self) -> int:
        """Bytes, for capacity."""
        return self.candidate.subfolder.bytes if self.placement.action == "move" else 0


def assemble(
    analysis: Analysis,
    rows: Sequence[Row],
    scene: Scene,
    source: Place,
    prices: PriceTable,
    facts: BucketFacts | None,
    formats: Mapping[str, Mapping[str, int]],
) -> Plan:
    """The plan of these rows, which are in rank order; digests and id follow from the content."""
    phases_of = {row.candidate.use_case: row.placement.phase for row in rows}
    tied = shared_with([(row.candidate.use_case, row.candidate.subfolder) for row in rows], phases_of)
    moves: dict[int, list[Move]] = {phase: [] for phase in PHASE_TITLES}
    for rank, row in enumerate(rows, 1):
        found = formats.get(row.candidate.subfolder.name, {})
        moves[row.placement.phase].append(_move(rank, row, tied.get(row.candidate.use_case, ()), facts, found))
    plan = Plan(
        schema_version=SCHEMA_VERSION,
        plan_id="",
        env=scene.env,
        created_at=datetime.combine(analysis.as_of, time(), UTC),
        source_bucket=analysis.bucket,
        evidence=_evidence(analysis),
        prices=_prices(prices, source),
        warnings=_warnings(analysis, rows, facts),
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
    notes = (
        "without taxes, free tiers and commitments",
        "today's bytes for three years; a month has 30 days, a GB 2^30 bytes",
        *([source.note] if source.note else []),
    )
    return Prices(
        name=prices.name,
        read_on=prices.read_on,
        source=prices.source,
        currency=prices.currency,
        digest=digest_of(prices),
        location=source.location,
        assumptions=notes,
    )


def _warnings(analysis: Analysis, rows: Sequence[Row], facts: BucketFacts | None) -> tuple[str, ...]:
    found = []
    if facts is None:
        found.append(
            "the bucket was not asked for its lifecycle rules: staying is priced as if it had none, and a rule that is "
            "set already may save as much as a move; `plan generate --inspect` asks"
        )
        found.append(
            "the bucket was not asked about notifications, IAM conditions and whether target names are taken: "
            "`plan generate --inspect` asks"
        )
    unknown = [row.candidate.subfolder.name for row in rows if row.candidate.subfolder.temperature == "unknown"]
    if unknown:
        others = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        names = ", ".join(name or ROOT for name in unknown[:5])
        found.append(f"not known how it is used, so it stays: {names}{others}; `coverage` says what the logs miss")
    if analysis.project is None:
        found.append("the project of the bucket is not known: nobody could be told apart as external")
    late = [
        r.candidate.use_case for r in rows if r.placement.action == "move" and r.placement.phase > LAST_MOVING_PHASE
    ]
    if late:
        found.append(f"configured against the evidence: {', '.join(late)}")
    return tuple(found)


def _move(
    rank: int, row: Row, shared: tuple[Shared, ...], facts: BucketFacts | None, formats: Mapping[str, int]
) -> Move:
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
        reasons=(*subfolder.reasons, placement.because),
        risks=risks(subfolder, row.decision, placement.action, shared, migration),
        benefits=benefits(subfolder, row.decision, row.option, placement.action),
        flags=tuple(sorted(subfolder.flags)),
        readers=tuple(dict.fromkeys(use.name for use in subfolder.readers)),
        writers=tuple(dict.fromkeys(use.name for use in subfolder.writers)),
        objects=subfolder.objects,
        bytes=subfolder.bytes,
        layout=subfolder.template if subfolder.template != subfolder.prefix else "",
        folders=len(subfolder.children),
        formats=_named(formats),
        migration=migration,
        cost=msgspec.structs.replace(row.cost, recommendation=recommendation(placement, row.decision, row.option)),
        score=row.score,
        steps=six_steps(subfolder, migration, changes, checked) if moves else (),
        code_changes=changes,
        shared_with=shared,
        breakages=breakages(subfolder, migration, facts) if moves else (),
        checks=checked,
        differences=_differences(row),
    )


def _named(formats: Mapping[str, int]) -> dict[str, int]:
    """The most frequent file formats, and all others as one."""
    found = dict(islice(formats.items(), FORMATS))
    if rest := sum(formats.values()) - sum(found.values()):
        found["other"] = found.get("other", 0) + rest
    return found


def _differences(row: Row) -> tuple[str, ...]:
    """What configuration says and the evidence does not."""
    found = list(row.candidate.differences)
    if row.candidate.config is None:
        return tuple(found)
    found += _left_behind(row.candidate)
    if row.placement.phase == DEFERRED:
        found.append(f"configured to move, while the evidence says: {row.placement.because}")
    if row.migration.storage_class != row.decision.best_move.storage_class:
        found.append(
            f"configured for {row.migration.storage_class}, while the evidence recommends "
            f"{row.decision.best_move.storage_class}"
        )
    for rule in row.migration.lifecycle_policy["rule"]:
        age = rule["condition"].get("age")
        if rule["action"]["type"] == "Delete" and age is not None and age < row.migration.observe_days:
            found.append(
                f"its lifecycle deletes copies {age} days after they are made, before the old place was observed for "
                f"{row.migration.observe_days} days"
            )
    more = row.option.three_year_usd - row.decision.best_move.three_year_usd
    if more >= 0.005:
        best = row.decision.best_move.summary
        found.append(f"as configured it costs {money(more)} more over three years than to {best}")
    if not row.decision.move_pays:
        found.append(f"configured to move, while staying is {money(row.decision.premium_usd)} cheaper over three years")
    return tuple(found)


def _left_behind(candidate: Candidate) -> list[str]:
    """What a configured selection leaves in the old place, as far as the evidence tells."""
    config, found = candidate.config, []
    if config is None:
        return []
    mapped = {key.strip("/").partition("/")[0] for key in config.subfolder_mapping}
    if missing := [child.name for child in candidate.subfolder.children if mapped and child.name not in mapped]:
        found.append(f"subfolder_mapping leaves {', '.join(missing)} behind")
    selecting = [
        key for key in ("file_types", "file_patterns", "date_range") if getattr(config, key) not in {(), None, "all"}
    ]
    if selecting:
        found.append(f"objects and bytes are those of the whole folder; {' and '.join(selecting)} may select fewer")
    return found

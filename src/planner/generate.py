"""From an analysis to a plan: pure, and the same bytes for the same evidence and settings."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from analysis.model import Analysis
from planner.assemble import Row, assemble
from planner.bucket_facts import BucketFacts
from planner.candidates import Candidate, candidates
from planner.capacity import capped
from planner.config_file import BucketMappings, MigrationConfigs
from planner.cost.decide import Decision, decide
from planner.cost.option import Option
from planner.cost.options import CONFIGURED
from planner.errors import InvalidPlanInput
from planner.ladder_reading import NO_RULES
from planner.migration import Scene, asked_lifecycle, moving, staying
from planner.naming import check_env
from planner.plan import Plan
from planner.prices import Place, PriceBook, PriceTable
from planner.score import score
from planner.settings import PlannerSettings
from planner.shared_buckets import agree
from planner.target import Claim, Target, check_mappings, refuse_collisions, target_of
from planner.tiers import DEFERRED, Placement, place, stay


def generate(
    analysis: Analysis,
    settings: PlannerSettings,
    *,
    env: str,
    config: MigrationConfigs | None = None,
    mappings: BucketMappings | None = None,
    prices: PriceTable,
    taken: Mapping[str, str] | None = None,
    facts: BucketFacts | None = None,
    formats: Mapping[str, Mapping[str, int]] | None = None,
) -> Plan:
    """The plan. `taken` names existing buckets and their projects, to refuse names that belong to somebody else;
    `facts` is what the source bucket itself says about what would break; `formats` counts file extensions by subfolder.

    Raises InvalidPlanInput for everything that cannot be planned as asked, before anything is written.
    """
    with _collector_paused():
        return _generate(analysis, settings, env, config, mappings, prices, taken or {}, facts, formats or {})


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A plan makes no cycles, but so many objects that looking for some takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _generate(
    analysis: Analysis,
    settings: PlannerSettings,
    env: str,
    config: MigrationConfigs | None,
    mappings: BucketMappings | None,
    prices: PriceTable,
    taken: Mapping[str, str],
    facts: BucketFacts | None,
    formats: Mapping[str, Mapping[str, int]],
) -> Plan:
    check_env(env)
    check_mappings(mappings, analysis.bucket, env, {each.name for each in analysis.subfolders})
    location = settings.target_location or analysis.location
    if location is None:
        raise InvalidPlanInput(f"the location of {analysis.bucket} is not known", "name it with --target-location")
    scene = Scene(env, analysis.bucket, location.lower(), settings, prices.soft_delete.days)
    book = PriceBook(prices)
    source = book.place(analysis.location or location)
    rows = [
        _row(candidate, mappings, book, source, scene, facts)
        for candidate in candidates(analysis, settings, config, env)
    ]
    _refuse_taken(rows, taken, analysis.project)
    refuse_collisions([_claim(row) for row in rows if row.migration.target_bucket], analysis.bucket)
    agreed = agree([row.migration for row in rows])
    rows = [replace(row, migration=migration) for row, migration in zip(rows, agreed, strict=True)]
    rows = sorted(
        rows, key=lambda row: (row.placement.phase, row.placement.tier, -row.score.total, row.candidate.use_case)
    )
    placements = capped([(row.candidate.use_case, row.placement, row.size) for row in rows], settings)
    rows = [replace(row, placement=placement) for row, placement in zip(rows, placements, strict=True)]
    rows.sort(key=lambda row: row.placement.phase)
    return assemble(analysis, rows, scene, source, prices, facts, formats)


def _row(
    candidate: Candidate, mappings: BucketMappings | None, book: PriceBook, source: Place, scene: Scene,
    facts: BucketFacts | None,
) -> Row:  # fmt: skip
    subfolder, settings = candidate.subfolder, scene.settings
    days = getattr(settings.observe_days, subfolder.temperature)
    placement = place(subfolder)
    target: Target | None = None
    if placement.action == "move" or candidate.config is not None:
        target = target_of(candidate, mappings, scene.env)
    where = book.place(target.location if target and target.location else scene.location)
    asked = asked_lifecycle(candidate, target, scene) if target else None
    soft_delete = facts.soft_delete_days if facts else None
    soft_delete_days = scene.soft_delete_days if soft_delete is None else soft_delete
    decision = decide(
        subfolder, book, source, where, settings, use_case=candidate.use_case, observe_days=days,
        soft_delete_days=soft_delete_days,
        set_already=facts.rules(subfolder.prefix, soft_delete_days) if facts else NO_RULES,
        configured=asked.terms if asked else None,
    )  # fmt: skip
    if candidate.config is not None:
        placement = _configured(placement)
    elif placement.action == "move" and not decision.move_pays and not _insisted(candidate, settings):
        placement = stay("a bucket of its own costs more than it is worth: set a lifecycle rule in place")
    if placement.action == "move" and target is not None:
        option = _chosen(decision, target, asked is not None)
        migration = moving(candidate, target, option, asked.policy if asked else None, days, scene)
    else:
        option = decision.leave if subfolder.temperature == "unknown" else decision.best_in_place
        migration = staying(candidate, scene, option)
    saving = decision.leave.month_usd - option.month_usd
    return Row(
        candidate=candidate,
        placement=placement,
        decision=replace(decision, options=()),  # from here on they stand in the cost
        option=option,
        cost=decision.cost(option),
        migration=migration,
        score=score(subfolder, saving, settings),
    )


def _insisted(candidate: Candidate, settings: PlannerSettings) -> bool:
    """Somebody asked what it would be to move this one, whatever it costs."""
    return candidate.use_case in settings.pin or not {candidate.use_case, "*"}.isdisjoint(settings.target_class)


def _configured(placement: Placement) -> Placement:
    """A configured use case moves, in the phase that the evidence gives it."""
    return placement if placement.action == "move" else Placement(placement.tier, DEFERRED, "move", placement.because)


def _chosen(decision: Decision, target: Target, asked: bool) -> Option:
    """The best move, unless configuration asks for rules or a class of its own."""
    if asked:
        return decision.named(CONFIGURED)
    wanted, best = target.storage_class, decision.best_move
    return best if wanted in {None, best.storage_class} else decision.named(f"move-{str(wanted).lower()}")


def _claim(row: Row) -> Claim:
    migration = row.migration
    return Claim(
        use_case=row.candidate.use_case,
        source_prefix=migration.source_prefix,
        bucket=migration.target_bucket or "",
        target_prefix=migration.target_prefix,
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

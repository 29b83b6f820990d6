"""From the plan to the definitions that the executor carries out: selection, approval, refusals. No side effects."""

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.errors import nearest
from analysis.model import prefix_of
from executor.definition import BucketWishes, Definition
from executor.errors import ApprovalNeeded, MoveRefused
from executor.patterns import compile_pattern, refuse_overlaps
from planner.plan import Move, Phase, Plan
from planner.planfile import approval_problems, digest_of, find_phase, load, require_approval


@dataclass(frozen=True, slots=True)
class Selection:
    """Which moves of a plan, and how. `use_case` None or 'all' means every one of the phase(s)."""

    phase: int | None = None
    use_case: str | None = None
    dry_run: bool = False
    parallel: int = 1
    engine: str = "rewrite"

    @property
    def everything(self) -> bool:
        """Nothing was singled out."""
        return self.phase is None and self.use_case in {None, "all"}


def definition_of(plan: Plan, phase: Phase, move: Move) -> Definition:
    """One move as the executor carries it out; raises `MoveRefused` when its pattern cannot be used."""
    migration = move.migration
    stays = move.action == "stay" or not migration.target_bucket
    pattern = None
    if not stays:
        try:
            pattern = compile_pattern(
                migration.pattern,
                env=plan.env,
                source_bucket=migration.source_bucket,
                source_path=migration.source_path,
                target_bucket=migration.target_bucket or "",
                target_path=migration.target_path,
                include_subfolders=migration.include_subfolders,
                file_types=migration.file_types,
                file_patterns=migration.file_patterns,
                subfolder_mapping=migration.subfolder_mapping,
                partition_pattern=migration.partition_pattern,
                date_range=migration.date_range,
                as_of=plan.evidence.as_of,
                exclude_prefixes=migration.exclude_prefixes,
            )
        except MoveRefused as error:
            raise MoveRefused(f"{move.use_case}: {error.message}", error.hint) from None
    settings = migration.settings
    return Definition(
        use_case=move.use_case,
        phase=phase.phase,
        stays=stays,
        digest=digest_of([plan.env, migration]),
        plan_id=plan.plan_id,
        env=plan.env,
        project=plan.evidence.project,
        as_of=plan.evidence.as_of,
        pattern=pattern,
        storage_class=None if settings.autoclass else migration.storage_class,
        bucket_class=settings.default_storage_class,
        location=migration.location or plan.evidence.location,
        lifecycle=migration.lifecycle_policy if migration.lifecycle_policy.get("rule") else None,
        labels=dict(migration.labels),
        versioning=settings.versioning,
        autoclass=settings.autoclass,
        soft_delete_days=settings.soft_delete_days,
        uniform_access=settings.uniform_access,
        public_access_prevention=settings.public_access_prevention,
        iam=tuple((binding.role, binding.member) for binding in settings.iam),
        keep_original_time=migration.keep_original_time,
        observe_days=migration.observe_days,
        code=tuple(f"{change.file}:{change.line}" for change in move.code_changes if change.change),
        checks=move.checks,
        validation=migration.validation,
        retention_days=migration.retention_days,
        # A configured path may lie inside a larger subfolder; then the evidence says nothing about its size.
        approved_bytes=move.bytes if move.bytes and prefix_of(move.subfolder) == migration.source_prefix else None,
    )


def read_plan(path: Path) -> Plan:
    """The plan of a file; the planner's own errors say what is wrong with it."""
    return load(path)


def digests_of(plan: Plan) -> dict[str, str]:
    """Use case to digest of every move."""
    return {move.use_case: definition_of(plan, phase, move).digest for phase in plan.phases for move in phase.moves}


def select(plan: Plan, selection: Selection) -> list[Definition]:
    """The chosen moves in phase and rank order. Raises when one is unknown, or when any two of the plan overlap."""
    phases = [find_phase(plan, selection.phase)] if selection.phase is not None else list(plan.phases)
    everything = [definition_of(plan, phase, move) for phase in plan.phases for move in phase.moves]
    refuse_overlaps((one.use_case, one.pattern) for one in everything if one.pattern is not None)
    everything = _with_wishes(everything)
    numbers = {phase.phase for phase in phases}
    chosen = [one for one in everything if one.phase in numbers]
    if selection.use_case in {None, "all"}:
        return chosen
    named = [one for one in chosen if one.use_case == selection.use_case]
    if not named:
        hint = nearest(str(selection.use_case), [one.use_case for one in chosen])
        raise MoveRefused(f"no use case {selection.use_case!r} in the plan", hint)
    return named


def _with_wishes(definitions: list[Definition]) -> list[Definition]:
    """Each definition with what all of them want of its target bucket."""
    rules: dict[str, list[dict[str, Any]]] = defaultdict(list)
    grants: dict[str, list[tuple[str, str]]] = defaultdict(list)
    moving = [one for one in definitions if one.pattern is not None]
    for one in moving:
        rules[one.moving.target_bucket] += (one.lifecycle or {}).get("rule", ())
        grants[one.moving.target_bucket] += one.iam
    wishes = {name: BucketWishes(tuple(rules[name]), tuple(grants[name])) for name in rules}
    return [
        one if one.pattern is None else replace(one, bucket=wishes[one.pattern.target_bucket]) for one in definitions
    ]


def approved(plan: Plan, definitions: list[Definition], selection: Selection) -> tuple[list[Definition], list[str]]:
    """The moves that may be carried out, and a sentence for each phase that may not.

    Raises when something was singled out that is not approved, when an approval does not fit the plan any more, or
    when nothing at all is approved.
    """
    problems: dict[int, list[str]] = {}
    for number in {one.phase for one in definitions if not one.stays}:
        if found := approval_problems(plan, number):
            problems[number] = found
    edited = [number for number in problems if find_phase(plan, number).approval is not None]
    for number in sorted(problems):
        if not selection.everything or number in edited:
            require_approval(plan, number)
    allowed = [one for one in definitions if one.phase not in problems or one.stays]
    if problems and all(one.stays for one in allowed):
        first = min(problems)
        raise ApprovalNeeded(
            "no phase of this plan is approved", f"run `thermocline plan approve PLAN --phase {first} --by NAME`"
        )
    return allowed, ["; ".join(problems[number]) for number in sorted(problems)]

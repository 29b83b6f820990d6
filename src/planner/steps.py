"""The six steps of a move, made concrete, and what its consumers have to see working afterwards.

The copy comes before the code change, and the old place stays until nobody uses it: in between, both places work.
"""

from collections.abc import Sequence

from analysis.model import ConsumerUse, Subfolder
from planner.plan import CodeChange, Migration, Step

LISTED = 20


def code_changes(subfolder: Subfolder) -> tuple[CodeChange, ...]:
    """Every line that names the subfolder; documents are listed and not changed."""
    found = (
        CodeChange(
            file=site.file, line=site.line, role=site.role, prefix=site.prefix, via=site.via, change=site.kind == "code"
        )
        for site in sorted(subfolder.code, key=lambda site: (site.kind, site.file, site.line))
    )
    return tuple(dict.fromkeys(found))


def checks(subfolder: Subfolder) -> tuple[str, ...]:
    """One end-to-end check for each consumer that is a pipeline or a person of the team."""
    found = [_check(use, "reads") for use in subfolder.readers if use.kind not in {"maintenance", "ourselves"}]
    found += [_check(use, "writes") for use in subfolder.writers if use.kind not in {"maintenance", "ourselves"}]
    return tuple(dict.fromkeys(found))


def _check(use: ConsumerUse, verb: str) -> str:
    if use.kind == "external":
        return f"ask the owner of {use.name} to confirm that it {verb} the new place"
    if use.kind == "human":
        return (
            f"let {use.name} open one object in the new place" if verb == "reads" else f"tell {use.name} the new place"
        )
    what = use.workload or use.name
    return f"run {what} once and see that it {verb} the new place without errors"


def six_steps(
    subfolder: Subfolder, migration: Migration, changes: Sequence[CodeChange], checked: Sequence[str]
) -> tuple[Step, ...]:
    """The steps in order. Numbers of objects and bytes are those of the evidence."""
    source = f"gs://{migration.source_bucket}/{migration.source_path}"
    target = f"gs://{migration.target_bucket}/{migration.target_path}"
    return (
        Step(number=1, title="Create the bucket", actions=_create(migration)),
        Step(number=2, title="Copy what is there", actions=_copy(subfolder, migration, source, target)),
        Step(number=3, title="Change the references", actions=_change(subfolder, changes, source, target)),
        Step(number=4, title="Test end to end", actions=tuple(checked) or ("no consumer is known: nothing to run",)),
        Step(
            number=5,
            title="Observe",
            actions=(
                f"watch {source} for {migration.observe_days} days: no read or write but maintenance",
                "bring later logs into the catalogue and run `thermocline observe`",
                *dict.fromkeys(f"expect {use.name} on the new place" for use in _regular(subfolder)),
            ),
        ),
        Step(number=6, title="Clean up, or go back", actions=_clean_up(migration, source, target)),
    )


def _regular(subfolder: Subfolder) -> list[ConsumerUse]:
    return [use for use in (*subfolder.readers, *subfolder.writers) if use.kind in {"service", "external"}][:LISTED]


def _create(migration: Migration) -> tuple[str, ...]:
    settings, rules = migration.settings, len(migration.lifecycle_policy["rule"])
    kind = (
        f"default class {settings.default_storage_class}, uniform access, soft delete {settings.soft_delete_days} days"
    )
    return (
        f"create {migration.target_bucket} in {migration.location}: {kind}",
        *([f"set its {rules} lifecycle rule{'s' * (rules > 1)} after the copy is verified"] if rules else []),
        *(f"grant {grant.role} to {grant.member} ({grant.reason})" for grant in settings.iam[:LISTED]),
    )


def _copy(subfolder: Subfolder, migration: Migration, source: str, target: str) -> tuple[str, ...]:
    amount = f"{subfolder.objects:,} object{'s' * (subfolder.objects != 1)}, {subfolder.bytes:,} bytes"
    return (
        f"copy {amount}, from {source} to {target} as {migration.storage_class}",
        *(f"leave out gs://{migration.source_bucket}/{prefix}" for prefix in migration.exclude_prefixes[:LISTED]),
        "verify every copy on checksum and size; nothing is deleted",
    )


def _change(subfolder: Subfolder, changes: Sequence[CodeChange], source: str, target: str) -> tuple[str, ...]:
    named = [f"{change.file}:{change.line} ({change.role}, {change.via})" for change in changes if change.change]
    lines = list(dict.fromkeys(named))
    more = [f"… and {len(lines) - LISTED} more, under code_changes"] if len(lines) > LISTED else []
    if not lines:
        lines = ["no code is known to name it" if subfolder.code else "no reference found: ask the consumers"]
    order = [] if not subfolder.writers else ["writers first, then copy once more what came in meanwhile, then readers"]
    return (f"{source} becomes {target}", *order, *lines[:LISTED], *more)


def _clean_up(migration: Migration, source: str, target: str) -> tuple[str, ...]:
    age = f", those over {migration.retention_days} days old only" if migration.retention_days else ""
    return (
        f"after {migration.observe_days} quiet days `thermocline cleanup` deletes verified sources below {source}{age}",
        f"until then: `thermocline rollback` removes our copies below {target}; point the references back",
        f"after cleanup: soft delete of {migration.source_bucket} allows restoring for as long as it is set there",
    )

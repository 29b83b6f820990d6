"""The steps of a move: a closed union of frozen records, built without side effects.

`explain` describes them and `apply` (migration.py) carries them out, over the same list: a dry run cannot drift from
the real one. Each step says what takes it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from analysis.words import plural
from executor.definition import Definition

LABEL = ("managed-by", "thermocline")
"""The label that marks a bucket as ours, and with which a person hands an existing one over."""


@dataclass(frozen=True, slots=True)
class EnsureBucket:
    """Create the target bucket, or adopt one that is ours and as planned.

    `rules` and `grants` are all that the plan wants of this bucket, for this move or another; `prefixes` are where the
    copies of this move go. Reverse: delete it if we created it and it is empty.
    """

    name: str
    resource: dict[str, Any]
    autoclass: bool
    rules: tuple[dict[str, Any], ...] = ()
    grants: tuple[tuple[str, str], ...] = ()
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GrantAccess:
    """Add (role, member) grants on the target bucket. Reverse: remove the ones that this step added."""

    bucket: str
    grants: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CopyObjects:
    """Copy everything the pattern selects, in passes until the source stops changing.

    Reverse: remove copies of ours that nobody changed.
    """

    definition: Definition


@dataclass(frozen=True, slots=True)
class VerifyObjects:
    """List both sides and compare every pair. Changes nothing, so it needs no reverse."""

    definition: Definition


@dataclass(frozen=True, slots=True)
class SetLifecycle:
    """Add lifecycle rules to the target bucket, only after verification.

    Reverse: remove the ones that this step added.
    """

    bucket: str
    rules: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class PatchReferences:
    """Record which lines of code name the old place; `thermocline patch` writes the diff.

    Reverse: `patch --reverse`.
    """

    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunChecks:
    """Run the user's end-to-end check for this use case. Changes nothing of ours, so it has no reverse."""

    use_case: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObserveQuiet:
    """`thermocline observe`: nobody may have touched the old place for the validation period. Changes nothing."""

    days: int


@dataclass(frozen=True, slots=True)
class CleanUp:
    """`thermocline cleanup`: delete verified sources. Reverse: restore from soft delete, or copy back."""

    bucket: str
    prefix: str


Step = (
    EnsureBucket
    | GrantAccess
    | CopyObjects
    | VerifyObjects
    | SetLifecycle
    | PatchReferences
    | RunChecks
    | ObserveQuiet
    | CleanUp
)


def build_steps(definition: Definition) -> list[Step]:
    """All steps of one move, in the order in which they happen; none for a move that stays."""
    if definition.pattern is None:
        return []
    pattern = definition.pattern
    prefixes = tuple(segment.target_prefix for segment in pattern.segments)
    resource, wanted = bucket_resource(definition), definition.bucket
    steps: list[Step] = [
        EnsureBucket(pattern.target_bucket, resource, definition.autoclass, wanted.rules, wanted.grants, prefixes)
    ]
    if definition.iam:
        steps.append(GrantAccess(pattern.target_bucket, definition.iam))
    steps += [CopyObjects(definition), VerifyObjects(definition)]
    if definition.lifecycle:
        steps.append(SetLifecycle(pattern.target_bucket, tuple(definition.lifecycle.get("rule", ()))))
    if definition.code:
        steps.append(PatchReferences(definition.code))
    steps += [RunChecks(definition.use_case, definition.checks), ObserveQuiet(definition.observe_days)]
    steps.append(CleanUp(pattern.source_bucket, pattern.source_prefix))
    return steps


def bucket_resource(definition: Definition) -> dict[str, Any]:
    """The bucket to create, in the JSON form of the API; no lifecycle, that comes after verification."""
    resource: dict[str, Any] = {
        "name": definition.moving.target_bucket,
        "storageClass": "STANDARD" if definition.autoclass else definition.bucket_class,
        "labels": {**definition.labels, LABEL[0]: LABEL[1]},
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": definition.uniform_access}},
        "softDeletePolicy": {"retentionDurationSeconds": str(definition.soft_delete_days * 86_400)},
    }
    if definition.public_access_prevention:
        resource["iamConfiguration"]["publicAccessPrevention"] = "enforced"
    if definition.location:
        resource["location"] = definition.location
    if definition.versioning:
        resource["versioning"] = {"enabled": True}
    if definition.autoclass:
        resource["autoclass"] = {"enabled": True}
    return resource


def explain(steps: Iterable[Step]) -> list[str]:
    """One sentence a step, for people."""
    return [_sentence(step) for step in steps]


def _sentence(step: Step) -> str:
    match step:
        case EnsureBucket(name, resource):
            where = resource.get("location", "default location")
            text = f"create bucket {name} ({resource['storageClass']}, {where}), or adopt it if it is ours"
        case GrantAccess(bucket, grants):
            pairs = ", ".join(f"{role} to {member}" for role, member in grants)
            text = f"grant {plural(len(grants), 'role')} on {bucket}: {pairs}"
        case CopyObjects(definition):
            pattern = definition.moving
            targets = ", ".join(f"{pattern.target_bucket}/{segment.target_prefix}" for segment in pattern.segments)
            text = f"copy {pattern.source_bucket}/{pattern.source_prefix} to {targets}"
        case VerifyObjects():
            text = "list both sides and compare size, crc32c, generation and metadata of every object"
        case SetLifecycle(bucket, rules):
            text = f"add {plural(len(rules), 'lifecycle rule')} to {bucket}, once verified"
        case PatchReferences(sites):
            text = f"{plural(len(sites), 'line')} of code with the old place: `thermocline patch` writes the change"
        case RunChecks(_, advice):
            text = "run the end-to-end check of this use case" + (f" ({advice[0]})" if advice else "")
        case ObserveQuiet(days):
            text = f"later: `thermocline observe` until the old place was quiet for {days} days"
        case CleanUp(bucket, prefix):
            text = f"later: `thermocline cleanup` deletes the verified objects of {bucket}/{prefix}"
    return text

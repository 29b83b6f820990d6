"""A dry run: the same steps, with reads only.

It says what would be copied, what stays, and what would stand in the way.
"""

from collections import Counter
from dataclasses import dataclass, field

from analysis.words import plural
from executor import buckets
from executor.copying import marked, settle_taken
from executor.definition import Definition
from executor.join import Cursor
from executor.objects import StoredObject
from executor.patterns import Selected
from executor.rows import Item
from executor.steps import EnsureBucket, build_steps, explain
from executor.storage import Storage


@dataclass
class Forecast:
    """What a real run would find. `in_the_way` are target names that hold something that is not our copy."""

    steps: list[str] = field(default_factory=list)
    planned: int = 0
    bytes: int = 0
    already_there: int = 0
    in_the_way: int = 0
    left: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    held: int = 0


async def forecast(storage: Storage, definition: Definition) -> Forecast:
    """Look at both sides of a move without changing anything."""
    found = Forecast()
    steps = build_steps(definition)
    found.steps = explain(steps)
    if not definition.validation.check_file_count:
        found.problems.append("validation.check_file_count is false, but every single object is looked for")
    if definition.unchecked:
        found.warnings.append(definition.unchecked.removeprefix("WARNING: "))
    pattern = definition.moving
    source = await storage.get_bucket(pattern.source_bucket)
    if source is None:
        found.problems.append(f"the bucket {pattern.source_bucket} does not exist")
        return found
    found.warnings += source_warnings(source)
    target = await storage.get_bucket(pattern.target_bucket)
    if target is not None:
        step = next(step for step in steps if isinstance(step, EnsureBucket))
        found.problems += [
            f"{step.name}: {problem}"
            for problem in await buckets.adoption_problems(storage, step, target, pattern.source_bucket)
        ]
    there: dict[int, Cursor] = {}
    if target is not None:
        for number, segment in enumerate(pattern.segments):
            there[number] = Cursor(storage.list_objects(pattern.target_bucket, segment.target_prefix))
    async for page in storage.list_objects(pattern.source_bucket, pattern.source_prefix):
        await _count(definition, page, there, found)
    if found.held:
        found.warnings.append(
            f"{plural(found.held, 'object')} under a hold or retention: cleanup will have to leave them"
        )
    return found


async def _count(definition: Definition, page: list[StoredObject], there: dict[int, Cursor], found: Forecast) -> None:
    chosen: dict[int, list[tuple[str, StoredObject]]] = {}
    for stored in page:
        choice = definition.moving.choose(stored.name)
        if isinstance(choice, Selected):
            chosen.setdefault(choice.segment, []).append((choice.target, stored))
            found.planned += 1
            found.bytes += stored.size
            found.held += bool(stored.temporary_hold or stored.event_based_hold or stored.retention_expiration_time)
        else:
            found.left[choice.reason] += 1
    for number, pairs in chosen.items():
        if number not in there:
            continue
        present = await there[number].up_to(pairs[-1][0])
        for target, stored in pairs:
            if target in present:
                _meet(definition, stored, present[target], found)


def _meet(definition: Definition, source: StoredObject, target: StoredObject, found: Forecast) -> None:
    item = Item(
        0,
        0,
        source.name,
        source.generation,
        source.metageneration,
        target.name,
        source.size,
        source.crc32c,
        source.md5_hash,
        "planned",
        "",
        0,
        0,
        None,
        None,
        None,
        "",
        None,
        definition.wanted(source),
    )
    if settle_taken(item, target).state == "conflict" and not marked(item, target):
        found.in_the_way += 1
    else:
        found.already_there += 1


def source_warnings(bucket: dict[str, object]) -> list[str]:
    """What a bucket's configuration means for a move out of it."""
    warnings = []
    if bucket.get("retentionPolicy"):
        warnings.append("the source bucket has a retention policy: cleanup must wait for it")
    if (versioning := bucket.get("versioning")) and isinstance(versioning, dict) and versioning.get("enabled"):
        warnings.append(
            "the source bucket keeps versions: cleanup leaves noncurrent versions, billed until they are removed"
        )
    if (billing := bucket.get("billing")) and isinstance(billing, dict) and billing.get("requesterPays"):
        warnings.append("requester pays is on: set [executor] user_project")
    if (space := bucket.get("hierarchicalNamespace")) and isinstance(space, dict) and space.get("enabled"):
        warnings.append("the source has a hierarchical namespace: empty folders are not objects and do not move")
    return warnings

"""Asks the storage service about the buckets of a plan: what else would break, and whose the target names are."""

import asyncio
from dataclasses import dataclass

from executor.errors import ExecutorError, Forbidden
from executor.run import new_run_id, open_storage
from executor.settings import ExecutorSettings
from executor.storage import Storage
from planner.bucket_facts import BucketFacts
from planner.plan import Plan
from thermocline.cli.output import note

SOMEBODY_ELSE = ""


@dataclass(frozen=True)
class Inspection:
    """The source bucket's own answers, and the owner of each target bucket that exists and is not ours."""

    source: BucketFacts
    owners: dict[str, str]


def inspect_buckets(plan: Plan) -> Inspection:
    """Read-only; what may not be read is said on stderr and left out."""
    return asyncio.run(_inspect(plan))


async def _inspect(plan: Plan) -> Inspection:
    async with open_storage(new_run_id(), ExecutorSettings()) as storage:
        metadata = await storage.get_bucket(plan.source_bucket) or {}
        facts = BucketFacts(metadata, await _notifications(storage, plan), await _policy(storage, plan))
        targets = sorted({move.migration.target_bucket for move in plan.moves() if move.migration.target_bucket})
        owners = {}
        for target in targets:
            if (owner := await _owner(storage, target, str(metadata.get("projectNumber", "")))) is not None:
                owners[target] = owner
        return Inspection(facts, owners)


async def _notifications(storage: Storage, plan: Plan) -> list[dict[str, object]]:
    try:
        return await storage.notifications(plan.source_bucket)
    except ExecutorError as error:
        note(f"note: the notifications of {plan.source_bucket} could not be read ({error.message})")
        return []


async def _policy(storage: Storage, plan: Plan) -> dict[str, object]:
    try:
        return await storage.get_policy(plan.source_bucket)
    except ExecutorError as error:
        note(f"note: the IAM policy of {plan.source_bucket} could not be read ({error.message})")
        return {}


async def _owner(storage: Storage, bucket: str, our_number: str) -> str | None:
    """Whose an existing bucket is; None when it is ours, or does not exist."""
    try:
        found = await storage.get_bucket(bucket)
    except Forbidden as error:
        note(f"note: {bucket} could not be looked at, so it counts as somebody else's ({error.message})")
        return SOMEBODY_ELSE
    if found is None:
        return None
    number = str(found.get("projectNumber", ""))
    return None if number == our_number else f"project {number}"

"""Storage Transfer Service jobs in the JSON form of its REST API, one a line.

A job copies a prefix to a prefix and renames nothing below it. Jobs have names of their own, so that creating one twice
is noticed; they never delete and never overwrite.
"""

import json
from collections.abc import Sequence
from typing import Any

from planner.export.buckets import TargetBucket
from planner.lifecycle import Policy
from planner.plan import Move, Plan

PREFIXES = 1000


def not_expressible(move: Move) -> str | None:
    """Why no transfer job can do this move, or None."""
    migration = move.migration
    if migration.file_types or migration.file_patterns:
        return "it selects by file name"
    if migration.pattern == "date_partitioned" and migration.date_range not in {None, "all"}:
        return "it selects by date"
    if migration.pattern == "date_partitioned":
        return "it takes partitions only, and leaves other objects"
    if not migration.include_subfolders:
        return "it leaves subfolders out"
    if len(migration.exclude_prefixes) > PREFIXES:
        return f"it leaves out more than {PREFIXES} prefixes"
    if any(key != value for key, value in migration.subfolder_mapping.items()):
        return "it renames subfolders"
    if migration.source_prefix[-1:] not in {"", "/"}:
        return "it takes folders whose names begin alike, and leaves objects beside them"
    return None


def job_of(move: Move, plan: Plan) -> dict[str, Any]:
    """The job of a move that one can express."""
    migration = move.migration
    source, target = migration.source_prefix, migration.target_prefix
    conditions: dict[str, Any] = {}
    if migration.exclude_prefixes:
        conditions["excludePrefixes"] = [prefix.removeprefix(source) for prefix in migration.exclude_prefixes]
    if migration.subfolder_mapping:
        conditions["includePrefixes"] = sorted(migration.subfolder_mapping)
    spec: dict[str, Any] = {
        "gcsDataSource": {"bucketName": migration.source_bucket, "path": source},
        "gcsDataSink": {"bucketName": migration.target_bucket, "path": target},
        "transferOptions": {
            "overwriteWhen": "NEVER",
            "deleteObjectsFromSourceAfterTransfer": False,
            "metadataOptions": {
                "storageClass": f"STORAGE_CLASS_{migration.storage_class}",
                "timeCreated": (
                    "TIME_CREATED_PRESERVE_AS_CUSTOM_TIME" if migration.keep_original_time else "TIME_CREATED_SKIP"
                ),
            },
        },
    }
    if conditions:
        spec["objectConditions"] = conditions
    suffix = plan.plan_id.rpartition("-")[2][:8]
    return {
        "name": f"transferJobs/thermocline-{move.use_case.replace('_', '-')}-{suffix}",
        "description": f"{move.use_case}, {plan.plan_id}",
        "projectId": plan.evidence.project,
        "status": "ENABLED",
        "transferSpec": spec,
    }


def transfer_jobs(plan: Plan, moves: Sequence[Move], buckets: Sequence[TargetBucket], in_place: Policy) -> str:
    """One JSON document a line; moves that no job can express are named in lines of their own, with the reason."""
    del buckets, in_place
    lines = []
    for move in moves:
        reason = not_expressible(move)
        lines.append({"use_case": move.use_case, "not_expressible": reason} if reason else job_of(move, plan))
    return "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines)

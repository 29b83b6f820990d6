"""The buckets that some moves need, each once."""

from collections.abc import Sequence
from dataclasses import dataclass

from planner.plan import Migration, Move


@dataclass(frozen=True)
class TargetBucket:
    """One bucket to create; `migration` is one of those into it, as they agree on everything about the bucket."""

    name: str
    migration: Migration
    use_cases: tuple[str, ...]


def target_buckets(moves: Sequence[Move]) -> list[TargetBucket]:
    """In the order in which they are first needed."""
    found: dict[str, list[Move]] = {}
    for move in moves:
        found.setdefault(move.migration.target_bucket or "", []).append(move)
    return [
        TargetBucket(name, sharing[0].migration, tuple(move.use_case for move in sharing))
        for name, sharing in found.items()
    ]

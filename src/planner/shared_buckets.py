"""Several moves into one bucket: it is created once, with settings that suit them all, whichever move comes first."""

from collections.abc import Sequence

import msgspec

from planner.access_grants import together
from planner.cost.rules import COLDNESS
from planner.errors import InvalidPlanInput
from planner.lifecycle import Policy
from planner.plan import BucketSettings, Migration


def agree(migrations: Sequence[Migration]) -> list[Migration]:
    """The migrations with equal bucket settings for equal buckets, in the order given."""
    by_bucket: dict[str, list[Migration]] = {}
    for migration in migrations:
        by_bucket.setdefault(migration.target_bucket or "", []).append(migration)
    return [_agreed(migration, by_bucket[migration.target_bucket or ""]) for migration in migrations]


def _agreed(migration: Migration, sharing: list[Migration]) -> Migration:
    if not migration.target_bucket or len(sharing) == 1:
        return migration
    locations = sorted({other.location for other in sharing})
    if len(locations) > 1:
        raise InvalidPlanInput(
            f"{migration.target_bucket} is asked for in {' and in '.join(locations)}", "a bucket has one location"
        )
    settings = [other.settings for other in sharing]
    warmest = min((each.default_storage_class for each in settings), key=COLDNESS.__getitem__)
    return msgspec.structs.replace(
        migration,
        lifecycle_policy=_scoped(sharing),
        labels=_labels(sharing),
        settings=BucketSettings(
            default_storage_class=warmest,
            versioning=any(each.versioning for each in settings),
            autoclass=all(each.autoclass for each in settings),
            soft_delete_days=max(each.soft_delete_days for each in settings),
            uniform_access=all(each.uniform_access for each in settings),
            public_access_prevention=all(each.public_access_prevention for each in settings),
            iam=together(grant for each in settings for grant in each.iam),
        ),
    )


def _scoped(sharing: Sequence[Migration]) -> Policy:
    """All rules of all moves, each for its own path; a move onto the root of the bucket has rules for everything."""
    rules = []
    for migration in sharing:
        for rule in migration.lifecycle_policy["rule"]:
            condition = dict(rule["condition"])
            if rule["action"]["type"] == "Delete" and not migration.target_prefix and "matchesPrefix" not in condition:
                raise InvalidPlanInput(
                    f"a lifecycle rule would delete everything in {migration.target_bucket}, which other moves share",
                    "give the move that asks for it a target_path or a bucket of its own",
                )
            if migration.target_prefix and "matchesPrefix" not in condition:
                condition["matchesPrefix"] = [migration.target_prefix]
            scoped = {"action": rule["action"], "condition": condition}
            if scoped not in rules:
                rules.append(scoped)
    return {"rule": rules}


def _labels(sharing: Sequence[Migration]) -> dict[str, str]:
    """The labels that all agree on; the use case becomes `shared`."""
    first = dict(sharing[0].labels)
    agreed = {key: value for key, value in first.items() if all(each.labels.get(key) == value for each in sharing)}
    return {**agreed, "use-case": agreed.get("use-case", "shared")}

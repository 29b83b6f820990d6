"""The migration of one move: what the executor will be told."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from analysis.model import path_of, prefix_of
from planner.access_grants import grants
from planner.candidates import Candidate
from planner.config_file import UseCase
from planner.cost.option import Configured, Option
from planner.dates import check_date_range
from planner.errors import InvalidPlanInput
from planner.ladder_reading import rules_for_copies
from planner.lifecycle import Policy, checked, named_policy, policy_of, refuse_deleting_now
from planner.naming import render_partition, written
from planner.plan import BucketSettings, Migration, Validation
from planner.settings import PlannerSettings
from planner.target import Target

NO_LABEL = re.compile(r"[^\w-]")


@dataclass(frozen=True)
class Scene:
    """What is the same for every move of a plan."""

    env: str
    source_bucket: str
    location: str
    settings: PlannerSettings
    soft_delete_days: int


def staying(candidate: Candidate, scene: Scene, option: Option | None) -> Migration:
    """What is planned for a subfolder that stays: nothing, or a lifecycle rule in place."""
    prefix = candidate.subfolder.prefix
    return Migration(
        pattern="single_folder",
        source_bucket=scene.source_bucket,
        source_path=path_of(prefix),
        location=scene.location,
        include_subfolders=bool(prefix),
        exclude_prefixes=candidate.subfolder.excludes,
        lifecycle_policy=policy_of(option.ladder, prefix=prefix) if option and prefix else {"rule": []},
    )


def moving(
    candidate: Candidate, target: Target, option: Option, asked: Policy | None, observe_days: int, scene: Scene
) -> Migration:
    """The migration of a subfolder that moves as `option` says, under the lifecycle that was `asked` for, if any.

    Configuration decides where it says anything.
    """
    subfolder, config = candidate.subfolder, candidate.config
    policy = policy_of(option.ladder) if asked is None else asked
    refuse_deleting_now(policy, max((age.age_days_bucket for age in subfolder.class_ages), default=0), candidate.where)
    base = Migration(
        pattern="single_folder",
        source_bucket=scene.source_bucket,
        source_path=path_of(subfolder.prefix),
        target_bucket=target.bucket,
        target_path=target.path,
        storage_class=option.storage_class,
        location=(target.location or scene.location).lower(),
        lifecycle_policy=policy,
        include_subfolders=bool(subfolder.prefix),
        exclude_prefixes=subfolder.excludes,
        labels=labels(candidate.use_case, scene),
        observe_days=observe_days,
        settings=BucketSettings(
            default_storage_class="STANDARD" if option.autoclass else option.storage_class,
            autoclass=option.autoclass,
            soft_delete_days=scene.soft_delete_days,
            public_access_prevention=scene.settings.public_access_prevention,
            iam=grants(subfolder),
        ),
    )
    return base if config is None else _configured(base, candidate, config, scene)


class Asked(NamedTuple):
    """A lifecycle that configuration asks for: as it is set, and as it is priced."""

    policy: Policy
    terms: Configured


def asked_lifecycle(candidate: Candidate, target: Target, scene: Scene) -> Asked | None:
    """The lifecycle of a configured use case; None where it asks for none."""
    wanted = candidate.config.lifecycle_policy if candidate.config else None
    if wanted is None:
        return None
    storage_class: str | None = None
    if isinstance(wanted, str):
        storage_class, policy = named_policy(wanted, scene.settings, candidate.where)
    else:
        policy = checked(wanted, candidate.where)
    (ladder, others), from_copy = rules_for_copies(policy["rule"], prefix_of(target.path), scene.soft_delete_days)
    return Asked(policy, Configured(target.storage_class or storage_class, ladder, from_copy, others))


def _configured(base: Migration, candidate: Candidate, config: UseCase, scene: Scene) -> Migration:
    where = candidate.where
    values: dict[str, Any] = {
        "pattern": config.pattern,
        "file_types": config.file_types,
        "file_patterns": config.file_patterns,
        "subfolder_mapping": {written(key): written(value) for key, value in config.subfolder_mapping.items()},
        "retention_days": config.retention_days,
        "cleanup_after_migration": config.cleanup_after_migration,
        "validation": config.validation or Validation(),
        "labels": {**base.labels, **config.labels},
    }
    # As the pattern's name says: several folders and partitions are below the path, a single folder is only itself.
    nested = config.pattern in {"multi_folder", "date_partitioned"}
    values["include_subfolders"] = nested if config.include_subfolders is None else config.include_subfolders
    if config.batch_size is not None:
        values["batch_size"] = config.batch_size
    if config.pattern == "date_partitioned" and config.partition_pattern:
        values["partition_pattern"] = render_partition(config.partition_pattern, scene.env, where)
        values["date_range"] = check_date_range(config.date_range or "all", where)
    if config.pattern == "date_partitioned" and not nested:
        raise InvalidPlanInput(f"{where}: partitions lie below the source path", "leave include_subfolders out")
    return msgspec.structs.replace(base, **values)


def labels(use_case: str, scene: Scene) -> dict[str, str]:
    """Bucket labels: who made it, for what; in the characters that labels allow."""
    found = {"managed-by": "thermocline", "env": scene.env, "use-case": use_case, **scene.settings.labels}
    return {key: _label(value) for key, value in sorted(found.items())}


def _label(text: str) -> str:
    return NO_LABEL.sub("-", text.lower())[:63]

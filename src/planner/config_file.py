"""`migration_configs.yaml` and `bucket_mappings.yaml`: what a team writes by hand about its use cases.

Every key is used or refused, naming file, line and the nearest known key. `{env}` is the only placeholder, dates in
`partition_pattern` excepted.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from analysis.errors import nearest
from planner.errors import InvalidPlanInput
from planner.naming import spoken_alike
from planner.plan import MigrationPattern, Validation
from planner.prices import StorageClass
from planner.yaml_lines import Document, read_yaml

# Names end up in labels, job names and scripts.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
S = TypeVar("S", bound=msgspec.Struct)


class UseCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One use case as configured, placeholders still in place. None: not said."""

    pattern: MigrationPattern
    source_bucket: str
    source_path: str
    target_bucket: str
    target_path: str = ""
    include_subfolders: bool | None = None
    file_types: tuple[str, ...] = ()
    file_patterns: tuple[str, ...] = ()
    subfolder_mapping: dict[str, str] = {}
    partition_pattern: str | None = None
    date_range: str | None = None
    retention_days: int | None = None
    lifecycle_policy: str | dict[str, Any] | list[Any] | None = None
    cleanup_after_migration: bool = False
    validation: Validation | None = None
    batch_size: int | None = None
    storage_class: StorageClass | None = None
    location: str | None = None
    labels: dict[str, str] = {}


class MappedTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The long form of a mapping's target."""

    bucket: str
    path: str | None = None
    location: str | None = None
    storage_class: StorageClass | None = None


class Mappings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `bucket_mappings.yaml`."""

    source_bucket: str | None = None
    mappings: dict[str, str | MappedTarget] = {}


@dataclass(frozen=True)
class MigrationConfigs:
    """All configured use cases, by name, and where each stands in its file."""

    use_cases: dict[str, UseCase]
    document: Document

    def at(self, *path: str) -> str:
        """`file:line` of a key."""
        return self.document.at(*path)


@dataclass(frozen=True)
class BucketMappings:
    """Targets by subfolder name (no slash at the end), placeholders still in place."""

    source_bucket: str | None
    targets: dict[str, MappedTarget]
    document: Document

    def at(self, *path: str) -> str:
        """`file:line` of a key."""
        return self.document.at(*path)


def load_configs(path: Path) -> MigrationConfigs:
    """Read `migration_configs.yaml`. Raises InvalidPlanInput naming file, line and the nearest known key."""
    document = read_yaml(path)
    if not isinstance(document.data, dict) or not document.data:
        raise InvalidPlanInput(f"{path} holds no use cases", "write one mapping a use case: name, then its keys")
    found: dict[str, UseCase] = {}
    alike: dict[str, str] = {}
    for name, raw in document.data.items():
        if not isinstance(raw, dict):
            raise InvalidPlanInput(
                f"{document.at(name)}: use case `{name}` is not a mapping", "indent its keys below it"
            )
        if not NAME.fullmatch(name):
            hint = "use letters, digits, '_' and '-'"
            raise InvalidPlanInput(f"{document.at(name)}: {name!r} cannot name a use case", hint)
        if (other := alike.setdefault(spoken_alike(name), name)) != name:
            raise InvalidPlanInput(
                f"{document.at(name)}: use case `{name}` and `{other}` would share the names of files and buckets",
                "let them differ in more than case, '_' and '-'",
            )
        _check_keys(document, raw, UseCase, (name,))
        validation = raw.get("validation")
        if isinstance(validation, dict):
            _check_keys(document, validation, Validation, (name, "validation"))
        found[name] = _checked(document, name, _convert(document, raw, UseCase, (name,)))
    return MigrationConfigs(found, document)


def load_mappings(path: Path) -> BucketMappings:
    """Read `bucket_mappings.yaml`. Raises InvalidPlanInput as `load_configs` does."""
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        raise InvalidPlanInput(
            f"{path} holds no mappings", "write `mappings:` and below it `subfolder: target-bucket-{env}`"
        )
    _check_keys(document, document.data, Mappings, ())
    raw = document.data.get("mappings")
    for subfolder, target in raw.items() if isinstance(raw, dict) else ():
        if isinstance(target, dict):
            _check_keys(document, target, MappedTarget, ("mappings", subfolder))
    read = _convert(document, document.data, Mappings, ())
    targets: dict[str, MappedTarget] = {}
    for subfolder, target in read.mappings.items():
        name = subfolder.strip("/")
        if name in targets:
            raise InvalidPlanInput(f"{document.at('mappings', subfolder)}: {name} is mapped twice", "keep one of them")
        targets[name] = MappedTarget(bucket=target) if isinstance(target, str) else target
    return BucketMappings(read.source_bucket, targets, document)


def _check_keys(document: Document, raw: dict[str, Any], struct: type[msgspec.Struct], path: tuple[str, ...]) -> None:
    for key in raw:
        if key not in struct.__struct_fields__:
            where = document.at(*path, key)
            raise InvalidPlanInput(
                f"{where}: unknown key `{'.'.join((*path, key))}`", nearest(key, struct.__struct_fields__)
            )


def _convert(document: Document, raw: dict[str, Any], struct: type[S], path: tuple[str, ...]) -> S:
    try:
        return msgspec.convert(raw, struct)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        key = place.strip("`.").split(".")[0].split("[")[0]
        where = document.at(*path, key) if key else document.at(*path)
        what = ".".join(part for part in (*path, key) if part) or "the file"
        if message.startswith("Invalid enum value"):
            message = f"{message}; known: {', '.join(_words(get_type_hints(struct)[key]))}"
        raise InvalidPlanInput(f"{where}: `{what}` does not fit", message) from error


def _words(kind: Any) -> list[str]:
    """The words that a type allows, those of its parts included."""
    parts = get_args(kind)
    return [str(part) for part in parts] if get_origin(kind) is Literal else [w for part in parts for w in _words(part)]


# A hundred years, as in a retention policy of Cloud Storage: https://cloud.google.com/storage/docs/bucket-lock#retention-periods
LONGEST_RETENTION_DAYS = 36_525
# Keys that only one pattern reads: given elsewhere, they would be silently ignored.
ONLY = {
    "file_patterns": ("file_pattern",),
    "subfolder_mapping": ("multi_folder",),
    "partition_pattern": ("date_partitioned",),
    "date_range": ("date_partitioned",),
}


def _checked(document: Document, name: str, use_case: UseCase) -> UseCase:
    for key, patterns in ONLY.items():
        if getattr(use_case, key) and use_case.pattern not in patterns:
            hint = f"use pattern {patterns[0]}, or leave it out"
            raise InvalidPlanInput(
                f"{document.at(name, key)}: `{name}.{key}` means nothing to {use_case.pattern}", hint
            )
    if use_case.pattern == "date_partitioned" and not use_case.partition_pattern:
        raise InvalidPlanInput(f"{document.at(name)}: `{name}` needs a partition_pattern", "add one with {YYYYMMDD}")
    if use_case.pattern == "file_pattern" and not use_case.file_patterns:
        raise InvalidPlanInput(
            f"{document.at(name)}: `{name}` needs file_patterns", "list wildcards such as '*.parquet'"
        )
    for key in ("retention_days", "batch_size"):
        value = getattr(use_case, key)
        if value is not None and value < 1:
            raise InvalidPlanInput(f"{document.at(name, key)}: `{name}.{key}` must be 1 or more", "raise it")
    if use_case.retention_days is not None and use_case.retention_days > LONGEST_RETENTION_DAYS:
        where = document.at(name, "retention_days")
        raise InvalidPlanInput(f"{where}: `{name}.retention_days` is over a hundred years", "it is in days: lower it")
    return use_case

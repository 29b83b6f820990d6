"""Terraform (HCL) for the google provider: buckets, grants, and a transfer job for each move that one can express."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from planner.export.buckets import TargetBucket
from planner.export.comments import comment
from planner.export.transfer import job_of, not_expressible
from planner.lifecycle import Policy
from planner.plan import Move, Plan

# Lifecycle conditions of the API, and what the provider calls them.
CONDITIONS = {
    "age": "age",
    "createdBefore": "created_before",
    "customTimeBefore": "custom_time_before",
    "daysSinceCustomTime": "days_since_custom_time",
    "daysSinceNoncurrentTime": "days_since_noncurrent_time",
    "noncurrentTimeBefore": "noncurrent_time_before",
    "numNewerVersions": "num_newer_versions",
    "matchesPrefix": "matches_prefix",
    "matchesSuffix": "matches_suffix",
    "matchesStorageClass": "matches_storage_class",
}


def terraform(plan: Plan, moves: Sequence[Move], buckets: Sequence[TargetBucket], in_place: Policy) -> str:
    """One file that `terraform validate` accepts; everything it creates is named after its bucket or use case."""
    project = plan.evidence.project or "change-me"
    parts = [
        comment(f"{plan.plan_id}: {len(buckets)} buckets for {len(moves)} moves out of {plan.source_bucket}."),
        'terraform {\n  required_providers {\n    google = {\n      source = "hashicorp/google"\n    }\n  }\n}',
        f'variable "project" {{\n  type    = string\n  default = {quoted(project)}\n}}',
        *(_bucket(bucket) for bucket in buckets),
        *(_grant(bucket, number) for bucket in buckets for number in range(len(bucket.migration.settings.iam))),
        *(_job(move, plan) for move in moves),
        *([_stay(plan, in_place)] if in_place["rule"] else []),
    ]
    return "\n\n".join(parts) + "\n"


def quoted(text: str) -> str:
    """A string literal of HCL; interpolation in names is switched off."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def identifier(text: str) -> str:
    """A resource name made of the characters that HCL allows."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", text)
    return name if name[:1].isalpha() else f"_{name}"


def _bucket(bucket: TargetBucket) -> str:
    migration, settings = bucket.migration, bucket.migration.settings
    lines = [
        f'resource "google_storage_bucket" {quoted(identifier(bucket.name))} {{',
        f"  name                        = {quoted(bucket.name)}",
        "  project                     = var.project",
        f"  location                    = {quoted(migration.location.upper())}",
        f"  storage_class               = {quoted(settings.default_storage_class)}",
        f"  uniform_bucket_level_access = {_bool(settings.uniform_access)}",
        f"  public_access_prevention    = {quoted('enforced' if settings.public_access_prevention else 'inherited')}",
        "  force_destroy               = false",
        f"  labels = {_map(migration.labels)}",
        f"  soft_delete_policy {{\n    retention_duration_seconds = {settings.soft_delete_days * 86_400}\n  }}",
        f"  versioning {{\n    enabled = {_bool(settings.versioning)}\n  }}",
    ]
    if settings.autoclass:
        lines.append("  autoclass {\n    enabled = true\n  }")
    lines += [_lifecycle(rule) for rule in migration.lifecycle_policy["rule"]]
    return "\n".join([*lines, "}"])


def _lifecycle(rule: Mapping[str, Any]) -> str:
    action, condition = rule["action"], rule["condition"]
    lines = ["  lifecycle_rule {", "    action {", f"      type = {quoted(action['type'])}"]
    if "storageClass" in action:
        lines.append(f"      storage_class = {quoted(action['storageClass'])}")
    lines += ["    }", "    condition {"]
    for key, value in sorted(condition.items()):
        if key == "isLive":
            lines.append(f"      with_state = {quoted('LIVE' if value else 'ARCHIVED')}")
            continue
        lines.append(f"      {CONDITIONS[key]} = {_value(value)}")
        # The provider leaves zeros out unless told to send them.
        if value == 0 and key in {"age", "daysSinceCustomTime", "daysSinceNoncurrentTime", "numNewerVersions"}:
            lines.append(f"      send_{CONDITIONS[key]}_if_zero = true")
    return "\n".join([*lines, "    }", "  }"])


def _stay(plan: Plan, in_place: Policy) -> str:
    """The source bucket is another configuration's resource: its new rules stand here as a comment to paste there."""
    rules = "\n".join(_lifecycle(rule) for rule in in_place["rule"]).splitlines()
    head = comment(f"For the resource of {plan.source_bucket}, wherever that is kept: rules for folders that stay.")
    return "\n".join([head, *(f"# {line}" for line in rules)])


def _grant(bucket: TargetBucket, number: int) -> str:
    binding = bucket.migration.settings.iam[number]
    name = identifier(f"{bucket.name}-{number + 1}")
    return "\n".join(
        [
            comment(binding.reason),
            f'resource "google_storage_bucket_iam_member" {quoted(name)} {{',
            f"  bucket = google_storage_bucket.{identifier(bucket.name)}.name",
            f"  role   = {quoted(binding.role)}",
            f"  member = {quoted(binding.member)}",
            "}",
        ]
    )


def _job(move: Move, plan: Plan) -> str:
    if reason := not_expressible(move):
        return comment(f"{move.use_case}: no transfer job, {reason}; `thermocline execute` carries it out.")
    job = job_of(move, plan)
    spec = job["transferSpec"]
    options = spec["transferOptions"]
    target = identifier(move.migration.target_bucket or "")
    conditions = [
        f"      {'include' if key.startswith('include') else 'exclude'}_prefixes = {_value(value)}"
        for key, value in sorted(spec.get("objectConditions", {}).items())
    ]
    block = ["    object_conditions {", *conditions, "    }"] if conditions else []
    return "\n".join(
        [
            f'resource "google_storage_transfer_job" {quoted(identifier(move.use_case))} {{',
            f"  name        = {quoted(job['name'])}",
            f"  description = {quoted(job['description'])}",
            "  project     = var.project",
            "  transfer_spec {",
            "    gcs_data_source {",
            f"      bucket_name = {quoted(spec['gcsDataSource']['bucketName'])}",
            f"      path        = {quoted(spec['gcsDataSource']['path'])}",
            "    }",
            "    gcs_data_sink {",
            f"      bucket_name = google_storage_bucket.{target}.name",
            f"      path        = {quoted(spec['gcsDataSink']['path'])}",
            "    }",
            *block,
            "    transfer_options {",
            f"      overwrite_when = {quoted(options['overwriteWhen'])}",
            "      delete_objects_from_source_after_transfer = false",
            f"      metadata_options {{\n        storage_class = {quoted(options['metadataOptions']['storageClass'])}",
            f"        time_created = {quoted(options['metadataOptions']['timeCreated'])}\n      }}",
            "    }",
            "  }",
            "}",
        ]
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _bool(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(quoted(str(item)) for item in value) + "]"
    return str(value) if isinstance(value, int) else quoted(str(value))


def _map(values: Mapping[str, str]) -> str:
    lines = [f"    {quoted(key)} = {quoted(value)}" for key, value in sorted(values.items())]
    return "\n".join(["{", *lines, "  }"])

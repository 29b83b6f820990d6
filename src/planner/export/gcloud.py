"""A shell script of gcloud commands: buckets, grants, and a transfer job for each move that one can express."""

import json
import shlex
from collections.abc import Sequence

from planner.export.buckets import TargetBucket
from planner.export.comments import comment
from planner.export.transfer import job_of, not_expressible
from planner.lifecycle import Policy
from planner.plan import Move, Plan

MERGE = "{rule: (((.[0].lifecycle_config // {}).rule // []) + $add.rule | unique)}"


def gcloud_script(plan: Plan, moves: Sequence[Move], buckets: Sequence[TargetBucket], in_place: Policy) -> str:
    """The script; it stops at the first command that fails, and creates nothing twice."""
    project = plan.evidence.project
    parts = [
        "#!/usr/bin/env bash",
        comment(f"{plan.plan_id}: {len(buckets)} buckets for {len(moves)} moves out of {plan.source_bucket}."),
        "# It copies and never deletes.",
        "set -euo pipefail",
        f"PROJECT={shlex.quote(project)}" if project else 'PROJECT="${PROJECT:?name the project}"',
        "",
        *(line for bucket in buckets for line in _bucket(bucket)),
        *(line for move in moves for line in _job(move, plan)),
        *(_stay(plan, in_place) if in_place["rule"] else []),
    ]
    return "\n".join(parts) + "\n"


def _bucket(bucket: TargetBucket) -> list[str]:
    migration, settings = bucket.migration, bucket.migration.settings
    url = shlex.quote(f"gs://{bucket.name}")
    options = [
        '--project="$PROJECT"',
        f"--location={shlex.quote(migration.location)}",
        f"--default-storage-class={shlex.quote(settings.default_storage_class)}",
        f"--soft-delete-duration={settings.soft_delete_days}d",
        *(["--uniform-bucket-level-access"] if settings.uniform_access else []),
        *(["--public-access-prevention"] if settings.public_access_prevention else []),
        *(["--enable-autoclass"] if settings.autoclass else []),
    ]
    labels = ",".join(f"{key}={value}" for key, value in sorted(migration.labels.items()))
    lines = [
        comment(f"{bucket.name}: {', '.join(bucket.use_cases)}"),
        f"gcloud storage buckets describe {url} >/dev/null 2>&1 ||",
        f"  gcloud storage buckets create {url} {' '.join(options)}",
        f"gcloud storage buckets update {url} --update-labels={shlex.quote(labels)}",
    ]
    if settings.versioning:
        lines.append(f"gcloud storage buckets update {url} --versioning")
    for binding in settings.iam:
        member, role = shlex.quote(binding.member), shlex.quote(binding.role)
        lines.append(f"gcloud storage buckets add-iam-policy-binding {url} --member={member} --role={role}")
    if migration.lifecycle_policy["rule"]:
        document = shlex.quote(json.dumps(migration.lifecycle_policy, sort_keys=True))
        lines.append("# Only after the copy is verified:")
        lines.append(f"# gcloud storage buckets update {url} --lifecycle-file=<(printf %s {document})")
    return [*lines, ""]


def _job(move: Move, plan: Plan) -> list[str]:
    if reason := not_expressible(move):
        return [comment(f"{move.use_case}: no transfer job, {reason}; `thermocline execute` carries it out."), ""]
    job = job_of(move, plan)
    spec = job["transferSpec"]
    source, sink = spec["gcsDataSource"], spec["gcsDataSink"]
    options = [
        f"--name={shlex.quote(job['name'])}",
        '--project="$PROJECT"',
        "--overwrite-when=never",
        f"--custom-storage-class={shlex.quote(move.migration.storage_class.lower())}",
    ]
    if move.migration.keep_original_time:
        options.append("--preserve-metadata=time-created")
    for key, option in (("includePrefixes", "--include-prefixes"), ("excludePrefixes", "--exclude-prefixes")):
        if prefixes := spec.get("objectConditions", {}).get(key):
            options.append(f"{option}={shlex.quote(','.join(prefixes))}")
    return [
        comment(move.use_case),
        "gcloud transfer jobs create \\",
        f"  {shlex.quote('gs://' + source['bucketName'] + '/' + source['path'])} \\",
        f"  {shlex.quote('gs://' + str(sink['bucketName']) + '/' + sink['path'])} \\",
        f"  {' '.join(options)}",
        "",
    ]


def _stay(plan: Plan, in_place: Policy) -> list[str]:
    """Adds rules to those that the source bucket has; running it twice changes nothing more."""
    url, document = shlex.quote(f"gs://{plan.source_bucket}"), shlex.quote(json.dumps(in_place, sort_keys=True))
    return [
        comment(
            f"{plan.source_bucket}: rules for folders that stay, added to those it has (needs jq). They change storage"
        ),
        "# classes, which pays for each object and cannot be taken back for free.",
        "lifecycle=$(mktemp)",
        f"gcloud storage buckets describe {url} --format='json(lifecycle_config)' |",
        f'  jq -s --argjson add {document} {shlex.quote(MERGE)} > "$lifecycle"',
        f'gcloud storage buckets update {url} --lifecycle-file="$lifecycle"',
        "",
    ]

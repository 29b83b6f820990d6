"""buckets.insert, get, list, patch, update, delete, lockRetentionPolicy and storageLayout."""

import re
from typing import Any

from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.clock import format_time
from thermocline.sandbox.server.errors import conflict, forbidden, invalid, precondition_failed, required
from thermocline.sandbox.server.lifecycle import check_rules
from thermocline.sandbox.server.model import Bucket, bucket_resource
from thermocline.sandbox.server.objects import check_class
from thermocline.sandbox.server.store import Store

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_MULTI_REGIONS = frozenset({"US", "EU", "ASIA"})
_DUAL_REGIONS = frozenset({"NAM4", "EUR4", "EUR5", "EUR7", "EUR8", "ASIA1"})
_READ_ONLY = frozenset(
    {"kind", "id", "name", "selfLink", "projectNumber", "metageneration", "etag", "timeCreated", "updated"}
    | {"location", "locationType", "generation", "acl", "defaultObjectAcl", "owner"}
)
PROJECT_NUMBER = "123456789012"
WEEK_S = 604_800


def insert_bucket(store: Store, call: Call) -> Reply:
    """Create a bucket; 409 when the name is taken."""
    body = call.json()
    project = call.params.get("project")
    if not project:
        raise required("Required parameter: project")
    name = body.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or (len(name) > 63 and "." not in name):
        raise invalid(f"Invalid bucket name: '{name}'")
    if name in store.buckets:
        owned = store.buckets[name].resource.get("x_project") == project
        raise conflict(
            "Your previous request to create the named bucket succeeded and you already own it."
            if owned
            else "The requested bucket name is not available. The namespace is shared by all users of the system."
        )
    now = format_time(store.clock.now())
    location = str(body.get("location") or "US").upper()
    resource: dict[str, Any] = {
        "name": name,
        "projectNumber": PROJECT_NUMBER,
        "x_project": project,
        "location": location,
        "locationType": _location_type(location),
        "storageClass": check_class(body.get("storageClass") or "STANDARD"),
        "timeCreated": now,
        "updated": now,
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": False},
            "publicAccessPrevention": "inherited",
        },
        "softDeletePolicy": {"retentionDurationSeconds": str(WEEK_S), "effectiveTime": now},
    }
    if call.params.get("enableObjectRetention", "").lower() == "true":
        resource["objectRetention"] = {"mode": "Enabled"}
    bucket = Bucket(resource)
    bucket.policy = {"version": 1, "bindings": _default_bindings(project)}
    _merge_settings(resource, body, now)
    store.save_bucket(bucket)
    return Reply(shown(bucket, call))


def get_bucket(store: Store, call: Call) -> Reply:
    """The bucket's resource."""
    bucket = store.bucket(call.bucket)
    _check_metageneration(bucket, call)
    return Reply(shown(bucket, call))


def list_buckets(store: Store, call: Call) -> Reply:
    """Buckets of a project in order of name, a page at a time."""
    project = call.params.get("project")
    if not project:
        raise required("Required parameter: project")
    prefix, after = call.params.get("prefix", ""), call.params.get("pageToken", "")
    limit = min(call.number("maxResults") or 1000, 1000)
    names = sorted(
        name
        for name, bucket in store.buckets.items()
        if name.startswith(prefix) and name > after and bucket.resource["x_project"] == project
    )
    document: dict[str, Any] = {"kind": "storage#buckets"}
    document["items"] = [shown(store.buckets[name], call) for name in names[:limit]]
    if len(names) > limit:
        document["nextPageToken"] = names[limit - 1]
    return Reply(document)


def patch_bucket(store: Store, call: Call) -> Reply:
    """Merge the body into the bucket; null removes."""
    bucket = store.bucket(call.bucket)
    _check_metageneration(bucket, call)
    now = format_time(store.clock.now())
    resource = _deep_copy(bucket.resource)
    _merge_settings(resource, call.json(), now)
    _keep_locked(bucket.resource, resource)
    resource["updated"] = now
    bucket.resource = resource
    bucket.metageneration += 1
    store.save_bucket(bucket)
    return Reply(shown(bucket, call))


def delete_bucket(store: Store, call: Call) -> Reply:
    """Delete an empty bucket; 409 while it holds live or noncurrent objects."""
    bucket = store.bucket(call.bucket)
    _check_metageneration(bucket, call)
    if bucket.live or bucket.noncurrent:
        raise conflict("The bucket you tried to delete is not empty.")
    store.drop_bucket(bucket)
    return Reply(status=204)


def lock_retention(store: Store, call: Call) -> Reply:
    """Make the retention policy permanent."""
    bucket = store.bucket(call.bucket)
    if "ifMetagenerationMatch" not in call.params:
        raise required("Required parameter: ifMetagenerationMatch")
    _check_metageneration(bucket, call)
    if "retentionPolicy" not in bucket.resource:
        raise invalid("The bucket has no retention policy.")
    bucket.resource["retentionPolicy"] = {**bucket.resource["retentionPolicy"], "isLocked": True}
    bucket.metageneration += 1
    store.save_bucket(bucket)
    return Reply(shown(bucket, call))


def storage_layout(store: Store, call: Call) -> Reply:
    """Where the bucket is and whether its namespace is hierarchical; needs no permission on bucket metadata."""
    resource = store.bucket(call.bucket).resource
    return Reply(
        {
            "kind": "storage#storageLayout",
            "bucket": call.bucket,
            "location": resource["location"],
            "locationType": resource["locationType"],
            "hierarchicalNamespace": {"enabled": bool(resource.get("hierarchicalNamespace", {}).get("enabled", False))},
        }
    )


def shown(bucket: Bucket, call: Call) -> dict[str, Any]:
    """The resource without what only the server knows."""
    resource = bucket_resource(bucket, call.base)
    del resource["x_project"]
    return resource


def _check_metageneration(bucket: Bucket, call: Call) -> None:
    if call.number("ifMetagenerationMatch") not in (None, bucket.metageneration):
        raise precondition_failed()
    unwanted = call.number("ifMetagenerationNotMatch")
    if unwanted is not None and unwanted == bucket.metageneration:
        raise precondition_failed()


def _merge_settings(resource: dict[str, Any], body: dict[str, Any], now: str) -> None:
    """Lay a body over a bucket: objects merge key by key, lists and plain values replace."""
    for key, value in body.items():
        if key in _READ_ONLY:
            continue
        if value is None:
            resource.pop(key, None)
        elif isinstance(value, dict) and key != "lifecycle":
            merged = {**resource.get(key, {}), **value}
            resource[key] = {inner: kept for inner, kept in merged.items() if kept is not None}
        else:
            resource[key] = value
    if "storageClass" in body:
        check_class(resource.get("storageClass"))
    if "lifecycle" in body and body["lifecycle"] is not None:
        check_rules(body["lifecycle"])
    _stamp(resource, body, now)
    if not resource.get("labels", True):
        del resource["labels"]


def _stamp(resource: dict[str, Any], body: dict[str, Any], now: str) -> None:
    """Fill the times and string numbers that the service fills."""
    if retention := body.get("retentionPolicy"):
        period = int(retention["retentionPeriod"])
        if not 0 < period <= 3_155_760_000:
            raise invalid("The retention period must be between 1 second and 100 years.")
        resource["retentionPolicy"] |= {"retentionPeriod": str(period), "effectiveTime": now}
    if soft := body.get("softDeletePolicy"):
        seconds = int(soft.get("retentionDurationSeconds", WEEK_S))
        if seconds and not WEEK_S <= seconds <= 90 * 86_400:
            raise invalid("The soft delete retention must be 0, or between 7 and 90 days.")
        resource["softDeletePolicy"] |= {"retentionDurationSeconds": str(seconds), "effectiveTime": now}
    if autoclass := body.get("autoclass"):
        resource["autoclass"].setdefault("toggleTime", now)
        if autoclass.get("enabled"):
            resource["autoclass"].setdefault("terminalStorageClass", "NEARLINE")
    uniform = resource.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {})
    if uniform.get("enabled"):
        resource["iamConfiguration"]["bucketPolicyOnly"] = uniform


def _keep_locked(before: dict[str, Any], after: dict[str, Any]) -> None:
    policy = before.get("retentionPolicy", {})
    if not policy.get("isLocked"):
        return
    shorter = int(after.get("retentionPolicy", {}).get("retentionPeriod", 0)) < int(policy["retentionPeriod"])
    if shorter:
        raise forbidden("Cannot reduce or remove a locked retention policy.")


def _location_type(location: str) -> str:
    if location in _MULTI_REGIONS:
        return "multi-region"
    if location in _DUAL_REGIONS:
        return "dual-region"
    if not re.fullmatch(r"[A-Z]+(-[A-Z]+)+[0-9]+", location):
        raise invalid(f"The specified location constraint is not valid: {location}", "invalid")
    return "region"


def _default_bindings(project: str) -> list[dict[str, Any]]:
    return [
        {
            "role": "roles/storage.legacyBucketOwner",
            "members": [f"projectEditor:{project}", f"projectOwner:{project}"],
        },
        {"role": "roles/storage.legacyBucketReader", "members": [f"projectViewer:{project}"]},
    ]


def _deep_copy(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _deep_copy(inner) if isinstance(inner, dict) else inner for key, inner in value.items()}

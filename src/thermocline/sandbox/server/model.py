"""Objects and buckets as the server keeps them, and as the API shows them."""

import base64
from bisect import bisect_left
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

import msgspec

from thermocline.sandbox.server.clock import SECOND, format_time
from thermocline.sandbox.server.content import Content

STORAGE_CLASSES = frozenset(
    {"STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL", "DURABLE_REDUCED_AVAILABILITY"}
)
# What a request body may set on an object, and what a rewrite body replaces as one set.
METADATA_FIELDS = (
    "contentType",
    "contentEncoding",
    "contentLanguage",
    "contentDisposition",
    "cacheControl",
    "metadata",
    "customTime",
    "contexts",
)


class StoredObject(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One generation of an object. `fields` holds the settable metadata in API form and is never changed in place."""

    name: str
    generation: int
    content: Content
    size: int
    crc32c: str
    storage_class: str
    created: int
    updated: int
    class_updated: int
    md5: str | None = None
    metageneration: int = 1
    fields: dict[str, Any] = {}
    component_count: int | None = None
    temporary_hold: bool | None = None
    event_based_hold: bool | None = None
    hold_released: int | None = None
    retention: dict[str, Any] | None = None
    customer_key_sha256: str | None = None
    kms_key: str | None = None
    noncurrent_since: int | None = None
    soft_deleted: int | None = None
    hard_delete: int | None = None


class NameIndex:
    """Object names in order. Additions are merged when a listing asks; removed names stay until the next merge."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._added: set[str] = set()

    def add(self, name: str) -> None:
        self._added.add(name)

    def names(self, live: dict[str, StoredObject]) -> list[str]:
        """All names in order; may hold names that are gone, which the reader skips."""
        if self._added:
            known = self._names
            fresh = sorted(name for name in self._added if not _holds(known, name))
            if fresh:
                known.extend(fresh)
                known.sort()
            self._added.clear()
        if len(self._names) > 2 * len(live) + 64:
            self._names = sorted(live)
        return self._names


def _holds(names: list[str], name: str) -> bool:
    at = bisect_left(names, name)
    return at < len(names) and names[at] == name


class Bucket:
    """A bucket: its resource in API form (numbers still numbers), its policy, and its objects by state."""

    def __init__(self, resource: dict[str, Any]) -> None:
        self.resource = resource
        self.name: str = resource["name"]
        self.metageneration = 1
        self.policy: dict[str, Any] = {"bindings": [], "version": 1}
        self.policy_version = 1
        self.notifications: dict[str, dict[str, Any]] = {}
        self.live: dict[str, StoredObject] = {}
        self.noncurrent: dict[str, list[StoredObject]] = {}
        self.soft: dict[str, list[StoredObject]] = {}
        self.index = NameIndex()

    @property
    def versioning(self) -> bool:
        return bool(self.resource.get("versioning", {}).get("enabled"))

    @property
    def autoclass(self) -> bool:
        return bool(self.resource.get("autoclass", {}).get("enabled"))

    @property
    def soft_delete_ms(self) -> int:
        return int(self.resource.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0)) * SECOND

    def class_for(self, wanted: str | None) -> str:
        """The class a new object gets: Autoclass ignores the wish, the bucket's default fills the gap."""
        if self.autoclass:
            return "STANDARD"
        return wanted or str(self.resource["storageClass"])

    def retention_until(self, held: StoredObject) -> int | None:
        """When the bucket's policy and the object's own retention let it go, in milliseconds; None without either."""
        until = []
        if policy := self.resource.get("retentionPolicy"):
            until.append((held.hold_released or held.created) + int(policy["retentionPeriod"]) * SECOND)
        if held.retention:
            until.append(int(held.retention["until_ms"]))
        return max(until) if until else None


def bucket_resource(bucket: Bucket, base: str) -> dict[str, Any]:
    """The bucket as the API shows it."""
    shown = dict(bucket.resource)
    shown |= {
        "kind": "storage#bucket",
        "id": bucket.name,
        "selfLink": f"{base}/storage/v1/b/{bucket.name}",
        "metageneration": str(bucket.metageneration),
        "etag": etag(bucket.metageneration, bucket.policy_version),
    }
    return shown


# What costs more to say than everything else about an object together; most listings do not ask for it.
_COSTLY = frozenset(
    {"kind", "id", "selfLink", "mediaLink", "bucket", "etag", "updated", "timeStorageClassUpdated", "timeFinalized"}
)


def object_resource(
    bucket: Bucket, held: StoredObject, base: str, wanted: Collection[str] | None = None
) -> dict[str, Any]:
    """The object as the API shows it; 64-bit numbers are strings. What is not `wanted` may be left out."""
    shown: dict[str, Any] = {
        "name": held.name,
        "generation": str(held.generation),
        "metageneration": str(held.metageneration),
        "storageClass": held.storage_class,
        "size": str(held.size),
        "timeCreated": format_time(held.created),
        **held.fields,
    }
    if wanted is None or not _COSTLY.isdisjoint(wanted):
        path = f"storage/v1/b/{bucket.name}/o/{quote(held.name, safe='')}"
        shown |= {
            "kind": "storage#object",
            "id": f"{bucket.name}/{held.name}/{held.generation}",
            "selfLink": f"{base}/{path}",
            "mediaLink": f"{base}/download/{path}?generation={held.generation}&alt=media",
            "bucket": bucket.name,
            "etag": etag(held.generation, held.metageneration),
            "updated": format_time(held.updated),
            "timeStorageClassUpdated": format_time(held.class_updated),
            "timeFinalized": format_time(held.created),
        }
    if held.customer_key_sha256 is None:
        shown["crc32c"] = held.crc32c
        if held.md5 is not None:
            shown["md5Hash"] = held.md5
    _show_rare(bucket, held, shown)
    return shown


def _show_rare(bucket: Bucket, held: StoredObject, shown: dict[str, Any]) -> None:
    if held.component_count is not None:
        shown["componentCount"] = held.component_count
    if held.temporary_hold is not None:
        shown["temporaryHold"] = held.temporary_hold
    if held.event_based_hold is not None:
        shown["eventBasedHold"] = held.event_based_hold
    if held.customer_key_sha256 is not None:
        shown["customerEncryption"] = {"encryptionAlgorithm": "AES256", "keySha256": held.customer_key_sha256}
    if held.kms_key is not None:
        shown["kmsKeyName"] = held.kms_key
    if held.noncurrent_since is not None:
        shown["timeDeleted"] = format_time(held.noncurrent_since)
    if held.soft_deleted is not None and held.hard_delete is not None:
        shown |= {"softDeleteTime": format_time(held.soft_deleted), "hardDeleteTime": format_time(held.hard_delete)}
    if held.retention:
        shown["retention"] = {
            "mode": held.retention["mode"],
            "retainUntilTime": format_time(held.retention["until_ms"]),
        }
    if "retentionPolicy" in bucket.resource and not held.event_based_hold:
        until = bucket.retention_until(held)
        if until is not None:
            shown["retentionExpirationTime"] = format_time(until)


def etag(*numbers: int) -> str:
    """An opaque tag that changes with every change."""
    return base64.b64encode("/".join(map(str, numbers)).encode()).decode()

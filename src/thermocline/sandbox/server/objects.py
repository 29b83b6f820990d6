"""objects.get, patch, update, delete and restore."""

import base64
from typing import Any

from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.clock import format_time, parse_time
from thermocline.sandbox.server.errors import ApiError, forbidden, invalid, no_object, precondition_failed, required
from thermocline.sandbox.server.model import (
    METADATA_FIELDS,
    STORAGE_CLASSES,
    Bucket,
    StoredObject,
    object_resource,
)
from thermocline.sandbox.server.preconditions import check_read, check_write
from thermocline.sandbox.server.store import Store


def get_object(store: Store, call: Call) -> Reply:
    """Metadata, or the bytes with alt=media."""
    bucket = store.bucket(call.bucket)
    if call.flag("softDeleted"):
        return Reply(object_resource(bucket, find_soft(store, bucket, call), call.base))
    held = store.find(bucket, call.name, call.number("generation"))
    check_read(call, held)
    if call.params.get("alt") == "media":
        return media(held, call)
    return Reply(object_resource(bucket, held, call.base))


def media(held: StoredObject, call: Call) -> Reply:
    """The stored bytes, whole or the one range asked for."""
    check_customer_key(held, call, "x-goog-encryption-key-sha256")
    headers = {
        "Content-Type": held.fields.get("contentType", "application/octet-stream"),
        "X-Goog-Generation": str(held.generation),
        "X-Goog-Metageneration": str(held.metageneration),
        "X-Goog-Storage-Class": held.storage_class,
        "X-Goog-Stored-Content-Length": str(held.size),
        "X-Goog-Stored-Content-Encoding": held.fields.get("contentEncoding", "identity"),
        "X-Goog-Hash": f"crc32c={held.crc32c}" + (f",md5={held.md5}" if held.md5 else ""),
        "Accept-Ranges": "bytes",
    }
    for field, header in (("contentEncoding", "Content-Encoding"), ("cacheControl", "Cache-Control")):
        if field in held.fields:
            headers[header] = held.fields[field]
    wanted = call.headers.get("Range")
    if not wanted:
        return Reply(content=held.content, span=(0, held.size), headers=headers)
    start, stop = _span(wanted, held.size)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{held.size}"
    return Reply(status=206, content=held.content, span=(start, stop), headers=headers)


def _span(header: str, size: int) -> tuple[int, int]:
    unsatisfiable = ApiError(416, "requestedRangeNotSatisfiable", "Request range not satisfiable", "Range")
    unsatisfiable.headers["Content-Range"] = f"bytes */{size}"
    first, dash, last = header.removeprefix("bytes=").partition("-")
    try:
        if not dash:
            raise unsatisfiable
        start, stop = (int(first), int(last) + 1 if last else size) if first else (max(size - int(last), 0), size)
    except ValueError:
        raise unsatisfiable from None
    if start >= size:
        raise unsatisfiable
    return start, min(stop, size)


def patch_object(store: Store, call: Call) -> Reply:
    """Change the fields that the body names; null removes one. Custom metadata is merged key by key."""
    bucket = store.bucket(call.bucket)
    held = store.find(bucket, call.name, call.number("generation"))
    check_write(call, held)
    body = call.json()
    check_class_change(held, body)
    fields = dict(held.fields)
    for field in METADATA_FIELDS:
        if field in body:
            _merge(fields, field, body[field])
    apply_fields(store, bucket, held, body, fields, override=call.flag("overrideUnlockedRetention"))
    store.save(bucket, held)
    return Reply(object_resource(bucket, held, call.base))


def update_object(store: Store, call: Call) -> Reply:
    """Replace all settable metadata by the body's."""
    bucket = store.bucket(call.bucket)
    held = store.find(bucket, call.name, call.number("generation"))
    check_write(call, held)
    body = call.json()
    check_class_change(held, body)
    apply_fields(store, bucket, held, body, settable(body), override=call.flag("overrideUnlockedRetention"))
    store.save(bucket, held)
    return Reply(object_resource(bucket, held, call.base))


def check_class_change(held: StoredObject, body: dict[str, Any]) -> None:
    """A class is changed by rewriting, never by patching."""
    if body.get("storageClass", held.storage_class) != held.storage_class:
        raise invalid("The storageClass of an object cannot be changed by patch or update; rewrite the object.")


def delete_object(store: Store, call: Call) -> Reply:
    """Delete the live object, or exactly the generation named."""
    bucket = store.bucket(call.bucket)
    generation = call.number("generation")
    held = store.find(bucket, call.name, generation)
    check_write(call, held)
    store.remove(bucket, held, call.principal, call.run, keep=bucket.versioning and generation is None)
    return Reply(status=204)


def restore_object(store: Store, call: Call) -> Reply:
    """Bring a soft-deleted generation back as a new live one."""
    bucket = store.bucket(call.bucket)
    old = find_soft(store, bucket, call)
    check_write(call, bucket.live.get(call.name))
    now = store.clock.now()
    fresh = StoredObject(
        name=old.name,
        generation=store.next_generation(),
        content=old.content,
        size=old.size,
        crc32c=old.crc32c,
        md5=old.md5,
        storage_class=old.storage_class,
        created=now,
        updated=now,
        class_updated=now,
        fields=old.fields,
        component_count=old.component_count,
        customer_key_sha256=old.customer_key_sha256,
        kms_key=old.kms_key,
    )
    store.put(bucket, fresh, call.principal, call.run)
    return Reply(object_resource(bucket, fresh, call.base))


def find_soft(store: Store, bucket: Bucket, call: Call) -> StoredObject:
    """The soft-deleted generation that the call names."""
    generation = call.number("generation")
    if generation is None:
        raise required("Required parameter: generation")
    store.purge_soft(bucket)
    for old in bucket.soft.get(call.name, ()):
        if old.generation == generation:
            return old
    raise no_object(bucket.name, call.name)


def settable(body: dict[str, Any]) -> dict[str, Any]:
    """The metadata set that a body carries, nulls left out."""
    fields = {field: body[field] for field in METADATA_FIELDS if body.get(field) is not None}
    check_fields(fields)
    return fields


def check_fields(fields: dict[str, Any]) -> None:
    """Refuse metadata that the service would refuse."""
    if "customTime" in fields:
        fields["customTime"] = format_time(parse_time(fields["customTime"]))
    metadata = fields.get("metadata", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise invalid("Invalid value for: metadata must map strings to strings")
    if sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items()) > 8192:
        raise invalid("Metadata size exceeds the limit of 8192 bytes.", "metadataTooLarge")


def apply_fields(
    store: Store,
    bucket: Bucket,
    held: StoredObject,
    body: dict[str, Any],
    fields: dict[str, Any],
    *,
    override: bool = False,
) -> None:
    """Set checked metadata, holds and retention on an object."""
    check_fields(fields)
    before = held.fields.get("customTime")
    after = fields.get("customTime")
    if before is not None and (after is None or parse_time(after) < parse_time(before)):
        raise invalid("Custom time cannot be removed or set to an earlier time once set.")
    if "temporaryHold" in body:
        held.temporary_hold = bool(body["temporaryHold"])
    if "eventBasedHold" in body:
        released = held.event_based_hold and not body["eventBasedHold"]
        held.event_based_hold = bool(body["eventBasedHold"])
        held.hold_released = store.clock.now() if released else held.hold_released
    if "retention" in body:
        _set_retention(store, bucket, held, body["retention"], override=override)
    held.fields = fields


def _set_retention(
    store: Store, bucket: Bucket, held: StoredObject, wanted: dict[str, Any] | None, *, override: bool
) -> None:
    if "objectRetention" not in bucket.resource:
        raise invalid("Object retention is not enabled for this bucket.")
    fresh: dict[str, Any] | None = None
    if wanted and (wanted.get("mode") or wanted.get("retainUntilTime")):
        fresh = {"mode": wanted.get("mode"), "until_ms": parse_time(wanted.get("retainUntilTime"))}
        if fresh["mode"] not in {"Locked", "Unlocked"} or fresh["until_ms"] <= store.clock.now():
            raise invalid("Invalid retention: a mode and a time in the future are needed.")
    if held.retention:
        shorter = fresh is None or fresh["until_ms"] < held.retention["until_ms"]
        if shorter and (held.retention["mode"] == "Locked" or not override):
            raise forbidden("The object's retention cannot be reduced or removed.", "retentionPolicyNotMet")
    held.retention = fresh


def check_class(storage_class: object) -> str:
    """A known storage class, or 400."""
    if storage_class not in STORAGE_CLASSES:
        raise invalid(f"Invalid storage class: {storage_class}")
    return str(storage_class)


def check_customer_key(held: StoredObject, call: Call, header: str) -> None:
    """An object under a customer-supplied key is read only with that key."""
    if held.customer_key_sha256 is None:
        return
    given = call.headers.get(header)
    if given is None:
        raise invalid(
            "The target object is encrypted by a customer-supplied encryption key.",
            "resourceIsEncryptedWithCustomerEncryptionKey",
        )
    if base64.b64decode(given) != base64.b64decode(held.customer_key_sha256):
        raise precondition_failed(header)


def check_name(name: str) -> None:
    """Names are 1 to 1024 UTF-8 bytes without line breaks, and neither `.` nor `..`."""
    encoded = len(name.encode())
    if not 1 <= encoded <= 1024 or "\n" in name or "\r" in name or name in {".", ".."}:
        raise invalid(f"Invalid object name: {name[:80]!r}")
    if name.startswith(".well-known/acme-challenge/"):
        raise invalid("Disallowed object name prefix: .well-known/acme-challenge/")


def _merge(fields: dict[str, Any], field: str, value: Any) -> None:
    if value is None:
        fields.pop(field, None)
    elif field == "metadata" and isinstance(value, dict):
        merged = {**fields.get("metadata", {}), **value}
        fields["metadata"] = {key: text for key, text in merged.items() if text is not None}
        if not fields["metadata"]:
            del fields["metadata"]
    else:
        fields[field] = value

"""Many objects at once, without HTTP bodies: how a lake of millions of objects gets into the server in seconds."""

from typing import Any

import msgspec

from thermocline.sandbox.server.clock import parse_time
from thermocline.sandbox.server.content import Inline, Seeded, crc32c, md5
from thermocline.sandbox.server.model import METADATA_FIELDS, Bucket, StoredObject
from thermocline.sandbox.server.objects import check_class, check_fields, check_name
from thermocline.sandbox.server.store import Store

# Above this size virtual objects have no MD5, as composites have none: hashing gigabytes that nobody reads is waste.
_MD5_LIMIT = 65_536


class SeedObject(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """One object to create. Without `data`, its content is virtual: a function of `seed` (default: name) and size."""

    name: str
    size: int = 0
    seed: str = ""
    data: bytes | None = None
    generation: int | None = None
    time_created: str | None = None
    storage_class: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    content_disposition: str | None = None
    cache_control: str | None = None
    metadata: dict[str, str] | None = None
    custom_time: str | None = None
    temporary_hold: bool | None = None
    event_based_hold: bool | None = None
    composite: bool = False


class SeedRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Objects for one bucket, which must exist."""

    bucket: str
    objects: list[SeedObject]


def seed_objects(store: Store, wanted: SeedRequest) -> dict[str, int]:
    """Store them all; returns how many, and their bytes."""
    bucket = store.bucket(wanted.bucket)
    total = 0
    for one in wanted.objects:
        fresh = _object(store, bucket, one)
        store.put(bucket, fresh, "seed")
        total += fresh.size
    return {"objects": len(wanted.objects), "bytes": total}


def _object(store: Store, bucket: Bucket, one: SeedObject) -> StoredObject:
    check_name(one.name)
    content = Seeded(one.seed or one.name, one.size) if one.data is None else Inline(one.data)
    created = parse_time(one.time_created) if one.time_created else store.clock.now()
    hashed = content.size <= _MD5_LIMIT and not one.composite
    fields: dict[str, Any] = {}
    for field, attribute in zip(METADATA_FIELDS, _ATTRIBUTES, strict=True):
        value = getattr(one, attribute, None)
        if value is not None:
            fields[field] = value
    check_fields(fields)
    return StoredObject(
        name=one.name,
        generation=one.generation or store.next_generation(),
        content=content,
        size=content.size,
        crc32c=crc32c(content),
        md5=md5(content) if hashed else None,
        component_count=None if hashed else 1,
        storage_class=bucket.class_for(check_class(one.storage_class) if one.storage_class else None),
        created=created,
        updated=created,
        class_updated=created,
        fields=fields,
        temporary_hold=one.temporary_hold,
        event_based_hold=one.event_based_hold,
    )


_ATTRIBUTES = (
    "content_type",
    "content_encoding",
    "content_language",
    "content_disposition",
    "cache_control",
    "metadata",
    "custom_time",
    "contexts",
)

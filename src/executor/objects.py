"""What the storage service says about objects and buckets, decoded into frozen records.

64-bit numbers travel as strings in the JSON API; they are decoded with `strict=False`.
"""

from typing import Any

import msgspec

MARKER = "thermocline-origin"
"""Custom metadata key on every copy of ours. Its value names the plan and the source generation, so that an ambiguous
answer (412 after a lost response) can be settled and so that a rollback never removes what somebody else wrote."""

OWN_PREFIX = ".thermocline/"
"""Objects of ours beside the data (the lock); never part of a move."""

OBJECT_FIELDS = (
    "name,generation,metageneration,size,crc32c,md5Hash,storageClass,timeCreated,customTime,contentType,contentEncoding,"
    "contentLanguage,contentDisposition,cacheControl,metadata,contexts,temporaryHold,eventBasedHold,"
    "retentionExpirationTime,retention,customerEncryption,kmsKeyName"
)


class StoredObject(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One generation of one object. `size` in bytes; `crc32c` and `md5_hash` base64 as the API gives them."""

    name: str
    generation: int = 0
    metageneration: int = 0
    size: int = 0
    crc32c: str = ""
    md5_hash: str | None = None
    storage_class: str = "STANDARD"
    time_created: str = ""
    custom_time: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    content_disposition: str | None = None
    cache_control: str | None = None
    metadata: dict[str, str] | None = None
    contexts: Any = None
    temporary_hold: bool = False
    event_based_hold: bool = False
    retention_expiration_time: str | None = None
    retention: Any = None
    customer_encryption: Any = None
    kms_key_name: str | None = None
    soft_delete_time: str | None = None
    hard_delete_time: str | None = None
    updated: str | None = None

    @property
    def marker(self) -> str | None:
        """The value of our marker, if this object carries one."""
        return self.metadata.get(MARKER) if self.metadata else None


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """One page of an object listing."""

    items: list[StoredObject] = []
    next_page_token: str | None = None


class RewriteAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """One call of a rewrite: done with the new object, or a token for the next call."""

    done: bool = False
    rewrite_token: str | None = None
    total_bytes_rewritten: int = 0
    object_size: int = 0
    resource: StoredObject | None = None


class Attributes(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The full metadata set that a rewrite must send: a body replaces everything, so nothing may be left out."""

    content_type: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    content_disposition: str | None = None
    cache_control: str | None = None
    metadata: dict[str, str] | None = None
    custom_time: str | None = None
    storage_class: str | None = None
    contexts: Any = None


def wanted_attributes(
    source: StoredObject, *, storage_class: str | None, keep_original_time: bool, marker: str
) -> Attributes:
    """What the copy of `source` must look like; `storage_class` None keeps the source's class."""
    return Attributes(
        content_type=source.content_type,
        content_encoding=source.content_encoding,
        content_language=source.content_language,
        content_disposition=source.content_disposition,
        cache_control=source.cache_control,
        metadata={**(source.metadata or {}), MARKER: marker},
        # customTime never decreases on one object, and lifecycle's daysSinceCustomTime starts from it.
        custom_time=source.custom_time or (source.time_created if keep_original_time else None),
        storage_class=storage_class or source.storage_class,
        contexts=source.contexts,
    )


def attributes_of(stored: StoredObject) -> Attributes:
    """The same set as found on a stored object, for comparison."""
    return Attributes(
        content_type=stored.content_type,
        content_encoding=stored.content_encoding,
        content_language=stored.content_language,
        content_disposition=stored.content_disposition,
        cache_control=stored.cache_control,
        metadata=stored.metadata,
        custom_time=stored.custom_time,
        storage_class=stored.storage_class,
        contexts=stored.contexts,
    )


encode = msgspec.json.Encoder().encode
decode_page = msgspec.json.Decoder(Page, strict=False).decode
decode_object = msgspec.json.Decoder(StoredObject, strict=False).decode
decode_rewrite = msgspec.json.Decoder(RewriteAnswer, strict=False).decode
decode_attributes = msgspec.json.Decoder(Attributes, strict=False).decode

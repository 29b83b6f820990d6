"""objects.rewrite, copy and move.

Semantics kept here, each of which a careless migrator trips over:
- a body without metadata keeps the source's metadata; any metadata in the body replaces the whole set;
- the class is the body's, or the destination bucket's default, never the source's;
- `timeCreated` starts anew; holds, retention and access lists are not carried over;
- across location or class, an object beyond the bytes per call needs several calls with one token, and each call must
  repeat the first one's parameters and body; a token lasts a week of the server's clock.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.clock import DAY
from thermocline.sandbox.server.errors import ApiError, invalid, no_object
from thermocline.sandbox.server.model import METADATA_FIELDS, Bucket, StoredObject, object_resource
from thermocline.sandbox.server.objects import apply_fields, check_class, check_customer_key, check_name, settable
from thermocline.sandbox.server.preconditions import check_source, check_write
from thermocline.sandbox.server.store import MIB, Store

_CARRYING = frozenset(METADATA_FIELDS) | {"storageClass", "temporaryHold", "eventBasedHold", "retention"}
_SOURCE_KEY = "x-goog-copy-source-encryption-key-sha256"


@dataclass(slots=True)
class Progress:
    """An unfinished rewrite: which one it is, and how far it got."""

    fingerprint: str
    generation: int
    started: int
    written: int = 0


class Rewriter:
    """Rewrites and copies, with the tokens that are open."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tokens: dict[str, Progress] = {}
        self._issued = 0

    def rewrite(self, call: Call) -> Reply:
        """One call of a rewrite; done, or a token to go on with."""
        store = self.store
        source_bucket, target_bucket = store.bucket(call.bucket), store.bucket(call.target_bucket)
        token = call.params.get("rewriteToken")
        body = call.json()
        progress = self._progress(call, token) if token else None
        source = store.find(source_bucket, call.name, call.number("sourceGeneration"))
        if progress is not None and source.generation != progress.generation:
            raise no_object(call.bucket, call.name)
        check_source(call, source)
        check_write(call, target_bucket.live.get(call.target_name))
        check_customer_key(source, call, _SOURCE_KEY)
        fresh = self._copy(source, target_bucket, call, body)
        limit = self._limit(call)
        if source.size > limit and _moves_data(source_bucket, source, target_bucket, fresh):
            written = (progress.written if progress else 0) + limit
            if written < source.size:
                return self._unfinished(call, token, progress, source, written)
        if token:
            del self.tokens[token]
        fresh.generation = store.next_generation()
        store.put(target_bucket, fresh, call.principal, call.run)
        size = str(fresh.size)
        return Reply(
            {
                "kind": "storage#rewriteResponse",
                "totalBytesRewritten": size,
                "objectSize": size,
                "done": True,
                "resource": object_resource(target_bucket, fresh, call.base),
            }
        )

    def copy(self, call: Call) -> Reply:
        """The older one-call form; refused where the service would time out."""
        store = self.store
        source_bucket, target_bucket = store.bucket(call.bucket), store.bucket(call.target_bucket)
        source = store.find(source_bucket, call.name, call.number("sourceGeneration"))
        check_source(call, source)
        check_write(call, target_bucket.live.get(call.target_name))
        check_customer_key(source, call, _SOURCE_KEY)
        fresh = self._copy(source, target_bucket, call, call.json())
        if source.size > store.settings.rewrite_bytes_per_call and _moves_data(
            source_bucket, source, target_bucket, fresh
        ):
            raise ApiError(413, "uploadTooLarge", "Copy spanning locations and/or storage classes could not complete.")
        fresh.generation = store.next_generation()
        store.put(target_bucket, fresh, call.principal, call.run)
        return Reply(object_resource(target_bucket, fresh, call.base))

    def move(self, call: Call) -> Reply:
        """Rename inside one bucket, in one step."""
        store = self.store
        bucket = store.bucket(call.bucket)
        source = store.find(bucket, call.name)
        check_source(call, source)
        check_write(call, bucket.live.get(call.target_name))
        store.check_removable(bucket, source)
        fresh = self._copy(source, bucket, call, {})
        fresh.storage_class = source.storage_class
        fresh.generation = store.next_generation()
        store.put(bucket, fresh, call.principal, call.run)
        store.remove(bucket, source, call.principal, call.run, keep=bucket.versioning, cause="moved")
        return Reply(object_resource(bucket, fresh, call.base))

    def _copy(self, source: StoredObject, bucket: Bucket, call: Call, body: dict[str, Any]) -> StoredObject:
        check_name(call.target_name)
        now = self.store.clock.now()
        wanted = body.get("storageClass")
        replaced = not _CARRYING.isdisjoint(body)
        fresh = StoredObject(
            name=call.target_name,
            generation=0,
            content=source.content,
            size=source.size,
            crc32c=source.crc32c,
            md5=source.md5,
            storage_class=bucket.class_for(check_class(wanted) if wanted else None),
            created=now,
            updated=now,
            class_updated=now,
            fields={} if replaced else source.fields,
            component_count=source.component_count,
            customer_key_sha256=call.headers.get("x-goog-encryption-key-sha256"),
            kms_key=call.params.get("destinationKmsKeyName")
            or bucket.resource.get("encryption", {}).get("defaultKmsKeyName"),
        )
        if replaced:
            apply_fields(self.store, bucket, fresh, body, settable(body))
        return fresh

    def _limit(self, call: Call) -> int:
        wanted = call.number("maxBytesRewrittenPerCall")
        if wanted is not None and (wanted <= 0 or wanted % MIB):
            raise invalid("maxBytesRewrittenPerCall must be a positive multiple of 1048576.")
        ours = self.store.settings.rewrite_bytes_per_call
        return ours if wanted is None else min(wanted, ours)

    def _unfinished(
        self, call: Call, token: str | None, progress: Progress | None, source: StoredObject, written: int
    ) -> Reply:
        if token is None or progress is None:
            progress = Progress(_fingerprint(call), source.generation, self.store.clock.now())
            self._issued += 1
            token = hashlib.blake2b(f"{self._issued}/{progress.fingerprint}".encode(), digest_size=24).hexdigest()
            self.tokens[token] = progress
        progress.written = written
        return Reply(
            {
                "kind": "storage#rewriteResponse",
                "totalBytesRewritten": str(written),
                "objectSize": str(source.size),
                "done": False,
                "rewriteToken": token,
            }
        )

    def _progress(self, call: Call, token: str) -> Progress:
        progress = self.tokens.get(token)
        if progress is None:
            raise invalid("Invalid rewrite token.")
        if self.store.clock.now() - progress.started > 7 * DAY:
            del self.tokens[token]
            raise ApiError(410, "gone", "The rewrite token has expired.")
        if progress.fingerprint != _fingerprint(call):
            raise invalid("The rewrite token does not belong to this request.")
        return progress


def _fingerprint(call: Call) -> str:
    # One call may ask for fewer bytes than another; everything else must be repeated.
    same = sorted((key, value) for key, value in call.params.items() if key not in {"rewriteToken", "fields", "alt"})
    parts = repr((call.bucket, call.name, call.target_bucket, call.target_name, same, call.json()))
    return hashlib.sha256(parts.encode()).hexdigest()


def _moves_data(source_bucket: Bucket, source: StoredObject, target_bucket: Bucket, fresh: StoredObject) -> bool:
    return (
        source_bucket.resource["location"] != target_bucket.resource["location"]
        or source.storage_class != fresh.storage_class
        or source.kms_key != fresh.kms_key
        or source.customer_key_sha256 != fresh.customer_key_sha256
    )

"""The server's state, and the invariants that every change of it keeps.

- One live generation per name; a generation number is never used twice and grows even when the clock goes back.
- What a hold or a retention policy protects is not deleted and not overwritten.
- What stops being live becomes noncurrent (versioning), soft-deleted (soft-delete policy), or is gone; each such
  event is kept in `removals` so that an oracle can judge a whole run afterwards.
"""

from copy import copy
from itertools import chain
from pathlib import Path

import msgspec

from thermocline.sandbox.server.clock import Clock, format_time
from thermocline.sandbox.server.content import Content, crc32c, md5
from thermocline.sandbox.server.errors import forbidden, no_bucket, no_object
from thermocline.sandbox.server.journal import BucketGone, BucketSaved, Journal, ObjectGone, ObjectSaved
from thermocline.sandbox.server.model import Bucket, StoredObject

MIB = 1 << 20


class Removal(msgspec.Struct, frozen=True):
    """A live or noncurrent generation that was overwritten or deleted, by whom, and in which of our runs if any."""

    at: str
    bucket: str
    name: str
    generation: int
    crc32c: str
    size: int
    cause: str
    principal: str
    run: str


class Event(msgspec.Struct, frozen=True):
    """One object written or taken away, in the order of commits; `kind` is written, overwritten, deleted, …"""

    kind: str
    bucket: str
    object: StoredObject
    principal: str
    run: str


class Settings(msgspec.Struct):
    """What tests and rehearsals may tune."""

    rewrite_bytes_per_call: int = 1 << 30
    page_size: int = 1000
    enforce_iam: bool = False
    latency_seconds: float = 0.0
    keep_history: bool = False


class Store:
    """All buckets of the server."""

    def __init__(self, directory: Path | None = None) -> None:
        self.clock = Clock()
        self.settings = Settings()
        self.buckets: dict[str, Bucket] = {}
        self.removals: list[Removal] = []
        self.history: list[Event] = []
        self.corrupt_next = False
        self._last_generation = 0
        self.journal = Journal(directory)
        for record in self.journal.replay():
            self._apply(record)
        self.journal.compact(self._records())

    def bucket(self, name: str) -> Bucket:
        """The bucket, or 404."""
        found = self.buckets.get(name)
        if found is None:
            raise no_bucket()
        return found

    def find(self, bucket: Bucket, name: str, generation: int | None = None) -> StoredObject:
        """The live object, or the named generation be it live or noncurrent; 404 otherwise."""
        current = bucket.live.get(name)
        if generation is None or (current is not None and current.generation == generation):
            if current is None:
                raise no_object(bucket.name, name)
            return current
        for old in bucket.noncurrent.get(name, ()):
            if old.generation == generation:
                return old
        raise no_object(bucket.name, name)

    def new_object(self, name: str, content: Content, storage_class: str) -> StoredObject:
        """A fresh generation of content, with both checksums; not stored yet."""
        now = self.clock.now()
        return StoredObject(
            name=name,
            generation=self.next_generation(),
            content=content,
            size=content.size,
            crc32c=crc32c(content),
            md5=md5(content),
            storage_class=storage_class,
            created=now,
            updated=now,
            class_updated=now,
        )

    def next_generation(self) -> int:
        """Microseconds since 1970, as the service numbers generations, and always more than the last one."""
        self._last_generation = max(self._last_generation + 1, self.clock.now() * 1000)
        return self._last_generation

    def put(self, bucket: Bucket, fresh: StoredObject, principal: str = "", run: str = "") -> None:
        """Make an object live, retiring the generation it replaces."""
        replaced = bucket.live.get(fresh.name)
        if replaced is not None:
            self.check_removable(bucket, replaced)
            self._retire(bucket, replaced, "overwritten", principal, run, keep=bucket.versioning)
        else:
            bucket.index.add(fresh.name)
        if self.corrupt_next:
            self.corrupt_next = False
            fresh.crc32c = "AAAAAA==" if fresh.crc32c != "AAAAAA==" else "AAAAAQ=="
            fresh.md5 = None
        if bucket.resource.get("defaultEventBasedHold") and fresh.event_based_hold is None:
            fresh.event_based_hold = True
        bucket.live[fresh.name] = fresh
        if self.settings.keep_history:
            self.history.append(Event("written", bucket.name, copy(fresh), principal, run))
        self.journal.write(ObjectSaved(bucket.name, "live", fresh))

    def save(self, bucket: Bucket, changed: StoredObject) -> None:
        """Keep a metadata change: one more metageneration."""
        changed.metageneration += 1
        changed.updated = self.clock.now()
        state = "live" if changed.noncurrent_since is None else "noncurrent"
        self.journal.write(ObjectSaved(bucket.name, state, changed))

    def remove(
        self, bucket: Bucket, gone: StoredObject, principal: str, run: str, *, keep: bool, cause: str = "deleted"
    ) -> None:
        """Delete a generation; `keep` makes a live one noncurrent instead."""
        self.check_removable(bucket, gone)
        self._retire(bucket, gone, cause, principal, run, keep=keep)
        if bucket.live.get(gone.name) is gone:
            del bucket.live[gone.name]

    def check_removable(self, bucket: Bucket, held: StoredObject) -> None:
        """403 while a hold or a retention time protects the object."""
        where = f"{bucket.name}/{held.name}"
        for active, kind in ((held.temporary_hold, "Temporary"), (held.event_based_hold, "Event-Based")):
            if active:
                raise forbidden(
                    f"Object '{where}' is under active {kind} hold and cannot be deleted, overwritten or archived "
                    "until hold is removed.",
                    "objectUnderActiveHold",
                )
        until = bucket.retention_until(held)
        if until is not None and until > self.clock.now():
            raise forbidden(
                f"Object '{where}' is subject to bucket's retention policy or object retention and cannot be deleted "
                f"or overwritten until {format_time(until)}",
                "retentionPolicyNotMet",
            )

    def save_bucket(self, bucket: Bucket) -> None:
        """Keep a new or changed bucket."""
        self.buckets[bucket.name] = bucket
        self.journal.write(_bucket_record(bucket))

    def drop_bucket(self, bucket: Bucket) -> None:
        """Forget a bucket and whatever is soft-deleted in it."""
        del self.buckets[bucket.name]
        self.journal.write(BucketGone(bucket.name))

    def reset(self) -> None:
        """Forget everything."""
        for bucket in list(self.buckets.values()):
            self.drop_bucket(bucket)
        self.removals.clear()
        self.history.clear()
        self.clock = Clock()

    def purge_soft(self, bucket: Bucket) -> None:
        """Forget soft-deleted generations whose time is over."""
        now = self.clock.now()
        for name in list(bucket.soft):
            kept = [old for old in bucket.soft[name] if old.hard_delete is None or old.hard_delete > now]
            if kept:
                bucket.soft[name] = kept
            else:
                del bucket.soft[name]

    def _retire(self, bucket: Bucket, old: StoredObject, cause: str, principal: str, run: str, *, keep: bool) -> None:
        now = self.clock.now()
        self.removals.append(
            Removal(
                format_time(now), bucket.name, old.name, old.generation, old.crc32c, old.size, cause, principal, run
            )
        )
        if self.settings.keep_history:
            self.history.append(Event(cause, bucket.name, copy(old), principal, run))
        if keep:
            old.noncurrent_since = now
            bucket.noncurrent.setdefault(old.name, []).append(old)
            self.journal.write(ObjectSaved(bucket.name, "noncurrent", old))
            return
        state = "live" if old.noncurrent_since is None else "noncurrent"
        if state == "noncurrent":
            siblings = [one for one in bucket.noncurrent[old.name] if one is not old]
            bucket.noncurrent[old.name] = siblings
            if not siblings:
                del bucket.noncurrent[old.name]
        if bucket.soft_delete_ms:
            old.soft_deleted, old.hard_delete = now, now + bucket.soft_delete_ms
            bucket.soft.setdefault(old.name, []).append(old)
            self.journal.write(ObjectSaved(bucket.name, "soft", old))
        else:
            self.journal.write(ObjectGone(bucket.name, state, old.name, old.generation))

    def _apply(self, record: BucketSaved | BucketGone | ObjectSaved | ObjectGone) -> None:
        match record:
            case BucketSaved():
                bucket = self.buckets.get(record.resource["name"]) or Bucket(record.resource)
                bucket.resource, bucket.metageneration = record.resource, record.metageneration
                bucket.policy, bucket.policy_version = record.policy, record.policy_version
                bucket.notifications = record.notifications
                self.buckets[bucket.name] = bucket
            case BucketGone():
                self.buckets.pop(record.name, None)
            case ObjectSaved():
                self._apply_saved(self.buckets[record.bucket], record)
            case ObjectGone():
                bucket = self.buckets[record.bucket]
                _forget(bucket, record.name, record.generation)

    def _apply_saved(self, bucket: Bucket, record: ObjectSaved) -> None:
        held = record.object
        self._last_generation = max(self._last_generation, held.generation)
        _forget(bucket, held.name, held.generation)
        if record.state == "live":
            bucket.live[held.name] = held
            bucket.index.add(held.name)
        else:
            shelf = bucket.noncurrent if record.state == "noncurrent" else bucket.soft
            shelf.setdefault(held.name, []).append(held)

    def _records(self) -> list[BucketSaved | ObjectSaved]:
        records: list[BucketSaved | ObjectSaved] = []
        for bucket in self.buckets.values():
            records.append(_bucket_record(bucket))
            records += [ObjectSaved(bucket.name, "live", held) for held in bucket.live.values()]
            for state, shelf in (("noncurrent", bucket.noncurrent), ("soft", bucket.soft)):
                records += [ObjectSaved(bucket.name, state, held) for held in chain.from_iterable(shelf.values())]
        return records


def _forget(bucket: Bucket, name: str, generation: int) -> None:
    current = bucket.live.get(name)
    if current is not None and current.generation == generation:
        del bucket.live[name]
    for shelf in (bucket.noncurrent, bucket.soft):
        if name in shelf:
            shelf[name] = [one for one in shelf[name] if one.generation != generation]
            if not shelf[name]:
                del shelf[name]


def _bucket_record(bucket: Bucket) -> BucketSaved:
    return BucketSaved(
        bucket.resource, bucket.metageneration, bucket.policy, bucket.policy_version, bucket.notifications
    )

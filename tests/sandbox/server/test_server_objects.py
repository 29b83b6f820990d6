"""Objects: preconditions, metadata, holds, retention, versions, soft delete, compose, uploads and downloads."""

# The Cloud Storage client ships no annotations.
# mypy: allow-untyped-calls

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import google_crc32c
import pytest
from google.api_core.exceptions import BadRequest, Forbidden, NotFound, PreconditionFailed
from google.cloud import storage

from thermocline.sandbox.server.run import Server

MakeBucket = Callable[..., Any]
HOSTILE = [
    "a//b", "/leading", "../up", "x/../y", "100%", "a%2Fb", "q?x=1", "h#frag", "tab\there", "\u202ertl", "sp ace/",
    "+plus&amp=", "é" * 512, "line\u2028sep", "'\"<script>", "=cmd()", "..a", "emoji🧊",
]  # fmt: skip


def reason(error: Any) -> str:
    return str(error.value.errors[0]["reason"])


@pytest.mark.parametrize("name", HOSTILE)
def test_every_legal_name_makes_the_round_trip(new_bucket: MakeBucket, name: str) -> None:
    bucket, target = new_bucket(), new_bucket()
    blob = bucket.blob(name)
    blob.upload_from_string(name)
    copy = target.blob(name)
    copy.rewrite(blob)
    assert copy.download_as_bytes().decode() == name
    assert [one.name for one in target.list_blobs()] == [name]
    copy.delete()
    assert not copy.exists()


@pytest.mark.parametrize("name", ["a\nb", "a\rb", ".", "..", "é" * 513])
def test_illegal_names_are_refused(new_bucket: MakeBucket, name: str) -> None:
    with pytest.raises(BadRequest):
        new_bucket().blob(name).upload_from_string("x")


def test_generations_grow_and_numbers_travel_as_strings(server: Server, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    blob = bucket.blob("x")
    blob.upload_from_string("one")
    first = blob.generation
    server.control("POST", "clock", {"advance_seconds": -86400})
    blob.upload_from_string("two")
    server.control("POST", "clock", {"advance_seconds": 86400})
    assert blob.generation > first
    shown = server.control("GET", "state")["buckets"][bucket.name]["objects"][0]
    assert [type(shown[key]) for key in ("generation", "metageneration", "size")] == [str, str, str]


def test_checksums_are_those_of_the_bytes(new_bucket: MakeBucket) -> None:
    import base64

    data = b"some bytes" * 1000
    blob = new_bucket().blob("x")
    blob.upload_from_string(data)
    assert base64.b64decode(blob.crc32c) == google_crc32c.value(data).to_bytes(4, "big")
    assert base64.b64decode(blob.md5_hash) == hashlib.md5(data, usedforsecurity=False).digest()


def test_upload_with_a_wrong_checksum_is_refused(client: storage.Client, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    blob = bucket.blob("x")
    blob.md5_hash = "AAAAAAAAAAAAAAAAAAAAAA=="
    with pytest.raises(BadRequest, match="doesn't match"):
        blob.upload_from_string("y", checksum=None)
    assert not bucket.blob("x").exists()


@pytest.mark.parametrize("size", [0, 1, 262_144, 262_145, 1_000_000])
def test_resumable_upload_and_ranged_download(new_bucket: MakeBucket, size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    blob = new_bucket().blob("big", chunk_size=262_144)
    blob.upload_from_string(data[:size], content_type="application/x-test")
    assert (blob.size, blob.content_type) == (size, "application/x-test")
    assert blob.download_as_bytes() == data[:size]
    if size > 10:
        assert blob.download_as_bytes(start=3, end=8) == data[3:9]


def test_gzip_content_is_stored_as_sent_and_unpacked_for_readers(new_bucket: MakeBucket) -> None:
    import gzip

    packed = gzip.compress(b"plain text " * 50)
    blob = new_bucket().blob("x")
    blob.content_encoding = "gzip"
    blob.upload_from_string(packed, content_type="text/plain")
    assert blob.size == len(packed)
    assert blob.download_as_bytes(raw_download=True) == packed
    assert blob.download_as_bytes() == b"plain text " * 50


def test_write_preconditions(new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    blob = bucket.blob("x")
    blob.upload_from_string("one", if_generation_match=0)
    with pytest.raises(PreconditionFailed, match="conditionNotMet"):
        blob.upload_from_string("two", if_generation_match=0)
    with pytest.raises(PreconditionFailed) as failed:
        blob.delete(if_generation_match=blob.generation + 1)
    assert reason(failed) == "conditionNotMet"
    with pytest.raises(PreconditionFailed):
        blob.delete(if_metageneration_match=blob.metageneration + 1)
    blob.delete(if_generation_match=blob.generation, if_metageneration_match=blob.metageneration)
    with pytest.raises(NotFound):
        blob.delete()


def test_patch_merges_and_counts_metagenerations(new_bucket: MakeBucket) -> None:
    blob = new_bucket().blob("x")
    blob.metadata = {"keep": "1", "drop": "2"}
    blob.upload_from_string("x", content_type="text/plain")
    blob.metadata = {"drop": None, "new": "3"}
    blob.cache_control = "no-store"
    blob.patch(if_metageneration_match=1)
    blob.reload()
    assert blob.metadata == {"keep": "1", "new": "3"}
    assert (blob.cache_control, blob.content_type, blob.metageneration) == ("no-store", "text/plain", 2)
    with pytest.raises(PreconditionFailed):
        blob.patch(if_metageneration_match=1)


def test_custom_time_never_goes_back(new_bucket: MakeBucket) -> None:
    blob = new_bucket().blob("x")
    blob.custom_time = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    blob.upload_from_string("x")
    blob.custom_time = dt.datetime(2023, 5, 1, tzinfo=dt.UTC)
    with pytest.raises(BadRequest):
        blob.patch()


def test_a_class_is_changed_by_rewriting_not_by_patching(client: storage.Client, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    blob = bucket.blob("x")
    blob.metadata = {"k": "v"}
    blob.upload_from_string("x")
    blob._patch_property("storageClass", "COLDLINE")
    with pytest.raises(BadRequest):
        blob.patch()
    fresh = bucket.get_blob("x")
    fresh.update_storage_class("COLDLINE")
    again = bucket.get_blob("x")
    assert (again.storage_class, again.metadata) == ("COLDLINE", {"k": "v"})
    assert again.generation > blob.generation


@pytest.mark.parametrize("hold", ["temporary_hold", "event_based_hold"])
def test_held_objects_are_neither_deleted_nor_overwritten(new_bucket: MakeBucket, hold: str) -> None:
    blob = new_bucket().blob("x")
    blob.upload_from_string("x")
    setattr(blob, hold, True)
    blob.patch()
    with pytest.raises(Forbidden) as refused:
        blob.delete()
    assert reason(refused) == "objectUnderActiveHold"
    with pytest.raises(Forbidden, match="objectUnderActiveHold"):
        blob.upload_from_string("y")
    setattr(blob, hold, False)
    blob.patch()
    blob.delete()


def test_retention_holds_until_its_time_and_locks_for_good(server: Server, new_bucket: MakeBucket) -> None:
    bucket = new_bucket(retention_period=3600)
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    assert blob.retention_expiration_time is not None
    with pytest.raises(Forbidden) as refused:
        blob.delete()
    assert reason(refused) == "retentionPolicyNotMet"
    bucket.lock_retention_policy()
    bucket.retention_period = 60
    with pytest.raises(Forbidden):
        bucket.patch()
    server.control("POST", "clock", {"advance_seconds": 3601})
    blob.delete()
    server.control("POST", "clock", {"advance_seconds": -3601})


def test_default_event_based_hold_takes_new_objects(new_bucket: MakeBucket) -> None:
    blob = new_bucket(default_event_based_hold=True).blob("x")
    blob.upload_from_string("x")
    assert blob.event_based_hold is True


def test_versioning_keeps_what_is_overwritten_or_deleted(new_bucket: MakeBucket) -> None:
    bucket = new_bucket(versioning_enabled=True)
    blob = bucket.blob("x")
    generations = []
    for text in ("one", "two"):
        blob.upload_from_string(text)
        generations.append(blob.generation)
    bucket.delete_blob("x")
    assert list(bucket.list_blobs()) == []
    versions = list(bucket.list_blobs(versions=True))
    assert [one.generation for one in versions] == generations
    assert all(one.time_deleted for one in versions)
    assert bucket.blob("x", generation=generations[0]).download_as_bytes() == b"one"
    bucket.blob("x", generation=generations[0]).delete()
    assert [one.generation for one in bucket.list_blobs(versions=True)] == generations[1:]


def test_soft_deleted_objects_come_back_until_their_time_is_over(server: Server, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    blob = bucket.blob("x")
    blob.metadata = {"k": "v"}
    blob.upload_from_string("precious")
    blob.delete()
    (gone,) = bucket.list_blobs(soft_deleted=True)
    assert (gone.generation, gone.soft_delete_time is not None) == (blob.generation, True)
    restored = bucket.restore_blob("x", generation=gone.generation)
    assert restored.generation > gone.generation
    assert bucket.get_blob("x").download_as_bytes() == b"precious"
    assert bucket.get_blob("x").metadata == {"k": "v"}
    server.control("POST", "clock", {"advance_seconds": 8 * 86400})
    assert list(bucket.list_blobs(soft_deleted=True)) == []
    server.control("POST", "clock", {"advance_seconds": -8 * 86400})


def test_composites_have_a_crc_but_no_md5(new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    parts = [bucket.blob(f"part{number}") for number in range(3)]
    for part in parts:
        part.upload_from_string(part.name)
    whole = bucket.blob("whole")
    whole.compose(parts)
    whole.reload()
    assert whole.download_as_bytes() == b"part0part1part2"
    assert (whole.md5_hash, whole.component_count, whole.size) == (None, 3, 15)
    copy = bucket.blob("copy")
    copy.rewrite(whole)
    assert (copy.crc32c, copy.md5_hash, copy.component_count) == (whole.crc32c, None, 3)


def test_object_retention_needs_a_bucket_that_allows_it(client: storage.Client, new_bucket: MakeBucket) -> None:
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    plain = new_bucket().blob("x")
    plain.upload_from_string("x")
    plain.retention.mode, plain.retention.retain_until_time = "Unlocked", until
    with pytest.raises(BadRequest):
        plain.patch()
    bucket = client.create_bucket("retaining-bucket", enable_object_retention=True)
    kept = bucket.blob("x")
    kept.upload_from_string("x")
    kept.retention.mode, kept.retention.retain_until_time = "Unlocked", until
    kept.patch()
    with pytest.raises(Forbidden):
        kept.delete()
    kept.retention.mode, kept.retention.retain_until_time = None, None
    kept.patch(override_unlocked_retention=True)
    kept.delete()

"""Faults, the clock, lifecycle, virtual content, and a folder that survives SIGKILL."""

# The Cloud Storage client ships no annotations.
# mypy: allow-untyped-calls

import base64
import threading
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import Forbidden, ServiceUnavailable, TooManyRequests
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage

from raw_http import send
from thermocline.sandbox.server.content import BLOCK, Joined, Seeded, crc32c, pieces, seeded_crc32c
from thermocline.sandbox.server.run import Server, running_server

MakeBucket = Callable[..., Any]


@pytest.fixture
def bucket(new_bucket: MakeBucket) -> Any:
    made = new_bucket()
    made.blob("x").upload_from_string("x")
    return made


@pytest.mark.parametrize(
    ("rule", "raised"),
    [
        ({"kind": "error"}, ServiceUnavailable),
        ({"kind": "error", "status": 429}, TooManyRequests),
        # Anonymous credentials know no refresh, which the client tries first.
        ({"kind": "expired-token"}, GoogleAuthError),
        ({"kind": "denied", "permission": "storage.objects.get"}, Forbidden),
        ({"kind": "reset"}, requests.exceptions.ConnectionError),
    ],
)
def test_a_fault_fires_as_often_as_told(server: Server, bucket: Any, rule: Any, raised: type[Exception]) -> None:
    server.control("POST", "faults", {**rule, "operation": "objects.get", "after": 1, "count": 2})
    blob = bucket.blob("x")
    blob.reload(retry=None)
    for _ in range(2):
        with pytest.raises(raised):
            blob.reload(retry=None)
    blob.reload(retry=None)
    assert server.control("GET", "stats")["faults_injected"] == 2


def test_the_real_client_retries_over_a_fault(server: Server, bucket: Any) -> None:
    server.control("POST", "faults", {"kind": "error", "operation": "objects.*", "count": 1})
    blob = bucket.blob("x")
    blob.reload()
    assert blob.size == 1


@pytest.mark.parametrize("kind", ["lost-response", "cut-response"])
def test_a_lost_answer_comes_after_the_commit(server: Server, bucket: Any, kind: str) -> None:
    server.control("POST", "faults", {"kind": kind, "operation": "objects.delete"})
    with pytest.raises((HTTPException, ConnectionError)):
        send(server.url, "DELETE", f"/storage/v1/b/{bucket.name}/o/x")
    assert not bucket.blob("x").exists()


def test_a_reset_comes_before_the_commit(server: Server, bucket: Any) -> None:
    server.control("POST", "faults", {"kind": "reset", "operation": "objects.delete"})
    with pytest.raises(requests.exceptions.ConnectionError):
        bucket.blob("x").delete(retry=None)
    assert bucket.blob("x").exists()


def test_a_wrong_checksum_is_stored(server: Server, bucket: Any, new_bucket: MakeBucket) -> None:
    server.control("POST", "faults", {"kind": "wrong-checksum", "operation": "objects.rewrite"})
    source = bucket.get_blob("x")
    for expected in (False, True):
        copy = new_bucket().blob("x")
        copy.rewrite(source)
        copy.reload()
        assert (copy.crc32c == source.crc32c) is expected


@pytest.mark.parametrize("kind", ["page-truncated", "page-duplicated", "page-empty"])
def test_odd_pages_never_lose_an_object(server: Server, new_bucket: MakeBucket, kind: str) -> None:
    bucket = new_bucket()
    names = [f"n{number}" for number in range(9)]
    server.control("POST", "objects", {"bucket": bucket.name, "objects": [{"name": name} for name in names]})
    server.control("POST", "faults", {"kind": kind, "operation": "objects.list", "count": 2})
    seen = [blob.name for blob in bucket.list_blobs(page_size=4)]
    assert sorted(set(seen)) == names
    assert len(seen) == len(names) + (2 if kind == "page-duplicated" else 0)


def test_rate_limit_answers_429(server: Server, bucket: Any) -> None:
    server.control("POST", "faults", {"kind": "rate-limit", "operation": "objects.get", "rate": 0.001, "count": -1})
    bucket.blob("x").reload(retry=None)
    with pytest.raises(TooManyRequests):
        bucket.blob("x").reload(retry=None)


def test_unknown_faults_are_refused(server: Server) -> None:
    for rule in ({"kind": "eror"}, {"kind": "error", "oops": 1}):
        with pytest.raises(OSError, match="400"):
            server.control("POST", "faults", rule)


def test_probability_is_seeded(server: Server, bucket: Any) -> None:
    rule = {"kind": "error", "operation": "objects.get", "count": -1, "probability": 0.5, "seed": 3}

    def outcomes() -> list[bool]:
        server.control("DELETE", "faults")
        server.control("POST", "faults", rule)
        return [_ok(bucket.blob("x")) for _ in range(12)]

    first = outcomes()
    assert first == outcomes()
    assert {True, False} == set(first)


def _ok(blob: Any) -> bool:
    try:
        blob.reload(retry=None)
    except ServiceUnavailable:
        return False
    return True


def test_lifecycle_follows_the_clock(server: Server, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    bucket.add_lifecycle_set_storage_class_rule("COLDLINE", age=30, matches_prefix=["cold/"])
    bucket.add_lifecycle_delete_rule(age=60)
    bucket.patch()
    bucket.blob("cold/x").upload_from_string("x")
    bucket.blob("warm/x").upload_from_string("x")
    server.control("POST", "clock", {"advance_seconds": 31 * 86400})
    assert server.control("POST", "lifecycle") == {"changed": 1}
    assert {blob.name: blob.storage_class for blob in bucket.list_blobs()} == {
        "cold/x": "COLDLINE",
        "warm/x": "STANDARD",
    }
    server.control("POST", "clock", {"advance_seconds": 30 * 86400})
    assert server.control("POST", "lifecycle") == {"changed": 2}
    assert list(bucket.list_blobs()) == []
    server.control("POST", "clock", {"advance_seconds": -61 * 86400})


def test_a_frozen_clock_stands_still(server: Server) -> None:
    server.control("POST", "clock", {"now": "2026-10-31T00:00:00Z", "frozen": True})
    assert server.control("GET", "clock") == {"now": "2026-10-31T00:00:00.000Z"}
    server.control("POST", "clock", {"advance_seconds": 1.5})
    assert server.control("GET", "clock") == {"now": "2026-10-31T00:00:01.500Z"}
    server.control("POST", "reset")
    assert server.control("GET", "clock")["now"] > "2026-11"


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000, BLOCK, BLOCK + 16, 2 * BLOCK + 12_345])
def test_virtual_content_has_the_checksum_of_its_bytes(size: int) -> None:
    content = Seeded("seed", size)
    data = b"".join(pieces(content))
    assert len(data) == size
    assert base64.b64decode(seeded_crc32c("seed", size)) == google_crc32c.value(data).to_bytes(4, "big")
    assert content.read(3, 9) == data[3:9]
    joined = Joined((Seeded("a", 10), content))
    assert b"".join(pieces(joined)) == Seeded("a", 10).read(0, 10) + data
    assert crc32c(joined) == crc32c(Joined((joined,)))


def test_huge_virtual_objects_cost_nothing(server: Server, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    objects = [{"name": "big", "size": 40 << 30, "storageClass": "ARCHIVE", "timeCreated": "2023-01-01T00:00:00Z"}]
    server.control("POST", "objects", {"bucket": bucket.name, "objects": objects})
    big = bucket.get_blob("big")
    assert (big.size, big.storage_class, big.time_created.year, big.md5_hash) == (40 << 30, "ARCHIVE", 2023, None)
    assert len(big.download_as_bytes(start=30 << 30, end=(30 << 30) + 99)) == 100


def test_a_folder_survives_sigkill(tmp_path: Path) -> None:
    from google.auth.credentials import AnonymousCredentials

    def client(server: Server) -> storage.Client:
        return storage.Client(
            project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": server.url}
        )

    with running_server(tmp_path) as server:
        made = client(server)
        bucket = storage.Bucket(made, "kept-bucket")
        bucket.versioning_enabled = True
        bucket = made.create_bucket(bucket)
        for text in ("one", "two", "three" * 10_000):
            bucket.blob("x").upload_from_string(text)
        bucket.blob("gone").upload_from_string("gone")
        bucket.blob("gone").delete()
        before = server.control("GET", "state", digests="true")
        server.kill()
        made.close()
    with (tmp_path / "state.jsonl").open("ab") as torn:
        torn.write(b'{"type":"object","bucket":"kept-b')
    for _ in range(2):
        with running_server(tmp_path) as server:
            after = server.control("GET", "state", digests="true")
            assert after["buckets"] == before["buckets"]
    with running_server(tmp_path) as server:
        made = client(server)
        assert made.bucket("kept-bucket").blob("x").download_as_bytes() == b"three" * 10_000
        made.close()


def test_many_connections_are_answered(server: Server, bucket: Any) -> None:
    failures: list[str] = []

    def read(number: int) -> None:
        with requests.Session() as session:
            for _ in range(20):
                answer = session.get(f"{server.url}/storage/v1/b/{bucket.name}/o/x?n={number}")
                if answer.json()["size"] != "1":
                    failures.append(answer.text)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_removals_tell_what_was_overwritten_and_deleted(server: Server, bucket: Any) -> None:
    bucket.blob("x").upload_from_string("again")
    bucket.blob("x").delete()
    removals = server.control("GET", "state", bucket=bucket.name)["removals"]
    assert [(one["name"], one["cause"]) for one in removals] == [("x", "overwritten"), ("x", "deleted")]


def test_latency_holds_every_call_back_and_loses_none(server: Server, bucket: Any) -> None:
    server.control("POST", "settings", {"latency_seconds": 0.02})
    copy = bucket.blob("copy")
    copy.rewrite(bucket.get_blob("x"))
    assert copy.download_as_bytes() == b"x"
    assert [blob.name for blob in bucket.list_blobs()] == ["copy", "x"]

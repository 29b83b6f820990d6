"""Rewrites: preconditions, metadata, class, time, and tokens over several calls."""

# The Cloud Storage client ships no annotations.
# mypy: allow-untyped-calls

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed

from raw_http import send_json
from thermocline.sandbox.server.run import Server

MakeBucket = Callable[..., Any]
MIB = 1 << 20


class Pair:
    """Two buckets, an object in the first, and rewrites as raw calls."""

    def __init__(self, server: Server, source: Any, target: Any) -> None:
        self.server, self.source, self.target = server, source, target

    def rewrite(self, name: str = "x", body: Any = None, **params: Any) -> tuple[int, dict[str, Any]]:
        escaped = quote(name, safe="")
        path = f"b/{self.source.name}/o/{escaped}/rewriteTo/b/{self.target.name}/o/{escaped}"
        return send_json(
            self.server.url, "POST", f"/storage/v1/{path}?{urlencode(params)}", {} if body is None else body
        )


@pytest.fixture
def pair(server: Server, new_bucket: MakeBucket) -> Pair:
    source, target = new_bucket(), new_bucket(storage_class="NEARLINE")
    blob = source.blob("x")
    blob.metadata, blob.cache_control = {"k": "v"}, "no-store"
    blob.upload_from_string("content", content_type="text/plain")
    return Pair(server, source, target)


def test_an_empty_body_keeps_metadata_and_takes_the_target_class(pair: Pair) -> None:
    _, answer = pair.rewrite()
    resource = answer["resource"]
    assert (resource["contentType"], resource["metadata"], resource["cacheControl"]) == (
        "text/plain",
        {"k": "v"},
        "no-store",
    )
    assert resource["storageClass"] == "NEARLINE"
    assert answer["done"] is True
    assert answer["totalBytesRewritten"] == answer["objectSize"] == "7"


@pytest.mark.parametrize("body", [{"storageClass": "ARCHIVE"}, {"metadata": {"new": "1"}}])
def test_a_body_replaces_the_whole_metadata(pair: Pair, body: dict[str, Any]) -> None:
    resource = pair.rewrite(body=body)[1]["resource"]
    assert "contentType" not in resource
    assert "cacheControl" not in resource
    assert resource.get("metadata") == body.get("metadata")
    assert resource["storageClass"] == body.get("storageClass", "NEARLINE")


def test_autoclass_ignores_the_class_asked_for(server: Server, new_bucket: MakeBucket) -> None:
    source, target = new_bucket(), new_bucket(autoclass_enabled=True)
    source.blob("x").upload_from_string("x")
    resource = Pair(server, source, target).rewrite(body={"storageClass": "ARCHIVE"})[1]["resource"]
    assert resource["storageClass"] == "STANDARD"


def test_time_created_starts_anew_and_holds_stay_behind(pair: Pair) -> None:
    blob = pair.source.get_blob("x")
    blob.temporary_hold = True
    blob.patch()
    pair.server.control("POST", "clock", {"advance_seconds": 5000})
    resource = pair.rewrite()[1]["resource"]
    pair.server.control("POST", "clock", {"advance_seconds": -5000})
    assert resource["timeCreated"] > blob.time_created.isoformat().replace("+00:00", "Z")
    assert "temporaryHold" not in resource


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"ifGenerationMatch": 0}, 200),
        ({"ifGenerationMatch": 5}, 412),
        ({"ifGenerationNotMatch": 0}, 412),
        ({"ifMetagenerationMatch": 1}, 412),
        ({"sourceGeneration": "G"}, 200),
        ({"sourceGeneration": 5}, 404),
        ({"ifSourceGenerationMatch": "G"}, 200),
        ({"ifSourceGenerationMatch": 5}, 412),
        ({"ifSourceGenerationNotMatch": "G"}, 412),
        ({"ifSourceMetagenerationMatch": 1}, 200),
        ({"ifSourceMetagenerationMatch": 2}, 412),
        ({"ifSourceMetagenerationNotMatch": 1}, 412),
        ({"maxBytesRewrittenPerCall": 1000}, 400),
        ({"ifGenerationMatch": "many"}, 400),
    ],
)
def test_preconditions(pair: Pair, params: dict[str, Any], status: int) -> None:
    generation = pair.source.get_blob("x").generation
    sent = {key: generation if value == "G" else value for key, value in params.items()}
    got, answer = pair.rewrite(**sent)
    assert got == status
    assert pair.target.blob("x").exists() == (status == 200)
    if status == 412:
        assert answer["error"]["errors"][0]["reason"] == "conditionNotMet"


def test_a_present_target_is_kept_by_generation_match_zero(pair: Pair) -> None:
    pair.rewrite()
    assert pair.rewrite(ifGenerationMatch=0)[0] == 412
    present = pair.target.get_blob("x").generation
    assert pair.rewrite(ifGenerationMatch=present)[0] == 200


def test_a_missing_source_or_bucket_is_404(pair: Pair) -> None:
    assert pair.rewrite(name="absent")[0] == 404
    with pytest.raises(NotFound, match="bucket does not exist"):
        pair.source.client.bucket("no-such-bucket").blob("x").rewrite(pair.source.blob("x"))


@pytest.fixture
def big(server: Server, new_bucket: MakeBucket) -> Pair:
    """A virtual object of 10 MiB and two locations, at 4 MiB a call."""
    source, target = new_bucket("EUROPE-WEST1"), new_bucket("EUROPE-WEST4")
    server.control("POST", "objects", {"bucket": source.name, "objects": [{"name": "x", "size": 10 * MIB}]})
    server.control("POST", "settings", {"rewrite_bytes_per_call": 4 * MIB})
    return Pair(server, source, target)


def test_across_locations_big_objects_need_several_calls(big: Pair) -> None:
    written: list[int] = []
    token: dict[str, Any] = {}
    for _ in range(3):
        answer = big.rewrite(**token)[1]
        written.append(int(answer["totalBytesRewritten"]))
        token = {"rewriteToken": answer.get("rewriteToken")}
        assert big.target.blob("x").exists() == answer["done"]
    assert written == [4 * MIB, 8 * MIB, 10 * MIB]
    assert answer["resource"]["crc32c"] == big.source.get_blob("x").crc32c


def test_the_real_client_follows_tokens(big: Pair) -> None:
    copy, source = big.target.blob("x"), big.source.get_blob("x")
    token, calls = None, 0
    while calls == 0 or token:
        token, written, total = copy.rewrite(source, token=token)
        calls += 1
    assert (calls, written, total) == (3, 10 * MIB, 10 * MIB)


def test_in_one_place_and_class_one_call_is_enough(server: Server, new_bucket: MakeBucket) -> None:
    source, target = new_bucket(), new_bucket()
    server.control("POST", "objects", {"bucket": source.name, "objects": [{"name": "x", "size": 10 * MIB}]})
    server.control("POST", "settings", {"rewrite_bytes_per_call": MIB})
    pair = Pair(server, source, target)
    assert pair.rewrite()[1]["done"] is True
    assert pair.rewrite(body={"storageClass": "COLDLINE"})[1]["done"] is False


def test_a_token_belongs_to_one_request_and_one_generation(big: Pair) -> None:
    token = big.rewrite()[1]["rewriteToken"]
    assert big.rewrite(rewriteToken=token, body={"storageClass": "NEARLINE"})[0] == 400
    assert big.rewrite(rewriteToken="invented")[0] == 400
    assert big.rewrite(rewriteToken=token)[0] == 200
    big.source.blob("x").upload_from_string("overwritten meanwhile")
    assert big.rewrite(rewriteToken=token)[0] == 404


def test_a_token_lasts_a_week(big: Pair) -> None:
    token = big.rewrite()[1]["rewriteToken"]
    big.server.control("POST", "clock", {"advance_seconds": 8 * 86400})
    assert big.rewrite(rewriteToken=token)[0] == 410
    big.server.control("POST", "clock", {"advance_seconds": -8 * 86400})


def test_preconditions_are_checked_again_when_a_long_rewrite_ends(big: Pair) -> None:
    token = big.rewrite(ifGenerationMatch=0)[1]["rewriteToken"]
    token = big.rewrite(ifGenerationMatch=0, rewriteToken=token)[1]["rewriteToken"]
    big.target.blob("x").upload_from_string("somebody was faster")
    assert big.rewrite(ifGenerationMatch=0, rewriteToken=token)[0] == 412
    assert big.target.blob("x").download_as_bytes() == b"somebody was faster"


def test_copy_across_locations_times_out_on_big_objects(big: Pair) -> None:
    with pytest.raises(Exception, match="413"):
        big.source.copy_blob(big.source.blob("x"), big.target)


def test_objects_under_a_customer_key_need_the_key(server: Server, new_bucket: MakeBucket) -> None:
    source, target = new_bucket(), new_bucket()
    secret = source.blob("x", encryption_key=b"k" * 32)
    secret.upload_from_string("secret")
    assert Pair(server, source, target).rewrite()[0] == 400
    shown = source.get_blob("x")
    assert (shown.crc32c, shown._properties["customerEncryption"]["encryptionAlgorithm"]) == (None, "AES256")
    assert secret.download_as_bytes() == b"secret"
    with pytest.raises(PreconditionFailed):
        source.blob("x", encryption_key=b"w" * 32).download_as_bytes()


def test_move_renames_inside_one_bucket(pair: Pair) -> None:
    moved = pair.source.move_blob(pair.source.get_blob("x"), "y/z")
    assert moved.download_as_bytes() == b"content"
    assert [blob.name for blob in pair.source.list_blobs()] == ["y/z"]

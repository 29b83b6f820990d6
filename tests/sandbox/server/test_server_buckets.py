"""Buckets, IAM, notifications, listing details, batch limits."""

# The Cloud Storage client ships no annotations.
# mypy: allow-untyped-calls

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, Forbidden, NotFound, PreconditionFailed, Unauthorized
from google.auth.credentials import Credentials
from google.cloud import storage

from raw_http import send_json
from thermocline.sandbox.server.run import Server

MakeBucket = Callable[..., Any]


def raw(server: Server, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    return send_json(server.url, method, path, body)


def test_a_bucket_keeps_what_it_was_made_with(client: storage.Client) -> None:
    bucket = storage.Bucket(client, "made-bucket")
    bucket.storage_class = "COLDLINE"
    bucket.labels = {"team": "data"}
    bucket.versioning_enabled = True
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.add_lifecycle_set_storage_class_rule("ARCHIVE", age=365)
    bucket.soft_delete_policy.retention_duration_seconds = 14 * 86400
    client.create_bucket(bucket, location="europe-west1")
    found = client.get_bucket("made-bucket")
    assert (found.location, found.location_type, found.storage_class) == ("EUROPE-WEST1", "region", "COLDLINE")
    assert (found.labels, found.versioning_enabled) == ({"team": "data"}, True)
    assert found.iam_configuration.uniform_bucket_level_access_enabled is True
    assert found.soft_delete_policy.retention_duration_seconds == 14 * 86400
    assert [rule["condition"] for rule in found.lifecycle_rules] == [{"age": 365}]


def test_a_new_bucket_has_soft_delete_for_a_week(new_bucket: MakeBucket) -> None:
    assert new_bucket().soft_delete_policy.retention_duration_seconds == 7 * 86400


def test_a_taken_name_is_a_conflict(client: storage.Client, new_bucket: MakeBucket) -> None:
    taken = new_bucket()
    with pytest.raises(Conflict, match="you already own it"):
        client.create_bucket(taken.name)
    with pytest.raises(Conflict, match="not available"):
        client.create_bucket(taken.name, project="another")


@pytest.mark.parametrize("name", ["UPPER", "a", "-x-", "x" * 64, "sp ace"])
def test_bad_bucket_names_are_refused(server: Server, name: str) -> None:
    assert raw(server, "POST", "/storage/v1/b?project=p", {"name": name})[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        {"storageClass": "GLACIER"},
        {"location": "nowhere at all"},
        {"lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {}}]}},
        {"lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"agee": 3}}]}},
        {"lifecycle": {"rule": [{"action": {"type": "Burn"}, "condition": {"age": 3}}]}},
        {"softDeletePolicy": {"retentionDurationSeconds": "60"}},
        {"retentionPolicy": {"retentionPeriod": "0"}},
    ],
)
def test_bad_bucket_settings_are_refused(server: Server, body: dict[str, Any]) -> None:
    assert raw(server, "POST", "/storage/v1/b?project=p", {"name": "good-name", **body})[0] == 400
    assert raw(server, "GET", "/storage/v1/b/good-name")[0] == 404


def test_only_an_empty_bucket_is_deleted(client: storage.Client, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    bucket.blob("x").upload_from_string("x")
    with pytest.raises(Conflict, match="not empty"):
        bucket.delete()
    bucket.blob("x").delete()
    bucket.delete()
    with pytest.raises(NotFound):
        client.get_bucket(bucket.name)


def test_patching_merges_and_checks_the_metageneration(new_bucket: MakeBucket) -> None:
    bucket = new_bucket(labels={"a": "1", "b": "2"})
    bucket.labels = {"a": "1", "c": "3"}
    bucket.patch(if_metageneration_match=bucket.metageneration)
    assert bucket.labels == {"a": "1", "c": "3"}
    assert bucket.metageneration == 2
    with pytest.raises(PreconditionFailed):
        bucket.patch(if_metageneration_match=1)


def test_buckets_are_listed_by_prefix_and_page(client: storage.Client) -> None:
    for name in ("one-a", "one-b", "one-c", "two-a"):
        client.create_bucket(name)
    client.create_bucket("one-d", project="another")
    assert [bucket.name for bucket in client.list_buckets(prefix="one-", page_size=2)] == ["one-a", "one-b", "one-c"]


def test_policies_are_replaced_under_their_etag(new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"user:analyst@example.com"}})
    stale = bucket.get_iam_policy(requested_policy_version=3)
    bucket.set_iam_policy(policy)
    assert any("objectViewer" in binding["role"] for binding in bucket.get_iam_policy().bindings)
    with pytest.raises(PreconditionFailed):
        bucket.set_iam_policy(stale)


class Token(Credentials):
    """A bearer token that never changes."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def refresh(self, request: object) -> None:
        """Nothing newer to be had."""

    @property
    def expired(self) -> bool:
        return False


def test_tokens_may_do_what_they_were_granted(server: Server, new_bucket: MakeBucket) -> None:
    source, target = new_bucket(), new_bucket()
    source.blob("x").upload_from_string("x")
    permissions = {
        source.name: ["storage.objects.get", "storage.objects.list"],
        target.name: ["storage.objects.create"],
    }
    server.control("POST", "iam", {"tokens": {"t1": {"principal": "mover@example.com", "permissions": permissions}}})
    mover = storage.Client(project="p", credentials=Token("t1"), client_options={"api_endpoint": server.url})
    there, here = mover.bucket(target.name), mover.bucket(source.name)
    there.blob("x").rewrite(here.blob("x"), if_generation_match=0)
    assert [blob.name for blob in here.list_blobs()] == ["x"]
    assert here.test_iam_permissions(["storage.objects.get", "storage.objects.delete"]) == ["storage.objects.get"]
    with pytest.raises(Forbidden, match=r"mover@example.com does not have storage.objects.delete access"):
        here.blob("x").delete()
    with pytest.raises(Forbidden, match=r"storage.objects.get"):
        there.blob("x").reload()
    # To overwrite is to delete.
    with pytest.raises(Forbidden, match=r"storage.objects.delete"):
        there.blob("x").rewrite(here.blob("x"))
    server.control("POST", "iam", {"revoke": ["t1"]})
    with pytest.raises(Unauthorized):
        here.blob("x").reload(retry=None)
    mover.close()


def test_notifications_are_kept(client: storage.Client, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    made = bucket.notification("topic", topic_project="rehearsal", blob_name_prefix="in/", payload_format="JSON_API_V1")
    made.create()
    (found,) = bucket.list_notifications()
    assert (found.topic_name, found.blob_name_prefix) == ("topic", "in/")
    found.delete()
    assert list(bucket.list_notifications()) == []


def test_storage_layout_tells_the_location(server: Server, new_bucket: MakeBucket) -> None:
    status, layout = raw(server, "GET", f"/storage/v1/b/{new_bucket().name}/storageLayout")
    assert (status, layout["location"], layout["hierarchicalNamespace"]) == (200, "EUROPE-WEST1", {"enabled": False})


def test_requester_pays_needs_a_project(new_bucket: MakeBucket, client: storage.Client) -> None:
    bucket = new_bucket(requester_pays=True)
    with pytest.raises(BadRequest, match="requester pays"):
        list(bucket.list_blobs())
    assert list(client.bucket(bucket.name, user_project="payer").list_blobs()) == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["a.txt"]),
        ("**.txt", ["a.txt", "d/b.txt", "d/e/c.txt"]),
        ("d/*.txt", ["d/b.txt"]),
        ("d/**/*.txt", ["d/b.txt", "d/e/c.txt"]),
        ("{a,d/b}.txt", ["a.txt", "d/b.txt"]),
        ("[a-c].???", ["a.txt"]),
        ("[!b]*", ["a.txt"]),
    ],
)
def test_globs(new_bucket: MakeBucket, pattern: str, expected: list[str]) -> None:
    bucket = new_bucket()
    for name in ("a.txt", "d/b.txt", "d/e/c.txt", "d/x.csv"):
        bucket.blob(name).upload_from_string("")
    assert [blob.name for blob in bucket.list_blobs(match_glob=pattern)] == expected


@pytest.mark.parametrize("size", [1, 2, 3])
def test_paging_over_prefixes_and_versions_tells_everything_once(new_bucket: MakeBucket, size: int) -> None:
    bucket = new_bucket(versioning_enabled=True)
    for name in ("a", "b/1", "b/2", "b//3", "c", "d/1", "d/2"):
        for text in ("one", "two"):
            bucket.blob(name).upload_from_string(text)
    folded = bucket.list_blobs(delimiter="/", page_size=size)
    assert [blob.name for blob in folded] == ["a", "c"]
    assert folded.prefixes == {"b/", "d/"}
    versions = [(blob.name, blob.generation) for blob in bucket.list_blobs(versions=True, page_size=size)]
    assert len(set(versions)) == len(versions) == 14
    assert versions == sorted(versions)


def test_pages_stay_true_while_objects_come_and_go(server: Server, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    names = [f"n{number:02d}" for number in range(10)]
    server.control("POST", "objects", {"bucket": bucket.name, "objects": [{"name": name} for name in names]})
    pages = bucket.list_blobs(page_size=4).pages
    seen = [blob.name for blob in next(pages)]
    bucket.blob("n01").delete()
    bucket.blob("n03").upload_from_string("overwritten")
    bucket.blob("n05").delete()
    bucket.blob("n045").upload_from_string("new")
    for page in pages:
        seen += [blob.name for blob in page]
    assert seen == ["n00", "n01", "n02", "n03", "n04", "n045", "n06", "n07", "n08", "n09"]


def test_a_foreign_page_token_is_refused(server: Server, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    for name in "abc":
        bucket.blob(name).upload_from_string("")
    where = f"/storage/v1/b/{bucket.name}/o"
    token = raw(server, "GET", f"{where}?maxResults=1")[1]["nextPageToken"]
    assert raw(server, "GET", f"{where}?maxResults=2&pageToken={token}")[0] == 200
    assert raw(server, "GET", f"{where}?prefix=a&pageToken={token}")[0] == 400
    assert raw(server, "GET", f"{where}?pageToken=invented")[0] == 400


def test_fields_selects_a_part_of_the_answer(server: Server, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    bucket.blob("x").upload_from_string("x")
    _, answer = raw(server, "GET", f"/storage/v1/b/{bucket.name}/o?fields=items(name,size),nextPageToken")
    assert answer == {"items": [{"name": "x", "size": "1"}]}


def test_a_batch_answers_each_part_and_takes_at_most_100(client: storage.Client, new_bucket: MakeBucket) -> None:
    bucket = new_bucket()
    bucket.blob("x").upload_from_string("x")
    batch = client.batch(raise_exception=False)
    with batch:
        bucket.blob("x").delete()
        bucket.blob("absent").delete()
    assert [response.status_code for response in batch._responses] == [204, 404]
    too_many = client.batch()
    too_many._MAX_BATCH_SIZE = 200
    for number in range(101):
        too_many._make_request("DELETE", f"{client._connection.API_BASE_URL}/storage/v1/b/{bucket.name}/o/{number}")
    with pytest.raises(BadRequest):
        too_many.finish()


def test_unknown_paths_and_methods(server: Server) -> None:
    assert raw(server, "GET", "/storage/v2/b")[0] == 404
    assert raw(server, "POST", "/storage/v1/b/x/o/y")[0] == 405
    assert raw(server, "POST", "/storage/v1/b?project=p", b"{broken")[0] == 400
    assert raw(server, "GET", "/storage/v1/b/x/o/%ff")[0] == 400
    assert raw(server, "GET", "/sandbox/nothing")[0] == 404

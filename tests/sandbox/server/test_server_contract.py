"""What our server and an independent emulator must answer alike, asked by the real client."""

# The Cloud Storage client ships no annotations.
# mypy: allow-untyped-calls

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from google.api_core.exceptions import NotFound

from raw_http import send

NAMES = ["a.txt", "p/1", "p/2", "p/sub/1", "p/sub/2", "q/1", "q/0odd", "z é.txt"]
MakeBucket = Callable[[], Any]


@pytest.fixture
def filled(judged_bucket: MakeBucket) -> Any:
    bucket = judged_bucket()
    for name in NAMES:
        bucket.blob(name).upload_from_string(f"content of {name}", content_type="text/plain")
    return bucket


def names(iterator: Any) -> list[str]:
    return [blob.name for blob in iterator]


def test_lists_all_names_in_utf8_order(filled: Any) -> None:
    assert names(filled.list_blobs()) == sorted(NAMES, key=str.encode)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_add_up_to_the_whole(filled: Any, size: int) -> None:
    pages = [names(page) for page in filled.list_blobs(page_size=size).pages]
    assert [name for page in pages for name in page] == sorted(NAMES, key=str.encode)
    assert all(len(page) <= size for page in pages)


@pytest.mark.parametrize(
    ("start", "end"), [("p/", None), (None, "p/2"), ("p/1", "p/sub/2"), ("p/1a", "q"), ("zz", None)]
)
def test_offsets_include_the_start_and_exclude_the_end(filled: Any, start: str | None, end: str | None) -> None:
    expected = [name for name in sorted(NAMES, key=str.encode) if (start or "") <= name and (end is None or name < end)]
    assert names(filled.list_blobs(start_offset=start, end_offset=end)) == expected


def test_delimiter_folds_folders_into_prefixes(filled: Any) -> None:
    top = filled.list_blobs(delimiter="/")
    assert names(top) == ["a.txt", "z é.txt"]
    assert top.prefixes == {"p/", "q/"}
    below = filled.list_blobs(prefix="p/", delimiter="/")
    assert names(below) == ["p/1", "p/2"]
    assert below.prefixes == {"p/sub/"}


def test_prefix_without_a_slash_also_takes_siblings(filled: Any) -> None:
    assert names(filled.list_blobs(prefix="q")) == ["q/0odd", "q/1"]
    assert names(filled.list_blobs(prefix="q/1")) == ["q/1"]


def test_objects_come_back_as_they_were_put(filled: Any) -> None:
    blob = filled.get_blob("z é.txt")
    assert blob.download_as_bytes() == "content of z é.txt".encode()
    assert (blob.content_type, blob.size) == ("text/plain", len("content of z é.txt".encode()))
    with pytest.raises(NotFound):
        filled.blob("absent").reload()


def test_rewrite_copies_bytes_and_checksums(filled: Any, judged_bucket: MakeBucket) -> None:
    target = judged_bucket()
    source = filled.get_blob("p/sub/1")
    copy = target.blob("moved/1")
    token, written, total = copy.rewrite(source)
    assert (token, written, total) == (None, source.size, source.size)
    copy.reload()
    assert (copy.crc32c, copy.md5_hash, copy.size) == (source.crc32c, source.md5_hash, source.size)
    assert copy.download_as_bytes() == b"content of p/sub/1"
    assert filled.blob("p/sub/1").exists()


def test_batch_rewrites_several_objects(filled: Any, judged_bucket: MakeBucket, judged_url: str) -> None:
    target = judged_bucket()
    parts = []
    for name in ("p/1", "p/2"):
        escaped = quote(name, safe="")
        path = f"/storage/v1/b/{filled.name}/o/{escaped}/rewriteTo/b/{target.name}/o/{escaped}"
        parts.append(
            f"--edge\r\nContent-Type: application/http\r\nContent-ID: <{escaped}>\r\n\r\n"
            f"POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}\r\n"
        )
    payload = ("".join(parts) + "--edge--\r\n").encode()
    headers = {"Content-Type": "multipart/mixed; boundary=edge"}
    body = send(judged_url, "POST", "/batch/storage/v1", payload, headers)[1].decode()
    documents = [json.loads(line) for line in body.splitlines() if line.startswith("{")]
    assert [document["done"] for document in documents] == [True, True]
    assert body.count("HTTP/1.1 200 OK") == 2
    assert names(target.list_blobs()) == ["p/1", "p/2"]

"""Loads a lake's objects into a running sandbox server."""

from __future__ import annotations

from urllib.request import Request, urlopen

import msgspec

from thermocline.sandbox.lake.audit_log import rfc3339
from thermocline.sandbox.lake.build import Lake
from thermocline.sandbox.lake.ledger import LakeObject

__all__ = ["seed_server"]

_AT_ONCE = 5_000


def seed_server(lake: Lake, url: str) -> int:
    """Create the lake's bucket and all its objects in the server at `url`; returns their number.

    Content is virtual (as large as the inventory says, without taking memory) and has the checksum that the inventory
    shows. Raises OSError when the server refuses, such as for a bucket that exists.
    """
    bucket = {
        "name": lake.bucket,
        "location": lake.location,
        "storageClass": "STANDARD",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
    }
    _post(f"{url}/storage/v1/b?project={lake.project}", bucket)
    for start in range(0, len(lake.objects), _AT_ONCE):
        some = lake.objects[start : start + _AT_ONCE]
        _post(f"{url}/sandbox/objects", {"bucket": lake.bucket, "objects": [_seed(item) for item in some]})
    return len(lake.objects)


def _seed(item: LakeObject) -> dict[str, object]:
    return {
        "name": item.name,
        "size": item.size,
        "seed": item.content_seed,
        "generation": item.generation,
        "timeCreated": rfc3339(item.created_us, 6),
        "storageClass": item.storage_class,
        "contentType": item.content_type,
    }


def _post(url: str, body: object) -> None:
    headers = {"Content-Type": "application/json"}
    request = Request(url, data=msgspec.json.encode(body), headers=headers, method="POST")  # noqa: S310 - the sandbox
    with urlopen(request, timeout=300) as answer:  # noqa: S310 - the sandbox
        answer.read()

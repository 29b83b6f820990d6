"""The lake inside the sandbox server is the lake of the inventory, and its content has the checksum that it shows."""

import urllib.error
import urllib.request
from urllib.parse import quote

import google_crc32c
import pytest

from lake_reading import inventory
from thermocline.sandbox.lake import Lake
from thermocline.sandbox.lake.seed import seed_server
from thermocline.sandbox.server.content import encode_crc32c
from thermocline.sandbox.server.run import running_server


def test_the_server_holds_what_the_inventory_says(small_lake: Lake) -> None:
    with running_server() as server:
        assert seed_server(small_lake, server.url) == len(small_lake.objects)
        state = server.control("GET", "state", bucket=small_lake.bucket)["buckets"][small_lake.bucket]
        assert state["resource"]["location"].lower() == small_lake.location
        held = {
            (
                o["name"],
                o["size"],
                o["crc32c"],
                o["generation"],
                o["storageClass"],
                o["timeCreated"],
                o.get("md5Hash", ""),
            )
            for o in state["objects"]
        }
        columns = ("name", "size", "crc32c", "generation", "storageClass", "timeCreated", "md5Hash")
        assert held == {tuple(row[column] for column in columns) for row in inventory(small_lake)}

        item = next(item for item in small_lake.objects if item.name.endswith(".js"))
        url = f"{server.url}/storage/v1/b/{small_lake.bucket}/o/{quote(item.name, safe='')}?alt=media"
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - the sandbox server
            content = answer.read()
        assert len(content) == item.size
        assert encode_crc32c(google_crc32c.value(content)) == item.crc32c

        with pytest.raises(urllib.error.HTTPError, match="409"):
            seed_server(small_lake, server.url)

"""Assumptions about names, checksums, listings and creation."""

from __future__ import annotations

import asyncio

from executor.errors import PreconditionFailed
from executor.objects import StoredObject
from thermocline.selftest.bench import Assumption, Bench, Broken, checksum, expect, refused_with

__all__ = ["CREATING"]

ODD_NAMES = (
    "odd/a//b",
    "odd/../up",
    "odd/#hash?query=1&x",
    "odd/100%25",
    "odd/space and+plus",
    "odd/ünï-日本",
    "odd/marker/",
)


async def created_once(bench: Bench) -> str:
    await bench.put("once", b"first")
    return await refused_with(bench.put("once", b"second"), 412)


async def one_winner(bench: Bench) -> str:
    answers = await asyncio.gather(*(bench.put("race", b"x") for _ in range(4)), return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, StoredObject)]
    lost = [answer for answer in answers if isinstance(answer, PreconditionFailed)]
    expect(len(won) == 1 and len(lost) == 3, f"of four creations at once {len(won)} won and {len(lost)} saw 412")
    return "one of four creations at once won"


async def checksums(bench: Bench) -> str:
    content = bytes(range(256)) * 17
    stored = await bench.put("checksum", content)
    wanted = checksum(content)
    expect(stored.crc32c == wanted, f"crc32c {stored.crc32c}, computed here {wanted}")
    expect(stored.size == len(content), f"size {stored.size} for {len(content)} bytes")
    return f"crc32c {wanted}, {stored.size} bytes"


async def names_are_kept(bench: Bench) -> str:
    for name in ODD_NAMES:
        await bench.put(name, b"x")
    listed = await bench.names("odd/")
    expect(sorted(listed) == sorted(ODD_NAMES), f"listed {listed}")
    for name in ODD_NAMES:
        expect(await bench.get(name) is not None, f"{name!r} is listed but cannot be read by its name")
    return f"{len(ODD_NAMES)} odd names, listed and read"


async def listing_is_current(bench: Bench) -> str:
    stored = [await bench.put(f"current/{number}", b"x") for number in range(5)]
    expect(len(await bench.names("current/")) == 5, "a listing right after five creations misses some")
    for one in stored:
        await bench.delete(one)
    left = await bench.names("current/")
    expect(not left, f"a listing right after the deletions still shows {left}")
    return "complete right after creations and deletions"


async def listing_is_ordered(bench: Bench) -> str:
    names = ["order/Z", "order/a", "order/a-", "order/a/", "order/a/b", "order/aa", "order/é"]
    for name in reversed(names):
        await bench.put(name, b"x")
    listed: list[str] = []
    token = ""
    while True:
        query = f"maxResults=2&prefix={bench.root}order/{'&pageToken=' + token if token else ''}"
        answer = await bench.page(query)
        listed += [item["name"].removeprefix(bench.root) for item in answer.get("items", [])]
        token = answer.get("nextPageToken", "")
        if not token:
            break
        if len(listed) > len(names):
            raise Broken("the pages do not end")
    expect(listed == names, f"listed {listed}")
    return "pages of two, in the order of UTF-8 bytes"


async def composites_lack_md5(bench: Bench) -> str:
    for part in ("one", "two"):
        await bench.put(f"part-{part}", part.encode())
    sources = [{"name": f"{bench.root}part-{part}"} for part in ("one", "two")]
    made = await bench.send("POST", "composed", "/compose?ifGenerationMatch=0", {"sourceObjects": sources})
    expect("md5Hash" not in made, "a composite object shows an MD5")
    expect(made.get("crc32c") == checksum(b"onetwo"), f"crc32c of the composite is {made.get('crc32c')}")
    return "a composite has a crc32c and no MD5"


CREATING = (
    Assumption("create-once", "An upload with ifGenerationMatch=0 never replaces an object.", created_once),
    Assumption("one-winner", "Of several such uploads at once, exactly one succeeds (this is our lock).", one_winner),
    Assumption("checksums", "The service reports the size and CRC32C of what was sent.", checksums),
    Assumption("names", "Names are arbitrary text: slashes, dots, percent signs and markers survive.", names_are_kept),
    Assumption("fresh-lists", "A listing shows every earlier creation and deletion.", listing_is_current),
    Assumption("ordered-lists", "Listings are paged and ordered by UTF-8 bytes.", listing_is_ordered),
    Assumption("composites", "Composite objects have a CRC32C and no MD5.", composites_lack_md5),
)

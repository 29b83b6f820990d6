"""Rewrites one by one and through the batch endpoint: copies a second and processor time of this process.

What decides whether copying should use the batch endpoint (see docs/performance.md). One sandbox server, 50 ms on every
call. Both send the same preconditions and metadata; nothing is journalled.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from bench_copy import fresh_target, names, prepare  # beside this file

from executor.credentials import Anonymous
from executor.storage import Storage
from executor.transport import Transport
from hand_made_plan import SOURCE
from thermocline.sandbox.server.run import Server, running_server

OBJECTS = 12_000
BODY = b'{"contentType":"text/plain","metadata":{"thermocline-origin":"plan-bench/1"},"storageClass":"STANDARD"}'
PER_BATCH = 100

One = Callable[[Storage, str, list[tuple[str, int]]], Awaitable[None]]


async def one_by_one(storage: Storage, target: str, objects: list[tuple[str, int]]) -> None:
    for name, generation in objects:
        await storage.rewrite((SOURCE, name, generation, 1), (target, name), BODY, expect=0)


async def in_batches(storage: Storage, target: str, objects: list[tuple[str, int]]) -> None:
    parts = []
    for number, (name, generation) in enumerate(objects):
        encoded = quote(name, safe="")
        path = (
            f"/storage/v1/b/{SOURCE}/o/{encoded}/rewriteTo/b/{target}/o/{encoded}?sourceGeneration={generation}"
            f"&ifSourceGenerationMatch={generation}&ifSourceMetagenerationMatch=1&ifGenerationMatch=0"
        )
        parts.append(
            f"--b\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\nPOST {path} HTTP/1.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY.decode()}"
        )
    body = ("\r\n".join(parts) + "\r\n--b--\r\n").encode()
    answer = await storage.transport.send(
        "POST", "/batch/storage/v1", body=body, content_type="multipart/mixed; boundary=b"
    )
    if answer.body.count(b"HTTP/1.1 200") != len(objects):
        raise SystemExit("a part of a batch failed")


async def measure(server: Server, target: str, act: One, share: int, in_flight: int) -> tuple[float, float]:
    """(copies a second, processor µs of this process a copy); `share` objects go to one call of `act`."""
    async with Transport(server.url, Anonymous(), "run-bench", connections=in_flight) as transport:
        storage = Storage(transport, write_rate=None)
        found = [(one.name, one.generation) async for page in storage.list_objects(SOURCE, "p/") for one in page]
        waiting = iter([found[start : start + share] for start in range(0, len(found), share)])

        async def worker() -> None:
            for some in waiting:
                await act(storage, target, some)

        begun, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(worker() for _ in range(in_flight)))
        return len(found) / (time.perf_counter() - begun), (time.process_time() - cpu) / len(found) * 1e6


def main() -> None:
    with running_server() as server:
        prepare(server, len(names(OBJECTS)))
        for label, act, share, in_flight in (
            ("one by one, 128 in flight", one_by_one, 20, 128),
            ("one by one, 256 in flight", one_by_one, 20, 256),
            ("batches of 100, 4 in flight", in_batches, PER_BATCH, 4),
            ("batches of 100, 16 in flight", in_batches, PER_BATCH, 16),
        ):
            rate, cost = asyncio.run(
                measure(server, fresh_target(server, f"b-{in_flight}-bucket"), act, share, in_flight)
            )
            sys.stdout.write(f"{label:30} {rate:6.0f}/s {cost:5.0f} µs a copy\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

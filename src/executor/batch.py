"""The batch endpoint: up to 100 calls in one request, each with its own status that must be read.

Right for deletes, which move no data. The service refuses larger batches, and a part may fail while others succeed.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from executor.errors import Unavailable
from executor.storage import Storage
from executor.transport import RETRIED

LIMIT = 100
BOUNDARY = "thermocline-batch"
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
CONTENT_ID = re.compile(rb"content-id:\s*<?response-<?(\d+)>?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Victim:
    """Exactly one generation, in exactly one state of its metadata."""

    name: str
    generation: int
    metageneration: int


async def delete_batch(storage: Storage, bucket: str, victims: Sequence[Victim]) -> list[tuple[int, str]]:
    """Delete up to 100 objects; returns (status, explanation) for each, in order.

    204 deleted, 404 not there (after a lost answer: deleted by us), 412 not the generation or metageneration named,
    403 a hold, retention or a missing permission. Parts that the service wants tried again are tried again.
    """
    results: dict[int, tuple[int, str]] = {}
    rate, retries = storage.write_rate(bucket), storage.transport.retries
    for attempt in range(retries.attempts):
        open_parts = [number for number in range(len(victims)) if number not in results]
        if not open_parts:
            break
        await rate.acquire(len(open_parts))
        sent_at = asyncio.get_running_loop().time()
        answer = await storage.transport.send(
            "POST",
            "/batch/storage/v1",
            body=_body(bucket, victims, open_parts),
            content_type=f"multipart/mixed; boundary={BOUNDARY}",
        )
        for number, status, text in _parts(answer.body):
            if status in {429, 503}:
                rate.slow_down(sent_at)
            if status not in RETRIED and status != 401 and number in open_parts:
                results[number] = (status, text)
        if len(results) < len(victims):
            await asyncio.sleep(retries.wait(attempt))
    if len(results) < len(victims):
        raise Unavailable(503, "batch", "parts of a batch kept failing", "run the command again")
    return [results[number] for number in range(len(victims))]


def _body(bucket: str, victims: Sequence[Victim], numbers: Sequence[int]) -> bytes:
    parts = []
    for number in numbers:
        victim = victims[number]
        path = (
            f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(victim.name, safe='')}"
            f"?ifGenerationMatch={victim.generation}&ifMetagenerationMatch={victim.metageneration}"
        )
        parts.append(
            f"--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\n"
            f"DELETE {path} HTTP/1.1\r\n\r\n"
        )
    return ("\r\n".join(parts) + f"\r\n--{BOUNDARY}--\r\n").encode()


def _parts(body: bytes) -> list[tuple[int, int, str]]:
    """(number, status, body) of every part; a part that cannot be read counts as unanswered."""
    boundary = body.lstrip().split(b"\r\n", 1)[0].strip()
    found = []
    for part in body.split(boundary):
        number, status = CONTENT_ID.search(part), STATUS.search(part)
        if number is None or status is None:
            continue
        payload = part[status.end() :].partition(b"\r\n\r\n")[2]
        found.append((int(number[1]), int(status[1]), payload[:500].decode(errors="replace").strip()))
    return found

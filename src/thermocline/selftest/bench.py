"""Where the assumptions are tried: one bucket, one prefix, and the executor's own storage client."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import google_crc32c
import msgspec

from executor.errors import StorageError
from executor.objects import Attributes, RewriteAnswer, StoredObject
from executor.storage import Storage

__all__ = ["Assumption", "Bench", "Broken", "NotTried", "Outcome", "expect", "refused_with"]

Outcome = Literal["holds", "broken", "not tried"]

MIB = 1 << 20


class Broken(Exception):
    """An assumption that does not hold; the message says what was seen."""


class NotTried(Exception):
    """An assumption that this bucket cannot show; the message says why."""


@dataclass(frozen=True)
class Bench:
    """`root` is this run's prefix (with a slash at its end); every object of the run lies below it."""

    storage: Storage
    bucket: str
    root: str
    resource: dict[str, Any]  # the bucket's metadata

    async def put(self, name: str, content: bytes = b"thermocline", **attributes: Any) -> StoredObject:
        """Create an object of this run."""
        return await self.storage.insert_object(self.bucket, self.root + name, content, attributes)

    async def get(self, name: str) -> StoredObject | None:
        return await self.storage.get_object(self.bucket, self.root + name)

    async def names(self, below: str = "") -> list[str]:
        """Names of this run in listing order, without the root."""
        pages = self.storage.list_objects(self.bucket, self.root + below)
        return [item.name.removeprefix(self.root) async for page in pages for item in page]

    async def rewrite(
        self,
        source: StoredObject,
        target: str,
        wanted: Attributes | None = None,
        *,
        expect_generation: int = 0,
        token: str | None = None,
        bytes_per_call: int | None = None,
    ) -> RewriteAnswer:
        """One rewrite call as `execute` sends it."""
        return await self.storage.rewrite(
            (self.bucket, source.name, source.generation, source.metageneration),
            (self.bucket, self.root + target),
            msgspec.json.encode(wanted or Attributes(content_type="text/plain")),
            expect=expect_generation,
            token=token,
            bytes_per_call=bytes_per_call,
        )

    async def delete(self, stored: StoredObject, *, generation: int | None = None) -> None:
        await self.storage.delete_object(self.bucket, stored.name, generation=generation or stored.generation)

    async def send(self, method: str, name: str, query: str = "", body: Any = None) -> Any:
        """A call on one object that the executor's client has no method for; returns the decoded answer."""
        path = f"/storage/v1/b/{self.bucket}/o/{quote(self.root + name, safe='')}{query}"
        data = None if body is None else msgspec.json.encode(body)
        answer = await self.storage.transport.send(method, path, body=data)
        return msgspec.json.decode(answer.body) if answer.body else None

    async def page(self, query: str) -> dict[str, Any]:
        """One raw page of a listing."""
        answer = await self.storage.transport.send("GET", f"/storage/v1/b/{self.bucket}/o?{query}")
        return msgspec.json.decode(answer.body, type=dict[str, Any])


@dataclass(frozen=True)
class Assumption:
    """`claim` is the sentence that should hold; `check` returns what was seen, or raises Broken or NotTried."""

    name: str
    claim: str
    check: Callable[[Bench], Awaitable[str]]


def expect(condition: object, seen: str) -> None:
    """Raise Broken with what was seen, unless the condition holds."""
    if not condition:
        raise Broken(seen)


async def refused_with(call: Awaitable[Any], *statuses: int) -> str:
    """The service must refuse the call with one of these statuses; returns how it did."""
    try:
        await call
    except StorageError as error:
        expect(error.status in statuses, f"refused with {error.status} {error.reason} instead of {statuses}")
        return f"{error.status} {error.reason}"
    raise Broken("the call was carried out")


def checksum(content: bytes) -> str:
    """CRC32C as the API writes it: base64 of four big-endian bytes."""
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()

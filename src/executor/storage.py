"""The calls of the JSON API that a migration needs, each with its preconditions.

Contract: reads are strongly consistent. `rewrite` and `delete_object` act only on the generation they name. Names are
arbitrary text and are encoded whole (`a//b`, `..` and `#` are ordinary names).
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from executor.errors import NotFound, StorageError, Unavailable
from executor.objects import (
    OBJECT_FIELDS,
    Page,
    RewriteAnswer,
    StoredObject,
    decode_object,
    decode_page,
    decode_rewrite,
)
from executor.rate import START_RATE, RateControl
from executor.transport import Transport

LIST_FIELDS = f"nextPageToken,items({OBJECT_FIELDS})"
MALFORMED_RETRIES = 3


# Most names need nothing but their slashes encoded, and `quote` looks at every character in Python.
_PLAIN = re.compile(r"[A-Za-z0-9_.~/-]*").fullmatch


def _name(name: str) -> str:
    return name.replace("/", "%2F") if _PLAIN(name) else quote(name, safe="")


def _bucket(bucket: str) -> str:
    return f"/storage/v1/b/{_name(bucket)}"


class Storage:
    """Objects and buckets. `write_rate` is requests a second on a bucket at first, None without a cap."""

    def __init__(
        self,
        transport: Transport,
        *,
        write_rate: float | None = START_RATE,
        ceiling: float | None = None,
        user_project: str | None = None,
    ) -> None:
        self.transport = transport
        self._write_rate = write_rate
        self._ceiling = ceiling
        self._rates: dict[str, RateControl] = {}
        self._billing = f"&userProject={quote(user_project, safe='')}" if user_project else ""

    def write_rate(self, bucket: str) -> RateControl:
        """The pace of writes (deletes included) on a bucket, shared by every caller of this run."""
        if bucket not in self._rates:
            self._rates[bucket] = RateControl(self._write_rate, ceiling=self._ceiling)
        return self._rates[bucket]

    # Objects

    async def get_object(
        self, bucket: str, name: str, *, generation: int | None = None, soft_deleted: bool = False
    ) -> StoredObject | None:
        """Metadata of the live object (or of one generation), None when there is none."""
        query = f"?fields={OBJECT_FIELDS},updated{self._billing}"
        if generation is not None:
            query += f"&generation={generation}"
        if soft_deleted:
            query += "&softDeleted=true"
        try:
            answer = await self.transport.send("GET", f"{_bucket(bucket)}/o/{_name(name)}{query}")
        except NotFound:
            return None
        return decode_object(answer.body)

    async def rewrite(
        self,
        source: tuple[str, str, int, int],
        target: tuple[str, str],
        body: bytes,
        *,
        expect: int,
        token: str | None = None,
        rate: RateControl | None = None,
        bytes_per_call: int | None = None,
    ) -> RewriteAnswer:
        """One call of a rewrite of `source` (bucket, name, generation, metageneration) onto `target` (bucket, name).

        `expect` is the target generation that may be replaced, 0 when none may be there. `body` is the full metadata
        set. Every call of one loop must carry the same parameters.
        """
        bucket, name, generation, metageneration = source
        query = (
            f"?sourceGeneration={generation}&ifSourceGenerationMatch={generation}"
            f"&ifSourceMetagenerationMatch={metageneration}&ifGenerationMatch={expect}{self._billing}"
        )
        if bytes_per_call is not None:
            query += f"&maxBytesRewrittenPerCall={bytes_per_call}"
        if token is not None:
            query += f"&rewriteToken={quote(token, safe='')}"
        path = f"{_bucket(bucket)}/o/{_name(name)}/rewriteTo/b/{_name(target[0])}/o/{_name(target[1])}{query}"
        answer = await self.transport.send("POST", path, body=body, rate=rate)
        return decode_rewrite(answer.body)

    async def list_objects(
        self,
        bucket: str,
        prefix: str,
        *,
        start: str = "",
        end: str = "",
        soft_deleted: bool = False,
        versions: bool = False,
    ) -> AsyncGenerator[list[StoredObject], None]:
        """Pages of a listing in name order, the next one fetched while the caller works on this one.

        An empty page with a token is not the end; a page that repeats a name is cut, one that goes backwards refused.
        """
        query = {"prefix": prefix, "maxResults": "1000", "fields": LIST_FIELDS}
        query |= {"startOffset": start} if start else {}
        query |= {"endOffset": end} if end else {}
        query |= {"softDeleted": "true"} if soft_deleted else {}
        query |= {"versions": "true"} if versions else {}
        if soft_deleted:
            query["fields"] = f"nextPageToken,items({OBJECT_FIELDS},softDeleteTime,hardDeleteTime)"
        base = f"{_bucket(bucket)}/o?{urlencode(query, quote_via=quote)}{self._billing}"
        page = await self._page(base)
        last: tuple[str, int] = ("", -1)
        many = soft_deleted or versions
        while True:
            following = None
            if page.next_page_token:
                following = asyncio.ensure_future(
                    self._page(f"{base}&pageToken={quote(page.next_page_token, safe='')}")
                )
            try:
                items = [item for item in page.items if _after(item, last, many)]
                if len(items) < len(page.items):
                    _refuse_disorder(page.items, last, bucket)
                if items:
                    last = (items[-1].name, items[-1].generation)
                    yield items
            except BaseException:
                if following is not None:
                    following.cancel()
                raise
            if following is None:
                return
            page = await following

    async def _page(self, path: str) -> Page:
        for attempt in range(MALFORMED_RETRIES):
            answer = await self.transport.send("GET", path)
            try:
                return decode_page(answer.body)
            except msgspec.MsgspecError:
                # A body that was cut on its way; an incomplete listing must never pass for a complete one.
                self.transport.counters["malformed pages"] += 1
                await asyncio.sleep(self.transport.retries.wait(attempt))
        raise Unavailable(0, "malformed", "the listing came back cut or malformed", "run the command again")

    async def insert_object(self, bucket: str, name: str, content: bytes, attributes: dict[str, Any]) -> StoredObject:
        """Create an object that must not exist yet."""
        boundary = "thermocline-part"
        head = msgspec.json.encode({"name": name, **attributes})
        body = (
            f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode()
            + head
            + f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        path = f"/upload{_bucket(bucket)}/o?uploadType=multipart&ifGenerationMatch=0{self._billing}"
        answer = await self.transport.send(
            "POST", path, body=body, content_type=f"multipart/related; boundary={boundary}"
        )
        return decode_object(answer.body)

    async def patch_object(self, bucket: str, name: str, patch: dict[str, Any], *, metageneration: int) -> StoredObject:
        """Change metadata of an object whose metageneration is still the given one."""
        path = f"{_bucket(bucket)}/o/{_name(name)}?ifMetagenerationMatch={metageneration}{self._billing}"
        answer = await self.transport.send("PATCH", path, body=msgspec.json.encode(patch))
        return decode_object(answer.body)

    async def delete_object(self, bucket: str, name: str, *, generation: int, metageneration: int | None = None) -> int:
        """Delete exactly this live generation; returns the number of attempts it took."""
        query = f"?ifGenerationMatch={generation}{self._billing}"
        if metageneration is not None:
            query += f"&ifMetagenerationMatch={metageneration}"
        answer = await self.transport.send(
            "DELETE", f"{_bucket(bucket)}/o/{_name(name)}{query}", rate=self.write_rate(bucket)
        )
        return answer.attempts

    async def restore_object(self, bucket: str, name: str, generation: int) -> StoredObject:
        """Bring back a soft-deleted generation where no live object stands; the copy gets a new generation."""
        path = f"{_bucket(bucket)}/o/{_name(name)}/restore?generation={generation}&ifGenerationMatch=0{self._billing}"
        answer = await self.transport.send("POST", path, rate=self.write_rate(bucket))
        return decode_object(answer.body)

    # Buckets

    async def get_bucket(self, bucket: str) -> dict[str, Any] | None:
        """A bucket's metadata, None when it does not exist."""
        try:
            answer = await self.transport.send("GET", f"{_bucket(bucket)}?projection=noAcl{self._billing}")
        except NotFound:
            return None
        return _document(answer.body)

    async def insert_bucket(self, project: str, bucket: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Create a bucket; returns it and the attempts it took."""
        path = f"/storage/v1/b?project={quote(project, safe='')}"
        answer = await self.transport.send("POST", path, body=msgspec.json.encode(bucket))
        return _document(answer.body), answer.attempts

    async def patch_bucket(
        self, bucket: str, patch: dict[str, Any], *, metageneration: str | None = None
    ) -> dict[str, Any]:
        """Change a bucket's metadata."""
        query = f"?ifMetagenerationMatch={metageneration}" if metageneration else "?projection=noAcl"
        answer = await self.transport.send("PATCH", f"{_bucket(bucket)}{query}", body=msgspec.json.encode(patch))
        return _document(answer.body)

    async def delete_bucket(self, bucket: str, *, metageneration: str) -> None:
        """Delete an empty bucket that nobody changed."""
        await self.transport.send("DELETE", f"{_bucket(bucket)}?ifMetagenerationMatch={metageneration}")

    async def get_policy(self, bucket: str) -> dict[str, Any]:
        """A bucket's IAM policy, with conditions."""
        answer = await self.transport.send(
            "GET", f"{_bucket(bucket)}/iam?optionsRequestedPolicyVersion=3{self._billing}"
        )
        return _document(answer.body)

    async def set_policy(self, bucket: str, policy: dict[str, Any]) -> dict[str, Any]:
        """Replace a bucket's IAM policy; its etag makes that safe against others."""
        answer = await self.transport.send("PUT", f"{_bucket(bucket)}/iam", body=msgspec.json.encode(policy))
        return _document(answer.body)

    async def notifications(self, bucket: str) -> list[dict[str, Any]]:
        """A bucket's Pub/Sub notification configurations."""
        answer = await self.transport.send("GET", f"{_bucket(bucket)}/notificationConfigs")
        return list(_document(answer.body).get("items", []))


def _document(body: bytes) -> dict[str, Any]:
    return msgspec.json.decode(body, type=dict[str, Any])


def _after(item: StoredObject, last: tuple[str, int], many: bool) -> bool:
    return (item.name, item.generation) > last if many else item.name > last[0]


def _refuse_disorder(items: list[StoredObject], last: tuple[str, int], bucket: str) -> None:
    names = [item.name for item in items]
    if names != sorted(names) or (names and names[-1] < last[0]):
        raise StorageError(0, "disorder", f"the listing of {bucket} went backwards", "run the command again")

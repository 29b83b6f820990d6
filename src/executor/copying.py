"""Copies one object by rewrite, and settles every answer that leaves open what happened.

Must: never write where something stands that is not the copy we expect there (`ifGenerationMatch`), and never copy
another generation than the planned one (`sourceGeneration`, `ifSourceGenerationMatch`).
Should: carry metadata as listed (`ifSourceMetagenerationMatch`); when the source's metadata changed meanwhile it is
read again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from executor import clock
from executor.errors import Gone, NotFound, PreconditionFailed, StorageError, Unavailable
from executor.objects import MARKER, RewriteAnswer, StoredObject, decode_attributes, encode
from executor.rate import RateControl
from executor.rows import Item, Result
from executor.storage import Storage

# A token is valid for a week; one that is nearly that old is not worth the attempt.
TOKEN_LIFE = timedelta(days=6)
SETTLEMENTS = 5

SaveToken = Callable[[Item, str], Awaitable[None]]
Refresh = Callable[[Item], Awaitable[None]]


class ObjectCopier:
    """Copies objects of one move from bucket to bucket."""

    def __init__(
        self,
        storage: Storage,
        source_bucket: str,
        target_bucket: str,
        *,
        save_token: SaveToken,
        refresh: Refresh,
        bytes_per_call: int | None = None,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._storage = storage
        self._source = source_bucket
        self._target = target_bucket
        self._save_token = save_token
        self._refresh = refresh
        self._bytes_per_call = bytes_per_call
        self._on_bytes = on_bytes
        self._rate: RateControl = storage.write_rate(target_bucket)

    async def copy(self, item: Item) -> Result:
        """Bring one item to a terminal state; raises `StorageError` only when the whole move must stop."""
        for _ in range(SETTLEMENTS):
            try:
                return self._judge(item, await self._rewrite(item))
            except PreconditionFailed:
                settled = await self._settle(item)
            except NotFound:
                settled = await self._settle_missing(item)
            except (Gone, msgspec.MsgspecError):
                # The token expired, or the answer was cut: start this object again, preconditions decide.
                settled = msgspec.structs.replace(item, token=None)
            if isinstance(settled, Result):
                return settled
            item = settled
        return Result(item.item_id, "failed", "the source or the target keeps changing")

    async def _rewrite(self, item: Item) -> RewriteAnswer:
        source = (self._source, item.source, item.generation, item.metageneration)
        token = item.token if _fresh(item) else None
        done = 0
        while True:
            answer = await self._storage.rewrite(
                source,
                (self._target, item.target),
                item.wanted,
                expect=item.expect,
                token=token,
                rate=self._rate,
                bytes_per_call=self._bytes_per_call,
            )
            rewritten = item.size if answer.done else answer.total_bytes_rewritten
            self._on_bytes(rewritten - done)
            done = rewritten
            if answer.done:
                return answer
            token = answer.rewrite_token
            if token is None:
                raise Unavailable(0, "rewrite", "a rewrite stopped without a token", "run the command again")
            await self._save_token(item, token)

    def _judge(self, item: Item, answer: RewriteAnswer) -> Result:
        copy = answer.resource
        if copy is None:
            return Result(item.item_id, "failed", "the service answered without the new object")
        if not same_content(item, copy):
            return Result(item.item_id, "failed", "checksum or size differs after the copy", copy.generation)
        return Result(item.item_id, "copied", "", copy.generation)

    async def _settle(self, item: Item) -> Result | Item:
        """A 412: did our own lost attempt do it, is the target taken, or did the source change?"""
        target = await self._storage.get_object(self._target, item.target)
        if target is not None and target.generation != item.expect:
            return settle_taken(item, target)
        if target is None and item.expect:
            # Somebody removed the copy that this delta pass was to replace: nothing is overwritten any more.
            return msgspec.structs.replace(item, expect=0, token=None)
        return await self._settle_source(item)

    async def _settle_missing(self, item: Item) -> Result | Item:
        """A 404: the source object is gone, or one of the buckets."""
        settled = await self._settle_source(item)
        if isinstance(settled, Item) and await self._storage.get_bucket(self._target) is None:
            raise NotFound(
                404, "notFound", f"the bucket {self._target} does not exist", "run `thermocline execute` again"
            )
        return settled

    async def _settle_source(self, item: Item) -> Result | Item:
        source = await self._storage.get_object(self._source, item.source)
        if source is None:
            if await self._storage.get_bucket(self._source) is None:
                raise NotFound(404, "notFound", f"the bucket {self._source} does not exist", "check the plan")
            return await self._give_up(item, "deleted at the source before it was copied")
        if source.generation != item.generation:
            return await self._give_up(item, f"superseded at the source by generation {source.generation}")
        if source.metageneration != item.metageneration:
            item = refreshed(item, source)
            await self._refresh(item)
            return item
        await asyncio.sleep(0)
        return item

    async def _give_up(self, item: Item, reason: str) -> Result:
        """The source generation is gone. A copy that an earlier, lost attempt made of it must become known all the
        same: the next generation replaces it, and without its number that would be a conflict for ever."""
        target = await self._storage.get_object(self._target, item.target)
        if target is not None and ours(item, target) and same_content(item, target):
            return Result(item.item_id, "copied", "", target.generation)
        return Result(item.item_id, "skipped", reason)


def _fresh(item: Item) -> bool:
    if item.token is None or item.token_at is None:
        return False
    return clock.moment() - datetime.fromisoformat(item.token_at) < TOKEN_LIFE


def same_content(item: Item, copy: StoredObject) -> bool:
    """Size and crc32c agree, and md5 where both sides have one (composites have none)."""
    return item.size == copy.size and same_checksums(item, copy)


def same_checksums(item: Item, copy: StoredObject) -> bool:
    """crc32c agrees, and md5 where both sides have it."""
    if item.crc32c != copy.crc32c:
        return False
    return item.md5 is None or copy.md5_hash is None or item.md5 == copy.md5_hash


def ours(item: Item, copy: StoredObject) -> bool:
    """Whether a target object carries the marker that this very copy would carry."""
    wanted = decode_attributes(item.wanted).metadata or {}
    return copy.marker is not None and copy.marker == wanted.get(MARKER)


def marked(item: Item, copy: StoredObject) -> bool:
    """Whether a target object carries the marker of this plan, for whatever generation of the source."""
    wanted = (decode_attributes(item.wanted).metadata or {}).get(MARKER, "")
    return copy.marker is not None and copy.marker.rpartition("/")[0] == wanted.rpartition("/")[0]


def settle_taken(item: Item, target: StoredObject) -> Result:
    """Something stands at the target: our own copy after a lost answer, the same content, or a conflict."""
    if same_content(item, target):
        if ours(item, target):
            return Result(item.item_id, "copied", "", target.generation)
        return Result(
            item.item_id,
            "skipped",
            f"the same content is already there, not written by us (generation {target.generation})",
        )
    # A marker is no proof that nobody else wrote the content, so a person decides.
    what = (
        "our marker but other content: delete it to have it copied again" if marked(item, target) else "another object"
    )
    return Result(item.item_id, "conflict", f"the target holds {what} (generation {target.generation})")


def refreshed(item: Item, source: StoredObject) -> Item:
    """The item with the metadata that the source has now; class and marker stay as planned."""
    old = decode_attributes(item.wanted)
    wanted = msgspec.structs.replace(
        old,
        content_type=source.content_type,
        content_encoding=source.content_encoding,
        content_language=source.content_language,
        content_disposition=source.content_disposition,
        cache_control=source.cache_control,
        metadata={**(source.metadata or {}), MARKER: (old.metadata or {})[MARKER]},
        custom_time=source.custom_time or old.custom_time,
        contexts=source.contexts,
    )
    return msgspec.structs.replace(item, metageneration=source.metageneration, wanted=encode(wanted), token=None)


def failure(item: Item, error: StorageError) -> Result:
    """The result of an object that could not be copied this time."""
    return Result(item.item_id, "failed", str(error)[:500])

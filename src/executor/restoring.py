"""Brings back deleted sources: from soft delete, from a noncurrent version, or from our verified copy."""

import msgspec

from executor.copying import ours, same_content
from executor.definition import Definition
from executor.errors import NotFound, PreconditionFailed, StorageError
from executor.objects import MARKER, StoredObject, decode_attributes, encode
from executor.rows import Item
from executor.storage import Storage


async def restore(storage: Storage, definition: Definition, item: Item) -> tuple[str, str, int | None]:
    """(after, how or why not, generation of the restored source); never overwrites what stands at the source."""
    pattern = definition.moving
    for way in (_already, _from_soft_delete, _from_version, _from_copy):
        try:
            found = await way(storage, pattern.source_bucket, pattern.target_bucket, item)
        except PreconditionFailed:
            # Either a lost answer of ours, or somebody wrote there: what stands there now decides.
            found = await storage.get_object(pattern.source_bucket, item.source)
        except NotFound:
            continue
        except StorageError as error:
            return "deleted", f"could not be restored: {error}"[:300], None
        if found is None:
            continue
        if not same_content(item, found):
            return "deleted", f"another object stands at the source (generation {found.generation})", None
        return "restored", way.__name__.strip("_").replace("_", " "), found.generation
    return "deleted", "nothing is left to restore it from", None


async def _already(storage: Storage, source: str, _target: str, item: Item) -> StoredObject | None:
    return await storage.get_object(source, item.source)


async def _from_soft_delete(storage: Storage, source: str, _target: str, item: Item) -> StoredObject | None:
    return await storage.restore_object(source, item.source, item.generation)


async def _from_version(storage: Storage, source: str, _target: str, item: Item) -> StoredObject | None:
    old = await storage.get_object(source, item.source, generation=item.generation)
    if old is None:
        return None
    return await _rewrite_back(storage, (source, item.source, old), source, item)


async def _from_copy(storage: Storage, source: str, target: str, item: Item) -> StoredObject | None:
    copy = await storage.get_object(target, item.target)
    if copy is None or not same_content(item, copy) or not ours(item, copy):
        return None
    return await _rewrite_back(storage, (target, item.target, copy), source, item)


async def _rewrite_back(
    storage: Storage, origin: tuple[str, str, StoredObject], source: str, item: Item
) -> StoredObject | None:
    bucket, name, stored = origin
    token = None
    while True:
        answer = await storage.rewrite(
            (bucket, name, stored.generation, stored.metageneration),
            (source, item.source),
            original_body(item),
            expect=0,
            token=token,
            rate=storage.write_rate(source),
        )
        if answer.done:
            return answer.resource
        token = answer.rewrite_token


def original_body(item: Item) -> bytes:
    """The metadata that the source had: as planned for the copy, without our marker, in its old class."""
    wanted = decode_attributes(item.wanted)
    metadata = {key: value for key, value in (wanted.metadata or {}).items() if key != MARKER}
    return encode(msgspec.structs.replace(wanted, metadata=metadata or None, storage_class=item.source_class))

"""Assumptions about deletion and the ways back."""

from __future__ import annotations

from thermocline.selftest.bench import Assumption, Bench, NotTried, expect, refused_with

__all__ = ["DELETING"]


async def generation_is_guarded(bench: Bench) -> str:
    stored = await bench.put("guarded", b"x")
    how = await refused_with(bench.delete(stored, generation=stored.generation - 1), 404, 412)
    expect(await bench.get("guarded") == stored, "the object is gone all the same")
    return how


async def twice_is_told(bench: Bench) -> str:
    stored = await bench.put("twice", b"x")
    await bench.delete(stored)
    expect(await bench.get("twice") is None, "the object is still there")
    return await refused_with(bench.delete(stored), 404, 412)


async def metageneration_is_guarded(bench: Bench) -> str:
    stored = await bench.put("patched", b"x")
    patch = {"metadata": {"changed": "yes"}}
    await bench.storage.patch_object(bench.bucket, stored.name, patch, metageneration=stored.metageneration)
    call = bench.storage.delete_object(
        bench.bucket, stored.name, generation=stored.generation, metageneration=stored.metageneration
    )
    return await refused_with(call, 412)


async def holds_hold(bench: Bench) -> str:
    stored = await bench.put("held", b"x")
    await bench.send("PATCH", "held", "", {"temporaryHold": True})
    how = await refused_with(bench.delete(stored), 403)
    await bench.send("PATCH", "held", "", {"temporaryHold": False})
    await bench.delete(stored)
    return how


async def deleted_comes_back(bench: Bench) -> str:
    seconds = int(bench.resource.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0))
    if not seconds:
        raise NotTried("the bucket has no soft delete")
    stored = await bench.put("restored", b"precious")
    await bench.delete(stored)
    kept = [
        item
        async for page in bench.storage.list_objects(bench.bucket, stored.name, soft_deleted=True)
        for item in page
        if item.generation == stored.generation
    ]
    expect(kept, "a deleted object is not among the soft-deleted")
    back = await bench.storage.restore_object(bench.bucket, stored.name, stored.generation)
    expect(back.crc32c == stored.crc32c, f"the restored object has crc32c {back.crc32c}")
    expect(back.generation != stored.generation, "the restored object has its old generation")
    return f"restored under a new generation; kept for {seconds // 86_400} days"


DELETING = (
    Assumption("delete-guard", "A deletion of another generation is refused.", generation_is_guarded),
    Assumption("delete-twice", "A second deletion is told that nothing is there.", twice_is_told),
    Assumption("delete-patched", "A deletion with an old metageneration is refused.", metageneration_is_guarded),
    Assumption("holds", "A held object cannot be deleted.", holds_hold),
    Assumption("soft-delete", "A soft-deleted object can be listed and restored.", deleted_comes_back),
)

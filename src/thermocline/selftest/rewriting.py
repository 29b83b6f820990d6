"""Assumptions about rewrite, the call that a migration consists of."""

from __future__ import annotations

from datetime import datetime

from executor.errors import StorageError
from executor.objects import Attributes, StoredObject
from thermocline.selftest.bench import MIB, Assumption, Bench, Broken, NotTried, expect, refused_with

__all__ = ["REWRITING"]

SOURCE = {"contentType": "text/csv", "metadata": {"team": "a"}, "cacheControl": "no-store"}


async def copy(bench: Bench, source: StoredObject, target: str, wanted: Attributes | None = None) -> StoredObject:
    """Rewrite until it is done."""
    answer = await bench.rewrite(source, target, wanted)
    for _ in range(100):
        if answer.done:
            break
        answer = await bench.rewrite(source, target, wanted, token=answer.rewrite_token)
    if answer.resource is None:
        raise Broken("a rewrite was not done after a hundred calls")
    return answer.resource


async def content_is_kept(bench: Bench) -> str:
    source = await bench.put("rewrite/source", b"content " * 999)
    copied = await copy(bench, source, "rewrite/target")
    expect((copied.size, copied.crc32c) == (source.size, source.crc32c), f"{copied.size} bytes, {copied.crc32c}")
    expect(await bench.get("rewrite/source") == source, "the source changed")
    return f"{copied.size} bytes, crc32c {copied.crc32c}"


async def target_is_not_replaced(bench: Bench) -> str:
    source = await bench.put("occupied/source", b"new")
    taken = await bench.put("occupied/target", b"old")
    how = await refused_with(bench.rewrite(source, "occupied/target"), 412)
    expect(await bench.get("occupied/target") == taken, "the target changed all the same")
    return how


async def generation_is_guarded(bench: Bench) -> str:
    if bench.resource.get("versioning", {}).get("enabled"):
        raise NotTried("the bucket keeps versions, so an older generation can still be copied")
    old = await bench.put("moved-on/source", b"one")
    await bench.delete(old)
    await bench.put("moved-on/source", b"two")
    how = await refused_with(bench.rewrite(old, "moved-on/target"), 404, 412)
    expect(await bench.get("moved-on/target") is None, "an object was made all the same")
    return how


async def metageneration_is_guarded(bench: Bench) -> str:
    old = await bench.put("patched/source", b"one")
    await bench.storage.patch_object(
        bench.bucket, old.name, {"metadata": {"changed": "yes"}}, metageneration=old.metageneration
    )
    return await refused_with(bench.rewrite(old, "patched/target"), 412)


async def body_replaces_metadata(bench: Bench) -> str:
    source = await bench.put("metadata/source", b"x", **SOURCE)
    bare = await copy(bench, source, "metadata/bare", Attributes(content_type="text/plain"))
    expect(not bare.metadata and bare.cache_control is None, f"kept {bare.metadata} and {bare.cache_control!r}")
    wanted = Attributes(content_type="text/csv", cache_control="no-store", metadata={"team": "a", "mark": "b"})
    full = await copy(bench, source, "metadata/full", wanted)
    expect(full.metadata == wanted.metadata and full.cache_control == "no-store", f"got {full.metadata}")
    return "what the body leaves out is gone, what it holds is set"


async def class_follows_the_body(bench: Bench) -> str:
    source = await bench.put("class/source", b"x")
    copied = await copy(bench, source, "class/target", Attributes(content_type="text/plain", storage_class="NEARLINE"))
    if copied.storage_class == "STANDARD" and bench.resource.get("autoclass", {}).get("enabled"):
        raise NotTried("the bucket has Autoclass, which decides the class itself")
    expect(copied.storage_class == "NEARLINE", f"the copy's class is {copied.storage_class}")
    return "a rewrite into NEARLINE made a NEARLINE object"


async def long_rewrites_resume(bench: Bench) -> str:
    parts = [await bench.put(f"long/part-{number}", bytes(MIB // 2)) for number in range(6)]
    sources = {"sourceObjects": [{"name": part.name} for part in parts]}
    await bench.send("POST", "long/source", "/compose?ifGenerationMatch=0", sources)
    source = await bench.get("long/source")
    if source is None or source.size != 3 * MIB:
        raise Broken("six half MiB composed do not make an object of three MiB")
    wanted = Attributes(content_type="text/plain", storage_class="NEARLINE")
    answers = [await bench.rewrite(source, "long/target", wanted, bytes_per_call=MIB)]
    if answers[0].done:
        raise NotTried("the service copied three MiB in one call, although asked for one MiB a call")
    while not answers[-1].done and len(answers) < 20:
        last = answers[-1]
        expect(last.rewrite_token is not None, "an unfinished rewrite came without a token")
        expect(last.total_bytes_rewritten < source.size, "an unfinished rewrite claims to have copied everything")
        token = last.rewrite_token
        answers.append(await bench.rewrite(source, "long/target", wanted, token=token, bytes_per_call=MIB))
    copied = answers[-1].resource
    if copied is None or copied.crc32c != source.crc32c:
        raise Broken("the copy differs from its source")
    return f"done after {len(answers)} calls"


async def copies_are_new(bench: Bench) -> str:
    source = await bench.put("time/source", b"x")
    wanted = Attributes(content_type="text/plain", custom_time=source.time_created)
    copied = await copy(bench, source, "time/target", wanted)
    expect(copied.time_created >= source.time_created, f"the copy claims to be of {copied.time_created}")
    if copied.custom_time is None:
        raise Broken("the copy has no customTime")
    kept = datetime.fromisoformat(copied.custom_time) == datetime.fromisoformat(source.time_created)
    expect(kept, f"customTime is {copied.custom_time}, wanted {source.time_created}")
    return "timeCreated is the copy's own; customTime carries the original"


async def custom_time_never_decreases(bench: Bench) -> str:
    stored = await bench.put("custom-time", b"x", customTime="2024-05-01T00:00:00Z")
    patch = {"customTime": "2023-05-01T00:00:00Z"}
    call = bench.storage.patch_object(bench.bucket, stored.name, patch, metageneration=stored.metageneration)
    try:
        await call
    except StorageError as error:
        return f"{error.status} {error.reason}"
    raise Broken("customTime was moved back")


REWRITING = (
    Assumption("rewrite", "A rewrite keeps size and CRC32C and leaves its source alone.", content_is_kept),
    Assumption("no-overwrite", "A rewrite with ifGenerationMatch=0 never replaces a target.", target_is_not_replaced),
    Assumption("source-guard", "A rewrite of a generation that is gone is refused.", generation_is_guarded),
    Assumption("patch-guard", "A rewrite of a source that was patched is refused.", metageneration_is_guarded),
    Assumption("metadata", "The body of a rewrite replaces the metadata as a whole.", body_replaces_metadata),
    Assumption("class", "The body of a rewrite sets the storage class.", class_follows_the_body),
    Assumption("long-rewrite", "A rewrite over several calls goes on with its token.", long_rewrites_resume),
    Assumption("times", "A copy has its own timeCreated, and customTime can carry the original.", copies_are_new),
    Assumption("custom-time", "customTime never decreases.", custom_time_never_decreases),
)

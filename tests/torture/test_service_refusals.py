"""What a service refuses, corrupts or tells oddly, and what a plan or a clock does: each with its required outcome."""

import asyncio
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from executor.aftercare import Aftermath, cleanup
from executor.cleanup import Doomed
from executor.errors import GuardRefused, PlanEdited
from executor.reading import Selection
from hand_made_plan import HANDED_OVER, SOURCE
from planner.errors import PlannerError
from raw_http import send_json
from torture_world import MOVED, PREFIX, SETTINGS, TARGET, World, every_step, required

MakeWorld = Callable[[int], World]
MIB = 1 << 20


@required(
    "a permission is revoked in the middle of a run", "stops with the permission's name, exit 1 or 3; goes on later"
)
def test_denied_at_every_call(new_world: MakeWorld) -> None:
    def strike(step: int) -> bool:
        world = new_world(step)
        world.fill(4)
        world.write_plan()
        world.fault("denied", permission="storage.objects.get", after=step, count=-1)
        result = world.execute()
        struck = world.injected > 0
        # The last call of a run gives its lock back; being denied that harms nobody.
        harmless = not struck or result.moves[0].state == "verified"
        assert (result.exit_code == 0) == harmless, result
        if not harmless:
            said = " ".join([*result.moves[0].notes, *result.moves[0].failures, *result.notes])
            assert "storage.objects.get" in said, result
        world.heal()
        world.require_sound(finished=False)
        assert world.execute().exit_code == 0
        world.require_sound()
        return struck

    assert every_step(60, strike) >= 10


@required("a wrong checksum is stored for a copy", "exit 3 or 4, the copy counts as failed; replaced by the next run")
def test_wrong_checksum(new_world: MakeWorld) -> None:
    def strike(step: int) -> bool:
        world = new_world(step)
        world.fill(5)
        world.write_plan()
        world.fault("wrong-checksum", "objects.rewrite", after=step)
        result = world.execute()
        struck = world.injected > 0
        assert (result.exit_code in {3, 4}) == struck, result
        assert result.moves[0].verified == 5 - struck
        assert world.execute().exit_code == 0
        world.require_sound()
        return struck

    assert every_step(20, strike) >= 5


@required("a rewrite token expires or is refused", "that object starts again from its first byte")
@pytest.mark.parametrize("status", [410, 400])
def test_rewrite_token_lost(new_world: MakeWorld, status: int) -> None:
    def strike(step: int) -> bool:
        world = new_world(step)
        world.server.control("POST", "settings", {"rewrite_bytes_per_call": MIB})
        objects = [{"name": f"{PREFIX}big{number}", "size": 3 * MIB, "seed": str(number)} for number in range(2)]
        world.server.control("POST", "objects", {"bucket": "data-bucket-dev", "objects": objects})
        world.write_plan()
        world.fault("error", "objects.rewrite", status=status, after=step)
        result = world.execute()
        if status == 400 and world.injected:
            assert result.exit_code in {0, 3}
            result = world.execute()
        assert result.exit_code == 0, result
        world.require_sound()
        return world.injected > 0

    assert every_step(30, strike) >= 6


@required(
    "list pages that are cut short, repeat an entry, or are empty with a token", "every object is seen exactly once"
)
@pytest.mark.parametrize("kind", ["page-truncated", "page-duplicated", "page-empty"])
def test_odd_list_pages(new_world: MakeWorld, kind: str) -> None:
    world = new_world(0)
    world.server.control("POST", "settings", {"page_size": 7})
    names = world.fill(40)
    world.write_plan()
    world.fault(kind, "objects.list", count=-1, probability=0.5, seed=7)
    result = world.execute()
    assert (result.exit_code, result.moves[0].planned, result.moves[0].verified) == (0, len(names), len(names))
    assert world.injected >= 3
    world.heal()
    world.require_sound()


@required("a list answer breaks off in the middle", "asked again; half a listing never passes for a whole one")
def test_cut_listing(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(20)
    world.write_plan()
    world.fault("cut-response", "objects.list", count=4)
    assert world.execute().exit_code == 0
    world.require_sound()


@required("storms of 429 and 503", "slower, never wrong")
@pytest.mark.parametrize("status", [429, 503])
def test_storm(new_world: MakeWorld, status: int) -> None:
    world = new_world(status)
    world.fill(30)
    world.write_plan()
    world.fault("error", status=status, count=-1, probability=0.4, seed=status)
    assert world.execute(msgspec.structs.replace(SETTINGS, attempts=40)).exit_code == 0
    assert world.injected > 15
    world.heal()
    world.require_sound()


@required("the service stays away", "exit 1 or 3 with a resumable state, no endless loop; goes on later")
def test_outage(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(40)
    world.write_plan()
    world.fault("error", status=500, after=12, count=-1)
    assert world.execute(msgspec.structs.replace(SETTINGS, attempts=3)).exit_code in {1, 3}
    world.require_sound(finished=False)
    world.heal()
    assert world.execute().exit_code == 0
    world.require_sound()


@required("the plan is edited after its approval or after its migration began", "refused before any request")
def test_edited_plan(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(3)
    world.write_plan()
    world.plan.write_text(world.plan.read_text().replace('"NEARLINE"', '"ARCHIVE"'))
    with pytest.raises(PlannerError):
        world.execute()
    assert TARGET not in world.state()["buckets"]
    # A new approval makes the edit valid, but not for a move that began as another one.
    world.write_plan()
    assert world.execute().exit_code == 0
    world.write_plan(storage_class="ARCHIVE")
    result = world.execute()
    assert result.exit_code not in {0, 130}
    world.require_sound(finished=False)
    assert PlanEdited.exit_code == 6


@required("the service's clock jumps", "times never decide what is copied; the run is unaffected")
@pytest.mark.parametrize("jump", [-400, 400])
def test_clock_jumps(new_world: MakeWorld, jump: int) -> None:
    world = new_world(jump)
    world.fill(10)
    world.write_plan()
    moment = (datetime.now(UTC) + timedelta(days=jump)).isoformat()
    with world.at_request(6, lambda: world.server.control("POST", "clock", {"now": moment})) as struck:
        assert world.execute().exit_code == 0
    assert struck
    world.overwrite(f"{PREFIX}a", "written in another time")
    assert world.execute().exit_code == 0
    world.require_sound()


@required(
    "the machine's clock stands 400 days off, or jumps between copy and cleanup",
    "copied as ever; the days before a deletion are counted by the service's clock",
)
@pytest.mark.parametrize("jump", [-400, 400])
def test_machine_clock_jumps(new_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, jump: int) -> None:
    world = new_world(jump)
    names = world.fill(10)
    ages = [datetime.now(UTC) - datetime.fromisoformat(one["timeCreated"]) for one in world.sources()]
    # Younger than they must be by a hundred days: a clock that runs ahead must not make up for that.
    world.write_plan(retention_days=max(ages).days + 100)
    now = datetime.now(UTC)
    monkeypatch.setattr("executor.clock.moment", lambda: datetime.now(UTC) + timedelta(days=jump))
    assert world.execute().exit_code == 0
    world.require_sound()
    with closing(sqlite3.connect(world.journal)) as journal:
        verified_at = datetime.fromisoformat(journal.execute("SELECT verified_at FROM move").fetchone()[0])
        journal.execute("UPDATE move SET state = 'quiet', quiet_since = '2026-11-01'")
        journal.commit()
    assert abs(verified_at - now) < timedelta(days=1)

    async def clean(plan: Path) -> Aftermath[Doomed]:
        return await cleanup(plan, Selection(), lambda _: True, settings=SETTINGS)

    result = world.run(clean)
    assert (result.exit_code, result.details[0].kept.total()) == (3, len(names))
    assert len(world.sources()) == len(names)


@required("the target has Autoclass", "every copy is Standard as the service insists, and the move is verified")
def test_autoclass_target(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(10)
    world.write_plan(settings={"autoclass": True}, storage_class="STANDARD")
    assert world.execute().exit_code == 0
    world.require_sound()
    assert {one["storageClass"] for one in world.state()["buckets"][TARGET]["objects"]} == {"STANDARD"}


@required("the target bucket already has Autoclass, and the plan does not", "refused: it would ignore the class")
def test_unplanned_autoclass(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(3)
    world.write_plan()
    world.make_bucket(TARGET, **HANDED_OVER, autoclass={"enabled": True})
    result = world.execute()
    assert result.exit_code != 0
    assert any("Autoclass" in note for note in result.moves[0].notes)


@required("objects under hold or retention at the source", "copied; the copy is free; the original stays protected")
def test_held_sources_are_copied(new_world: MakeWorld) -> None:
    world = new_world(0)
    names = world.fill(6)
    for name in names[:3]:
        world.patch(name, {"temporaryHold": True})
    world.write_plan()
    assert world.execute().exit_code == 0
    world.require_sound()
    copies = [one for one in world.state()["buckets"][TARGET]["objects"] if one["name"].startswith(MOVED)]
    assert not any("temporaryHold" in one for one in copies)


def sealed_upload(world: World, name: str) -> None:
    """Somebody writes an object under a key of their own."""
    key = bytes(range(32))
    headers = {
        "x-goog-encryption-algorithm": "AES256",
        "x-goog-encryption-key": b64encode(key).decode(),
        "x-goog-encryption-key-sha256": b64encode(sha256(key).digest()).decode(),
        "Content-Type": "text/plain",
    }
    path = f"/upload/storage/v1/b/{SOURCE}/o?uploadType=media&name={quote(name, safe='')}"
    assert send_json(world.server.url, "POST", path, b"sealed", headers)[0] == 200


@required(
    "objects composed (no MD5), in Archive, with contexts, encodings, odd metadata; one under a customer's own key",
    "copied with all of it; the one with the key fails with its reason, and the cleanup is refused",
)
def test_awkward_objects(new_world: MakeWorld) -> None:
    world = new_world(0)
    facts: dict[str, dict[str, Any]] = {
        "composed": {"composite": True},
        "packed": {"contentEncoding": "gzip", "contentType": "text/csv", "cacheControl": "no-store"},
        "metadata": {"metadata": {"a b": "é\n", "": "empty key", "thermocline": "theirs", "x" * 200: "y" * 2000}},
        "frozen": {"storageClass": "ARCHIVE", "customTime": "2001-01-01T00:00:00Z"},
    }
    objects = [{"name": PREFIX + name, "size": 50, **one} for name, one in facts.items()]
    world.server.control("POST", "objects", {"bucket": SOURCE, "objects": objects})
    facts["context"] = {}
    world.overwrite(f"{PREFIX}context", "has a context")
    world.patch(f"{PREFIX}context", {"contexts": {"custom": {"owner": {"value": "analytics"}}}})
    sealed_upload(world, f"{PREFIX}sealed")
    world.write_plan()
    result = world.execute()
    assert (result.exit_code, result.moves[0].verified, result.moves[0].failed) == (3, len(facts), 1), result
    assert "customer-supplied key" in " ".join(result.moves[0].failures)
    world.require_sound(complete=False)
    copies = {one["name"]: one for one in world.state()["buckets"][TARGET]["objects"]}
    assert "contexts" in copies[f"{MOVED}context"]
    for name in facts:
        held = next(one for one in world.sources() if one["name"] == PREFIX + name)
        copy = copies[MOVED + name]
        kept = {key: held.get(key) for key in ("contexts", "contentEncoding", "contentType", "cacheControl", "crc32c")}
        assert {key: copy.get(key) for key in kept} == kept
        assert {key: copy["metadata"][key] for key in held.get("metadata", {})} == held.get("metadata", {})
    with pytest.raises(GuardRefused):
        asyncio.run(cleanup(world.plan, Selection(), lambda _: True, settings=SETTINGS))
    assert len(world.sources()) == len(facts) + 1


@required("the bucket is made, but the answer is lost", "adopted: it carries our label and is as planned")
def test_bucket_creation_answer_lost(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(3)
    world.write_plan()
    world.fault("lost-response", "buckets.insert")
    assert world.execute().exit_code == 0
    world.require_sound()
    assert world.injected == 1


@required("the answer to an IAM change is lost", "read again; the grant is there once")
def test_grant_answer_lost(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(3)
    role, member = "roles/storage.objectViewer", "group:analysts@example.com"
    world.write_plan(settings={"iam": [{"role": role, "member": member, "reason": "reads daily"}]})
    world.fault("lost-response", "buckets.setIamPolicy")
    assert world.execute().exit_code == 0
    assert world.injected == 1
    bindings = world.state()["buckets"][TARGET]["policy"]["bindings"]
    assert [one["members"] for one in bindings if one["role"] == role] == [[member]]
    world.require_sound()

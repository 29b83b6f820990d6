"""Deleting and coming back: killed, disturbed and refused at every step, nothing is gone that has no verified copy."""

import contextlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from executor.aftercare import cleanup, rollback
from executor.errors import ExecutorError, ExecutorLocked, GuardRefused, ValidationMismatch
from executor.reading import Selection
from hand_made_plan import SOURCE
from oracle import OWN
from torture_driver import POINTS, Death, Victim
from torture_world import MOVED, PREFIX, SETTINGS, TARGET, World, every_step, required

MakeWorld = Callable[[int], World]
COUNT = 5
SHORT = [point if point.endswith("sent") else pytest.param(point, marks=pytest.mark.slow) for point in POINTS]


async def clean(plan: Path, confirm: Callable[[Any], bool] = lambda _: True) -> Any:
    return await cleanup(plan, Selection(), confirm, settings=SETTINGS)


async def take_back(plan: Path) -> Any:
    return await rollback(plan, Selection(), lambda _: True, settings=SETTINGS)


def migrated(new_world: MakeWorld, step: int, **bucket: Any) -> World:
    """A world whose move is verified and, as far as the journal knows, quiet."""
    world = new_world(step)
    if bucket:
        world.api("PATCH", f"/storage/v1/b/{SOURCE}", bucket)
    world.fill(COUNT)
    world.write_plan()
    assert world.execute().exit_code == 0
    mark_quiet(world)
    return world


def mark_quiet(world: World) -> None:
    """As `observe` does when nobody uses the old place any more."""
    with closing(sqlite3.connect(world.journal)) as journal:
        journal.execute("UPDATE move SET state = 'quiet', quiet_since = '2026-11-01'")
        journal.commit()


def sources(world: World) -> dict[str, str]:
    return {one["name"]: one["sha256"] for one in world.sources()}


def clean_up(world: World) -> int:
    code = int(world.run(clean).exit_code)
    held = [one["name"] for one in world.state()["buckets"][TARGET]["objects"]]
    assert not [name for name in held if name.startswith(OWN)], "the lock was given back"
    return code


def _contents(world: World) -> tuple[Any, list[Any]]:
    with closing(sqlite3.connect(world.journal)) as journal:
        rows = journal.execute("SELECT m.state, i.state, i.after FROM item i JOIN move m USING (move_id)").fetchall()
    return {name: bucket["objects"] for name, bucket in world.state()["buckets"].items()}, rows


@required("a dry run of a cleanup or a rollback, or a person who says no to it", "all is counted, nothing is changed")
@pytest.mark.parametrize("command", [cleanup, rollback])
@pytest.mark.parametrize("dry_run", [True, False])
def test_nothing_is_deleted_without_a_yes(new_world: MakeWorld, command: Any, dry_run: bool) -> None:
    world = migrated(new_world, 0)
    before, asked = _contents(world), []

    def refuse(found: Any) -> bool:
        asked.append(found)
        return False

    async def act(plan: Path) -> Any:
        return await command(plan, Selection(), refuse, dry_run=dry_run, settings=SETTINGS)

    if dry_run:
        [counted] = world.run(act).details
        assert asked == []
    else:
        with pytest.raises(GuardRefused, match="not confirmed"):
            world.run(act)
        [[counted]] = asked
    assert (counted.objects if command is cleanup else counted.to_remove) == COUNT
    assert _contents(world) == before


@required("cleanup is killed at any request or commit", "the next cleanup ends it; only verified objects are gone")
@pytest.mark.parametrize("point", SHORT)
def test_cleanup_killed(new_world: MakeWorld, point: str) -> None:
    def strike(step: int) -> bool:
        world = migrated(new_world, step)
        died = Victim(world.server.url, world.directory, clean, world.plan, death=Death(point, step)).wait() is None
        world.require_sound(finished=False)
        if _move_state(world) != "cleaned":
            assert clean_up(world) == 0
        assert sources(world) == {}
        judgement = world.require_sound(finished=True, complete=False)
        assert judgement.deletions == COUNT
        return died

    assert every_step(60, strike) >= 5


@required("the answer to a batch of deletions is lost", "asked again; an object that is not there counts as deleted")
@pytest.mark.parametrize("kind", ["lost-response", "reset", "cut-response", "error"])
def test_cleanup_under_faults(new_world: MakeWorld, kind: str) -> None:
    def strike(step: int) -> bool:
        world = migrated(new_world, step)
        world.fault(kind, after=step)
        assert clean_up(world) == 0
        assert sources(world) == {}
        world.require_sound(complete=False)
        return world.injected > 0

    assert every_step(60, strike) >= 5


CHANGES: dict[str, Callable[[World, str], None]] = {
    "overwritten": lambda world, name: world.overwrite(name, "newer"),
    "metadata changed": lambda world, name: world.patch(name, {"metadata": {"new": "yes"}}),
    "held": lambda world, name: world.patch(name, {"temporaryHold": True}),
}


@required(
    "a source changes, or is put under a hold, at any request of the cleanup", "that one is kept, with the reason"
)
@pytest.mark.parametrize("change", CHANGES)
def test_source_changes_during_cleanup(new_world: MakeWorld, change: str) -> None:
    name = f"{PREFIX}a//b"

    def strike(step: int) -> bool:
        world = migrated(new_world, step)
        # Seen in time, the change refuses the whole cleanup; later, it keeps this one object.
        refused = contextlib.suppress(GuardRefused, ValidationMismatch)
        with world.at_request(step, lambda: CHANGES[change](world, name)) as struck, refused:
            world.run(clean)
        if struck and sources(world):
            assert name in sources(world), "the changed object is still there"
        world.require_sound(finished=False)
        return bool(struck)

    assert every_step(60, strike) >= 5


@required(
    "a source changes, or is put under a hold, after the last look at it", "the service refuses its deletion alone"
)
@pytest.mark.parametrize("change", CHANGES)
def test_source_changes_just_before_its_deletion(new_world: MakeWorld, change: str) -> None:
    world = migrated(new_world, 0)
    name = f"{PREFIX}a//b"
    with world.at_request(0, lambda: CHANGES[change](world, name), where=lambda path: "/batch/" in path) as struck:
        assert clean_up(world) == 3
    assert struck
    assert list(sources(world)) == [name]
    assert world.judge(journal=False).faults == []


@required("a copy changes after the last look at it, at a rollback", "its removal alone is refused")
@pytest.mark.parametrize("change", ["overwritten", "metadata changed"])
def test_copy_changes_just_before_its_removal(new_world: MakeWorld, change: str) -> None:
    world = migrated(new_world, 0)
    body = {"metadata": {"their": "word"}}
    copy = f"{MOVED}a//b"

    def act() -> None:
        if change == "overwritten":
            world.overwrite(copy, "theirs", bucket=TARGET)
        else:
            world.patch(copy, body, bucket=TARGET)

    with world.at_request(0, act, where=lambda path: "/batch/" in path) as struck:
        world.run(take_back)
    assert struck
    assert [one["name"] for one in world.state()["buckets"][TARGET]["objects"]] == [copy]
    assert world.judge(journal=False).faults == []


@required(
    "list pages that are cut short, repeat an entry, are empty with a token, or break off, at cleanup and rollback",
    "every object is seen exactly once; nothing is deleted on half a listing",
)
@pytest.mark.parametrize("kind", ["page-truncated", "page-duplicated", "page-empty", "cut-response"])
def test_odd_list_pages_at_cleanup(new_world: MakeWorld, kind: str) -> None:
    world = new_world(0)
    world.server.control("POST", "settings", {"page_size": 7})
    names = world.fill(40)
    world.write_plan()
    assert world.execute().exit_code == 0
    mark_quiet(world)
    before = sources(world)
    world.fault(kind, "objects.list", count=-1, probability=0.4, seed=7)
    assert clean_up(world) == 0
    assert sources(world) == {}
    assert world.require_sound(complete=False).deletions == len(names)
    assert world.run(take_back).exit_code == 0
    assert world.injected >= 3
    world.heal()
    assert sources(world) == before
    assert world.judge().faults == []


@required(
    "a source is overwritten, or its metadata changes, between its verification and the cleanup",
    "the cleanup is refused, nothing is deleted",
)
@pytest.mark.parametrize("change", ["overwritten", "metadata changed"])
def test_source_changed_before_cleanup(new_world: MakeWorld, change: str) -> None:
    world = migrated(new_world, 0)
    CHANGES[change](world, f"{PREFIX}a//b")
    with pytest.raises(ExecutorError):
        world.run(clean)
    assert len(sources(world)) == COUNT
    world.require_sound(complete=False, finished=False)


@required("a source is deleted between its verification and the cleanup", "the others are deleted; its copy stays")
def test_source_deleted_before_cleanup(new_world: MakeWorld) -> None:
    world = migrated(new_world, 0)
    world.delete(f"{PREFIX}a//b")
    assert clean_up(world) == 0
    assert sources(world) == {}
    assert world.require_sound(complete=False).deletions == COUNT - 1


@required(
    "a copy is deleted or edited while a person is asked to confirm", "its source is kept: it is the only original"
)
@pytest.mark.parametrize("edit", [False, True])
def test_copy_lost_before_the_deletion(new_world: MakeWorld, edit: bool) -> None:
    world = migrated(new_world, int(edit))
    copy = f"{MOVED}a//b"

    def confirm(_: Any) -> bool:
        if edit:
            world.overwrite(copy, "edited", bucket=TARGET)
        else:
            world.delete(copy, bucket=TARGET)
        return True

    result = world.run(clean, confirm)
    assert result.exit_code == 3
    assert list(sources(world)) == [f"{PREFIX}a//b"]
    judgement = world.judge(journal=False)
    assert (judgement.deletions, judgement.faults) == (COUNT - 1, [])


@required("holds and retention on sources at cleanup", "kept, with the reason; the rest is deleted; exit 3")
def test_protected_sources_stay(new_world: MakeWorld) -> None:
    world = new_world(0)
    # Retention of single objects must be allowed when the bucket is made.
    assert world.api("DELETE", f"/storage/v1/b/{SOURCE}")[0] == 204
    resource = {"name": SOURCE, "location": "EUROPE-WEST1"}
    assert world.api("POST", "/storage/v1/b?project=analytics-dev&enableObjectRetention=true", resource)[0] == 200
    world.fill(COUNT)
    world.patch(f"{PREFIX}a//b", {"temporaryHold": True})
    world.patch(f"{PREFIX}../up", {"eventBasedHold": True})
    locked = {"mode": "Unlocked", "retainUntilTime": "2999-01-01T00:00:00Z"}
    world.patch(f"{PREFIX}100%", {"retention": locked})
    world.write_plan()
    assert world.execute().exit_code == 0
    mark_quiet(world)
    assert clean_up(world) == 3
    assert set(sources(world)) == {f"{PREFIX}a//b", f"{PREFIX}../up", f"{PREFIX}100%"}
    world.require_sound(complete=False)


@required("the source bucket has a retention policy at cleanup", "everything is kept until its time is over")
def test_retention_policy_stays(new_world: MakeWorld) -> None:
    world = migrated(new_world, 0, retentionPolicy={"retentionPeriod": str(100 * 365 * 86_400)})
    assert clean_up(world) == 3
    assert len(sources(world)) == COUNT
    world.require_sound()


@required(
    "somebody gave the target bucket a lifecycle rule that deletes, after the copy",
    "the person who is asked to confirm the cleanup is warned; whoever says no keeps everything",
)
def test_a_rule_that_would_delete_the_only_copies(new_world: MakeWorld) -> None:
    world = migrated(new_world, 0)
    rules = [{"action": {"type": "Delete"}, "condition": {"age": 30}}]
    assert world.api("PATCH", f"/storage/v1/b/{TARGET}", {"lifecycle": {"rule": rules}})[0] == 200
    asked: list[str] = []

    def confirm(doomed: Any) -> bool:
        asked.extend(note for one in doomed for note in one.notes)
        return False

    with pytest.raises(GuardRefused, match="not confirmed"):
        world.run(clean, confirm)
    assert any("WARNING" in note and "would delete copies" in note for note in asked)
    assert any("for 7 days: the space is free after" in note for note in asked)
    assert len(sources(world)) == COUNT
    world.require_sound()


@required("rollback is killed at any request or commit", "the next rollback ends it; the source is as it was")
@pytest.mark.parametrize("cleaned", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize("point", SHORT)
def test_rollback_killed(new_world: MakeWorld, point: str, cleaned: bool) -> None:
    def strike(step: int) -> bool:
        world = migrated(new_world, step)
        before = sources(world)
        if cleaned:
            assert clean_up(world) == 0
        died = Victim(world.server.url, world.directory, take_back, world.plan, death=Death(point, step)).wait() is None
        world.require_sound(finished=False)
        if died and _move_state(world) != "rolled-back":
            assert world.run(take_back).exit_code == 0
        assert sources(world) == before
        held = world.state()["buckets"].get(TARGET, {"objects": []})["objects"]
        assert [one["name"] for one in held if one["name"].startswith(MOVED)] == []
        world.require_sound(finished=False)
        return died

    assert every_step(80, strike) >= 5


def _move_state(world: World) -> str:
    with closing(sqlite3.connect(world.journal)) as journal:
        return str(journal.execute("SELECT state FROM move").fetchone()[0])


@required(
    "the answer to a removal, a restoration, a revoked grant or the bucket's deletion is lost, at any request",
    "the rollback ends all the same, and says what is so",
)
@pytest.mark.parametrize(
    "kind",
    ["lost-response", *(pytest.param(one, marks=pytest.mark.slow) for one in ("reset", "cut-response", "error"))],
)
@pytest.mark.parametrize("cleaned", [False, True])
def test_rollback_under_faults(new_world: MakeWorld, kind: str, cleaned: bool) -> None:
    def strike(step: int) -> bool:
        world = new_world(step)
        world.fill(COUNT)
        grant = {"role": "roles/storage.objectViewer", "member": "group:analysts@example.com", "reason": "reads it"}
        world.write_plan(settings={"iam": [grant]})
        assert world.execute().exit_code == 0
        before = sources(world)
        if cleaned:
            mark_quiet(world)
            assert clean_up(world) == 0
        world.fault(kind, after=step)
        result = world.run(take_back)
        assert result.exit_code == 0, (step, result)
        assert sources(world) == before
        assert TARGET not in world.state()["buckets"]
        assert any("was deleted" in said for said in result.details[0].notes), result.details
        world.require_sound(complete=False)
        return world.injected > 0

    assert every_step(60, strike) >= 8


@required("soft delete is off, and the source was cleaned up", "rollback copies back from our verified copies")
def test_rollback_without_soft_delete(new_world: MakeWorld) -> None:
    world = migrated(new_world, 0, softDeletePolicy={"retentionDurationSeconds": "0"})
    before = sources(world)
    assert clean_up(world) == 0
    assert world.run(take_back).exit_code == 0
    assert sources(world) == before
    world.require_sound(finished=False)


async def clean_taking_the_lock(plan: Path) -> Any:
    return await cleanup(plan, Selection(), lambda _: True, settings=SETTINGS, take_lock=True)


async def take_back_taking_the_lock(plan: Path) -> Any:
    return await rollback(plan, Selection(), lambda _: True, settings=SETTINGS, take_lock=True)


@required("somebody takes the lock over just before a batch of deletions", "exit 11; nothing more is deleted")
@pytest.mark.parametrize("command", [clean, take_back])
def test_lock_lost_before_the_deletions(new_world: MakeWorld, command: Any) -> None:
    world = migrated(new_world, 0)
    look = f"/storage/v1/b/{TARGET}/o?prefix={quote(f'{OWN}lock-', safe='')}"

    def act() -> None:
        [lock] = [one["name"] for one in world.state()["buckets"][TARGET]["objects"] if one["name"].startswith(OWN)]
        world.patch(lock, {"metadata": {"run": "another"}}, TARGET)

    with world.at_request(0, act, where=lambda path: path.startswith(look)) as struck, pytest.raises(ExecutorLocked):
        world.run(command)
    assert struck
    assert len(sources(world)) == COUNT
    held = world.state()["buckets"][TARGET]["objects"]
    assert len([one for one in held if one["name"].startswith(MOVED)]) == COUNT


CLASHES = {
    "cleanup meets rollback": (clean, take_back_taking_the_lock),
    "rollback meets cleanup": (take_back, clean_taking_the_lock),
}


@required(
    "somebody cleans up with a copied journal and --take-lock, at any request of a living rollback, or the other way",
    "whoever lost the lock stops before its next batch of deletions; a good copy of everything is left",
)
@pytest.mark.parametrize("clash", CLASHES)
@pytest.mark.parametrize("killed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_two_who_delete(new_world: MakeWorld, clash: str, killed: bool) -> None:
    ours, theirs = CLASHES[clash]

    def no_batch(path: str) -> bool:
        return "/batch/" not in path

    def strike(step: int) -> bool:
        world = migrated(new_world, step)
        before = sources(world)
        other = world.copy_files("elsewhere")
        # One that is killed leaves its lock behind, one that ends gives it back: ours is gone either way.
        death = Death("request-answered", 12) if killed else None

        def act() -> None:
            Victim(world.server.url, other.parent, theirs, other, death=death).wait()

        # Between the last look at the lock and the batch that follows it lie milliseconds; nobody acts in them here.
        with world.at_request(step, act, where=no_batch) as struck, contextlib.suppress(ExecutorError):
            world.run(ours)
        held = [one for bucket in world.state()["buckets"].values() for one in bucket["objects"]]
        assert set(before.values()) <= {one["sha256"] for one in held}
        assert world.judge(journal=False).faults == []
        return bool(struck)

    assert every_step(60, strike) >= 8


@required("somebody edits or adds objects at the target before a rollback", "theirs stays, and so does the bucket")
def test_rollback_leaves_what_is_not_ours(new_world: MakeWorld) -> None:
    world = migrated(new_world, 0)
    world.overwrite(f"{MOVED}a//b", "edited", bucket=TARGET)
    world.overwrite("elsewhere/new", "new", bucket=TARGET)
    world.run(take_back)
    held = {one["name"]: one["size"] for one in world.state()["buckets"][TARGET]["objects"]}
    assert held == {f"{MOVED}a//b": "6", "elsewhere/new": "3"}
    assert world.judge(journal=False).faults == []


@required("somebody changes the empty bucket in the moment between our look at it and its deletion", "the bucket stays")
def test_bucket_changed_before_its_deletion(new_world: MakeWorld) -> None:
    world = migrated(new_world, 0)

    def change() -> None:
        assert world.api("PATCH", f"/storage/v1/b/{TARGET}", {"labels": {"owner": "somebody"}})[0] == 200

    with world.at_request(0, change, where=lambda path: path.startswith(f"/storage/v1/b/{TARGET}?if")) as struck:
        result = world.run(take_back)
    assert struck
    assert world.state()["buckets"][TARGET]["objects"] == []
    assert any("was kept" in note for note in result.details[0].notes)


@required("a source holds other content at a rollback", "the copy stays: it is the only one of the old content")
def test_rollback_keeps_the_only_copy_of_old_content(new_world: MakeWorld) -> None:
    world = migrated(new_world, 0)
    world.overwrite(f"{PREFIX}a//b", "newer")
    [undone] = world.run(take_back).details
    assert [one["name"] for one in world.state()["buckets"][TARGET]["objects"]] == [f"{MOVED}a//b"]
    assert undone.kept == {"the source holds something else now": 1}
    assert world.judge(journal=False).faults == []


@required("somebody writes to the old place just before an object is restored there", "theirs stays; exit 3 says so")
def test_source_written_just_before_its_restoration(new_world: MakeWorld) -> None:
    world = migrated(new_world, 0)
    assert clean_up(world) == 0
    name = f"{PREFIX}../up"
    place = f"/storage/v1/b/{SOURCE}/o/{quote(name, safe='')}"

    def act() -> None:
        world.overwrite(name, "theirs")

    with world.at_request(0, act, where=lambda path: path.startswith(place) and "/restore?" in path) as struck:
        result = world.run(take_back)
    assert struck
    assert result.exit_code == 3
    assert any("another object stands at the source" in why for why in result.details[0].not_restored)
    assert {one["name"]: one["size"] for one in world.sources()}[name] == str(len("theirs"))
    assert world.judge(journal=False).faults == []


def test_rollback_from_noncurrent_versions(new_world: MakeWorld) -> None:
    kept = {"softDeletePolicy": {"retentionDurationSeconds": "0"}, "versioning": {"enabled": True}}
    world = migrated(new_world, 0, **kept)
    before = sources(world)
    assert clean_up(world) == 0
    [undone] = world.run(take_back).details
    assert undone.restored == {"from version": COUNT}
    assert sources(world) == before
    world.require_sound(finished=False)

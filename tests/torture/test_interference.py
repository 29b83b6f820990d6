"""People and jobs who change things while we copy, at every request: theirs is kept, ours is never wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from executor.aftercare import rollback
from executor.reading import Selection
from hand_made_plan import HANDED_OVER
from torture_world import MOVED, PREFIX, SETTINGS, TARGET, World, every_step, required

MakeWorld = Callable[[int], World]
NAME = f"{PREFIX}victim"
COPY = f"{MOVED}victim"


async def take_back(plan: Path) -> Any:
    return await rollback(plan, Selection(), lambda _: True, settings=SETTINGS)


def world_with_victim(new_world: MakeWorld, step: int) -> World:
    world = new_world(step)
    world.fill(names=["a", "victim", "z"])
    world.write_plan()
    return world


def converge(world: World) -> None:
    """However the struck run ended, running again must end well and the oracle must be content."""
    world.require_sound(finished=False)
    assert world.execute().exit_code == 0
    world.require_sound()


@required("source overwritten before, during or after its copy", "the new generation is copied, the old copy replaced")
@pytest.mark.parametrize("after", [False, True])
def test_source_overwritten(new_world: MakeWorld, after: bool) -> None:
    def strike(step: int) -> bool:
        world = world_with_victim(new_world, step)
        with world.at_request(step, lambda: world.overwrite(NAME, "newer"), after=after) as struck:
            assert world.execute().exit_code == 0
        # What came after the last look at the source is found by the next run.
        converge(world)
        return bool(struck)

    assert every_step(60, strike) >= 8


@required(
    "source deleted before, during or after its copy", "skipped, or its copy is kept; never an error for the others"
)
@pytest.mark.parametrize("after", [False, True])
def test_source_deleted(new_world: MakeWorld, after: bool) -> None:
    def strike(step: int) -> bool:
        world = world_with_victim(new_world, step)
        with world.at_request(step, lambda: world.delete(NAME), after=after) as struck:
            assert world.execute().exit_code == 0
        converge(world)
        return bool(struck)

    assert every_step(60, strike) >= 8


@required("source metadata changed before, during or after its copy", "the copy ends with the new metadata")
def test_source_metadata_changed(new_world: MakeWorld) -> None:
    def strike(step: int) -> bool:
        world = world_with_victim(new_world, step)
        body: dict[str, Any] = {"metadata": {"changed": "yes"}, "contentType": "text/new"}
        with world.at_request(step, lambda: world.patch(NAME, body)) as struck:
            assert world.execute().exit_code == 0
        converge(world)
        return bool(struck)

    assert every_step(60, strike) >= 8


def test_a_copy_is_not_made_twice_because_metadata_changed_before_it(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(names=["victim"])
    world.write_plan()
    with world.at_request(0, lambda: world.patch(NAME, {"contentType": "text/new"}), where=is_a_copy) as struck:
        assert world.execute().exit_code == 0
    assert struck
    assert world.require_sound().copies == 1, "the service refused the first attempt, which named the old metadata"


def is_a_copy(path: str) -> bool:
    return "/rewriteTo/" in path


THEIR_RULE = {"action": {"type": "SetStorageClass", "storageClass": "COLDLINE"}, "condition": {"age": 900}}
OUR_RULE = {"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 365}}
ROLE = "roles/storage.objectViewer"


@required(
    "somebody adds a lifecycle rule and a grant at the target bucket, at any request of a run or of its rollback",
    "theirs stay beside ours; a rollback takes back ours alone",
)
@pytest.mark.parametrize("during", ["run", "rollback"])
def test_rules_and_grants_changed_meanwhile(new_world: MakeWorld, during: str) -> None:
    analysts, somebody, bucket = "group:analysts@example.com", "user:somebody@example.com", f"/storage/v1/b/{TARGET}"

    def facts(world: World) -> tuple[list[Any], set[str]]:
        bindings = world.api("GET", f"{bucket}/iam")[1]["bindings"]
        members = {member for one in bindings if one["role"] == ROLE for member in one["members"]}
        return world.api("GET", bucket)[1].get("lifecycle", {}).get("rule", []), members

    def interfere(world: World) -> None:
        if TARGET not in world.state()["buckets"]:
            return
        rules, members = facts(world)
        assert world.api("PATCH", bucket, {"lifecycle": {"rule": [*rules, THEIR_RULE]}})[0] == 200
        policy = world.api("GET", f"{bucket}/iam")[1]
        others = [one for one in policy["bindings"] if one["role"] != ROLE]
        opened = [*others, {"role": ROLE, "members": sorted({*members, somebody})}]
        assert world.api("PUT", f"{bucket}/iam", {**policy, "bindings": opened})[0] == 200
        world.overwrite("elsewhere/theirs", "theirs", bucket=TARGET)

    def strike(step: int) -> bool:
        world = world_with_victim(new_world, step)
        grant = {"role": ROLE, "member": analysts, "reason": "reads it"}
        world.write_plan(settings={"iam": [grant]}, lifecycle_policy={"rule": [OUR_RULE]})
        if during == "rollback":
            assert world.execute().exit_code == 0
        with world.at_request(step, lambda: interfere(world)) as struck:
            result = world.execute() if during == "run" else world.run(take_back)
        assert result.exit_code == 0
        held = world.state()["buckets"].get(TARGET, {"objects": []})["objects"]
        if "elsewhere/theirs" in {one["name"] for one in held}:
            rules, members = facts(world)
            assert (THEIR_RULE in rules, somebody in members) == (True, True)
            assert (OUR_RULE in rules, analysts in members) == (during == "run", during == "run")
        return bool(struck)

    assert every_step(80, strike) >= 12


@required("source deleted and written again under the same name", "the new object is copied, nothing is mixed up")
def test_source_replaced_by_another(new_world: MakeWorld) -> None:
    def strike(step: int) -> bool:
        world = world_with_victim(new_world, step)

        def replace() -> None:
            world.delete(NAME)
            world.overwrite(NAME, "another object")

        with world.at_request(step, replace) as struck:
            assert world.execute().exit_code == 0
        converge(world)
        return bool(struck)

    assert every_step(60, strike) >= 8


@required("objects added below the prefix while it is copied", "a later pass, or the next run, copies them")
def test_new_objects_appear(new_world: MakeWorld) -> None:
    def strike(step: int) -> bool:
        world = world_with_victim(new_world, step)
        with world.at_request(step, lambda: world.overwrite(f"{PREFIX}new", "new")) as struck:
            assert world.execute().exit_code == 0
        converge(world)
        return bool(struck)

    assert every_step(60, strike) >= 8


@required("somebody writes other content to the target at any moment", "conflict, reported; theirs is never touched")
def test_target_taken_by_other_content(new_world: MakeWorld) -> None:
    def strike(step: int) -> bool:
        world = world_with_victim(new_world, step)

        def take() -> None:
            world.make_bucket(TARGET, **HANDED_OVER)
            world.overwrite(COPY, "theirs", bucket=TARGET)

        with world.at_request(step, take) as struck:
            world.execute()
        world.execute()
        world.require_sound(finished=True, complete=False)
        held = {one["name"]: one for one in world.state()["buckets"][TARGET]["objects"]}
        if struck:
            assert held[COPY]["size"] == str(len("theirs")), "what somebody else wrote is still there"
            last = world.execute()
            assert (last.exit_code, last.moves[0].conflicts) in {(3, 1), (4, 1)}, last
        return bool(struck)

    assert every_step(60, strike) >= 8


@required(
    "the same content already stands at the target, not written by us", "skipped with the reason; not overwritten"
)
def test_target_holds_the_same_content(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.overwrite(NAME, "same")
    world.make_bucket(TARGET, **HANDED_OVER)
    world.overwrite(COPY, "same", bucket=TARGET)
    world.write_plan()
    [result] = world.execute().moves
    assert (result.skipped, result.conflicts, result.failed) == (1, 0, 0)
    world.require_sound(complete=False)
    assert world.judge().copies == 0


@required("somebody edits the copy after the cutover", "a later run reports a conflict and leaves their edit alone")
def test_target_edited_after_cutover(new_world: MakeWorld) -> None:
    world = world_with_victim(new_world, 0)
    assert world.execute().exit_code == 0
    world.overwrite(COPY, "edited by its new owner", bucket=TARGET)
    result = world.execute()
    assert result.exit_code in {3, 4}
    assert result.moves[0].conflicts == 1
    held = {one["name"]: one["size"] for one in world.state()["buckets"][TARGET]["objects"]}
    assert held[COPY] == str(len("edited by its new owner"))
    world.require_sound(complete=False)


@required("a copy is deleted after its verification", "exit 4 names it; the next run copies it again")
def test_copy_deleted(new_world: MakeWorld) -> None:
    world = world_with_victim(new_world, 0)
    assert world.execute().exit_code == 0
    world.delete(COPY, bucket=TARGET)
    found = world.execute()
    assert (found.exit_code, found.moves[0].failed) == (4, 1)
    assert any("the copy is missing at the target" in note for note in found.moves[0].notes)
    assert world.execute().exit_code == 0
    world.require_sound()


@required("somebody changes a copy's metadata before it was verified", "exit 4 names what differs; copied again")
def test_copy_changed_before_its_verification(new_world: MakeWorld) -> None:
    world = world_with_victim(new_world, 0)
    body, listing = {"contentType": "text/theirs"}, f"/storage/v1/b/{TARGET}/o?prefix={quote(MOVED, safe='')}"
    with world.at_request(
        0, lambda: world.patch(COPY, body, TARGET), where=lambda path: path.startswith(listing)
    ) as at:
        found = world.execute()
    assert at
    assert (found.exit_code, found.moves[0].failed) == (4, 1)
    assert any("metadata differs: content_type" in note for note in found.moves[0].notes)
    assert world.execute().exit_code == 0
    world.require_sound()


@required("the target bucket exists and belongs to somebody else", "refused before anything is copied")
def test_foreign_bucket(new_world: MakeWorld) -> None:
    world = world_with_victim(new_world, 0)
    world.make_bucket(TARGET)
    result = world.execute()
    assert result.exit_code != 0
    assert world.state()["buckets"][TARGET]["objects"] == []
    world.require_sound(finished=False)


DELETES = {"action": {"type": "Delete"}, "condition": {"age": 30}}
UNFIT: dict[str, dict[str, Any]] = {
    "deletes after a month": {"lifecycle": {"rule": [DELETES]}},
    "deletes by the original time, below our prefix": {
        "lifecycle": {
            "rule": [{"action": {"type": "Delete"}, "condition": {"daysSinceCustomTime": 1, "matchesPrefix": [MOVED]}}]
        }
    },
    "holds every new object": {"defaultEventBasedHold": True},
    "keeps every object for a time": {"retentionPolicy": {"retentionPeriod": "86400"}},
    "keeps access lists": {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}}},
}


@required(
    "a target bucket that was handed over would delete copies, hold them, keep them, or show them to others",
    "refused before anything is copied, with the reason; copied once the bucket is mended",
)
@pytest.mark.parametrize("what", UNFIT)
def test_unfit_bucket(new_world: MakeWorld, what: str) -> None:
    world = world_with_victim(new_world, 0)
    world.make_bucket(TARGET, **{**HANDED_OVER, **UNFIT[what]})
    result = world.execute()
    assert result.exit_code == 2, result
    assert world.state()["buckets"][TARGET]["objects"] == []
    mended = {key: HANDED_OVER["iamConfiguration"] if key == "iamConfiguration" else None for key in UNFIT[what]}
    assert world.api("PATCH", f"/storage/v1/b/{TARGET}", mended)[0] == 200
    assert world.execute().exit_code == 0
    world.require_sound()


def test_a_bucket_whose_readers_pay_is_refused(new_world: MakeWorld) -> None:
    world = world_with_victim(new_world, 0)
    world.make_bucket(TARGET, **HANDED_OVER, billing={"requesterPays": True})
    result = world.execute(msgspec.structs.replace(SETTINGS, user_project="analytics-dev"))
    assert (result.exit_code, "requester pays" in result.moves[0].notes[0]) == (2, True), result


@required("a target bucket that was handed over is open to everybody", "refused before anything is copied")
@pytest.mark.parametrize("member", ["allUsers", "allAuthenticatedUsers"])
def test_public_bucket(new_world: MakeWorld, member: str) -> None:
    world = world_with_victim(new_world, 0)
    world.make_bucket(TARGET, **HANDED_OVER)
    path, role = f"/storage/v1/b/{TARGET}/iam", "roles/storage.objectViewer"
    policy = world.api("GET", path)[1]
    opened = {**policy, "bindings": [*policy["bindings"], {"role": role, "members": [member]}]}
    assert world.api("PUT", path, opened)[0] == 200
    result = world.execute()
    assert (result.exit_code, f"{member} has {role}" in result.moves[0].notes[0]) == (2, True), result
    assert world.state()["buckets"][TARGET]["objects"] == []
    # What a person has approved in the plan is no surprise.
    world.write_plan(settings={"iam": [{"role": role, "member": member, "reason": "it is public data"}]})
    assert world.execute().exit_code in {0, 6}


def test_rules_that_do_no_harm_are_no_reason_to_refuse(new_world: MakeWorld) -> None:
    world = world_with_victim(new_world, 0)
    rule = {"action": {"type": "Delete"}, "condition": {"age": 400}}
    harmless = [
        {"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 1}},
        {"action": {"type": "Delete"}, "condition": {"age": 1, "matchesPrefix": ["elsewhere/"]}},
        {"action": {"type": "Delete"}, "condition": {"numNewerVersions": 1}},
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 1}},
        rule,
    ]
    world.make_bucket(TARGET, **HANDED_OVER, lifecycle={"rule": harmless})
    world.write_plan(lifecycle_policy={"rule": [rule]})
    assert world.execute().exit_code == 0
    world.require_sound()

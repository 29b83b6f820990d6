"""People and jobs who change things while we copy, at every request: theirs is kept, ours is never wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from torture_world import MOVED, PREFIX, TARGET, World, every_step, required

MakeWorld = Callable[[int], World]
NAME = f"{PREFIX}victim"
COPY = f"{MOVED}victim"


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
            world.make_bucket(TARGET, labels={"managed-by": "thermocline"})
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
    world.make_bucket(TARGET, labels={"managed-by": "thermocline"})
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


@required("the target bucket exists and belongs to somebody else", "refused before anything is copied")
def test_foreign_bucket(new_world: MakeWorld) -> None:
    world = world_with_victim(new_world, 0)
    world.make_bucket(TARGET)
    result = world.execute()
    assert result.exit_code != 0
    assert world.state()["buckets"][TARGET]["objects"] == []
    world.require_sound(finished=False)

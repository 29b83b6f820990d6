"""SIGKILL at every boundary, and at random moments: the next run goes on, and nothing is lost or done twice."""

from collections.abc import Callable

import pytest

from executor.reading import Selection
from executor.run import run
from torture_driver import POINTS, Death, Victim
from torture_world import PREFIX, SETTINGS, World, every_step, required

MakeWorld = Callable[[int], World]


def execute(world: World, death: Death | None = None) -> Victim:
    return Victim(world.server.url, world.directory, _run_with_settings, world.plan, death=death)


async def _run_with_settings(plan: object) -> object:
    return await run(plan, Selection(), settings=SETTINGS)  # type: ignore[arg-type]


@required(
    "SIGKILL before or after any request, and before or after any commit of the journal",
    "the next run goes on; every object is written once",
)
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_every_boundary(new_world: MakeWorld, point: str) -> None:
    def strike(step: int) -> bool:
        world = new_world(step)
        world.fill(4)
        world.write_plan()
        died = execute(world, Death(point, step)).wait() is None
        world.require_sound(finished=not died)
        assert world.execute().exit_code == 0
        judgement = world.require_sound()
        assert judgement.copies == 4, "every object was written once"
        return died

    assert every_step(80, strike) >= 10


@required(
    "a copy is stored with a wrong checksum, its writer is killed before it knows, and the source is overwritten",
    "exit 3; the conflict says whose copy stands there and what to do; copied once a person has deleted it",
)
def test_a_spoilt_copy_that_nobody_journalled(new_world: MakeWorld) -> None:
    advised = []
    # The copies' answers are among the first twelve.
    for step in range(12):
        world = new_world(step)
        names = world.fill(3)
        world.write_plan()
        world.fault("wrong-checksum", "objects.rewrite", count=-1)
        assert execute(world, Death("request-answered", step)).wait() is None
        world.heal()
        for name in names:
            world.overwrite(name, "changed since")
        codes = [world.execute(take_lock=True).exit_code for _ in range(2)]
        advised.append(world.follow_advice())
        assert codes[-1] == (3 if advised[-1] else 0)
        assert world.execute().exit_code == 0
        world.require_sound()
    # How many of the three are stored when their writer dies is the service's affair.
    assert any(advised), "no kill left a spoilt copy behind: this test shows nothing"


@required(
    "SIGKILL in the middle of a large object", "goes on with the token that the journal holds; not from its start"
)
def test_a_large_object_goes_on_from_its_last_token(new_world: MakeWorld) -> None:
    calls, whole = [], 12
    for step in range(20):
        world = new_world(step)
        world.server.control("POST", "settings", {"rewrite_bytes_per_call": 1 << 20})
        large = {"name": f"{PREFIX}large", "size": whole << 20, "seed": "1"}
        world.server.control("POST", "objects", {"bucket": "data-bucket-dev", "objects": [large]})
        world.write_plan()
        before = rewrites(world)
        if execute(world, Death("commit-done", step)).wait() is not None:
            break
        made = rewrites(world) - before
        assert world.execute(take_lock=True).exit_code == 0
        world.require_sound()
        if 0 < made < whole:
            calls.append(rewrites(world) - before)
    assert calls, "no kill struck between two calls of the rewrite: this test shows nothing"
    # One call may be made again, whose token the journal had not yet.
    assert max(calls) <= whole + 1


def rewrites(world: World) -> int:
    return int(world.server.control("GET", "stats")["calls"].get("objects.rewrite", 0))

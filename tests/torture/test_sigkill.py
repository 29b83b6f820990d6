"""SIGKILL at every boundary, and at random moments: the next run goes on, and nothing is lost or done twice."""

from collections.abc import Callable

import pytest

from executor.reading import Selection
from executor.run import run
from torture_driver import POINTS, Death, Victim
from torture_world import SETTINGS, World, every_step, required

MakeWorld = Callable[[int], World]


def execute(world: World, death: Death | None = None) -> Victim:
    return Victim(world.server.url, world.directory, _run_with_settings, world.plan, death=death)


async def _run_with_settings(plan: object) -> object:
    return await run(plan, Selection(), settings=SETTINGS)  # type: ignore[arg-type]


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
    assert max(advised) == 3, "no kill left a spoilt copy behind: this test shows nothing"

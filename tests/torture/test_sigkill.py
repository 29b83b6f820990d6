"""SIGKILL at every boundary, and at random moments: the next run goes on, and nothing is lost or done twice."""

from collections.abc import Callable

import pytest

from executor.reading import Selection
from executor.run import run
from torture_driver import POINTS, Death, Victim
from torture_world import SETTINGS, World, every_step

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

"""A service that fails at every step: whatever the fault and wherever it strikes, a run converges and loses nothing."""

from collections.abc import Callable

import pytest

from torture_world import World, every_step, required

MakeWorld = Callable[[int], World]
TRANSIENT = [
    {"kind": "error", "status": 503},
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 408},
    {"kind": "error", "status": 429, "retry_after": "0"},
    {"kind": "reset"},
    {"kind": "lost-response"},
    {"kind": "cut-response"},
    {"kind": "expired-token"},
]


@required(
    "500, 503, 408, 429, 401, a reset connection, an answer cut, or lost after the act (copy, bucket), at any request",
    "asked again in the same run, which ends well; nothing is written twice",
)
@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}")
def test_a_passing_fault_at_every_call_is_survived_in_the_same_run(
    new_world: MakeWorld, fault: dict[str, object]
) -> None:
    def strike(step: int) -> bool:
        world = new_world(step)
        world.fill(6)
        world.write_plan()
        world.fault(**fault, after=step)  # type: ignore[arg-type]
        result = world.execute()
        assert result.exit_code == 0, (step, result)
        assert world.require_sound().copies == 6
        return world.injected == 1

    assert every_step(80, strike) >= 12

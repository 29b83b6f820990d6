"""Everything at once: random faults at random calls, SIGKILL at random moments, people who write meanwhile.

`make torture` runs this until 10,000 faults were injected; THERMOCLINE_TORTURE_FAULTS and THERMOCLINE_TORTURE_SEED
change how many, and from which seed on. Each seed is printed before it runs; the one that fails can be run again.
"""

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from executor.reading import Selection
from executor.run import run
from torture_driver import POINTS, Death, Victim
from torture_world import PREFIX, SETTINGS, World, required

MakeWorld = Callable[[int], World]
PATIENT = msgspec.structs.replace(SETTINGS, attempts=6)
KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("error", "*", {"status": 500}),
    ("error", "*", {"status": 502}),
    ("error", "*", {"status": 408}),
    ("reset", "*", {}),
    ("lost-response", "*", {}),
    ("cut-response", "*", {}),
    ("expired-token", "*", {}),
    ("wrong-checksum", "objects.rewrite", {}),
    ("page-truncated", "objects.list", {}),
    ("page-duplicated", "objects.list", {}),
    ("page-empty", "objects.list", {}),
    ("error", "objects.rewrite", {"status": 410}),
    ("denied", "objects.rewrite", {"permission": "storage.objects.create"}),
    ("late-response", "objects.rewrite", {"seconds": 0.05}),
]
ROUNDS = 6


async def _run(plan: object) -> object:
    return await run(plan, Selection(), settings=PATIENT)  # type: ignore[arg-type]


def storm(world: World, objects: int) -> Counter[str]:
    """One history: rounds of runs under faults, most of them killed, people between them; then calm, and a verdict."""
    rng = world.rng
    counts: Counter[str] = Counter()
    world.server.control("POST", "settings", {"page_size": 37, "rewrite_bytes_per_call": 1 << 20})
    names = world.fill(objects)
    world.write_plan(location="EUROPE-WEST4" if rng.random() < 0.3 else "EUROPE-WEST1")
    for _ in range(ROUNDS):
        world.heal()
        for kind, operation, facts in rng.sample(KINDS, 8):
            chance = rng.uniform(0.02, 0.15)
            world.fault(kind, operation, count=-1, probability=chance, seed=rng.randrange(1 << 30), **facts)
        fate = rng.random()
        death = Death(rng.choice(POINTS), rng.randrange(objects)) if fate < 0.6 else None
        victim = Victim(world.server.url, world.directory, _run, world.plan, death=death)
        if fate > 0.85:
            time.sleep(rng.random() * 0.3)
            victim.kill()
        counts["runs"] += 1
        counts["killed"] += victim.wait() is None
        _interfere(world, names)
    counts["faults"] = world.injected
    world.heal()
    codes = [world.execute(take_lock=True).exit_code for _ in range(2)]
    if codes[-1] != 0:
        counts["advice taken"] += world.follow_advice()
        codes.append(world.execute().exit_code)
    assert codes[-1] == 0, (world.seed, codes)
    counts["copies"] = world.require_sound().copies
    return counts


def _interfere(world: World, names: list[str]) -> None:
    """Between two runs, people write, delete and change a few objects."""
    rng = world.rng
    for name in rng.sample(names, 3):
        world.heal()
        choice = rng.randrange(4)
        if choice == 0:
            world.overwrite(name, f"new {rng.random()}")
        elif choice == 1:
            world.delete(name)
        elif choice == 2:
            world.patch(name, {"metadata": {"touched": str(rng.random())}})
        else:
            world.overwrite(f"{PREFIX}new/{rng.randrange(1000)}", "new")


@required(
    "all of these at once, at random, with kills and people", "0 lost, 0 wrong, 0 overwritten, 0 deleted unverified"
)
@pytest.mark.parametrize("seed", [1, 2])
def test_storm(new_world: MakeWorld, seed: int) -> None:
    counts = storm(new_world(seed), 60)
    assert counts["faults"] > 20


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_faults(new_world: MakeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = int(os.environ.get("THERMOCLINE_TORTURE_FAULTS", "10000"))
    seed = int(os.environ.get("THERMOCLINE_TORTURE_SEED", "1000"))
    total: Counter[str] = Counter()
    while total["faults"] < wanted:
        with capsys.disabled():
            print(f"seed {seed}: {total['faults']} faults so far", flush=True)  # noqa: T201 - the seeds are the point
        total += storm(new_world(seed), 400)
        total["histories"] += 1
        seed += 1
    assert total["copies"] >= 100 * total["histories"], "the storms left room for work: there was something to lose"
    with capsys.disabled():
        print(f"0 lost, 0 wrong, 0 overwritten, 0 deleted unverified: {dict(total)}")  # noqa: T201

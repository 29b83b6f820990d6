"""Migrations under load and faults for a long time: memory and file handles must not grow.

`make soak` runs an hour; THERMOCLINE_SOAK_SECONDS changes that. THERMOCLINE_SOAK_RECORD names a file for the figures.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executor.reading import Selection
from executor.run import run
from torture_world import SETTINGS, World, required

MakeWorld = Callable[[int], World]
WARM_UP = 5
SAMPLES = 12  # over the whole run, so that the figures show a course and not only two ends
PAGES_PER_MIB = (1 << 20) / os.sysconf("SC_PAGE_SIZE")
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("error", {"status": 500}),
    ("reset", {}),
    ("lost-response", {}),
    ("cut-response", {}),
]


def _resources() -> tuple[float, int]:
    """Resident memory of this process in MiB, and its open file handles."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages / PAGES_PER_MIB, len(list(Path("/proc/self/fd").iterdir()))


@required("an hour of migrations under random faults, in one process", "memory and open files stay flat")
@pytest.mark.slow
@pytest.mark.timeout(2 * 3600)
def test_soak(new_world: MakeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = float(os.environ.get("THERMOCLINE_SOAK_SECONDS", "3600"))
    ends = time.monotonic() + seconds
    figures = {"seconds": int(seconds), "migrations": 0, "copies": 0, "faults": 0}
    start = (0.0, 0)
    course: list[tuple[int, int, int]] = []
    while time.monotonic() < ends or figures["migrations"] <= WARM_UP:
        world = new_world(figures["migrations"])
        world.fill(1500)
        world.write_plan()
        for kind, facts in FAULTS:
            world.fault(kind, count=-1, probability=0.02, seed=figures["migrations"], **facts)
        asyncio.run(run(world.plan, Selection(), settings=SETTINGS))
        figures["faults"] += world.injected
        world.heal()
        assert world.execute().exit_code == 0
        figures["copies"] += world.require_sound().copies
        figures["migrations"] += 1
        if figures["migrations"] == WARM_UP:
            start = _resources()
        passed = seconds - (ends - time.monotonic())
        if figures["migrations"] >= WARM_UP and passed >= len(course) * seconds / SAMPLES:
            memory, handles = _resources()
            course.append((int(passed), round(memory), handles))
    end = _resources()
    figures |= {"rss_start_mib": round(start[0]), "rss_end_mib": round(end[0])}
    figures |= {"handles_start": start[1], "handles_end": end[1]}
    with capsys.disabled():
        print(json.dumps(figures | {"course": course}))  # noqa: T201 - the figures are the point
    if record := os.environ.get("THERMOCLINE_SOAK_RECORD"):
        Path(record).write_text(json.dumps(figures | {"course": course}), encoding="utf-8")
    assert end[0] < start[0] * 1.25 + 20, "memory grew"
    assert end[1] <= start[1] + 2, "file handles grew"

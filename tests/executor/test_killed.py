"""SIGKILL at random moments, many times, and one run at the end: everything copied once, nothing lost or deleted."""

import json
import os
import random
import subprocess
import sys
import time

import pytest

from executor_bench import Bench
from hand_made_plan import SOURCE, move, plan_of, write_approved

TARGET = "cold-archive-bucket-dev"
SEEDS = [11, 23]
KILLS = 4


def start(bench: Bench) -> subprocess.Popen[bytes]:
    settings = bench.directory / "thermocline.toml"
    settings.write_text("[executor]\nstart_rate = 0\nfirst_wait_seconds = 0.01\nin_flight = 16\n")
    command = [sys.executable, "-m", "thermocline", "execute", str(bench.plan), "--settings", str(settings), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_run_goes_on(bench: Bench, seed: int) -> None:
    print("seed", seed)  # noqa: T201 - pytest shows it when the test fails
    rng = random.Random(seed)
    names = [f"archives/{number:04}" for number in range(600)]
    bench.seed(*names)
    write_approved(plan_of([move("archives", source_path="archives/", target_bucket=TARGET)]), bench.plan)
    before = bench.objects(SOURCE)
    bench.fault("latency", "objects.rewrite", seconds=0.02, count=-1)
    bench.fault("lost-response", "objects.rewrite", count=-1, probability=0.05)

    for _ in range(KILLS):
        process = start(bench)
        # Most of a run is start-up; aim at the part that works.
        wait_for_work(bench, process)
        time.sleep(rng.random() * 0.5)
        process.kill()
        process.communicate()
    bench.server.control("DELETE", "faults")
    last = start(bench)
    out, said = last.communicate()

    assert last.returncode == 0, said.decode()
    [result] = json.loads(out)["moves"]
    assert (result["state"], result["planned"], result["verified"]) == ("verified", 600, 600)
    assert bench.objects(SOURCE) == before
    copies = bench.objects(TARGET)
    assert sorted(copies) == sorted(name.removeprefix("archives/") for name in names)
    assert all(copies[name.removeprefix("archives/")]["crc32c"] == before[name]["crc32c"] for name in names)
    assert bench.removals() == [], "no copy was ever replaced"


def wait_for_work(bench: Bench, process: subprocess.Popen[bytes]) -> None:
    at_first = bench.server.control("GET", "stats")["calls"].get("buckets.get", 0)
    while process.poll() is None and bench.server.control("GET", "stats")["calls"].get("buckets.get", 0) == at_first:
        time.sleep(0.02)

"""`execute`, killed at random moments and run again, ends with every planned object copied and verified exactly once.

The judge reads the server's own state before and after; it shares no code with the executor.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from judged_lake import Judged
from thermocline.cli.app import run
from thermocline.sandbox.lake import seed_server
from thermocline.sandbox.server.run import Server, running_server

SEEDS = range(6)
MORE_SEEDS = range(100, 160)
MAX_KILLS = 12


def test_a_killed_run_converges(judged: Judged, tmp_path: Path) -> None:
    for seed in SEEDS:
        kill_and_resume(judged, tmp_path / str(seed), seed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_many_killed_runs_converge(judged: Judged, tmp_path: Path, seed: int) -> None:
    kill_and_resume(judged, tmp_path, seed)


def kill_and_resume(judged: Judged, folder: Path, seed: int) -> None:
    folder.mkdir(exist_ok=True)
    plan = folder / "plan.json"
    plan.write_bytes(judged.plan.read_bytes())
    assert run(["plan", "approve", str(plan), "--phase", "1", "--by", "owner@example.com", "--yes"]) == 0
    with running_server() as server:
        seed_server(judged.lake, server.url)
        before = server.control("GET", "state")
        kills = execute_under_fire(plan, server, random.Random(seed))
        status = json.loads(execute(plan, server, "--json").stdout)
        judge_state(before, server.control("GET", "state"), plan, f"seed {seed}, {kills} kills")
        for move in status["moves"]:
            assert move["verified"] == move["planned"] > 0, f"seed {seed}: {move}"
            assert (move["skipped"], move["conflicts"], move["failed"]) == (0, 0, 0), f"seed {seed}: {move}"


def execute_under_fire(plan: Path, server: Server, rng: random.Random) -> int:
    """Start `execute` and kill it after a random while, until it ends by itself or has been killed often enough."""
    for kills in range(MAX_KILLS):
        process = subprocess.Popen(command(plan), env=environment(server), stdout=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 2.0))
        if process.poll() is not None:
            assert process.returncode == 0
            return kills
        process.send_signal(signal.SIGKILL)
        process.wait()
    return MAX_KILLS


def execute(plan: Path, server: Server, *more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*command(plan), *more], env=environment(server), text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def command(plan: Path) -> list[str]:
    return [sys.executable, "-m", "thermocline", "execute", str(plan), "--phase", "1"]


def environment(server: Server) -> dict[str, str]:
    return {**os.environ, "STORAGE_EMULATOR_HOST": server.url}


def judge_state(before: dict[str, Any], after: dict[str, Any], plan: Path, where: str) -> None:
    """Nothing lost, nothing changed, nothing deleted, and each object of phase 1 at its new place, byte for byte."""
    # The lock of a run is taken away when the run ends; it is an object of our own, in a bucket of our own.
    removed = [one for one in after["removals"] if not one["name"].startswith(".thermocline/")]
    assert removed == before["removals"], where
    phases = json.loads(plan.read_bytes())["phases"]
    moves = [move["migration"] for phase in phases if phase["phase"] == 1 for move in phase["moves"]]
    for name, bucket in before["buckets"].items():
        assert contents(after, name) == contents(before, name), f"{where}: {name} changed"
        assert bucket["objects"]
    for move in moves:
        mapping = move.get("subfolder_mapping") or {}
        source = contents(before, move["source_bucket"])
        expected = {
            target_name(name.removeprefix(move["source_path"]), move["target_path"], mapping): content
            for name, content in source.items()
            if name.startswith(move["source_path"])
        }
        found = contents(after, move["target_bucket"])
        for name, content in expected.items():
            assert name in found, f"{where}: {name} lost"
            assert found[name][1:] == content[1:], f"{where}: {name} differs"
        assert len(expected) > 0, where


def target_name(rest: str, target_path: str, mapping: dict[str, str]) -> str:
    for old, new in mapping.items():
        if rest.startswith(old):
            return target_path + new + rest.removeprefix(old)
    return target_path + rest


def contents(state: dict[str, Any], bucket: str) -> dict[str, tuple[str, int, str, str | None]]:
    """Name → (generation, size, crc32c, md5) of the live objects."""
    return {
        one["name"]: (one["generation"], int(one["size"]), one["crc32c"], one.get("md5Hash"))
        for one in state["buckets"][bucket]["objects"]
    }

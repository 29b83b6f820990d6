"""SIGKILL while evidence is read; the same command again gives what an undisturbed run gives."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.catalogue import Catalogue
from analysis.sources.cloud_storage import storage_client
from log_entries import BUCKET
from thermocline.sandbox.server.run import running_server

TABLES = {
    "object": "SELECT * EXCLUDE (file_id)",
    "folder_stats": "SELECT *",
    "object_churn": "SELECT *",
    "bucket_info": "SELECT *",
    "access": "SELECT *",
    "seen": "SELECT *",
    "coverage": "SELECT *",
    "code_reference": "SELECT *",
    # A listing that was stored before the kill is an input of its own beside the one that follows.
    "evidence_file": "SELECT DISTINCT kind, uri, lines, kept, duplicates, rejected",
    "reject": "SELECT line_no, reason, text",
}


def contents(path: Path) -> dict[str, Any]:
    with Catalogue.open(path) as catalogue:
        return {
            table: catalogue.connection.execute(f"{select} FROM {table} ORDER BY ALL").fetchall()
            for table, select in TABLES.items()
        }


def inventory(folder: Path) -> list[list[str]]:
    """Two days, so that the second one compares and replaces."""
    commands = []
    for day, names in (("2026-10-24", range(60_000)), ("2026-10-31", range(20_000, 90_000))):
        path = folder / f"r_{day}.csv"
        with path.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["bucket", "name", "size", "timeCreated", "storageClass", "generation"])
            rows = ([BUCKET, f"a/{n % 91}/{n}", n, "2026-01-01T00:00:00Z", "STANDARD", n] for n in names)
            writer.writerows(rows)
        commands.append(["inventory", str(path)])
    return commands


def usage(folder: Path) -> list[list[str]]:
    logs = folder / "usage"
    logs.mkdir()
    for number in range(600):
        # More files than one batch holds; every request stands in two of them.
        with (logs / f"u_{number:04}").open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["time_micros", "s_request_id", "cs_operation", "cs_bucket", "cs_object", "sc_bytes"])
            rows = range(number * 20, number * 20 + 40)
            writer.writerows([1790848800000000 + n, f"r{n}", "GET_Object", BUCKET, f"a/{n % 7}/x", n] for n in rows)
            writer.writerow(["soon", "", "", "", "", ""])
    return [["usage", str(logs)]]


def code(folder: Path) -> list[list[str]]:
    checkout = folder / "checkout"
    checkout.mkdir()
    for number in range(300):
        blob = f'storage.Client().bucket("{BUCKET}").blob("a/{number}/x")'
        text = f'from google.cloud import storage\n{blob}.download_to_filename("x")\n'
        (checkout / f"job_{number}.py").write_text(text)
    return [["code", str(checkout), "--env", "prod"]]


def ingest(command: list[str], catalogue: Path) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "thermocline", "ingest", *command, "--catalogue", str(catalogue)]
    return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(commands: list[list[str]], catalogue: Path) -> float:
    """Run them undisturbed; returns how long the longest took."""
    longest = 0.0
    for command in commands:
        begun = time.monotonic()
        process = ingest(command, catalogue)
        _, errors = process.communicate()
        assert process.returncode == 0, errors
        longest = max(longest, time.monotonic() - begun)
    return longest


def kill_and_resume(commands: list[list[str]], folder: Path, seed: int) -> tuple[Path, Path]:
    """Two catalogues of the same inputs: one whose ingests were killed and run again, one undisturbed."""
    rng = random.Random(seed)
    whole, broken = folder / "whole.duckdb", folder / "broken.duckdb"
    longest = finish(commands, whole)
    for command in commands:
        for _ in range(2):
            process = ingest(command, broken)
            time.sleep(rng.uniform(0.2, longest))
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        finish([command], broken)
    return broken, whole


SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [inventory, usage, code])
def test_killed_and_run_again(make: Callable[[Path], list[list[str]]], tmp_path: Path, seed: int) -> None:
    broken, whole = kill_and_resume(make(tmp_path), tmp_path, seed)
    assert contents(broken) == contents(whole)


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_while_listing(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        request = {"bucket": "lake", "objects": [{"name": f"a/{n % 31}/{n}", "size": n} for n in range(8_000)]}
        storage_client().create_bucket("lake")
        server.control("POST", "objects", request)
        broken, whole = kill_and_resume([["listing", "gs://lake"]], tmp_path, seed)
    assert contents(broken) == contents(whole)

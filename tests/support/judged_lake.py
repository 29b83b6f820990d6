"""A lake, judged and planned through the public commands; for the tests that look at one."""

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thermocline.cli.app import run
from thermocline.sandbox.lake import Lake


def thermocline(*arguments: str | Path) -> str:
    """Run one command that must succeed; returns its stdout."""
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        code = run([str(argument) for argument in arguments])
    assert code == 0, f"thermocline {arguments} ended with {code}"
    return stdout.getvalue()


@dataclass(frozen=True)
class Judged:
    """A lake and what the commands said of it."""

    lake: Lake
    env: str
    catalogue: Path
    plan: Path
    subfolders: dict[str, dict[str, Any]]

    @property
    def moves(self) -> dict[str, dict[str, Any]]:
        """Every move of the plan by its subfolder, with the phase it stands in."""
        phases = json.loads(self.plan.read_bytes())["phases"]
        return {move["subfolder"]: {**move, "phase": phase["phase"]} for phase in phases for move in phase["moves"]}


def judge(lake: Lake, folder: Path, *, env: str, mappings: Path | None) -> Judged:
    """Evidence in, verdicts and plan out, through the public commands."""
    catalogue, plan = folder / "catalogue.duckdb", folder / "plan.json"
    with contextlib.redirect_stdout(io.StringIO()):
        # Part of the lake's log lines are malformed, so nothing but the exit code of a whole read is acceptable.
        thermocline("ingest", "logs", lake.logs_dir, "--catalogue", catalogue)
    thermocline("ingest", "inventory", lake.inventory_path, "--catalogue", catalogue)
    thermocline("ingest", "code", lake.checkout_path, "--env", env, "--bucket", lake.bucket, "--catalogue", catalogue)
    thermocline("analyze", "--bucket", lake.bucket, "--catalogue", catalogue)
    subfolders = json.loads(thermocline("subfolders", "--json", "--bucket", lake.bucket, "--catalogue", catalogue))
    wanted: list[str | Path] = ["--mappings", mappings] if mappings else []
    thermocline(
        "plan", "generate", "--bucket", lake.bucket, "--env", env, *wanted, "--catalogue", catalogue, "--output", plan
    )
    return Judged(lake, env, catalogue, plan, {row["subfolder"]: row for row in subfolders})

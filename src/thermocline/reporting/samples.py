"""The committed sample reports: the sandbox lake, analysed twice, planned, and its first phase migrated.

`make samples`, or `python -m thermocline.reporting.samples FOLDER`, makes them again, byte for byte.
"""

import contextlib
import csv
import io
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from thermocline.cli.app import run
from thermocline.errors import ThermoclineError
from thermocline.sandbox.lake import Lake, build_lake, seed_server
from thermocline.sandbox.server.run import running_server

BEFORE = "2026-09-30"
APPROVED_AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
EXECUTED_AT = "2026-11-03T06:00:00.000Z"
VERIFIED_AT = "2026-11-03T06:24:00.000Z"
SCALE = 0.2


def make_samples(folder: Path, *, scale: float = SCALE) -> None:
    """Write all sample reports into `folder`, in place of what stands there."""
    with tempfile.TemporaryDirectory() as scratch, running_server() as server:
        place = Path(scratch)
        lake = build_lake(place / "lake", scale=scale)
        seed_server(lake, server.url)
        catalogue, plan = place / "catalogue.duckdb", place / "plan.json"
        with _quiet(server.url):
            _analyse(lake, catalogue)
            _migrate_first_phase(lake, catalogue, plan)
            _set_clock(place / "plan.json.journal.sqlite")
            report = place / "report"
            _type("report", "--catalogue", catalogue, "--bucket", lake.bucket, "--plan", plan, "--output", report)
        shutil.rmtree(folder, ignore_errors=True)
        # Drawings as outlines are three times the bytes of their pictures; a sample does without them.
        shutil.copytree(report, folder, ignore=shutil.ignore_patterns("*.svg"))


def _analyse(lake: Lake, catalogue: Path) -> None:
    """Twice, a month apart, each time with the inventory of that day."""
    here = ("--catalogue", catalogue)
    _type("ingest", "logs", lake.logs_dir, *here)
    _type("ingest", "code", lake.checkout_path, "--env", lake.env, "--bucket", lake.bucket, *here)
    inventories = (_earlier(lake.inventory_path, catalogue.parent), lake.inventory_path)
    for inventory, as_of in zip(inventories, (("--as-of", BEFORE), ()), strict=True):
        _type("ingest", "inventory", inventory, *here)
        _type("analyze", "--bucket", lake.bucket, *as_of, *here)


def _earlier(inventory: Path, folder: Path) -> Path:
    """The inventory of a month before, as far as today's tells it: what was created up to then."""
    report = folder / f"earlier-report_{BEFORE}T23:30_0.csv"
    with inventory.open(encoding="utf-8", newline="") as today, report.open("w", encoding="utf-8", newline="") as then:
        rows = csv.DictReader(today)
        writer = csv.DictWriter(then, rows.fieldnames or ())
        writer.writeheader()
        writer.writerows(row for row in rows if row["timeCreated"][:10] <= BEFORE)
    return report


def _migrate_first_phase(lake: Lake, catalogue: Path, plan: Path) -> None:
    from planner.planfile import approve, load, write

    named = ("--bucket", lake.bucket, "--env", lake.env, "--mappings", lake.mappings_path)
    _type("plan", "generate", *named, "--catalogue", catalogue, "--output", plan)
    write(approve(load(plan), 1, "owner@example.com", "agreed with the data team", APPROVED_AT), plan)
    _type("execute", plan, "--phase", "1")


def _set_clock(journal: Path) -> None:
    """A journal holds the time of day, the one thing here that no second run has again: set it."""
    statements = files("thermocline.reporting").joinpath("sql", "journal_clock.sql").read_text(encoding="utf-8")
    with contextlib.closing(sqlite3.connect(journal)) as connection, connection:
        for statement in statements.split(";"):
            connection.execute(statement, {"started": EXECUTED_AT, "ended": VERIFIED_AT})


def _type(*arguments: str | Path) -> None:
    code = run([str(argument) for argument in arguments])
    if code != 0:
        raise ThermoclineError(f"`thermocline {arguments[0]}` ended with exit code {code}", "its message stands above")


@contextlib.contextmanager
def _quiet(url: str) -> Iterator[None]:
    """Talk to the sandbox server, and keep the commands' tables to ourselves."""
    before = os.environ.get("STORAGE_EMULATOR_HOST")
    os.environ["STORAGE_EMULATOR_HOST"] = url
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        if before is None:
            del os.environ["STORAGE_EMULATOR_HOST"]
        else:
            os.environ["STORAGE_EMULATOR_HOST"] = before


if __name__ == "__main__":
    make_samples(Path(sys.argv[1]))

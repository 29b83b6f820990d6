"""Plays a scenario through the real commands' functions: files in, verdicts out."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

import scenarios
from analysis.catalogue import Catalogue
from analysis.classify.analyze import analyze
from analysis.classify.store import latest_analysis
from analysis.model import Analysis
from analysis.settings import Settings
from analysis.sources.inventory import ingest_inventory
from analysis.sources.log_files import ingest_logs
from scenarios import Scenario

_CODE = re.compile(
    r"^(?P<file>\S+):(?P<line>\d+) (?P<role>reads|writes|deletes|lists) (?P<prefix>\S+) for (?P<workload>\S+)$"
)
_SUMMARY = re.compile(
    r"^(?P<folder>\S+), (?P<objects>\d+) objects, (?P<gib>\d+) GiB, (?P<oldest>\d+) to (?P<newest>\d+) days old$"
)


def play(scenario: Scenario, folder: Path, *, one_by_one: bool = False, **logs: Any) -> Analysis:
    """Write the scenario's files, ingest them and analyse.

    `logs` goes to `write_logs`; `one_by_one` ingests every log file in a call of its own.
    """
    with filled(scenario, folder, one_by_one=one_by_one, **logs) as (catalogue, settings):
        analyze(catalogue, scenario.bucket, settings)
        return latest_analysis(catalogue, scenario.bucket)


def fill(scenario: Scenario, folder: Path) -> Path:
    """Write the scenario's files and ingest them; returns the catalogue's path."""
    with filled(scenario, folder) as (catalogue, _):
        return catalogue.path


@contextmanager
def filled(
    scenario: Scenario, folder: Path, *, one_by_one: bool = False, **logs: Any
) -> Iterator[tuple[Catalogue, Settings]]:
    """A catalogue with the scenario's evidence in it, and the settings to analyse with.

    A catalogue that lies in the folder already is added to.
    """
    path = folder / "catalogue.duckdb"
    if not path.exists():
        path.write_bytes(empty_catalogue())
    paths = [str(path) for path in scenarios.write_logs(scenario, folder / f"logs-{scenario.end}", **logs)]
    with Catalogue.create_or_migrate(path) as catalogue:
        for batch in [[path] for path in paths] if one_by_one else [paths]:
            if scenario.calls:
                ingest_logs(catalogue, batch)
        if scenario.objects:
            ingest_inventory(catalogue, [str(scenarios.write_inventory(scenario, folder / "inventory"))])
        for line in scenario.raw.get("summary", ()):
            _add_summary(catalogue, scenario, line)
        for line in scenario.raw.get("usage", ()):
            _add_usage(catalogue, scenario, line)
        for line in scenario.raw.get("code", ()):
            _add_code(catalogue, scenario, line)
        yield catalogue, msgspec.convert(scenario.raw.get("settings", {}), Settings)


@cache
def empty_catalogue() -> bytes:
    """A catalogue as the migrations leave it; made once, because they take longer than a small scenario."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.duckdb"
        with Catalogue.create_or_migrate(path):
            pass
        return path.read_bytes()


def _add_summary(catalogue: Catalogue, scenario: Scenario, line: str) -> None:
    """Ten million objects as the inventory's own summary: one row."""
    found = _SUMMARY.match(line)
    assert found, line
    row = (
        scenario.end,
        scenario.bucket,
        found["folder"],
        None,
        "STANDARD",
        int(found["objects"]),
        int(found["gib"]) << 30,
        0,
        datetime.combine(scenario.day(int(found["oldest"])), datetime.min.time()),
        datetime.combine(scenario.day(int(found["newest"])), datetime.min.time()),
    )
    catalogue.connection.execute("INSERT INTO folder_stats VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _add_usage(catalogue: Catalogue, scenario: Scenario, line: str) -> None:
    name, when = line.rsplit(" ", 1)
    assert when == "daily", line
    folder = name.rsplit("/", 1)[0] + "/"
    objects = len(list(scenarios.expand(name)))
    for ago in range(scenario.days):
        at = datetime.combine(scenario.day(ago), datetime.min.time()) + timedelta(hours=9)
        row = [
            scenario.bucket,
            folder,
            None,
            at.date(),
            *[""] * 5,
            "read",
            "ok",
            "",
            "usage",
            objects,
            objects,
            1,
            2,
            9_000,
            at,
            at,
        ]
        marks = ", ".join("?" * len(row))
        catalogue.connection.execute(f"INSERT INTO access VALUES ({marks})", row)  # noqa: S608
        catalogue.connection.execute(
            "INSERT INTO coverage VALUES (?, ?, 'usage', ?)", [at.date(), scenario.bucket, objects]
        )


def _add_code(catalogue: Catalogue, scenario: Scenario, line: str) -> None:
    found = _CODE.match(line)
    assert found, line
    row = ["checkout", "0000", "prod", scenario.bucket, found["prefix"], found["role"].removesuffix("s"), found["file"]]
    row += [found["line"], "code", "storage.Client", 0.9, found["workload"], "[]"]
    marks = ", ".join("?" * len(row))
    catalogue.connection.execute(f"INSERT INTO code_reference VALUES ({marks})", row)  # noqa: S608

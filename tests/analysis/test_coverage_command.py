"""`thermocline coverage`: gaps per day and log type, and the verdicts that rest on what was not logged then."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from analysis.catalogue import Catalogue
from analysis.classify.analyze import analyze
from analysis.settings import Settings
from analysis.sources.inventory import ingest_inventory
from analysis.sources.log_files import ingest_logs
from log_entries import BUCKET, entry, lines
from thermocline.cli.app import run

FIRST = date(2026, 8, 1)
WITHOUT = {FIRST + timedelta(days=number) for number in (30, 31, 32, 50)}


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    days = [FIRST + timedelta(days=number) for number in range(90)]
    reads = [entry("used/1", at=f"{day}T10:00:00Z") for day in days if day not in WITHOUT]
    writes = [entry("used/2", at=f"{day}T09:00:00Z", method="storage.objects.create") for day in days]
    (tmp_path / "l.json").write_bytes(lines(*reads, *writes))
    names = ["used/1", "used/2", "quiet/1"]
    table = "\n".join(["bucket,name,size,timeCreated", *(f"{BUCKET},{name},9,2025-01-01" for name in names)])
    (tmp_path / "r_2026-10-29.csv").write_text(table)
    path = tmp_path / "c.duckdb"
    with Catalogue.create_or_migrate(path) as opened:
        ingest_logs(opened, [str(tmp_path / "l.json")])
        ingest_inventory(opened, [str(tmp_path / "r_2026-10-29.csv")])
        analyze(opened, BUCKET, Settings())
    return path


def test_gaps_say_what_they_weaken(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["coverage", "--catalogue", str(catalogue)]) == 0
    out, notes = capsys.readouterr()
    told = " ".join(notes.split())
    assert "no data_read from 2026-08-31 to 2026-09-02, on 2026-09-20" in told
    assert "quiet (cold)" in told
    assert "used (" not in told
    strips = {line.split("|")[0].strip(): line.split("|")[1] for line in out.splitlines() if "|" in line}
    assert set(strips["data_write"]) == {"█"}
    # Two days a block: days 30 and 31 are one, 32 is half of the next, 50 half of another.
    assert strips["data_read"] == "█" * 15 + " ▄" + "█" * 8 + "▄" + "█" * 19


def test_gaps_for_scripts(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["coverage", "--catalogue", str(catalogue), "--json"]) == 0
    found = {row["log_type"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["data_read"]["gaps"] == [
        {"from": "2026-08-31", "to": "2026-09-02"},
        {"from": "2026-09-20", "to": "2026-09-20"},
    ]
    assert found["data_read"]["verdicts"] == [{"subfolder": "quiet", "verdict": "cold"}]
    assert (found["data_write"]["gaps"], found["data_write"]["verdicts"]) == ([], [])

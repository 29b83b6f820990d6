"""Two inventories of different days: what grew, what came and went, where a user sees it."""

import json
from datetime import date
from pathlib import Path

import pytest

from analysis.catalogue import Catalogue
from analysis.classify.analyze import analyze
from analysis.growth import growth_of
from analysis.settings import Settings
from analysis.sources.inventory import ingest_inventory
from log_entries import BUCKET
from thermocline.cli.app import run

HEADER = "bucket,name,size,timeCreated,storageClass,generation"


def report(path: Path, *objects: tuple[str, int, int]) -> str:
    rows = [f"{BUCKET},{name},{size},2026-01-01T00:00:00Z,STANDARD,{version}" for name, size, version in objects]
    path.write_text("\n".join([HEADER, *rows]))
    return str(path)


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    path = tmp_path / "c.duckdb"
    first = report(
        tmp_path / "r_2026-10-24.csv", ("a/keep", 10, 1), ("a/in/gone", 20, 1), ("b/x", 5, 1), ("root", 1, 1)
    )
    second = report(tmp_path / "r_2026-10-31.csv", ("a/keep", 12, 2), ("a/new", 100, 1), ("b/x", 5, 1), ("root", 1, 1))
    with Catalogue.create_or_migrate(path) as catalogue:
        ingest_inventory(catalogue, [first, second])
        analyze(catalogue, BUCKET, Settings())
    return path


def test_growth_below_a_prefix(grown: Path) -> None:
    with Catalogue.open(grown) as catalogue:
        (step,) = growth_of(catalogue, BUCKET, "a/")
        assert (step.previous_date, step.snapshot_date) == (date(2026, 10, 24), date(2026, 10, 31))
        assert (step.objects_before, step.objects_after, step.bytes_before, step.bytes_after) == (2, 2, 30, 112)
        assert (step.new_objects, step.new_bytes, step.gone_objects, step.gone_bytes) == (1, 100, 1, 20)
        assert (step.compared, step.rewritten_objects, step.rewritten_bytes) == (True, 1, 12)
        (without,) = growth_of(catalogue, BUCKET, "a/", ["a/in/"])
        assert (without.bytes_before, without.gone_objects) == (10, 0)
        (root,) = growth_of(catalogue, BUCKET, "")
        assert (root.objects_after, root.bytes_after, root.new_objects) == (1, 1, 0)


def test_subfolders_shows_it(grown: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["subfolders", "a", "--catalogue", str(grown)]) == 0
    shown = capsys.readouterr().out
    assert "2026-10-31" in shown
    assert "+82 B" in shown
    assert run(["subfolders", "a", "--catalogue", str(grown), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["inventories"][0]["gone_objects"] == 1
    assert row["inventories"][0]["snapshot_date"] == "2026-10-31"

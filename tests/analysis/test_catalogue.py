"""The catalogue file: migrations, locks, documentation, crashes, pseudonyms."""

import errno
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.catalogue import Catalogue, migrations
from analysis.documentation import describe
from analysis.errors import AnalysisError, BadInput, CatalogueLocked
from analysis.sources.log_files import ingest_logs
from analysis.sources.privacy import protect
from log_entries import entry, lines, write

ROOT = Path(__file__).parents[2]


def test_every_migration_has_a_number_of_its_own() -> None:
    found = [number for number, _, _ in migrations()]
    assert found == sorted(set(found))


def test_every_view_says_what_it_is_and_the_page_is_current(tmp_path: Path) -> None:
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as catalogue:
        views = catalogue.connection.execute(
            "SELECT view_name, comment FROM duckdb_views() WHERE starts_with(view_name, 'v_')"
        ).fetchall()
        assert len(views) >= 10
        assert not [name for name, comment in views if not comment]
        for name, _ in views:
            catalogue.connection.execute(f"FROM {name}")
        assert (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8") == describe(catalogue)


def test_a_missing_a_foreign_and_an_older_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no catalogue"):
        Catalogue.open(tmp_path / "absent.duckdb")
    duckdb.connect(str(tmp_path / "foreign.duckdb")).close()
    with pytest.raises(BadInput, match="no catalogue"):
        Catalogue.open(tmp_path / "foreign.duckdb")
    (tmp_path / "text.duckdb").write_text("not a database " * 1000)
    with pytest.raises(BadInput):
        Catalogue.open(tmp_path / "text.duckdb")
    with pytest.raises(BadInput, match="does not exist"):
        Catalogue.create_or_migrate(tmp_path / "no" / "c.duckdb")
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as catalogue:
        catalogue.connection.execute("DELETE FROM schema_migration WHERE number = 5; DROP TABLE pseudonym_setting")
    with pytest.raises(AnalysisError, match="older"):
        Catalogue.open(tmp_path / "c.duckdb")
    Catalogue.create_or_migrate(tmp_path / "c.duckdb").close()
    Catalogue.open(tmp_path / "c.duckdb").close()


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "thermocline", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_second_writer_is_told(tmp_path: Path) -> None:
    log = write(tmp_path / "1.json", entry())
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb"):
        process = run("ingest", "logs", log, "--catalogue", str(tmp_path / "c.duckdb"))
        _, errors = process.communicate()
    assert process.returncode == CatalogueLocked.exit_code
    assert "another process" in errors
    assert "Traceback" not in errors


def contents(path: Path) -> list[Any]:
    with Catalogue.open(path) as catalogue:
        tables = ("evidence_file", "reject", "seen", "access", "coverage", "bucket_info")
        return [catalogue.connection.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in tables]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_killed_during_ingest_and_run_again(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(1_100):
        # More files than one batch holds.
        made = [entry(f"f{number % 7}/{n}", at=f"2026-10-01T{n:02}:{number % 60:02}:00Z") for n in range(3)]
        (logs / f"{number:04}.json").write_bytes(lines(*made, b"broken" if number % 100 == 0 else made[0]))
    whole, broken = tmp_path / "whole.duckdb", tmp_path / "broken.duckdb"
    with Catalogue.create_or_migrate(whole) as catalogue:
        ingest_logs(catalogue, [str(logs)])
    for _ in range(3):
        process = run("ingest", "logs", str(logs), "--catalogue", str(broken))
        time.sleep(rng.uniform(0.5, 3))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    process = run("ingest", "logs", str(logs), "--catalogue", str(broken))
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert contents(broken) == contents(whole)


def test_people_become_pseudonyms_and_stay_so(tmp_path: Path) -> None:
    path = tmp_path / "c.duckdb"
    person, robot = "ann@example.com", "job@p.iam.gserviceaccount.com"
    before = write(tmp_path / "1.json", entry("a/1", principal=person), entry("a/2", principal=robot))
    bad = lines({**entry("a/9", principal=person), "timestamp": "soon"}).strip()
    after = write(tmp_path / "2.json", entry("b/1", principal=person), bad)
    later = write(tmp_path / "3.json", entry("c/1", principal=person.upper()))
    with Catalogue.create_or_migrate(path) as catalogue:
        ingest_logs(catalogue, [before])
    with Catalogue.create_or_migrate(path) as catalogue:
        protect(catalogue, wanted=True)
        ingest_logs(catalogue, [after])
    with Catalogue.create_or_migrate(path) as catalogue:
        protect(catalogue, wanted=False)
        ingest_logs(catalogue, [later])
        found = catalogue.connection.execute("SELECT folder, principal FROM access ORDER BY ALL").fetchall()
        texts = catalogue.connection.execute("SELECT text FROM reject").fetchall()
    people = {principal.split("@")[0] for folder, principal in found if principal != robot}
    assert len(found) == 4
    assert len(people) == 1
    assert people.pop().startswith("person-")
    assert person not in str(texts)
    key = tmp_path / "c.duckdb.pseudonym-key"
    assert key.stat().st_mode & 0o077 == 0
    assert re.fullmatch(r"[0-9a-f]{64}\n", key.read_text())
    key.write_text("another")
    with Catalogue.create_or_migrate(path) as catalogue, pytest.raises(BadInput, match="not the key"):
        protect(catalogue, wanted=False)
    key.unlink()
    with Catalogue.create_or_migrate(path) as catalogue, pytest.raises(BadInput, match="missing"):
        protect(catalogue, wanted=True)


def test_a_key_that_the_disk_did_not_take_is_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, key = tmp_path / "c.duckdb", tmp_path / "c.duckdb.pseudonym-key"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, Catalogue.create_or_migrate(path) as catalogue:
        patch.setattr(os, "fsync", full)
        with pytest.raises(BadInput, match="No space left"):
            protect(catalogue, wanted=True)
    assert not key.exists()
    # What an earlier release could leave on a full disk: with an empty key, anybody could make the pseudonyms.
    key.touch()
    with Catalogue.create_or_migrate(path) as catalogue, pytest.raises(BadInput, match="is empty"):
        protect(catalogue, wanted=True)

"""The disk is full while the catalogue or the plan is written: what was there stays readable, and it goes on later.

A limit on the size of files makes every write beyond it fail; where mounting is allowed, a tiny disk is filled as well.
"""

import errno
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.catalogue import Catalogue
from analysis.health import examine_catalogue
from analysis.whole_files import write_whole
from executor.errors import JournalBroken
from log_entries import BUCKET, entry, lines
from planner.planfile import load
from small_catalogue import BUCKET as JUDGED
from small_catalogue import LAST, usual_folders, write_catalogue
from torture_world import SETTINGS, World, required

TABLES = ("seen_object", "folder_stats", "access", "coverage", "code_reference")


def thermocline(*arguments: object, limit: int | None = None, scratch: Path | None = None) -> tuple[int, str]:
    """Run a command whose files may not grow beyond `limit` bytes; returns its exit code and what it said."""

    def confine() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "thermocline", *map(str, arguments)]
    environment = {**os.environ, **({"TMPDIR": str(scratch)} if scratch else {})}
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=confine, env=environment)
    return done.returncode, done.stderr


def inventory(folder: Path, day: str, count: int) -> Path:
    path = folder / f"r_{day}.csv"
    rows = [f"{BUCKET},a/{n % 50}/{n * 7919},{n},2026-01-01" for n in range(count)]
    path.write_text("\n".join(["bucket,name,size,timeCreated", *rows]))
    return path


def logs(folder: Path) -> Path:
    path = folder / "l.json"
    path.write_bytes(lines(*(entry(f"a/{n}/x", principal=f"job{n}@p.iam.gserviceaccount.com") for n in range(9_000))))
    return path


def code(folder: Path) -> Path:
    checkout = folder / "checkout"
    checkout.mkdir()
    text = "".join(f"open('gs://{BUCKET}/{'a' * 80}/{n}/x')\n" for n in range(3_000))
    (checkout / "jobs.py").write_text(text)
    return checkout


def contents(path: Path) -> dict[str, Any]:
    with Catalogue.open(path) as catalogue:
        catalogue.connection.execute("CREATE TEMP VIEW seen_object AS SELECT * EXCLUDE (file_id) FROM object")
        # The order of rows is nobody's business, so a checksum that does not depend on it.
        return {
            table: catalogue.connection.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {table} AS t").fetchone()  # noqa: S608
            for table in TABLES
        }


COMMANDS: dict[str, Callable[[Path], list[str | Path]]] = {
    "inventory": lambda folder: ["ingest", "inventory", inventory(folder, "2026-10-31", 60_000)],
    "logs": lambda folder: ["ingest", "logs", logs(folder)],
    "code": lambda folder: ["ingest", "code", code(folder), "--env", "prod"],
    "analyze": lambda _: ["analyze", "--bucket", BUCKET],
}

SHORT = ("inventory", "analyze")


def begun(folder: Path) -> Path:
    """A catalogue that holds an inventory already."""
    path = folder / "c.duckdb"
    assert thermocline("ingest", "inventory", inventory(folder, "2026-10-24", 40), "--catalogue", path)[0] == 0
    return path


@required(
    "the catalogue's disk is full, at any write", "one sentence, exit 1; what was stored is unharmed; goes on later"
)
@pytest.mark.parametrize(
    "name", [name if name in SHORT else pytest.param(name, marks=pytest.mark.slow) for name in COMMANDS]
)
def test_catalogue_disk_full(tmp_path: Path, name: str) -> None:
    path = begun(tmp_path)
    command = [*COMMANDS[name](tmp_path), "--catalogue", path]
    before, size, refused = contents(path), path.stat().st_size, 0
    for more in (1 - size, 0, 300_000, 900_000):
        code, said = thermocline(*command, limit=size + more)
        assert examine_catalogue(path) == []
        if code == 0:
            break
        refused += 1
        assert code == 1, said
        assert "Traceback" not in said
        assert "free space" in said.splitlines()[-1]
        assert contents(path) == before
    assert refused >= 1
    assert thermocline(*command)[0] == 0
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    whole = begun(undisturbed)
    assert thermocline(*command[:-1], whole)[0] == 0
    assert contents(path) == contents(whole)


@required("the plan's disk is full", "one sentence; the plan and its approvals are as they were")
def test_plan_disk_full(tmp_path: Path) -> None:
    catalogue = write_catalogue(tmp_path / "c.duckdb")
    plan = tmp_path / "plan.json"
    generate = ["plan", "generate", "--env", "prod", "--catalogue", catalogue, "--output", plan, "--no-report"]
    approve = ["plan", "approve", plan, "--phase", "1", "--by", "owner@example.com", "--yes"]
    assert thermocline(*generate)[0] == 0
    assert thermocline(*approve)[0] == 0
    before = plan.read_bytes()
    for command in (generate, [*approve[:4], "2", *approve[5:]]):
        for limit in (0, 100, len(before) // 2):
            code, said = thermocline(*command, limit=limit)
            assert code in {1, 2}, said
            assert "Traceback" not in said
            assert plan.read_bytes() == before
            assert load(plan).phases[0].approval is not None
            assert sorted(one.name for one in tmp_path.iterdir() if "partial" in one.name) == []


def reports(folder: Path) -> tuple[Path, list[list[object]]]:
    catalogue = write_catalogue(folder / "c.duckdb", earlier=usual_folders())
    command = ["report", "--catalogue", catalogue, "--bucket", JUDGED, "--output", folder / "out"]
    return folder / "out", [[*command, "--as-of", str(LAST - timedelta(days=31))], command]


def exports(folder: Path) -> tuple[Path, list[list[object]]]:
    catalogue, plan = write_catalogue(folder / "c.duckdb"), folder / "plan.json"
    assert thermocline("plan", "generate", "--env", "prod", "--catalogue", catalogue, "--output", plan)[0] == 0
    (folder / "out").mkdir()
    command = ["plan", "export", plan, "--output", folder / "out" / "made"]
    return folder / "out", [[*command, "--format", form] for form in ("gcloud", "terraform")]


def diffs(folder: Path) -> tuple[Path, list[list[object]]]:
    catalogue, plan = write_catalogue(folder / "c.duckdb"), folder / "plan.json"
    assert thermocline("plan", "generate", "--env", "prod", "--catalogue", catalogue, "--output", plan)[0] == 0
    commands: list[list[object]] = []
    for name, calls in (("before", 3), ("after", 9)):
        checkout = folder / name
        checkout.mkdir()
        (checkout / "job.py").write_text(f"open('gs://{JUDGED}/archive/x')\n" * calls)
        command = ["patch", plan, "--use-case", "archive", "--output", folder / "out", "--checkout", checkout]
        commands.append(command)
    return folder / "out", commands


WRITERS: dict[str, Callable[[Path], tuple[Path, list[list[object]]]]] = {
    "reports": reports,
    "exports": exports,
    "diffs": diffs,
}


@required(
    "the disk is full while reports, exports or diffs are written over earlier ones",
    "one sentence, exit 1 or 2; all the earlier ones are as they were",
)
@pytest.mark.parametrize(
    "what", [what if what == "reports" else pytest.param(what, marks=pytest.mark.slow) for what in WRITERS]
)
def test_other_files_disk_full(tmp_path: Path, what: str) -> None:
    place, (first, second) = WRITERS[what](tmp_path)
    assert thermocline(*first)[0] == 0
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    largest = max(map(len, before.values()))
    for limit in (0, 60, largest // 2):
        code, said = thermocline(*second, limit=limit)
        assert code in {1, 2}, (limit, said)
        assert "Traceback" not in said
        assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
    assert thermocline(*second)[0] == 0
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} != before


@required(
    "the disk of the audit trail or the manifest is full",
    "exit 1 with a sentence; the journal is whole; goes on later",
)
@pytest.mark.parametrize("name", ["plan.json.journal.audit.ndjson", "plan.archives.manifest.csv.partial"])
def test_beside_the_journal_disk_full(new_world: Callable[[int], World], name: str) -> None:
    world = new_world(0)
    names = world.fill(20)
    world.write_plan()
    settings = msgspec.structs.replace(SETTINGS, audit_trail=True)
    # What is written there meets the kernel's own refusal.
    (world.directory / name).symlink_to("/dev/full")
    with pytest.raises(JournalBroken, match="No space left") as refused:
        world.execute(settings)
    assert "free space" in refused.value.hint
    assert not [one for one in Path("/proc/self/fd").iterdir() if str(one.resolve()) == "/dev/full"]
    with closing(sqlite3.connect(world.journal)) as journal:
        assert journal.execute("SELECT count(*) FROM run WHERE ended_at IS NULL").fetchone() == (0,)
    world.require_sound(finished=False)
    (world.directory / name).unlink(missing_ok=True)
    assert world.execute(settings).exit_code == 0
    assert world.require_sound().copies == len(names)


@required(
    "a disk that tells only when it is asked to keep what was written (delayed allocation) that it is full",
    "files that are written whole (plan, reports, diffs, exports) stay as they were",
)
def test_full_only_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    write_whole({first: "old", second: "old"})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole({first: "new", second: "new"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old", "b": "old"}


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here; the limits on file sizes above stand in for it")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(b"\0" * 4096)


@required("no space left on the device of catalogue, plan and scratch files", "as above, with the kernel's own refusal")
def test_no_space_left(tiny_disk: Path, tmp_path: Path) -> None:
    catalogue, plan = tiny_disk / "c.duckdb", tiny_disk / "plan.json"
    assert thermocline("ingest", "inventory", inventory(tmp_path, "2026-10-24", 40), "--catalogue", catalogue)[0] == 0
    before = contents(catalogue)
    ingest = ["ingest", "inventory", inventory(tmp_path, "2026-10-31", 400_000), "--catalogue", catalogue]
    for scratch in (None, tiny_disk):
        code, said = thermocline(*ingest, scratch=scratch)
        assert code == 1, said
        assert "Traceback" not in said
        assert "free space" in said
        assert examine_catalogue(catalogue) == []
        assert contents(catalogue) == before
    catalogue.unlink()  # it has filled the disk; what it could not store is now free inside it
    small = write_catalogue(tmp_path / "small.duckdb")
    generate = ["plan", "generate", "--env", "prod", "--catalogue", small, "--output", plan, "--no-report"]
    assert thermocline(*generate)[0] == 0
    written = plan.read_bytes()
    with pytest.raises(OSError, match="No space"):
        fill(tiny_disk / "ballast")
    code, said = thermocline(*generate)
    assert code in {1, 2}, said
    assert "No space left" in said
    assert "Traceback" not in said
    assert plan.read_bytes() == written

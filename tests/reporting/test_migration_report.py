"""The migration report of a plan that was carried out on a sandbox server."""

import asyncio
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.reading import Selection
from executor.run import run as execute
from executor_bench import QUICK, Bench
from hand_made_plan import SOURCE, move, plan_of, write_approved
from planner.planfile import write
from small_catalogue import write_catalogue
from thermocline.cli.app import run
from thermocline.reporting.migration import collect, write_migration
from thermocline.sandbox.server.run import running_server

SIZE = 1024


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One finished move, one with an object in the way, one that stays, one that has not begun."""
    patch = pytest.MonkeyPatch()
    with running_server() as server:
        patch.setenv("STORAGE_EMULATOR_HOST", server.url)
        made = Bench(server, tmp_path_factory.mktemp("migration"))
        made.bucket()
        made.seed(*(f"old/part-{number}" for number in range(5)), "blocked/free", "blocked/taken", "later/x", size=SIZE)
        plan = plan_of(
            [
                move("old", source_path="old/", target_bucket="old-bucket-dev", observe_days=45),
                move("blocked", source_path="blocked/", target_bucket="old-bucket-dev", target_path="b/"),
            ],
            [move("later", source_path="later/", target_bucket="later-bucket-dev")],
            [move("staging", source_path="staging/")],
        )
        write_approved(plan, made.plan, 1)
        asyncio.run(execute(made.plan, Selection(use_case="old"), settings=QUICK))
        made.seed("b/taken", bucket="old-bucket-dev", size=7)
        asyncio.run(execute(made.plan, Selection(use_case="blocked"), settings=QUICK))
        yield made
    patch.undo()


@pytest.fixture(scope="module")
def documents(bench: Bench) -> tuple[str, str]:
    page, document = write_migration(bench.plan, None, bench.directory)
    return page.read_text("utf-8"), document.read_text("utf-8")


def test_only_moves_that_began_are_reported(bench: Bench) -> None:
    _, migrated = collect(bench.plan)
    assert [entry.move.use_case for entry in migrated] == ["old", "blocked"]
    assert [entry.done for entry in migrated] == [True, False]


def test_numbers_are_those_of_the_two_buckets(bench: Bench, documents: tuple[str, str]) -> None:
    assert len([name for name in bench.objects("old-bucket-dev") if name.startswith("part-")]) == 5
    row = next(line for line in documents[1].splitlines() if line.startswith("| `old`"))
    assert row.split("|")[4:10] == [" 5 ", " 5 ", " 0 ", " 0 ", " 0 ", " 5.0 KiB "]


def test_the_proof_can_be_had_again_by_listing_the_target(bench: Bench, documents: tuple[str, str]) -> None:
    there = bench.objects("old-bucket-dev")
    lines = sorted(
        f"old/{name}\t{name}\t{int(one['size'])}\t{one['crc32c']}\n" for name, one in there.items() if name[:2] != "b/"
    )
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()

    assert digest in documents[0]
    assert digest in documents[1]


def test_what_did_not_move_is_named_with_its_reason(documents: tuple[str, str]) -> None:
    lines = documents[1].split("## What did not move\n", 1)[1].split("\n## ", 1)[0].strip().splitlines()
    assert len([line for line in lines if line.startswith("- `blocked/taken`: conflict, ")]) == 1
    assert "1 of 2 moves is verified" in documents[1]


def test_watching_ends_after_the_days_of_the_plan(bench: Bench, documents: tuple[str, str]) -> None:
    _, (old, blocked) = collect(bench.plan)
    assert old.verified_at is not None
    assert old.observe_until is not None
    assert (old.observe_until - old.verified_at).days == 45
    assert old.took is not None
    assert old.took.total_seconds() >= 0
    assert blocked.observe_until is None
    assert f"`gs://{SOURCE}/old/` until {old.observe_until:%Y-%m-%d}" in documents[1]


def test_nothing_begun_gives_no_report(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    write(plan_of([move("old", source_path="old/", target_bucket="old-bucket-dev")]), plan)
    assert write_migration(plan, None, tmp_path) == []


def test_report_with_a_plan_writes_it(bench: Bench, documents: tuple[str, str], tmp_path: Path) -> None:
    catalogue = write_catalogue(tmp_path / "c.duckdb", [])
    arguments = ["report", "--catalogue", str(catalogue), "--plan", str(bench.plan), "--output", str(tmp_path / "out")]
    assert run(arguments) == 0
    assert (tmp_path / "out" / "migration.html").read_text("utf-8") == documents[0]
    assert not re.search(r"<(script|img|link)\b", documents[0])

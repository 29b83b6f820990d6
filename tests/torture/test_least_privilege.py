"""Each command with exactly the permissions that docs/permissions.md names, and with each one of them taken away."""

import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.catalogue import Catalogue
from analysis.errors import AnalysisError
from analysis.sources.listing import ingest_listing
from analysis.sources.log_files import ingest_logs
from executor.aftercare import cleanup, rollback
from executor.errors import ExecutorError
from executor.reading import Selection
from executor.run import run
from hand_made_plan import SOURCE
from needed_permissions import BUCKET, CREATE, DELETE, GET, LIST, NEEDED, PAGE, READ_POLICY, page
from thermocline.errors import ThermoclineError
from thermocline.selftest.run import FOLDER, selftest
from torture_world import PREFIX, SETTINGS, TARGET, World, required
from transfer_double import AGENT, transfer_double

MakeWorld = Callable[[int], World]
RULES = {"rule": [{"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 365}}]}
GRANT = {"role": "roles/storage.objectViewer", "member": "group:analysts@example.com", "reason": "reads it"}


async def _execute(plan: Path) -> Any:
    return await run(plan, Selection(), settings=SETTINGS)


async def _dry_run(plan: Path) -> Any:
    return await run(plan, Selection(dry_run=True), settings=SETTINGS)


async def _cleanup(plan: Path) -> Any:
    return await cleanup(plan, Selection(), lambda _: True, settings=SETTINGS)


async def _rollback(plan: Path) -> Any:
    return await rollback(plan, Selection(), lambda _: True, settings=SETTINGS)


async def _ingest_logs(plan: Path) -> Any:
    return _ingested(plan, lambda catalogue: ingest_logs(catalogue, [f"gs://{SOURCE}/{PREFIX}"]))


async def _ingest_listing(plan: Path) -> Any:
    return _ingested(plan, lambda catalogue: ingest_listing(catalogue, f"gs://{SOURCE}", parallel=2))


def _ingested(plan: Path, ingest: Callable[[Catalogue], Any]) -> Any:
    with Catalogue.create_or_migrate(plan.with_suffix(".duckdb")) as catalogue:
        ingest(catalogue)
    return Done(0)


async def _transfer(plan: Path) -> Any:
    with transfer_double(os.environ["STORAGE_EMULATOR_HOST"]) as double:
        settings = msgspec.structs.replace(SETTINGS, transfer_endpoint=double.url, transfer_poll_seconds=0.01)
        return await run(plan, Selection(engine="transfer-service"), settings=settings)


async def _selftest(_: Path) -> Any:
    found = await selftest(SOURCE, f"selftest-{secrets.token_hex(4)}", anyway=True)
    refused = [finding for finding in found.findings if finding.outcome != "holds"]
    return Done(1 if refused or found.left_behind else 0, f"{refused} {found.left_behind}")


@dataclass(frozen=True)
class Done:
    """How a command ended that has no result of its own."""

    exit_code: int
    said: str = ""


COMMANDS: dict[str, Callable[[Path], Any]] = {
    "ingest logs gs://…": _ingest_logs,
    "ingest listing gs://…": _ingest_listing,
    "selftest gs://…": _selftest,
    "execute --dry-run": _dry_run,
    "execute --engine transfer-service": _transfer,
    "execute": _execute,
    "cleanup": _cleanup,
    "rollback": _rollback,
    "rollback after cleanup": _rollback,
}
CASES = [
    pytest.param(command, side, permission, id=f"{command}-{side}-{permission}")
    for command, needs in NEEDED.items()
    for side, permissions in (("source", needs.source), ("target", needs.target))
    for permission in permissions
]


def prepared(new_world: MakeWorld, command: str) -> World:
    """A world in which the command is next, with every permission still granted."""
    world = new_world(0)
    if command == "execute --engine transfer-service":
        # What a job cannot do, the plan does not ask for: grants and rules are those of the other rows.
        plain = [{"name": f"{PREFIX}{name}", "size": 10} for name in "abc"]
        world.server.control("POST", "objects", {"bucket": SOURCE, "objects": plain})
        world.write_plan()
        return world
    world.fill(3)
    world.write_plan(lifecycle_policy=RULES, settings={"iam": [GRANT]})
    if command.startswith(("execute", "ingest", "selftest")):
        return world
    assert world.execute().exit_code == 0
    with closing(sqlite3.connect(world.journal)) as journal:
        journal.execute("UPDATE move SET state = 'quiet', quiet_since = '2026-11-01'")
        journal.commit()
    if command == "rollback after cleanup":
        assert world.run(_cleanup).exit_code == 0
    return world


def allow(world: World, command: str, *, without: tuple[str, str] = ("", ""), tidy: tuple[str, ...] = ()) -> None:
    """Grant nobody in particular exactly what the command needs, but for one (side, permission)."""
    sides = {"source": NEEDED[command].source, "target": NEEDED[command].target}
    kept = {side: [one for one in given if (side, one) != without] for side, given in sides.items()}
    # Creating a bucket is asked of the project, for which the server has no name.
    permissions = {SOURCE: kept["source"], TARGET: [*kept["target"], *tidy], "": kept["target"]}
    ours = {"principal": "mover@example.com", "permissions": permissions}
    every = [LIST, GET, CREATE, DELETE, BUCKET, READ_POLICY]
    service = {"principal": AGENT, "permissions": {"*": every}}
    world.server.control("POST", "iam", {"tokens": {"": ours, AGENT: service}})


def outcome(world: World, command: str) -> tuple[int, str]:
    """Exit code and everything that was said."""
    try:
        result = world.run(COMMANDS[command])
    except (ExecutorError, AnalysisError, ThermoclineError) as error:
        return error.exit_code, str(error)
    return int(result.exit_code), repr(result)


def judge(world: World, command: str) -> None:
    """Let the oracle judge what was done to people's objects; a self-test works on objects of its own only."""
    world.server.control("POST", "iam", {"enforce": False})
    judgement = world.judge(journal=False)
    assert [fault for fault in judgement.faults if not (command.startswith("selftest") and FOLDER in fault)] == []


@required("only the permissions of docs/permissions.md are granted", "the command succeeds")
@pytest.mark.parametrize("command", COMMANDS)
def test_enough(new_world: MakeWorld, command: str) -> None:
    world = prepared(new_world, command)
    allow(world, command)
    code, said = outcome(world, command)
    assert code == 0, said
    judge(world, command)


@required("any single one of them is missing", "stops cleanly, naming it; works once it is granted")
@pytest.mark.parametrize(("command", "side", "permission"), CASES)
def test_one_missing(new_world: MakeWorld, command: str, side: str, permission: str) -> None:
    world = prepared(new_world, command)
    allow(world, command, without=(side, permission), tidy=NEEDED[command].tidy)
    code, said = outcome(world, command)
    assert code != 0, f"not needed: {permission} on the {side}"
    assert permission in said
    allow(world, command, tidy=NEEDED[command].tidy)
    code, said = outcome(world, command)
    assert code == 0, said
    judge(world, command)


@required("a rollback may not delete buckets", "everything else is taken back; the empty bucket stays, and it says so")
def test_a_bucket_that_may_not_be_deleted_stays(new_world: MakeWorld) -> None:
    world = prepared(new_world, "rollback")
    allow(world, "rollback", tidy=("storage.objects.get",))
    code, said = outcome(world, "rollback")
    assert code == 0, said
    assert "storage.buckets.delete" in said
    world.server.control("POST", "iam", {"enforce": False})
    assert world.state()["buckets"][TARGET]["objects"] == []
    assert world.judge(journal=False).faults == []


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/support/needed_permissions.py"

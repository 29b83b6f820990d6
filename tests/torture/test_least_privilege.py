"""Each command with exactly the permissions that docs/permissions.md names, and with each one of them taken away."""

import asyncio
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
from bigquery_double import SINK, running_bigquery
from every_command import Line
from executor.aftercare import cleanup, rollback
from executor.errors import ExecutorError
from executor.reading import Selection
from executor.run import run
from hand_made_plan import SOURCE
from log_entries import entry
from logging_double import LoggingDouble, running_logging
from needed_permissions import NEEDED, PAGE, READ_POLICY, page
from small_catalogue import BUCKET as INSPECTED
from small_catalogue import write_catalogue
from thermocline.errors import ThermoclineError
from thermocline.selftest.run import FOLDER, selftest
from torture_world import PREFIX, SETTINGS, TARGET, World, required
from transfer_double import AGENT, AT_SINK, AT_SOURCE, transfer_double

MakeWorld = Callable[[int], World]
# Where the plan that is made with --inspect would move things.
NAMES = [f"{name}-bucket-prod" for name in ("archive", "history", "imports-seed", "tiny", "exports")]
RULES = {"rule": [{"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 365}}]}
GRANT = {"role": "roles/storage.objectViewer", "member": "group:analysts@example.com", "reason": "reads it"}


Granted = frozenset[str]
"""Permissions of another service than Cloud Storage."""


async def _execute(plan: Path, _: Granted) -> Any:
    return await run(plan, Selection(), settings=SETTINGS)


async def _dry_run(plan: Path, _: Granted) -> Any:
    return await run(plan, Selection(dry_run=True), settings=SETTINGS)


async def _cleanup(plan: Path, _: Granted) -> Any:
    return await cleanup(plan, Selection(), lambda _: True, settings=SETTINGS)


async def _rollback(plan: Path, _: Granted) -> Any:
    return await rollback(plan, Selection(), lambda _: True, settings=SETTINGS)


async def _ingest_logs(plan: Path, _: Granted) -> Any:
    return _ingested(plan, lambda catalogue: ingest_logs(catalogue, [f"gs://{SOURCE}/{PREFIX}"]))


async def _ingest_listing(plan: Path, _: Granted) -> Any:
    return _ingested(plan, lambda catalogue: ingest_listing(catalogue, f"gs://{SOURCE}", parallel=2))


def _ingested(plan: Path, ingest: Callable[[Catalogue], Any]) -> Any:
    with Catalogue.create_or_migrate(plan.with_suffix(".duckdb")) as catalogue:
        ingest(catalogue)
    return Done(0)


async def _transfer(plan: Path, granted: Granted) -> Any:
    with transfer_double(os.environ["STORAGE_EMULATOR_HOST"]) as double:
        double.granted = granted
        settings = msgspec.structs.replace(SETTINGS, transfer_endpoint=double.url, transfer_poll_seconds=0.01)
        return await run(plan, Selection(engine="transfer-service"), settings=settings)


async def _ingest_cloud_logging(plan: Path, granted: Granted) -> Any:
    double = LoggingDouble([entry("a/1"), entry("a/2", log="activity")])
    double.granted = granted
    with running_logging(double) as url:
        words = ("--project", "team", "--since", "2026-10-01", "--until", "2026-10-02", "--endpoint", url)
        return typed("ingest cloud-logging", *words, "--catalogue", plan.with_suffix(".duckdb"))


def _ingest_bigquery(table: str, *options: str) -> Callable[[Path, Granted], Any]:
    async def ingest(plan: Path, granted: Granted) -> Any:
        with running_bigquery() as (double, url):
            double.add_table("logs", table, SINK, [])
            double.granted = granted
            words = ("--table", "local.logs.cloudaudit", "--since", "2026-10-01", "--until", "2026-10-02", *options)
            return typed("ingest bigquery", *words, "--endpoint", url, "--catalogue", plan.with_suffix(".duckdb"))

    return ingest


async def _inspect(plan: Path, _: Granted) -> Any:
    catalogue = plan.with_name("small.duckdb")
    if not catalogue.exists():
        write_catalogue(catalogue)
    words = ("--catalogue", catalogue, "--env", "prod", "--output", plan.with_name("made.json"), "--inspect")
    # In a thread, for the command has an event loop of its own.
    return await asyncio.to_thread(typed, "plan generate", *words)


def typed(command: str, *words: object) -> "Done":
    """Run a command as a person types it."""
    return Done(*Line(command, words).run())


async def _selftest(_: Path, __: Granted) -> Any:
    found = await selftest(SOURCE, f"selftest-{secrets.token_hex(4)}", anyway=True)
    refused = [finding for finding in found.findings if finding.outcome != "holds"]
    return Done(1 if refused or found.left_behind else 0, f"{refused} {found.left_behind}")


@dataclass(frozen=True)
class Done:
    """How a command ended that has no result of its own."""

    exit_code: int
    said: str = ""


COMMANDS: dict[str, Callable[[Path, Granted], Any]] = {
    "ingest logs gs://…": _ingest_logs,
    "ingest listing gs://…": _ingest_listing,
    "ingest cloud-logging": _ingest_cloud_logging,
    "ingest bigquery": _ingest_bigquery("cloudaudit"),
    "ingest bigquery (a table a day)": _ingest_bigquery("cloudaudit_20261001"),
    "ingest bigquery --dry-run": _ingest_bigquery("cloudaudit", "--dry-run"),
    "plan generate --inspect": _inspect,
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
    for side, permissions in (("source", needs.source), ("target", needs.target), ("service", needs.service))
    for permission in permissions
]


def prepared(new_world: MakeWorld, command: str) -> World:
    """A world in which the command is next, with every permission still granted."""
    world = new_world(0)
    world.make_bucket(INSPECTED)
    if command == "execute --engine transfer-service":
        # What a job cannot do, the plan does not ask for: grants and rules are those of the other rows.
        plain = [{"name": f"{PREFIX}{name}", "size": 10} for name in "abc"]
        world.server.control("POST", "objects", {"bucket": SOURCE, "objects": plain})
        world.write_plan()
        return world
    world.fill(3)
    world.write_plan(lifecycle_policy=RULES, settings={"iam": [GRANT]})
    if command.startswith(("execute", "ingest", "plan", "selftest")):
        return world
    assert world.execute().exit_code == 0
    with closing(sqlite3.connect(world.journal)) as journal:
        journal.execute("UPDATE move SET state = 'quiet', quiet_since = '2026-11-01'")
        journal.commit()
    if command == "rollback after cleanup":
        assert world.run(_cleanup, frozenset()).exit_code == 0
    return world


def allow(world: World, command: str, *, without: tuple[str, str] = ("", ""), tidy: tuple[str, ...] = ()) -> Granted:
    """Grant nobody in particular exactly what the command needs, but for one (side, permission).

    What other services are to grant is returned; the Storage Transfer Service's own agent holds what its roles say.
    """
    needs = NEEDED[command]
    sides = {"source": needs.source, "target": needs.target, "service": needs.service}
    kept = {side: [one for one in given if (side, one) != without] for side, given in sides.items()}
    # Creating a bucket is asked of the project, for which the server has no name.
    permissions = {
        SOURCE: kept["source"],
        INSPECTED: kept["source"],
        TARGET: [*kept["target"], *tidy],
        "": kept["target"],
        **dict.fromkeys(NAMES, kept["target"]),
    }
    ours = {"principal": "mover@example.com", "permissions": permissions}
    agent = {"principal": AGENT, "permissions": {SOURCE: sorted(AT_SOURCE), TARGET: sorted(AT_SINK)}}
    world.server.control("POST", "iam", {"tokens": {"": ours, AGENT: agent}})
    return frozenset(kept["service"])


def outcome(world: World, command: str, granted: Granted) -> tuple[int, str]:
    """Exit code and everything that was said."""
    try:
        result = world.run(COMMANDS[command], granted)
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
    code, said = outcome(world, command, allow(world, command))
    assert code == 0, said
    judge(world, command)


@required("any single one of them is missing", "stops cleanly, naming it; works once it is granted")
@pytest.mark.parametrize(("command", "side", "permission"), CASES)
def test_one_missing(new_world: MakeWorld, command: str, side: str, permission: str) -> None:
    world = prepared(new_world, command)
    granted = allow(world, command, without=(side, permission), tidy=NEEDED[command].tidy)
    code, said = outcome(world, command, granted)
    assert code != 0, f"not needed: {permission} on the {side}"
    assert permission in said
    code, said = outcome(world, command, allow(world, command, tidy=NEEDED[command].tidy))
    assert code == 0, said
    judge(world, command)


@required("a rollback may not delete buckets", "everything else is taken back; the empty bucket stays, and it says so")
def test_a_bucket_that_may_not_be_deleted_stays(new_world: MakeWorld) -> None:
    world = prepared(new_world, "rollback")
    code, said = outcome(world, "rollback", allow(world, "rollback", tidy=("storage.objects.get",)))
    assert code == 0, said
    assert "storage.buckets.delete" in said
    world.server.control("POST", "iam", {"enforce": False})
    assert world.state()["buckets"][TARGET]["objects"] == []
    assert world.judge(journal=False).faults == []


@required("`plan generate --inspect` may not read the policy", "it plans all the same, and says what it could not read")
def test_an_inspection_says_what_it_may_not_read(new_world: MakeWorld) -> None:
    command = "plan generate --inspect"
    world = prepared(new_world, command)
    code, said = outcome(world, command, allow(world, command))
    assert (code, READ_POLICY in said) == (0, True), said


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/support/needed_permissions.py"

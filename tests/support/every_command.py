"""Every command of the command line once, on small inputs: for what must hold for all of them."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from log_entries import BUCKET as LOGGED
from log_entries import entry, lines
from small_catalogue import BUCKET, usual_folders, write_catalogue
from thermocline.cli.app import COMMANDS, load_command
from thermocline.cli.app import run as main


@dataclass(frozen=True)
class Line:
    """One command line; `command` is how the registry names it, `codes` are the exit codes of a good end."""

    command: str
    words: tuple[object, ...]
    codes: frozenset[int] = frozenset({0})

    def run(self) -> tuple[int, str]:
        """Its exit code, and all that it said on both streams. A bug comes out as itself."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main([*self.command.split(), *map(str, self.words)])
        return code, said.getvalue()


def registry() -> set[str]:
    """The name of every command that there is, subcommands spelt out."""
    found = set()
    for name in COMMANDS:
        inner = getattr(load_command(name), "commands", None)
        found |= {f"{name} {one}" for one in inner} if inner else {name}
    return found


def without_api(folder: Path, executed: Path) -> Iterator[Line]:
    """The commands that call no API, on files in `folder`; `executed` is a plan with a journal beside it."""
    logs, inventory, usage = folder / "l.json", folder / "r_2026-10-31.csv", folder / "usage_2026_10_31.csv"
    logs.write_bytes(lines(*(entry(f"a/{n}", insert_id=str(n), at=f"2026-10-{n + 1:02}T10:00:00Z") for n in range(9))))
    inventory.write_text(f"bucket,name,size,timeCreated\n{LOGGED},a/1,5,2026-01-01\n")
    usage.write_text(f"time_micros,cs_operation,cs_bucket,cs_object\n1793440800000000,GET_Object,{LOGGED},a/1\n")
    code = folder / "code"
    code.mkdir()
    (code / "job.py").write_text(f"open('gs://{BUCKET}/archive/x')\n")
    fresh, judged = folder / "fresh.duckdb", folder / "judged.duckdb"
    write_catalogue(judged, earlier=usual_folders())
    plan, once_more = folder / "plan.json", folder / "plan-2.json"
    yield Line("ingest logs", (logs, "--catalogue", fresh))
    yield Line("ingest inventory", (inventory, "--catalogue", fresh))
    yield Line("ingest usage", (usage, "--catalogue", fresh))
    yield Line("ingest code", (code, "--env", "prod", "--catalogue", fresh))
    yield Line("references", (code, "--env", "prod"))
    yield Line("coverage", ("--catalogue", fresh))
    yield Line("analyze", ("--bucket", LOGGED, "--catalogue", fresh))
    for look in ("subfolders", "consumers", "contradictions"):
        yield Line(look, ("--catalogue", fresh))
    yield Line("drift", ("--catalogue", judged))
    yield Line("report", ("--catalogue", judged, "--bucket", BUCKET, "--output", folder / "report"))
    yield Line("plan generate", ("--catalogue", judged, "--env", "prod", "--output", plan))
    yield Line("plan generate", ("--catalogue", judged, "--env", "prod", "--output", once_more, "--no-report"))
    yield Line("plan show", (plan,))
    yield Line("plan approve", (plan, "--phase", 1, "--by", "owner@example.com", "--yes"))
    yield Line("plan diff", (once_more, plan))
    yield Line("plan check", (plan, "--catalogue", judged, "--phase", 1))
    yield Line("plan export", (plan, "--format", "terraform"))
    yield Line("patch", (plan, "--checkout", code), frozenset({0, 3}))
    yield Line("status", (executed,))
    # Nothing in these logs is of the time after the migration: the old place cannot be called quiet.
    yield Line("observe", (executed, "--catalogue", fresh), frozenset({3}))
    yield Line("doctor", (plan, "--catalogue", fresh))


def with_api(folder: Path, plan: Path, bucket: str, copies: int, logging_url: str, bigquery_url: str) -> Iterator[Line]:
    """The other commands, on a bucket of the sandbox server that the environment names; `plan` moves `copies` objects.

    The last two undo and test; before them the plan is carried out. The sink's table at `bigquery_url` is
    `local.logs.cloudaudit`.
    """
    catalogue, days = folder / "online.duckdb", ("--since", "2026-10-01", "--until", "2026-10-02")
    yield Line("ingest logs", (f"gs://{bucket}/", "--catalogue", catalogue), frozenset({0, 3}))
    yield Line("ingest listing", (f"gs://{bucket}", "--catalogue", catalogue))
    logged = ("--project", "team", *days, "--endpoint", logging_url)
    yield Line("ingest cloud-logging", (*logged, "--catalogue", catalogue))
    table = ("--table", "local.logs.cloudaudit", *days, "--endpoint", bigquery_url)
    yield Line("ingest bigquery", (*table, "--catalogue", catalogue))
    yield Line("execute", (plan, "--dry-run"))
    yield Line("execute", (plan,))
    # Nobody has observed that the old place is quiet.
    yield Line("cleanup", (plan, "--confirm", copies), frozenset({1}))
    yield Line("rollback", (plan, "--use-case", "all", "--confirm", copies))
    yield Line("selftest", (f"gs://{bucket}", "--anyway"))

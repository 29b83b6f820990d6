"""The exact IAM permissions of each command, as the least-privilege tests prove them, and docs/permissions.md."""

from dataclasses import dataclass
from pathlib import Path

from bigquery_double import CREATE_JOBS, GET_TABLE, LIST_TABLES, READ_ROWS
from logging_double import LIST as LIST_ENTRIES
from logging_double import LIST_PRIVATE
from transfer_double import ACCOUNT, CREATE_JOB, GET_JOB, GET_OPERATION, RUN_JOB

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"


@dataclass(frozen=True)
class Needs:
    """What a command needs: on the source bucket, on the target bucket (the project, while it does not exist).

    `service` is what it needs of another service, on the project (or, where the name says so, the dataset or table).
    `tidy` on the target is not needed to succeed, only to tidy up after a run that was interrupted or refused.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    why: str
    tidy: tuple[str, ...] = ()
    service: tuple[str, ...] = ()


LIST, GET, CREATE, DELETE = (f"storage.objects.{verb}" for verb in ("list", "get", "create", "delete"))
BUCKET, MAKE, CHANGE = "storage.buckets.get", "storage.buckets.create", "storage.buckets.update"
READ_POLICY, SET_POLICY = "storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"
RESTORE, UPDATE, DROP = "storage.objects.restore", "storage.objects.update", "storage.buckets.delete"
TIDY = (GET, UPDATE, DELETE)

NEEDED: dict[str, Needs] = {
    "ingest logs gs://…": Needs((LIST, GET), (), "on the bucket that holds the logs: finds and reads them"),
    "ingest listing gs://…": Needs((BUCKET, LIST), (), "location, and every object's name and size"),
    "ingest cloud-logging": Needs((), (), "reads the audit logs", service=(LIST_ENTRIES, LIST_PRIVATE)),
    "ingest bigquery": Needs((), (), "rolls logs up in BigQuery", service=(GET_TABLE, CREATE_JOBS, READ_ROWS)),
    "ingest bigquery (a table a day)": Needs(
        (), (), "finds the newest table first", service=(GET_TABLE, LIST_TABLES, CREATE_JOBS, READ_ROWS)
    ),
    "ingest bigquery --dry-run": Needs((), (), "asks for the price", service=(GET_TABLE, CREATE_JOBS, READ_ROWS)),
    "plan generate --inspect": Needs(
        (BUCKET,), (BUCKET,), "what else hangs on the bucket, and whose the new names are"
    ),
    "execute --dry-run": Needs((BUCKET, LIST), (BUCKET,), "looks at both sides"),
    "execute": Needs(
        (BUCKET, LIST, GET),
        (BUCKET, MAKE, CREATE, LIST, READ_POLICY, SET_POLICY, CHANGE),
        "makes the bucket, copies, compares, grants, sets lifecycle rules",
        TIDY,
    ),
    "execute --engine transfer-service": Needs(
        (BUCKET, LIST, READ_POLICY, SET_POLICY),
        (BUCKET, MAKE, CREATE, LIST, READ_POLICY, SET_POLICY),
        "lets the service's agent in, has it copy, compares, takes the agent's rights back",
        TIDY,
        (ACCOUNT, GET_JOB, CREATE_JOB, RUN_JOB, GET_OPERATION),
    ),
    "cleanup": Needs((BUCKET, LIST, DELETE), (CREATE, LIST), "compares once more, deletes verified sources", TIDY),
    "rollback": Needs(
        (LIST,),
        (BUCKET, CREATE, LIST, DELETE, READ_POLICY, SET_POLICY, CHANGE),
        "removes copies, grants, rules, and the bucket that we made",
        (GET, UPDATE, DROP),
    ),
    "selftest gs://…": Needs(
        (BUCKET, LIST, GET, CREATE, UPDATE, DELETE, RESTORE),
        (),
        "on a throw-away bucket: tries every assumption, and removes what it made",
    ),
    "rollback after cleanup": Needs(
        (LIST, GET, CREATE, RESTORE),
        (BUCKET, CREATE, LIST, DELETE, READ_POLICY, SET_POLICY, CHANGE),
        "restores the sources from soft delete first",
        (GET, UPDATE, DROP),
    ),
}

# Commands that call no API at all; a test runs each of them with every connection refused.
OFFLINE = (
    *("ingest logs", "ingest inventory", "ingest usage", "ingest code"),
    *("references", "coverage", "analyze", "subfolders", "consumers", "contradictions", "drift", "report"),
    *("plan generate", "plan show", "plan diff", "plan approve", "plan check", "plan export"),
    *("patch", "status", "observe", "doctor"),
)
# Commands that talk to a server of their own on 127.0.0.1, and to nobody else.
REHEARSALS = ("demo", "sandbox serve")

HEAD = """# Permissions

<!-- Made by tests/support/needed_permissions.py; do not edit. -->

What each command needs, and nothing more. A test runs every command with exactly these permissions, and again with each
one taken away: it must then stop with the name of the missing permission, without having done harm. The services are
local servers that ask for what the documentation of Cloud Storage, Cloud Logging, BigQuery and the Storage Transfer
Service says. Credentials come from Application Default Credentials only.

These commands need no permission, for they call no API (tested with every connection refused):
{offline}; except `ingest logs gs://…` and `plan generate --inspect`, which the table holds.

| command | on the source bucket | on the target bucket, or its project | of other services | to tidy up there | for |
|---|---|---|---|---|---|
"""

TAIL = """
- `storage.buckets.create` is checked on the project; the others may be granted on the bucket, except before it exists.
- `storage.buckets.getIamPolicy` and `setIamPolicy` are needed only for moves whose plan has grants (and for the
  Storage Transfer Service), `storage.buckets.update` only for moves whose plan has lifecycle rules. A bucket that was
  handed over without enforced public access prevention is asked whether it is open to everybody, by the first of these.
- *To tidy up there*, at the target: with `storage.objects.get` a lost answer is settled and the lock of a dead run is
  read, with `storage.objects.update` it is taken over, with `storage.objects.delete` it is given back and a copy of
  ours that failed its verification is replaced. A run that goes well needs none of them.
- `storage.buckets.delete` lets a rollback remove the empty bucket that we made; without it the bucket stays, and the
  rollback says so.
- `storage.objects.delete` on the source is needed by `cleanup` alone. Grant it then, and take it away again.
- Data Access entries are private: without `logging.privateLogEntries.list` Cloud Logging answers as if there were none.
  `ingest cloud-logging` therefore looks for one first, and stops where it sees none.
- BigQuery: `bigquery.jobs.create` on the project that pays, the others on the table, `bigquery.tables.list` on the
  dataset.
- `plan generate --inspect` says on stderr what it could not read: with `storage.buckets.getIamPolicy` it sees grants
  that are bound to a folder, and a target name that it may not look at counts as somebody else's.
- The Storage Transfer Service copies as its own agent. `execute` grants it `roles/storage.objectViewer` and
  `roles/storage.legacyBucketReader` on the source, `roles/storage.legacyBucketWriter` and `legacyBucketReader` on the
  target, and takes them back when the jobs have ended. The service names no permission when it refuses; we do.
"""


def page() -> str:
    """The whole page."""
    rows = [
        f"| `{command}` | {_listed(needs.source)} | {_listed(needs.target)} | {_listed(needs.service)} "
        f"| {_listed(needs.tidy)} | {needs.why} |\n"
        for command, needs in NEEDED.items()
    ]
    offline = ", ".join(f"`{command}`" for command in OFFLINE)
    return HEAD.format(offline=offline) + "".join(rows) + TAIL


def _listed(permissions: tuple[str, ...]) -> str:
    return "<br>".join(f"`{one}`" for one in permissions)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

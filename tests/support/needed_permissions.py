"""The exact IAM permissions of each command, as the least-privilege tests prove them, and docs/permissions.md."""

from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"


@dataclass(frozen=True)
class Needs:
    """What a command needs: on the source bucket, on the target bucket (the project, while it does not exist).

    `tidy` on the target is not needed to succeed, only to tidy up after a run that was interrupted or refused.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    why: str
    tidy: tuple[str, ...] = ()


LIST, GET, CREATE, DELETE = (f"storage.objects.{verb}" for verb in ("list", "get", "create", "delete"))
BUCKET, MAKE, CHANGE = "storage.buckets.get", "storage.buckets.create", "storage.buckets.update"
READ_POLICY, SET_POLICY = "storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"
RESTORE, UPDATE, DROP = "storage.objects.restore", "storage.objects.update", "storage.buckets.delete"
TIDY = (GET, UPDATE, DELETE)

NEEDED: dict[str, Needs] = {
    "ingest logs gs://…": Needs((LIST, GET), (), "on the bucket that holds the logs: finds and reads them"),
    "ingest listing gs://…": Needs((BUCKET, LIST), (), "location, and every object's name and size"),
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

HEAD = """# Permissions

<!-- Made by tests/support/needed_permissions.py; do not edit. -->

What each command needs on Cloud Storage, and nothing more. A test runs every command with exactly these permissions,
and again with each one taken away: it must then stop with the name of the missing permission, without having done
harm. Credentials come from Application Default Credentials only.

`ingest logs`, `ingest inventory`, `ingest usage` and `ingest code` on local files, `analyze`, `subfolders`, `report`,
`plan …`, `references`, `patch`, `observe` and `status` need no permission: they read the catalogue, the plan and the
journal.

| command | on the source bucket | on the target bucket, or its project | to tidy up there | for |
|---|---|---|---|---|
"""

TAIL = """
- `execute --engine transfer-service` also needs `roles/storagetransfer.user` on the project (jobs and operations:
  create, get, run), and `storagetransfer.projects.getServiceAccount`. That part is not proven by a test: the local
  double of the service asks for no rights of its own.
- `ingest cloud-logging` needs `logging.logEntries.list` (for data access logs `logging.privateLogEntries.list`),
  `ingest bigquery` needs `bigquery.jobs.create` and `bigquery.tables.getData`; both as their services document it, not
  proven here.
- `storage.buckets.create` is checked on the project; the others may be granted on the bucket, except before it exists.
- `storage.buckets.getIamPolicy` and `setIamPolicy` are needed only for moves whose plan has grants,
  `storage.buckets.update` only for moves whose plan has lifecycle rules.
- *To tidy up*: with `storage.objects.get` a lost answer is settled and the lock of a dead run is read, with
  `storage.objects.update` it is taken over, with `storage.objects.delete` it is given back and a copy of ours that
  failed its verification is replaced. A run that goes well needs none of them.
- `storage.buckets.delete` lets a rollback remove the empty bucket that we made; without it the bucket stays, and the
  rollback says so.
- `storage.objects.delete` on the source is needed by `cleanup` alone. Grant it then, and take it away again.
"""


def page() -> str:
    """The whole page."""
    rows = [
        f"| `{command}` | {_listed(needs.source)} | {_listed(needs.target)} | {_listed(needs.tidy)} | {needs.why} |\n"
        for command, needs in NEEDED.items()
    ]
    return HEAD + "".join(rows) + TAIL


def _listed(permissions: tuple[str, ...]) -> str:
    return "<br>".join(f"`{one}`" for one in permissions)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

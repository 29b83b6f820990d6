"""What a code checkout says about buckets, into the catalogue."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.catalogue import Catalogue, load_sql
from analysis.references.model import Reference, ScanResult
from analysis.references.scan import scan_checkout
from analysis.sources.ledger import LedgerRow, find_known, next_file_id, record
from analysis.sources.report import FileReport, IngestReport

_COLUMNS = (
    "checkout",
    "commit_id",
    "env",
    "bucket",
    "prefix",
    "role",
    "file",
    "line",
    "kind",
    "via",
    "confidence",
    "workload",
    "provenance",
)


def ingest_code(
    catalogue: Catalogue,
    checkout: Path,
    env: str,
    bucket: str | None = None,
    settings: Mapping[str, Any] | None = None,
    keep_in: Path | None = None,
) -> IngestReport:
    """Scan `checkout` for environment `env` and replace what an earlier scan of the two said.

    The report counts references: `lines` are all that were found, `kept` those of `bucket` (all of them without one),
    `not_storage` those of other buckets. `settings` is the [references] table of thermocline.toml.
    With `keep_in`, an unchanged checkout is answered from there. Raises BadInput where `checkout` is no directory.
    """
    everything = scan_checkout(checkout, env=env, settings=settings, keep_in=keep_in)
    result = everything.concerning(bucket)
    name = str(checkout.resolve())
    report = FileReport(
        name,
        lines=len(everything.references),
        kept=len(result.references),
        not_storage=len(everything.references) - len(result.references),
        note=_note(result),
    )
    rows = [_row(reference, name, result.commit, env) for reference in result.references]
    with catalogue.transaction() as connection:
        connection.execute(load_sql("code/forget_checkout.sql"), {"checkout": name, "env": env})
        connection.execute(load_sql("code/forget_findings.sql"), {"checkout": name, "env": env})
        for one in result.findings:
            others = [f"{site.file}:{site.line}" for site in one.others]
            row = [name, env, one.kind, one.message, one.site.file, one.site.line, others]
            connection.execute(load_sql("code/add_finding.sql"), row)
        if rows:
            connection.execute(
                load_sql("code/add_references.sql"), [list(column) for column in zip(*rows, strict=True)]
            )
        checksum = hashlib.sha256(repr(rows).encode()).hexdigest()[:16]
        if (name, checksum, 0) not in find_known(connection, "code"):
            record(connection, [LedgerRow(next_file_id(connection), "code", report, checksum, 0)])
    return IngestReport([report])


def _note(result: ScanResult) -> str:
    missing = len(result.given_up)
    text = f"{result.files} files read"
    return f"{text}, {missing} places not followed (see `thermocline references`)" if missing else text


def _row(reference: Reference, checkout: str, commit: str, env: str) -> list[object]:
    provenance = json.dumps([{"file": site.file, "line": site.line} for site in reference.provenance])
    values: dict[str, object] = {
        "checkout": checkout,
        "commit_id": commit,
        "env": env,
        "provenance": provenance,
        **{name: getattr(reference, name) for name in _COLUMNS[3:-1]},
    }
    return [values[name] for name in _COLUMNS]

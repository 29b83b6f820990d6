"""Contradictions from what a catalogue holds of code and of logs."""

import json
from collections.abc import Sequence
from dataclasses import replace

import duckdb

from analysis.catalogue import load_sql
from analysis.model import Contradiction
from analysis.references.contradictions import Traffic, find
from analysis.references.model import Finding, Reference, Site


def code_contradictions(
    connection: duckdb.DuckDBPyConnection, bucket: str, subfolders: Sequence[str] = ()
) -> tuple[Contradiction, ...]:
    """Where code, logs and documents contradict each other about `bucket`; nothing where no code was ingested.

    `subfolders` are those that verdicts are given for: a contradiction below one of them is filed under its name.
    """
    cursor = connection.execute(load_sql("code/references.sql"), {"bucket": None, "env": None})
    names = [column[0] for column in cursor.description or []]
    references = [_reference(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    if not references:
        return ()
    found = connection.execute(load_sql("code/findings.sql")).fetchall()
    findings = [
        Finding(kind, message, Site(file, line), tuple(_site(other) for other in others or ()))
        for kind, message, file, line, others in found
    ]
    seen = connection.execute(load_sql("code/traffic.sql"), {"bucket": bucket}).fetchall()
    told = find(references, findings, [Traffic(*row) for row in seen], bucket)
    return tuple(replace(one, subfolder=_owner(one.subfolder, subfolders)) for one in told)


def _owner(folder: str, subfolders: Sequence[str]) -> str:
    above = [name for name in subfolders if name and f"{folder}/".startswith(f"{name}/")]
    return max(above, key=len, default=folder)


def _site(text: str) -> Site:
    file, _, line = text.rpartition(":")
    return Site(file, int(line))


def _reference(row: dict[str, object]) -> Reference:
    provenance = tuple(Site(site["file"], site["line"]) for site in json.loads(str(row["provenance"] or "[]")))
    names = ("bucket", "prefix", "role", "file", "line", "via", "kind", "confidence", "workload")
    return Reference(**{name: row[name] for name in names}, provenance=provenance)  # type: ignore[arg-type]

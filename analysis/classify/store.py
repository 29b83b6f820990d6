"""Keeps each analysis as a dated snapshot, and reads snapshots back."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import duckdb

from analysis.catalogue import Catalogue, load_sql
from analysis.classify.facts import Facts
from analysis.errors import BadInput
from analysis.model import (
    Analysis,
    ChildFolder,
    ClassAge,
    CodeSite,
    ConsumerUse,
    Contradiction,
    RuleReason,
    Subfolder,
)

# Stands in the consumer table for calls that name no folder; no folder can be called so.
WHOLE_BUCKET = "*"


def save(connection: duckdb.DuckDBPyConnection, analysis: Analysis, facts: Sequence[Facts], settings: Any) -> None:
    """Write one snapshot; to be called inside a transaction."""
    number = analysis.snapshot_id
    inventory = facts[0].inventory_date if facts else None
    rows: dict[str, list[dict[str, Any]]] = {
        "snapshot": [
            {
                "as_of": analysis.as_of,
                "bucket": analysis.bucket,
                "settings": settings,
                "coverage_days": analysis.coverage_days,
                "coverage_from": analysis.coverage_from,
                "coverage_to": analysis.coverage_to,
            }
        ],
        "snapshot_detail": [
            {
                "location": analysis.location,
                "project": analysis.project,
                "inventory_date": inventory,
                "evidence_digest": analysis.evidence_digest,
            }
        ],
        "subfolder": [_subfolder_row(sub) for sub in analysis.subfolders],
        "subfolder_detail": [
            {
                "subfolder": sub.name,
                "prefix": sub.prefix,
                "excludes": sub.excludes,
                "folders": fact.folders,
                "read_bytes": sub.read_bytes,
            }
            for sub, fact in zip(analysis.subfolders, facts, strict=True)
        ],
        "consumer": [
            *(_consumer_row(sub.name, use) for sub in analysis.subfolders for use in _all_uses(sub)),
            *(_consumer_row(WHOLE_BUCKET, use) for use in analysis.listers),
        ],
        "contradiction": [asdict(contradiction) for contradiction in analysis.contradictions],
        "verdict_reason": [
            {"subfolder": sub.name, **asdict(rule)} for sub in analysis.subfolders for rule in sub.rules
        ],
        "class_age": [
            {"subfolder": sub.name, "age_days": age.age_days_bucket, **asdict(age)}
            for sub in analysis.subfolders
            for age in sub.class_ages
        ],
        "child_folder": [{"subfolder": sub.name, **asdict(c)} for sub in analysis.subfolders for c in sub.children],
        "activity_week": [
            {"subfolder": fact.name, "weeks_ago": ago, "reads": reads, "writes": writes}
            for fact in facts
            for ago, reads, writes in fact.weeks
        ],
        "code_site": [{"subfolder": sub.name, **asdict(site)} for sub in analysis.subfolders for site in sub.code],
        "lineage": [
            {
                "subfolder": fact.name,
                "copied_to": copy.copied_to,
                "principal": copy.consumer.principal,
                "days": copy.days,
                "events": copy.events,
                "last_at": copy.last_at,
            }
            for fact in facts
            for copy in fact.copies
        ],
    }
    for table, table_rows in rows.items():
        _insert(connection, table, [{"snapshot_id": number, **row} for row in table_rows])


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows by column name through one JSON parameter: thousands of rows in one statement."""
    if not rows:
        return
    types = dict(connection.execute(load_sql("classify/table_columns.sql"), {"table": table}).fetchall())
    shape = json.dumps([types])
    columns = ", ".join(f'"{name}"' for name in types)
    text = json.dumps([{name: row.get(name) for name in types} for row in rows], default=_plain)
    # Only column names of our own schema are put into the text; every value is bound.
    statement = load_sql("classify/insert_rows.sql").replace("{table}", table).replace("{columns}", columns)
    connection.execute(statement, {"rows": text, "shape": shape})


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"cannot store {type(value).__name__}")


def _subfolder_row(sub: Subfolder) -> dict[str, Any]:
    row = {name: getattr(sub, name) for name in _SUBFOLDER_COLUMNS}
    by_class: dict[str, int] = {}
    for age in sub.class_ages:
        by_class[age.storage_class] = by_class.get(age.storage_class, 0) + age.bytes
    return {**row, "subfolder": sub.name, "bytes_by_class": by_class}


_SUBFOLDER_COLUMNS = (
    *("template", "objects", "bytes", "small_objects", "created_min", "created_max", "temperature"),
    *("temperature_confidence", "isolation", "pattern", "assessment", "last_read_at", "last_write_at"),
    *("read_days_30", "write_days_30", "read_days", "write_days", "read_events", "write_events", "coverage_days"),
    *("hot_until_age_days", "reasons", "flags", "isolation_breakers"),
)


def _all_uses(sub: Subfolder) -> tuple[ConsumerUse, ...]:
    return (*sub.readers, *sub.writers, *sub.others)


def _consumer_row(subfolder: str, use: ConsumerUse) -> dict[str, Any]:
    return {"subfolder": subfolder, "consumer": use.name, **asdict(use)}


def latest_analysis(catalogue: Catalogue, bucket: str) -> Analysis:
    """The newest snapshot of a bucket. Raises BadInput if there is none."""
    return read_analysis(catalogue, bucket, None)


def earlier_snapshot(catalogue: Catalogue, analysis: Analysis, day: date | None) -> int:
    """Number of the snapshot before `analysis`, or of the last one that judges from a day up to `day`.

    Raises BadInput if there is none.
    """
    parameters = {"bucket": analysis.bucket, "snapshot": analysis.snapshot_id, "day": day}
    found = catalogue.connection.execute(load_sql("classify/earlier_snapshot.sql"), parameters).fetchall()[0][0]
    if found is None:
        until = f" as of {day} or before" if day else ""
        raise BadInput(
            f"{analysis.bucket} has no snapshot before number {analysis.snapshot_id}{until}",
            "run `thermocline analyze` again when there is new evidence, or with an earlier --as-of first",
        )
    return int(found)


def read_analysis(catalogue: Catalogue, bucket: str, snapshot_id: int | None) -> Analysis:
    """One snapshot of a bucket, the newest without a number. Raises BadInput if there is none."""
    connection = catalogue.connection
    found = _rows(connection, "read_snapshot", bucket=bucket, snapshot=snapshot_id)
    if not found:
        which = "no analysis" if snapshot_id is None else f"no snapshot {snapshot_id}"
        analysed = [str(row["bucket"]) for row in _rows(connection, "analysed_buckets")]
        others = f", or choose one that was analysed: {', '.join(analysed)}" if analysed else ""
        raise BadInput(
            f"the catalogue holds {which} of bucket {bucket}", f"run `thermocline analyze --bucket {bucket}`{others}"
        )
    head = found[0]
    number = head["snapshot_id"]
    tables = {
        name: _by_subfolder(_rows(connection, f"read_{name}", snapshot=number))
        for name in ("consumer", "verdict_reason", "class_age", "child_folder", "code_site")
    }
    subfolders = [_read_subfolder(row, tables) for row in _rows(connection, "read_subfolder", snapshot=number)]
    contradictions = _rows(connection, "read_contradiction", snapshot=number)
    return Analysis(
        snapshot_id=number,
        bucket=bucket,
        location=head["location"],
        project=head["project"],
        as_of=head["as_of"],
        coverage_days=head["coverage_days"],
        coverage_from=head["coverage_from"],
        coverage_to=head["coverage_to"],
        evidence_digest=head["evidence_digest"],
        subfolders=tuple(subfolders),
        listers=tuple(_read_use(use) for use in tables["consumer"].get(WHOLE_BUCKET, [])),
        contradictions=tuple(Contradiction(**{**c, "evidence": tuple(c["evidence"] or ())}) for c in contradictions),
    )


def _rows(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    result = connection.execute(load_sql(f"classify/{name}.sql"), parameters)
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def _by_subfolder(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(row.pop("subfolder"), []).append(row)
    return grouped


def _read_subfolder(row: dict[str, Any], tables: dict[str, dict[str, list[dict[str, Any]]]]) -> Subfolder:
    name = row["name"]
    uses = [_read_use(use) for use in tables["consumer"].get(name, [])]
    in_use = [use for use in uses if use.kind not in {"maintenance", "ourselves"}]
    readers = tuple(use for use in in_use if use.role == "reader")
    writers = tuple(use for use in in_use if use.role == "writer")
    lists = ("reasons", "isolation_breakers", "excludes")
    return Subfolder(
        **{
            **row,
            **{key: tuple(row[key] or ()) for key in lists},
            "flags": frozenset(row["flags"] or ()),
            "class_ages": tuple(ClassAge(**age) for age in tables["class_age"].get(name, [])),
            "children": tuple(ChildFolder(**child) for child in tables["child_folder"].get(name, [])),
            "code": tuple(CodeSite(**site) for site in tables["code_site"].get(name, [])),
            "rules": tuple(RuleReason(**rule) for rule in tables["verdict_reason"].get(name, [])),
            "readers": readers,
            "writers": writers,
            "others": tuple(use for use in uses if use not in readers and use not in writers),
        }
    )


def _read_use(row: dict[str, Any]) -> ConsumerUse:
    return ConsumerUse(**{**row, "files": tuple(row["files"] or ())})

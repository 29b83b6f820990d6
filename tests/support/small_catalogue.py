"""A small catalogue made by hand through the real migrations, for tests of what reads one."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from analysis.catalogue import Catalogue

BUCKET = "lake-prod"
FIRST, LAST = date(2026, 7, 4), date(2026, 10, 31)
GIB = 1024**3
GAP = (date(2026, 8, 11), date(2026, 8, 12))


@dataclass
class Folder:
    """A subfolder, and the days before LAST on which it was read or written (events a day)."""

    name: str
    bytes: int
    temperature: str
    isolation: str = "perfect"
    pattern: str = "mixed"
    storage_class: str = "STANDARD"
    reads: dict[int, int] = field(default_factory=dict)
    writes: dict[int, int] = field(default_factory=dict)
    partition_lag: int | None = None  # reads concern data of this many days before
    created: date = date(2024, 3, 1)
    reader: str = "nightly_import"
    writer: str = "nightly_export"


def usual_folders() -> list[Folder]:
    """One of every kind that a report must show."""
    daily = dict.fromkeys(range(120), 40)
    return [
        Folder("archive", 300 * GIB, "cold", pattern="manual archive", reads={40: 3}, created=date(2023, 5, 1)),
        Folder("history", 420 * GIB, "cold", pattern="archival system", writes=daily, created=date(2024, 9, 1)),
        Folder("imports/seed", 80 * GIB, "warm", "excellent", "reference data", "NEARLINE",
               dict.fromkeys(range(0, 120, 4), 12)),
        Folder("exports", 60 * GIB, "hot", "excellent", "external import", reads=daily, writes=daily, partition_lag=1,
               created=date(2026, 8, 1)),
        Folder("features", 70 * GIB, "unknown", "unknown", "unknown", created=date(2026, 9, 1)),
        Folder("tiny", 2048, "warm", "good", "shared library", reads=dict.fromkeys(range(0, 30, 3), 4)),
    ]  # fmt: skip


def write_catalogue(path: Path, folders: list[Folder] | None = None, *, earlier: list[Folder] | None = None) -> Path:
    """A catalogue with an analysis of BUCKET as of LAST, and one a month before it if `earlier` is given."""
    folders = usual_folders() if folders is None else folders
    with Catalogue.create_or_migrate(path) as catalogue, catalogue.transaction():
        if earlier is not None:
            _add_analysis(catalogue, 1, LAST - timedelta(days=31), earlier)
        _add_analysis(catalogue, 2, LAST, folders)
        _add_evidence(catalogue, folders)
    return path


def insert(catalogue: Catalogue, table: str, **values: Any) -> None:
    """One row; columns that are not named stay NULL."""
    marks = ", ".join("?" for _ in values)
    columns = ", ".join(values)
    catalogue.connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(values.values()))  # noqa: S608


def _add_analysis(catalogue: Catalogue, snapshot: int, as_of: date, folders: list[Folder]) -> None:
    insert(catalogue, "snapshot", snapshot_id=snapshot, as_of=as_of, bucket=BUCKET, settings="{}", coverage_days=118,
           coverage_from=FIRST, coverage_to=as_of)  # fmt: skip
    insert(catalogue, "snapshot_detail", snapshot_id=snapshot, location="europe-west1", project="analytics-prod",
           evidence_digest=f"sha256:{snapshot}")  # fmt: skip
    for folder in folders:
        insert(catalogue, "subfolder_detail", snapshot_id=snapshot, subfolder=folder.name, prefix=f"{folder.name}/")
        insert(catalogue, "class_age", snapshot_id=snapshot, subfolder=folder.name, storage_class=folder.storage_class,
               age_days=(as_of - folder.created).days, objects=10, bytes=folder.bytes, small_objects=0)  # fmt: skip
        insert(
            catalogue, "subfolder", snapshot_id=snapshot, subfolder=folder.name, bytes=folder.bytes, small_objects=0,
            objects=max(1, folder.bytes // GIB * 10), bytes_by_class=json.dumps({folder.storage_class: folder.bytes}),
            temperature=folder.temperature, temperature_confidence=0.9, isolation=folder.isolation,
            pattern=folder.pattern,
            assessment=f"{folder.temperature}, by {len(folder.reads)} days of reads",
            last_read_at=_moment(min(folder.reads)) if folder.reads else None,
            last_write_at=_moment(min(folder.writes)) if folder.writes else None,
            read_days_30=sum(day < 30 for day in folder.reads), write_days_30=sum(day < 30 for day in folder.writes),
            read_days=len(folder.reads), write_days=len(folder.writes), template=f"{folder.name}/",
            read_events=sum(folder.reads.values()), write_events=sum(folder.writes.values()), coverage_days=118,
            reasons=[f"read on {len(folder.reads)} of 118 days"], flags=[], isolation_breakers=[],
        )  # fmt: skip
        for role, use, name in (("reader", folder.reads, folder.reader), ("writer", folder.writes, folder.writer)):
            if use:
                insert(
                    catalogue, "consumer", snapshot_id=snapshot, subfolder=folder.name, consumer=name, kind="service",
                    role=role, principal=f"{name}@example.com", agent="python", job="", workload=name, confidence=0.9,
                    events=sum(use.values()), days=len(use), files=[f"jobs/{name}.py:12"],
                )  # fmt: skip
        insert(
            catalogue, "consumer", snapshot_id=snapshot, subfolder=folder.name, consumer="dlp", kind="maintenance",
            role="reader", principal="dlp@example.com", agent="other", confidence=0.9, events=9, days=1, files=[],
        )  # fmt: skip
    if folders:
        insert(catalogue, "contradiction", snapshot_id=snapshot, kind="code-without-traffic", subfolder=folders[0].name,
               message="code writes here, the logs saw no write", evidence=["jobs/old.py:3"])  # fmt: skip


def _add_evidence(catalogue: Catalogue, folders: list[Folder]) -> None:
    insert(catalogue, "evidence_file", file_id=1, kind="logs", uri="a.json.gz", checksum="c", lines=1000, kept=990,
           duplicates=6, rejected=3, not_storage=1, complete=True, note="")  # fmt: skip
    for offset in range((LAST - FIRST).days + 1):
        day = LAST - timedelta(days=offset)
        if day not in GAP:
            for log_type in ("data_read", "data_write"):
                insert(catalogue, "coverage", day=day, bucket=BUCKET, log_type=log_type, events=100)
    for folder in folders:
        prefix = f"{folder.name}/" if folder.name else ""
        insert(catalogue, "folder_stats", snapshot_date=LAST, bucket=BUCKET, folder=prefix, small_objects=0,
               storage_class=folder.storage_class, objects=10, bytes=folder.bytes)  # fmt: skip
        insert(catalogue, "object", snapshot_date=LAST, bucket=BUCKET, name=f"{prefix}part-0", size=folder.bytes,
               storage_class=folder.storage_class, created_at=folder.created)  # fmt: skip
        for op, use, name in (("read", folder.reads, folder.reader), ("write", folder.writes, folder.writer)):
            for age, events in use.items():
                _add_access(catalogue, prefix, age, op=op, events=events, principal=f"{name}@example.com",
                            lag=folder.partition_lag if op == "read" else None)  # fmt: skip
        _add_access(catalogue, prefix, 5, op="read", events=9, principal="dlp@example.com", agent="other")


def _add_access(
    catalogue: Catalogue, folder: str, age: int, *, op: str, events: int, principal: str, agent: str = "python",
    lag: int | None = None,
) -> None:  # fmt: skip
    day = LAST - timedelta(days=age)
    insert(
        catalogue, "access", bucket=BUCKET, folder=folder, day=day, principal=principal, delegation="", key_name="",
        partition_date=None if lag is None else day - timedelta(days=lag), agent=agent, job="", op=op, outcome="ok",
        copied_to="", source="audit", events=events, objects=events, object_min=1, object_max=2, first_at=_moment(age),
        last_at=_moment(age),
    )  # fmt: skip


def _moment(age: int) -> datetime:
    return datetime.combine(LAST - timedelta(days=age), datetime.min.time()).replace(hour=4)

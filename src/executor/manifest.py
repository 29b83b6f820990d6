"""One manifest a move: every object that was seen, where it went, and how that ended. CSV or Parquet.

Columns take gcloud's names where they fit. Names of objects stand behind `gs://BUCKET/`, so no cell begins with a
character that a spreadsheet would run.
"""

import csv
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from analysis.whole_files import file_part, replacing
from executor.definition import Definition
from executor.errors import JournalBroken, MoveRefused
from executor.journal import Journal
from executor.rows import Item, Move

COLUMNS = (
    "Source",
    "Destination",
    "Source Generation",
    "Destination Generation",
    "Source Size",
    "Crc32c",
    "Md5",
    "Attempts",
    "Result",
    "Description",
)
STATES = ("planned", "started", "copied", "verified", "skipped", "conflict", "failed", "left")
BATCH = 10_000


def manifest_path(plan_path: Path, use_case: str, kind: str) -> Path:
    """Beside the plan; the use case can bring no path of its own."""
    return plan_path.with_name(f"{plan_path.stem}.{file_part(use_case)}.manifest.{kind}")


def write_manifest(journal: Journal, definition: Definition, move: Move, path: Path) -> None:
    """Write the manifest of a move; the old one stays until the new one is whole."""
    write = {".csv": _write_csv, ".parquet": _write_parquet}.get(path.suffix)
    if write is None:
        raise MoveRefused(f"no manifest of kind {path.suffix!r}", "use csv or parquet")
    try:
        with replacing(path) as [part]:
            write(_rows(journal, definition, move), part)
    except OSError as error:
        raise JournalBroken(
            f"cannot write the manifest {path} ({error.strerror})", "free space, then run again"
        ) from None


def _rows(journal: Journal, definition: Definition, move: Move) -> Iterator[tuple[Any, ...]]:
    pattern = definition.moving
    for item in journal.items(move.move_id, *STATES):
        yield _row(pattern.source_bucket, pattern.target_bucket, item)


def _row(source: str, target: str, item: Item) -> tuple[Any, ...]:
    result = "left behind" if item.state == "left" else item.state
    if item.after:
        result += f", {item.after}"
    return (
        f"gs://{source}/{item.source}",
        f"gs://{target}/{item.target}" if item.target else "",
        item.generation,
        item.target_generation,
        item.size,
        item.crc32c,
        item.md5,
        item.attempts,
        result,
        item.reason,
    )


def _write_csv(rows: Iterator[tuple[Any, ...]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _write_parquet(rows: Iterator[tuple[Any, ...]], path: Path) -> None:
    pa: Any = import_module("pyarrow")
    pq: Any = import_module("pyarrow.parquet")
    whole = {"Source Generation", "Destination Generation", "Source Size", "Attempts"}
    schema = pa.schema([(name, pa.int64() if name in whole else pa.string()) for name in COLUMNS])
    with pq.ParquetWriter(path, schema) as writer:
        batch: list[tuple[Any, ...]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                writer.write_table(_table(batch, schema))
                batch.clear()
        writer.write_table(_table(batch, schema))


def _table(batch: list[tuple[Any, ...]], schema: Any) -> Any:
    pa: Any = import_module("pyarrow")
    columns = list(zip(*batch, strict=True)) or [()] * len(COLUMNS)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )

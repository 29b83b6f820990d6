"""One batch of log files on its way into the catalogue, inside DuckDB."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from analysis.catalogue import load_sql

# DuckDB sizes its read buffers by this, per thread.
LINE_BYTES = 4 << 20


class LineCounts(NamedTuple):
    """The arithmetic of one file, as DuckDB saw it."""

    file_id: int
    lines: int
    kept: int
    duplicates: int
    rejected: int
    not_storage: int
    first_event_at: datetime | None
    last_event_at: datetime | None


class EventBatch:
    """Temporary tables that hold a batch; `store` adds it to the catalogue, within the caller's transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, pseudonym_key: str | None = None) -> None:
        self._connection = connection
        self._pseudonym_key = pseudonym_key
        connection.execute(load_sql("ingest/pseudonym.sql"))
        connection.execute(load_sql("ingest/macros.sql"))
        connection.execute(load_sql("ingest/begin_batch.sql"))

    def load(self, files: Sequence[tuple[int, Path]]) -> None:
        """Read plain NDJSON, given as (file id, path). Raises duckdb.Error, and takes nothing, if one is refused."""
        if not files:
            return
        self._connection.execute(
            load_sql("ingest/sum_lines.sql"),
            {
                "files": [str(path) for _, path in files],
                "file_ids": [number for number, _ in files],
                "line_bytes": LINE_BYTES,
            },
        )

    def forget(self, file_id: int) -> None:
        """Take a file out of the batch."""
        self._connection.execute("DELETE FROM line_sum WHERE file_id = ?", [file_id])

    def rejected(self) -> dict[int, int]:
        """How many lines of each file cannot be used; files without any are left out."""
        rows = self._connection.execute(
            "SELECT file_id, sum(events)::BIGINT FROM line_sum "
            "WHERE problem NOT IN ('', 'not storage') GROUP BY file_id"
        ).fetchall()
        return dict(rows)

    def problems(self, file_id: int) -> list[tuple[int, str]]:
        """(line number, reason) of the unusable lines of a file that our own reader has rewritten."""
        return self._connection.execute(
            "SELECT line_no, problem FROM line_sum WHERE file_id = ? AND problem NOT IN ('', 'not storage')", [file_id]
        ).fetchall()

    def count(self, file_ids: Sequence[int]) -> list[LineCounts]:
        """Find what was seen before, and count the lines of these files."""
        self._connection.execute(load_sql("ingest/find_duplicates.sql"))
        rows = self._connection.execute(load_sql("ingest/count_lines.sql"), {"files": list(file_ids)}).fetchall()
        return [LineCounts(*row) for row in rows]

    def store(self) -> None:
        """Add the new events to the catalogue; `count` comes first."""
        self._connection.execute(load_sql("ingest/judge_identities.sql"), {"key": self._pseudonym_key})
        for name in (
            "judge_callers",
            "sum_events",
            "add_access",
            "add_seen",
            "add_coverage",
            "note_buckets",
            "merge_buckets",
        ):
            self._connection.execute(load_sql(f"ingest/{name}.sql"))

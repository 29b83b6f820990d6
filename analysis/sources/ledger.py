"""Writes what happened to each input into the catalogue: the ledger row and the rejected lines."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import duckdb

from analysis.sources import privacy
from analysis.sources.report import FileReport

# Rejected text is kept for reading, not for replaying; addresses of callers are not kept at all.
_TEXT_LENGTH = 1_000
_MANY = 1_000
_TEXT_LENGTH_OF_MANY = 100
_ADDRESS = re.compile(r'("caller_?[iI]p"\s*:\s*)"[^"]*("|$)')


class Reject(NamedTuple):
    """A line that could not be used; `line_no` counts from 1."""

    line_no: int
    reason: str
    text: bytes


@dataclass(frozen=True)
class Known:
    """What an earlier run noted of the very same input."""

    lines: int
    kept: int
    duplicates: int
    rejected: int
    not_storage: int
    complete: bool

    def report(self, file: str) -> FileReport:
        """As the report of a run in which nothing new was found."""
        return FileReport(
            file,
            self.lines,
            0,
            self.kept + self.duplicates,
            self.rejected,
            self.not_storage,
            self.complete,
            "read before",
        )


def find_known(connection: duckdb.DuckDBPyConnection, kind: str) -> dict[tuple[str, str, int], Known]:
    """Inputs of a kind that were read before, by (uri, checksum, size)."""
    rows = connection.execute(
        "SELECT uri, checksum, size_bytes, lines, kept, duplicates, rejected, not_storage, complete "
        "FROM evidence_file WHERE kind = ?",
        [kind],
    ).fetchall()
    return {(uri, checksum, size): Known(*counts) for uri, checksum, size, *counts in rows}


def next_file_id(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the next input."""
    row = connection.execute("SELECT coalesce(max(file_id), 0) + 1 FROM evidence_file").fetchone()
    return int(row[0]) if row else 1


class LedgerRow(NamedTuple):
    """One input as the ledger knows it: what it was, and what came of it."""

    file_id: int
    kind: str
    report: FileReport
    checksum: str
    size_bytes: int
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None


def record(connection: duckdb.DuckDBPyConnection, rows: Sequence[LedgerRow]) -> None:
    """Write the ledger rows of inputs."""
    flat = [
        (
            *(row.file_id, row.kind, row.report.file, row.checksum, row.size_bytes, row.report.lines, row.report.kept),
            *(row.report.duplicates, row.report.rejected, row.report.not_storage, row.report.complete),
            *(row.report.note, row.first_event_at, row.last_event_at),
        )
        for row in rows
    ]
    _insert(connection, "evidence_file", flat)


def record_rejects(
    connection: duckdb.DuckDBPyConnection, file_id: int, rejects: Sequence[Reject], *, hide_people: bool = False
) -> dict[str, int]:
    """Keep rejected lines; returns how many for each reason. `hide_people` takes people's addresses out of the text."""
    if rejects:
        rows = []
        for number, reject in enumerate(sorted(rejects)):
            text = readable(reject.text, many=number >= _MANY)
            rows.append((file_id, reject.line_no, reject.reason, privacy.hide_people(text) if hide_people else text))
        _insert(connection, "reject", rows)
    return dict(Counter(reject.reason for reject in rejects))


_INSERTS = {
    "reject": "INSERT INTO reject SELECT unnest(?::BIGINT[]), unnest(?::BIGINT[]), unnest(?::VARCHAR[]), "
    "unnest(?::VARCHAR[])",
    "evidence_file": "INSERT INTO evidence_file SELECT unnest(?::BIGINT[]), unnest(?::VARCHAR[]), "
    "unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BIGINT[]), unnest(?::BIGINT[]), unnest(?::BIGINT[]), "
    "unnest(?::BIGINT[]), unnest(?::BIGINT[]), unnest(?::BIGINT[]), unnest(?::BOOLEAN[]), unnest(?::VARCHAR[]), "
    "unnest(?::TIMESTAMP[]), unnest(?::TIMESTAMP[])",
}


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows as columns: one statement, however many rows."""
    if rows:
        connection.execute(_INSERTS[table], [list(column) for column in zip(*rows, strict=True)])


def readable(text: bytes, *, many: bool = False) -> str:
    """A rejected line as text: without callers' addresses, cut, with bytes that are no UTF-8 written out."""
    length = _TEXT_LENGTH_OF_MANY if many else _TEXT_LENGTH
    shown = text[: 4 * length].decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return _ADDRESS.sub(r'\1"…\2', shown)[:length]

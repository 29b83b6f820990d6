"""`ingest usage`: usage logs of Cloud Storage (CSV). They know bytes and not callers, and complete the audit logs.

Files of one layout are read together, by DuckDB, in batches of one transaction each; columns are known by their name.
"""

import csv
import io
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from analysis.catalogue import Catalogue, load_sql
from analysis.sources.csv_columns import name_columns
from analysis.sources.inputs import find_files
from analysis.sources.ledger import LedgerRow, Reject, find_known, next_file_id, record, record_rejects
from analysis.sources.memory import bounded_memory
from analysis.sources.report import FileReport, IngestReport
from analysis.sources.streams import BYTE_ORDER_MARK, DAMAGE, Inspection, describe_damage, inspect, open_unpacked

KIND = "usage"
# What is read; addresses of callers are not.
COLUMNS = (
    *("time_micros", "cs_method", "cs_uri", "sc_status", "cs_bytes", "sc_bytes", "cs_user_agent", "s_request_id"),
    *("cs_operation", "cs_bucket", "cs_object"),
)
_TITLE_LINES = 3
_NO_VALUE = "\x7f no value \x7f"
_BATCH_FILES = 500
_BATCH_BYTES = 256 << 20
_STORAGE_LOG = "a storage log: bytes stored per bucket, no requests"
_ENDS = (duckdb.CSVLineTerminator.LINE_FEED, duckdb.CSVLineTerminator.CARRIAGE_RETURN_LINE_FEED)


Span = tuple[datetime | None, datetime | None]


class _Layout(NamedTuple):
    """How a log is to be read: records above its rows (titles, header), and the columns that the header names."""

    above: int
    names: tuple[str, ...]
    crlf: bool


@dataclass
class _Log:
    """One usage log on its way into the catalogue."""

    inspection: Inspection
    file_id: int
    report: FileReport
    layout: _Layout | None
    rejects: list[Reject] = field(default_factory=list)


def ingest_usage(catalogue: Catalogue, inputs: Sequence[str]) -> IngestReport:
    """Read usage logs from files, folders and globs; storage logs among them are counted and left out."""
    known = find_known(catalogue.connection, KIND)
    numbers = itertools.count(next_file_id(catalogue.connection))
    reports, fresh = [], []
    for path in find_files(inputs):
        found = inspect(path)
        earlier = known.get((str(path), found.checksum, found.size_bytes))
        reports.append(earlier.report(str(path)) if earlier else FileReport(str(path)))
        if not earlier:
            fresh.append(_Log(found, next(numbers), reports[-1], _read_layout(found.head)))
    for batch in _batches(fresh):
        _take_or_part(catalogue, batch)
    return IngestReport(reports)


def _batches(logs: Sequence[_Log]) -> Iterator[list[_Log]]:
    """Logs of the same layout, as many as are read at once."""
    alike: dict[_Layout | None, list[_Log]] = {}
    for log in logs:
        alike.setdefault(log.layout, []).append(log)
    for same in alike.values():
        batch: list[_Log] = []
        for log in same:
            if len(batch) == _BATCH_FILES or sum(one.inspection.size_bytes for one in batch) > _BATCH_BYTES:
                yield batch
                batch = []
            batch.append(log)
        yield batch


def _take_or_part(catalogue: Catalogue, logs: Sequence[_Log]) -> None:
    """Take a batch; where DuckDB cannot read on, log by log, so that one broken log does not stop the others."""
    try:
        _take(catalogue, logs)
    except duckdb.InvalidInputException as error:
        if len(logs) == 1:
            report = logs[0].report
            report.complete, report.note = False, f"not read: it is no CSV ({str(error).splitlines()[0]})"
            return
        for log in logs:
            _take_or_part(catalogue, [log])


def _take(catalogue: Catalogue, logs: Sequence[_Log]) -> None:
    connection = catalogue.connection
    connection.execute(load_sql("ingest/macros.sql"))
    with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch, bounded_memory(connection):
        by_path = {str(_readable(log, Path(scratch))): log for log in logs}
        layout = logs[0].layout
        with catalogue.transaction():
            spans: dict[int, Span] = {}
            if layout is None:
                _refuse(logs)
            elif "storage_byte_hours" in layout.names:
                _pass_over(by_path, layout)
            else:
                spans = _read(connection, by_path, layout)
            rows = []
            for log in logs:
                report = log.report
                report.rejected = len(log.rejects)
                report.lines = report.kept + report.duplicates + report.rejected + report.not_storage
                report.reasons = record_rejects(connection, log.file_id, log.rejects)
                checksum, size = log.inspection.checksum, log.inspection.size_bytes
                rows.append(LedgerRow(log.file_id, KIND, report, checksum, size, *spans.get(log.file_id, (None, None))))
            record(connection, rows)


def _read(connection: duckdb.DuckDBPyConnection, logs: dict[str, _Log], layout: _Layout) -> dict[int, Span]:
    """Sum the requests of logs of one layout into the catalogue; returns (first, last) time of each, by file_id."""
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    rows = connection.read_csv(
        list(logs),  # type: ignore[arg-type]  # several files are fine; the library's stub does not know
        header=False,
        skiprows=layout.above,
        delimiter=",",
        quotechar='"',
        escapechar='"',
        auto_detect=False,
        lineterminator=_ENDS[layout.crlf],
        columns={
            name: "DECIMAL(16, 0)" if name == "time_micros" else "VARCHAR"
            for name in name_columns(layout.names, COLUMNS)
        },
        # Nothing stands for NULL: an empty time is no time, and not merely unknown.
        na_values=_NO_VALUE,
        max_line_size=20_000_000,
        store_rejects=True,
        filename="file",
    )
    absent = [f"NULL::VARCHAR AS {name}" for name in COLUMNS if name not in layout.names]
    rows.project(", ".join(["file", *(name for name in COLUMNS if name in layout.names), *absent])).create_view(
        "usage_row", replace=True
    )
    connection.execute(load_sql("usage/load.sql"))
    spans = {}
    for file, kept, duplicates, first, last in connection.execute(load_sql("usage/count.sql")).fetchall():
        log = logs[file]
        log.report.kept, log.report.duplicates = kept, duplicates
        spans[log.file_id] = (first, last)
    for name in ("add_access", "add_seen", "add_coverage"):
        connection.execute(load_sql(f"usage/{name}.sql"))
    for file, line, reason, text in connection.execute(load_sql("usage/rejects.sql")).fetchall():
        logs[file].rejects.append(Reject(line, reason, text.strip("\r\n").encode()))
    return spans


def _readable(log: _Log, scratch: Path) -> Path:
    """The log itself, or what is good of a compressed one."""
    if log.inspection.compression == "none":
        return log.inspection.path
    target = scratch / f"{log.file_id}.csv"
    with target.open("wb") as out:
        try:
            with open_unpacked(log.inspection.path) as stream:
                while piece := stream.read(1 << 20):
                    out.write(piece)
        except DAMAGE as error:
            log.report.complete, log.report.note = False, describe_damage(error)
    return target


def _read_layout(head: bytes) -> _Layout | None:
    """The header, below at most a few lines of titles; None where there is none."""
    lines = io.StringIO(head.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace"), newline="").readlines()
    for above in range(min(len(lines), _TITLE_LINES + 1)):
        # A quoted name may hold the end of a line, so a header is a record and not a line.
        records = csv.reader(lines[above:])
        names = tuple(cell.strip() for cell in next(records, []))
        if "time_micros" in names or "storage_byte_hours" in names:
            last = lines[above + records.line_num - 1]
            return _Layout(above + 1, names, last.endswith("\r\n"))
    return None


def _refuse(logs: Sequence[_Log]) -> None:
    """Without a header nothing tells what a line says."""
    for log in logs:
        if log.inspection.head.strip():
            log.report.complete = False
            log.report.note = (
                log.report.note or "not read: no header with time_micros in its first lines, so no usage log"
            )


def _pass_over(logs: dict[str, _Log], layout: _Layout) -> None:
    """Count the rows of storage logs."""
    for path, log in logs.items():
        log.report.note = log.report.note or _STORAGE_LOG
        with Path(path).open("rb") as stream:
            log.report.not_storage = sum(1 for line in itertools.islice(stream, layout.above, None) if line.strip())

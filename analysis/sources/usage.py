"""`ingest usage`: usage logs of Cloud Storage (CSV). They know bytes and not callers, and complete the audit logs."""

import csv
import io
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.catalogue import Catalogue, load_sql
from analysis.sources.inputs import find_files
from analysis.sources.ledger import LedgerRow, Reject, find_known, next_file_id, record, record_rejects
from analysis.sources.report import FileReport, IngestReport
from analysis.sources.streams import BYTE_ORDER_MARK, DAMAGE, Inspection, describe_damage, inspect, open_unpacked

KIND = "usage"
# What is read; addresses of callers are not.
COLUMNS = (
    *("time_micros", "cs_method", "cs_uri", "sc_status", "cs_bytes", "sc_bytes", "cs_user_agent", "s_request_id"),
    *("cs_operation", "cs_bucket", "cs_object"),
)
_TITLE_LINES = 3


def ingest_usage(catalogue: Catalogue, inputs: Sequence[str]) -> IngestReport:
    """Read usage logs from files, folders and globs; storage logs among them are counted and left out."""
    report = IngestReport()
    known = find_known(catalogue.connection, KIND)
    numbers = itertools.count(next_file_id(catalogue.connection))
    for path in find_files(inputs):
        found = inspect(path)
        earlier = known.get((str(path), found.checksum, found.size_bytes))
        report.files.append(earlier.report(str(path)) if earlier else _take(catalogue, found, next(numbers)))
    return report


def _take(catalogue: Catalogue, found: Inspection, file_id: int) -> FileReport:
    report = FileReport(str(found.path))
    rejects: list[Reject] = []
    connection = catalogue.connection
    with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch:
        rewritten = Path(scratch) / "usage.csv"
        report.not_storage = _rewrite(found, rewritten, rejects, report)
        connection.execute(load_sql("ingest/macros.sql"))
        connection.execute(load_sql("usage/load.sql"), {"file": str(rewritten)})
    with catalogue.transaction():
        counts = connection.execute(load_sql("usage/count.sql")).fetchone() or (0, 0, None, None)
        report.kept, report.duplicates = counts[0], counts[1]
        for name in ("add_access", "add_seen", "add_coverage"):
            connection.execute(load_sql(f"usage/{name}.sql"))
        report.rejected = len(rejects)
        report.lines = report.kept + report.duplicates + report.rejected + report.not_storage
        report.reasons = record_rejects(connection, file_id, rejects)
        row = LedgerRow(file_id, KIND, report, found.checksum, found.size_bytes, counts[2], counts[3])
        record(connection, [row])
    return report


def _rewrite(found: Inspection, target: Path, rejects: list[Reject], report: FileReport) -> int:
    """Write the columns that are read to `target`, by name; returns the rows that are no requests (storage logs)."""
    others = 0
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        try:
            with open_unpacked(found.path) as stream:
                text = stream.read().removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace")
        except DAMAGE as error:
            text = _salvage(found)
            report.complete, report.note = False, describe_damage(error)
        header: list[str] | None = None
        for number, row in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
            if header is None:
                header = _as_header(row)
                if header is None and number > _TITLE_LINES and any(row):
                    rejects.append(Reject(number, "no header", ",".join(row).encode()))
            elif "storage_byte_hours" in header:
                others += bool(row)
            elif row:
                _copy(writer, header, row, number, rejects)
        if header and "storage_byte_hours" in header:
            report.note = report.note or "a storage log: bytes stored per bucket, no requests"
    return others


def _salvage(found: Inspection) -> str:
    pieces = []
    try:
        with open_unpacked(found.path) as stream:
            while piece := stream.read(1 << 16):
                pieces.append(piece)
    except DAMAGE:
        pass  # the caller has noted the damage; here only what lies before it counts
    return b"".join(pieces).removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace")


def _as_header(row: list[str]) -> list[str] | None:
    names = [cell.strip() for cell in row]
    return names if "time_micros" in names or "storage_byte_hours" in names else None


def _copy(writer: Any, header: list[str], row: list[str], number: int, rejects: list[Reject]) -> None:
    if len(row) < len(header):
        rejects.append(Reject(number, "missing columns", ",".join(row).encode()))
        return
    cells = dict(zip(header, row, strict=False))
    if not cells.get("time_micros", "").isdigit() or len(cells["time_micros"]) > 17:
        rejects.append(Reject(number, "bad timestamp", ",".join(row).encode()))
        return
    writer.writerow([cells.get(name, "") for name in COLUMNS])

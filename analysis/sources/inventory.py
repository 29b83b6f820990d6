"""`ingest inventory`: Storage Insights inventory reports, as CSV or Parquet, with or without their manifest.

All files of one call that share a day are one inventory. A later inventory of a bucket replaces its objects; the sums
per folder are kept for every day, and what came and went in between is noted before the objects are replaced. A later
report of the same day and bucket replaces the earlier one altogether, and says so.

A report is read once, straight into the catalogue, inside one transaction; everything else is asked of the packed rows.
"""

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb

from analysis.catalogue import Catalogue, load_sql
from analysis.errors import BadInput
from analysis.sources.inventory_files import COLUMNS, ReportFile, find_report_files, plain_name, read_layout
from analysis.sources.ledger import Known, LedgerRow, Reject, find_known, next_file_id, record, record_rejects
from analysis.sources.memory import bounded_memory
from analysis.sources.report import FileReport, IngestReport
from analysis.sources.streams import DAMAGE, describe_damage, inspect, open_unpacked

KIND = "inventory"
_ENDS = (duckdb.CSVLineTerminator.LINE_FEED, duckdb.CSVLineTerminator.CARRIAGE_RETURN_LINE_FEED)
_BAD = {"size": "bad size", "generation": "bad generation", "timecreated": "bad time"}
_UNKNOWN_WITHOUT = {"size": "bytes", "timecreated": "ages", "storageclass": "storage classes"}


def store_listing(catalogue: Catalogue, bucket: str, listing: Path, day: date) -> FileReport:
    """Store a CSV with a header, written from a live listing of a bucket, as its inventory of `day`."""
    file = ReportFile(inspect(listing), day, bucket=bucket, kind="listing", uri=f"gs://{bucket}")
    return _Inventory(catalogue).take([file], day, complete=True)[0]


def ingest_inventory(
    catalogue: Catalogue,
    inputs: Sequence[str],
    *,
    bucket: str | None = None,
    columns: Sequence[str] | None = None,
    snapshot_date: str | date | None = None,
) -> IngestReport:
    """Read inventory reports or manifests. `bucket` and `columns` stand in for what a report lacks.

    `snapshot_date` is needed only where neither a manifest, the file's name nor its rows tell the day. Raises BadInput
    for a report that cannot be understood.
    """
    files, missing = find_report_files(inputs, columns=columns, bucket=bucket, day=_as_day(snapshot_date))
    known = find_known(catalogue.connection, KIND)
    lacking = {Path(report.file).parent for report in missing}
    report = IngestReport(list(missing))
    for day, group in itertools.groupby(sorted(files, key=_sort_key), key=lambda file: file.day):
        members = list(group)
        earlier = [_earlier(known, file) for file in members]
        if all(earlier):
            reports = [found.report(file.uri) for file, found in zip(members, earlier, strict=True) if found]
        else:
            complete = not any(file.inspection.path.parent in lacking for file in members)
            reports = _Inventory(catalogue).take(members, day, complete=complete)
        report.files += [*reports, *_short_counts(members, reports)]
    return report


def _earlier(known: dict[tuple[str, str, int], Known], file: ReportFile) -> Known | None:
    return known.get((file.uri, file.inspection.checksum, file.inspection.size_bytes))


def _sort_key(file: ReportFile) -> tuple[date, str]:
    return (file.day or date.max, file.uri)


def _as_day(text: str | date | None) -> date | None:
    if text is None or isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no date", "write it as 2026-10-31") from error


def _short_counts(files: Sequence[ReportFile], reports: Sequence[FileReport]) -> Iterator[FileReport]:
    """A report for each manifest that promises another number of records than all its shards hold."""
    lines = {report.file: report.lines for report in reports}
    for manifest in {file.manifest.path: file.manifest for file in files if file.manifest}.values():
        shards = [file for file in files if file.manifest and file.manifest.path == manifest.path]
        held = sum(lines[file.uri] for file in shards)
        if manifest.records not in (None, held) and len(shards) == len(manifest.shards):
            note = f"it speaks of {manifest.records:,} records, its files hold {held:,}"
            yield FileReport(str(manifest.path), complete=False, note=note)


class _Inventory:
    """One inventory on its way into the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._connection = catalogue.connection
        self._first_file = next_file_id(catalogue.connection)

    def take(self, files: list[ReportFile], day: date | None, *, complete: bool) -> list[FileReport]:
        """Read the files and store them as the inventory of `day` (by default the day of the youngest object)."""
        for number, file in enumerate(files):
            file.file_id = self._first_file + number
        self._connection.execute(load_sql("ingest/macros.sql"))
        with (
            bounded_memory(self._connection),
            tempfile.TemporaryDirectory(prefix="thermocline-") as scratch,
            self._catalogue.transaction(),
        ):
            sound = {file.file_id: _unpacked(file, Path(scratch)) for file in files}
            day = day or self._latest_day(files, sound)
            for file in files:
                self._load(file, sound[file.file_id], day)
            return self._store(files, day, complete=complete and all(file.complete for file in files))

    def _latest_day(self, files: Sequence[ReportFile], sound: dict[int, Path]) -> date:
        days: list[date] = []
        for file in files:
            if self._show(file, sound[file.file_id]):
                row = self._ask(file, "latest_time", {}).fetchone()
                days += [row[0]] if row and row[0] else []
        if not days:
            names = ", ".join(file.inspection.path.name for file in files)
            raise BadInput(f"the day of the inventory in {names} is not known", "give it with --date")
        return max(days)

    def _load(self, file: ReportFile, path: Path, day: date) -> None:
        query = self._connection.execute
        if not self._show(file, path):
            return
        at = {"snapshot_date": day, "bucket": file.bucket}
        self._ask(file, "add_rows", at | {"file_id": file.file_id})
        query(load_sql("inventory/note_buckets.sql"), at)
        unread = self._unreadable(file)
        counted = query(
            "SELECT count(*) FROM object WHERE file_id = ? AND problem NOT IN ('', 'not live')", [file.file_id]
        ).fetchone()
        file.rejects = unread + (self._unusable(file, unread) if counted != (0,) else [])

    def _ask(self, file: ReportFile, name: str, parameters: dict[str, object]) -> duckdb.DuckDBPyConnection:
        """Run a query over all rows of a file."""
        try:
            return self._connection.execute(load_sql(f"inventory/{name}.sql"), parameters)
        except duckdb.InvalidInputException as error:
            # Half a report would pass for a bucket that lost objects.
            raise BadInput(
                f"{file.uri} cannot be read to its end ({str(error).splitlines()[0]})", "mend it, or leave it out"
            ) from error

    def _show(self, file: ReportFile, path: Path) -> bool:
        """Make the file visible as `report_row`; False where there is nothing to see, or a Parquet file is damaged."""
        if file.inspection.head[:4] == b"PAR1":
            try:
                rows = self._connection.read_parquet(str(path))
            except duckdb.Error as error:
                file.complete, file.note = False, f"corrupt: {str(error).splitlines()[0]}"
                return False
        elif file.inspection.head.strip():
            rows = self._read_csv(file, path)
        else:
            return False
        present = {plain_name(name): name for name in rows.columns}
        if "name" not in present:
            raise BadInput(f"{file.uri} has no column `name`", "an inventory needs the objects' names; see --columns")
        if "bucket" not in present and not file.bucket:
            raise BadInput(f"{file.uri} does not tell the bucket", "name it with --bucket")
        lacking = [what for column, what in _UNKNOWN_WITHOUT.items() if column not in present]
        file.note = file.note or (f"it does not tell {' and '.join(lacking)}" if lacking else "")
        rows.project(_chosen(rows, present)).create_view("report_row", replace=True)
        return True

    def _read_csv(self, file: ReportFile, path: Path) -> duckdb.DuckDBPyRelation:
        delimiter, header, names = read_layout(file)
        self._connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        return self._connection.read_csv(
            str(path),
            header=header,
            delimiter=delimiter,
            quotechar='"',
            escapechar='"',
            auto_detect=False,
            # Told, not guessed: a quoted name may hold the other kind.
            lineterminator=_ENDS[b"\r\n" in file.inspection.head],
            columns={name: COLUMNS.get(plain_name(name), "VARCHAR") for name in names},
            compression="none",
            store_rejects=True,
        )

    def _unreadable(self, file: ReportFile) -> list[Reject]:
        """The records that could not be read, by their number in the file (a header counts)."""
        if file.inspection.head[:4] == b"PAR1":
            return []
        rows = self._connection.execute(
            "SELECT line, arg_min(error_type, column_idx)::VARCHAR, arg_min(column_name, column_idx), "
            "any_value(csv_line) "
            "FROM reject_errors GROUP BY line ORDER BY line"
        ).fetchall()
        return [
            Reject(line, _BAD[plain_name(column)] if kind == "CAST" else kind.lower(), text.strip("\r\n").encode())
            for line, kind, column, text in rows
        ]

    def _unusable(self, file: ReportFile, unread: Sequence[Reject]) -> list[Reject]:
        """The rows that could be read but not used; a second pass, in the file's order."""
        self._connection.execute("SET preserve_insertion_order = true")
        try:
            rows = self._connection.execute(load_sql("inventory/bad_rows.sql"), {"bucket": file.bucket}).fetchall()
        finally:
            self._connection.execute("SET preserve_insertion_order = false")
        header = file.inspection.head[:4] != b"PAR1" and read_layout(file).header
        numbers = _positions([row[0] + header for row in rows], [reject.line_no for reject in unread])
        return [
            Reject(number, problem, text.encode()) for number, (_, problem, text) in zip(numbers, rows, strict=True)
        ]

    def _store(self, files: list[ReportFile], day: date, *, complete: bool) -> list[FileReport]:
        query = self._connection.execute
        new = {"first_file": self._first_file}
        at = new | {"snapshot_date": day}
        query(load_sql("inventory/find_suspects.sql"), new)
        query("CREATE OR REPLACE TEMP TABLE repeated (row_id BIGINT, file_id BIGINT)")
        if query("SELECT count(*) FROM suspect").fetchone() != (0,):
            query(load_sql("inventory/find_duplicates.sql"), new)
        query(load_sql("inventory/find_buckets.sql"), new)
        counts = {row[0]: row[1:] for row in query(load_sql("inventory/count_rows.sql"), new).fetchall()}
        if any(duplicates + rejected + gone for _, duplicates, rejected, gone in counts.values()):
            query(load_sql("inventory/drop_unusable.sql"), new)
        replaced = query(load_sql("inventory/replaced.sql")).fetchall()
        if replaced:
            query(load_sql("inventory/drop_replaced.sql"))
        if complete and not replaced:
            # Of half an inventory, or one that was there before, it cannot be told what came and went.
            query(load_sql("inventory/store_churn.sql"), at)
        query(load_sql("inventory/store_folders.sql"), at)
        query(load_sql("inventory/drop_older.sql"))
        query(load_sql("ingest/merge_buckets.sql"))
        for file in files:
            seen = {"kind": file.kind, "uri": file.uri, "checksum": file.inspection.checksum}
            query(load_sql("inventory/forget_file.sql"), seen)
        query(load_sql("inventory/forget_rejects.sql"))
        replaces = [f"replaces the inventory of {bucket} of {day} ({held:,} objects)" for bucket, held in replaced]
        rows = [self._account(file, counts.get(file.file_id, (0, 0, 0, 0)), replaces) for file in files]
        record(self._connection, rows)
        return [row.report for row in rows]

    def _account(self, file: ReportFile, counts: tuple[int, int, int, int], notes: Iterable[str]) -> LedgerRow:
        rows, duplicates, rejected, gone = counts
        unread = len(file.rejects) - rejected
        left_out = f"{gone:,} versions that are no longer live are left out" if gone else ""
        report = FileReport(
            file.uri,
            rows + unread,
            rows - duplicates - rejected - gone,
            duplicates,
            rejected + unread,
            gone,
            file.complete,
            "; ".join(note for note in (file.note, left_out, *notes) if note),
        )
        report.reasons = record_rejects(self._connection, file.file_id, file.rejects)
        return LedgerRow(file.file_id, file.kind, report, file.inspection.checksum, file.inspection.size_bytes)


def _chosen(rows: duckdb.DuckDBPyRelation, present: dict[str, str]) -> str:
    """Every column that is read, under its plain name and with its type; `bad` names a value that has another type."""
    types = dict(zip(rows.columns, rows.types, strict=True))
    chosen, bad = [], []
    for column, wanted in COLUMNS.items():
        if column not in present:
            chosen.append(f"NULL::{wanted} AS {column}")
            continue
        name = f'"{present[column]}"'
        chosen.append(f"try_cast({name} AS {wanted}) AS {column}")
        if column in _BAD and str(types[present[column]]) == "VARCHAR":
            bad.append(f"WHEN {name} <> '' AND try_cast({name} AS {wanted}) IS NULL THEN '{_BAD[column]}'")
    chosen.append(f"CASE {' '.join(bad)} ELSE '' END AS bad" if bad else "'' AS bad")
    return ", ".join(chosen)


def _positions(counted: Sequence[int], passed_over: Sequence[int]) -> Iterator[int]:
    """Where records stand that were counted without those that were `passed_over` (both in order)."""
    before = 0
    for number in counted:
        while before < len(passed_over) and passed_over[before] <= number + before:
            before += 1
        yield number + before


def _unpacked(file: ReportFile, scratch: Path) -> Path:
    """A file that DuckDB can read to its end: the file itself, or what is good of a compressed one."""
    found = file.inspection
    if found.compression == "none":
        return found.path
    target = scratch / f"{file.file_id}.report"
    with target.open("wb") as out:
        try:
            with open_unpacked(found.path) as stream:
                while chunk := stream.read(1 << 20):
                    out.write(chunk)
        except DAMAGE as error:
            file.complete, file.note = False, describe_damage(error)
    return target

"""`ingest inventory`: Storage Insights inventory reports, as CSV or Parquet, with or without their manifest.

All files of one call that share a day are one inventory. A later inventory of a bucket replaces its objects; the sums
per folder are kept for every day, and what came and went in between is noted before the objects are replaced.
"""

import csv
import io
import itertools
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from analysis.catalogue import Catalogue, load_sql
from analysis.errors import BadInput
from analysis.sources.inputs import find_files
from analysis.sources.ledger import LedgerRow, Reject, find_known, next_file_id, record, record_rejects
from analysis.sources.report import FileReport, IngestReport
from analysis.sources.streams import BYTE_ORDER_MARK, DAMAGE, Inspection, describe_damage, inspect, open_unpacked

KIND = "inventory"

# Every column that is read, as a report spells it in lower case without underscores.
COLUMNS = (
    *("project", "bucket", "name", "location", "size", "timecreated", "timedeleted", "updated", "storageclass"),
    *("crc32c", "md5hash", "generation", "metageneration", "contenttype", "timestorageclassupdated", "customtime"),
)
_ENDS = (duckdb.CSVLineTerminator.LINE_FEED, duckdb.CSVLineTerminator.CARRIAGE_RETURN_LINE_FEED)
_DELIMITERS = (",", ";", "\t", "|")
_DAY = re.compile(r"(20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])")


@dataclass
class _Part:
    """One report file: where it lies and what its manifest says of it."""

    inspection: Inspection
    day: date | None
    fields: list[str] | None = None  # column names, where the file has no header
    file_id: int = 0
    complete: bool = True
    note: str = ""
    rejects: list[Reject] = field(default_factory=list)
    kind: str = KIND
    uri: str = ""  # where it came from, if not from the file itself


def store_listing(catalogue: Catalogue, bucket: str, listing: Path, day: date) -> FileReport:
    """Store a CSV with a header, written from a live listing of a bucket, as its inventory of `day`."""
    part = _Part(inspect(listing), day, kind="listing", uri=f"gs://{bucket}")
    part.file_id = next_file_id(catalogue.connection)
    return _Inventory(catalogue, bucket, replace=True).take([part], day)[0]


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
    report = IngestReport()
    parts, missing = _find_parts(inputs, columns, _as_day(snapshot_date))
    report.files += missing
    known = find_known(catalogue.connection, KIND)
    fresh: list[_Part] = []
    for part in parts:
        found = part.inspection
        earlier = known.get((str(found.path), found.checksum, found.size_bytes))
        if earlier:
            report.files.append(earlier.report(str(found.path)))
        else:
            fresh.append(part)
    numbers = itertools.count(next_file_id(catalogue.connection))
    for part in fresh:
        part.file_id = next(numbers)
    for day, group in itertools.groupby(sorted(fresh, key=_sort_key), key=lambda part: part.day):
        report.files += _Inventory(catalogue, bucket).take(list(group), day)
    return report


def _sort_key(part: _Part) -> tuple[date, str]:
    return (part.day or date.max, str(part.inspection.path))


def _as_day(text: str | date | None) -> date | None:
    if text is None or isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no date", "write it as 2026-10-31") from error


def _find_parts(
    inputs: Sequence[str], columns: Sequence[str] | None, day: date | None
) -> tuple[list[_Part], list[FileReport]]:
    """The report files behind the inputs, and a report for each that a manifest names and that is not there."""
    parts: dict[Path, _Part] = {}
    missing = []
    for path in sorted(find_files(inputs), key=lambda path: path.suffix != ".json"):
        manifest = _read_manifest(path)
        if manifest is None:
            parts.setdefault(path, _part(path, day or _day_beside(path) or _day_in_name(path), columns))
            continue
        taken = day or _day_of(manifest)
        for name in manifest["report_shards_file_names"]:
            shard = path.parent / Path(str(name)).name
            if shard.is_file():
                parts[shard] = _part(shard, taken, columns or _fields(manifest))
            else:
                missing.append(FileReport(str(shard), complete=False, note=f"missing, though {path.name} names it"))
    return list(parts.values()), missing


def _part(path: Path, day: date | None, columns: Sequence[str] | None) -> _Part:
    return _Part(inspect(path), day, list(columns) if columns else None)


def _read_manifest(path: Path) -> dict[str, Any] | None:
    if path.suffix != ".json":
        return None
    try:
        value = msgspec.json.decode(path.read_bytes())
    except ValueError as error:
        raise BadInput(f"{path} is no manifest ({error})", "name the report files or their manifest") from error
    if not isinstance(value, dict) or not isinstance(value.get("report_shards_file_names"), list):
        raise BadInput(f"{path} is no manifest", "name the report files or their manifest")
    return value


def _day_of(manifest: dict[str, Any]) -> date | None:
    stamp = manifest.get("snapshot_time") or manifest.get("target_datetime") or ""
    try:
        return datetime.fromisoformat(str(stamp)).date()
    except ValueError:
        return None


def _fields(manifest: dict[str, Any]) -> list[str] | None:
    """The columns that the report was configured with, in order."""
    config = manifest.get("report_config") or {}
    fields = (config.get("object_metadata_report_options") or {}).get("metadata_fields")
    return [str(name) for name in fields] if fields else None


def _day_beside(path: Path) -> date | None:
    """The day that a manifest in the same folder gives for this file."""
    for beside in sorted(path.parent.glob("*manifest*.json")):
        try:
            manifest = _read_manifest(beside)
        except BadInput:
            continue  # some other JSON file; the day is then found elsewhere
        if manifest and path.name in {Path(str(name)).name for name in manifest["report_shards_file_names"]}:
            return _day_of(manifest)
    return None


def _day_in_name(path: Path) -> date | None:
    match = _DAY.search(path.name)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


class _Inventory:
    """One inventory on its way into the catalogue."""

    def __init__(self, catalogue: Catalogue, bucket: str | None, *, replace: bool = False) -> None:
        self._replace = replace
        self._catalogue = catalogue
        self._connection = catalogue.connection
        self._bucket = bucket

    def take(self, parts: list[_Part], day: date | None) -> list[FileReport]:
        """Read the parts and store them as the inventory of `day` (by default that of the youngest object)."""
        self._connection.execute(load_sql("ingest/macros.sql"))
        self._connection.execute(load_sql("inventory/begin.sql"))
        with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch:
            for part in parts:
                self._load(part, Path(scratch))
        if day is None:
            row = self._connection.execute("SELECT max(greatest(created_at, updated_at))::DATE FROM listed").fetchone()
            day = row[0] if row else None
        if day is None:
            names = ", ".join(part.inspection.path.name for part in parts)
            raise BadInput(f"the day of the inventory in {names} is not known", "give it with --date")
        return self._store(parts, day)

    def _load(self, part: _Part, scratch: Path) -> None:
        path = part.inspection.path
        if part.inspection.compression != "none":
            path = _unpack(part, scratch / f"{part.file_id}.report")
        if part.inspection.head[:4] == b"PAR1":
            self._load_parquet(part, path)
        elif part.inspection.head.strip():
            self._load_csv(part, path)
        if self._has_problems(part):
            part.rejects += self._find_problems()

    def _has_problems(self, part: _Part) -> bool:
        query = "SELECT count(*) FROM listed WHERE file_id = ? AND problem <> ''"
        return self._connection.execute(query, [part.file_id]).fetchone() != (0,)

    def _load_parquet(self, part: _Part, path: Path) -> None:
        try:
            self._show(self._connection.read_parquet(str(path)))
            self._add_rows(part)
        except duckdb.Error as error:
            part.complete, part.note = False, f"corrupt: {str(error).splitlines()[0]}"

    def _load_csv(self, part: _Part, path: Path) -> None:
        delimiter, header, names = _read_layout(part)
        self._connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        rows = self._connection.read_csv(
            str(path),
            header=header,
            delimiter=delimiter,
            quotechar='"',
            escapechar='"',
            all_varchar=True,
            auto_detect=False,
            # Told, not guessed: a quoted name may hold the other kind.
            lineterminator=_ENDS[b"\r\n" in part.inspection.head],
            columns=dict.fromkeys(names, "VARCHAR"),
            store_rejects=True,
        )
        self._show(rows)
        self._add_rows(part)
        bad = self._connection.execute(
            "SELECT line, min(error_type), any_value(csv_line) FROM reject_errors GROUP BY line ORDER BY line"
        ).fetchall()
        part.rejects += [Reject(line, str(kind).lower(), str(text).encode()) for line, kind, text in bad]

    def _show(self, rows: duckdb.DuckDBPyRelation) -> None:
        """Make the file visible as `report_row`: every known column as text, NULL where the report lacks it."""
        present = {_plain(name): name for name in rows.columns}
        chosen = [
            f'CAST("{present[column]}" AS VARCHAR) AS {column}' if column in present else f"NULL::VARCHAR AS {column}"
            for column in COLUMNS
        ]
        if "name" not in present:
            raise BadInput("the report has no column `name`", "an inventory needs the objects' names; see --columns")
        rows.project(", ".join(chosen)).create_view("report_row", replace=True)

    def _add_rows(self, part: _Part) -> None:
        self._connection.execute(load_sql("inventory/add_rows.sql"), {"file_id": part.file_id, "bucket": self._bucket})

    def _find_problems(self) -> list[Reject]:
        """The rows that could be read but not used, with their number; a second pass, in the file's order."""
        self._connection.execute("SET preserve_insertion_order = true")
        try:
            rows = self._connection.execute(
                load_sql("inventory/find_problems.sql"), {"bucket": self._bucket}
            ).fetchall()
        finally:
            self._connection.execute("SET preserve_insertion_order = false")
        return [Reject(number, problem, text.encode()) for number, problem, text in rows]

    def _store(self, parts: list[_Part], day: date) -> list[FileReport]:
        at = {"snapshot_date": day}
        with self._catalogue.transaction() as connection:
            if self._replace:
                connection.execute("DELETE FROM object WHERE bucket = ? AND snapshot_date = ?", [self._bucket, day])
                connection.execute(
                    "DELETE FROM folder_stats WHERE bucket = ? AND snapshot_date = ?", [self._bucket, day]
                )
            connection.execute(load_sql("inventory/find_duplicates.sql"), at)
            counts = {row[0]: row[1:] for row in connection.execute(load_sql("inventory/count_rows.sql")).fetchall()}
            for name in ("store_churn", "replace_objects", "store_objects", "store_folders", "store_buckets"):
                connection.execute(load_sql(f"inventory/{name}.sql"), at)
            connection.execute(load_sql("ingest/merge_buckets.sql"))
            rows = [self._account(part, *counts.get(part.file_id, (0, 0, 0, 0, 0))) for part in parts]
            record(connection, rows)
        return [row.report for row in rows]

    def _account(self, part: _Part, rows: int, kept: int, duplicates: int, rejected: int, gone: int) -> LedgerRow:
        unread = len(part.rejects) - rejected
        report = FileReport(
            part.uri or str(part.inspection.path),
            rows + unread,
            kept,
            duplicates,
            rejected + unread,
            gone,
            part.complete,
            part.note or (f"{gone} versions that are no longer live are left out" if gone else ""),
        )
        report.reasons = record_rejects(self._connection, part.file_id, part.rejects)
        return LedgerRow(part.file_id, part.kind, report, part.inspection.checksum, part.inspection.size_bytes)


def _unpack(part: _Part, target: Path) -> Path:
    with target.open("wb") as out:
        try:
            with open_unpacked(part.inspection.path) as stream:
                while chunk := stream.read(1 << 20):
                    out.write(chunk)
        except DAMAGE as error:
            part.complete, part.note = False, describe_damage(error)
    return target


def _read_layout(part: _Part) -> tuple[str, bool, list[str]]:
    """(delimiter, has a header, column names) of a CSV report, by its first line."""
    head = part.inspection.head.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace")
    first = head.lstrip("\r\n").splitlines()[0]
    delimiter = max(_DELIMITERS, key=first.count)
    # A quoted name may hold the end of a line.
    cells = next(csv.reader(io.StringIO(head.lstrip("\r\n"), newline=""), delimiter=delimiter))
    if "name" in {_plain(cell) for cell in cells} and sum(_plain(cell) in COLUMNS for cell in cells) * 2 >= len(cells):
        return delimiter, True, _distinct(cells)
    if part.fields is None:
        raise BadInput(
            f"{part.inspection.path} has no header and no manifest that names its columns", "name them with --columns"
        )
    if len(part.fields) != len(cells):
        raise BadInput(
            f"{part.inspection.path} has {len(cells)} columns, but {len(part.fields)} names were given",
            "check --columns, or the manifest's metadata_fields",
        )
    return delimiter, False, _distinct(part.fields)


def _plain(name: str) -> str:
    return name.strip().replace("_", "").lower()


def _distinct(names: Iterable[str]) -> list[str]:
    """Names that a table can have; what is empty or stands twice is numbered."""
    seen: set[str] = set()
    result = []
    for number, name in enumerate(names):
        unique = name.strip() if name.strip() and _plain(name) not in seen else f"column_{number}"
        seen.add(_plain(unique))
        result.append(unique.replace('"', ""))
    return result

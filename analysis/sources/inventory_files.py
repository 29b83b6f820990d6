"""The files of an inventory: which ones a user's inputs name, what their manifest says of them, how a CSV is laid out.

A manifest of Storage Insights names its shards, the day, how many records it holds, and how the report was configured:
bucket, columns, delimiter. Each of these can also be given by hand, or be found in the report itself.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from analysis.errors import BadInput
from analysis.sources.csv_columns import name_columns
from analysis.sources.inputs import find_files
from analysis.sources.ledger import Reject
from analysis.sources.report import FileReport
from analysis.sources.streams import BYTE_ORDER_MARK, Inspection, inspect

# Every column that is read, as a report spells it in lower case without underscores, with its type.
COLUMNS = {
    **dict.fromkeys(
        ("project", "bucket", "name", "location", "timedeleted", "updated", "storageclass", "crc32c"), "VARCHAR"
    ),
    **dict.fromkeys(("size", "generation"), "BIGINT"),
    "timecreated": "TIMESTAMP",
}
_ALSO_REPORTED = {
    *("etag", "retentionexpirationtime", "md5hash", "metageneration", "contenttype", "contentencoding", "customtime"),
    *("timestorageclassupdated", "acl", "owner", "metadata", "kmskeyname", "temporaryhold", "eventbasedhold"),
    *("componentcount", "contentlanguage", "contentdisposition", "cachecontrol", "selflink", "medialink", "id", "kind"),
}
_DELIMITERS = (",", ";", "\t", "|")
_DAY = re.compile(r"(20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True)
class Manifest:
    """What the manifest of a report says of it; whatever it does not say is None."""

    path: Path
    shards: tuple[str, ...]
    day: date | None
    records: int | None
    bucket: str | None
    fields: tuple[str, ...] | None
    delimiter: str | None


@dataclass
class ReportFile:
    """One report file: where it lies, what is said of it elsewhere, and what came of reading it."""

    inspection: Inspection
    day: date | None
    columns: Sequence[str] | None = None  # names, where the file has no header
    bucket: str | None = None
    manifest: Manifest | None = None
    kind: str = "inventory"
    uri: str = ""
    file_id: int = 0
    complete: bool = True
    note: str = ""
    rejects: list[Reject] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.uri = self.uri or str(self.inspection.path)


class Layout(NamedTuple):
    """How a CSV report is to be read."""

    delimiter: str
    header: bool
    names: list[str]


def find_report_files(
    inputs: Sequence[str], *, columns: Sequence[str] | None, bucket: str | None, day: date | None
) -> tuple[list[ReportFile], list[FileReport]]:
    """The report files behind the inputs, and a report for each that a manifest names and that is not there."""
    found: dict[Path, ReportFile] = {}
    missing = []

    def add(path: Path, manifest: Manifest | None, known_day: date | None) -> None:
        fields = columns or (manifest.fields if manifest else None)
        found[path] = ReportFile(
            inspect(path), known_day, fields, bucket or (manifest.bucket if manifest else None), manifest
        )

    for path in sorted(find_files(inputs), key=lambda path: path.suffix != ".json"):
        if path.suffix != ".json":
            if path not in found:
                beside = _manifest_beside(path)
                add(path, beside, day or (beside and beside.day) or _day_in_name(path))
            continue
        manifest = _read_manifest(path)
        for name in manifest.shards:
            # Shards lie beside their manifest, whatever folder it names.
            shard = path.parent / Path(name).name
            if shard.is_file():
                add(shard, manifest, day or manifest.day)
            else:
                missing.append(FileReport(str(shard), complete=False, note=f"missing, though {path.name} names it"))
    return list(found.values()), missing


def _read_manifest(path: Path) -> Manifest:
    try:
        value = msgspec.json.decode(path.read_bytes())
    except ValueError as error:
        raise BadInput(f"{path} is no manifest ({error})", "name the report files or their manifest") from error
    if not isinstance(value, dict) or not isinstance(value.get("report_shards_file_names"), list):
        raise BadInput(f"{path} is no manifest", "name the report files or their manifest")
    config = _table(value, "report_config")
    options = _table(config, "object_metadata_report_options")
    fields = options.get("metadata_fields")
    records = str(value.get("records_processed", ""))
    return Manifest(
        path=path,
        shards=tuple(str(name) for name in value["report_shards_file_names"]),
        day=_day_of(value.get("snapshot_time") or value.get("target_datetime")),
        records=int(records) if records.isdecimal() else None,
        bucket=_text(_table(options, "storage_filters").get("bucket")),
        fields=tuple(str(name) for name in fields) if isinstance(fields, list) and fields else None,
        delimiter=_text(_table(config, "csv_options").get("delimiter")),
    )


def _table(value: dict[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _day_of(stamp: object) -> date | None:
    try:
        return datetime.fromisoformat(str(stamp)).date()
    except ValueError:
        return None


def _manifest_beside(path: Path) -> Manifest | None:
    """The manifest in the same folder that names this file."""
    for beside in sorted(path.parent.glob("*manifest*.json")):
        try:
            manifest = _read_manifest(beside)
        except BadInput:
            continue  # some other JSON file; what it might have told is then found elsewhere
        if path.name in {Path(name).name for name in manifest.shards}:
            return manifest
    return None


def _day_in_name(path: Path) -> date | None:
    match = _DAY.search(path.name)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def read_layout(file: ReportFile) -> Layout:
    """Delimiter, header and column names of a CSV report, by its first record; BadInput where not known."""
    head = file.inspection.head.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace").lstrip("\r\n")
    delimiter = _find_delimiter(file, head)
    # A quoted name may hold the end of a line.
    cells = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
    plain = [plain_name(cell) for cell in cells]
    if "name" in plain and sum(cell in COLUMNS or cell in _ALSO_REPORTED for cell in plain) * 2 >= len(cells):
        return Layout(delimiter, True, name_columns(cells, COLUMNS, plain_name))
    if file.columns is None:
        raise BadInput(f"{file.uri} has no header and no manifest that names its columns", "name them with --columns")
    if len(file.columns) != len(cells):
        raise BadInput(
            f"{file.uri} has {len(cells)} columns, but {len(file.columns)} names were given",
            "check --columns, or the manifest's metadata_fields",
        )
    return Layout(delimiter, False, name_columns(file.columns, COLUMNS, plain_name))


def _find_delimiter(file: ReportFile, head: str) -> str:
    """The delimiter: as the manifest says, else what follows a header's first name, else the most frequent one."""
    if file.manifest and file.manifest.delimiter and len(file.manifest.delimiter) == 1:
        return file.manifest.delimiter
    start = re.match(r'"?(\w+)"?([^\w"\r\n])', head)
    if start and plain_name(start[1]) in COLUMNS | dict.fromkeys(_ALSO_REPORTED, ""):
        return start[2]
    return max(_DELIMITERS, key=head.splitlines()[0].count)


def plain_name(name: str) -> str:
    """A column's name in lower case without underscores: `timeCreated` and `time_created` are one."""
    return name.strip().replace("_", "").lower()

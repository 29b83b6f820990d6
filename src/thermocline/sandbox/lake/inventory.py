"""Writes the inventory report: CSV shards with a header, and the manifest that names them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from thermocline.sandbox.lake.audit_log import rfc3339
from thermocline.sandbox.lake.ledger import LakeObject, Window

__all__ = ["write_inventory"]

_COLUMNS = (
    *("project", "bucket", "name", "location", "size", "timeCreated", "updated", "storageClass", "crc32c", "md5Hash"),
    *("generation", "metageneration", "contentType", "timeStorageClassUpdated"),
)


def write_inventory(
    directory: Path, objects: Iterable[LakeObject], *, bucket: str, project: str, location: str, window: Window
) -> Path:
    """One CSV and its manifest, taken at the window's end; returns the CSV's path."""
    directory.mkdir(parents=True, exist_ok=True)
    stem = f"6f1d2c3b-report_{window.end:%Y-%m-%d}T23:30"
    path = directory / f"{stem}_0.csv"
    records = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for item in objects:
            created = rfc3339(item.created_us, 3)
            row = [project, bucket, item.name, location, item.size, created, created, item.storage_class, item.crc32c]
            row += [item.md5 or "", item.generation, 1, item.content_type, created]
            writer.writerow(row)
            records += 1
    manifest = {
        "report_config": {"csv_options": {"delimiter": ",", "header_required": True, "record_separator": "\n"}},
        "records_processed": records,
        "snapshot_time": rfc3339(window.snapshot_us, 0),
        "target_datetime": rfc3339(window.snapshot_us, 0),
        "shard_count": 1,
        "report_shards_file_names": [path.name],
    }
    (directory / f"{stem}_manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return path

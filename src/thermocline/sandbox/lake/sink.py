"""Writes entries the way a Cloud Storage log sink does: one file per log and hour, unordered, late entries apart.

Some hours have an `_A0` file that holds entries missing from the main file and repeats others; a few lines are broken;
a few entries of another service stand among ours. `SinkCounts` says how many of each, for tests.
"""

from __future__ import annotations

import gzip
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from thermocline.sandbox.lake.audit_log import AuditLog, rfc3339
from thermocline.sandbox.lake.ledger import Event, Window

__all__ = ["SinkCounts", "write_logs"]

_HOUR = 3_600_000_000
_BROKEN = (
    b'{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","status":{},"authent',
    b"<html><head><title>502 Bad Gateway</title></head></html>",
    b'{"insertId":"no-timestamp","protoPayload":{"serviceName":"storage.googleapis.com"}}',
    b"\xff\xfe\x00 not text",
    b'["an array where an object belongs"]',
)


@dataclass
class SinkCounts:
    """What was written: files, entries of our service, repeated lines, broken lines, entries of other services."""

    files: int = 0
    entries: int = 0
    duplicates: int = 0
    malformed: int = 0
    foreign: int = 0


def write_logs(directory: Path, events: list[Event], log: AuditLog, window: Window, seed: int) -> SinkCounts:
    """Write all events as log files below `directory`; ordinary, late and broken lines are a function of the seed."""
    rng = random.Random(f"{seed}:sink")
    counts = SinkCounts()
    encoder = msgspec.json.Encoder()
    hours: dict[tuple[str, int], list[bytes]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.at_us):
        hours[log.log(event), event.at_us // _HOUR].append(encoder.encode(log.entry(event)))
        counts.entries += 1
    for index, _ in window.each():
        if index % 10 == 4:
            at_us = window.start_us + index * 24 * _HOUR + 8 * _HOUR
            hours["data_access", at_us // _HOUR].append(encoder.encode(_foreign(log, at_us, index)))
            counts.foreign += 1
    broken_hours = set(rng.sample(sorted(hours), min(len(_BROKEN), len(hours))))
    for position, key in enumerate(sorted(hours)):
        lines = hours[key]
        rng.shuffle(lines)
        late: list[bytes] = []
        if key[0] == "data_access" and rng.random() < 0.12:
            late, lines = lines[: len(lines) // 12], lines[len(lines) // 12 :]
            repeated = lines[: 1 + len(lines) // 20]
            counts.duplicates += len(repeated)
            late = late + repeated
        if key in broken_hours:
            lines.insert(len(lines) // 2, _BROKEN[counts.malformed])
            counts.malformed += 1
        _write(_path(directory, key, ""), lines)
        counts.files += 1
        if late:
            arrived = key[1] * 3600 + 3600 * 3 + position % 3600
            _write(_path(directory, key, f"_A0:{arrived}"), late)
            counts.files += 1
    return counts


def _path(directory: Path, key: tuple[str, int], late: str) -> Path:
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=key[1])
    name = f"{when:%H}:00:00_{when:%H}:59:59{late or '_S0'}.json.gz"
    return directory / "cloudaudit.googleapis.com" / key[0] / f"{when:%Y}" / f"{when:%m}" / f"{when:%d}" / name


def _write(path: Path, lines: list[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # No clock and no file name in the gzip header: equal seeds give equal bytes.
    path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", compresslevel=1, mtime=0))


def _foreign(log: AuditLog, at_us: int, index: int) -> dict[str, Any]:
    """An entry of another service, as a sink with a broad filter picks it up."""
    return {
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "status": {},
            "serviceName": "bigquery.googleapis.com",
            "methodName": "google.cloud.bigquery.v2.JobService.InsertJob",
            "resourceName": f"projects/{log.project}/jobs/load-{index}",
        },
        "insertId": f"bq{index}",
        "resource": {"type": "bigquery_project", "labels": {"project_id": log.project, "location": "EU"}},
        "timestamp": rfc3339(at_us, 6),
        "severity": "INFO",
        "logName": f"projects/{log.project}/logs/cloudaudit.googleapis.com%2Fdata_access",
        "receiveTimestamp": rfc3339(at_us + 900_000, 9),
    }

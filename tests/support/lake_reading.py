"""Reads a lake's files back without its own code, as an outsider would."""

import csv
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

from thermocline.sandbox.lake import Lake


def tree(directory: Path) -> dict[str, str]:
    """Every file below a directory by its relative path, with a digest of its bytes."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def log_lines(lake: Lake, log: str = "*") -> list[bytes]:
    return [
        line
        for path in sorted(lake.logs_dir.glob(f"cloudaudit.googleapis.com/{log}/**/*.json.gz"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def entries(lake: Lake) -> list[dict[str, Any]]:
    """Every entry of the storage service, each once."""
    known: dict[tuple[str, str, str], dict[str, Any]] = {}
    for line in log_lines(lake):
        try:
            entry = json.loads(line)
            key = (entry["logName"], entry["timestamp"], entry["insertId"])
        except (ValueError, KeyError, TypeError):
            continue
        if entry["protoPayload"]["serviceName"] == "storage.googleapis.com":
            known[key] = entry
    return list(known.values())


def inventory(lake: Lake) -> list[dict[str, str]]:
    with lake.inventory_path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))

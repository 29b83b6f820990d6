"""All that a catalogue holds, to compare two of them."""

from pathlib import Path
from typing import Any

from analysis.catalogue import Catalogue


def everything(path: Path) -> dict[str, list[Any]]:
    """The rows of every table that an ingest writes, in order."""
    with Catalogue.open(path) as catalogue:
        tables = ("evidence_file", "reject", "seen", "rolled_day", "access", "coverage", "bucket_info")
        return {table: catalogue.connection.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in tables}

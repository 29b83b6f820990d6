"""The lake's folders: who builds each, and what an analysis of it must find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from thermocline.sandbox.lake import active_folders as active
from thermocline.sandbox.lake import cold_folders as cold
from thermocline.sandbox.lake.names import Names
from thermocline.sandbox.lake.site import Site

__all__ = ["FOLDERS", "Folder", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What an analysis must find; `None` where the lake leaves it open."""

    temperature: str | None
    isolation: str | None
    pattern: str
    priority: str | None
    tier: int | None
    phase: int | None
    moves: bool


@dataclass(frozen=True)
class Folder:
    """One subfolder: structural key, name keys of its path, builder, expected verdict, key of its mapped target."""

    key: str
    path: tuple[str, ...]
    build: Callable[[Site], None]
    verdict: Verdict
    target: str | None = None

    def subfolder(self, names: Names) -> str:
        return "/".join(names[part] for part in self.path)


def _moves(temperature: str, isolation: str, pattern: str, priority: str, tier: int, phase: int) -> Verdict:
    return Verdict(temperature, isolation, pattern, priority, tier, phase, moves=True)


def _stays(temperature: str | None, isolation: str | None, pattern: str) -> Verdict:
    return Verdict(temperature, isolation, pattern, "LOW", 4, 5, moves=False)


FOLDERS = (
    Folder(
        "archives", ("folder.archives",), cold.archives,
        _moves("cold", "perfect", "manual archive", "HIGH", 1, 1), "target.archives",
    ),
    Folder(
        "bigquery_archive_tables", ("folder.bigquery_archive_tables",), cold.bigquery_archive_tables,
        _moves("cold", "perfect", "legacy archive", "HIGH", 1, 1), "target.bigquery_archive_tables",
    ),
    Folder(
        "historization", ("folder.historization",), cold.historization,
        _moves("cold", "perfect", "archival system", "HIGH", 1, 1), "target.historization",
    ),
    Folder(
        "QPI_historical", ("folder.QPI_historical",), cold.qpi_historical,
        _moves("cold", "perfect", "historical reference", "HIGH", 1, 2), "target.seed",
    ),
    Folder(
        "QPI_mapping", ("folder.QPI_mapping",), cold.qpi_mapping,
        _moves("cold", "perfect", "reference data", "HIGH", 1, 2), "target.seed",
    ),
    Folder(
        "seed", ("folder.imports", "folder.seed"), cold.seed,
        _moves("warm", "excellent", "reference data", "MEDIUM", 2, 3), "target.seed",
    ),
    Folder(
        "base32", ("folder.base32",), cold.base32,
        _moves("warm", "good", "shared library", "MEDIUM", 2, 3), "target.base32",
    ),
    Folder(
        "QPI_exports", ("folder.QPI_exports",), active.qpi_exports,
        _moves("hot", "excellent", "external import", "LOW", 3, 4), "target.qpi",
    ),
    Folder(
        "dms_export", ("folder.dms_export",), active.dms_export,
        _moves("hot", "perfect", "ETL staging", "LOW", 3, 4), "target.dms",
    ),
    Folder(
        "cloudsql", ("folder.export", "folder.cloudsql"), active.cloudsql,
        _stays("hot", "good", "bidirectional sync"),
    ),
    Folder(
        "elementary_reports", ("folder.elementary_reports",), active.elementary_reports,
        _stays(None, None, "report archive"),
    ),
    Folder(
        "clickhouse_export", ("folder.clickhouse_export",), active.clickhouse_export,
        _stays("hot", "good", "transient staging"),
    ),
    Folder("ml_features", ("folder.ml_features",), active.ml_features, _stays("unknown", None, "unknown")),
)  # fmt: skip

"""Analyses made by hand for tests of the planner: a folder for each kind of verdict."""

from dataclasses import replace
from datetime import date
from typing import Any

from analysis.model import Analysis, ClassAge, CodeSite, ConsumerUse, Subfolder

GIB = 1024**3
AS_OF = date(2026, 10, 31)
BUCKET = "data-bucket-prod"


def use(name: str, kind: Any = "service", **more: Any) -> ConsumerUse:
    """One consumer; its principal is a service account, or a person's address."""
    suffix = "example.com" if kind == "human" else "analytics-prod.iam.gserviceaccount.com"
    values = {
        "name": name, "kind": kind, "principal": f"{name}@{suffix}", "agent": "python", "workload": name,
        "confidence": 0.9, "events": 10, "days": 3,
    }  # fmt: skip
    return ConsumerUse(**{**values, **more})


def folder(name: str, **more: Any) -> Subfolder:
    """A cold, perfectly isolated manual archive of 100 GiB; the keywords change that."""
    gib = more.pop("gib", 100)
    objects = more.pop("objects", 1000)
    storage_class = more.pop("storage_class", "STANDARD")
    age = more.pop("age", 730)
    values: dict[str, Any] = {
        "name": name, "prefix": f"{name}/" if name else "", "template": f"{name}/", "objects": objects,
        "bytes": int(gib * GIB), "class_ages": (ClassAge(storage_class, age, objects, int(gib * GIB), 0),),
        "temperature": "cold", "temperature_confidence": 0.9, "isolation": "perfect", "pattern": "manual archive",
        "assessment": "excellent candidate", "flags": frozenset(), "reasons": ("not read for 60 days",),
        "isolation_breakers": (), "readers": (), "writers": (), "last_read_at": None, "last_write_at": None,
        "read_days_30": 0, "write_days_30": 0, "read_events": 0, "write_events": 0, "read_bytes": 0,
        "coverage_days": 120, "hot_until_age_days": None,
    }  # fmt: skip
    values |= more
    values["flags"] = frozenset(values["flags"])
    return Subfolder(**values)


def analysis_of(*subfolders: Subfolder, **more: Any) -> Analysis:
    """An analysis of these subfolders; the keywords are those of `Analysis`."""
    values: dict[str, Any] = {
        "snapshot_id": 1, "bucket": BUCKET, "location": "europe-west1", "project": "analytics-prod", "as_of": AS_OF,
        "coverage_days": 120, "coverage_from": date(2026, 7, 4), "coverage_to": AS_OF, "evidence_digest": "sha256:e",
    }  # fmt: skip
    return Analysis(**{**values, **more}, subfolders=subfolders)


def every_kind() -> tuple[Subfolder, ...]:
    """One folder for each row of the rule table."""
    daily = {"read_days_30": 30, "write_days_30": 30, "read_events": 4000, "write_events": 4000, "read_days": 118}
    hot = {"temperature": "hot", "age": 0, **daily}
    return (
        folder("archives", readers=(use("analyst", "human"),), read_days=2, read_events=12),
        folder("old_tables", pattern="legacy archive", flags=("never-read", "legacy-writer")),
        folder("history", pattern="archival system", writers=(use("archiver"),), write_days_30=30, write_events=3000,
               age=30),
        folder("mapping", gib=0.07, objects=12, pattern="reference data", readers=(use("seed"),), read_events=48),
        folder("imports/seed", gib=2, temperature="warm", isolation="excellent", pattern="reference data",
               readers=(use("seed"),), read_events=30000, read_days=34),
        folder("library", gib=0.00001, objects=1, temperature="warm", isolation="good", pattern="shared library",
               readers=(use("a"), use("b"), use("c")), read_events=100, read_days=40),
        folder("deliveries", isolation="excellent", pattern="external import", flags=("external-writer",),
               readers=(use("loader"),), writers=(use("partner", "external"),),
               code=(CodeSite("dags/load.py", 12, "read", "deliveries/", "code", "GCSToBigQueryOperator"),), **hot),
        folder("staging", pattern="ETL staging", readers=(use("etl"),), writers=(use("etl"),), **hot),
        folder("exchange", isolation="good", pattern="bidirectional sync", flags=("bidirectional-sync",), **hot),
        folder("reports", temperature="cold", isolation="good", pattern="report archive", flags=("retention-first",)),
        folder("tmp", isolation="good", pattern="transient staging", flags=("transient-staging",), **hot),
        folder("features", temperature="unknown", isolation="unknown", pattern="unknown"),
        folder("", objects=1, gib=0.001, temperature="unknown", isolation="unknown", pattern="unknown"),
    )  # fmt: skip


def changed(analysis: Analysis, name: str, /, **more: Any) -> Analysis:
    """The same analysis with one subfolder changed, and so another digest."""
    subfolders = tuple(replace(each, **more) if each.name == name else each for each in analysis.subfolders)
    return replace(analysis, subfolders=subfolders, evidence_digest="sha256:later")

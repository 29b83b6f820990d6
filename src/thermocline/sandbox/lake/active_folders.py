"""Folders that work every day: imports, staging, exchanges, reports, and one whose jobs leave no log."""

from __future__ import annotations

from datetime import timedelta

from thermocline.sandbox.lake.ledger import MICROS_PER_DAY
from thermocline.sandbox.lake.site import MIB, Site

__all__ = ["clickhouse_export", "cloudsql", "dms_export", "elementary_reports", "ml_features", "qpi_exports"]


def qpi_exports(site: Site) -> None:
    """Another project's account delivers every day; a sensor waits for the first file, then one DAG loads them all."""
    ledger, rng, window = site.ledger, site.rng, site.ledger.window
    root = f"{site.names['folder.QPI_exports']}/{site.names['file.qpi_answers']}_"
    parts = ledger.count(12, 3)
    for age in range(ledger.count(600, 60), 0, -1):
        day = window.first - timedelta(days=age)
        for part in range(parts):
            name = f"{root}{day:%Y%m%d}/part-{part:05}.jsonl"
            site.put(name, site.size(2 * MIB, 0.5), site.moment(day, 3), site.callers.partner)
    for _, day in window.each():
        first = f"{root}{day:%Y%m%d}/part-{0:05}.jsonl"
        for poll in range(rng.randint(3, 6)):
            ledger.get(first, site.moment(day, 2.0 + poll * 0.15, 3), site.callers.scheduler, outcome="missing")
        for part in range(parts):
            name = f"{root}{day:%Y%m%d}/part-{part:05}.jsonl"
            site.put(name, site.size(2 * MIB, 0.5), site.moment(day, 3, 20), site.callers.partner)
        for poll in range(2):
            ledger.get(first, site.moment(day, 3.5 + poll * 0.15, 3), site.callers.scheduler)
        for part in range(parts):
            ledger.get(f"{root}{day:%Y%m%d}/part-{part:05}.jsonl", site.moment(day, 4), site.callers.scheduler)


def dms_export(site: Site) -> None:
    """One script writes JSON, a second turns it into Parquet, a DAG loads that; everything stays."""
    ledger, window, names = site.ledger, site.ledger.window, site.names
    root, stem = names["folder.dms_export"], names["file.dms"]
    targets = (names["file.dms_young"], names["file.dms_pro"])
    before = [window.first - timedelta(days=n) for n in range(ledger.count(900, 90), 0, -1)]
    for day in [*before, *(day for _, day in window.each())]:
        for target in targets:
            raw = f"{root}/unsorted_{stem}_{target}_{day:%Y-%m-%d}.json"
            table = f"{root}/{stem}_{target}_{day:%Y-%m-%d}.parquet"
            site.put(raw, site.size(7 * MIB, 0.6), site.moment(day, 1, 20), site.callers.etl_python)
            ledger.get(raw, site.moment(day, 1.5, 10), site.callers.etl_gcsfs)
            site.put(table, site.size(2 * MIB, 0.6), site.moment(day, 1.75, 10), site.callers.etl_gcsfs)
            ledger.get(table, site.moment(day, 2.25, 10), site.callers.scheduler)


def cloudsql(site: Site) -> None:
    """Two systems exchange tables every day: each reads what the other has written."""
    ledger, rng, window = site.ledger, site.rng, site.ledger.window
    root = f"{site.names['folder.export']}/{site.names['folder.cloudsql']}"
    tables = site.names.tables("cloudsql")
    parts = ledger.count(4)
    before = [window.first - timedelta(days=n) for n in range(ledger.count(30, 5), 0, -1)]
    exchanges = (
        (3.0, "", site.callers.scheduler, site.callers.cloudsql),
        (5.0, "_back", site.callers.cloudsql, site.callers.scheduler),
    )
    for day in [*before, *(day for _, day in window.each())]:
        run = f"{root}/{day:%Y%m%d}_{rng.randrange(3600) + 30000:06}"
        for hour, mark, writer, reader in exchanges:
            for table in tables:
                for part in range(parts):
                    name = f"{run}/{table}{mark}-{part:05}.csv"
                    site.put(name, site.size(12 * MIB, 0.6), site.moment(day, hour, 20), writer)
                    ledger.get(name, site.moment(day, hour + 0.75, 20), reader)


def elementary_reports(site: Site) -> None:
    """One report a day, looked at now and then, never deleted."""
    ledger, window = site.ledger, site.ledger.window
    root, stem = site.names["folder.elementary_reports"], site.names["file.elementary_report"]
    before = [window.first - timedelta(days=n) for n in range(ledger.count(700, 90), 0, -1)]
    for index, day in [*((-1, day) for day in before), *window.each()]:
        name = f"{root}/{day:%Y}/{stem}_{day:%Y%m%d}.html"
        site.put(name, site.size(18 * MIB, 0.2), site.moment(day, 6), site.callers.scheduler)
        if index >= 0 and index % 7 == 3:
            ledger.get(name, site.moment(day, 9, 120), site.callers.owner if index % 2 else site.callers.analyst)


def clickhouse_export(site: Site) -> None:
    """One DAG writes, forwards and, three days later, deletes."""
    ledger, window, names = site.ledger, site.ledger.window, site.names
    root = f"{names['folder.clickhouse_export']}/{site.env}/{names['folder.clickhouse_stage']}"
    parts = ledger.count(4)
    before = [window.first - timedelta(days=n) for n in range(3, 0, -1)]
    for day in [*before, *(day for _, day in window.each())]:
        for table in names.tables("clickhouse"):
            for part in range(parts):
                name = f"{root}/{day:%Y%m%d}/{table}-{part:05}.parquet"
                site.put(
                    name,
                    site.size(40 * MIB, 0.6),
                    site.moment(day, 4, 20),
                    site.callers.scheduler,
                )
                ledger.get(name, site.moment(day, 4.75, 20), site.callers.scheduler)
                gone = ledger.objects[name].created_us + 3 * MICROS_PER_DAY
                if gone < window.snapshot_us:
                    ledger.delete(name, gone, site.callers.scheduler)


def ml_features(site: Site) -> None:
    """Its job's account is exempt from audit logging: objects appear in the window and no log says who made them."""
    ledger, window = site.ledger, site.ledger.window
    root = site.names["folder.ml_features"]
    parts = ledger.count(6)
    for table in site.names.tables("feature"):
        for age in range(ledger.count(100, 20) + window.days - 1, -1, -1):
            day = window.end - timedelta(days=age)
            for part in range(parts):
                name = f"{root}/{table}/dt={day:%Y-%m-%d}/part-{part:05}.parquet"
                moment = site.moment(day, 5)
                site.put(name, site.size(55 * MIB, 0.7), moment, site.callers.features, logged=False)

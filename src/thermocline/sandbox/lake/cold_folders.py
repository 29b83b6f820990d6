"""Folders that hardly anybody touches: archives by hand, a legacy archive, an archival system, reference data."""

from __future__ import annotations

from datetime import date, timedelta

from thermocline.sandbox.lake.callers import Caller
from thermocline.sandbox.lake.site import KIB, MIB, Site, at

__all__ = ["archives", "base32", "bigquery_archive_tables", "historization", "qpi_historical", "qpi_mapping", "seed"]


def archives(site: Site) -> None:
    """Tables that somebody exported by hand over the years; three more exports and two readings inside the window."""
    ledger = site.ledger
    root = site.names["folder.archives"]
    tables = site.names.tables("archive")
    exports = ledger.count(40, 8)
    for number in range(exports):
        day = site.day_before_window(40, 1500)
        for part in range(ledger.count(14, 3)):
            name = f"{root}/{tables[number % len(tables)]}_{day:%Y%m}_{number:02}/{part:012}.parquet"
            site.put(name, site.size(220 * MIB), site.moment(day, 10), site.callers.engineer)
    # One object with an empty path segment, as a careless `gs://bucket/folder/` + `/name` makes it, and one whose name
    # looks encoded and is not: logs and inventories show names raw.
    odd = site.day_before_window(300, 400)
    site.put(f"{root}//{tables[0]}_leftover.parquet", 3 * MIB, at(odd, 9.5), site.callers.engineer)
    site.put(f"{root}/{tables[3]}_100%25 é#1?/{0:012}.parquet", 5 * MIB, at(odd, 9.75), site.callers.engineer)
    readable = [name for name in ledger.objects if name.startswith(f"{root}/{tables[1]}")]
    writers = (site.callers.engineer, site.callers.engineer_gsutil, site.callers.engineer)
    for index, writer in zip(ledger.window.indexes(20, 61, 97), writers, strict=False):
        day = ledger.window.day(index)
        for part in range(ledger.count(8, 2)):
            name = f"{root}/{tables[index % len(tables)]}_{day:%Y%m}_hand/{part:012}.parquet"
            site.put(name, site.size(180 * MIB), site.moment(day, 14), writer)
    for index in ledger.window.indexes(34, 103):
        for name in readable[: ledger.count(6, 2)]:
            ledger.get(name, site.moment(ledger.window.day(index), 15), site.callers.analyst)


def bigquery_archive_tables(site: Site) -> None:
    """Two to four years old, written by something that is gone; nobody reads it and no code names it."""
    ledger, rng = site.ledger, site.rng
    root = site.names["folder.bigquery_archive_tables"]
    for table in site.names.tables("legacy"):
        for number in range(ledger.count(14, 4)):
            day = site.day_before_window(730, 1460)
            storage_class = "NEARLINE" if rng.random() < 0.15 else "STANDARD"
            for part in range(ledger.count(12, 3)):
                name = f"{root}/{table}/{day:%Y-%m-%d}-{number:02}/{part:012}.avro"
                moment = site.moment(day, 3)
                site.put(
                    name, site.size(150 * MIB), moment, site.callers.etl_python, storage_class=storage_class,
                )  # fmt: skip


def historization(site: Site) -> None:
    """An archival system: two DAGs add a partition per table every day; two recoveries read a few."""
    ledger, window = site.ledger, site.ledger.window
    root = site.names["folder.historization"]
    families = ("tracking", "int_firebase", "api_reco", "applicative")
    tables = [
        (family, table)
        for family in families
        for table in site.names.tables(family)[: ledger.count(len(site.names.tables(family)))]
    ]
    marker = f"{root}/{site.names['folder.tracking']}/"
    site.put(marker, 0, at(window.first - timedelta(days=900), 8), site.callers.engineer)
    before = [window.first - timedelta(days=n) for n in range(1, 1 + ledger.count(40, 8))]
    for day in [*reversed(before), *(day for _, day in window.each())]:
        for family, table in tables:
            partition = day - timedelta(days=1)
            name = f"{root}/{site.names[f'folder.{family}']}/{table}/{partition:%Y%m%d}/{0:012}.parquet"
            hour = 2.0 if family == "applicative" else 4.0
            site.put(
                name,
                site.size(90 * MIB, 0.8),
                site.moment(day, hour),
                site.callers.scheduler_bigquery,
            )
    for index in window.indexes(47, 88):
        wanted = f"{window.day(index) - timedelta(days=20):%Y%m%d}"
        for name in [name for name in ledger.objects if name.startswith(f"{root}/") and f"/{wanted}/" in name][:4]:
            ledger.get(name, site.moment(window.day(index), 11), site.callers.engineer)


def qpi_historical(site: Site) -> None:
    """Historical answers: no writes any more; one DAG loads them again on three days."""
    ledger = site.ledger
    start = f"{site.names['folder.QPI_historical']}/{site.names['file.qpi_historical']}_"
    loaded = site.ledger.window.first - timedelta(days=820)
    names = [f"{start}{part:05}.parquet" for part in range(ledger.count(260, 24))]
    for name in names:
        site.put(name, site.size(24 * MIB, 0.4), site.moment(loaded, 9, 90), site.callers.engineer)
    for index in ledger.window.indexes(12, 55, 101):
        for name in names:
            ledger.get(name, site.moment(ledger.window.day(index), 5), site.callers.scheduler)


def qpi_mapping(site: Site) -> None:
    """A mapping table, uploaded once by hand; the seed job loads it about once a month."""
    ledger = site.ledger
    root = site.names["folder.QPI_mapping"]
    uploaded = site.ledger.window.first - timedelta(days=410)
    site.put(f"{root}/", 0, at(uploaded, 13.9), site.callers.analyst)
    names = [f"{root}/{site.names['file.qpi_mapping']}_{part:02}.parquet" for part in range(12)]
    for name in names:
        site.put(name, site.size(6 * MIB, 0.3), site.moment(uploaded, 14), site.callers.analyst)
    for index in ledger.window.indexes(4, 34, 65, 95):
        for name in names:
            ledger.get(name, site.moment(ledger.window.day(index), 6), site.callers.etl_python)


def seed(site: Site) -> None:
    """More than fifty reference tables, read by one job on two days a week, written by hand and by a refresh job."""
    ledger, rng, window = site.ledger, site.rng, site.ledger.window
    root = f"{site.names['folder.imports']}/{site.names['folder.seed']}"
    current: list[str] = []
    for number, table in enumerate(site.names.tables("seed")):
        suffix = ("csv", "parquet", "avro")[number % 3]
        for part in range(ledger.count(30, 2)):
            day = site.day_before_window(30, 1100)
            name = f"{root}/{table}/{table}_{part:03}.{suffix}"
            site.put(name, site.size(900 * KIB, 1.4), site.moment(day, 13), site.callers.analyst)
            current.append(name)
    for index, day in window.each():
        if day.weekday() in {0, 3}:
            for name in current:
                ledger.get(name, site.moment(day, 6, 80), site.callers.etl_python)
        if day.weekday() == 2:
            _renew(site, day, 9.0, rng.sample(current, 3), site.callers.etl_beam)
        if index % 20 == 11:
            # By hand, now from the console and now as the job's account on behalf of a person.
            hand = site.callers.analyst if index % 40 == 11 else site.callers.engineer_delegated
            _renew(site, day, 16.0, rng.sample(current, 2), hand)


def _renew(site: Site, day: date, hour: float, names: list[str], caller: Caller) -> None:
    for name in names:
        size = site.ledger.objects[name].size
        site.put(name, size + 17, site.moment(day, hour), caller)


def base32(site: Site) -> None:
    """One small library file that query users of several teams load, on about every third day."""
    ledger, rng, window = site.ledger, site.rng, site.ledger.window
    name = f"{site.names['folder.base32']}/{site.names['file.base32']}.js"
    deployed = window.day((window.indexes(16) or [-20])[0])
    site.put(name, 5_870, site.moment(deployed, 9), site.callers.engineer)
    users = (site.callers.dashboard, site.callers.analyst_bigquery, site.callers.bi, site.callers.analyst2_bigquery)
    for index, day in window.each():
        # Counted from the end, so that every 30 days hold ten.
        if day > deployed and (window.days - index) % 3 == 1:
            for user in rng.sample(users, 2 if index % 2 else 3):
                for _ in range(rng.randint(1, 4)):
                    ledger.get(name, site.moment(day, 8, 540), user)

"""Traffic that must not mislead: scanners, backups, lists, denied calls, our own reading, copies to elsewhere."""

from __future__ import annotations

import random
from datetime import timedelta

from thermocline.sandbox.lake.callers import Callers
from thermocline.sandbox.lake.ledger import MICROS_PER_DAY, Ledger
from thermocline.sandbox.lake.names import Names
from thermocline.sandbox.lake.site import at

__all__ = ["add_traps"]

_HOUR = 3_600_000_000


def add_traps(ledger: Ledger, callers: Callers, names: Names, env: str, seed: int) -> None:
    """Add every trap; to be called after the folders are built."""
    rng = random.Random(f"{seed}:traps")
    _root_object(ledger, callers, names, rng)
    _sensitive_data_sweep(ledger, callers, rng)
    _antivirus(ledger, callers, rng)
    _transfer_backup(ledger, callers, rng)
    _insights(ledger, callers, names, env, rng)
    _lists(ledger, callers, rng)
    _denied(ledger, callers, rng)
    _own_traffic(ledger, callers, rng)
    _copies_elsewhere(ledger, callers, names, env, rng)
    _administration(ledger, callers, rng)


def _root_object(ledger: Ledger, callers: Callers, names: Names, rng: random.Random) -> None:
    day = ledger.window.first - timedelta(days=1200)
    ledger.put(names["file.root"], 1_420, at(day, 10), callers.engineer, rng, folder="root")


def _sensitive_data_sweep(ledger: Ledger, callers: Callers, rng: random.Random) -> None:
    """One sweep over ten days that reads nearly everything once."""
    index = ledger.window.indexes(70) or [0]
    start = at(ledger.window.day(index[0]), 0)
    span = min(10 * MICROS_PER_DAY, ledger.window.snapshot_us - start - _HOUR)
    for name, created, gone, _ in ledger.met():
        moment = start + rng.randrange(span)
        if created < moment < gone and rng.random() < 0.97:
            ledger.get(name, moment, callers.dlp)


def _antivirus(ledger: Ledger, callers: Callers, rng: random.Random) -> None:
    """A service of the team's own that reads what is new within the hour, and the rest once in the window."""
    start = ledger.window.start_us
    for name, created, gone, _ in ledger.met():
        moment = created + rng.randrange(_HOUR // 12, _HOUR // 2)
        if created < start:
            moment = rng.randrange(start, ledger.window.snapshot_us)
        if moment < gone and rng.random() < 0.98:
            ledger.get(name, moment, callers.antivirus)


def _transfer_backup(ledger: Ledger, callers: Callers, rng: random.Random) -> None:
    """A weekly backup by the transfer service: a list, then what the week has brought to some folders."""
    for index, day in ledger.window.each():
        if day.weekday() != 6:
            continue
        moment = at(day, 21)
        ledger.call("storage.objects.list", moment, callers.transfer)
        for name, created, gone, folder in ledger.met():
            recent = moment - 7 * MICROS_PER_DAY < created < moment < gone
            if recent and folder in {"historization", "elementary_reports", "archives"}:
                ledger.get(name, moment + rng.randrange(_HOUR) + index, callers.transfer)


def _insights(ledger: Ledger, callers: Callers, names: Names, env: str, rng: random.Random) -> None:
    """The inventory service looks at the bucket and writes its report into another one."""
    other = f"{names['bucket.inventory']}-{env}"
    for _, day in ledger.window.each():
        if day.weekday() == 6:
            moment = at(day, 1) + rng.randrange(_HOUR)
            ledger.call("storage.buckets.get", moment, callers.insights)
            name = f"reports/{day:%Y-%m-%d}T01:00_0.csv"
            ledger.call("storage.objects.create", moment + _HOUR, callers.insights, bucket=other, name=name)


def _lists(ledger: Ledger, callers: Callers, rng: random.Random) -> None:
    """A dashboard lists the project's buckets and this bucket's objects every day."""
    for _, day in ledger.window.each():
        moment = at(day, 7) + rng.randrange(_HOUR)
        ledger.call("storage.buckets.list", moment, callers.dashboard_lists)
        for page in range(4):
            ledger.call("storage.objects.list", moment + (page + 1) * 700_000, callers.dashboard_lists)


def _denied(ledger: Ledger, callers: Callers, rng: random.Random) -> None:
    """Refused calls: somebody without the right, nobody at all, and a perimeter policy."""
    names = sorted(ledger.objects)
    for index, day in ledger.window.each():
        moment = at(day, 13) + rng.randrange(_HOUR)
        target = rng.choice(names)
        if index % 4 == 1:
            ledger.get(target, moment, callers.outsider, outcome="denied")
        if index % 9 == 2:
            ledger.call("storage.objects.list", moment, callers.anonymous, outcome="denied")
        if index % 15 == 7:
            ledger.get(target, moment, callers.outsider, outcome="policy")


def _own_traffic(ledger: Ledger, callers: Callers, rng: random.Random) -> None:
    """Our own reading, marked by its audit header, on many days: it would warm a cold folder."""
    names = sorted(name for name, item in ledger.objects.items() if item.folder_key == "bigquery_archive_tables")
    for index, day in ledger.window.each():
        if index % 3 == 0:
            moment = at(day, 18)
            ledger.call("storage.objects.list", moment, callers.thermocline)
            for name in names[:5]:
                ledger.get(name, moment + rng.randrange(_HOUR), callers.thermocline)


def _copies_elsewhere(ledger: Ledger, callers: Callers, names: Names, env: str, rng: random.Random) -> None:
    """A job copies a cold folder into another bucket again and again: lineage, not reading."""
    other = f"{names['bucket.stage']}-{env}"
    sources = sorted(name for name, item in ledger.objects.items() if item.folder_key == "QPI_mapping" and item.size)
    for index, day in ledger.window.each():
        if index % 3 == 2:
            for name in sources:
                moment = at(day, 19) + rng.randrange(_HOUR)
                ledger.get(name, moment, callers.refresh, destination=f"projects/_/buckets/{other}/objects/{name}")
                ledger.call("storage.objects.create", moment, callers.refresh, bucket=other, name=name)


def _administration(ledger: Ledger, callers: Callers, rng: random.Random) -> None:
    """A few changes of the bucket itself; they land in the activity log."""
    for index in ledger.window.indexes(9, 52, 110):
        moment = at(ledger.window.day(index), 10) + rng.randrange(_HOUR)
        ledger.call("storage.buckets.update", moment, callers.engineer)
        ledger.call("storage.setIamPermissions", moment + 60_000_000, callers.engineer)

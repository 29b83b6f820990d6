"""Everything the access-pattern report says, read from the catalogue once and for one snapshot."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from analysis.catalogue import Catalogue
from analysis.classify.thresholds import Thresholds
from thermocline.errors import UnusableInput
from thermocline.reporting.figures.growth import Creation
from thermocline.reporting.figures.heatmap import DayOfUse
from thermocline.reporting.rows import fetch, query

__all__ = ["Contradiction", "Evidence", "Facts", "Inventory", "Snapshot", "Touch", "Verdict", "load_facts"]


class Snapshot(NamedTuple):
    """One analysis of a bucket."""

    snapshot_id: int
    as_of: date
    coverage_days: int
    coverage_from: date | None
    coverage_to: date | None


class Verdict(NamedTuple):
    """What one analysis says of a subfolder."""

    subfolder: str
    objects: int
    bytes: int
    temperature: str
    isolation: str
    pattern: str
    assessment: str
    last_read_at: datetime | None
    last_write_at: datetime | None
    read_days_30: int
    write_days_30: int
    read_events: int
    write_events: int
    reasons: list[str]
    flags: list[str]


class AgeAtRead(NamedTuple):
    """Reads at one age in days; None where the name holds no date."""

    subfolder: str
    age_days: int | None
    reads: int


class Touch(NamedTuple):
    """One consumer in one role at one subfolder."""

    consumer: str
    kind: str
    subfolder: str
    role: str
    days: int
    events: int


class SetAside(NamedTuple):
    """An identity whose calls set no temperature."""

    consumer: str
    kind: str
    subfolders: int
    events: int


class CoveredDay(NamedTuple):
    """A day with log entries of one type."""

    log_type: str
    day: date
    events: int


class Evidence(NamedTuple):
    """The arithmetic of all inputs of one kind."""

    kind: str
    inputs: int
    incomplete: int
    lines: int
    kept: int
    duplicates: int
    rejected: int
    not_storage: int


class Contradiction(NamedTuple):
    """Where code, logs and documents disagree."""

    kind: str
    subfolder: str
    message: str
    evidence: list[str]


class Inventory(NamedTuple):
    """What an inventory summed up to."""

    snapshot_date: date
    objects: int
    bytes: int


class ClassBytes(NamedTuple):
    """Bytes of one subfolder in one storage class."""

    subfolder: str
    storage_class: str
    bytes: int


class Consumption(NamedTuple):
    """That a consumer uses a subfolder."""

    subfolder: str
    consumer: str
    role: str


@dataclass(frozen=True)
class Facts:
    """One bucket at one snapshot, with the snapshot before it where there is one."""

    bucket: str
    snapshot: Snapshot
    before: Snapshot | None
    first: date  # of the window shown
    last: date
    verdicts: list[Verdict]
    verdicts_before: list[Verdict]
    consumption: list[Consumption]
    consumption_before: list[Consumption]
    days_of_use: list[DayOfUse]
    ages: list[AgeAtRead]
    touches: list[Touch]
    set_aside: list[SetAside]
    creations: list[Creation]
    inventories: list[Inventory]
    class_bytes: list[ClassBytes]
    covered: list[CoveredDay]
    evidence: list[Evidence]
    contradictions: list[Contradiction]
    location: str | None


def load_facts(catalogue: Catalogue, bucket: str, *, as_of: date | None = None, since: date | None = None) -> Facts:
    """Facts of the latest analysis up to `as_of`, compared with the latest one up to `since` (default: the one before).

    Raises UnusableInput when the bucket was never analysed, or not by then.
    """
    connection = catalogue.connection
    snapshots = fetch(connection, "snapshots", Snapshot, {"bucket": bucket})
    current, before = choose_snapshots(bucket, snapshots, as_of, since)
    last = current.coverage_to or current.as_of
    first = current.coverage_from or last - timedelta(days=max(current.coverage_days - 1, 0))
    here = {"bucket": bucket, "snapshot": current.snapshot_id}
    connection.execute(query("folder_home"), here)
    window = {"first": first, "last": last}
    connection.execute(query("use"), {**here, **window, "poll_repeats": Thresholds().poll_repeats})
    snapshot = {"snapshot": current.snapshot_id}
    earlier = {"snapshot": before.snapshot_id} if before else None
    location = connection.execute("SELECT any_value(location) FROM bucket_info WHERE bucket = ?", [bucket]).fetchone()
    return Facts(
        bucket=bucket,
        snapshot=current,
        before=before,
        first=first,
        last=last,
        verdicts=fetch(connection, "verdicts", Verdict, snapshot),
        verdicts_before=fetch(connection, "verdicts", Verdict, earlier) if earlier else [],
        consumption=fetch(connection, "consumers_of", Consumption, snapshot),
        consumption_before=fetch(connection, "consumers_of", Consumption, earlier) if earlier else [],
        days_of_use=fetch(connection, "days_of_use", DayOfUse, {}),
        ages=fetch(connection, "ages_at_read", AgeAtRead, {}),
        touches=fetch(connection, "touches", Touch, snapshot),
        set_aside=fetch(connection, "set_aside", SetAside, snapshot),
        creations=fetch(connection, "creations", Creation, here),
        inventories=fetch(connection, "inventories", Inventory, {"bucket": bucket}),
        class_bytes=fetch(connection, "class_bytes", ClassBytes, snapshot),
        covered=fetch(connection, "covered_days", CoveredDay, {"bucket": bucket, **window}),
        evidence=fetch(connection, "evidence", Evidence, {}),
        contradictions=fetch(connection, "contradictions", Contradiction, snapshot),
        location=location[0] if location else None,
    )


def choose_snapshots(
    bucket: str, snapshots: list[Snapshot], as_of: date | None, since: date | None
) -> tuple[Snapshot, Snapshot | None]:
    """The snapshot to report on, and the one to compare it with; `snapshots` come latest first."""
    usable = [entry for entry in snapshots if as_of is None or entry.as_of <= as_of]
    if not usable:
        when = f" as of {as_of} or earlier" if as_of and snapshots else ""
        raise UnusableInput(f"{bucket} has no analysis{when}", f"run `thermocline analyze --bucket {bucket}` first")
    current, earlier = usable[0], usable[1:]
    if since is not None:
        earlier = [entry for entry in earlier if entry.as_of <= since]
    return current, earlier[0] if earlier else None

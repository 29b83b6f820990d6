"""Everything the access-pattern report says, read from the catalogue once and for one analysis."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from analysis.catalogue import Catalogue
from analysis.classify.store import read_analysis
from analysis.classify.thresholds import Thresholds
from analysis.model import Analysis, ConsumerUse, Subfolder
from thermocline.errors import UnusableInput
from thermocline.reporting.figures.growth import Creation
from thermocline.reporting.figures.heatmap import DayOfUse
from thermocline.reporting.rows import fetch, query

NOT_USE = frozenset({"maintenance", "ourselves"})
POLL_LIMITS = ("poll_repeats", "poll_repeats_sole_object", "poll_minutes")
SHOWN_ROLES = frozenset({"reader", "writer", "deleter"})


class Snapshot(NamedTuple):
    """One analysis of a bucket."""

    snapshot_id: int
    as_of: date
    settings: str | None


class AgeAtRead(NamedTuple):
    """Reads at one age in days; None where the name holds no date."""

    subfolder: str
    age_days: int | None
    reads: int


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


class Inventory(NamedTuple):
    """What an inventory summed up to."""

    snapshot_date: date
    objects: int
    bytes: int


@dataclass(frozen=True)
class Facts:
    """One bucket at one analysis, with the analysis before it where there is one."""

    analysis: Analysis
    before: Analysis | None
    first: date  # of the window shown
    last: date
    days_of_use: list[DayOfUse]
    ages: list[AgeAtRead]
    creations: list[Creation]
    inventories: list[Inventory]
    covered: list[CoveredDay]
    evidence: list[Evidence]
    thresholds: Thresholds

    @property
    def subfolders(self) -> tuple[Subfolder, ...]:
        """As the analysis has them."""
        return self.analysis.subfolders

    def touches(self) -> Iterator[tuple[str, ConsumerUse]]:
        """(subfolder, use) for everybody who reads, writes or deletes, apart from maintenance and ourselves."""
        for subfolder in self.subfolders:
            for use in (*subfolder.readers, *subfolder.writers, *subfolder.others):
                if use.kind not in NOT_USE and use.role in SHOWN_ROLES:
                    yield subfolder.name, use


def load_facts(catalogue: Catalogue, bucket: str, *, as_of: date | None = None, since: date | None = None) -> Facts:
    """Facts of the latest analysis up to `as_of`, compared with the latest one up to `since` (default: the one before).

    Raises UnusableInput when the bucket was not analysed by then.
    """
    connection = catalogue.connection
    snapshots = fetch(connection, "snapshots", Snapshot, {"bucket": bucket})
    if not snapshots:
        read_analysis(catalogue, bucket, None)  # complains as every command does
    current, before = choose_snapshots(bucket, snapshots, as_of, since)
    analysis = read_analysis(catalogue, bucket, current.snapshot_id)
    last = analysis.coverage_to or analysis.as_of
    first = analysis.coverage_from or last - timedelta(days=max(analysis.coverage_days - 1, 0))
    here = {"bucket": bucket, "snapshot": current.snapshot_id}
    window = {"first": first, "last": last}
    connection.execute(query("folder_home"), here)
    thresholds = _thresholds(current.settings)
    polls = {name: getattr(thresholds, name) for name in POLL_LIMITS}
    connection.execute(query("use"), {**here, **window, **polls})
    return Facts(
        analysis=analysis,
        before=read_analysis(catalogue, bucket, before.snapshot_id) if before else None,
        first=first,
        last=last,
        days_of_use=fetch(connection, "days_of_use", DayOfUse, {}),
        ages=fetch(connection, "ages_at_read", AgeAtRead, {}),
        creations=fetch(connection, "creations", Creation, here),
        inventories=fetch(connection, "inventories", Inventory, {"bucket": bucket}),
        covered=fetch(connection, "covered_days", CoveredDay, {"bucket": bucket, **window}),
        evidence=fetch(connection, "evidence", Evidence, {}),
        thresholds=thresholds,
    )


def choose_snapshots(
    bucket: str, snapshots: list[Snapshot], as_of: date | None, since: date | None
) -> tuple[Snapshot, Snapshot | None]:
    """The snapshot to report on, and the one to compare it with; `snapshots` come latest first.

    An analysis that was only repeated for the same day is no earlier state: it is passed over.
    """
    usable = [entry for entry in snapshots if as_of is None or entry.as_of <= as_of]
    if not usable:
        first = min((entry.as_of for entry in snapshots), default=None)
        hint = f"the first one is of {first}; `thermocline analyze --bucket {bucket} --as-of {as_of}` makes another"
        raise UnusableInput(f"{bucket} has no analysis as of {as_of} or earlier", hint)
    current = usable[0]
    earlier = [entry for entry in usable if entry.as_of < current.as_of and (since is None or entry.as_of <= since)]
    return current, earlier[0] if earlier else None


def _thresholds(settings: str | None) -> Thresholds:
    """What this analysis told temperatures apart with; names that have come or gone since take their usual value."""
    table = msgspec.json.decode(settings or "{}")
    found = table.get("thresholds", {}) if isinstance(table, dict) else {}
    return Thresholds(**{name: value for name, value in found.items() if name in Thresholds.__struct_fields__})

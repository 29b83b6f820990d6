"""The price table: a dated TOML file, shipped with the package, replaceable by one of the user's own."""

import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from planner.errors import InvalidPlanInput

CLASSES = ("STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE")
GONE = "GONE"  # where a lifecycle rule's Delete leads: one more step down, at no price
StorageClass = Literal["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"]
# Names that buckets of the early days still carry; they are billed as Standard.
OLD_CLASSES = {"REGIONAL": "STANDARD", "MULTI_REGIONAL": "STANDARD", "DURABLE_REDUCED_AVAILABILITY": "STANDARD"}
SHIPPED = "prices-2026-05.toml"
DEFAULT_LOCATION = "us-central1"
ACROSS_THE_ATLANTIC = {"north-america", "europe"}


class PerClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure for each storage class."""

    STANDARD: float
    NEARLINE: float
    COLDLINE: float
    ARCHIVE: float


class LocationPrices(PerClass, frozen=True, kw_only=True):
    """Storage per GiB and month in some locations; `check` says why its figures need checking, if they do."""

    names: tuple[str, ...]
    continent: str
    check: str | bool = False


class Operations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dollars per 1,000 operations."""

    class_a: PerClass
    class_b: PerClass


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dollars per GiB copied between locations; `same_continent` by continent."""

    same_continent: dict[str, float]
    north_america_europe: float
    elsewhere: float


class Replication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dollars per GiB written into a dual-region or multi-region, by continent."""

    per_gib: dict[str, float]


class Autoclass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The monthly fee of Autoclass, and the size below which objects stay out of it."""

    per_1000_objects_month: float
    minimum_object_bytes: int


class SoftDelete(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days deleted bytes are still billed."""

    days: int


class PriceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All prices. `place(location)` finds a location's."""

    name: str
    read_on: date
    source: str
    currency: str = "USD"
    locations: dict[str, dict[str, LocationPrices]]
    operations: dict[str, Operations]
    retrieval: PerClass
    minimum_days: PerClass
    network: Network
    replication: Replication
    autoclass: Autoclass
    soft_delete: SoftDelete
    bigquery_reads_free: dict[str, tuple[str, ...]] = {}  # bucket locations by dataset location; default: its own

    def place(self, location: str | None) -> "Place":
        """The prices of a location; an unknown one borrows its neighbours' and says so."""
        wanted = (location or DEFAULT_LOCATION).lower()
        for kind, groups in self.locations.items():
            for group in groups.values():
                if wanted in group.names:
                    return _place(self, wanted, kind, group, _note(location, wanted, group))
        if location and (stand_in := _neighbour(self, wanted)):
            kind, group = stand_in
            return _place(self, wanted, kind, group, f"{wanted} is not in the price table; priced as {group.names[0]}")
        hint = "add it to a copy of the price table and name that with --prices"
        raise InvalidPlanInput(f"the price table {self.name} has no location {wanted}", hint)

    def network_usd(self, source: "Place", target: "Place") -> float:
        """Dollars per GiB copied from one location to another."""
        return 0.0 if source.location == target.location else self._between(source.continent, target.continent)

    def bigquery_usd(self, datasets: "Place", bucket: "Place") -> float:
        """Dollars per GiB that BigQuery reads out of a bucket for datasets in another location."""
        free = self.bigquery_reads_free.get(datasets.location, (datasets.location,))
        return 0.0 if bucket.location in free else self._between(bucket.continent, datasets.continent)

    def _between(self, one: str, other: str) -> float:
        if one == other:
            return self.network.same_continent.get(one, self.network.elsewhere)
        return self.network.north_america_europe if {one, other} == ACROSS_THE_ATLANTIC else self.network.elsewhere


class PriceBook:
    """A price table with its places at hand, for planning many subfolders in few locations."""

    def __init__(self, table: PriceTable) -> None:
        self.table = table
        self._places: dict[str | None, Place] = {}
        self._cheaper: dict[str, Place | None] = {}

    def place(self, location: str | None) -> "Place":
        """`PriceTable.place`, remembered."""
        if location not in self._places:
            self._places[location] = self.table.place(location)
        return self._places[location]

    def cheaper(self, target: "Place") -> "Place | None":
        """The cheapest region of the same continent that undercuts a place in every class; by name where equal."""
        if target.location not in self._cheaper:
            near = [
                self.place(name)
                for group in self.table.locations.get("region", {}).values()
                if group.continent == target.continent
                for name in group.names
            ]
            found = [each for each in near if all(each.storage[c] < target.storage[c] for c in CLASSES)]
            best = min(found, key=lambda each: (sum(each.storage.values()), each.location), default=None)
            self._cheaper[target.location] = best
        return self._cheaper[target.location]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What one location charges, as plain dictionaries by storage class, and nothing for what is GONE."""

    location: str
    kind: str
    continent: str
    storage: dict[str, float]  # per GiB and month
    class_a: dict[str, float]  # per operation
    class_b: dict[str, float]  # per operation
    retrieval: dict[str, float]  # per GiB read, by storage class
    minimum_days: dict[str, float]
    replication: float  # per GiB written
    note: str = ""


def by_class(figures: PerClass) -> dict[str, float]:
    """The four figures as a dictionary, and 0 for GONE."""
    return {name: float(getattr(figures, name)) for name in CLASSES} | {GONE: 0.0}


def _place(table: PriceTable, location: str, kind: str, group: LocationPrices, note: str) -> Place:
    operations = table.operations[kind]
    return Place(
        location=location,
        kind=kind,
        continent=group.continent,
        storage=by_class(group),
        class_a={name: price / 1000 for name, price in by_class(operations.class_a).items()},
        class_b={name: price / 1000 for name, price in by_class(operations.class_b).items()},
        retrieval=by_class(table.retrieval),
        minimum_days=by_class(table.minimum_days),
        replication=0.0 if kind == "region" else table.replication.per_gib[group.continent],
        note=note,
    )


def _note(location: str | None, wanted: str, group: LocationPrices) -> str:
    if location is None:
        return f"the bucket's location is not known; priced as {wanted}"
    if not group.check:
        return ""
    why = f" ({group.check})" if isinstance(group.check, str) else ""
    return f"check the prices of {wanted} on the price page{why}, and hand yours in with --prices"


def _neighbour(table: PriceTable, wanted: str) -> tuple[str, LocationPrices] | None:
    """The dearest place of the same continent, a region if possible, so that savings are not promised on a guess."""
    continents = {"europe": "europe", "us": "north-america", "northamerica": "north-america", "asia": "asia"}
    continent = continents.get(wanted.partition("-")[0])
    for kind in ("region", "multi-region"):
        groups = [group for group in table.locations.get(kind, {}).values() if group.continent == continent]
        if groups:
            return kind, max(groups, key=lambda group: group.ARCHIVE)
    return None


def load_prices(path: Path | None = None) -> PriceTable:
    """The table in `path`, or the shipped one. Raises InvalidPlanInput for a table that cannot be used."""
    name = str(path) if path else SHIPPED
    try:
        raw = path.read_bytes() if path else (files("planner") / "data" / SHIPPED).read_bytes()
        table = msgspec.convert(tomllib.loads(raw.decode()), PriceTable)
    except OSError as error:
        raise InvalidPlanInput(f"cannot read the price table {name}", error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InvalidPlanInput(
            f"{name} is not a price table", f"{error}; start from a copy of the shipped one"
        ) from error
    if missing := sorted(set(table.locations) - set(table.operations)):
        raise InvalidPlanInput(f"{name} has locations but no [operations.{missing[0]}]", "add its operation prices")
    several = {g.continent for kind, groups in table.locations.items() if kind != "region" for g in groups.values()}
    if missing := sorted(several - set(table.replication.per_gib)):
        raise InvalidPlanInput(f"{name} has no replication price for {missing[0]}", "add it under [replication]")
    return table

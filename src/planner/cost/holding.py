"""What a subfolder holds and how it is used, in the terms that prices are in.

Two simplifications, both stated in every plan: the bytes of today are priced, not those that may come; and the reads
of the evidence's window go on at the same rate, spread over the bytes (over the young ones, where heat ends with age).
"""

from math import inf

import msgspec
from msgspec.structs import force_setattr

from analysis.model import Subfolder
from planner.prices import OLD_CLASSES

GIB = 1024**3
DAYS_PER_MONTH = 30
MONTHS = 36
HORIZON_DAYS = MONTHS * DAYS_PER_MONTH
SMALL_OBJECT_BYTES = 128 * 1024


class Group(msgspec.Struct, frozen=True, gc=False):
    """Objects of one storage class and about one age. `read_share` is their share of the subfolder's reads."""

    storage_class: str
    age_days: int
    objects: int
    gib: float
    small_objects: int = 0
    read_share: float = 0.0


class Holding(msgspec.Struct, frozen=True):
    """A subfolder as the cost rules see it.

    `fed` says that new objects replace those that grow old, so that the ages stay as they are; else everything ages.
    Reads and writes are per month of 30 days; `read_gib` is what they carry, and `bigquery_gib` the part of it that
    BigQuery reads. The sums over all groups follow from these.
    """

    groups: tuple[Group, ...]
    fed: bool = False
    reads: float = 0.0
    read_gib: float = 0.0
    bigquery_gib: float = 0.0
    writes: float = 0.0
    read_gib_estimated: bool = False

    by_class: dict[str, tuple[int, float, float]] = {}  # objects, GiB and share of the reads
    gib: float = 0.0
    objects: int = 0
    oldest_days: int = 0

    def __post_init__(self) -> None:
        """The sums, which every rule asks for."""
        found: dict[str, tuple[int, float, float]] = {}
        for group in self.groups:
            objects, gib, share = found.get(group.storage_class, (0, 0.0, 0.0))
            found[group.storage_class] = (objects + group.objects, gib + group.gib, share + group.read_share)
        force_setattr(self, "by_class", found)
        force_setattr(self, "gib", sum([gib for _, gib, _ in found.values()]))
        force_setattr(self, "objects", sum([objects for objects, _, _ in found.values()]))
        force_setattr(self, "oldest_days", max([group.age_days for group in self.groups], default=0))

    def small(self) -> tuple[int, float]:
        """Objects below 128 KiB and their GiB (half the bound each, as only their number is known)."""
        half, groups = SMALL_OBJECT_BYTES / 2 / GIB, [group for group in self.groups if group.small_objects]
        gib = sum(min(group.gib, group.small_objects * half) for group in groups)
        return sum(group.small_objects for group in groups), gib


def holding_of(subfolder: Subfolder) -> Holding:
    """The holding of an analysed subfolder."""
    limit = subfolder.hot_until_age_days
    young = [age for age in subfolder.class_ages if limit is None or age.age_days_bucket < limit]
    if not any(age.bytes for age in young):
        young = list(subfolder.class_ages)
    weight = sum(age.bytes for age in young) or 1
    read_below = limit if limit is not None and len(young) < len(subfolder.class_ages) else inf
    groups = tuple(
        Group(
            OLD_CLASSES.get(age.storage_class, age.storage_class),
            age.age_days_bucket,
            age.objects,
            age.bytes / GIB,
            age.small_objects,
            age.bytes / weight if age.age_days_bucket < read_below else 0.0,
        )
        for age in subfolder.class_ages
    )
    months = max(subfolder.coverage_days, 1) / DAYS_PER_MONTH
    estimated = subfolder.read_bytes is None
    average = subfolder.bytes / subfolder.objects if subfolder.objects else 0.0
    read_bytes = subfolder.read_events * average if subfolder.read_bytes is None else subfolder.read_bytes
    read_gib = read_bytes / GIB / months
    return Holding(
        groups=groups,
        fed=subfolder.write_days_30 > 0,
        reads=subfolder.read_events / months,
        read_gib=read_gib,
        bigquery_gib=read_gib * _bigquery_share(subfolder),
        writes=subfolder.write_events / months,
        read_gib_estimated=estimated and subfolder.read_events > 0,
    )


def _bigquery_share(subfolder: Subfolder) -> float:
    """Which part of the reads are BigQuery's own, by their number."""
    if "bigquery-reader" not in subfolder.flags:
        return 0.0
    theirs = sum(use.events for use in subfolder.readers if use.agent == "bigquery")
    return theirs / max(1, sum(use.events for use in subfolder.readers))

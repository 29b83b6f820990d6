"""The price rules, one function each: dollars in, nothing rounded. A month has 30 days, a GB 2^30 bytes.

A class's "age" is counted from the object's creation: a lifecycle class change does not restart it, a copy does.
"""

from collections.abc import Iterable, Sequence

import msgspec

from planner.cost.holding import DAYS_PER_MONTH, HORIZON_DAYS, Group, Holding
from planner.prices import CLASSES, GONE, Place, PriceTable

COLDNESS = {name: position for position, name in enumerate((*CLASSES, GONE))}


class Rung(msgspec.Struct, frozen=True, gc=False):
    """From this age on, objects are in this class (or in the colder one that they are in already), or GONE.

    A ladder is a sequence of rungs in order of age.
    """

    from_days: int
    storage_class: str


Ladder = Sequence[Rung]


def class_at(group_class: str, age_days: float, ladder: Ladder) -> str:
    """The class of an object of that age under a ladder; lifecycle never makes an object warmer."""
    result = group_class
    for rung in ladder:
        if age_days >= rung.from_days and COLDNESS[rung.storage_class] > COLDNESS[result]:
            result = rung.storage_class
    return result


class Climb(msgspec.Struct, frozen=True, gc=False):
    """How a group goes down a ladder: its class before, its class from today on, and (day, class) of what follows."""

    group: Group
    before: str
    now: str
    later: list[tuple[float, str]]


def climbs(
    groups: Iterable[Group], ladder: Ladder, place: Place, *, ageing: bool, origin: str | None = None
) -> list[Climb]:
    """What a ladder does to groups within three years; they begin in class `origin`, or (None) each in its own.

    Objects grow older if they are `ageing`; else as many are in each class at any time as there are now. What a rule
    deletes early is billed for its class's minimum days all the same.
    """
    found, minimum_days = [], place.minimum_days
    steps = [(rung.from_days, rung.storage_class, COLDNESS[rung.storage_class]) for rung in ladder]
    for group in groups:
        before, age = origin or group.storage_class, group.age_days
        now = last = before
        coldness, later = COLDNESS[before], []
        for from_days, storage_class, colder in steps:
            if colder <= coldness:
                continue
            day: float = from_days - age
            if storage_class == GONE:
                day = max(day, minimum_days[last] - age)
            if day <= 0:
                now = last = storage_class
            elif not ageing or day >= HORIZON_DAYS:
                break
            else:
                later.append((day, storage_class))
                last = storage_class
            coldness = colder
        found.append(Climb(group, before, now, later))
    return found


def storage_usd(gib: float, storage_class: str, days: float, place: Place) -> float:
    """Storage at rest for some days."""
    return gib * place.storage[storage_class] * days / DAYS_PER_MONTH


def reads_usd(reads: float, gib: float, storage_class: str, place: Place) -> float:
    """Gets (Class B), and retrieval of what they carry."""
    return reads * place.class_b[storage_class] + gib * place.retrieval[storage_class]


def rewrite_usd(objects: int, storage_class: str, target: Place) -> float:
    """Copying by rewrite: one Class A operation for each object, at the destination class's and location's rate."""
    return objects * target.class_a[storage_class]


def retrieval_usd(holding: Holding, source: Place) -> float:
    """Reading everything once in order to copy it."""
    return sum(gib * source.retrieval[name] for name, (_, gib, _) in holding.by_class.items())


def early_deletion_usd(holding: Holding, wait_days: int, place: Place) -> float:
    """Deleting the sources after `wait_days`: what is left of each class's minimum days, at the class's own price."""
    total = 0.0
    for group in holding.groups:
        if not place.minimum_days[group.storage_class]:
            continue
        left = place.minimum_days[group.storage_class] - group.age_days - wait_days
        if left > 0:
            total += storage_usd(group.gib, group.storage_class, left, place)
    return total


def network_usd(holding: Holding, source: Place, target: Place, table: PriceTable) -> float:
    """Copying between locations; free within one."""
    return holding.gib * table.network_usd(source, target)


def bigquery_usd(holding: Holding, datasets: Place, bucket: Place, table: PriceTable) -> float:
    """A month of BigQuery's reads out of a bucket, for datasets in another location; free where the table says so."""
    return holding.bigquery_gib * table.bigquery_usd(datasets, bucket) if holding.bigquery_gib else 0.0


def replication_usd(holding: Holding, target: Place) -> float:
    """Writing into a dual-region or multi-region."""
    return holding.gib * target.replication


def source_storage_usd(holding: Holding, days: float, place: Place) -> float:
    """The sources' storage for some days: during validation, and in soft delete after their deletion."""
    return sum(storage_usd(gib, name, days, place) for name, (_, gib, _) in holding.by_class.items())


def autoclass_fee_usd(objects: int, table: PriceTable) -> float:
    """The monthly fee for the objects that Autoclass watches, which small ones are not."""
    return objects * table.autoclass.per_1000_objects_month / 1000


def changes_at_once_usd(holding: Holding, storage_class: str, place: Place) -> float:
    """A lifecycle class change: Class A at the destination's rate for each object in a warmer class.

    No retrieval, no early deletion; nothing is ever made warmer.
    """
    price, colder = place.class_a[storage_class], COLDNESS[storage_class]
    return sum(objects * price for name, (objects, _, _) in holding.by_class.items() if COLDNESS[name] < colder)


def changes_usd(climbed: Iterable[Climb], place: Place) -> float:
    """The class changes that existing objects pay within three years: one for each rung that they still climb.

    Objects that are old enough for several rungs go to the last of them directly. Deleting is free.
    """
    class_a, total = place.class_a, 0.0
    for climb in climbed:
        if climb.now != climb.before:
            total += climb.group.objects * class_a[climb.now]
        for _, then in climb.later:
            total += climb.group.objects * class_a[then]
    return total


def entry_usd(holding: Holding, new_class: str, ladder: Ladder, place: Place) -> float:
    """A month's new objects: their insertion into `new_class`, and the class changes that as many reach each month."""
    if not holding.writes:
        return 0.0
    total = holding.writes * place.class_a[new_class]
    if holding.fed:
        for rung in ladder:
            if rung.from_days <= holding.oldest_days and COLDNESS[rung.storage_class] > COLDNESS[new_class]:
                total += holding.writes * place.class_a[rung.storage_class]
    return total

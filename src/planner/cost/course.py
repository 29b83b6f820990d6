"""What a holding costs from day to day: a rate that changes on the days on which groups of objects change class."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from planner.cost.holding import DAYS_PER_MONTH, HORIZON_DAYS, Group, Holding
from planner.cost.rules import COLDNESS, Ladder, class_at
from planner.prices import GONE, Place

FROM_NOW_ON = (0.0,)


class Course(NamedTuple):
    """Dollars a day, `rates[n]` from day `starts[n]` on; the first start is 0."""

    starts: Sequence[float]
    rates: Sequence[float]

    def spent(self, days: float) -> float:
        """Dollars within the first `days`."""
        if len(self.rates) == 1:
            return self.rates[0] * days
        total = 0.0
        for number, start in enumerate(self.starts):
            end = self.starts[number + 1] if number + 1 < len(self.starts) else days
            if start >= days:
                break
            total += self.rates[number] * (min(end, days) - start)
        return total


class DayRates(NamedTuple):
    """What a day costs in one place, by storage class: a GiB at rest, and all the reads of one holding."""

    store: Mapping[str, float]
    read: Mapping[str, float]
    minimum_days: Mapping[str, float]  # that are billed, however early a rule deletes


def day_rates(holding: Holding, place: Place) -> DayRates:
    """The rates of one holding in one place."""
    reads, gib = holding.reads / DAYS_PER_MONTH, holding.read_gib / DAYS_PER_MONTH
    class_b, retrieval = place.class_b, place.retrieval
    return DayRates(
        {name: price / DAYS_PER_MONTH for name, price in place.storage.items()},
        {name: reads * class_b[name] + gib * retrieval[name] for name in place.storage},
        place.minimum_days,
    )


def flat(rate: float) -> Course:
    """The same rate for ever."""
    return Course(FROM_NOW_ON, (rate,))


def course_in(holding: Holding, storage_class: str, rates: DayRates, extra: float = 0.0) -> Course:
    """Everything in one class for ever, and `extra` dollars a day."""
    share = 1.0 if holding.groups else 0.0
    return flat(holding.gib * rates.store[storage_class] + share * rates.read[storage_class] + extra)


def course_under(holding: Holding, ladder: Ladder, rates: DayRates, extra: float = 0.0) -> Course:
    """Storage and reads under a ladder, from each object's own class on, and `extra` dollars a day."""
    if any(rung.from_days for rung in ladder):
        return course(holding.groups, ladder, rates, extra, ageing=not holding.fed)
    for name, (_, gib, share) in holding.by_class.items():
        found = class_at(name, 0, ladder)
        extra += gib * rates.store[found] + share * rates.read[found]
    return flat(extra)


def course(
    groups: Iterable[Group], ladder: Ladder, rates: DayRates, extra: float, *, ageing: bool, origin: str | None = None
) -> Course:
    """Storage and reads of some groups under a ladder, from class `origin` on, or (None) from each object's own.

    Objects grow older if they are `ageing`; else as many are in each class at any time as there are now.
    """
    store, read, minimum_days = rates
    rate, changes = extra, defaultdict[float, float](float)
    for group in groups:
        age, gib, share = group.age_days, group.gib, group.read_share
        now = class_at(origin or group.storage_class, age, ladder)
        rate += gib * store[now] + share * read[now]
        for rung in ladder if ageing else ():
            then = rung.storage_class
            # What a rule deletes early is billed for its class's minimum days all the same.
            day = (max(rung.from_days, minimum_days[now]) if then == GONE else rung.from_days) - age
            if 0 < day < HORIZON_DAYS and COLDNESS[then] > COLDNESS[now]:
                changes[day] += gib * (store[then] - store[now]) + share * (read[then] - read[now])
                now = then
    starts = sorted(changes)
    rates_from = [rate, *(rate := rate + changes[start] for start in starts)]
    return Course((0.0, *starts), rates_from)

"""What a holding costs from day to day: a rate that changes on the days on which groups of objects change class."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from planner.cost.holding import DAYS_PER_MONTH, HORIZON_DAYS, Holding
from planner.cost.rules import COLDNESS, Ladder, class_at
from planner.prices import Place

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

    def plus(self, rate: float, scale: float = 1.0) -> "Course":
        """This course times `scale`, and `rate` dollars a day on top."""
        if len(self.rates) == 1:
            return flat(self.rates[0] * scale + rate)
        return Course(self.starts, [each * scale + rate for each in self.rates])


def flat(rate: float) -> Course:
    """The same rate for ever."""
    return Course(FROM_NOW_ON, (rate,))


class DayRates(NamedTuple):
    """What a day costs in one place, by storage class: a GiB at rest, and all the reads of one holding."""

    store: Mapping[str, float]
    read: Mapping[str, float]


def day_rates(holding: Holding, place: Place) -> DayRates:
    """The rates of one holding in one place."""
    store = {name: price / DAYS_PER_MONTH for name, price in place.storage.items()}
    reads, gib = holding.reads / DAYS_PER_MONTH, holding.read_gib / DAYS_PER_MONTH
    return DayRates(store, {name: reads * place.class_b[name] + gib * place.retrieval[name] for name in store})


def course_in(holding: Holding, storage_class: str, rates: DayRates) -> Course:
    """Everything in one class for ever."""
    share = 1.0 if holding.groups else 0.0
    return flat(holding.gib * rates.store[storage_class] + share * rates.read[storage_class])


def course(holding: Holding, ladder: Ladder, rates: DayRates, everything: str | None = None) -> Course:
    """Storage and reads under a ladder, from class `everything` on, or (None) from each object's own.

    Objects grow older, unless `holding.fed`: then as many are in each class at any time as there are now.
    """
    store, read = rates
    if not any(rung.from_days for rung in ladder):
        rate = 0.0
        for name, (_, gib, share) in holding.by_class.items():
            found = class_at(everything or name, 0, ladder)
            rate += gib * store[found] + share * read[found]
        return flat(rate)
    changes: dict[float, float] = defaultdict(float)
    for group in holding.groups:
        origin, age, gib, share = everything or group.storage_class, group.age_days, group.gib, group.read_share
        now = class_at(origin, age, ladder)
        changes[0.0] += gib * store[now] + share * read[now]
        if holding.fed:
            continue
        for rung in ladder:
            day = rung.from_days - age
            if 0 < day < HORIZON_DAYS and COLDNESS[rung.storage_class] > COLDNESS[now]:
                then = rung.storage_class
                changes[float(day)] += gib * (store[then] - store[now]) + share * (read[then] - read[now])
                now = then
    starts, rates_found, rate = [], [], 0.0
    for start in sorted(changes):
        rate += changes[start]
        starts.append(start)
        rates_found.append(rate)
    return Course(starts, rates_found)

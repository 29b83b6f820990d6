"""What a holding costs from day to day: a rate that changes on the days on which groups of objects change class."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from planner.cost.holding import DAYS_PER_MONTH, HORIZON_DAYS, MONTHS, Holding
from planner.cost.rules import Climb, Ladder, class_at
from planner.prices import Place

FROM_NOW_ON = (0.0,)


class Course(msgspec.Struct, frozen=True, gc=False):
    """Dollars a day, `rates[n]` from day `starts[n]` on; the first start is 0."""

    starts: Sequence[float]
    rates: Sequence[float]

    def rate(self, day: float) -> float:
        """Dollars a day on some day."""
        return self.rates[bisect_right(self.starts, day) - 1]

    def spent(self, days: float) -> float:
        """Dollars within the first `days`."""
        if not days or len(self.rates) == 1:
            return self.rates[0] * days
        total, ends = 0.0, (*self.starts[1:], days)
        for start, end, rate in zip(self.starts, ends, self.rates, strict=True):
            if start >= days:
                break
            total += rate * (min(end, days) - start)
        return total

    def in_all(self) -> tuple[float, float]:
        """Dollars within the three years, and within their last month."""
        last = self.rates[-1] * DAYS_PER_MONTH
        if len(self.rates) == 1:
            return last * MONTHS, last
        total = self.spent(HORIZON_DAYS)
        if self.starts[-1] > HORIZON_DAYS - DAYS_PER_MONTH:
            last = total - self.spent(HORIZON_DAYS - DAYS_PER_MONTH)
        return total, last


class DayRates(NamedTuple):
    """What a day costs in one place, by storage class: a GiB at rest, and all the reads of one holding."""

    store: Mapping[str, float]
    read: Mapping[str, float]


def day_rates(holding: Holding, place: Place) -> DayRates:
    """The rates of one holding in one place."""
    reads, gib = holding.reads / DAYS_PER_MONTH, holding.read_gib / DAYS_PER_MONTH
    class_b, retrieval = place.class_b, place.retrieval
    return DayRates(
        {name: price / DAYS_PER_MONTH for name, price in place.storage.items()},
        {name: reads * class_b[name] + gib * retrieval[name] for name in place.storage},
    )


def flat(rate: float) -> Course:
    """The same rate for ever."""
    return Course(FROM_NOW_ON, (rate,))


def course_in(holding: Holding, storage_class: str, rates: DayRates, extra: float = 0.0) -> Course:
    """Everything in one class for ever, and `extra` dollars a day."""
    share = 1.0 if holding.groups else 0.0
    return flat(holding.gib * rates.store[storage_class] + share * rates.read[storage_class] + extra)


def course_at_once(holding: Holding, ladder: Ladder, rates: DayRates, extra: float) -> Course:
    """Storage and reads under rules that ask for no age, and `extra` dollars a day."""
    for name, (_, gib, share) in holding.by_class.items():
        found = class_at(name, 0, ladder)
        extra += gib * rates.store[found] + share * rates.read[found]
    return flat(extra)


def course(climbed: Iterable[Climb], rates: DayRates, extra: float) -> Course:
    """Storage and reads of groups that climb a ladder, and `extra` dollars a day."""
    store, read = rates
    changes = defaultdict[float, float](float)
    for climb in climbed:
        gib, share = climb.group.gib, climb.group.read_share
        before = gib * store[climb.now] + share * read[climb.now]
        extra += before
        for day, then in climb.later:
            after = gib * store[then] + share * read[then]
            changes[day] += after - before
            before = after
    starts, rates_from = [0.0], [extra]
    for day in sorted(changes):
        extra += changes[day]
        starts.append(day)
        rates_from.append(extra)
    return Course(starts, rates_from)

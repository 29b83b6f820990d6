"""What a holding costs from day to day: a rate that changes on the days on which groups of objects change class."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from planner.cost.holding import DAYS_PER_MONTH, HORIZON_DAYS, Holding
from planner.cost.rules import Ladder, class_at
from planner.prices import Place


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
        return Course(self.starts, [each * scale + rate for each in self.rates])


def flat(rate: float) -> Course:
    """The same rate for ever."""
    return Course((0.0,), (rate,))


def course(holding: Holding, ladder: Ladder, place: Place, everything: str | None = None) -> Course:
    """Storage and reads under a ladder, with all objects in class `everything`, or (None) each in its own.

    Objects grow older, unless `holding.fed`: then as many are in each class at any time as there are now.
    """
    store = {name: price / DAYS_PER_MONTH for name, price in place.storage.items()}
    read = {
        name: (holding.reads * place.class_b[name] + holding.read_gib * place.retrieval[name]) / DAYS_PER_MONTH
        for name in store
    }
    if everything is not None and not ladder:
        share = sum(share for _, _, share in holding.by_class.values())
        return flat(holding.gib * store[everything] + share * read[everything])
    if not any(rung.from_days for rung in ladder):
        rate = 0.0
        for name, (_, gib, share) in holding.by_class.items():
            found = class_at(everything or name, 0, ladder)
            rate += gib * store[found] + share * read[found]
        return flat(rate)
    changes: dict[float, float] = defaultdict(float)
    for group in holding.groups:
        origin = everything or group.storage_class
        now = class_at(origin, group.age_days, ladder)
        changes[0.0] += group.gib * store[now] + group.read_share * read[now]
        if holding.fed:
            continue
        for rung in ladder:
            day = float(rung.from_days - group.age_days)
            if 0 < day < HORIZON_DAYS:
                then = class_at(origin, rung.from_days, ladder)
                changes[day] += group.gib * (store[then] - store[now]) + group.read_share * (read[then] - read[now])
                now = then
    starts, rates, rate = [], [], 0.0
    for day in sorted(changes):
        rate += changes[day]
        starts.append(day)
        rates.append(rate)
    return Course(starts, rates)

"""One alternative: what it would cost over three years, and when it has paid for itself."""

from functools import cache
from itertools import pairwise
from math import ceil
from typing import NamedTuple

import msgspec

from planner.cost.course import Course
from planner.cost.figures import Alternative, OneOff
from planner.cost.holding import DAYS_PER_MONTH, HORIZON_DAYS
from planner.cost.rules import COLDNESS, Ladder, Rung
from planner.prices import GONE, Place, PriceBook

TINY = 1e-9  # dollars; below it two costs are equal

# Cloud Storage's own steps under Autoclass; the ladder by age uses the same, as they match the minimum days.
STEPS = (Rung(30, "NEARLINE"), Rung(90, "COLDLINE"), Rung(365, "ARCHIVE"))


class Access(msgspec.Struct, frozen=True):
    """What the access allows: the coldest class for everything, why, and from which age on a ladder may begin."""

    coldest: str
    ladder_from_days: int = 0
    ladder_coldest: str = "ARCHIVE"
    because: str = ""

    def allows(self, storage_class: str) -> bool:
        """Whether all objects may be in this class."""
        return COLDNESS[storage_class] <= COLDNESS[self.coldest]

    @property
    def ladder(self) -> tuple[tuple[Rung, ...], str]:
        """The steps by age, none colder than allowed, none before its age; and the same in words."""
        return _ladder(self.ladder_from_days, self.ladder_coldest)


@cache
def _ladder(from_days: int, coldest: str) -> tuple[tuple[Rung, ...], str]:
    steps = tuple(
        Rung(max(rung.from_days, from_days), rung.storage_class)
        for rung in STEPS
        if COLDNESS[rung.storage_class] <= COLDNESS[coldest]
    )
    return steps, in_words(steps)


def in_words(ladder: Ladder) -> str:
    """`Nearline from 30 days, no longer billed from 407 days`."""
    words = ("no longer billed" if rung.storage_class == GONE else rung.storage_class.capitalize() for rung in ladder)
    steps = (f"{word} from {rung.from_days} days" for word, rung in zip(words, ladder, strict=True))
    return ", ".join(steps) or "none of which changes what is billed"


class Configured(NamedTuple):
    """Lifecycle rules that somebody asked for: the class of the copies (None: the cheapest), and the ladder.

    `from_copy`: the rules count from the copy, not from the original time that copies carry as customTime.
    """

    storage_class: str | None
    ladder: Ladder
    from_copy: bool = False
    others: int = 0  # rules that are not in the ladder


class Terms(NamedTuple):
    """What holds for every alternative of one subfolder."""

    book: PriceBook
    source: Place
    target: Place
    access: Access
    observe_days: int
    soft_delete_days: int
    datasets: Place | None = None  # where BigQuery's datasets are; None: where the source bucket is
    set_already: Ladder = ()  # what the source bucket's own lifecycle rules do here
    configured: Configured | None = None


class Copying(msgspec.Struct, frozen=True):
    """What a copy, and the deletion of its sources, costs once by cause, but for the operations.

    It is the same for every class that the copies may get. `figures` are those of a plan, without the nothings.
    """

    causes: dict[str, float]
    total: float
    figures: dict[str, float]


def copying(causes: dict[str, float]) -> Copying:
    """The costs of a copy, by cause in US dollars."""
    figures = {f"{cause}_usd": money(usd) for cause, usd in causes.items() if usd}
    return Copying(causes, sum(causes.values()), figures)


class Option(msgspec.Struct, frozen=True, gc=False):
    """An alternative with unrounded figures, and how to build it: class for new objects, and ladder."""

    name: str
    summary: str
    place: Place
    storage_class: str
    ladder: Ladder
    allowed: bool
    operations_usd: float
    copying: Copying
    one_off_usd: float
    running: Course
    month_usd: float  # the last month of the three years
    three_year_usd: float
    break_even_months: float | None
    note: str = ""
    autoclass: bool = False

    @property
    def moves(self) -> bool:
        """Whether the objects leave the bucket that they are in."""
        return self.copying is not IN_PLACE

    @property
    def one_off(self) -> dict[str, float]:
        """What is paid once, by cause."""
        return {"operations": self.operations_usd, **self.copying.causes}

    def figures(self, leave_usd: float, *, chosen: bool) -> Alternative:
        """The option as it stands in a plan."""
        figures = self.copying.figures
        if self.operations_usd:
            figures = {"operations_usd": money(self.operations_usd), **figures}
        # Adding 0.0 makes a plain zero of a negative one.
        return Alternative(
            name=self.name,
            summary=self.summary,
            storage_class=self.storage_class,
            location=self.place.location,
            moves=self.moves,
            monthly_usd=round(self.month_usd, 4) + 0.0,
            one_off_usd=round(self.one_off_usd, 4) + 0.0,
            one_off=OneOff(**figures),
            three_year_usd=round(self.three_year_usd, 4) + 0.0,
            saving_usd=round(leave_usd - self.three_year_usd, 4) + 0.0,
            break_even_months=self.break_even_months,
            allowed=self.allowed,
            chosen=chosen,
            note=self.note,
        )


def money(usd: float) -> float:
    """Dollars as a plan shows them: to a hundredth of a cent, and never a negative zero."""
    return round(usd, 4) + 0.0


IN_PLACE = copying({})


def priced(
    name: str, summary: str, place: Place, storage_class: str, running: Course, operations_usd: float,
    leave: Option | None, *, copying: Copying = IN_PLACE, ladder: Ladder = (), allowed: bool = True, note: str = "",
    autoclass: bool = False,
) -> Option:  # fmt: skip
    """An option from its running cost and what is paid once."""
    once, (total, last_month) = operations_usd + copying.total, running.in_all()
    return Option(
        name, summary, place, storage_class, ladder, allowed, operations_usd, copying, once, running,
        last_month, total + once, 0.0 if leave is None else break_even(leave, running, once, total), note,
        autoclass,
    )  # fmt: skip


def break_even(leave: Option, running: Course, once: float, total: float) -> float | None:
    """Months until the savings have paid for what was paid once and stay ahead, to a tenth, rounded up.

    `total` is what `running` spends in three years. None where it is not within these.
    """
    before, behind = leave.running, once - leave.one_off_usd
    if leave.three_year_usd - total - once <= TINY * (1 + once + leave.three_year_usd):
        return None  # or what floating point may have made of nothing
    if len(before.rates) == len(running.rates) == 1:
        return _months(behind / (before.rates[0] - running.rates[0]))
    starts, days = sorted({*before.starts, *running.starts}), 0.0
    for start, end in pairwise((*starts, HORIZON_DAYS)):
        saved = before.rate(start) - running.rate(start)
        still_behind = behind - saved * (end - start)
        if still_behind <= 0 < behind:
            days = start + behind / saved
        behind = still_behind
    return _months(days)


def _months(days: float) -> float:
    return ceil(max(0.0, days) / DAYS_PER_MONTH * 10 - TINY) / 10 + 0.0

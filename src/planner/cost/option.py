"""One alternative: what it would cost over three years, and when it has paid for itself."""

from dataclasses import dataclass
from functools import cache
from math import ceil

import msgspec

from planner.cost.course import Course
from planner.cost.figures import Alternative, OneOff
from planner.cost.holding import DAYS_PER_MONTH, HORIZON_DAYS
from planner.cost.rules import COLDNESS, Ladder, Rung
from planner.prices import GONE, Place, PriceBook

CAUSES = {name.removesuffix("_usd"): name for name in OneOff.__struct_fields__}
TINY = 1e-9  # dollars; below it two costs are equal

# Cloud Storage's own steps under Autoclass; the ladder by age uses the same, as they match the minimum days.
STEPS = (Rung(30, "NEARLINE"), Rung(90, "COLDLINE"), Rung(365, "ARCHIVE"))


@dataclass(frozen=True)
class Access:
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
    """`NEARLINE from 30 days, no longer billed from 407 days`."""
    words = ("no longer billed" if rung.storage_class == GONE else rung.storage_class for rung in ladder)
    steps = (f"{word} from {rung.from_days} days" for word, rung in zip(words, ladder, strict=True))
    return ", ".join(steps) or "none of which changes what is billed"


class Configured(msgspec.Struct, frozen=True):
    """Lifecycle rules that somebody asked for: the class of the copies (None: the cheapest), and the ladder.

    `from_copy`: the rules count from the copy, not from the original time that copies carry as customTime.
    """

    storage_class: str | None
    ladder: Ladder
    from_copy: bool = False
    others: int = 0  # rules that are not in the ladder


@dataclass(frozen=True)
class Terms:
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


class Option(msgspec.Struct, frozen=True, gc=False):
    """An alternative with unrounded figures, and how to build it: class for new objects, and ladder."""

    name: str
    summary: str
    place: Place
    storage_class: str
    ladder: Ladder
    moves: bool
    allowed: bool
    one_off: dict[str, float]
    one_off_usd: float
    running: Course
    month_usd: float  # the last month of the three years
    three_year_usd: float
    break_even_months: float | None
    note: str = ""
    autoclass: bool = False

    def figures(self, leave_usd: float, *, chosen: bool) -> Alternative:
        """The option as it stands in a plan."""
        return Alternative(
            name=self.name,
            summary=self.summary,
            storage_class=self.storage_class,
            location=self.place.location,
            moves=self.moves,
            monthly_usd=money(self.month_usd),
            one_off_usd=money(self.one_off_usd),
            one_off=OneOff(**{CAUSES[cause]: money(usd) for cause, usd in self.one_off.items() if usd}),
            three_year_usd=money(self.three_year_usd),
            saving_usd=money(leave_usd - self.three_year_usd),
            break_even_months=self.break_even_months,
            allowed=self.allowed,
            chosen=chosen,
            note=self.note,
        )


def money(usd: float) -> float:
    """Dollars as a plan shows them: to a hundredth of a cent, and never a negative zero."""
    return round(usd, 4) + 0.0


def priced(
    name: str, summary: str, place: Place, storage_class: str, running: Course, one_off: dict[str, float],
    leave: Option | None, *, ladder: Ladder = (), moves: bool, allowed: bool = True, note: str = "",
    autoclass: bool = False,
) -> Option:  # fmt: skip
    """An option from its running cost and what is paid once."""
    once = sum(one_off.values())
    total = running.spent(HORIZON_DAYS)
    return Option(
        name, summary, place, storage_class, tuple(ladder), moves, allowed, one_off, once, running,
        total - running.spent(HORIZON_DAYS - DAYS_PER_MONTH), total + once,
        0.0 if leave is None else break_even(leave.running, running, once), note, autoclass,
    )  # fmt: skip


def break_even(before: Course, running: Course, once: float) -> float | None:
    """Months until the savings have paid for what was paid once and stay ahead, to a tenth, rounded up.

    None where that is not within the three years.
    """
    spent = before.spent(HORIZON_DAYS)
    ahead = spent - running.spent(HORIZON_DAYS) - once
    if ahead <= TINY * (1 + once + spent):  # what floating point may have made of nothing
        return None
    later: float = HORIZON_DAYS
    for day in sorted({*before.starts, *running.starts}, reverse=True):
        behind = once + running.spent(day) - before.spent(day)
        if behind >= 0:
            # Between two starts both rates are constant, and so is the speed at which the savings catch up.
            return ceil((day + behind * (later - day) / (behind + ahead)) / DAYS_PER_MONTH * 10 - TINY) / 10 + 0.0
        later, ahead = day, -behind
    return 0.0  # not reached: on day 0 nothing is saved yet

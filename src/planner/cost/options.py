"""Everything that could be done with a subfolder, each with its price over three years.

In place: leave it; a lifecycle rule to each class; a ladder by age. Moving: as is, then demote by age; straight to each
class; into an Autoclass bucket; to a cheaper location. Which of them the access allows is `Access`' to say.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

from planner.cost import rules
from planner.cost.figures import Alternative, OneOff
from planner.cost.holding import DAYS_PER_MONTH, HORIZON_DAYS, MONTHS, Group, Holding
from planner.cost.rules import COLDNESS, Ladder, Rung
from planner.prices import CLASSES, Place, PriceTable

TINY = 1e-9  # dollars; below it two costs are equal

# Cloud Storage's own steps under Autoclass; the ladder by age uses the same, as they match the minimum days.
STEPS = (Rung(30, "NEARLINE"), Rung(90, "COLDLINE"), Rung(365, "ARCHIVE"))


@dataclass(frozen=True)
class Access:
    """What the access allows: the coldest class for everything, and from which age on a ladder may begin."""

    coldest: str
    ladder_from_days: int = 0
    ladder_coldest: str = "ARCHIVE"

    def allows(self, storage_class: str) -> bool:
        """Whether all objects may be in this class."""
        return COLDNESS[storage_class] <= COLDNESS[self.coldest]

    def ladder(self) -> tuple[Rung, ...]:
        """The steps by age, none colder than allowed, none before its age."""
        return tuple(
            Rung(max(rung.from_days, self.ladder_from_days), rung.storage_class)
            for rung in STEPS
            if COLDNESS[rung.storage_class] <= COLDNESS[self.ladder_coldest]
        )


@dataclass(frozen=True)
class Terms:
    """What holds for every alternative of one subfolder."""

    table: PriceTable
    source: Place
    target: Place
    access: Access
    observe_days: int
    soft_delete_days: int


@dataclass(frozen=True)
class Option:
    """An alternative with unrounded figures, and how to build it: class for new objects, and ladder."""

    name: str
    summary: str
    place: Place
    storage_class: str
    ladder: Ladder
    moves: bool
    allowed: bool
    one_off: dict[str, float]
    month_usd: float  # the last month of the three years
    three_year_usd: float
    break_even_months: float | None
    note: str = ""
    autoclass: bool = False

    @property
    def one_off_usd(self) -> float:
        """Everything that is paid once."""
        return sum(self.one_off.values())

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
            one_off=OneOff(**{f"{cause}_usd": money(usd) for cause, usd in self.one_off.items()}),
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


def options(holding: Holding, terms: Terms) -> list[Option]:
    """Every alternative, in a fixed order; the first one is leaving everything as it is."""
    leave = _build(holding, terms, "leave", "leave everything as it is", terms.source, "STANDARD", (), moves=False)
    return [leave, *_in_place(holding, terms, leave), *_moving(holding, terms, leave)]


def _in_place(holding: Holding, terms: Terms, leave: Option) -> Iterator[Option]:
    for storage_class in CLASSES[1:]:
        yield _build(
            holding, terms, f"in-place-{storage_class.lower()}", f"stay, and let a lifecycle rule set {storage_class}",
            terms.source, "STANDARD", (Rung(0, storage_class),), moves=False, leave=leave,
            allowed=terms.access.allows(storage_class),
        )  # fmt: skip
    if ladder := terms.access.ladder():
        yield _build(
            holding, terms, "in-place-by-age", f"stay, and let lifecycle rules demote by age ({_steps(ladder)})",
            terms.source, "STANDARD", ladder, moves=False, leave=leave,
        )  # fmt: skip


def _moving(holding: Holding, terms: Terms, leave: Option) -> Iterator[Option]:
    target = terms.target
    if ladder := terms.access.ladder():
        yield _build(
            holding, terms, "move-then-demote",
            f"move as it is, and let lifecycle rules demote by age ({_steps(ladder)})",
            target, "STANDARD", ladder, moves=True, leave=leave,
        )  # fmt: skip
    straight = [_straight(holding, terms, leave, name, target) for name in CLASSES]
    yield from straight
    yield _autoclass(holding, terms, leave)
    if cheaper := _cheaper_place(terms):
        best = min((option for option in straight if option.allowed), key=lambda option: option.three_year_usd)
        note = "only where the data may leave its location; reads from the old location pay network"
        yield _straight(holding, terms, leave, best.storage_class, cheaper, elsewhere=True, note=note)


def _straight(
    holding: Holding, terms: Terms, leave: Option, storage_class: str, place: Place,
    *, elsewhere: bool = False, note: str = "",
) -> Option:  # fmt: skip
    name = f"move-{storage_class.lower()}" + (f"-{place.location}" if elsewhere else "")
    where = f" in {place.location}" if elsewhere else ""
    return _build(
        holding, terms, name, f"move straight to {storage_class}{where}", place, storage_class, (), moves=True,
        leave=leave, allowed=terms.access.allows(storage_class), note=note,
    )  # fmt: skip


def _steps(ladder: Ladder) -> str:
    return ", ".join(f"{rung.storage_class} from {rung.from_days} days" for rung in ladder)


def _cheaper_place(terms: Terms) -> Place | None:
    """The cheapest region of the same continent that undercuts the target in every class; by name where equal."""
    found = [
        terms.table.place(name)
        for group in terms.table.locations.get("region", {}).values()
        if group.continent == terms.target.continent
        for name in group.names
    ]
    cheaper = [place for place in found if all(place.storage[c] < terms.target.storage[c] for c in CLASSES)]
    return min(cheaper, key=lambda place: (sum(place.storage.values()), place.location), default=None)


def moved(holding: Holding, storage_class: str | None) -> Holding:
    """The holding after the copy: all in one class, or (None) each in the class it was in."""
    if storage_class is None:
        return holding
    groups = tuple(_in_class(group, storage_class) for group in holding.groups)
    return Holding(groups, holding.fed, holding.reads, holding.read_gib, holding.writes, holding.read_gib_estimated)


def _in_class(group: Group, storage_class: str) -> Group:
    return Group(storage_class, group.age_days, group.objects, group.gib, group.small_objects, group.read_share)


def copy_causes(holding: Holding, terms: Terms, target: Place, storage_class: str | None) -> dict[str, float]:
    """What a copy and the later deletion of the sources cost once, by cause; None keeps each object's class."""
    return {
        "operations": sum(
            rules.rewrite_usd(group.objects, storage_class or group.storage_class, target) for group in holding.groups
        ),
        "retrieval": rules.retrieval_usd(holding, terms.source),
        "early_deletion": rules.early_deletion_usd(holding, terms.observe_days, terms.source),
        "network": rules.network_usd(holding, terms.source, target, terms.table),
        "replication": rules.replication_usd(holding, target),
        "double_storage": rules.source_storage_usd(holding, terms.observe_days, terms.source),
        "soft_delete": rules.source_storage_usd(holding, terms.soft_delete_days, terms.source),
    }


def _build(
    holding: Holding, terms: Terms, name: str, summary: str, place: Place, storage_class: str, ladder: Ladder,
    *, moves: bool, leave: Option | None = None, allowed: bool = True, note: str = "",
) -> Option:  # fmt: skip
    copied_class = None if ladder else storage_class
    after = moved(holding, copied_class) if moves else holding
    one_off = copy_causes(holding, terms, place, copied_class) if moves else {}
    if ladder:
        one_off["operations"] = one_off.get("operations", 0.0) + rules.first_changes_usd(after, ladder, place)
    entry = rules.entry_usd(holding, storage_class, ladder, place)

    def running(days: float) -> float:
        return rules.running_usd(after, ladder, days, place) + entry * days / DAYS_PER_MONTH

    steady = not ladder or holding.fed
    return priced(name, summary, place, storage_class, running, one_off, leave, steady=steady, ladder=ladder,
                  moves=moves, allowed=allowed, note=note)  # fmt: skip


def _autoclass(holding: Holding, terms: Terms, leave: Option) -> Option:
    """A bucket of its own under Autoclass: everything starts in Standard, and only what is not read grows colder."""
    target, fee = terms.target, rules.autoclass_fee_usd(holding, terms.table)
    small = holding.small[1]
    read_share = min(1.0, holding.read_gib / holding.gib) if holding.gib else 0.0
    cooling = (1 - read_share) * max(0.0, 1 - small / holding.gib) if holding.gib else 0.0
    after = moved(holding, "STANDARD")
    if not holding.fed:  # nothing is young in the pipelines' sense, but the copy restarts every object's clock
        after = Holding((Group("STANDARD", 0, holding.objects, holding.gib, read_share=1.0),))
    month = rules.reads_usd(holding.reads, 0.0, "STANDARD", target) + holding.writes * target.class_a["STANDARD"] + fee

    def running(days: float) -> float:
        cold = rules.running_usd(Holding(after.groups, holding.fed), STEPS, days, target)
        warm = rules.storage_usd(holding.gib, "STANDARD", days, target)
        return cooling * cold + (1 - cooling) * warm + month * days / DAYS_PER_MONTH

    one_off = copy_causes(holding, terms, target, "STANDARD")
    note = "a class per object, no retrieval fees; a scan of everything makes everything Standard again"
    return priced("move-autoclass", "move into a bucket with Autoclass", target, "STANDARD", running, one_off, leave,
                  steady=holding.fed, moves=True, note=note, autoclass=True)  # fmt: skip


def priced(
    name: str, summary: str, place: Place, storage_class: str, running: Callable[[float], float],
    one_off: dict[str, float], leave: Option | None, *, steady: bool, ladder: Ladder = (), moves: bool,
    allowed: bool = True, note: str = "", autoclass: bool = False,
) -> Option:  # fmt: skip
    """An option from its running cost over days (`steady`: the same each month) and what is paid once."""
    total, once = running(HORIZON_DAYS), sum(one_off.values())
    last_month = total / MONTHS if steady else total - running(HORIZON_DAYS - DAYS_PER_MONTH)
    before = leave.month_usd if leave else last_month
    return Option(
        name=name, summary=summary, place=place, storage_class=storage_class, ladder=ladder, moves=moves,
        allowed=allowed, one_off=one_off, month_usd=last_month, three_year_usd=total + once,
        break_even_months=0.0 if leave is None else break_even(before, running, once, steady=steady),
        note=note, autoclass=autoclass,
    )  # fmt: skip


def break_even(
    before_month_usd: float, running: Callable[[float], float], once: float, *, steady: bool
) -> float | None:
    """Months until the savings have paid for what was paid once, to a tenth, rounded up; None beyond three years.

    Costs only fall while objects cool, so the account is convex: below zero at first, it crosses zero at most once.
    """

    def ahead(days: float) -> float:
        return before_month_usd * days / DAYS_PER_MONTH - running(days) - once

    if ahead(HORIZON_DAYS) <= TINY:
        return None
    if steady:
        months = once / (before_month_usd - running(HORIZON_DAYS) / MONTHS)
        return ceil(months * 10 - TINY) / 10 + 0.0
    low, high = 0.0, float(HORIZON_DAYS)
    while high - low > 0.5:
        middle = (low + high) / 2
        low, high = (low, middle) if ahead(middle) > 0 else (middle, high)
    return ceil(high / DAYS_PER_MONTH * 10 - TINY) / 10

"""Everything that could be done with a subfolder, each with its price over three years.

In place: leave it; a lifecycle rule to each class; a ladder by age. Moving: as is, then demote by age; straight to each
class; into an Autoclass bucket; to a cheaper location. Which of them the access allows is `Access`' to say.
"""

from collections.abc import Iterator

from planner.cost import rules
from planner.cost.course import Course, course
from planner.cost.holding import DAYS_PER_MONTH, Group, Holding
from planner.cost.option import STEPS, Option, Terms, priced
from planner.cost.rules import Ladder, Rung
from planner.prices import CLASSES, Place

AT_ONCE: dict[str, Ladder] = {name: (Rung(0, name),) for name in CLASSES[1:]}
ELSEWHERE = "only where the data may leave its location; reads from the old location pay network"
AUTOCLASS = "a class per object, no retrieval fees; a scan of everything makes everything Standard again"


def options(holding: Holding, terms: Terms) -> list[Option]:
    """Every alternative, in a fixed order; the first one is leaving everything as it is."""
    running = _with_entry(holding, course(holding, (), terms.source), "STANDARD", (), terms.source)
    leave = priced("leave", "leave everything as it is", terms.source, "STANDARD", running, {}, None, moves=False)
    return [leave, *_in_place(holding, terms, leave), *_moving(holding, terms, leave)]


def _in_place(holding: Holding, terms: Terms, leave: Option) -> Iterator[Option]:
    for name, ladder in AT_ONCE.items():
        yield _demoted(
            holding, terms, leave, f"in-place-{name.lower()}", f"stay, and let a lifecycle rule set {name}", ladder,
            allowed=terms.access.allows(name),
        )  # fmt: skip
    if ladder := terms.access.ladder:
        summary = f"stay, and let lifecycle rules demote by age ({_steps(ladder)})"
        yield _demoted(holding, terms, leave, "in-place-by-age", summary, ladder)


def _moving(holding: Holding, terms: Terms, leave: Option) -> Iterator[Option]:
    target = terms.target
    causes = copy_causes(holding, terms, target)
    if ladder := terms.access.ladder:
        summary = f"move as it is, and let lifecycle rules demote by age ({_steps(ladder)})"
        yield _demoted(holding, terms, leave, "move-then-demote", summary, ladder, causes=causes)
    straight = [_straight(holding, terms, leave, name, target, causes) for name in CLASSES]
    yield from straight
    yield _autoclass(holding, terms, leave, causes)
    if cheaper := terms.book.cheaper(target):
        best = min((option for option in straight if option.allowed), key=lambda option: option.three_year_usd)
        there = copy_causes(holding, terms, cheaper)
        yield _straight(holding, terms, leave, best.storage_class, cheaper, there, elsewhere=True)


def _demoted(
    holding: Holding, terms: Terms, leave: Option, name: str, summary: str, ladder: Ladder,
    *, causes: dict[str, float] | None = None, allowed: bool = True,
) -> Option:  # fmt: skip
    """Objects keep their classes until the ladder changes them; `causes` are those of the copy, where there is one."""
    place = terms.source if causes is None else terms.target
    once = {} if causes is None else {**causes, "operations": _rewrites(holding, place)}
    once["operations"] = once.get("operations", 0.0) + rules.first_changes_usd(holding, ladder, place)
    running = _with_entry(holding, course(holding, ladder, place), "STANDARD", ladder, place)
    return priced(name, summary, place, "STANDARD", running, once, leave, ladder=ladder, moves=causes is not None,
                  allowed=allowed)  # fmt: skip


def _straight(
    holding: Holding, terms: Terms, leave: Option, storage_class: str, place: Place, causes: dict[str, float],
    *, elsewhere: bool = False,
) -> Option:  # fmt: skip
    name = f"move-{storage_class.lower()}" + (f"-{place.location}" if elsewhere else "")
    summary = f"move straight to {storage_class}" + (f" in {place.location}" if elsewhere else "")
    once = {**causes, "operations": rules.rewrite_usd(holding.objects, storage_class, place)}
    running = _with_entry(holding, course(holding, (), place, storage_class), storage_class, (), place)
    return priced(name, summary, place, storage_class, running, once, leave, moves=True,
                  allowed=terms.access.allows(storage_class), note=ELSEWHERE if elsewhere else "")  # fmt: skip


def _autoclass(holding: Holding, terms: Terms, leave: Option, causes: dict[str, float]) -> Option:
    """A bucket of its own under Autoclass: everything starts in Standard, and only what is not read grows colder."""
    target = terms.target
    read_share = min(1.0, holding.read_gib / holding.gib) if holding.gib else 0.0
    cooling = (1 - read_share) * max(0.0, 1 - holding.small[1] / holding.gib) if holding.gib else 0.0
    # The copy restarts every object's clock; where new ones keep coming, the ages of today come back.
    ages = holding.groups if holding.fed else (Group("STANDARD", 0, holding.objects, holding.gib),)
    cold = course(Holding(ages, holding.fed), STEPS, target, "STANDARD")
    month = (
        (1 - cooling) * rules.storage_usd(holding.gib, "STANDARD", DAYS_PER_MONTH, target)
        + rules.reads_usd(holding.reads, 0.0, "STANDARD", target)
        + holding.writes * target.class_a["STANDARD"]
        + rules.autoclass_fee_usd(holding, terms.book.table)
    )
    running = cold.plus(month / DAYS_PER_MONTH, cooling)
    once = {**causes, "operations": rules.rewrite_usd(holding.objects, "STANDARD", target)}
    return priced("move-autoclass", "move into a bucket with Autoclass", target, "STANDARD", running, once, leave,
                  moves=True, note=AUTOCLASS, autoclass=True)  # fmt: skip


def _with_entry(holding: Holding, running: Course, new_class: str, ladder: Ladder, place: Place) -> Course:
    return running.plus(rules.entry_usd(holding, new_class, ladder, place) / DAYS_PER_MONTH)


def _rewrites(holding: Holding, place: Place) -> float:
    """Copying each object in the class that it is in."""
    return sum(rules.rewrite_usd(objects, name, place) for name, (objects, _, _) in holding.by_class.items())


def _steps(ladder: Ladder) -> str:
    return ", ".join(f"{rung.storage_class} from {rung.from_days} days" for rung in ladder)


def copy_causes(holding: Holding, terms: Terms, target: Place) -> dict[str, float]:
    """What a copy and the later deletion of the sources cost once, by cause, but for the operations."""
    return {
        "operations": 0.0,
        "retrieval": rules.retrieval_usd(holding, terms.source),
        "early_deletion": rules.early_deletion_usd(holding, terms.observe_days, terms.source),
        "network": rules.network_usd(holding, terms.source, target, terms.book.table),
        "replication": rules.replication_usd(holding, target),
        "double_storage": rules.source_storage_usd(holding, terms.observe_days, terms.source),
        "soft_delete": rules.source_storage_usd(holding, terms.soft_delete_days, terms.source),
    }

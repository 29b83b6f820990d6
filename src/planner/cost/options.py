"""Everything that could be done with a subfolder, each with its price over three years.

In place: leave it; a lifecycle rule to each class; a ladder by age. Moving: as is, then demote by age; straight to each
class; into an Autoclass bucket; to a cheaper location. Which of them the access allows is `Access`' to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from planner.cost import rules
from planner.cost.course import Course, DayRates, course, course_in, day_rates
from planner.cost.holding import DAYS_PER_MONTH, Group, Holding
from planner.cost.option import STEPS, Option, Terms, priced
from planner.cost.rules import COLDNESS, Ladder, Rung
from planner.prices import CLASSES, Place

AT_ONCE: dict[str, Ladder] = {name: (Rung(0, name),) for name in CLASSES[1:]}
ELSEWHERE = "only where the data may leave its location; reads from the old location pay network"
AUTOCLASS = (
    "a class per object, no retrieval fees; one scan makes everything Standard again; `allow_autoclass` lets it win"
)


@dataclass(frozen=True)
class Work:
    """One subfolder's holding under its terms, and what several alternatives share."""

    holding: Holding
    terms: Terms
    here: DayRates
    there: DayRates
    causes: dict[str, float]  # of the copy to the target, but for its operations


def options(holding: Holding, terms: Terms) -> list[Option]:
    """Every alternative, in a fixed order; the first one is leaving everything as it is."""
    here = day_rates(holding, terms.source)
    there = here if terms.target == terms.source else day_rates(holding, terms.target)
    work = Work(holding, terms, here, there, copy_causes(holding, terms, terms.target))
    running = _with_entry(work, course(holding, terms.set_already, here), "STANDARD", terms.set_already, terms.source)
    once = (
        {"operations": rules.first_changes_usd(holding, terms.set_already, terms.source)} if terms.set_already else {}
    )
    leave = priced("leave", "leave everything as it is", terms.source, "STANDARD", running, once, None, moves=False)
    return [leave, *_keeping_classes(work, leave), *_moving(work, leave)]


def _keeping_classes(work: Work, leave: Option) -> Iterator[Option]:
    """Objects keep their classes until a rule changes them: at once or by age, in place or after a copy as it is."""
    holding, source, target = work.holding, work.terms.source, work.terms.target
    access, set_already = work.terms.access, work.terms.set_already
    for name, rung in AT_ONCE.items():
        at_once = merged(rung, set_already)
        once = {"operations": rules.first_changes_usd(holding, at_once, source)}
        running = _with_entry(work, course(holding, at_once, work.here), "STANDARD", at_once, source)
        allowed = access.allows(name)
        yield priced(
            f"in-place-{name.lower()}", f"stay, and let a lifecycle rule set {name}", source, "STANDARD", running, once,
            leave, ladder=rung, moves=False, allowed=allowed, note="" if allowed else access.because,
        )  # fmt: skip
    ladder, steps = access.ladder
    if not ladder:
        return
    in_place = merged(ladder, set_already)
    running = _with_entry(work, course(holding, in_place, work.here), "STANDARD", in_place, source)
    once = {"operations": rules.first_changes_usd(holding, in_place, source)}
    yield priced("in-place-by-age", f"stay, and let lifecycle rules demote by age ({steps})", source, "STANDARD",
                 running, once, leave, ladder=ladder, moves=False)  # fmt: skip
    if work.there is not work.here or set_already:
        running = _with_entry(work, course(holding, ladder, work.there), "STANDARD", ladder, target)
    changes = rules.first_changes_usd(holding, ladder, target)
    rewrites = sum(rules.rewrite_usd(objects, name, target) for name, (objects, _, _) in holding.by_class.items())
    yield priced("move-then-demote", f"move as it is, and let lifecycle rules demote by age ({steps})", target,
                 "STANDARD", running, {**work.causes, "operations": rewrites + changes}, leave, ladder=ladder,
                 moves=True)  # fmt: skip


def _moving(work: Work, leave: Option) -> Iterator[Option]:
    terms, causes = work.terms, work.causes
    straight = [_straight(work, leave, name, terms.target, work.there, causes) for name in CLASSES]
    yield from straight
    yield _autoclass(work, leave)
    if cheaper := terms.book.cheaper(terms.target):
        best = min((option for option in straight if option.allowed), key=lambda option: option.three_year_usd)
        rates = day_rates(work.holding, cheaper)
        there = copy_causes(work.holding, terms, cheaper)
        yield _straight(work, leave, best.storage_class, cheaper, rates, there, elsewhere=True)


def _straight(
    work: Work, leave: Option, storage_class: str, place: Place, rates: DayRates, causes: dict[str, float],
    *, elsewhere: bool = False,
) -> Option:  # fmt: skip
    holding = work.holding
    name = f"move-{storage_class.lower()}" + (f"-{place.location}" if elsewhere else "")
    summary = f"move straight to {storage_class}" + (f" in {place.location}" if elsewhere else "")
    once = {**causes, "operations": rules.rewrite_usd(holding.objects, storage_class, place)}
    running = _with_entry(work, course_in(holding, storage_class, rates), storage_class, (), place)
    allowed = work.terms.access.allows(storage_class)
    note = ELSEWHERE if elsewhere else "" if allowed else work.terms.access.because
    return priced(name, summary, place, storage_class, running, once, leave, moves=True, allowed=allowed,
                  note=note)  # fmt: skip


def _autoclass(work: Work, leave: Option) -> Option:
    """A bucket of its own under Autoclass: everything starts in Standard, and only what is not read grows colder."""
    holding, target = work.holding, work.terms.target
    read_share = min(1.0, holding.read_gib / holding.gib) if holding.gib else 0.0
    cooling = (1 - read_share) * max(0.0, 1 - holding.small[1] / holding.gib) if holding.gib else 0.0
    # The copy restarts every object's clock; where new ones keep coming, the ages of today come back.
    ages = holding.groups if holding.fed else (Group("STANDARD", 0, holding.objects, holding.gib),)
    resting = DayRates(work.there.store, dict.fromkeys(CLASSES, 0.0))
    cold = course(Holding(ages, holding.fed), STEPS, resting, "STANDARD")
    month = (
        (1 - cooling) * rules.storage_usd(holding.gib, "STANDARD", DAYS_PER_MONTH, target)
        + rules.reads_usd(holding.reads, 0.0, "STANDARD", target)
        + holding.writes * target.class_a["STANDARD"]
        + rules.autoclass_fee_usd(holding, work.terms.book.table)
        + _bigquery(work, target)
    )
    running = cold.plus(month / DAYS_PER_MONTH, cooling)
    once = {**work.causes, "operations": rules.rewrite_usd(holding.objects, "STANDARD", target)}
    return priced("move-autoclass", "move into a bucket with Autoclass", target, "STANDARD", running, once, leave,
                  moves=True, note=AUTOCLASS, autoclass=True)  # fmt: skip


def _with_entry(work: Work, running: Course, new_class: str, ladder: Ladder, place: Place) -> Course:
    """The course with what each month brings whatever is in the bucket: new objects, and BigQuery's network."""
    month = rules.entry_usd(work.holding, new_class, ladder, place) + _bigquery(work, place)
    return running.plus(month / DAYS_PER_MONTH)


def _bigquery(work: Work, place: Place) -> float:
    terms = work.terms
    return rules.bigquery_usd(work.holding, terms.datasets or terms.source, place, terms.book.table)


def merged(ladder: Ladder, other: Ladder) -> Ladder:
    """Two sets of lifecycle rules that apply together."""
    if not other:
        return ladder
    return tuple(sorted({*ladder, *other}, key=lambda rung: (rung.from_days, COLDNESS[rung.storage_class])))


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

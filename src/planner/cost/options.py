"""Everything that could be done with a subfolder, each with its price over three years.

In place: leave it; a lifecycle rule to each class; a ladder by age. Moving: as is, then demote by age; straight to each
class; into an Autoclass bucket; to a cheaper location; as configured. Which of them the access allows is `Access`' to
say.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from planner.cost import rules
from planner.cost.course import Course, DayRates, course, course_at_once, course_in, day_rates
from planner.cost.holding import DAYS_PER_MONTH, Group, Holding
from planner.cost.option import STEPS, Copying, Option, Terms, copying, in_words, priced
from planner.cost.rules import COLDNESS, Ladder, Rung, climbs
from planner.prices import CLASSES, Place

CONFIGURED = "move-configured"
AT_ONCE: dict[str, Ladder] = {name: (Rung(0, name),) for name in CLASSES[1:]}
ELSEWHERE = "only where the data may leave its location; reads from the old location pay network"
AUTOCLASS = (
    "a class per object, no retrieval fees; one scan makes everything Standard again; `allow_autoclass` lets it win"
)


class Work(NamedTuple):
    """One subfolder's holding under its terms, and what several alternatives share."""

    holding: Holding
    terms: Terms
    here: DayRates
    there: DayRates
    copy: Copying


def options(holding: Holding, terms: Terms) -> list[Option]:
    """Every alternative, in a fixed order; the first one is leaving everything as it is."""
    here = day_rates(holding, terms.source)
    there = here if terms.target is terms.source else day_rates(holding, terms.target)
    work = Work(holding, terms, here, there, copy_to(holding, terms, terms.target))
    once, running = _in_place(work, ())
    leave = priced("leave", "leave everything as it is", terms.source, "STANDARD", running, once, None)
    return [leave, *_staying(work, leave), *_moving(work, leave)]


def _staying(work: Work, leave: Option) -> Iterator[Option]:
    """Objects keep their classes until a rule in place changes them: at once or by age."""
    source, access = work.terms.source, work.terms.access
    for name, rung in AT_ONCE.items():
        once, running = _in_place(work, rung)
        allowed = access.allows(name)
        yield priced(
            f"in-place-{name.lower()}", f"stay, and let a lifecycle rule set {name.capitalize()}", source, "STANDARD",
            running, once, leave, ladder=rung, allowed=allowed, note="" if allowed else access.because,
        )  # fmt: skip
    ladder, steps = access.ladder
    if ladder:
        once, running = _in_place(work, ladder)
        yield priced("in-place-by-age", f"stay, and let lifecycle rules demote by age ({steps})", source, "STANDARD",
                     running, once, leave, ladder=ladder)  # fmt: skip


def _in_place(work: Work, ladder: Ladder) -> tuple[float, Course]:
    """What a ladder in place costs in operations and from then on, beside the rules that the bucket has already."""
    holding, source, set_already = work.holding, work.terms.source, work.terms.set_already
    rungs = merged(ladder, set_already)
    extra = _daily(work, "STANDARD", rungs, source)
    if rungs and rungs[-1].from_days:
        climbed = climbs(holding.groups, rungs, source, ageing=not holding.fed)
        return rules.changes_usd(climbed, source), course(climbed, work.here, extra)
    once = rules.changes_at_once_usd(holding, rungs[-1].storage_class, source) if rungs else 0.0
    return once, course_at_once(holding, rungs, work.here, extra)


def _moving(work: Work, leave: Option) -> Iterator[Option]:
    terms = work.terms
    ladder, steps = terms.access.ladder
    if ladder:
        summary = f"move as it is, and let lifecycle rules demote by age ({steps})"
        yield _demoting(work, leave, "move-then-demote", summary, "STANDARD", ladder)
    straight = [_straight(work, leave, name, terms.target, work.there, work.copy) for name in CLASSES]
    yield from straight
    yield _autoclass(work, leave)
    best = min((option for option in straight if option.allowed), key=lambda option: option.three_year_usd)
    if cheaper := terms.book.cheaper(terms.target):
        rates, there = day_rates(work.holding, cheaper), copy_to(work.holding, terms, cheaper)
        yield _straight(work, leave, best.storage_class, cheaper, rates, there, elsewhere=True)
    if asked := terms.configured:
        storage_class = asked.storage_class or best.storage_class
        summary = (
            f"move to {storage_class.capitalize()}, under the configured lifecycle rules ({in_words(asked.ladder)})"
        )
        yield _demoting(work, leave, CONFIGURED, summary, storage_class, asked.ladder, from_copy=asked.from_copy)


def _straight(
    work: Work, leave: Option, storage_class: str, place: Place, rates: DayRates, copy: Copying,
    *, elsewhere: bool = False,
) -> Option:  # fmt: skip
    holding = work.holding
    name = f"move-{storage_class.lower()}" + (f"-{place.location}" if elsewhere else "")
    summary = f"move straight to {storage_class.capitalize()}" + (f" in {place.location}" if elsewhere else "")
    once = rules.rewrite_usd(holding.objects, storage_class, place)
    running = course_in(holding, storage_class, rates, _daily(work, storage_class, (), place))
    allowed = work.terms.access.allows(storage_class)
    note = ELSEWHERE if elsewhere else "" if allowed else work.terms.access.because
    return priced(name, summary, place, storage_class, running, once, leave, copying=copy, allowed=allowed,
                  note=note)  # fmt: skip


def _demoting(
    work: Work, leave: Option, name: str, summary: str, storage_class: str, ladder: Ladder, *, from_copy: bool = False
) -> Option:
    """Copies in one class that rules demote by the original age, or (`from_copy`) by that of the copy."""
    holding, target = work.holding, work.terms.target
    ageing, groups = not holding.fed, holding.groups
    if from_copy and ageing:
        groups = tuple(msgspec.structs.replace(group, age_days=0) for group in groups)
    climbed = climbs(groups, ladder, target, ageing=ageing, origin=storage_class)
    rewrites = rules.rewrite_usd(holding.objects, storage_class, target)
    once = rewrites + rules.changes_usd(climbed, target)
    running = course(climbed, work.there, _daily(work, storage_class, ladder, target))
    return priced(name, summary, target, storage_class, running, once, leave, copying=work.copy,
                  ladder=ladder)  # fmt: skip


def _autoclass(work: Work, leave: Option) -> Option:
    """A bucket of its own under Autoclass: everything starts in Standard, and only what is not read grows colder."""
    holding, target, store = work.holding, work.terms.target, work.there.store
    read_share = min(1.0, holding.read_gib / holding.gib) if holding.gib else 0.0
    small_objects, small_gib = holding.small()
    cooling = (1 - read_share) * max(0.0, 1 - small_gib / holding.gib) if holding.gib else 0.0
    gets_and_inserts = holding.reads * target.class_b["STANDARD"] + holding.writes * target.class_a["STANDARD"]
    month = (
        gets_and_inserts
        + rules.autoclass_fee_usd(holding.objects - small_objects, work.terms.book.table)
        + _bigquery(work, target)
    )
    extra = (1 - cooling) * holding.gib * store["STANDARD"] + month / DAYS_PER_MONTH
    # The copy restarts every object's clock; where new ones keep coming, the ages of today come back.
    if holding.fed:
        ages = [Group("STANDARD", group.age_days, group.objects, group.gib * cooling) for group in holding.groups]
    else:
        ages = [Group("STANDARD", 0, holding.objects, holding.gib * cooling)]
    running = course(climbs(ages, STEPS, target, ageing=not holding.fed), work.there, extra)
    once = rules.rewrite_usd(holding.objects, "STANDARD", target)
    return priced("move-autoclass", "move into a bucket with Autoclass", target, "STANDARD", running, once, leave,
                  copying=work.copy, note=AUTOCLASS, autoclass=True)  # fmt: skip


def _daily(work: Work, new_class: str, ladder: Ladder, place: Place) -> float:
    """What each day brings whatever is in the bucket: new objects, and BigQuery's network."""
    return (rules.entry_usd(work.holding, new_class, ladder, place) + _bigquery(work, place)) / DAYS_PER_MONTH


def _bigquery(work: Work, place: Place) -> float:
    terms = work.terms
    return rules.bigquery_usd(work.holding, terms.datasets or terms.source, place, terms.book.table)


def merged(ladder: Ladder, other: Ladder) -> Ladder:
    """Two sets of lifecycle rules that apply together."""
    if not other:
        return ladder
    return tuple(sorted({*ladder, *other}, key=lambda rung: (rung.from_days, COLDNESS[rung.storage_class])))


def copy_to(holding: Holding, terms: Terms, target: Place) -> Copying:
    """What a copy to the target and the later deletion of the sources cost once, but for the operations."""
    resting = rules.source_storage_usd(holding, 1, terms.source)
    return copying(
        {
            "retrieval": rules.retrieval_usd(holding, terms.source),
            # Soft-deleted bytes are billed, and count towards the minimum days.
            "early_deletion": rules.early_deletion_usd(
                holding, terms.observe_days + terms.soft_delete_days, terms.source
            ),
            "network": rules.network_usd(holding, terms.source, target, terms.book.table),
            "replication": rules.replication_usd(holding, target),
            "double_storage": resting * terms.observe_days,
            "soft_delete": resting * terms.soft_delete_days,
        }
    )

"""Everything that could be done with a subfolder, each with its price over three years.

In place: leave it; a lifecycle rule to each class; a ladder by age. Moving: as is, then demote by age; straight to each
class; into an Autoclass bucket; to a cheaper location. Which of them the access allows is `Access`' to say.
"""

from collections.abc import Iterator

from planner.cost import rules
from planner.cost.holding import DAYS_PER_MONTH, Group, Holding
from planner.cost.option import STEPS, Option, Terms, priced
from planner.cost.rules import Ladder, Rung
from planner.prices import CLASSES, Place


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

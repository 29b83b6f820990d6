"""What lifecycle rules in Cloud Storage's JSON form do to the objects below a path, as far as that has a price."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from planner.cost.rules import COLDNESS, Ladder, Rung
from planner.prices import CLASSES, GONE

# Rules with one of these act on noncurrent versions, whose bytes are not in the evidence.
NONCURRENT = frozenset({"daysSinceNoncurrentTime", "noncurrentTimeBefore", "numNewerVersions"})


class PricedRules(NamedTuple):
    """A ladder, and how many rules that touch the path are not in it, because their conditions say more than an age."""

    ladder: Ladder = ()
    others: int = 0


NO_RULES = PricedRules()


def priced_rules(
    rules: Iterable[Mapping[str, Any]], path: str, *, clock: str = "age", soft_delete_days: int = 0
) -> PricedRules:
    """The rules by `clock` (age, daysSinceCustomTime) that hold for everything below `path`.

    Of the classes that a rule names it is assumed that they are all the warmer ones. What a rule deletes is billed
    until soft delete ends.
    """
    rungs, others = set(), 0
    for rule in rules:
        action, condition = rule.get("action", {}), rule.get("condition", {})
        deletes = action.get("type") == "Delete"
        storage_class = GONE if deletes else action.get("storageClass")
        if not (deletes or storage_class) or condition.get("isLive") is False or not NONCURRENT.isdisjoint(condition):
            continue
        prefixes = condition.get("matchesPrefix", ("",))
        if not any(touch(prefix, path) for prefix in prefixes):
            continue
        read = {clock, "matchesPrefix", "isLive"} | (set() if deletes else {"matchesStorageClass"})
        if (
            clock in condition
            and set(condition) <= read
            and (deletes or storage_class in CLASSES)
            and any(path.startswith(prefix) for prefix in prefixes)
        ):
            rungs.add(Rung(int(condition[clock]) + (soft_delete_days if deletes else 0), storage_class))
        else:
            others += 1
    return PricedRules(tuple(sorted(rungs, key=lambda rung: (rung.from_days, COLDNESS[rung.storage_class]))), others)


def touch(prefix: str, path: str) -> bool:
    """Whether something can lie below both."""
    return prefix.startswith(path) or path.startswith(prefix)


def rules_for_copies(rules: Sequence[Mapping[str, Any]], path: str, soft_delete_days: int) -> tuple[PricedRules, bool]:
    """The rules that copies will be under; and whether these count from the copy.

    Copies carry their original time as customTime: rules by `daysSinceCustomTime` act on them as if they were old,
    rules by `age` as if they were new. Where there are both, the former come first for what is copied.
    """
    by_age = priced_rules(rules, path, soft_delete_days=soft_delete_days)
    original = priced_rules(rules, path, clock="daysSinceCustomTime", soft_delete_days=soft_delete_days)
    if not original.ladder:
        return by_age, True
    missing = len(set(by_age.ladder) - set(original.ladder))
    return PricedRules(original.ladder, original.others - len(by_age.ladder) + missing), False

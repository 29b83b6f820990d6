"""Lifecycle rules in Cloud Storage's JSON form: built, named, and refused where they would delete at once.

`age` restarts when an object is copied; `daysSinceCustomTime` counts from the original time, which the copy keeps as
customTime, but never applies to what pipelines write later without one. So a class change by age is written as both.
"""

import json
from typing import Any

from analysis.errors import nearest
from planner.cost.rules import COLDNESS, Ladder, Rung
from planner.errors import InvalidPlanInput
from planner.settings import NamedPolicy, PlannerSettings, storage_class

Policy = dict[str, Any]

NAMED = {
    "immediate_nearline": NamedPolicy(storage_class="NEARLINE"),
    "immediate_coldline": NamedPolicy(storage_class="COLDLINE"),
    "immediate_archive": NamedPolicy(storage_class="ARCHIVE"),
    "standard": NamedPolicy(),
}
STANDARD_WITH_ARCHIVING = (Rung(30, "NEARLINE"), Rung(90, "COLDLINE"), Rung(365, "ARCHIVE"))

ACTIONS = ("SetStorageClass", "Delete", "AbortIncompleteMultipartUpload")
DAYS = ("age", "daysSinceCustomTime", "daysSinceNoncurrentTime")
DATES = ("createdBefore", "customTimeBefore", "noncurrentTimeBefore")
CONDITIONS = (*DAYS, *DATES, "isLive", "matchesStorageClass", "matchesPrefix", "matchesSuffix", "numNewerVersions")


def policy_of(ladder: Ladder, *, prefix: str | None = None) -> Policy:
    """The rules that demote by age; with `prefix`, only below it (for a bucket that holds more)."""
    scope = {"matchesPrefix": [prefix]} if prefix else {}
    rules = []
    for rung in ladder:
        warmer = [name for name in COLDNESS if COLDNESS[name] < COLDNESS[rung.storage_class]]
        action = {"type": "SetStorageClass", "storageClass": rung.storage_class}
        # A prefix in the source bucket was never copied: there `age` alone counts from the true creation.
        clocks = ("age",) if prefix else ("age", "daysSinceCustomTime")
        rules += [
            {"action": action, "condition": {clock: rung.from_days, "matchesStorageClass": warmer, **scope}}
            for clock in clocks
        ]
    return {"rule": rules}


def named_policy(name: str, settings: PlannerSettings, where: str) -> tuple[str, Policy]:
    """Storage class and rules of a policy called by name. Raises InvalidPlanInput for a name nobody defined."""
    if name == "standard_with_archiving" and name not in settings.lifecycle_policies:
        return "STANDARD", policy_of(STANDARD_WITH_ARCHIVING)
    known = {**NAMED, **settings.lifecycle_policies}
    if name not in known:
        names = (*known, "standard_with_archiving")
        hint = f"{nearest(name, names)} or define it as [planner.lifecycle_policies.{name}] in thermocline.toml"
        raise InvalidPlanInput(f"{where}: no lifecycle policy is called {name!r}", hint)
    policy = known[name]
    return policy.storage_class, checked({"rule": list(policy.rule)}, where)


def checked(policy: object, where: str) -> Policy:
    """A policy given as JSON, refused with a sentence where it is malformed or dangerous."""
    rules = policy.get("rule") if isinstance(policy, dict) and set(policy) == {"rule"} else policy
    if not isinstance(rules, list):
        raise InvalidPlanInput(
            f"{where}: a lifecycle policy is a list of rules", 'write {"rule": [{action, condition}]}'
        )
    for number, rule in enumerate(rules, 1):
        _check_rule(rule, f"{where}: lifecycle rule {number}")
    return {"rule": json.loads(json.dumps(rules))}


def refuse_deleting_now(policy: Policy, oldest_days: int, where: str) -> None:
    """Refuse a Delete rule that the copies would meet at once, because they keep their sources' original time."""
    for number, rule in enumerate(policy["rule"], 1):
        condition = rule["condition"]
        days = condition.get("daysSinceCustomTime")
        if rule["action"]["type"] == "Delete" and not condition.get("age") and days is not None and days <= oldest_days:
            raise InvalidPlanInput(
                f"{where}: lifecycle rule {number} would delete copies of objects over {days} days old at once "
                f"(the oldest are over {oldest_days} days)",
                "raise daysSinceCustomTime, add an age, or prune the source first",
            )


def _check_rule(rule: object, where: str) -> None:
    if not isinstance(rule, dict) or set(rule) != {"action", "condition"}:
        raise InvalidPlanInput(
            f"{where} needs exactly an action and a condition", "see Cloud Storage's lifecycle format"
        )
    action, condition = rule["action"], rule["condition"]
    if not isinstance(action, dict) or action.get("type") not in ACTIONS:
        kind = action.get("type") if isinstance(action, dict) else action
        raise InvalidPlanInput(f"{where} has no known action ({kind!r})", nearest(str(kind), ACTIONS))
    if action["type"] == "SetStorageClass":
        storage_class(str(action.get("storageClass")))
    if not isinstance(condition, dict) or not condition:
        raise InvalidPlanInput(f"{where} has an empty condition and would act on every object at once", "add an age")
    for key, value in condition.items():
        if key not in CONDITIONS:
            raise InvalidPlanInput(f"{where} has an unknown condition {key!r}", nearest(key, CONDITIONS))
        if key in (*DAYS, "numNewerVersions") and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise InvalidPlanInput(f"{where}: {key} is not a number of days ({value!r})", "write a whole number")
        if key.startswith("matches") and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise InvalidPlanInput(f"{where}: {key} is no list of texts ({value!r})", "write it as a list")
        if (key in DATES and not isinstance(value, str)) or (key == "isLive" and not isinstance(value, bool)):
            raise InvalidPlanInput(f"{where}: {key} has a strange value ({value!r})", "see the lifecycle format")
    if action["type"] == "Delete":
        _check_delete(condition, where)


def _check_delete(condition: dict[str, Any], where: str) -> None:
    """Deleting needs a positive age, or a number of newer versions; a date or a class alone deletes at once."""
    waits = [condition[key] for key in (*DAYS, "numNewerVersions") if key in condition]
    if not waits or max(waits) <= 0:
        raise InvalidPlanInput(
            f"{where} would delete objects as soon as the policy is set",
            "give it a positive age or daysSinceCustomTime",
        )

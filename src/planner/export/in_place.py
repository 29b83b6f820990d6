"""Lifecycle rules for subfolders that stay: they join the rules that the source bucket has already.

One bucket has one lifecycle configuration, so these are merged into it and never replace it. Rules that differ in their
prefix only become one rule with several prefixes, as a bucket takes a hundred rules at most.
"""

import json
from collections.abc import Sequence

from planner.lifecycle import Policy
from planner.plan import Move

PREFIXES = 50  # in one rule


def in_place_rules(moves: Sequence[Move]) -> Policy:
    """The rules of all moves that stay, with equal ones joined over their prefixes."""
    prefixes: dict[str, list[str]] = {}
    for move in moves:
        if move.action == "stay":
            for rule in move.migration.lifecycle_policy["rule"]:
                condition = {key: value for key, value in rule["condition"].items() if key != "matchesPrefix"}
                bare = json.dumps({"action": rule["action"], "condition": condition}, sort_keys=True)
                prefixes.setdefault(bare, []).extend(rule["condition"]["matchesPrefix"])
    joined = []
    for bare, named in prefixes.items():
        rule, ordered = json.loads(bare), sorted(set(named))
        for start in range(0, len(ordered), PREFIXES):
            condition = {**rule["condition"], "matchesPrefix": ordered[start : start + PREFIXES]}
            joined.append({"action": rule["action"], "condition": condition})
    return {"rule": joined}

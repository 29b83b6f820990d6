"""Lifecycle rules: refused when malformed, and applied when `/sandbox/lifecycle` says so, at the server's clock."""

from collections.abc import Callable
from itertools import chain
from typing import Any

from thermocline.sandbox.server.clock import DAY, parse_time
from thermocline.sandbox.server.errors import ApiError, invalid
from thermocline.sandbox.server.model import STORAGE_CLASSES, Bucket, StoredObject
from thermocline.sandbox.server.store import Store

_ACTIONS = frozenset({"Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"})


def check_rules(lifecycle: dict[str, Any]) -> None:
    """Refuse unknown actions and conditions, and rules without a condition."""
    for rule in lifecycle.get("rule", []):
        action, condition = rule.get("action") or {}, rule.get("condition") or {}
        if action.get("type") not in _ACTIONS:
            raise invalid(f"Invalid lifecycle action: {action.get('type')}")
        if action["type"] == "SetStorageClass" and action.get("storageClass") not in STORAGE_CLASSES:
            raise invalid(f"Invalid lifecycle storage class: {action.get('storageClass')}")
        if not condition:
            raise invalid("A lifecycle rule needs at least one condition.")
        if unknown := sorted(set(condition) - set(_CHECKS)):
            raise invalid(f"Unknown lifecycle condition: {unknown[0]}")


def apply_rules(store: Store) -> int:
    """One pass over every bucket; deletions win over class changes. Returns how many objects changed."""
    changed = 0
    for bucket in list(store.buckets.values()):
        rules = bucket.resource.get("lifecycle", {}).get("rule", [])
        rules = sorted(rules, key=lambda rule: rule["action"]["type"] != "Delete")
        for held in [*bucket.live.values(), *chain.from_iterable(bucket.noncurrent.values())] if rules else []:
            changed += any(_apply(store, bucket, held, rule) for rule in rules)
    return changed


def _apply(store: Store, bucket: Bucket, held: StoredObject, rule: dict[str, Any]) -> bool:
    if not _holds(store, bucket, held, rule["condition"]):
        return False
    action = rule["action"]
    if action["type"] == "SetStorageClass":
        if held.storage_class == action["storageClass"] or bucket.autoclass:
            return False
        held.storage_class = action["storageClass"]
        held.class_updated = store.clock.now()
        store.save(bucket, held)
        return True
    if action["type"] != "Delete":
        return False
    live = held.noncurrent_since is None
    try:
        store.remove(bucket, held, "lifecycle", "", keep=live and bucket.versioning, cause="lifecycle")
    except ApiError:
        return False  # held or retained: the service skips it, too
    return True


def _holds(store: Store, bucket: Bucket, held: StoredObject, condition: dict[str, Any]) -> bool:
    return all(_CHECKS[key](bucket, held, store.clock.now(), value) for key, value in condition.items())


def _past(moment: int | None, now: int, days: Any) -> bool:
    return moment is not None and now - moment >= int(days) * DAY


def _before(moment: int | None, limit: Any) -> bool:
    return moment is not None and moment < parse_time(limit)


def _custom(held: StoredObject) -> int | None:
    text = held.fields.get("customTime")
    return None if text is None else parse_time(text)


_CHECKS: dict[str, Callable[[Bucket, StoredObject, int, Any], bool]] = {
    "age": lambda _b, held, now, days: _past(held.created, now, days),
    "createdBefore": lambda _b, held, _n, limit: _before(held.created, limit),
    "customTimeBefore": lambda _b, held, _n, limit: _before(_custom(held), limit),
    "daysSinceCustomTime": lambda _b, held, now, days: _past(_custom(held), now, days),
    "daysSinceNoncurrentTime": lambda _b, held, now, days: _past(held.noncurrent_since, now, days),
    "noncurrentTimeBefore": lambda _b, held, _n, limit: _before(held.noncurrent_since, limit),
    "isLive": lambda _b, held, _n, wanted: (held.noncurrent_since is None) == bool(wanted),
    "matchesPrefix": lambda _b, held, _n, prefixes: held.name.startswith(tuple(prefixes)),
    "matchesSuffix": lambda _b, held, _n, suffixes: held.name.endswith(tuple(suffixes)),
    "matchesStorageClass": lambda _b, held, _n, classes: held.storage_class in classes,
    "numNewerVersions": lambda bucket, held, _n, count: _newer(bucket, held) >= int(count),
}


def _newer(bucket: Bucket, held: StoredObject) -> int:
    siblings = [*bucket.noncurrent.get(held.name, []), bucket.live.get(held.name)]
    return sum(one is not None and one.generation > held.generation for one in siblings)

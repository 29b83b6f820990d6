"""A lifecycle policy in Cloud Storage's JSON form, as sentences."""

from collections.abc import Mapping
from typing import Any

from thermocline.reporting.words import joined

CONDITIONS = {
    "age": "{} days after creation",
    "daysSinceCustomTime": "{} days after the custom time",
    "daysSinceNoncurrentTime": "{} days after being replaced",
    "createdBefore": "created before {}",
    "customTimeBefore": "custom time before {}",
    "noncurrentTimeBefore": "replaced before {}",
    "numNewerVersions": "{} newer versions",
    "isLive": "live: {}",
    "matchesPrefix": "below {}",
    "matchesSuffix": "ending in {}",
    "matchesStorageClass": "in {}",
}


def lifecycle_words(policy: Mapping[str, Any]) -> list[str]:
    """One sentence a rule, for example `to Coldline 30 days after creation`; empty without rules."""
    return [_rule(rule) for rule in policy.get("rule", [])]


def _rule(rule: Mapping[str, Any]) -> str:
    action = rule.get("action", {})
    kind = action.get("type", "")
    if kind == "SetStorageClass":
        verb = f"to {str(action.get('storageClass', '')).capitalize()}"
    elif kind == "AbortIncompleteMultipartUpload":
        verb = "abort unfinished uploads"
    else:
        verb = str(kind).lower() or "no action"
    conditions = [_condition(name, value) for name, value in sorted(rule.get("condition", {}).items())]
    return f"{verb} {joined(conditions)}" if conditions else verb


def _condition(name: str, value: Any) -> str:
    text = joined([str(item).capitalize() if name == "matchesStorageClass" else str(item) for item in value], "or") if (
        isinstance(value, list | tuple)
    ) else str(value)  # fmt: skip
    return CONDITIONS.get(name, f"{name} {{}}").format(text)

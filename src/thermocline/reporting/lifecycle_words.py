"""A lifecycle policy in Cloud Storage's JSON form, as sentences."""

from collections.abc import Mapping
from typing import Any

from thermocline.reporting.words import joined

# Objects that we copied carry their original time as custom time: a rule by age has a twin that counts from it.
SINCE = {"age": "creation", "daysSinceCustomTime": "the custom time"}
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
    """One sentence a rule, for example `from Standard to Coldline 30 days after creation`; empty without rules.

    Rules that differ only in what their days are counted from share a sentence.
    """
    sentences: dict[tuple[str, str], list[str]] = {}
    for rule in policy.get("rule", []):
        condition = dict(rule.get("condition", {}))
        action = _action(rule.get("action", {}), condition)
        origins = [name for name in SINCE if name in condition]
        if len(origins) == 1:
            action += f" {condition.pop(origins[0])} days after"
        rest = joined(
            [CONDITIONS.get(name, f"{name} {{}}").format(_text(value)) for name, value in sorted(condition.items())]
        )
        sentences.setdefault((action, rest), []).extend(SINCE[name] for name in origins if name not in condition)
    return [
        " ".join(part for part in (action, joined(list(dict.fromkeys(origins)), "or"), rest) if part)
        for (action, rest), origins in sentences.items()
    ]


def _action(action: Mapping[str, Any], condition: dict[str, Any]) -> str:
    """What is done; the classes that an object comes from are taken out of the condition."""
    kind = str(action.get("type", ""))
    if kind != "SetStorageClass":
        return "abort unfinished uploads" if kind == "AbortIncompleteMultipartUpload" else kind.lower() or "no action"
    target = f"to {str(action.get('storageClass', '')).capitalize()}"
    classes = condition.pop("matchesStorageClass", ())
    return f"from {_text([name.capitalize() for name in classes])} {target}" if classes else target


def _text(value: Any) -> str:
    return joined([str(item) for item in value], "or") if isinstance(value, list | tuple) else str(value)

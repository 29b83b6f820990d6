"""What a bucket says about itself through the API, as far as it matters to a folder that leaves it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from planner.ladder_reading import PricedRules, priced_rules, touch


@dataclass(frozen=True)
class BucketFacts:
    """A bucket's metadata, notification configurations and IAM policy, in the JSON forms of the API."""

    metadata: Mapping[str, Any]
    notifications: Sequence[Mapping[str, Any]] = ()
    policy: Mapping[str, Any] | None = None

    def rules(self, path: str, soft_delete_days: int) -> PricedRules:
        """What the bucket's own rules do to everything below `path`.

        Where versioning is on, deleting ends nothing: rules that delete are left out.
        """
        rules = (self.metadata.get("lifecycle") or {}).get("rule", ())
        if (self.metadata.get("versioning") or {}).get("enabled"):
            rules = [rule for rule in rules if rule.get("action", {}).get("type") != "Delete"]
        return priced_rules(rules, path, soft_delete_days=soft_delete_days)

    @property
    def soft_delete_days(self) -> int | None:
        """For how long the bucket keeps what is deleted; None where it does not say."""
        seconds = (self.metadata.get("softDeletePolicy") or {}).get("retentionDurationSeconds")
        return None if seconds is None else ceil(int(seconds) / 86_400)

    def breaking(self, path: str) -> list[str]:
        """Everything that works for objects below `path` today, and would not on another bucket."""
        return [
            *self._notifications(path),
            *self._conditions(path),
            *self._lifecycle(path),
            *self._settings(),
        ]

    def _notifications(self, path: str) -> Iterator[str]:
        for each in self.notifications:
            prefix = str(each.get("object_name_prefix", ""))
            if touch(prefix, path):
                topic = str(each.get("topic", "")).removeprefix("//pubsub.googleapis.com/")
                scope = f"prefix {prefix}" if prefix else "the whole bucket"
                yield (
                    f"notification {each.get('id', '')} ({scope}) publishes to {topic}: create it on the new bucket; "
                    "the copy itself fires it there if it exists before"
                )

    def _conditions(self, path: str) -> Iterator[str]:
        for binding in (self.policy or {}).get("bindings", ()):
            condition = binding.get("condition")
            expression = str((condition or {}).get("expression", ""))
            if "resource.name" in expression and path.rstrip("/") in expression:
                members = ", ".join(binding.get("members", ()))
                yield (
                    f"IAM condition {condition.get('title', '')!r} gives {binding.get('role')} below this prefix to "
                    f"{members}: grant it on the new bucket"
                )

    def _lifecycle(self, path: str) -> Iterator[str]:
        for rule in (self.metadata.get("lifecycle") or {}).get("rule", ()):
            prefixes = rule.get("condition", {}).get("matchesPrefix")
            action = rule.get("action", {})
            what = " ".join(str(action[key]) for key in ("type", "storageClass") if key in action)
            for prefix in [""] if prefixes is None else prefixes:
                if touch(prefix, path):
                    scope = f"for {prefix}" if prefix else "for the whole bucket"
                    yield f"a lifecycle rule {scope} ({what}) does not move along: set it on the new bucket if wanted"

    def _settings(self) -> Iterator[str]:
        found = (
            ("retentionPolicy", "a retention policy holds objects: sources cannot be deleted before it ends"),
            ("defaultEventBasedHold", "new objects get an event-based hold: sources cannot be deleted while it is on"),
            ("cors", "CORS rules apply: set them on the new bucket"),
            ("website", "it serves a web site: load balancers and DNS point at it"),
            ("logging", "usage logs are written for it: switch them on for the new bucket"),
            ("encryption", "a default key encrypts it: the new bucket needs a key in its own location"),
            (
                "hierarchicalNamespace",
                "it has a hierarchical namespace: managed folders and their IAM do not move along",
            ),
        )
        for key, sentence in found:
            value = self.metadata.get(key)
            if value and (not isinstance(value, Mapping) or value.get("enabled", True)):
                yield sentence
        if (self.metadata.get("versioning") or {}).get("enabled"):
            yield "versioning is on: noncurrent versions stay behind, and deleting leaves one more"
        if (self.metadata.get("billing") or {}).get("requesterPays"):
            yield "the requester pays: consumers name a billing project, which they must not need on the new bucket"
        if (self.metadata.get("autoclass") or {}).get("enabled"):
            yield "Autoclass sets the classes here: today's cost is lower than the list price of Standard"

"""What changed between two analyses of a bucket."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from thermocline.reporting.facts import Consumption, Verdict
from thermocline.reporting.words import joined, size

# A subfolder's size has changed when it did so by more than this share and this many bytes.
SIZE_SHARE = 0.1
SIZE_BYTES = 64 * 1024 * 1024


class Change(NamedTuple):
    """One thing that is different now; `kind` is new, gone, verdict, size, arrived or left."""

    kind: str
    subfolder: str
    sentence: str


def compare(
    before: Sequence[Verdict],
    after: Sequence[Verdict],
    consumption_before: Iterable[Consumption],
    consumption: Iterable[Consumption],
) -> list[Change]:
    """Changes by subfolder: new and gone ones, verdicts, sizes, and consumers that came or left."""
    old = {verdict.subfolder: verdict for verdict in before}
    new = {verdict.subfolder: verdict for verdict in after}
    changes = [
        Change("new", name, f"new: {size(new[name].bytes)}, {new[name].temperature}")
        for name in new.keys() - old.keys()
    ]
    changes += [Change("gone", name, f"gone: it held {size(old[name].bytes)}") for name in old.keys() - new.keys()]
    used_before, used = _by_subfolder(consumption_before), _by_subfolder(consumption)
    for name in new.keys() & old.keys():
        changes += _verdict_changes(old[name], new[name])
        came = used.get(name, set()) - used_before.get(name, set())
        left = used_before.get(name, set()) - used.get(name, set())
        changes += [Change("arrived", name, f"new {_roles(came)}")] if came else []
        changes += [Change("left", name, f"no longer there: {_roles(left)}")] if left else []
    return sorted(changes, key=lambda change: (change.subfolder, change.kind, change.sentence))


def _verdict_changes(old: Verdict, new: Verdict) -> list[Change]:
    changes = []
    for field in ("temperature", "isolation", "pattern"):
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            changes.append(Change("verdict", new.subfolder, f"{field}: {was} → {now}"))
    grown = new.bytes - old.bytes
    if abs(grown) > max(SIZE_BYTES, SIZE_SHARE * old.bytes):
        changes.append(Change("size", new.subfolder, f"size: {size(old.bytes)} → {size(new.bytes)}"))
    return changes


def _by_subfolder(consumption: Iterable[Consumption]) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for entry in consumption:
        found.setdefault(entry.subfolder, set()).add((entry.consumer, entry.role))
    return found


def _roles(pairs: set[tuple[str, str]]) -> str:
    return joined([f"{role} {consumer}" for consumer, role in sorted(pairs)])

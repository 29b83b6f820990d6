"""What changed between two analyses of one bucket: a pure function of both, and of what came and went in between."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from analysis.catalogue import Catalogue
from analysis.classify.rollup import run
from analysis.model import ROOT, Analysis, ConsumerUse, Subfolder
from analysis.words import plural

ChangeKind = Literal[
    "appeared",
    "vanished",
    "warmed",
    "cooled",
    "became-known",
    "became-unknown",
    "grew",
    "shrank",
    "churned",
    "gained-consumer",
    "lost-consumer",
    "isolation",
    "pattern",
]
WARMTH = {"cold": 0, "warm": 1, "hot": 2}
# Growth, or objects gone and rewritten, below this share of what was there is noise.
NOTABLE_GROWTH = 0.1
# A temperature that changed with so few days more or less lies at the threshold, and may well change back.
A_HAIRS_BREADTH = 2


@dataclass(frozen=True)
class Change:
    """One difference: `before` and `after` are the values compared, in words."""

    kind: ChangeKind
    subfolder: str
    before: str
    after: str
    sentence: str


@dataclass(frozen=True)
class Churn:
    """Objects that came, went and were rewritten in one subfolder between two inventories."""

    since: date
    until: date
    came: int
    gone: int
    rewritten: int


def read_churn(catalogue: Catalogue, before: Analysis, after: Analysis) -> dict[str, Churn]:
    """Churn by subfolder of the later snapshot; empty where no two inventories were compared in between."""
    rows = run(catalogue.connection, "churn", before=before.snapshot_id, after=after.snapshot_id)
    return {subfolder: Churn(*row) for subfolder, *row in rows}


def compare(before: Analysis, after: Analysis, churn: Mapping[str, Churn] | None = None) -> tuple[Change, ...]:
    """Every change from one snapshot to a later one, by subfolder."""
    old = {subfolder.name: subfolder for subfolder in before.subfolders}
    new = {subfolder.name: subfolder for subfolder in after.subfolders}
    changes: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        label = name or ROOT
        if name not in old:
            there = new[name]
            sentence = f"{label} is new: {there.objects:,} objects, {there.temperature}, {there.pattern}"
            changes.append(Change("appeared", name, "", there.temperature, sentence))
        elif name not in new:
            changes.append(Change("vanished", name, old[name].temperature, "", f"{label} is gone"))
        else:
            changes.extend(_differences(label, old[name], new[name]))
            changes.extend(_churn(label, old[name], (churn or {}).get(name)))
    return tuple(changes)


def _differences(label: str, old: Subfolder, new: Subfolder) -> Iterator[Change]:
    if old.temperature != new.temperature:
        yield _temperature_change(label, old, new)
    if old.bytes != new.bytes and abs(new.bytes - old.bytes) >= NOTABLE_GROWTH * max(old.bytes, 1):
        kind: ChangeKind = "grew" if new.bytes > old.bytes else "shrank"
        sentence = (
            f"{label} {kind} from {old.bytes:,} to {new.bytes:,} bytes ({old.objects:,} to {new.objects:,} objects)"
        )
        yield Change(kind, new.name, str(old.bytes), str(new.bytes), sentence)
    for role, before, after in (("reader", old.readers, new.readers), ("writer", old.writers, new.writers)):
        known, now = _by_identity(before), _by_identity(after)
        for key in sorted(now.keys() - known.keys()):
            sentence = f"{label} gained a {role}: {_spoken(now[key])}"
            yield Change("gained-consumer", new.name, "", now[key].principal, sentence)
        for key in sorted(known.keys() - now.keys()):
            sentence = f"{label} lost a {role}: {_spoken(known[key])}"
            yield Change("lost-consumer", new.name, known[key].principal, "", sentence)
    if old.isolation != new.isolation:
        sentence = f"{label}: isolation went from {old.isolation} to {new.isolation}"
        yield Change("isolation", new.name, old.isolation, new.isolation, sentence)
    if old.pattern != new.pattern:
        sentence = f"{label}: pattern went from {old.pattern} to {new.pattern}"
        yield Change("pattern", new.name, old.pattern, new.pattern, sentence)


def _churn(label: str, old: Subfolder, churn: Churn | None) -> Iterator[Change]:
    """What growth alone hides: as much came as went, or names stayed and contents changed."""
    if churn is None or churn.gone + churn.rewritten < NOTABLE_GROWTH * max(old.objects, 1):
        return
    sentence = (
        f"{label}: {plural(churn.came, 'object')} came, {churn.gone:,} went, {churn.rewritten:,} were rewritten "
        f"between the inventories of {churn.since} and {churn.until}"
    )
    yield Change("churned", old.name, str(old.objects), str(churn.gone + churn.rewritten), sentence)


def _temperature_change(label: str, old: Subfolder, new: Subfolder) -> Change:
    kind: ChangeKind
    if new.temperature == "unknown":
        kind = "became-unknown"
    elif old.temperature == "unknown":
        kind = "became-known"
    else:
        kind = "warmed" if WARMTH[new.temperature] > WARMTH[old.temperature] else "cooled"
    reads = f"read on {old.read_days_30}, then {new.read_days_30} of 30 days"
    sentence = f"{label} went from {old.temperature} to {new.temperature}: {reads}"
    if kind in {"warmed", "cooled"} and abs(new.read_days_30 - old.read_days_30) <= A_HAIRS_BREADTH:
        sentence += ", a hair's breadth at the threshold"
    return Change(kind, new.name, old.temperature, new.temperature, sentence)


def _by_identity(uses: tuple[ConsumerUse, ...]) -> dict[tuple[str, str, str], ConsumerUse]:
    return {(use.principal, use.agent, use.job): use for use in uses}


def _spoken(use: ConsumerUse) -> str:
    return f"{use.identity}, {use.days} days" if use.days != 1 else f"{use.identity}, 1 day"

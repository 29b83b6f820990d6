"""The few sentences that a reader in a hurry takes away."""

from collections.abc import Sequence

from analysis.classify.drift import Change
from analysis.model import ROOT
from analysis.words import plural
from planner.money import money
from planner.prices import Place
from thermocline.reporting.facts import Facts
from thermocline.reporting.figures.classes import ClassCost
from thermocline.reporting.tallies import TemperatureSum
from thermocline.reporting.words import joined, share, size


def in_short(
    facts: Facts,
    temperatures: Sequence[TemperatureSum],
    costs: Sequence[ClassCost],
    place: Place,
    changes: Sequence[Change],
) -> list[str]:
    """Three to six sentences: how warm the bytes are, what cold bytes cost, what is not known, what changed."""
    sentences = [_warmth(facts, temperatures)]
    cold = {subfolder.name for subfolder in facts.subfolders if subfolder.temperature == "cold"}
    dear = [cost for cost in costs if cost.subfolder in cold and cost.storage_class == "STANDARD"]
    if dear:
        spent, held = sum(cost.monthly_usd for cost in dear), sum(cost.bytes for cost in dear)
        cheaper = held / 1024**3 * place.storage["COLDLINE"]
        sentences.append(
            f"Cold data billed as Standard: {size(held)} for {money(spent)} a month; "
            f"the same bytes in Coldline cost {money(cheaper)} before retrieval."
        )
    if unknown := [subfolder.name or ROOT for subfolder in facts.subfolders if subfolder.temperature == "unknown"]:
        others = [f"{len(unknown) - 4} more"] if len(unknown) > 4 else []
        named = joined([*(f"`{name}`" for name in unknown[:4]), *others])
        sentences.append(
            f"Not enough evidence to judge {plural(len(unknown), 'subfolder')}: {named}; "
            "`thermocline subfolders NAME` says what is missing."
        )
    if facts.analysis.contradictions:
        sentences.append(
            f"{plural(len(facts.analysis.contradictions), 'contradiction')} between code, logs and documents."
        )
    if facts.before is not None:
        touched = {change.subfolder for change in changes}
        verb = "has" if len(touched) == 1 else "have"
        sentences.append(f"Since {facts.before.as_of}, {plural(len(touched), 'subfolder')} {verb} changed." if touched
                         else f"Nothing has changed since {facts.before.as_of}.")  # fmt: skip
    return sentences


def _warmth(facts: Facts, temperatures: Sequence[TemperatureSum]) -> str:
    total = sum(subfolder.bytes for subfolder in facts.subfolders)
    parts = [
        f"{share(line.bytes, total)} {'of the bytes are' if not position else 'are'} {line.temperature}"
        f" ({plural(line.subfolders, 'subfolder')})"
        for position, line in enumerate(temperatures)
    ]
    return f"{joined(parts)}." if parts else "The inventory shows no subfolder."


def change_words(change: Change) -> str:
    """The change in a sentence with the folder as code, its bytes in units that people read."""
    name = change.subfolder or ROOT
    if change.kind in {"grew", "shrank"}:
        return f"`{name}` {change.kind} from {size(int(change.before))} to {size(int(change.after))}"
    return f"`{name}`{change.sentence.removeprefix(name)}"

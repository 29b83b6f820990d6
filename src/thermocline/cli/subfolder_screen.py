"""One subfolder on one screen: contents, access per week, consumers with their code, and why, rule by rule."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.model import ROOT
from thermocline.cli.output import TEMPERATURE_STYLES, human_bytes, inert, print_table

if TYPE_CHECKING:
    from rich.console import Console

    from analysis.classify.activity import Week
    from analysis.growth import Growth
    from analysis.model import Analysis, ConsumerUse, Subfolder

BARS = " ▁▂▃▄▅▆▇█"
SHOWN_WEEKS = 26
SHOWN_CONSUMERS = 8
SHOWN_INVENTORIES = 4


def print_subfolder(
    analysis: "Analysis", one: "Subfolder", weeks: "Sequence[Week]", growth: "Sequence[Growth]" = ()
) -> None:
    """Print everything an analysis says about one subfolder."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    head = Text.assemble(
        (inert(one.name) or ROOT, "bold"),
        "  ",
        (one.temperature, TEMPERATURE_STYLES[one.temperature]),
        f" · {one.isolation} isolation · {one.pattern} · {one.assessment}",
    )
    console.print(head)
    _say(console, f"gs://{analysis.bucket}/{one.template}")
    if one.excludes:
        _say(console, f"without {', '.join(one.excludes)}")
    _say(console, f"{one.objects:,} objects, {human_bytes(one.bytes)}; {_ages(one)}")
    if one.flags:
        _say(console, f"flags: {', '.join(sorted(one.flags))}")
    _print_classes(console, one)
    _print_growth(console, growth)
    _print_weeks(console, weeks)
    _print_consumers(console, one)
    _say(console, "\nwhy", style="bold")
    for rule in one.rules:
        _say(console, f"  {rule.verdict}, {rule.rule}: {rule.sentence}")
    found = [contradiction for contradiction in analysis.contradictions if contradiction.subfolder == one.name]
    if found:
        _say(console, "\ncontradictions", style="bold")
    for contradiction in found:
        _say(console, f"  {contradiction.kind}: {contradiction.message}")


def _say(console: "Console", text: str, style: str = "") -> None:
    """Print text as it is: neither a terminal nor rich finds commands in it."""
    from rich.text import Text

    console.print(Text(inert(text), style=style))


def _ages(one: "Subfolder") -> str:
    if one.created_min is None or one.created_max is None:
        return "not in the inventory"
    return f"created {one.created_min:%Y-%m-%d} to {one.created_max:%Y-%m-%d}"


def _print_classes(console: "Console", one: "Subfolder") -> None:
    ages = sorted({age.age_days_bucket for age in one.class_ages})
    if not ages:
        return
    cells = {(age.storage_class, age.age_days_bucket): age.bytes for age in one.class_ages}
    console.print()
    print_table(
        ["size by class and age", *(f"{age}+ days" for age in ages)],
        [
            (name, *(human_bytes(cells[name, age]) if (name, age) in cells else "" for age in ages))
            for name in sorted({age.storage_class for age in one.class_ages})
        ],
        right=[f"{age}+ days" for age in ages],
    )


def _print_growth(console: "Console", growth: "Sequence[Growth]") -> None:
    """What the last inventories found here, each against the one before it."""
    if not growth:
        return
    console.print()
    moved = ("came", "gone", "rewritten")
    print_table(
        ["inventory of", "since", "objects", "size", "grew by", *moved],
        [
            (
                step.snapshot_date,
                step.previous_date,
                f"{step.objects_after:,}",
                human_bytes(step.bytes_after),
                _signed_bytes(step.bytes_after - step.bytes_before),
                *(f"{count:,}" if step.compared else "?" for count in _moved(step)),
            )
            for step in growth[-SHOWN_INVENTORIES:]
        ],
        right=["objects", "size", "grew by", *moved],
    )


def _moved(step: "Growth") -> tuple[int, int, int]:
    return step.new_objects, step.gone_objects, step.rewritten_objects


def _signed_bytes(count: int) -> str:
    return f"{'-' if count < 0 else '+'}{human_bytes(abs(count))}"


def bars(values: Sequence[int]) -> str:
    """Values as one line of blocks; the largest fills its cell, anything above zero shows."""
    most = max(values, default=0)
    return "".join(BARS[0] if not value else BARS[max(1, round(value / most * 8))] for value in values)


def _print_weeks(console: "Console", weeks: "Sequence[Week]") -> None:
    shown = weeks[-SHOWN_WEEKS:]
    if not shown:
        return
    _say(console, f"\naccess per week, {shown[0].ends} to {shown[-1].ends}", style="bold")
    for title, values in (("reads", [w.reads for w in shown]), ("writes", [w.writes for w in shown])):
        _say(console, f"  {title:<7}|{bars(values)}|  up to {max(values):,} a week, {sum(values):,} in all")


def _print_consumers(console: "Console", one: "Subfolder") -> None:
    uses: list[ConsumerUse] = [*one.readers, *one.writers, *one.others]
    if not uses:
        _say(console, "\nnobody was seen here")
        return
    console.print()
    print_table(
        ["role", "consumer", "kind", "identity", "days", "events", "last", "code"],
        [
            (
                use.role,
                use.name,
                use.kind,
                use.identity,
                use.days,
                f"{use.events:,}",
                "" if use.last_at is None else f"{use.last_at:%Y-%m-%d}",
                ", ".join(use.files[:2]),
            )
            for use in uses[:SHOWN_CONSUMERS]
        ],
        right=["days", "events"],
    )
    if len(uses) > SHOWN_CONSUMERS:
        _say(console, f"  and {len(uses) - SHOWN_CONSUMERS} more: see `thermocline consumers`")

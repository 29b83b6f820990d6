"""One subfolder on one screen: contents, access per week, consumers with their code, and why, rule by rule."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.model import ROOT, confidence_word
from analysis.words import plural
from thermocline.cli.output import TEMPERATURE_STYLES, human_bytes, inert, print_table

if TYPE_CHECKING:
    from rich.console import Console

    from analysis.classify.activity import Week
    from analysis.growth import Growth
    from analysis.model import Analysis, ConsumerUse, Subfolder

BARS = " ▁▂▃▄▅▆▇█"
SHOWN_WEEKS = 26
SHOWN_CONSUMERS = 8
SHOWN_LINES = 2
SHOWN_INVENTORIES = 4


def print_subfolder(
    analysis: "Analysis", one: "Subfolder", weeks: "Sequence[Week]", growth: "Sequence[Growth]" = ()
) -> None:
    """Print everything an analysis says about one subfolder."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    sure = "" if one.temperature == "unknown" else f" ({confidence_word(one.temperature_confidence)} confidence)"
    head = Text.assemble(
        (inert(one.name) or ROOT, "bold"),
        "  ",
        (one.temperature, TEMPERATURE_STYLES[one.temperature]),
        f"{sure} · {one.isolation} isolation · {one.pattern}",
    )
    console.print(head, soft_wrap=not console.is_terminal)
    _say(console, one.assessment)
    _say(console, f"gs://{analysis.bucket}/{one.prefix}")
    if one.template != one.prefix:
        _say(console, f"most of it as {one.template}", indent=2)
    if one.excludes:
        _say(console, f"without {', '.join(one.excludes)}", indent=2)
    _say(console, f"{plural(one.objects, 'object')}, {human_bytes(one.bytes)}; {_ages(one)}")
    if one.flags:
        _say(console, f"flags: {', '.join(sorted(one.flags))}")
    _print_classes(console, one)
    _print_growth(console, growth)
    _print_weeks(console, weeks)
    _print_consumers(console, one)
    _say(console, "\nwhy", style="bold")
    for rule in one.rules:
        # Some sentences begin with their rule, to be understood on their own.
        sentence = rule.sentence.removeprefix(f"{rule.rule}: ")
        _say(console, f"{rule.verdict}, {rule.rule}: {sentence}", indent=2)
    found = [contradiction for contradiction in analysis.contradictions if contradiction.subfolder == one.name]
    if found:
        _say(console, "\ncontradictions", style="bold")
    for contradiction in found:
        _say(console, f"{contradiction.kind}: {contradiction.message}", indent=2)


def _say(console: "Console", text: str, style: str = "", indent: int = 0, hang: int = 4) -> None:
    """Print text as it is: neither a terminal nor rich finds commands in it.

    A terminal gets lines of whole words, those after the first indented by `hang`; a pipe gets one line.
    """
    from rich.text import Text

    line = " " * indent + inert(text)
    if console.is_terminal:
        line = textwrap.fill(
            line,
            console.width,
            subsequent_indent=" " * hang,
            replace_whitespace=False,
            break_on_hyphens=False,
            break_long_words=False,
        )
    console.print(Text(line, style=style))


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
    _say(console, f"\naccess per week, in weeks ending {shown[0].ends} to {shown[-1].ends}", style="bold")
    for title, values in (("reads", [w.reads for w in shown]), ("writes", [w.writes for w in shown])):
        total = f"up to {max(values):,} a week, {sum(values):,} in all" if any(values) else "none"
        console.print(f"  {title:<7}|{bars(values)}|  {total}")


def _print_consumers(console: "Console", one: "Subfolder") -> None:
    uses: list[ConsumerUse] = [*one.readers, *one.writers, *one.others]
    _say(console, "\nconsumers", style="bold")
    if not uses:
        _say(console, "nobody was seen here", indent=2)
    for use in uses[:SHOWN_CONSUMERS]:
        _say(console, f"{use.role:<7} {use.identity}, {use.kind}{_job(use)}", indent=2, hang=10)
        last = "" if use.last_at is None else f", last {use.last_at:%Y-%m-%d}"
        _say(console, f"{use.events:,} times on {plural(use.days, 'day')}{last}", indent=10)
        if use.files:
            _say(console, _places(use.files), indent=10, hang=10)
    if len(uses) > SHOWN_CONSUMERS:
        hint = f"thermocline consumers {one.name}"
        _say(console, f"and {len(uses) - SHOWN_CONSUMERS} more: see `{hint}`", indent=2)


def _job(use: "ConsumerUse") -> str:
    """The job behind an identity, and how sure that is."""
    sure = f"({confidence_word(use.confidence)} confidence)"
    if job := use.workload or use.job:
        return f", as {job} {sure}"
    # A job that only the clock tells apart: `etl@… at 01-03 h UTC`.
    _, told, hours = use.name.partition(f"{use.principal} at ")
    if told:
        return f", at {hours} {sure}"
    return ", its job not known" if use.kind in {"service", "external"} else ""


def _places(files: "Sequence[str]") -> str:
    """Lines of code, those of one file together: `a/b.py:3, :9 and 2 more`."""
    words, before = [], ""
    for place in files[:SHOWN_LINES]:
        file, _, line = place.rpartition(":")
        words.append(f":{line}" if file == before else place)
        before = file
    return ", ".join(words) + (f" and {len(files) - SHOWN_LINES} more" if len(files) > SHOWN_LINES else "")

"""What `thermocline plan` shows of a plan."""

from pathlib import Path
from typing import Any

import typer

from analysis.errors import nearest
from analysis.model import ROOT
from analysis.words import plural
from planner.errors import InvalidPlanInput
from planner.money import money
from planner.plan import Plan
from planner.planfile import find_phase
from planner.summary import PhaseSummary, summarise
from thermocline.cli.output import TEMPERATURE_STYLES, human_bytes, inert, note, print_json, print_table
from thermocline.reporting.words import months


def overview(plan: Plan, output: Path, reports: list[Path]) -> dict[str, Any]:
    """What `plan generate --json` prints."""
    return {
        "plan": str(output),
        "reports": [str(path) for path in reports],
        "plan_id": plan.plan_id,
        "phases": [summarise(phase) for phase in plan.phases],
        "warnings": plan.warnings,
    }


def print_ranking(plan: Plan, phase: int | None = None) -> None:
    """The ranking of all phases, or of one."""
    phases = plan.phases if phase is None else [find_phase(plan, phase)]
    rows = [
        (
            move.rank,
            each.phase,
            move.priority,
            move.subfolder or ROOT,
            move.temperature,
            move.isolation,
            move.pattern,
            human_bytes(move.bytes),
            move.migration.target_bucket or "stays",
            move.migration.storage_class.title() if move.action == "move" else "",
            money(move.cost.monthly_now_usd),
            money(move.cost.monthly_after_usd),
            f"{move.score.total:.0f}",
        )
        for each in phases
        for move in each.moves
    ]
    print_table(
        ["", "phase", "priority", "subfolder", "temperature", "isolation", "pattern", "size", "target", "class",
         "a month", "after", "score"],
        rows,
        right=("", "phase", "size", "a month", "after", "score"),
        optional=("after", "a month", "size", "class", "pattern", "isolation", "score"),
        styles=TEMPERATURE_STYLES | {"HIGH": "bold red", "MEDIUM": "yellow", "LOW": "green"},
    )  # fmt: skip


def print_use_case(plan: Plan, name: str, *, as_json: bool) -> None:
    """Everything about one use case, found by its own name or its subfolder's."""
    moves = {move.use_case: move for move in plan.moves()} | {m.subfolder: m for m in plan.moves() if m.subfolder}
    move = moves.get(name.rstrip("/"))
    if move is None:
        raise InvalidPlanInput(f"the plan has no use case {name!r}", nearest(name, tuple(moves)))
    if as_json:
        print_json(move)
        return
    target = f"gs://{move.migration.target_bucket}/{move.migration.target_path}" if move.action == "move" else "stays"
    typer.echo(
        inert(f"{move.subfolder or ROOT} → {target}\n{move.priority}, tier {move.tier}, score {move.score.total}")
    )
    typer.echo(inert(f"{move.cost.recommendation}\n"))
    for title, lines in (("Reasons", move.reasons), ("Benefits", move.benefits), ("Risks", move.risks),
                         ("Differences to the configuration", move.differences), ("What else breaks", move.breakages),
                         *((f"Step {step.number}: {step.title}", step.actions) for step in move.steps)):  # fmt: skip
        if lines:
            typer.echo(inert("\n".join([title, *(f"  - {line}" for line in lines)])))
    typer.echo("")
    print_table(
        ["alternative", "a month", "once", "three years", "saves", "pays back after", ""],
        [
            (
                a.summary,
                money(a.monthly_usd),
                money(a.one_off_usd),
                money(a.three_year_usd),
                money(a.saving_usd),
                months(a.break_even_months),
                "chosen" if a.chosen else "" if a.allowed else "too cold for its access",
            )
            for a in move.cost.alternatives
        ],
        right=("a month", "once", "three years", "saves", "pays back after"),
    )


def describe(summary: PhaseSummary) -> None:
    """What somebody who approves a phase has to know, on stderr."""
    note(f"Phase {summary.phase}: {summary.title}")
    moves, objects = plural(summary.moves, "move"), plural(summary.objects, "object")
    note(f"  {moves} ({summary.stays} stay), {objects}, {human_bytes(summary.bytes)}")
    note(
        f"  {money(summary.monthly_now_usd)} a month becomes {money(summary.monthly_after_usd)}; "
        f"{money(summary.one_off_usd)} once; {money(summary.three_year_saving_usd)} saved over three years"
    )
    for warning in summary.warnings:
        note(f"  ! {warning}")


def brief(value: Any) -> str:
    """A value of a plan in a table cell."""
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"

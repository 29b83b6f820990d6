"""`thermocline plan`: generate, read, compare, approve, check and export migration plans."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from thermocline.cli.options import (
    DEFAULT_CATALOGUE,
    AsOfOption,
    BucketOption,
    CatalogueOption,
    EnvOption,
    JsonOption,
    SettingsOption,
)
from thermocline.cli.output import TEMPERATURE_STYLES, human_bytes, note, print_json, print_table
from thermocline.errors import UnusableInput

app = typer.Typer(no_args_is_help=True, help="Generate, read, compare, approve, check and export the migration plan.")

PlanArgument = Annotated[Path, typer.Argument(help="The plan.", metavar="PLAN")]
PhaseOption = Annotated[int | None, typer.Option("--phase", help="One phase; default: all.")]


@app.command()
def generate(
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    env: EnvOption = None,
    as_of: AsOfOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write.", metavar="FILE")] = Path("plan.json"),
    config: Annotated[Path | None, typer.Option(help="Use cases: migration_configs.yaml.", metavar="FILE")] = None,
    mappings: Annotated[Path | None, typer.Option(help="Targets: bucket_mappings.yaml.", metavar="FILE")] = None,
    use_cases: Annotated[str | None, typer.Option(help="Plan `configured` ones, `discovered` ones, or `both`.")] = None,
    prices: Annotated[Path | None, typer.Option(help="A price table; default: list prices.", metavar="FILE")] = None,
    settings: SettingsOption = None,
    target_location: Annotated[
        str | None, typer.Option(help="Where new buckets go; default: the location of the source.", metavar="NAME")
    ] = None,
    max_phase_bytes: Annotated[
        str | None, typer.Option(help="What if: how much one phase may move, e.g. 2TiB.", metavar="SIZE")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="What if: leave a use case out.", metavar="NAME")] = None,
    pin: Annotated[
        list[str] | None, typer.Option(help="What if: put a use case into a phase.", metavar="NAME=PHASE")
    ] = None,
    target_class: Annotated[
        list[str] | None,
        typer.Option(help="What if: a storage class for one use case, or for all.", metavar="[NAME=]CLASS"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the subfolders, price every alternative, and write the plan.

    The same catalogue and settings make the same bytes.

    Example: thermocline plan generate --env prod --output plan.json

    Example: thermocline plan generate --env prod --mappings bucket_mappings.yaml --max-phase-bytes 2TiB
    """
    from analysis.catalogue import Catalogue
    from analysis.settings import load_settings
    from planner.config_file import load_configs, load_mappings
    from planner.generate import generate as build
    from planner.planfile import write
    from planner.prices import load_prices
    from planner.reading import known_projects, read_for_plan
    from planner.settings import planner_settings
    from planner.whatif import with_options

    known = load_settings(settings)
    environment = env or known.env
    if environment is None:
        raise UnusableInput("the environment is not known", "name it with --env, or as `env` in thermocline.toml")
    wanted = with_options(
        planner_settings(known.room("planner")),
        max_phase_bytes=max_phase_bytes,
        exclude=tuple(exclude or ()),
        pin=tuple(pin or ()),
        target_class=tuple(target_class or ()),
        target_location=target_location,
        use_cases=use_cases,
    )
    table = load_prices(prices)
    configured = load_configs(config) if config else None
    mapped = load_mappings(mappings) if mappings else None
    with Catalogue.open(catalogue) as opened:
        analysis = read_for_plan(opened, bucket or known.bucket, _day(as_of))
        projects = known_projects(opened)
    plan = build(analysis, wanted, env=environment, config=configured, mappings=mapped, prices=table, taken=projects)
    write(plan, output)
    if as_json:
        print_json(_overview(plan, output))
    else:
        _print_ranking(plan)
    for warning in plan.warnings:
        note(f"note: {warning}")
    note(f"{output} written; next: `thermocline plan approve {output} --phase N --by NAME`")


@app.command()
def show(
    plan: PlanArgument,
    phase: PhaseOption = None,
    use_case: Annotated[str | None, typer.Option(help="Everything about one use case.", metavar="NAME")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the ranking, or everything about one use case.

    Example: thermocline plan show plan.json

    Example: thermocline plan show plan.json --use-case archives
    """
    from planner.planfile import find_phase, load

    loaded = load(plan)
    if use_case is not None:
        _print_use_case(loaded, use_case, as_json=as_json)
    elif as_json:
        print_json(loaded if phase is None else find_phase(loaded, phase))
    else:
        _print_ranking(loaded, phase)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The older plan.", metavar="BEFORE")],
    after: Annotated[Path, typer.Argument(help="The newer plan.", metavar="AFTER")],
    as_json: JsonOption = False,
) -> None:
    """Say what changed between two plans, and why.

    Example: thermocline plan diff plan-october.json plan-november.json
    """
    from planner.diff import diff as compare
    from planner.planfile import load

    changes = compare(load(before), load(after))
    if as_json:
        print_json(changes)
    elif changes:
        rows = [(c.use_case or "(plan)", c.kind, c.field, _brief(c.before), _brief(c.after), c.why) for c in changes]
        print_table(["use case", "change", "field", "before", "after", "why"], rows)
    else:
        note("the plans say the same")


@app.command()
def approve(
    plan: PlanArgument,
    phase: Annotated[int, typer.Option("--phase", help="The phase to approve.")],
    by: Annotated[str, typer.Option("--by", help="Who approves.", metavar="NAME")],
    remark: Annotated[str, typer.Option("--note", help="Kept with the approval.", metavar="TEXT")] = "",
    key: Annotated[
        Path | None, typer.Option("--key", help="Sign with this ed25519 private key (PEM).", metavar="FILE")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for automation.")] = False,
) -> None:
    """Approve one phase, exactly as it is.

    Shows what the phase does, costs and risks, and asks for its number. Any later edit of the phase voids the approval.

    Example: thermocline plan approve plan.json --phase 1 --by owner@example.com --note "agreed on Tuesday"
    """
    from planner.planfile import approve as bind
    from planner.planfile import find_phase, load, write
    from planner.summary import summarise

    loaded = load(plan)
    _describe(summarise(find_phase(loaded, phase)))
    approved = bind(loaded, phase, by, remark, datetime.now(UTC).replace(microsecond=0), key)
    if not yes:
        _ask_for(phase)
    write(approved, plan)
    note(f"phase {phase} of {plan} is approved by {by}; next: `thermocline execute {plan} --phase {phase} --dry-run`")


@app.command()
def check(
    plan: PlanArgument,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    phase: PhaseOption = None,
    settings: SettingsOption = None,
    trusted_key: Annotated[
        Path | None, typer.Option(help="Demand approvals signed by this ed25519 public key (PEM).", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the plan with the newest analysis; exit code 6 where a folder has drifted beyond tolerance.

    Example: thermocline plan check plan.json --catalogue catalogue.duckdb
    """
    from analysis.catalogue import Catalogue
    from analysis.settings import load_settings
    from planner.check import check as compare
    from planner.planfile import approval_problems, find_phase, load
    from planner.reading import read_for_plan
    from planner.settings import planner_settings

    loaded = load(plan)
    if phase is not None:
        find_phase(loaded, phase)
    share = planner_settings(load_settings(settings).room("planner")).drift_bytes_share
    with Catalogue.open(catalogue) as opened:
        analysis = read_for_plan(opened, loaded.source_bucket)
    drifts = compare(loaded, analysis, phase=phase, bytes_share=share)
    problems = [
        problem
        for each in loaded.phases
        if each.approval is not None and phase in {None, each.phase}
        for problem in approval_problems(loaded, each.phase, trusted_key)
    ]
    if as_json:
        print_json({"drift": drifts, "approvals": problems})
    elif drifts:
        print_table(["phase", "use case", "kind", "what"], [(d.phase, d.use_case, d.kind, d.message) for d in drifts])
    for problem in problems:
        note(problem)
    if drifts:
        note("the plan does not fit the evidence any more: generate it again, compare with `plan diff`, and approve")
        raise typer.Exit(6)
    if problems:
        raise typer.Exit(5)
    note(f"{plan} fits the analysis as of {analysis.as_of}")


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UnusableInput(f"--as-of {text} is not a day", "write it as 2026-10-31") from error


def _overview(plan: Any, output: Path) -> dict[str, Any]:
    from planner.summary import summarise

    return {
        "plan": str(output),
        "plan_id": plan.plan_id,
        "phases": [summarise(phase) for phase in plan.phases],
        "warnings": plan.warnings,
    }


def _print_ranking(plan: Any, phase: int | None = None) -> None:
    from planner.planfile import find_phase

    phases = plan.phases if phase is None else [find_phase(plan, phase)]
    rows = [
        (
            move.rank,
            each.phase,
            move.priority,
            move.subfolder or "(root)",
            move.temperature,
            human_bytes(move.bytes),
            move.migration.target_bucket or "stays",
            move.migration.storage_class.title() if move.action == "move" else "",
            f"{move.cost.monthly_now_usd:.2f} → {move.cost.monthly_after_usd:.2f}",
        )
        for each in phases
        for move in each.moves
    ]
    print_table(
        ["", "phase", "priority", "subfolder", "heat", "size", "target", "class", "USD/month"],
        rows,
        right=("", "phase", "size", "USD/month"),
        styles=TEMPERATURE_STYLES | {"HIGH": "bold red", "MEDIUM": "yellow", "LOW": "green"},
    )


def _print_use_case(plan: Any, name: str, *, as_json: bool) -> None:
    from planner.errors import InvalidPlanInput
    from planner.settings import nearest

    moves = {move.use_case: move for move in plan.moves()} | {m.subfolder: m for m in plan.moves() if m.subfolder}
    move = moves.get(name.rstrip("/"))
    if move is None:
        raise InvalidPlanInput(f"the plan has no use case {name!r}", nearest(name, tuple(moves)))
    if as_json:
        print_json(move)
        return
    target = f"gs://{move.migration.target_bucket}/{move.migration.target_path}" if move.action == "move" else "stays"
    typer.echo(f"{move.subfolder} → {target}\n{move.priority}, tier {move.tier}, score {move.score.total}")
    typer.echo(f"{move.cost.recommendation}\n")
    for title, lines in (("Reasons", move.reasons), ("Benefits", move.benefits), ("Risks", move.risks),
                         ("Differences to the configuration", move.differences), ("What else breaks", move.breakages),
                         *((f"Step {step.number}: {step.title}", step.actions) for step in move.steps)):  # fmt: skip
        if lines:
            typer.echo("\n".join([title, *(f"  - {line}" for line in lines)]))
    typer.echo("")
    print_table(
        ["alternative", "USD/month", "once", "three years", "saves", "pays back after", ""],
        [
            (
                a.summary,
                f"{a.monthly_usd:.2f}",
                f"{a.one_off_usd:.2f}",
                f"{a.three_year_usd:.2f}",
                f"{a.saving_usd:.2f}",
                "never" if a.break_even_months is None else f"{a.break_even_months:.1f} months",
                "chosen" if a.chosen else "" if a.allowed else "too cold for its access",
            )
            for a in move.cost.alternatives
        ],
        right=("USD/month", "once", "three years", "saves", "pays back after"),
    )


def _describe(summary: Any) -> None:
    note(f"Phase {summary.phase}: {summary.title}")
    note(f"  {summary.moves} moves ({summary.stays} stay), {summary.objects} objects, {human_bytes(summary.bytes)}")
    note(
        f"  {summary.monthly_now_usd:.2f} USD a month becomes {summary.monthly_after_usd:.2f}; "
        f"{summary.one_off_usd:.2f} USD once; {summary.three_year_saving_usd:.2f} USD saved over three years"
    )
    for warning in summary.warnings:
        note(f"  ! {warning}")


def _ask_for(phase: int) -> None:
    """The approver types the number of the phase: a reflexive `y` is not enough."""
    answer = typer.prompt(f"Type {phase} to approve phase {phase}", err=True)
    if answer.strip() != str(phase):
        raise UnusableInput(f"{answer!r} is not {phase}: nothing was approved", "run the command again")


def _brief(value: Any) -> str:
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"

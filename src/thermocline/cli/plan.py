"""`thermocline plan`: generate, read, compare, approve, check and export migration plans."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from thermocline.cli.output import note, print_json, print_table
from thermocline.errors import UnusableInput

if TYPE_CHECKING:
    from planner.bucket_facts import BucketFacts
    from planner.plan import Plan

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
    inspect: Annotated[
        bool,
        typer.Option("--inspect", help="Ask the bucket itself what else would break, and whether names are taken."),
    ] = False,
    report: Annotated[bool, typer.Option(help="Write priority.html and priority.md beside the plan.")] = True,
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
    from planner.reading import formats_of, known_projects, read_for_plan
    from planner.settings import planner_settings
    from planner.whatif import with_options
    from thermocline.cli.plan_screens import overview, print_ranking
    from thermocline.reporting.priority import write_priority

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
        projects, formats = known_projects(opened), formats_of(opened, analysis)

    def planned(projects: dict[str, str], facts: "BucketFacts | None") -> "Plan":
        return build(analysis, wanted, env=environment, config=configured, mappings=mapped, prices=table,
                     taken=projects, facts=facts, formats=formats)  # fmt: skip

    plan = planned(projects, None)
    if inspect:
        from thermocline.cli.plan_inspection import inspect_buckets

        found = inspect_buckets(plan)
        plan = planned(projects | found.owners, found.source)
    write(plan, output)
    written = write_priority(plan, output.parent) if report else []
    if as_json:
        print_json(overview(plan, output, written))
    else:
        print_ranking(plan)
    for warning in plan.warnings:
        note(f"note: {warning}")
    note(f"{', '.join(map(str, (output, *written)))} written")
    note(f"next: `thermocline plan approve {output} --phase N --by NAME`")


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
    from thermocline.cli.plan_screens import print_ranking, print_use_case

    loaded = load(plan)
    if use_case is not None:
        print_use_case(loaded, use_case, as_json=as_json)
    elif as_json:
        print_json(loaded if phase is None else find_phase(loaded, phase))
    else:
        print_ranking(loaded, phase)


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
    from thermocline.cli.plan_screens import brief

    changes = compare(load(before), load(after))
    if as_json:
        print_json(changes)
    elif changes:
        rows = [(c.use_case or "(plan)", c.kind, c.field, brief(c.before), brief(c.after), c.why) for c in changes]
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
    from thermocline.cli.plan_screens import describe

    loaded = load(plan)
    describe(summarise(find_phase(loaded, phase)))
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


@app.command()
def export(
    plan: PlanArgument,
    form: Annotated[
        str, typer.Option("--format", help="terraform, gcloud, transfer-jobs, or schema (of plan.json itself).")
    ],
    phase: PhaseOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; default: stdout.", metavar="FILE")
    ] = None,
) -> None:
    """Write the buckets and transfer jobs for teams that apply changes by their own pipeline.

    Example: thermocline plan export plan.json --format terraform --phase 1 --output phase-1.tf
    """
    from analysis.whole_files import write_whole
    from planner.export import export as exported
    from planner.planfile import load
    from planner.schema import shipped_schema

    text = shipped_schema() if form == "schema" else exported(load(plan), form, phase)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        write_whole({output: text})
    except OSError as error:
        raise UnusableInput(f"cannot write {output}: {error.strerror}", "name another file with --output") from error
    note(f"{output} written")


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UnusableInput(f"--as-of {text} is not a day", "write it as 2026-10-31") from error


def _ask_for(phase: int) -> None:
    """The approver types the number of the phase: a reflexive `y` is not enough."""
    answer = typer.prompt(f"Type {phase} to approve phase {phase}", err=True)
    if answer.strip() != str(phase):
        raise UnusableInput(f"{answer!r} is not {phase}: nothing was approved", "run the command again")

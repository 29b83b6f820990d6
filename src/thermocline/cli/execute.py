"""`thermocline execute`: migrate the approved phases of a plan. Copies and verifies; never deletes."""

from pathlib import Path
from typing import Annotated

import typer

from thermocline.cli.options import JsonOption, SettingsOption

app = typer.Typer()

PlanArgument = Annotated[Path, typer.Argument(help="The plan, as `plan generate` wrote it.", metavar="PLAN")]
JournalOption = Annotated[
    Path | None, typer.Option("--journal", help="The journal; default: beside the plan.", metavar="FILE")
]


@app.command()
def execute(
    plan: PlanArgument,
    phase: Annotated[int | None, typer.Option("--phase", help="Only this phase.", metavar="N")] = None,
    use_case: Annotated[
        str | None, typer.Option("--use-case", help="Only this use case; `all` for every one.", metavar="NAME")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look at both sides and say what would happen; changes nothing.")
    ] = False,
    parallel: Annotated[int, typer.Option("--parallel", help="Moves of a phase side by side.", min=1, max=64)] = 1,
    engine: Annotated[
        str, typer.Option("--engine", help="rewrite, or transfer-service for very large moves.")
    ] = "rewrite",
    in_flight: Annotated[
        int | None, typer.Option("--in-flight", help="Requests at a time for one move.", min=1, max=2048)
    ] = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Keep copying what changes at the source until interrupted.")
    ] = False,
    take_lock: Annotated[
        bool, typer.Option("--take-lock", help="Take over the lock of an executor that is dead for certain.")
    ] = False,
    catalogue: Annotated[
        Path | None,
        typer.Option(
            "--catalogue", help="Refuse where this catalogue shows that the plan has drifted.", metavar="FILE"
        ),
    ] = None,
    checkout: Annotated[
        Path | None,
        typer.Option(
            "--checkout",
            help="Write the code change of each verified move beside the plan; DIR itself is left alone.",
            metavar="DIR",
        ),
    ] = None,
    journal: JournalOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy and verify the approved moves of a plan; interrupted runs go on where they stopped. Never deletes.

    Example: thermocline execute plan.json --phase 1 --dry-run

    Example: thermocline execute plan.json --phase 1 --parallel 3
    """
    import msgspec

    from analysis.settings import load_settings
    from executor.feeding import Stop
    from executor.interrupting import run_interruptible
    from executor.reading import Selection
    from executor.references import Code
    from executor.run import run
    from executor.settings import read_settings
    from thermocline.cli.moves import ProgressLines, print_run
    from thermocline.cli.output import note

    tables = load_settings(settings)
    chosen = read_settings(tables.room("executor"))
    if in_flight is not None:
        chosen = msgspec.structs.replace(chosen, in_flight=in_flight)
    if catalogue is not None:
        _refuse_stale(plan, catalogue, phase)
    stop = Stop()
    with ProgressLines() as progress:
        work = run(
            plan,
            Selection(phase, use_case, dry_run, parallel, engine),
            journal_path=journal,
            settings=chosen,
            stop=stop,
            mirror=mirror,
            take_lock=take_lock,
            code=Code(checkout, tables.room("references")) if checkout is not None else None,
            on_progress=progress.show,
        )
        result = run_interruptible(work, stop, note)
    print_run(result, as_json=as_json)
    raise typer.Exit(result.exit_code)


def _refuse_stale(plan_path: Path, catalogue: Path, phase: int | None) -> None:
    from analysis.catalogue import Catalogue
    from planner.check import require_fresh
    from planner.planfile import load
    from planner.reading import read_for_plan

    plan = load(plan_path)
    with Catalogue.open(catalogue) as opened:
        require_fresh(plan, read_for_plan(opened, plan.source_bucket), phase=phase)

"""`thermocline observe`: who still uses the old places, by fresh logs."""

from pathlib import Path
from typing import Annotated

import typer

from thermocline.cli.execute import JournalOption, PlanArgument
from thermocline.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption, SettingsOption

app = typer.Typer()


@app.command()
def observe(
    plan: PlanArgument,
    phase: Annotated[int | None, typer.Option("--phase", help="Only this phase.", metavar="N")] = None,
    use_case: Annotated[str | None, typer.Option("--use-case", help="Only this use case.", metavar="NAME")] = None,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    journal: JournalOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who still uses the old place of each verified move, and whether it has been quiet long enough.

    Ingest fresh logs first: only days that the logs cover count as quiet. Exit code 3 while a place is still in use.

    Example: thermocline observe plan.json --phase 1
    """
    import asyncio

    from analysis.catalogue import Catalogue
    from analysis.settings import load_settings
    from executor.aftercare import observe as observe_moves
    from executor.reading import Selection
    from executor.settings import read_settings
    from thermocline.cli.output import note, print_json, print_table

    chosen = read_settings(load_settings(settings).room("executor"))
    with Catalogue.open(Path(catalogue)) as opened:
        seen = asyncio.run(
            observe_moves(plan, Selection(phase, use_case), opened, journal_path=journal, settings=chosen)
        )
    if as_json:
        print_json({"moves": seen})
    else:
        columns = ["use case", "state", "old place", "quiet since", "days", "needed", "verdict"]
        rows = [
            [
                one.use_case,
                one.state,
                one.place,
                one.silence.since,
                one.silence.days,
                one.silence.needed,
                one.silence.reason,
            ]
            for one in seen
        ]
        print_table(columns, rows, right=["days", "needed"])
        users = [
            [
                one.use_case,
                touch.principal,
                touch.op,
                touch.events,
                touch.last_at.date(),
                ", ".join(touch.code or one.silence.code[:3]),
            ]
            for one in seen
            for touch in one.silence.users
        ]
        if users:
            note("still in use by:")
            print_table(["use case", "who", "what", "events", "last", "code"], users, right=["events"])
    for one in seen:
        for text in one.notes:
            note(f"{one.use_case}: {text}")
    raise typer.Exit(0 if all(one.silence.quiet for one in seen) else 3)

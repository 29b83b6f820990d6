"""`thermocline doctor`: are our own files sound?"""

from pathlib import Path
from typing import Annotated

import typer

from thermocline.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from thermocline.cli.output import note, print_json, print_table
from thermocline.errors import UnusableInput

app = typer.Typer()


@app.command()
def doctor(
    plan: Annotated[Path | None, typer.Argument(help="A plan; its journal beside it is checked too.")] = None,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    journal: Annotated[Path | None, typer.Option("--journal", help="The journal, where it lies elsewhere.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a catalogue, a plan and a journal for damage.

    Reads every block of the catalogue, closes the arithmetic of every input, compares the plan with its digests and
    approvals, and asks the journal whether anything in it contradicts the rules. Exit code 1 where something is wrong.

    Example: thermocline doctor plan.json --catalogue catalogue.duckdb
    """
    from analysis.health import examine_catalogue
    from executor.health import examine_journal
    from executor.run import journal_path_of
    from planner.health import examine_plan

    if plan is not None and journal is None:
        journal = beside if (beside := journal_path_of(plan)).exists() else None
    looked_at = {
        examine: path
        for examine, path in ((examine_catalogue, catalogue), (examine_plan, plan), (examine_journal, journal))
        if path is not None and (path.exists() or examine is not examine_catalogue or plan is None)
    }
    if not looked_at:
        raise UnusableInput("there is nothing to check", "name a plan, --catalogue or --journal")
    found = [finding for examine, path in looked_at.items() for finding in examine(path)]
    if as_json:
        print_json(found)
    elif found:
        print_table(["file", "problem", "remedy"], [(one.file, one.problem, one.remedy) for one in found])
    else:
        note(f"sound: {', '.join(str(path) for path in looked_at.values())}")
    if found:
        raise typer.Exit(1)

"""`thermocline report`: the periodic access-pattern report, and the reports of a plan."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from thermocline.cli.options import (
    DEFAULT_CATALOGUE,
    AsOfOption,
    BucketOption,
    CatalogueOption,
    JsonOption,
    SettingsOption,
)
from thermocline.cli.output import inert, note, print_json
from thermocline.errors import UnusableInput

app = typer.Typer()


@app.command()
def report(
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    as_of: AsOfOption = None,
    since: Annotated[
        str | None,
        typer.Option(help="Compare with the last analysis up to this day; default: the one before.", metavar="DATE"),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="Also report on this plan: priorities, and what was migrated.", metavar="FILE"),
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(help="The journal of the plan; default: beside it.", metavar="FILE")
    ] = None,
    code_url: Annotated[
        str | None,
        typer.Option(help="Link lines of code, as https://…/{file}#L{line}.", metavar="URL"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder to write to; default: reports/BUCKET-DATE.", metavar="FOLDER"),
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="A price table of your own; default: list prices.", metavar="FILE")
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the periodic access-pattern report.

    One HTML page that is complete in itself, the same as Markdown, and each figure as PNG and SVG. With --plan also the
    priority report, to approve from, and the migration report as far as something was migrated.

    Example: thermocline report --bucket data-bucket-prod --output reports/october

    Example: thermocline report --plan plan.json --since 2026-09-30
    """
    from analysis.catalogue import Catalogue
    from analysis.classify.buckets import choose_bucket
    from analysis.settings import load_settings
    from planner.planfile import load
    from planner.prices import load_prices
    from thermocline.reporting.access import build
    from thermocline.reporting.facts import load_facts
    from thermocline.reporting.migration import write_migration
    from thermocline.reporting.priority import write_priority

    table = load_prices(prices)
    planned = load(plan) if plan else None
    with Catalogue.open(catalogue) as opened:
        name = choose_bucket(opened, bucket, load_settings(settings), analysed=True)
        facts = load_facts(opened, name, as_of=_day("--as-of", as_of), since=_day("--since", since))
    document = build(facts, table, planned)
    folder = output or Path("reports") / f"{name}-{facts.analysis.as_of}"
    files = document.write(folder)
    if plan is not None and planned is not None:
        files[2:2] = write_priority(planned, folder, code_url=code_url) + write_migration(plan, journal, folder)
    if as_json:
        print_json({"bucket": name, "as_of": facts.analysis.as_of, "files": [str(file) for file in files]})
    else:
        for file in files:
            if file.suffix in {".html", ".md"}:
                typer.echo(inert(str(file)))
        note(f"The figures lie in {folder / 'figures'}.")


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UnusableInput(f"{option} {text} is not a day", "write it as 2026-10-31") from error

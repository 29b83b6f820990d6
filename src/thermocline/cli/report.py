"""`thermocline report`: the periodic access-pattern report, and the reports of a plan."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thermocline.cli.options import DEFAULT_CATALOGUE, AsOfOption, BucketOption, CatalogueOption, JsonOption
from thermocline.cli.output import note, print_json
from thermocline.errors import UnusableInput

if TYPE_CHECKING:
    from analysis.catalogue import Catalogue

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
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder to write to; default: reports/BUCKET-DATE.", metavar="FOLDER"),
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="A price table of your own; default: list prices.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the periodic access-pattern report.

    One HTML page that is complete in itself, the same as Markdown, and each figure as PNG and SVG.

    Example: thermocline report --bucket data-bucket-prod --output reports/october

    Example: thermocline report --since 2026-09-30 --json
    """
    from analysis.catalogue import Catalogue
    from planner.prices import load_prices
    from thermocline.reporting.access import build
    from thermocline.reporting.facts import load_facts

    table = load_prices(prices)
    with Catalogue.open(catalogue) as opened:
        name = _bucket(opened, bucket)
        facts = load_facts(opened, name, as_of=_day("--as-of", as_of), since=_day("--since", since))
    document = build(facts, table, {})
    folder = output or Path("reports") / f"{name}-{facts.snapshot.as_of}"
    files = document.write(folder)
    if as_json:
        print_json({"bucket": name, "as_of": facts.snapshot.as_of, "files": [str(file) for file in files]})
    else:
        for file in files[:2]:
            typer.echo(file)
        note(f"{len(files) - 2} figures lie in {folder / 'figures'}")


def _bucket(catalogue: "Catalogue", wanted: str | None) -> str:
    """The bucket that was asked for, or the only one that was analysed."""
    rows = catalogue.connection.execute("SELECT DISTINCT bucket FROM snapshot ORDER BY bucket").fetchall()
    known = [str(row[0]) for row in rows]
    if wanted is not None and wanted in known:
        return wanted
    if not known:
        raise UnusableInput("the catalogue holds no analysis", "run `thermocline analyze` first")
    if wanted is not None:
        raise UnusableInput(f"bucket {wanted} was never analysed", f"analysed buckets: {', '.join(known)}")
    if len(known) > 1:
        raise UnusableInput("several buckets were analysed", f"name one with --bucket: {', '.join(known)}")
    return known[0]


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UnusableInput(f"{option} {text} is not a day", "write it as 2026-10-31") from error

"""`thermocline consumers`: who reads and writes what."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.model import ROOT
from thermocline.cli.options import DEFAULT_CATALOGUE, BucketOption, CatalogueOption, JsonOption, SettingsOption
from thermocline.cli.output import print_json, print_table

if TYPE_CHECKING:
    from analysis.model import ConsumerUse

app = typer.Typer()


@app.command()
def consumers(
    subfolder: Annotated[str | None, typer.Argument(help="Only those of one subfolder.", metavar="[SUBFOLDER]")] = None,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who reads and writes what: identity, client, the job behind it and the code that says so.

    Scanners, backups, listers and our own traffic are shown too: they must be re-pointed, though they warm nothing.

    Example: thermocline consumers historization
    """
    from analysis.catalogue import Catalogue
    from analysis.classify.buckets import choose_bucket
    from analysis.classify.store import latest_analysis
    from analysis.settings import load_settings

    with Catalogue.open(catalogue) as store:
        chosen = choose_bucket(store, bucket, load_settings(settings), analysed=True)
        analysis = latest_analysis(store, chosen)
    wanted = analysis.subfolders if subfolder is None else (analysis.find(subfolder),)
    uses = [(one.name, use) for one in wanted for use in (*one.readers, *one.writers, *one.others)]
    if subfolder is None:
        # A list names no folder: it belongs to the bucket as a whole.
        uses += [("(whole bucket)", use) for use in analysis.listers]
    if as_json:
        print_json([_row(name, use) for name, use in uses])
        return
    print_table(
        ["subfolder", "role", "consumer", "kind", "identity", "confidence", "days", "events", "last"],
        [
            (
                name or ROOT,
                use.role,
                use.name,
                use.kind,
                use.identity,
                f"{use.confidence:.2f}",
                use.days,
                f"{use.events:,}",
                "" if use.last_at is None else f"{use.last_at:%Y-%m-%d}",
            )
            for name, use in uses
        ],
        right=["confidence", "days", "events"],
        optional=["last", "events", "kind", "confidence", "consumer"],
    )


def _row(name: str, use: "ConsumerUse") -> dict[str, Any]:
    from dataclasses import asdict

    return {"subfolder": name, **asdict(use)}

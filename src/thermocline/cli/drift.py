"""`thermocline drift`: what changed since an earlier snapshot."""

from typing import Annotated

import typer

from thermocline.cli.dates import parse_date
from thermocline.cli.options import DEFAULT_CATALOGUE, BucketOption, CatalogueOption, JsonOption, SettingsOption
from thermocline.cli.output import note, print_json, print_table

app = typer.Typer()


@app.command()
def drift(
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="A snapshot's number, or a day: the last one up to it.", metavar="SNAPSHOT|DATE"),
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what warmed, cooled, grew, churned, appeared, gained or lost a consumer since an earlier snapshot.

    Without --since, the last snapshot is compared with the one before it.

    Example: thermocline drift --since 2026-09-30
    """
    from analysis.catalogue import Catalogue
    from analysis.classify.buckets import choose_bucket
    from analysis.classify.drift import compare, read_churn
    from analysis.classify.store import earlier_snapshot, read_analysis
    from analysis.settings import load_settings

    number = int(since) if since is not None and since.isdigit() else None
    day = None if number is not None else parse_date(since, "--since")
    with Catalogue.open(catalogue) as store:
        chosen = choose_bucket(store, bucket, load_settings(settings), analysed=True)
        after = read_analysis(store, chosen, None)
        before = read_analysis(store, chosen, number or earlier_snapshot(store, after, day))
        changes = compare(before, after, read_churn(store, before, after))
    if as_json:
        print_json(
            {
                "bucket": chosen,
                "before": {"snapshot_id": before.snapshot_id, "as_of": before.as_of},
                "after": {"snapshot_id": after.snapshot_id, "as_of": after.as_of},
                "changes": changes,
            }
        )
        return
    span = f"snapshot {before.snapshot_id} ({before.as_of}) to {after.snapshot_id} ({after.as_of}) of {chosen}"
    if not changes:
        note(f"nothing changed: {span}")
        return
    print_table(["change", "what"], [(c.kind, c.sentence) for c in changes], title=span)

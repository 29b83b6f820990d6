"""`thermocline contradictions`: where code, logs and documents disagree."""

from typing import Annotated

import typer

from thermocline.cli.options import DEFAULT_CATALOGUE, BucketOption, CatalogueOption, JsonOption, SettingsOption
from thermocline.cli.output import note, print_json, print_table

app = typer.Typer()


@app.command()
def contradictions(
    kind: Annotated[str | None, typer.Argument(help="Only those of one kind.", metavar="[KIND]")] = None,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where code, logs and documents disagree about the bucket. None of it is settled by guessing.

    What `analyze` found comes first, if it ran; what the code alone contradicts is worked out from the catalogue.

    Example: thermocline contradictions read-without-writer
    """
    from analysis.catalogue import Catalogue
    from analysis.classify.buckets import choose_bucket
    from analysis.classify.store import latest_analysis
    from analysis.references.stored import code_contradictions
    from analysis.settings import load_settings

    with Catalogue.open(catalogue) as store:
        chosen = choose_bucket(store, bucket, load_settings(settings), analysed=bucket is None)
        row = store.connection.execute("SELECT count(*) FROM snapshot WHERE bucket = ?", [chosen]).fetchone()
        analysed = latest_analysis(store, chosen).contradictions if row and row[0] else ()
        told = {(one.kind, one.message) for one in analysed}
        fresh = code_contradictions(store.connection, chosen)  # the code may have been scanned after `analyze` ran
    found = [*analysed, *(one for one in fresh if (one.kind, one.message) not in told)]
    kinds = sorted({one.kind for one in found})
    if kind is not None and kind not in kinds:
        note(f"no contradictions of the kind {kind}; there are: {', '.join(kinds) or 'none'}")
    found = [one for one in found if kind in (None, one.kind)]
    if as_json:
        print_json(
            [
                {"kind": one.kind, "subfolder": one.subfolder, "message": one.message, "evidence": list(one.evidence)}
                for one in found
            ]
        )
        return
    print_table(
        ["kind", "subfolder", "what", "where"],
        [(one.kind, one.about, one.message, ", ".join(one.evidence[:3])) for one in found],
    )

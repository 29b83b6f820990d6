"""`thermocline analyze`: evidence in, verdicts out."""

import typer

from thermocline.cli.dates import parse_date
from thermocline.cli.options import (
    DEFAULT_CATALOGUE,
    AsOfOption,
    BucketOption,
    CatalogueOption,
    EnvOption,
    JsonOption,
    SettingsOption,
)
from thermocline.cli.output import note, print_json

app = typer.Typer()


@app.command()
def analyze(
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    env: EnvOption = None,
    as_of: AsOfOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Classify every subfolder of a bucket and keep a dated snapshot.

    The same evidence gives the same verdicts, whenever and wherever this runs.
    Look at them with `thermocline subfolders`.

    Example: thermocline analyze --bucket data-bucket-prod
    """
    from analysis.catalogue import Catalogue
    from analysis.classify.analyze import analyze as classify
    from analysis.classify.buckets import choose_bucket
    from analysis.classify.store import latest_analysis
    from analysis.settings import load_settings

    day = parse_date(as_of, "--as-of")
    parsed = load_settings(settings)
    Catalogue.open(catalogue).close()  # an analysis of nothing must not leave an empty catalogue behind
    with Catalogue.create_or_migrate(catalogue) as store:
        name = choose_bucket(store, bucket, parsed, env, analysed=False)
        number = classify(store, name, parsed, day, env)
        analysis = latest_analysis(store, name)
    counts: dict[str, int] = {}
    for subfolder in analysis.subfolders:
        counts[subfolder.temperature] = counts.get(subfolder.temperature, 0) + 1
    if as_json:
        print_json(
            {
                "snapshot_id": number,
                "bucket": name,
                "as_of": analysis.as_of,
                "coverage_days": analysis.coverage_days,
                "coverage_from": analysis.coverage_from,
                "coverage_to": analysis.coverage_to,
                "subfolders": len(analysis.subfolders),
                "temperatures": counts,
                "contradictions": len(analysis.contradictions),
                "evidence_digest": analysis.evidence_digest,
            }
        )
        return
    found = ", ".join(f"{counts[t]} {t}" for t in ("hot", "warm", "cold", "unknown") if t in counts)
    note(f"snapshot {number} of {name} as of {analysis.as_of}: {len(analysis.subfolders)} subfolders ({found})")
    if analysis.contradictions:
        note(f"{len(analysis.contradictions)} contradictions: see `thermocline contradictions`")

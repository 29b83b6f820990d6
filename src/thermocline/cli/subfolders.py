"""`thermocline subfolders`: the verdicts, as a table or one subfolder on one screen."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.model import ROOT
from thermocline.cli.options import DEFAULT_CATALOGUE, BucketOption, CatalogueOption, JsonOption, SettingsOption
from thermocline.cli.output import TEMPERATURE_STYLES, human_bytes, print_json, print_table

if TYPE_CHECKING:
    from analysis.model import ConsumerUse, Subfolder

app = typer.Typer()


@app.command()
def subfolders(
    name: Annotated[str | None, typer.Argument(help="One subfolder, to see all of it.", metavar="[NAME]")] = None,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    snapshot: Annotated[int | None, typer.Option("--snapshot", help="An earlier snapshot, by number.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how warm each subfolder is, who uses it, and why.

    Example: thermocline subfolders archives
    """
    from analysis.catalogue import Catalogue
    from analysis.classify.activity import weekly_activity
    from analysis.classify.buckets import choose_bucket
    from analysis.classify.store import read_analysis
    from analysis.growth import growth_of
    from analysis.settings import load_settings

    with Catalogue.open(catalogue) as store:
        chosen = choose_bucket(store, bucket, load_settings(settings), analysed=True)
        analysis = read_analysis(store, chosen, snapshot)
        one = None if name is None else analysis.find(name)
        weeks = None if one is None else weekly_activity(store, analysis, one)
        growth = [] if one is None else growth_of(store, chosen, one.prefix, one.excludes)
    if as_json:
        rows = [summary(subfolder) for subfolder in analysis.subfolders if one is None or subfolder == one]
        print_json(rows if one is None else [rows[0] | {"inventories": growth}])
    elif one is not None and weeks is not None:
        from thermocline.cli.subfolder_screen import print_subfolder

        print_subfolder(analysis, one, weeks, growth)
    else:
        print_table(
            [
                "subfolder",
                "temperature",
                "isolation",
                "pattern",
                "objects",
                "size",
                "read days",
                "write days",
                "last read",
            ],
            [
                (
                    subfolder.name or ROOT,
                    subfolder.temperature,
                    subfolder.isolation,
                    subfolder.pattern,
                    f"{subfolder.objects:,}",
                    human_bytes(subfolder.bytes),
                    f"{subfolder.read_days_30}/30",
                    f"{subfolder.write_days_30}/30",
                    "never" if subfolder.last_read_at is None else f"{subfolder.last_read_at:%Y-%m-%d}",
                )
                for subfolder in analysis.subfolders
            ],
            right=["objects", "size", "read days", "write days"],
            optional=["pattern", "last read", "objects", "write days"],
            styles=TEMPERATURE_STYLES,
            title=f"{analysis.bucket} as of {analysis.as_of}, {analysis.coverage_days} days of logs",
        )


def summary(subfolder: "Subfolder") -> dict[str, Any]:
    """One subfolder for scripts; these names are stable."""
    return {
        "subfolder": subfolder.name,
        "prefix": subfolder.prefix,
        "template": subfolder.template,
        "objects": subfolder.objects,
        "bytes": subfolder.bytes,
        "temperature": subfolder.temperature,
        "temperature_confidence": subfolder.temperature_confidence,
        "isolation": subfolder.isolation,
        "isolation_breakers": subfolder.isolation_breakers,
        "pattern": subfolder.pattern,
        "assessment": subfolder.assessment,
        "flags": sorted(subfolder.flags),
        "readers": [_consumer(use) for use in subfolder.readers],
        "writers": [_consumer(use) for use in subfolder.writers],
        "others": [_consumer(use) for use in subfolder.others],
        "last_read_at": subfolder.last_read_at,
        "last_write_at": subfolder.last_write_at,
        "read_days_30": subfolder.read_days_30,
        "write_days_30": subfolder.write_days_30,
        "read_days": subfolder.read_days,
        "write_days": subfolder.write_days,
        "coverage_days": subfolder.coverage_days,
        "hot_until_age_days": subfolder.hot_until_age_days,
        "excludes": subfolder.excludes,
        "reasons": subfolder.reasons,
    }


def _consumer(use: "ConsumerUse") -> dict[str, Any]:
    return {
        "name": use.name,
        "kind": use.kind,
        "role": use.role,
        "principal": use.principal,
        "agent": use.agent,
        "workload": use.workload,
        "confidence": use.confidence,
        "days": use.days,
        "events": use.events,
        "last_at": use.last_at,
        "files": use.files,
    }

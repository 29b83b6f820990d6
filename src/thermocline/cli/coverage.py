"""`thermocline coverage`: which days and log types the evidence covers, where it has gaps, and what they weaken."""

from datetime import date
from typing import Any

import typer

from thermocline.cli.options import DEFAULT_CATALOGUE, BucketOption, CatalogueOption, JsonOption
from thermocline.cli.output import note, print_json, print_table

app = typer.Typer()

_SHOWN = 3  # gaps on the terminal; --json has all of them
WEAKENS = {
    "data_read": "reads: without them a folder's temperature is unknown, never cold",
    "data_write": "writes: without them writers and growth are unknown",
    "admin": "changes of the bucket: nothing rests on them alone",
    "usage": "bytes: without them bytes read are unknown",
}


@app.command()
def coverage(
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    json: JsonOption = False,
) -> None:
    """Show which days and log types the evidence covers, and which verdicts its gaps weaken.

    Example: thermocline coverage --bucket data-bucket-prod --catalogue lake.duckdb
    """
    from analysis.catalogue import Catalogue
    from analysis.coverage import summarise

    with Catalogue.open(catalogue) as opened:
        spans = summarise(opened, bucket)
    if json:
        print_json([_as_record(span) for span in spans])
        return
    rows = [
        (span.bucket, span.log_type, span.first_day, span.last_day, span.days, len(span.gaps), f"{span.events:,}")
        for span in spans
    ]
    names = ("bucket", "log type", "from", "to", "days", "gaps", "events")
    print_table(names, rows, right=("days", "gaps", "events"))
    for span in spans:
        if span.gaps:
            shown = ", ".join(_days(first, last) for first, last in span.gaps[:_SHOWN])
            more = f", and {len(span.gaps) - _SHOWN} more gaps" if len(span.gaps) > _SHOWN else ""
            note(f"{span.bucket}: no {span.log_type} {shown}{more}; this weakens {WEAKENS[span.log_type]}")
    covered = {span.bucket: {s.log_type for s in spans if s.bucket == span.bucket} for span in spans}
    for name, types in covered.items():
        if "data_read" not in types:
            note(f"{name}: no data_read at all; this weakens {WEAKENS['data_read']}")


def _days(first: date, last: date) -> str:
    return f"on {first}" if first == last else f"from {first} to {last}"


def _as_record(span: Any) -> dict[str, Any]:
    return {
        "bucket": span.bucket,
        "log_type": span.log_type,
        "first_day": str(span.first_day),
        "last_day": str(span.last_day),
        "days": span.days,
        "events": span.events,
        "gaps": [{"from": str(first), "to": str(last)} for first, last in span.gaps],
        "weakens": WEAKENS[span.log_type] if span.gaps else "",
    }

"""`thermocline coverage`: which days and log types the evidence covers, where it has gaps, and what they weaken."""

from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

import typer

from analysis.model import ROOT
from thermocline.cli.options import DEFAULT_CATALOGUE, BucketOption, CatalogueOption, JsonOption
from thermocline.cli.output import inert, note, print_json, print_table

if TYPE_CHECKING:
    from analysis.coverage import Span

app = typer.Typer()

_SHOWN = 3  # gaps, and verdicts, on the terminal; --json has all of them
_WIDTH = 60  # characters of a strip of days
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
    from analysis.coverage import resting_on, summarise

    with Catalogue.open(catalogue) as opened:
        spans = summarise(opened, bucket)
        resting = {name: resting_on(opened, name) for name in {span.bucket for span in spans}}
    if json:
        print_json([_as_record(span, resting[span.bucket].get(span.log_type, [])) for span in spans])
        return
    rows = [
        (span.bucket, span.log_type, span.first_day, span.last_day, span.days, len(span.gaps), f"{span.events:,}")
        for span in spans
    ]
    names = ("bucket", "log type", "from", "to", "days", "gaps", "events")
    print_table(names, rows, right=("days", "gaps", "events"))
    for name, of_bucket in groupby(spans, key=lambda span: span.bucket):
        _print_strips(name, list(of_bucket))
    for span in spans:
        if span.gaps:
            shown = ", ".join(_days(first, last) for first, last in span.gaps[:_SHOWN])
            more = f", and {len(span.gaps) - _SHOWN} more gaps" if len(span.gaps) > _SHOWN else ""
            weakened = _verdicts(resting[span.bucket].get(span.log_type, []))
            note(f"{span.bucket}: no {span.log_type} {shown}{more}; this weakens {WEAKENS[span.log_type]}{weakened}")
    covered = {span.bucket: {s.log_type for s in spans if s.bucket == span.bucket} for span in spans}
    for name, types in covered.items():
        for log_type in {"data_read", "data_write"} - types:
            weakened = _verdicts(resting[name].get(log_type, []))
            note(f"{name}: no {log_type} at all; this weakens {WEAKENS[log_type]}{weakened}")


def _print_strips(bucket: str, spans: "list[Span]") -> None:
    """Each log type as a line of blocks from the first day of any to the last: a low block or a blank is a gap."""
    from thermocline.cli.subfolder_screen import bars

    first, last = min(span.first_day for span in spans), max(span.last_day for span in spans)
    days = (last - first).days + 1
    size = -(-days // _WIDTH)
    typer.echo(f"\n{inert(bucket)}, {first} to {last}, {size} day{'s' if size > 1 else ''} a block")
    for span in spans:
        covered = span.covered(first, last)
        # A last block of fewer days counts as full when all of them are covered.
        values = [8 * sum(covered[n : n + size]) // len(covered[n : n + size]) for n in range(0, days, size)]
        typer.echo(f"  {span.log_type:<11}|{bars([*values, 8])[:-1]}|")


def _verdicts(resting: list[tuple[str, str]]) -> str:
    if not resting:
        return ""
    shown = ", ".join(f"{name or ROOT} ({verdict})" for name, verdict in resting[:_SHOWN])
    more = f" and {len(resting) - _SHOWN} more" if len(resting) > _SHOWN else ""
    return f"; on it rest {shown}{more}"


def _days(first: date, last: date) -> str:
    return f"on {first}" if first == last else f"from {first} to {last}"


def _as_record(span: "Span", resting: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "bucket": span.bucket,
        "log_type": span.log_type,
        "first_day": str(span.first_day),
        "last_day": str(span.last_day),
        "days": span.days,
        "events": span.events,
        "gaps": [{"from": str(first), "to": str(last)} for first, last in span.gaps],
        "weakens": WEAKENS[span.log_type] if span.gaps else "",
        "verdicts": [{"subfolder": name, "verdict": verdict} for name, verdict in resting] if span.gaps else [],
    }

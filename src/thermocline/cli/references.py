"""`thermocline references`: where code touches the bucket."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermocline.cli.options import (
    DEFAULT_CATALOGUE,
    BucketOption,
    CatalogueOption,
    EnvOption,
    JsonOption,
    SettingsOption,
)
from thermocline.cli.output import note, print_json_lines, print_table

if TYPE_CHECKING:
    from analysis.references.model import Reference, ScanResult

app = typer.Typer()

_SHOWN = 10


@app.command()
def references(
    checkout: Annotated[
        Path | None, typer.Argument(help="Code to scan; without one, what the catalogue holds.", metavar="[CHECKOUT]")
    ] = None,
    bucket: BucketOption = None,
    env: EnvOption = None,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    settings: SettingsOption = None,
    unfollowed: Annotated[bool, typer.Option("--unfollowed", help="List every place that was given up.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Scan again, whatever an earlier scan said.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find where a code checkout touches the bucket: path, role, line, and every line that contributes a piece.

    The code is read, never imported or run. With --json, one object per line.

    Example: thermocline references ~/src/pipelines --bucket data-bucket-prod --env prod
    """
    from analysis.settings import load_settings

    configured = load_settings(settings)
    bucket = bucket or configured.bucket
    if checkout is None:
        records = _stored(catalogue, bucket, env)
    else:
        from analysis.references.cache import default_folder
        from analysis.references.scan import scan_checkout

        table = configured.room("references")
        keep_in = None if fresh else default_folder()
        result = scan_checkout(checkout, bucket=bucket, env=env or configured.env, settings=table, keep_in=keep_in)
        records = [_record(reference) for reference in result.references]
        _tell(result, everything=unfollowed)
    if as_json:
        print_json_lines(records)
    else:
        _print(records)


def _record(reference: "Reference") -> dict[str, Any]:
    return {
        "bucket": reference.bucket,
        "prefix": reference.prefix,
        "role": reference.role,
        "file": reference.file,
        "line": reference.line,
        "via": reference.via,
        "kind": reference.kind,
        "confidence": reference.confidence,
        "workload": reference.workload,
        "provenance": [{"file": site.file, "line": site.line} for site in reference.provenance],
    }


def _stored(catalogue: Path, bucket: str | None, env: str | None) -> list[dict[str, Any]]:
    from analysis.catalogue import Catalogue, load_sql

    with Catalogue.open(catalogue) as store:
        cursor = store.connection.execute(load_sql("code/references.sql"), {"bucket": bucket, "env": env})
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["provenance"] = json.loads(row["provenance"] or "[]")
    return rows


def _tell(result: "ScanResult", *, everything: bool) -> None:
    kept = ", unchanged since the last scan" if result.cached else ""
    note(f"{len(result.references)} references in {result.files} files{kept}")
    shown = result.given_up if everything else result.given_up[:_SHOWN]
    for place in shown:
        note(f"not followed: {place.file}:{place.line}: {place.reason}")
    if len(result.given_up) > len(shown):
        note(f"… and {len(result.given_up) - len(shown)} more; --unfollowed lists them")


def _print(records: Iterable[dict[str, Any]]) -> None:
    print_table(
        ["role", "bucket", "prefix", "where", "via", "kind", "confidence", "workload"],
        [
            (
                record["role"],
                record["bucket"],
                record["prefix"],
                f"{record['file']}:{record['line']}",
                record["via"],
                record["kind"],
                f"{record['confidence']:.2f}",
                record["workload"],
            )
            for record in records
        ],
        right=["confidence"],
    )

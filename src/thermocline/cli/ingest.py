"""`thermocline ingest …`: evidence into the catalogue."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thermocline.cli.options import DEFAULT_CATALOGUE, BucketOption, CatalogueOption, JsonOption, SettingsOption
from thermocline.cli.output import human_bytes, note, print_json, print_table

if TYPE_CHECKING:
    from analysis.sources.report import FileReport, IngestReport

app = typer.Typer(
    no_args_is_help=True,
    help="Bring evidence into the catalogue. Reading the same input twice changes nothing; new input is added.",
)

PARTLY = 3

PseudonymiseOption = Annotated[
    bool, typer.Option("--pseudonymise", help="Store people as keyed hashes; a catalogue stays so from then on.")
]
PseudonymKeyOption = Annotated[
    Path | None, typer.Option("--pseudonym-key", help="The key's file; default: beside the catalogue.", metavar="FILE")
]

_COUNTS = ("lines", "kept", "duplicates", "rejected", "not_storage")


@app.command()
def logs(
    inputs: Annotated[list[str], typer.Argument(help="Files, folders, globs or gs:// addresses.")],
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    pseudonymise: PseudonymiseOption = False,
    pseudonym_key: PseudonymKeyOption = None,
    json: JsonOption = False,
) -> None:
    """Read audit logs: NDJSON, JSON arrays, Pub/Sub and Eventarc envelopes; plain, gzip or zstd, found by content.

    Example: thermocline ingest logs cloudaudit.googleapis.com/ --catalogue lake.duckdb
    """
    from analysis.catalogue import Catalogue
    from analysis.sources.log_files import ingest_logs
    from analysis.sources.privacy import protect

    progress = _Progress()
    with Catalogue.create_or_migrate(catalogue) as opened:
        protect(opened, wanted=pseudonymise, key_file=pseudonym_key)
        report = ingest_logs(opened, inputs, on_file=progress.count)
    progress.end()
    _finish(report, catalogue, json=json)


@app.command()
def inventory(
    inputs: Annotated[list[str], typer.Argument(help="Inventory reports (CSV or Parquet), or their manifest.")],
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    columns: Annotated[
        str | None, typer.Option(help="Column names of a CSV without header, as the report was configured.")
    ] = None,
    date: Annotated[str | None, typer.Option(help="The day of the inventory, where no manifest tells it.")] = None,
    json: JsonOption = False,
) -> None:
    """Read an inventory of the bucket, as Storage Insights reports it.

    Example: thermocline ingest inventory report_manifest.json --catalogue lake.duckdb
    """
    from analysis.catalogue import Catalogue
    from analysis.sources.inventory import ingest_inventory

    with Catalogue.create_or_migrate(catalogue) as opened:
        report = ingest_inventory(
            opened, inputs, bucket=bucket, columns=columns.split(",") if columns else None, snapshot_date=date
        )
    _finish(report, catalogue, json=json)


@app.command()
def listing(
    address: Annotated[str, typer.Argument(help="The bucket, as gs://BUCKET.")],
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    parallel: Annotated[int, typer.Option(help="Ranges of names that are listed at once.", min=1, max=64)] = 8,
    json: JsonOption = False,
) -> None:
    """List a bucket and keep what lies in it as today's inventory.

    Example: thermocline ingest listing gs://data-bucket-prod --catalogue lake.duckdb
    """
    from analysis.catalogue import Catalogue
    from analysis.sources.listing import ingest_listing

    with Catalogue.create_or_migrate(catalogue) as opened:
        report = ingest_listing(opened, address, parallel=parallel)
    _finish(report, catalogue, json=json)


@app.command()
def usage(
    inputs: Annotated[list[str], typer.Argument(help="Usage logs (CSV): files, folders or globs.")],
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    json: JsonOption = False,
) -> None:
    """Read usage logs of Cloud Storage: they add bytes read and written to what the audit logs say.

    Example: thermocline ingest usage usage-logs/ --catalogue lake.duckdb
    """
    from analysis.catalogue import Catalogue
    from analysis.sources.usage import ingest_usage

    with Catalogue.create_or_migrate(catalogue) as opened:
        report = ingest_usage(opened, inputs)
    _finish(report, catalogue, json=json)


@app.command("cloud-logging")
def cloud_logging(
    project: Annotated[str, typer.Option("--project", help="The project whose logs are read.", metavar="NAME")],
    since: Annotated[datetime, typer.Option("--since", help="First day, UTC.", formats=["%Y-%m-%d"])],
    until: Annotated[datetime, typer.Option("--until", help="Day after the last one, UTC.", formats=["%Y-%m-%d"])],
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    endpoint: Annotated[
        str | None, typer.Option(help="Another API address, as for a local double.", hidden=True)
    ] = None,
    pseudonymise: PseudonymiseOption = False,
    pseudonym_key: PseudonymKeyOption = None,
    json: JsonOption = False,
) -> None:
    """Read audit logs from the Cloud Logging API; stopped and run again, it goes on where it was.

    Example: thermocline ingest cloud-logging --project lake-prod --since 2026-10-01 --until 2026-11-01
    """
    from analysis.catalogue import Catalogue
    from analysis.sources.cloud_logging import ingest_cloud_logging, logging_client
    from analysis.sources.privacy import protect

    with Catalogue.create_or_migrate(catalogue) as opened:
        protect(opened, wanted=pseudonymise, key_file=pseudonym_key)
        report = ingest_cloud_logging(
            opened,
            logging_client(project, endpoint),
            project,
            since.replace(tzinfo=UTC),
            until.replace(tzinfo=UTC),
            bucket=bucket,
            on_slice=lambda done: note(f"{done.file.partition('until=')[2][:16]}: {done.kept:,} new of {done.lines:,}"),
        )
    _finish(report, catalogue, json=json)


@app.command()
def bigquery(
    table: Annotated[str, typer.Option("--table", help="project.dataset.table of a log sink, or an _AllLogs view.")],
    since: Annotated[datetime, typer.Option("--since", help="First day, UTC.", formats=["%Y-%m-%d"])],
    until: Annotated[datetime, typer.Option("--until", help="Day after the last one, UTC.", formats=["%Y-%m-%d"])],
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    project: Annotated[str | None, typer.Option("--project", help="The project that pays.", metavar="NAME")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be scanned, and its price.")] = False,
    max_bytes: Annotated[str, typer.Option("--max-bytes", help="BigQuery refuses to scan more than this.")] = "1TiB",
    usd_per_tib: Annotated[float, typer.Option(help="The price to reckon with.")] = 6.25,
    endpoint: Annotated[
        str | None, typer.Option(help="Another API address, as for a local double.", hidden=True)
    ] = None,
    pseudonymise: PseudonymiseOption = False,
    pseudonym_key: PseudonymKeyOption = None,
    json: JsonOption = False,
) -> None:
    """Roll up logs that lie in BigQuery, in BigQuery; days that were brought home before are left out.

    Example: thermocline ingest bigquery --table lake.logs._AllLogs --since 2026-10-01 --until 2026-11-01
    """
    from analysis.catalogue import Catalogue
    from analysis.errors import AnalysisError
    from analysis.sources.bigquery import BigQueryIngest, bigquery_client, parse_size
    from analysis.sources.privacy import protect

    limit = parse_size(max_bytes)
    with Catalogue.create_or_migrate(catalogue) as opened:
        protect(opened, wanted=pseudonymise, key_file=pseudonym_key)
        run = BigQueryIngest(opened, bigquery_client(project, endpoint), table, since.date(), until.date())
        estimate = run.estimate(usd_per_tib)
        note(
            f"{len(estimate.days)} days to read: BigQuery will scan {human_bytes(estimate.bytes_scanned)}, "
            f"about ${estimate.usd:.2f} at list price"
        )
        if dry_run:
            days = [str(day) for day in estimate.days]
            if json:
                print_json({"days": days, "bytes": estimate.bytes_scanned, "usd": round(estimate.usd, 4)})
            return
        if estimate.bytes_scanned > limit:
            raise AnalysisError(
                f"that is more than --max-bytes {max_bytes}", "raise it, or read fewer days with --since and --until"
            )
        report = run.run(limit)
    _finish(report, catalogue, json=json)


@app.command()
def code(
    checkout: Annotated[Path, typer.Argument(help="A checkout of the code that uses the bucket.")],
    env: Annotated[str, typer.Option("--env", help="What {env} stands for: dev, stg, prod …", metavar="NAME")],
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    bucket: BucketOption = None,
    settings: SettingsOption = None,
    json: JsonOption = False,
) -> None:
    """Find where a checkout touches the bucket; nothing of it is imported or run.

    Example: thermocline ingest code ~/src/pipelines --env prod --catalogue lake.duckdb
    """
    from analysis.catalogue import Catalogue
    from analysis.settings import load_settings
    from analysis.sources.code import ingest_code

    table = load_settings(settings).room("references")
    with Catalogue.create_or_migrate(catalogue) as opened:
        report = ingest_code(opened, checkout, env, bucket, table)
    _finish(report, catalogue, json=json)


def _finish(report: "IngestReport", catalogue: Path, *, json: bool) -> None:
    """Print the arithmetic; exit with 3 when an input could not be read to its end."""
    if json:
        print_json({"files": [_as_record(file) for file in report.files]})
    else:
        _print_report(report)
    for file in report.files:
        if file.note and file.note != "read before":
            note(f"{file.file}: {file.note}")
    rejected = report.total("rejected")
    if rejected:
        note(f"{rejected} lines could not be used; `FROM v_reject` in {catalogue} says which and why")
    if not report.complete:
        raise typer.Exit(PARTLY)


def _as_record(file: "FileReport") -> dict[str, object]:
    counts: dict[str, object] = {name: getattr(file, name) for name in _COUNTS}
    return {"file": file.file, **counts, "complete": file.complete, "note": file.note, "reasons": file.reasons}


_SHOWN = 20


def _print_report(report: "IngestReport") -> None:
    """Every file of a small run; of a large one those that need a look, then the sums."""
    files = report.files
    if len(files) > _SHOWN:
        files = [file for file in files if file.rejected or not file.complete][:_SHOWN]
    rows = [(file.file, *(getattr(file, name) for name in _COUNTS)) for file in files]
    rows.append((f"{len(report.files)} files", *(report.total(name) for name in _COUNTS)))
    print_table(
        ("file", *(name.replace("_", " ") for name in _COUNTS)), rows, right=[c.replace("_", " ") for c in _COUNTS]
    )


class _Progress:
    """How far a long run is, on stderr: a plain line now and then."""

    def __init__(self) -> None:
        self._files = 0
        self._lines = 0
        self._next = 1_000_000

    def count(self, file: "FileReport") -> None:
        self._files += 1
        self._lines += file.lines
        if self._lines >= self._next:
            self._next = self._lines + 1_000_000
            note(f"{self._files} files, {self._lines:,} lines so far …")

    def end(self) -> None:
        if self._lines >= 1_000_000:
            note(f"{self._files} files, {self._lines:,} lines")

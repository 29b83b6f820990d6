"""`ingest bigquery`: logs that a sink keeps in BigQuery. The rollup runs there, and only its rows come home.

Nothing runs before a dry run has told what it will scan; `maximum_bytes_billed` holds BigQuery to it. Days that were
brought home before are left out, and days that log files told of are not counted again.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from analysis.catalogue import Catalogue, load_sql
from analysis.errors import AnalysisError, BadInput
from analysis.sources.bigquery_layout import Layout, query_text, recognise
from analysis.sources.ledger import LedgerRow, find_known, next_file_id, record
from analysis.sources.report import FileReport, IngestReport
from analysis.sources.rights import advice

KIND = "bigquery"
# On demand, US and EU multi-regions; other regions differ a little.
USD_PER_TIB = 6.25
_TIB = 1 << 40


@dataclass(frozen=True)
class Estimate:
    """What a rollup will cost: bytes that BigQuery says it will scan, and their list price."""

    days: tuple[date, ...]
    bytes_scanned: int
    usd: float


def bigquery_client(project: str | None, endpoint: str | None = None) -> Any:
    """A BigQuery client; with an `endpoint` (a local double) it needs no credentials."""
    from google.auth import credentials
    from google.cloud import bigquery

    # The library ships no type information for its constructors.
    client: Any = bigquery.Client
    anonymous: Any = credentials.AnonymousCredentials
    if endpoint is None:
        return client(project=project)
    return client(project=project or "local", credentials=anonymous(), client_options={"api_endpoint": endpoint})


class BigQueryIngest:
    """One table on its way into the catalogue: `estimate` first, then `run`."""

    def __init__(self, catalogue: Catalogue, client: Any, table: str, since: date, until: date) -> None:
        """`table` is project.dataset.table, `until` the day after the last. Raises BadInput for another table."""
        if since >= until:
            raise BadInput(f"no day lies between {since} and {until}", "set --since before --until")
        self._catalogue = catalogue
        self._client = client
        self._layout = recognise(client, table)
        self._table = table
        known = {uri for uri, _, _ in find_known(catalogue.connection, KIND)}
        days = [since + timedelta(days=number) for number in range((until - since).days)]
        self.days = tuple(day for day in days if self._uri(day) not in known)
        self.known_days = tuple(day for day in days if self._uri(day) in known)

    def estimate(self, usd_per_tib: float = USD_PER_TIB) -> Estimate:
        """What BigQuery would scan for the days that are missing; nothing runs."""
        scanned = 0
        for first, beyond in _stretches(self.days):
            config = self._config(first, beyond)
            config.dry_run, config.use_query_cache = True, False
            scanned += int(self._query(first, beyond, config).total_bytes_processed or 0)
        return Estimate(self.days, scanned, scanned / _TIB * usd_per_tib)

    def run(self, maximum_bytes: int) -> IngestReport:
        """Roll the missing days up in BigQuery and store them; BigQuery refuses to scan more than `maximum_bytes`."""
        report = IngestReport([FileReport(self._uri(day), note="read before") for day in self.known_days])
        for first, beyond in _stretches(self.days):
            config = self._config(first, beyond)
            config.maximum_bytes_billed = maximum_bytes
            rows = self._rows(self._query(first, beyond, config))
            days = [day for day in self.days if first <= day < beyond]
            report.files += self._store(rows, days)
        return report

    def _uri(self, day: date) -> str:
        return f"bigquery://{self._table}?day={day}"

    def _config(self, first: date, beyond: date) -> Any:
        from google.cloud import bigquery

        config: Any = bigquery.QueryJobConfig
        parameter: Any = bigquery.ScalarQueryParameter
        midnight = datetime.min.time()
        parameters = [
            parameter("first_at", "TIMESTAMP", datetime.combine(first, midnight, UTC)),
            parameter("beyond_at", "TIMESTAMP", datetime.combine(beyond, midnight, UTC)),
        ]
        if self._layout.sharded:
            parameters += [
                parameter("first_shard", "STRING", f"{first:%Y%m%d}"),
                parameter("last_shard", "STRING", f"{beyond - timedelta(days=1):%Y%m%d}"),
            ]
        return config(query_parameters=parameters)

    def _query(self, first: date, beyond: date, config: Any) -> Any:
        from google.api_core.exceptions import GoogleAPICallError

        try:
            return self._client.query(rollup_query(self._layout), job_config=config)
        except GoogleAPICallError as error:
            raise AnalysisError(
                f"BigQuery refuses {self._table} for {first} to {beyond} ({error.message})",
                advice(str(error.message), "check table, rights and --max-bytes"),
            ) from error

    def _rows(self, job: Any) -> Iterator[dict[str, Any]]:
        from google.api_core.exceptions import GoogleAPICallError

        try:
            for row in job.result():
                yield dict(row.items())
        except GoogleAPICallError as error:
            raise AnalysisError(
                f"BigQuery stopped ({error.message})",
                advice(str(error.message), "check --max-bytes; finished days are kept"),
            ) from error

    def _store(self, rows: Iterable[dict[str, Any]], days: Sequence[date]) -> list[FileReport]:
        connection = self._catalogue.connection
        with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch:
            file = Path(scratch) / "rows.json"
            with file.open("wb") as out:
                out.writelines(msgspec.json.encode(_plain(row)) + b"\n" for row in rows)
            connection.execute(load_sql("bigquery/load.sql"), {"file": str(file)})
        connection.execute(load_sql("ingest/macros.sql"))
        connection.execute(load_sql("ingest/pseudonym.sql"))
        with self._catalogue.transaction():
            counts = {row[0]: row[1:] for row in connection.execute(load_sql("bigquery/count.sql")).fetchall()}
            connection.execute(load_sql("bigquery/add_access.sql"), {"key": self._catalogue.pseudonym_key})
            for name in ("add_coverage", "add_days", "note_buckets"):
                connection.execute(load_sql(f"bigquery/{name}.sql"))
            connection.execute(load_sql("ingest/merge_buckets.sql"))
            ledger = [
                _account(number, self._uri(day), counts.get(day, (0, 0, 0, 0, 0, None, None)))
                for number, day in enumerate(days, start=next_file_id(connection))
            ]
            record(connection, ledger)
        return [row.report for row in ledger]


def rollup_query(layout: Layout) -> str:
    """The query that runs in BigQuery for a layout."""
    return query_text("rollup").replace("{entries}", layout.entries())


def _account(number: int, uri: str, counts: Sequence[Any]) -> LedgerRow:
    lines, kept, duplicates, rejected, not_storage, first, last = counts
    report = FileReport(uri, lines, kept, duplicates, rejected, not_storage)
    return LedgerRow(number, KIND, report, "day", 0, first, last)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Times as UTC without a zone, as the catalogue keeps them."""
    return {
        name: value.astimezone(UTC).replace(tzinfo=None).isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _stretches(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Runs of successive days, as (first, day after the last)."""
    start = previous = None
    for day in days:
        if start is not None and previous is not None and day != previous + timedelta(days=1):
            yield start, previous + timedelta(days=1)
            start = None
        start = start or day
        previous = day
    if start is not None and previous is not None:
        yield start, previous + timedelta(days=1)


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?i?B?)", re.IGNORECASE)


def parse_size(text: str) -> int:
    """`50GiB`, `2TB`, `1000000` as bytes (powers of 1024). Raises BadInput."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{text!r} is no size", "write it as 50GiB")
    unit = match[2].upper()[:1]
    return int(float(match[1]) * 1024 ** " KMGT".index(unit if unit in "KMGT" and unit else " "))

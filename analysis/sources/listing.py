"""`ingest listing gs://BUCKET`: an inventory by listing the bucket, page by page, several ranges of names at once."""

import csv
import itertools
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from analysis.catalogue import Catalogue
from analysis.errors import AnalysisError, BadInput
from analysis.sources.cloud_storage import storage_client
from analysis.sources.inventory import store_listing
from analysis.sources.report import IngestReport

_FIELDS = (
    "items(name,size,storageClass,timeCreated,updated,timeStorageClassUpdated,customTime,contentType,crc32c,md5Hash,"
    "generation,metageneration),nextPageToken"
)
_COLUMNS = (
    *("bucket", "name", "location", "size", "storageClass", "timeCreated", "updated", "timeStorageClassUpdated"),
    *("customTime", "contentType", "crc32c", "md5Hash", "generation", "metageneration"),
)
_RANGES_WANTED = 16
_LARGEST_SPLIT = 64


def ingest_listing(catalogue: Catalogue, address: str, *, parallel: int = 8, day: date | None = None) -> IngestReport:
    """List a bucket and store what lies in it as its inventory of `day` (by default today, UTC).

    Raises BadInput where `address` is no bucket, AnalysisError where it cannot be listed.
    """
    from google.api_core.exceptions import GoogleAPICallError

    name = address.removeprefix("gs://").rstrip("/")
    if not name or "/" in name:
        raise BadInput(f"{address} is no bucket", "write it as gs://BUCKET")
    client = storage_client()
    with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch:
        listing = Path(scratch) / "listing.csv"
        try:
            bucket = client.get_bucket(name)
            _write(client, bucket, listing, parallel)
        except GoogleAPICallError as error:
            raise AnalysisError(
                f"{address} cannot be listed ({error.message})", "check the name and your rights"
            ) from error
        report = store_listing(catalogue, name, listing, day or datetime.now(UTC).date())
    return IngestReport([report])


def _write(client: Any, bucket: Any, listing: Path, parallel: int) -> None:
    ranges = name_ranges(client, bucket.name)
    with listing.open("w", encoding="utf-8", newline="") as out, ThreadPoolExecutor(parallel) as pool:
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        # Ranges are listed side by side and written one after the other: what waits is one range per thread.
        for group in _groups(ranges, parallel):
            for rows in pool.map(lambda bounds: list(_rows(client, bucket, *bounds)), group):
                writer.writerows(rows)


def _groups(ranges: list[tuple[str, str]], size: int) -> Iterator[tuple[tuple[str, str], ...]]:
    for start in range(0, len(ranges), size):
        yield tuple(ranges[start : start + size])


def name_ranges(client: Any, bucket: str) -> list[tuple[str, str]]:
    """(first name, first name beyond) of ranges that cover every possible name, cut at folders; '' means no bound."""
    cuts = _folders(client, bucket, "")
    for folder in list(cuts):
        if len(cuts) >= _RANGES_WANTED:
            break
        cuts += _folders(client, bucket, folder)[:_LARGEST_SPLIT]
    # Object names sort by their UTF-8 bytes.
    bounds = ["", *sorted(set(cuts), key=str.encode), ""]
    return list(itertools.pairwise(bounds))


def _folders(client: Any, bucket: str, prefix: str) -> list[str]:
    pages = client.list_blobs(bucket, prefix=prefix or None, delimiter="/", fields="prefixes,nextPageToken")
    return sorted({name for page in pages.pages for name in page.prefixes})


def _rows(client: Any, bucket: Any, first: str, beyond: str) -> Iterator[tuple[Any, ...]]:
    blobs = client.list_blobs(bucket.name, start_offset=first or None, end_offset=beyond or None, fields=_FIELDS)
    for blob in blobs:
        found = blob._properties  # the values as the API gave them: no times parsed only to be written again
        yield (bucket.name, blob.name, bucket.location, *(found.get(column, "") for column in _COLUMNS[3:]))

"""`ingest listing gs://BUCKET`: an inventory by listing the bucket, page by page, several ranges of names at once.

The ranges start at the bucket's folders. Whoever is through a few pages of a range hands the rest back, and while
there are too few ranges to keep everyone busy, a rest is cut in two: so one huge folder is shared out too.
What is listed goes to disk at once; memory holds a page per range.
"""

import csv
import itertools
import tempfile
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from analysis.catalogue import Catalogue
from analysis.errors import AnalysisError, BadInput
from analysis.sources.cloud_storage import storage_client
from analysis.sources.inventory import store_listing
from analysis.sources.report import IngestReport
from analysis.sources.rights import advice

_FIELDS = "items(name,size,storageClass,timeCreated,updated,crc32c,generation),nextPageToken"
_COLUMNS = ("bucket", "name", "location", "size", "storageClass", "timeCreated", "updated", "crc32c", "generation")
_RANGES_WANTED = 16
_LARGEST_SPLIT = 64
# Folders below a flat folder are found by listing all of it, so that is given up early; ranges are cut later anyway.
_PAGES_FOR_FOLDERS = 5
_PAGES_AT_ONCE = 8
_LEAST, _GREATEST = 0x20, 0x7E  # where names are cut: between printable ASCII characters


class Range(NamedTuple):
    """Names from `first` to before `beyond`; '' means no bound. `after` says that `first` itself is listed already."""

    first: str
    beyond: str
    after: bool = False


def ingest_listing(
    catalogue: Catalogue, address: str, *, parallel: int = 8, day: date | None = None, page_size: int = 1000
) -> IngestReport:
    """List a bucket and store what lies in it as its inventory of `day` (by default today, UTC).

    Raises BadInput where `address` is no bucket, AnalysisError where it cannot be listed.
    """
    from google.api_core.exceptions import GoogleAPICallError

    name = address.removeprefix("gs://").rstrip("/")
    if not name or "/" in name:
        raise BadInput(f"{address} is no bucket", "write it as gs://BUCKET")
    client = storage_client()
    with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch:
        try:
            listing = _Listing(client, client.get_bucket(name), Path(scratch), page_size).write(parallel)
        except GoogleAPICallError as error:
            raise AnalysisError(
                f"{address} cannot be listed ({error.message})",
                advice(str(error.message), "check the name and your rights"),
            ) from error
        report = store_listing(catalogue, name, listing, day or datetime.now(UTC).date())
    return IngestReport([report])


class _Listing:
    """The listing of one bucket, into one CSV."""

    def __init__(self, client: Any, bucket: Any, scratch: Path, page_size: int) -> None:
        self._client = client
        self._bucket = bucket
        self._scratch = scratch
        self._page_size = page_size

    def write(self, parallel: int) -> Path:
        """List everything; returns the file."""
        target = self._scratch / "listing.csv"
        with target.open("wb") as out, ThreadPoolExecutor(parallel) as pool:
            out.write((",".join(_COLUMNS) + "\r\n").encode())
            waiting = _starting_ranges(self._client, self._bucket.name)
            running: set[Future[tuple[Path, Range | None]]] = set()
            numbers = itertools.count()
            while waiting or running:
                while waiting and len(running) < parallel:
                    running.add(pool.submit(self._list, waiting.pop(), self._scratch / f"{next(numbers)}.csv"))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    part, rest = future.result()
                    out.write(part.read_bytes())
                    part.unlink()
                    if rest is not None:
                        few = len(waiting) + len(running) < parallel
                        waiting += split(rest) if few else [rest]
        return target

    def _list(self, names: Range, part: Path) -> tuple[Path, Range | None]:
        """List a few pages of a range; returns where they lie and what is left of the range."""
        blobs = self._client.list_blobs(
            self._bucket.name,
            start_offset=names.first or None,
            end_offset=names.beyond or None,
            fields=_FIELDS,
            page_size=self._page_size,
        )
        last = names.first
        with part.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            for number, page in enumerate(blobs.pages, start=1):
                for blob in page:
                    if names.after and blob.name == names.first:
                        continue
                    found = blob._properties  # the values as the API gave them: no times parsed only to be written
                    values = (found.get(column, "") for column in _COLUMNS[3:])
                    writer.writerow((self._bucket.name, blob.name, self._bucket.location, *values))
                    last = blob.name
                # Empty pages are no end, and a rest must begin further on than this range did.
                if number >= _PAGES_AT_ONCE and last != names.first:
                    break
        more = blobs.next_page_token is not None
        return part, Range(last, names.beyond, after=True) if more else None


def split(names: Range) -> list[Range]:
    """A range cut in two near the middle of its names; as it is where no name lies between its ends."""
    middle = _between(names.first, names.beyond)
    if (
        not middle
        or not names.first.encode() < middle.encode()
        or not (names.beyond == "" or middle.encode() < names.beyond.encode())
    ):
        return [names]
    return [Range(middle, names.beyond), names._replace(beyond=middle)]


def _between(first: str, beyond: str) -> str:
    """A name about halfway; '' where the ends leave no room between printable characters."""
    start = 0
    while start < min(len(first), len(beyond)) and first[start] == beyond[start]:
        start += 1
    for place in range(start, len(first) + 1):
        low = ord(first[place]) if place < len(first) else _LEAST
        high = ord(beyond[place]) if place == start and place < len(beyond) else _GREATEST + 1
        if low > _GREATEST:
            return ""
        if min(high, _GREATEST + 1) - low > 1:
            return first[:place] + chr((low + min(high, _GREATEST + 1)) // 2)
    return ""


def _starting_ranges(client: Any, bucket: str) -> list[Range]:
    """Ranges that cover every possible name, cut at folders."""
    cuts = _folders(client, bucket, "")
    for folder in list(cuts):
        if len(cuts) >= _RANGES_WANTED:
            break
        cuts += _folders(client, bucket, folder)[:_LARGEST_SPLIT]
    # Object names sort by their UTF-8 bytes.
    bounds = ["", *sorted(set(cuts), key=str.encode), ""]
    return [Range(first, beyond) for first, beyond in itertools.pairwise(bounds)]


def _folders(client: Any, bucket: str, prefix: str) -> list[str]:
    found = client.list_blobs(bucket, prefix=prefix or None, delimiter="/", fields="prefixes,nextPageToken")
    return sorted({name for page in itertools.islice(found.pages, _PAGES_FOR_FOLDERS) for name in page.prefixes})

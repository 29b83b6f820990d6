"""`ingest cloud-logging`: audit logs straight from the Cloud Logging API, slice of time by slice of time.

Every slice has an explicit time range (the API would silently take the last day otherwise), is read to its end through
empty pages, and enters the catalogue as a whole; a run that was stopped goes on with the first slice that is missing.

Data Access entries are private: an identity without `logging.privateLogEntries.list` is not refused, it gets the others
and no word about these (https://cloud.google.com/logging/docs/access-control). So a run looks for one of them first: a
slice that was read without them would be remembered as read.
"""

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from analysis.catalogue import Catalogue
from analysis.errors import AnalysisError, BadInput
from analysis.sources.log_intake import LogFile, LogIntake
from analysis.sources.report import FileReport, IngestReport
from analysis.sources.rights import advice
from analysis.sources.streams import inspect

KIND = "cloud-logging"
_PAGE = 1_000
_FILTER = 'logName:"{log}" AND protoPayload.serviceName="storage.googleapis.com"'
_AUDIT = "cloudaudit.googleapis.com"
_DATA_ACCESS = "cloudaudit.googleapis.com%2Fdata_access"
# Waits after a refused call, in seconds; the read quota is counted per minute.
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0)


def logging_client(project: str, endpoint: str | None = None) -> Any:
    """A client that speaks JSON over HTTP; with an `endpoint` (a local double) it needs no credentials."""
    from google.auth import credentials
    from google.cloud import logging

    # The library ships no type information for its constructors.
    client: Any = logging.Client
    anonymous: Any = credentials.AnonymousCredentials
    if endpoint is None:
        return client(project=project, _use_grpc=False)
    return client(project=project, credentials=anonymous(), _use_grpc=False, client_options={"api_endpoint": endpoint})


def ingest_cloud_logging(
    catalogue: Catalogue,
    client: Any,
    project: str,
    since: datetime,
    until: datetime,
    *,
    bucket: str | None = None,
    slice_hours: float = 6,
    on_slice: Callable[[FileReport], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> IngestReport:
    """Read the audit logs of [since, until), both aware.

    Raises BadInput for an empty range, AnalysisError where no Data Access entry can be seen or the API refuses.
    """
    if since >= until:
        raise BadInput(f"nothing lies between {_stamp(since)} and {_stamp(until)}", "set --since before --until")
    report, seen = IngestReport(), False
    with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch:
        intake = LogIntake(catalogue, KIND, Path(scratch))
        for first, beyond in _slices(since, until, timedelta(hours=slice_hours)):
            uri = f"logging://projects/{project}?from={_stamp(first)}&until={_stamp(beyond)}&bucket={bucket or '*'}"
            # A slice is known by its name: the entries of a time that has passed do not change.
            done = intake.recall(uri, "slice", 0)
            if done is None:
                if not seen:
                    _require_data_access(client, project, since, until, sleep)
                    seen = True
                pages = _pages(client, project, _filter(_AUDIT, first, beyond, bucket), sleep)
                done = _take(intake, uri, pages, Path(scratch) / "slice.json")
            report.files.append(done)
            on_slice(done)
    return report


def _require_data_access(
    client: Any, project: str, since: datetime, until: datetime, sleep: Callable[[float], None]
) -> None:
    """Refuse a range in which this identity sees no Data Access entry at all, of whatever bucket."""
    if not any(_pages(client, project, _filter(_DATA_ACCESS, since, until, None), sleep, size=1)):
        raise AnalysisError(
            f"no Data Access entry of Cloud Storage can be seen in {project} between {_stamp(since)} and "
            f"{_stamp(until)}, so these logs cannot tell who reads or writes what",
            "switch Data Access audit logs on for storage.googleapis.com; if they are on, grant "
            "logging.privateLogEntries.list (roles/logging.privateLogViewer) to this identity",
        )


def _take(intake: LogIntake, uri: str, pages: Iterator[list[dict[str, Any]]], path: Path) -> FileReport:
    with path.open("wb") as out:
        for page in pages:
            out.writelines(msgspec.json.encode(entry) + b"\n" for entry in page)
    # The size is left out of what a slice is known by: it is only learnt by reading the slice.
    found = dataclasses.replace(inspect(path), size_bytes=0)
    return intake.take([LogFile(uri, found, "slice")])[0]


def _slices(since: datetime, until: datetime, length: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Cut a range at multiples of `length` from midnight of its first day, so that later runs cut at the same times."""
    at = since
    start = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while at < until:
        steps = (at - start) // length + 1
        beyond = min(start + steps * length, until)
        yield at, beyond
        at = beyond


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _filter(log: str, first: datetime, beyond: datetime, bucket: str | None) -> str:
    text = f'{_FILTER.format(log=log)} AND timestamp>="{_stamp(first)}" AND timestamp<"{_stamp(beyond)}"'
    return f'{text} AND resource.labels.bucket_name="{bucket}"' if bucket else text


def _pages(
    client: Any, project: str, filter_: str, sleep: Callable[[float], None], *, size: int = _PAGE
) -> Iterator[list[dict[str, Any]]]:
    """The entries as the API spells them, page by page; empty pages with a token are followed too."""
    request: dict[str, Any] = {
        "resourceNames": [f"projects/{project}"],
        "filter": filter_,
        "orderBy": "timestamp asc",
        "pageSize": size,
    }
    while True:
        page = _call(client, request, sleep)
        yield page.get("entries", [])
        token = page.get("nextPageToken")
        if not token:
            return
        request["pageToken"] = token


def _call(client: Any, request: dict[str, Any], sleep: Callable[[float], None]) -> dict[str, Any]:
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError

    busy = (exceptions.TooManyRequests, exceptions.ServerError)
    for wait in (*WAITS, None):
        try:
            # The client's own entry objects would lose fields that we read.
            page: dict[str, Any] = client._connection.api_request("POST", path="/entries:list", data=request)
            return page
        except busy as error:
            if wait is None:
                raise AnalysisError(
                    f"Cloud Logging keeps refusing ({error.message})",
                    "run the command again later; it goes on from here",
                ) from error
            sleep(wait)
        except (exceptions.GoogleAPICallError, GoogleAuthError) as error:
            raise AnalysisError(
                f"Cloud Logging refuses ({error})", advice(str(error), "check the project and your rights")
            ) from error
    raise AssertionError

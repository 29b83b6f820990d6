"""`ingest logs`: audit logs from files, as sinks, gcloud, Pub/Sub and Eventarc write them; local or in a bucket."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from analysis.catalogue import Catalogue
from analysis.sources.inputs import find_files
from analysis.sources.log_intake import LogFile, LogIntake
from analysis.sources.remote_files import RemoteFile, fetch, find_remote, is_remote
from analysis.sources.report import FileReport, IngestReport
from analysis.sources.streams import inspect

KIND = "logs"
# Packed logs unpack to about fifteen times their size.
_BATCH_BYTES = 1 << 30
_BATCH_FILES = 1_000
_UNPACKING = 15

Progress = Callable[[FileReport], None]
Item = Path | RemoteFile


def ingest_logs(catalogue: Catalogue, inputs: Sequence[str], *, on_file: Progress = lambda _: None) -> IngestReport:
    """Read audit logs from files, folders, globs and `gs://` addresses. The same file twice changes nothing.

    A file that cannot be read to its end keeps what was read and is marked incomplete; the others go on.
    Raises BadInput when an input names nothing.
    """
    local = [text for text in inputs if not is_remote(text)]
    items: list[Item] = [*(find_files(local) if local or not inputs else []), *find_remote(filter(is_remote, inputs))]
    report = IngestReport()
    with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch, ThreadPoolExecutor(1) as ahead:
        intake = LogIntake(catalogue, KIND, Path(scratch))
        batches = list(_batches(items))

        def prepare(number: int) -> list[FileReport | LogFile]:
            # A folder per batch: the next batch is fetched while this one is read.
            folder = Path(scratch) / str(number)
            return [_prepare(intake, item, folder) for item in batches[number]] if number < len(batches) else []

        coming = ahead.submit(prepare, 0)
        for number in range(len(batches)):
            prepared = coming.result()
            coming = ahead.submit(prepare, number + 1)
            read = iter(intake.take([file for file in prepared if isinstance(file, LogFile)]))
            for file in prepared:
                done = next(read) if isinstance(file, LogFile) else file
                report.files.append(done)
                on_file(done)
            for fetched in (Path(scratch) / str(number)).glob("*"):
                fetched.unlink()
    return report


def _batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Cut the inputs into batches; the cuts depend on the inputs alone, not on what was read before."""
    batch: list[Item] = []
    weight = 0
    for item in items:
        size, name = (item.stat().st_size, item.name) if isinstance(item, Path) else (item.size, item.name)
        weighs = size * _UNPACKING if name.endswith((".gz", ".zst", ".zstd")) else size
        if batch and (weight + weighs > _BATCH_BYTES or len(batch) == _BATCH_FILES):
            yield batch
            batch, weight = [], 0
        batch.append(item)
        weight += weighs
    yield batch


def _prepare(intake: LogIntake, item: Item, folder: Path) -> FileReport | LogFile:
    """Look at a file, fetching it first where it lies in a bucket; one that was read before is not fetched again."""
    if isinstance(item, Path):
        return LogFile.local(inspect(item))
    known = intake.recall(item.uri, item.checksum, item.size)
    if known:
        return known
    folder.mkdir(exist_ok=True)
    return LogFile(item.uri, inspect(fetch(item, folder)), item.checksum)

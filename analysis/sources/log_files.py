"""`ingest logs`: audit logs from files, as sinks, gcloud, Pub/Sub and Eventarc write them.

Clean NDJSON is read by DuckDB itself. A file goes through `salvage` first when it holds anything else, when it is
damaged, or when DuckDB met a line that it could not use and a second look at the lines does not settle the matter.
Files are taken in batches; a batch enters the catalogue in one transaction, so a run that was killed can be repeated.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from analysis.catalogue import Catalogue
from analysis.sources.entries import looks_like_entries
from analysis.sources.event_batch import EventBatch, LineCounts
from analysis.sources.inputs import find_files
from analysis.sources.ledger import LedgerRow, Reject, find_known, next_file_id, record, record_rejects
from analysis.sources.report import FileReport, IngestReport
from analysis.sources.salvage import find_bad_lines, find_rewritten, rewrite
from analysis.sources.streams import Inspection, inspect

KIND = "logs"
# Packed logs unpack to about fifteen times their size.
_BATCH_BYTES = 512 << 20
_BATCH_FILES = 1_000
_UNPACKING = 15

Progress = Callable[[FileReport], None]


def ingest_logs(catalogue: Catalogue, inputs: Sequence[str], *, on_file: Progress = lambda _: None) -> IngestReport:
    """Read audit logs from files, folders and globs. The same file twice changes nothing.

    A file that cannot be read to its end keeps what was read and is marked incomplete; the others go on.
    Raises BadInput when an input names nothing.
    """
    paths = find_files(inputs)
    report = IngestReport()
    with tempfile.TemporaryDirectory(prefix="thermocline-") as scratch, ThreadPoolExecutor(1) as ahead:
        run = _Run(catalogue, Path(scratch))
        batches = list(_batches(paths))
        coming = ahead.submit(_inspect_all, batches[0])
        for following in [*batches[1:], []]:
            inspections = coming.result()
            coming = ahead.submit(_inspect_all, following)
            for file in run.take(inspections):
                report.files.append(file)
                on_file(file)
    return report


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Cut the inputs into batches; the cuts depend on the inputs alone, not on what was read before."""
    batch: list[Path] = []
    weight = 0
    for path in paths:
        size = path.stat().st_size
        weighs = size * _UNPACKING if path.suffix in {".gz", ".zst", ".zstd"} else size
        if batch and (weight + weighs > _BATCH_BYTES or len(batch) == _BATCH_FILES):
            yield batch
            batch, weight = [], 0
        batch.append(path)
        weight += weighs
    yield batch


def _inspect_all(paths: Sequence[Path]) -> list[Inspection]:
    return [inspect(path) for path in paths]


@dataclass
class _Taken:
    """One file of a batch and what is known of it so far."""

    file_id: int
    inspection: Inspection
    rejects: list[Reject] = field(default_factory=list)
    set_aside: int = 0  # rejected lines that DuckDB has not seen
    note: str = ""
    complete: bool = True


class _Run:
    def __init__(self, catalogue: Catalogue, scratch: Path) -> None:
        self._catalogue = catalogue
        self._connection = catalogue.connection
        self._scratch = scratch
        self._known = find_known(self._connection, KIND)
        self._numbers = itertools.count(next_file_id(self._connection))

    def take(self, inspections: Sequence[Inspection]) -> list[FileReport]:
        """Bring one batch into the catalogue; returns the reports in the order of the files."""
        reports: dict[Path, FileReport] = {}
        new: list[_Taken] = []
        for found in inspections:
            known = self._known.get((str(found.path), found.checksum, found.size_bytes))
            if known:
                reports[found.path] = known.report(str(found.path))
            else:
                new.append(_Taken(next(self._numbers), found))
        if new:
            batch = EventBatch(self._connection)
            self._load(batch, new)
            counts = {line.file_id: line for line in batch.count()}
            # One transaction: after a crash either all of the batch is there, with its ledger, or nothing of it.
            with self._catalogue.transaction():
                batch.store()
                rows = [self._account(taken, counts[taken.file_id]) for taken in new]
                record(self._connection, rows)
            reports |= {taken.inspection.path: row.report for taken, row in zip(new, rows, strict=True)}
        return [reports[found.path] for found in inspections]

    def _load(self, batch: EventBatch, new: Sequence[_Taken]) -> None:
        clean = [taken for taken in new if _is_clean(taken.inspection)]
        careful = [taken for taken in new if not _is_clean(taken.inspection)]
        for taken in careful + self._load_fast(batch, clean):
            self._load_carefully(batch, taken)

    def _load_fast(self, batch: EventBatch, files: Sequence[_Taken]) -> list[_Taken]:
        """Let DuckDB read the files; returns those that need the careful reader after all."""
        unsettled = []
        for compression in ("none", "gzip", "zstd"):
            group = [taken for taken in files if taken.inspection.compression == compression]
            if not _try_load(batch, group, compression):
                # One of them is refused as a whole: find it.
                unsettled += [taken for taken in group if not _try_load(batch, [taken], compression)]
        rejected = batch.rejected()
        for taken in files:
            if taken.file_id in rejected:
                found = find_bad_lines(taken.inspection.path)
                if found is None or len(found) != rejected[taken.file_id]:
                    batch.forget(taken.file_id)
                    unsettled.append(taken)
                else:
                    taken.rejects = found
        return unsettled

    def _load_carefully(self, batch: EventBatch, taken: _Taken) -> None:
        """Rewrite a file as clean NDJSON, setting bad lines aside, and load that."""
        rewritten = self._scratch / f"{taken.file_id}.json"
        salvaged = rewrite(taken.inspection, rewritten)
        taken.rejects, taken.set_aside = salvaged.rejects, len(salvaged.rejects)
        taken.complete, taken.note = not salvaged.damage, salvaged.damage
        batch.load([(taken.file_id, rewritten)], "none")
        if problems := batch.problems(taken.file_id):
            taken.rejects += find_rewritten(rewritten, problems)
        rewritten.unlink()

    def _account(self, taken: _Taken, counts: LineCounts) -> LedgerRow:
        found = taken.inspection
        report = FileReport(
            str(found.path),
            counts.lines + taken.set_aside,
            counts.kept,
            counts.duplicates,
            counts.rejected + taken.set_aside,
            counts.not_storage,
            taken.complete,
            taken.note,
        )
        report.reasons = record_rejects(self._connection, taken.file_id, taken.rejects)
        return LedgerRow(
            taken.file_id,
            KIND,
            report,
            found.checksum,
            found.size_bytes,
            counts.first_event_at,
            counts.last_event_at,
        )


def _is_clean(found: Inspection) -> bool:
    """Whether DuckDB may read the file itself. It would take wildcards in a path for a glob."""
    return not found.problem and looks_like_entries(found.head) and not set("*?[") & set(str(found.path))


def _try_load(batch: EventBatch, files: Sequence[_Taken], compression: str) -> bool:
    try:
        batch.load([(taken.file_id, taken.inspection.path) for taken in files], compression)
    except (duckdb.InvalidInputException, duckdb.IOException):
        for taken in files:
            batch.forget(taken.file_id)
        return False
    return True

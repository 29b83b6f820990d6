"""Brings batches of log files into the catalogue, wherever they came from.

Clean NDJSON is read by DuckDB itself, in pieces. A file goes through `salvage` first when it holds anything else,
when it is damaged, or when DuckDB met a line that it could not use and a second look does not settle the matter.
A batch enters the catalogue in one transaction, so a run that was killed can be repeated.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from analysis.catalogue import Catalogue
from analysis.sources.entries import looks_like_entries
from analysis.sources.event_batch import EventBatch, LineCounts
from analysis.sources.ledger import LedgerRow, Reject, find_known, next_file_id, record, record_rejects
from analysis.sources.pieces import PIECE_BYTES, PLAIN_PIECE_BYTES, Piece, ahead, cut, grouped
from analysis.sources.report import FileReport
from analysis.sources.salvage import find_bad_lines, find_rewritten, rewrite
from analysis.sources.streams import Inspection

_MEMORY = "240MiB"
_SMALLEST_PIECE = 1 << 20


@dataclass(frozen=True)
class LogFile:
    """A file of log entries: where it came from, where its bytes lie now, and what tells it from others."""

    uri: str
    inspection: Inspection
    checksum: str

    @classmethod
    def local(cls, inspection: Inspection) -> "LogFile":
        """A file that is read where it lies."""
        return cls(str(inspection.path), inspection, inspection.checksum)


@dataclass
class _Taken:
    """One file of a batch and what is known of it so far."""

    file_id: int
    file: LogFile
    rejects: list[Reject] = field(default_factory=list)
    set_aside: int = 0  # rejected lines that DuckDB has not seen
    note: str = ""
    complete: bool = True

    @property
    def path(self) -> Path:
        return self.file.inspection.path


class LogIntake:
    """Takes batches of one kind of evidence; what was read before is recognised and not read again."""

    def __init__(self, catalogue: Catalogue, kind: str, scratch: Path) -> None:
        self._catalogue = catalogue
        self._connection = catalogue.connection
        self._kind = kind
        self._scratch = scratch
        # However much there is to read: what does not fit waits on disk.
        self._connection.execute(f"SET memory_limit = '{_MEMORY}'")
        self._known = find_known(self._connection, kind)
        self._numbers = itertools.count(next_file_id(self._connection))

    def recall(self, uri: str, checksum: str, size_bytes: int) -> FileReport | None:
        """The report for an input that an earlier run has read; None for a new one."""
        known = self._known.get((uri, checksum, size_bytes))
        return known.report(uri) if known else None

    def take(self, files: Sequence[LogFile]) -> list[FileReport]:
        """Bring one batch into the catalogue; returns the reports in the order of the files."""
        reports = {file.uri: self.recall(file.uri, file.checksum, file.inspection.size_bytes) for file in files}
        new = [_Taken(next(self._numbers), file) for file in files if reports[file.uri] is None]
        if new:
            batch = EventBatch(self._connection, self._catalogue.pseudonym_key)
            self._load(batch, new)
            counts = {line.file_id: line for line in batch.count([taken.file_id for taken in new])}
            # One transaction: after a crash either all of the batch is there, with its ledger, or nothing of it.
            with self._catalogue.transaction():
                batch.store()
                rows = [self._account(taken, counts[taken.file_id]) for taken in new]
                record(self._connection, rows)
            reports |= {row.report.file: row.report for row in rows}
        return [report for file in files if (report := reports[file.uri]) is not None]

    def _load(self, batch: EventBatch, new: Sequence[_Taken]) -> None:
        clean = [taken for taken in new if looks_like_entries(taken.file.inspection.head)]
        careful = [taken for taken in new if not looks_like_entries(taken.file.inspection.head)]
        for taken in careful + self._load_fast(batch, clean):
            self._load_carefully(batch, taken)

    def _load_fast(self, batch: EventBatch, files: Sequence[_Taken]) -> list[_Taken]:
        """Let DuckDB read the files; returns those that need the careful reader after all."""
        refused = self._load_pieces(batch, files)
        rejected = batch.rejected()
        unsettled = []
        for taken in files:
            if taken.file_id in refused:
                unsettled.append(taken)
            elif taken.file_id in rejected:
                found = find_bad_lines(taken.path)
                if found is None or len(found) != rejected[taken.file_id]:
                    unsettled.append(taken)
                else:
                    taken.rejects = found
        for taken in unsettled:
            batch.forget(taken.file_id)
        return unsettled

    def _load_pieces(self, batch: EventBatch, files: Sequence[_Taken]) -> set[int]:
        """Read files piece by piece; returns the numbers of those that are damaged, or that DuckDB refuses."""
        refused: set[int] = set()
        pieces = (piece for taken in files for piece in self._cut(taken))
        for group in ahead(grouped(pieces)):
            refused |= {piece.file_id for piece in group if piece.path is None}
            self._load_group(batch, [piece for piece in group if piece.path and piece.file_id not in refused], refused)
            for piece in group:
                piece.discard()
        return refused

    def _load_group(self, batch: EventBatch, pieces: Sequence[Piece], refused: set[int]) -> None:
        """Read pieces in one statement; in smaller steps if one of them is refused, or if memory does not suffice."""
        try:
            batch.load([(piece.file_id, piece.path) for piece in pieces if piece.path])
        except (duckdb.InvalidInputException, duckdb.IOException):
            if len(pieces) == 1:
                refused.add(pieces[0].file_id)
                return
            for piece in pieces:
                self._load_group(batch, [piece], refused)
        except duckdb.OutOfMemoryException:
            # Lines that are short and all different: no two of them sum up.
            if max(piece.size for piece in pieces) < _SMALLEST_PIECE:
                raise
            for piece in pieces:
                for part in cut(piece.file_id, piece.path or Path(), "none", self._scratch, piece.size // 8):
                    self._load_group(batch, [part], refused)
                    part.discard()

    def _cut(self, taken: _Taken) -> Iterator[Piece]:
        compression = taken.file.inspection.compression
        size = PLAIN_PIECE_BYTES if compression == "none" else PIECE_BYTES
        return cut(taken.file_id, taken.path, compression, self._scratch, size)

    def _load_carefully(self, batch: EventBatch, taken: _Taken) -> None:
        """Rewrite a file as clean NDJSON, setting bad lines aside, and load that."""
        rewritten = self._scratch / f"{taken.file_id}.rewritten.json"
        salvaged = rewrite(taken.file.inspection, rewritten)
        taken.rejects, taken.set_aside = salvaged.rejects, len(salvaged.rejects)
        taken.complete, taken.note = not salvaged.damage, salvaged.damage
        batch.load([(taken.file_id, rewritten)])
        if problems := batch.problems(taken.file_id):
            taken.rejects += find_rewritten(rewritten, problems)
        rewritten.unlink()

    def _account(self, taken: _Taken, counts: LineCounts) -> LedgerRow:
        report = FileReport(
            taken.file.uri,
            counts.lines + taken.set_aside,
            counts.kept,
            counts.duplicates,
            counts.rejected + taken.set_aside,
            counts.not_storage,
            taken.complete,
            taken.note,
        )
        hide = self._catalogue.pseudonym_key is not None
        report.reasons = record_rejects(self._connection, taken.file_id, taken.rejects, hide_people=hide)
        return LedgerRow(
            taken.file_id,
            self._kind,
            report,
            taken.file.checksum,
            taken.file.inspection.size_bytes,
            counts.first_event_at,
            counts.last_event_at,
        )

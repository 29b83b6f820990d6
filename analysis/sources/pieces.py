"""Cuts log files into plain pieces of whole lines, checking the checksums inside packed files.

DuckDB unpacks a file on one core, does not check gzip checksums, and holds the sums of one statement in memory; pieces
answer all three. A plain file that is not too large is a piece as it lies.
"""

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, TypeVar

from analysis.sources.streams import DAMAGE, Compression, open_verified

PIECE_BYTES = 64 << 20
# Copying a plain file costs a fifth of reading it, so with the fourfold allowance of `cut` none that a sink writes is
# copied (3.5 GiB at most). Where memory does not suffice for one, it is read in smaller steps after all.
PLAIN_PIECE_BYTES = 1 << 30
# Several pieces in one statement use all cores; what a statement holds in memory grows with them.
_GROUP_BYTES = 4 * PIECE_BYTES
_CHUNK = 4 << 20
T = TypeVar("T")


@dataclass(frozen=True)
class Piece:
    """Whole lines of the file with this number; `path` is None where the file turned out to be damaged."""

    file_id: int
    path: Path | None
    size: int = 0
    passing: bool = False  # made for the moment: delete it once it is read

    def discard(self) -> None:
        """Free the space of a piece that was read."""
        if self.passing and self.path:
            self.path.unlink(missing_ok=True)


def cut(file_id: int, path: Path, compression: Compression, folder: Path, size: int = PIECE_BYTES) -> Iterator[Piece]:
    """The pieces of a file, in order, made in `folder` if they have to be; a last one without path tells of damage."""
    whole = path.stat().st_size
    # DuckDB would take wildcards in a path for a glob.
    if compression == "none" and whole <= 4 * size and not set("*?[") & set(str(path)):
        yield Piece(file_id, path, whole)
        return
    try:
        with open_verified(path, compression) as stream:
            rest = b""
            while True:
                with tempfile.NamedTemporaryFile(dir=folder, suffix=".piece", delete=False) as out:
                    written, rest = _fill(out, stream, rest, size)
                piece = Piece(file_id, Path(out.name), written, passing=True)
                if not written:
                    piece.discard()
                    return
                yield piece
    except DAMAGE:
        yield Piece(file_id, None)


def _fill(out: IO[bytes], stream: BinaryIO, rest: bytes, size: int) -> tuple[int, bytes]:
    """Fill one piece up to the end of a line; returns its size and what was read beyond that."""
    written = 0
    step = min(_CHUNK, size)
    chunk = rest or stream.read(step)
    while chunk:
        end = chunk.rfind(b"\n") + 1 if written + len(chunk) >= size else 0
        written += out.write(chunk[:end] if end else chunk)
        if end:
            return written, chunk[end:]
        chunk = stream.read(step)
    return written, b""


def grouped(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces together, so that small files do not cost a statement each."""
    group: list[Piece] = []
    for piece in pieces:
        if group and (piece.path is None or sum(one.size for one in group) + piece.size > _GROUP_BYTES):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, the next one being made while the last one is used."""
    end = object()
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = worker.submit(next, items, end)
            yield item  # type: ignore[misc]

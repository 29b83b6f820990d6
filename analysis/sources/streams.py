"""Opens input files whatever their compression, found by content; reads them line by line."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

import google_crc32c
import zstandard
from isal import igzip, isal_zlib

Compression = Literal["none", "gzip", "zstd"]

# Beyond this a line is not read as a whole, whatever it is: entries are split before they reach 256 kB.
LONGEST_LINE = 100 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK = 1 << 20
_PACKED = 1 << 14
_MAGIC: tuple[tuple[bytes, Compression], ...] = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_ISAL_ERROR = cast("type[Exception]", isal_zlib.error)
# What the readers raise on damaged input.
DAMAGE: tuple[type[Exception], ...] = (EOFError, OSError, zlib.error, zstandard.ZstdError, _ISAL_ERROR)


@dataclass(frozen=True)
class Inspection:
    """What a first look at a file tells."""

    path: Path
    size_bytes: int
    checksum: str  # crc32c of the file as it lies there
    compression: Compression
    head: bytes  # the first unpacked bytes


def inspect(path: Path) -> Inspection:
    """Look at a file: its checksum, its compression, and how it begins."""
    size, checksum = _checksum(path)
    return Inspection(path, size, checksum, sniff(path), _head(path))


def _head(path: Path) -> bytes:
    with suppress(*DAMAGE), open_unpacked(path) as stream:
        return stream.read(_CHUNK)
    return b""


@contextmanager
def open_verified(path: Path, compression: Compression) -> Iterator[BinaryIO]:
    """The unpacked bytes at the highest speed; raises one of DAMAGE at some point of a broken file, wherever."""
    if compression == "gzip":
        # isal is several times as fast as zlib and checks checksums; before damage it may lose more than zlib.
        with cast("Callable[..., BinaryIO]", igzip.IGzipFile)(path, "rb") as stream:
            yield stream
    elif compression == "zstd":
        with open_unpacked(path) as stream:
            yield stream
    else:
        with path.open("rb") as plain:
            yield plain


def sniff(path: Path) -> Compression:
    """The compression, by the file's first bytes."""
    with path.open("rb") as stream:
        start = stream.read(4)
    return next((name for magic, name in _MAGIC if start.startswith(magic)), "none")


@contextmanager
def open_unpacked(path: Path) -> Iterator[BinaryIO]:
    """The unpacked bytes of a file; reading gives all that is good, then raises one of DAMAGE where it is broken."""
    compression = sniff(path)
    with path.open("rb") as stream:
        if compression == "none":
            yield stream
        else:
            pieces = _gunzip(stream) if compression == "gzip" else _unzstd(stream)
            yield cast("BinaryIO", _Pieces(pieces))


class _Pieces:
    """A readable stream over pieces of bytes; an error of the pieces' source comes after the bytes before it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ready = bytearray()
        self._damage: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes (all that is left for -1); empty at the end."""
        while self._damage is None and (size < 0 or len(self._ready) < size):
            try:
                self._ready += next(self._pieces)
            except StopIteration:
                break
            except DAMAGE as error:
                self._damage = error
        if self._damage is not None and not self._ready:
            raise self._damage
        taken = bytes(self._ready if size < 0 else self._ready[:size])
        del self._ready[: len(taken)]
        return taken


def _gunzip(packed: BinaryIO) -> Iterator[bytes]:
    """Unpack gzip members up to the first damage. Works on raw deflate, so that a wrong checksum costs no content."""
    rest = packed.read(_PACKED)
    while rest.strip(b"\0"):
        body = _after_gzip_header(rest, packed)
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        crc = size = 0
        while True:
            if not body:
                raise EOFError("the file ends inside a compressed member")
            for piece in _inflate_to_damage(inflate, body):
                crc = zlib.crc32(piece, crc)
                size += len(piece)
                yield piece
            if inflate.eof:
                break
            body = packed.read(_PACKED)
        trailer = inflate.unused_data
        trailer += packed.read(8 - len(trailer)) if len(trailer) < 8 else b""
        if len(trailer) < 8:
            raise EOFError("the file ends before its checksum")
        if trailer[:8] != struct.pack("<II", crc, size & 0xFFFFFFFF):
            raise zlib.error("the gzip checksum does not match: some of its lines may be wrong")
        rest = trailer[8:] or packed.read(_PACKED)


def _inflate_to_damage(inflate: "zlib._Decompress", body: bytes) -> Iterator[bytes]:
    before = inflate.copy()
    try:
        yield inflate.decompress(body)
    except zlib.error:
        # Everything before the broken byte is good, so go up to it step by step.
        for offset in range(len(body)):
            yield before.decompress(body[offset : offset + 1])
        raise


def _after_gzip_header(start: bytes, packed: BinaryIO) -> bytes:
    """What follows a gzip member's header (RFC 1952)."""
    start += packed.read(_PACKED) if len(start) < _PACKED else b""
    if not start.startswith(b"\x1f\x8b\x08") or len(start) < 10:
        raise zlib.error("there is something behind the compressed data that is no gzip member")
    flags, position = start[3], 10
    try:
        if flags & 4:
            position += 2 + int.from_bytes(start[position : position + 2], "little")
        for bit in (8, 16):
            if flags & bit:
                position = start.index(b"\0", position) + 1
    except ValueError as error:
        raise EOFError("the file ends inside a gzip header") from error
    return start[position + (2 if flags & 2 else 0) :]


def _unzstd(packed: BinaryIO) -> Iterator[bytes]:
    """Unpack zstd frames up to the first damage; zstandard itself takes a truncated frame for the end of the file."""
    frame: zstandard.ZstdDecompressionObj | None = None
    while piece := packed.read(_PACKED):
        rest = piece
        while rest:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(rest)
            rest = b""
            if frame.eof:
                rest, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError("the file ends inside a compressed frame")


class Unclosed(EOFError):
    """The file ends within the array that it holds."""


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends; of one that is too long, as much as shows that: a byte more than LONGEST_LINE.

    On damage, whole lines read so far come first, then the error.
    """
    rest: list[bytes] = []
    held = 0
    damage: BaseException | None = None
    while damage is None:
        try:
            chunk = stream.read(_CHUNK)
        except DAMAGE as error:
            chunk, damage = b"", error
        if not chunk:
            break
        first, *others = chunk.split(b"\n")
        rest.append(first[: LONGEST_LINE + 1 - held])
        held += len(rest[-1])
        if others:
            # Put together and let go of in one step: a long line is there once while it is looked at.
            line, rest, held = b"".join(rest), [others[-1]], len(others[-1])
            yield line
            del line
            yield from others[:-1]
    last = b"".join(rest)
    if last:
        yield last
    if damage is not None:
        raise damage


def describe_damage(error: BaseException) -> str:
    """What is wrong with a file that would not unpack."""
    text = str(error).strip() or type(error).__name__
    if isinstance(error, Unclosed):
        return "truncated: its array is not closed"
    if isinstance(error, EOFError):
        return "truncated: it ends before its compressed data does"
    return f"corrupt: {text[0].lower()}{text[1:]}"


def _checksum(path: Path) -> tuple[int, str]:
    crc = 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK >> 2):
            crc = google_crc32c.extend(crc, chunk)
        return file.tell(), f"crc32c:{crc:08x}"

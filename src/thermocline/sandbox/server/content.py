"""What objects hold: real bytes, or bytes that are computed when read so that a huge object costs no memory.

Virtual content of `size` bytes is one fixed pattern of 1 MiB blocks, ended by 16 bytes derived from the seed. The
checksum of such content needs only the last block, whatever the size; two seeds give two contents.
"""

import base64
import hashlib
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import google_crc32c
import msgspec

BLOCK = 1 << 20
_TAIL = 16
_PIECE = 1 << 18


class Inline(msgspec.Struct, tag="inline", frozen=True):
    """Bytes kept in memory."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, stop: int) -> bytes:
        return self.data[start:stop]


class Seeded(msgspec.Struct, tag="seeded", frozen=True):
    """Virtual bytes, a function of (seed, size)."""

    seed: str
    size: int

    def read(self, start: int, stop: int) -> bytes:
        stop = min(stop, self.size)
        body = max(self.size - _TAIL, 0)
        pieces = []
        position = start
        while position < min(stop, body):
            within = position % BLOCK
            upto = min(min(stop, body) - position, BLOCK - within)
            pieces.append(_pattern()[within : within + upto])
            position += upto
        if stop > body:
            pieces.append(self._tail()[max(start - body, 0) : stop - body])
        return b"".join(pieces)

    def _tail(self) -> bytes:
        digest = hashlib.blake2b(self.seed.encode(), digest_size=_TAIL).digest()
        return digest[-min(self.size, _TAIL) :] if self.size else b""


class OnFile(msgspec.Struct, tag="file", frozen=True):
    """Bytes kept in a file of the data folder."""

    path: str
    size: int

    def read(self, start: int, stop: int) -> bytes:
        with Path(self.path).open("rb") as stream:
            stream.seek(start)
            return stream.read(max(min(stop, self.size) - start, 0))


class Joined(msgspec.Struct, tag="joined", frozen=True):
    """The contents of a composite, one after the other."""

    parts: tuple["Content", ...]

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    def read(self, start: int, stop: int) -> bytes:
        pieces = []
        for part in self.parts:
            if start < part.size and stop > 0:
                pieces.append(part.read(max(start, 0), min(stop, part.size)))
            start, stop = start - part.size, stop - part.size
        return b"".join(pieces)


Content = Inline | Seeded | OnFile | Joined


def pieces(content: Content, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The bytes from start to stop in pieces of at most 256 KiB."""
    end = content.size if stop is None else min(stop, content.size)
    for position in range(start, end, _PIECE):
        yield content.read(position, min(position + _PIECE, end))


def crc32c(content: Content) -> str:
    """Base64 of the big-endian CRC32C, as the API shows it."""
    match content:
        case Inline():
            return encode_crc32c(google_crc32c.value(content.data))
        case Seeded():
            return seeded_crc32c(content.seed, content.size)
        case _:
            value = 0
            for piece in pieces(content):
                value = google_crc32c.extend(value, piece)
            return encode_crc32c(value)


def seeded_crc32c(seed: str, size: int) -> str:
    """The checksum of virtual content, without producing more than its last block."""
    content = Seeded(seed, size)
    body = max(size - _TAIL, 0)
    value = _blocks_crc32c(body // BLOCK)
    if body % BLOCK:
        value = google_crc32c.extend(value, _pattern()[: body % BLOCK])
    return encode_crc32c(google_crc32c.extend(value, content.read(body, size)))


def md5(content: Content) -> str:
    """Base64 of the MD5, as the API shows it."""
    digest = hashlib.md5(usedforsecurity=False)
    for piece in pieces(content):
        digest.update(piece)
    return base64.b64encode(digest.digest()).decode()


def sha256(content: Content) -> str:
    """A digest for oracles, independent of the checksums that the API shows."""
    digest = hashlib.sha256()
    for piece in pieces(content):
        digest.update(piece)
    return digest.hexdigest()


def encode_crc32c(value: int) -> str:
    """Base64 of four big-endian bytes."""
    return base64.b64encode(value.to_bytes(4, "big")).decode()


@cache
def _pattern() -> bytes:
    return random.Random(20_261_031).randbytes(BLOCK)


_CHAIN = [0]


def _blocks_crc32c(blocks: int) -> int:
    while len(_CHAIN) <= blocks:
        _CHAIN.append(google_crc32c.extend(_CHAIN[-1], _pattern()))
    return _CHAIN[blocks]

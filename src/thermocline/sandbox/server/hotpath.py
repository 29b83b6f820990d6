"""A short way for small calls: one aiohttp costs several times what a rewrite does.

HotHandler looks at what arrives on an idle connection. A complete small request for bucket or object metadata is
answered at once, without task, stream or response objects; everything else (uploads, downloads, batches, control, any
call while fault rules are in force) goes to aiohttp untouched. Clients that send a second request before the first is
answered are not served by the short way.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

_METHODS = (b"POST /storage/v1/b", b"GET /storage/v1/b", b"DELETE /storage/v1/b", b"PATCH /storage/v1/b")
_BODY_LIMIT = 65_536
_JSON = b"Content-Type: application/json; charset=UTF-8\r\n"

# (method, path, query, headers, body) to (status, body).
Quick = Callable[[str, str, str, Mapping[str, str], bytes], tuple[int, bytes]]


class PlainHeaders(Mapping[str, str]):
    """Request headers, found whatever the case of their name; parsed when first asked."""

    __slots__ = ("_found", "_lines")

    def __init__(self, lines: bytes) -> None:
        self._lines = lines
        self._found: dict[str, str] | None = None

    def _all(self) -> dict[str, str]:
        if self._found is None:
            self._found = {}
            for line in self._lines.decode("latin-1").split("\r\n"):
                name, colon, value = line.partition(":")
                if colon:
                    self._found[name.lower()] = value.strip()
        return self._found

    def __getitem__(self, name: str) -> str:
        return self._all()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


class HotHandler(web.RequestHandler):
    """aiohttp's connection with the short way in front."""

    def __init__(
        self, manager: web.Server, quick: Quick, settings: Any, faulty: Callable[[], bool], **options: Any
    ) -> None:
        super().__init__(manager, **options)
        self._quick = quick
        self._settings = settings
        self._faulty = faulty
        self._partial = b""
        self.busy = False

    def data_received(self, data: bytes) -> None:
        """Answer at once, wait for the rest of a small body, or hand over to aiohttp."""
        if self.busy:
            super().data_received(data)
            return
        data = self._partial + data
        self._partial = b""
        end = data.find(b"\r\n\r\n")
        length = _body_length(data, end) if end > 0 and data.startswith(_METHODS) and not self._faulty() else None
        if length is None:
            self.busy = True
            super().data_received(data)
        elif len(data) < end + 4 + length:
            self._partial = data
        elif self._settings.latency_seconds > 0:
            self.busy = True
            loop = asyncio.get_running_loop()
            loop.call_later(self._settings.latency_seconds, self._late, data, end)
        else:
            self._serve(data, end)

    def _late(self, data: bytes, end: int) -> None:
        self.busy = False
        self._serve(data, end)

    def _serve(self, data: bytes, end: int) -> None:
        head_end = data.find(b"\r\n")
        method, target, _ = data[:head_end].decode("latin-1").split(" ", 2)
        path, _, query = target.partition("?")
        status, body = self._quick(method, path, query, PlainHeaders(data[head_end + 2 : end]), data[end + 4 :])
        if self.transport is None or self.transport.is_closing():
            return
        head = _status_line(status)
        kind = _JSON if body else b""
        self.transport.write(b"%s%sContent-Length: %d\r\n\r\n%s" % (head, kind, len(body), body))


def _body_length(data: bytes, end: int) -> int | None:
    """The length of the body, or None when this request is none for the short way."""
    head = data[:end]
    first = head[: head.find(b"\r\n")]
    if b"alt=media" in first:
        return None
    lowered = head.lower()
    if b"\r\ntransfer-encoding:" in lowered or b"\r\nexpect:" in lowered or b"\r\nconnection: close" in lowered:
        return None
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        return 0
    stop = lowered.find(b"\r\n", at + 2)
    try:
        length = int(lowered[at + 17 : stop if stop > 0 else end])
    except ValueError:
        return None
    return length if 0 <= length <= _BODY_LIMIT else None


_LINES: dict[int, bytes] = {}


def _status_line(status: int) -> bytes:
    if status not in _LINES:
        _LINES[status] = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
    return _LINES[status]

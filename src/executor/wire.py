"""HTTP/1.1 to one host over pooled connections, as lean as the data plane needs it.

A copy is one small request and one small answer; at thousands a second the general client costs more than everything
else this room does for the object. It speaks what the JSON API speaks: Content-Length or chunked bodies, keep-alive,
TLS with the system's certificates. Anything unexpected closes the connection and is an error to retry; nothing is
guessed.
"""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

HEAD_LIMIT = 64 * 1024
CONNECT_SECONDS = 20.0
# A rewrite call may take half a minute before its first byte.
ANSWER_SECONDS = 120.0
IDLE_SECONDS = 45.0


class WireError(Exception):
    """The connection broke, or the answer is not HTTP; whether the request was carried out is not known."""


class Untrusted(WireError):
    """The other side's certificate is not one to believe; nothing was sent, and trying again changes nothing."""


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """Status, headers (names in lower case) and body of one answer."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """One header, None when it is not there."""
        return _header(self.head.lower(), self.head, name.lower().encode())


def _header(lowered: bytes, head: bytes, name: bytes) -> str | None:
    start = lowered.find(b"\r\n" + name + b":")
    if start < 0:
        return None
    start += len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].decode("latin-1").strip()


class Connection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.idle_since = 0.0
        self.sent_at = 0.0
        self._buffer = bytearray()
        self._head: bytes | None = None
        self._status = 0
        self._length = -1
        self._chunked = False
        self._keep = True
        self._waiter: asyncio.Future[WireAnswer] | None = None

    @property
    def usable(self) -> bool:
        """Open, idle, and wanted by the other side."""
        return self.transport is not None and not self.transport.is_closing() and self._keep and self._waiter is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self.transport = transport  # type: ignore[assignment]

    def request(self, data: bytes, waiter: asyncio.Future[WireAnswer], now: float) -> None:
        """Send one request; `waiter` gets its answer or the error."""
        if self.transport is None:
            raise WireError("not connected")
        self._waiter, self.sent_at = waiter, now
        self.transport.write(data)

    def close(self) -> None:
        """Give the connection up."""
        self._keep = False
        if self.transport is not None:
            self.transport.close()

    def abort(self, reason: str) -> None:
        """Give the connection up in the middle of a request."""
        self._fail(reason)
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side, or the network, ended it."""
        self._keep = False
        self._fail(str(exc) if exc else "the connection was closed before the answer")

    def _fail(self, reason: str) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(WireError(reason))

    def data_received(self, data: bytes) -> None:
        """Collect the answer; hand it over when it is whole."""
        buffer = self._buffer
        buffer += data
        if self._head is None and not self._read_head():
            return
        if self._chunked:
            body = self._read_chunks()
        elif len(buffer) >= self._length:
            body = bytes(buffer[: self._length])
            del buffer[: self._length]
        else:
            body = None
        if body is not None:
            self._finish(body)

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_LIMIT:
                self.abort("the head of the answer is too long")
            return False
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        if self._waiter is None or not head.startswith(b"HTTP/1.") or not head[9:12].isdigit():
            self.abort("the answer is not HTTP/1.1")
            return False
        self._head, self._status = head, int(head[9:12])
        lowered = head.lower()
        self._chunked = (_header(lowered, head, b"transfer-encoding") or "").lower() == "chunked"
        length = _header(lowered, head, b"content-length")
        if not self._chunked and self._status not in {204, 304} and (length is None or not length.isdigit()):
            # Without a length the end of the answer could not be told from a cut.
            self.abort("the answer has no length")
            return False
        self._length = int(length) if length is not None and self._status not in {204, 304} else 0
        if b"\r\nconnection: close" in lowered or head.startswith(b"HTTP/1.0"):
            self._keep = False
        return True

    def _read_chunks(self) -> bytes | None:
        body, position, buffer = bytearray(), 0, self._buffer
        while True:
            end = buffer.find(b"\r\n", position)
            if end < 0:
                return None
            try:
                size = int(bytes(buffer[position:end]).split(b";", 1)[0], 16)
            except ValueError:
                self.abort("a chunk of the answer has no size")
                return None
            start = end + 2
            if len(buffer) < start + size + 2:
                return None
            if size == 0:
                if buffer[start : start + 2] != b"\r\n":
                    # Trailers; the JSON API sends none, so their end is not looked for.
                    self._keep = False
                buffer.clear()
                return bytes(body)
            body += buffer[start : start + size]
            position = start + size + 2

    def _finish(self, body: bytes) -> None:
        waiter, self._waiter = self._waiter, None
        answer = WireAnswer(self._status, self._head or b"", body)
        self._head = None
        if self._buffer:
            # Bytes that nobody asked for: this connection cannot be trusted with another request.
            self._keep = False
        if not self._keep and self.transport is not None:
            self.transport.close()
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)


class Wire:
    """A pool of connections to one endpoint (`http://host:port` or `https://host`), at most `connections` at once."""

    def __init__(self, endpoint: str, *, connections: int) -> None:
        parts = urlsplit(endpoint)
        if parts.hostname is None or parts.scheme not in {"http", "https"}:
            raise WireError(f"{endpoint} is no http or https address")
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.authority = parts.netloc.rpartition("@")[2]
        self._idle: deque[Connection] = deque()
        self._busy: set[Connection] = set()
        self._slots = asyncio.Semaphore(connections)
        self._sweeper: asyncio.Task[None] | None = None

    async def exchange(self, data: bytes) -> WireAnswer:
        """Send one whole request and return its answer; raises `WireError` when there is none."""
        loop = asyncio.get_running_loop()
        if self._sweeper is None:
            self._sweeper = loop.create_task(self._sweep())
        async with self._slots:
            connection = self._take(loop.time()) or await self._connect()
            waiter: asyncio.Future[WireAnswer] = loop.create_future()
            self._busy.add(connection)
            try:
                connection.request(data, waiter, loop.time())
                return await waiter
            finally:
                self._busy.discard(connection)
                if connection.usable:
                    connection.idle_since = loop.time()
                    self._idle.append(connection)
                else:
                    connection.close()

    def _take(self, now: float) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and now - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    Connection, self._host, self._port, ssl=self._tls, server_hostname=self._host if self._tls else None
                )
        except ssl.SSLCertVerificationError as error:
            raise Untrusted(error.verify_message or str(error)) from None
        except (OSError, TimeoutError, ssl.SSLError) as error:
            raise WireError(str(error) or type(error).__name__) from None
        return connection

    async def _sweep(self) -> None:
        # One timer for all requests: a timer each would cost as much as parsing the answer.
        while True:
            await asyncio.sleep(1.0)
            now = asyncio.get_running_loop().time()
            for connection in list(self._busy):
                if now - connection.sent_at > ANSWER_SECONDS:
                    connection.abort(f"no answer within {ANSWER_SECONDS:.0f} s")

    async def close(self) -> None:
        """Close every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None
        for connection in [*self._idle, *self._busy]:
            connection.abort("the pool was closed")
        self._idle.clear()
        # One turn of the loop lets transports close before it ends.
        await asyncio.sleep(0)

"""One HTTP request to the storage service: pooled connections, retries, one token renewal, our audit header.

A retried request may already have been carried out: its answer was lost. Callers that act settle that themselves (a
412 on a copy, a 404 on a delete, a 409 on a creation); see copying.py, buckets.py and deleting.py.
"""

import asyncio
import random
import re
import ssl
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
from yarl import URL

from executor.credentials import Credentials
from executor.errors import BY_STATUS, Forbidden, StorageError, Unavailable
from executor.rate import RateControl
from executor.wire import ANSWER_SECONDS, CONNECT_SECONDS, Untrusted, Wire, WireError

AUDIT_HEADER = "x-goog-custom-audit-thermocline"
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
THROTTLED = frozenset({429, 503})
TRUST_HINT = "let SSL_CERT_FILE name a file with the certificates that your organisation believes"
PROXY_HINT = "see HTTPS_PROXY and NO_PROXY"
PERMISSION = re.compile(r"storage\.[a-zA-Z]+\.[a-zA-Z]+")


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently a request is tried again; seconds."""

    attempts: int = 8
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def wait(self, attempt: int) -> float:
        """Full jitter, so that workers refused together do not come back together."""
        return random.uniform(0, min(self.longest_wait, self.first_wait * 2**attempt))


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; `attempts` above 1 means that an earlier one may have been carried out too."""

    body: bytes
    attempts: int


class Transport:
    """Sends requests for one run."""

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        run_id: str,
        *,
        retries: Retries | None = None,
        connections: int = 512,
    ) -> None:
        self.endpoint = endpoint
        self.retries = retries or Retries()
        self.counters: Counter[str] = Counter()
        self._credentials = credentials
        self._headers = {AUDIT_HEADER: run_id, "User-Agent": "thermocline", "Accept-Encoding": "identity"}
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._wire: Wire | None = None
        self._proxy = _proxy_of(endpoint)
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())

    async def __aenter__(self) -> Self:
        if self._proxy is None:
            self._wire = Wire(self.endpoint, connections=self._connections)
        else:
            # Behind a proxy the general client does the work: speed is not what limits there.
            self._session = aiohttp.ClientSession(
                # A context of our own: aiohttp made its own when it was imported, whatever SSL_CERT_FILE says now.
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=ssl.create_default_context()),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=ANSWER_SECONDS),
                auto_decompress=False,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wire is not None:
            await self._wire.close()
        if self._session is not None:
            await self._session.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        rate: RateControl | None = None,
    ) -> Answer:
        """Send one request; `path` is already encoded. Raises the `StorageError` of the final answer."""
        renewed = False
        attempt = 0
        while True:
            if rate is not None:
                await rate.acquire()
            attempt += 1
            sent_at = asyncio.get_running_loop().time()
            authorization = await self._credentials.header()
            self.counters["requests"] += 1
            status, answer = await self._once(method, path, body, content_type, authorization)
            if 200 <= status < 300:
                return Answer(answer, attempt)
            if status == 401 and not renewed:
                renewed = True
                self.counters["token renewals"] += 1
                await self._credentials.renew(authorization)
                continue
            if status in THROTTLED and rate is not None:
                rate.slow_down(sent_at)
            error = error_from(status, answer, method, path)
            if not isinstance(error, Unavailable) or attempt >= self.retries.attempts:
                error.attempts = attempt
                raise error
            self.counters["retries"] += 1
            await asyncio.sleep(self.retries.wait(attempt - 1))

    async def _once(
        self, method: str, path: str, body: bytes | None, content_type: str, authorization: str | None
    ) -> tuple[int, bytes]:
        """(status, body) of one request; status 0 when the connection broke."""
        if self._wire is None:
            return await self._once_by_proxy(method, path, body, content_type, authorization)
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._wire.authority}\r\n{self._fixed}"
        if authorization is not None:
            head += f"Authorization: {authorization}\r\n"
        if body is not None:
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        elif method != "GET":
            head += "Content-Length: 0\r\n"
        try:
            answer = await self._wire.exchange(f"{head}\r\n".encode("latin-1") + (body or b""))
        except Untrusted as error:
            raise self._untrusted(str(error)) from None
        except WireError as error:
            return 0, str(error).encode()
        return answer.status, answer.body

    async def _once_by_proxy(
        self, method: str, path: str, body: bytes | None, content_type: str, authorization: str | None
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("Transport must be entered with `async with`")
        headers = {} if body is None else {"Content-Type": content_type}
        if authorization is not None:
            headers["Authorization"] = authorization
        url = URL(self.endpoint + path, encoded=True)
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False, proxy=self._proxy
            ) as response:
                return response.status, await response.read()
        except aiohttp.ClientConnectorCertificateError as error:
            raise self._untrusted(str(error.certificate_error)) from None
        except aiohttp.ClientHttpProxyError as error:
            # Its own words would show the proxy's password.
            if error.status in RETRIED:
                return 0, f"the proxy answered {error.status}".encode()
            raise StorageError(0, "proxy", f"the proxy refuses ({error.status} {error.message})", PROXY_HINT) from None
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            return 0, str(error).encode() or type(error).__name__.encode()

    def _untrusted(self, reason: str) -> StorageError:
        place = URL(self.endpoint).authority
        return StorageError(0, "certificate", f"the certificate of {place} cannot be trusted ({reason})", TRUST_HINT)


def _proxy_of(endpoint: str) -> str | None:
    # Asked once: aiohttp's own trust_env reads the environment and .netrc in a thread for every single request.
    address = URL(endpoint)
    if address.host is None or proxy_bypass(address.host):
        return None
    return getproxies().get(address.scheme)


class _ErrorItem(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _ErrorBody(msgspec.Struct):
    message: str = ""
    errors: list[_ErrorItem] = []


class _ErrorEnvelope(msgspec.Struct):
    error: _ErrorBody = msgspec.field(default_factory=_ErrorBody)


def error_from(status: int, body: bytes, method: str, path: str) -> StorageError:
    """The error of one answer; status 0 is a connection that broke."""
    try:
        envelope = msgspec.json.decode(body, type=_ErrorEnvelope).error
        reason = envelope.errors[0].reason if envelope.errors else ""
        message = envelope.message
    except msgspec.MsgspecError:
        reason, message = "", body[:200].decode(errors="replace").strip()
    if status == 0:
        return Unavailable(
            0, "connection", f"the storage service cannot be reached ({message})", "run the command again"
        )
    if status in RETRIED:
        return Unavailable(status, reason, message or "try again later", "run the command again")
    if status == 403:
        permission = PERMISSION.search(message)
        hint = f"grant {permission[0]} to this identity" if permission else ""
        return Forbidden(403, reason, message, hint)
    if status == 401:
        return StorageError(
            401, reason or "authError", message or "not signed in", "renew the credentials and run again"
        )
    return BY_STATUS.get(status, StorageError)(status, reason, message or f"{method} {path.split('?', maxsplit=1)[0]}")

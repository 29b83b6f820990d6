"""HTTP in front of the API. Paths are taken apart by hand: a framework's routing would cost more than a rewrite."""

import asyncio
import gzip
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from thermocline.sandbox.server.batch import Answer, run_batch
from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.content import pieces
from thermocline.sandbox.server.control import Control
from thermocline.sandbox.server.errors import ApiError
from thermocline.sandbox.server.faults import PAGE_FAULTS, Faults, Rule, refusal
from thermocline.sandbox.server.fields import select
from thermocline.sandbox.server.hotpath import HotHandler
from thermocline.sandbox.server.routes import Api, parameters, route
from thermocline.sandbox.server.store import Store

_JSON = "application/json; charset=UTF-8"
_AUDIT_RUN = "x-goog-custom-audit-thermocline"
_LIMIT = 1 << 32
_encode = msgspec.json.Encoder().encode


class SandboxApp:
    """Handles every request of the server."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.api = Api(store)
        self.faults = Faults()
        self.control = Control(self.api, self.faults)

    def server(self) -> web.Server:
        """The aiohttp server; must be called inside a running loop."""
        loop = asyncio.get_running_loop()

        def request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
            return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LIMIT)

        options = {"access_log": None, "max_line_size": 65_536, "max_field_size": 65_536}
        return _HotServer(self, self.handle_long, request_factory=request, **options)

    def quick(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Answer a small call without HTTP objects; never streams."""
        try:
            call = self._call(method, path, query, headers, body, f"http://{headers.get('Host', '')}")
            reply = self.api.run(call)
            if reply.document is None:
                return reply.status, b""
            wanted = call.params.get("fields")
            return reply.status, _encode(select(reply.document, wanted) if wanted else reply.document)
        except ApiError as error:
            return error.status, b"" if error.status == HTTPStatus.NOT_MODIFIED else _encode(error.body())

    async def handle_long(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request the long way, then let the connection take the short one again."""
        try:
            return await self.handle(request)
        finally:
            if isinstance(request.protocol, HotHandler):
                request.protocol.busy = False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path, _, query = request.raw_path.partition("?")
        body = await request.read() if request.body_exists else b""
        if self.store.settings.latency_seconds and not path.startswith("/sandbox/"):
            await asyncio.sleep(self.store.settings.latency_seconds)
        if path.startswith("/sandbox/"):
            return self._control(request.method, path, query, body)
        base = f"http://{request.headers.get('Host', '')}"
        if path.startswith("/batch"):
            return self._batch(request, base, body)
        try:
            call = self._call(request.method, path, query, request.headers, body, base)
        except ApiError as error:
            return _failure(error)
        rule = await self.faults.before(call) if self.faults.rules else None
        if rule is None:
            return await self._respond(request, call, self._answer(call))
        return await self._faulty(request, call, rule)

    def _call(self, method: str, path: str, query: str, headers: Any, body: bytes, base: str) -> Call:
        call = route(headers.get("X-HTTP-Method-Override", method), path)
        call.params = parameters(query)
        if path.startswith("/download/"):
            call.params["alt"] = "media"
        call.headers = headers
        call.body = body
        call.base = base
        call.run = headers.get(_AUDIT_RUN, "")
        return call

    def _answer(self, call: Call) -> Reply | ApiError:
        try:
            return self.api.run(call)
        except ApiError as error:
            return error

    async def _faulty(self, request: web.BaseRequest, call: Call, rule: Rule) -> web.StreamResponse:
        """Answer a call for which a fault rule fires."""
        if error := refusal(rule):
            return _failure(error, rule.retry_after)
        if rule.kind == "reset":
            return _drop(request)
        call.page_fault = PAGE_FAULTS.get(rule.kind, "")
        self.store.corrupt_next = rule.kind == "wrong-checksum"
        reply = self._answer(call)
        self.store.corrupt_next = False
        if rule.kind == "late-response":
            await asyncio.sleep(rule.seconds)
        if rule.kind == "lost-response":
            return _drop(request)
        if rule.kind == "cut-response":
            response = web.StreamResponse(headers={"Content-Type": _JSON, "Content-Length": "4096"})
            await response.prepare(request)
            await response.write(b'{"kind":')
            return _drop(request)
        return await self._respond(request, call, reply)

    async def _respond(self, request: web.BaseRequest, call: Call, reply: Reply | ApiError) -> web.StreamResponse:
        if isinstance(reply, ApiError):
            return _failure(reply)
        if reply.content is None:
            if reply.status == HTTPStatus.NO_CONTENT or reply.document is None:
                return web.Response(status=reply.status, headers=reply.headers)
            wanted = call.params.get("fields")
            document = select(reply.document, wanted) if wanted else reply.document
            reply.headers["Content-Type"] = _JSON
            return web.Response(body=_encode(document), status=reply.status, headers=reply.headers)
        return await _stream(request, reply)

    def _batch(self, request: web.BaseRequest, base: str, body: bytes) -> web.Response:
        # Headers of the outer request hold for every part, except those that describe its own body.
        outer = {name: value for name, value in request.headers.items() if not name.lower().startswith("content-")}

        def perform(method: str, path: str, headers: dict[str, str], inner: bytes) -> Answer:
            sent = CIMultiDict(outer)
            sent.update(headers)
            return self._perform_part(method, path, sent, inner, base)

        try:
            content_type, answer = run_batch(request.headers.get("Content-Type", ""), body, perform)
        except ApiError as error:
            return _failure(error)
        return web.Response(body=answer, headers={"Content-Type": content_type})

    def _perform_part(self, method: str, path: str, headers: Any, body: bytes, base: str) -> Answer:
        path, _, query = path.partition("?")
        try:
            call = self._call(method, path, query, headers, body, base)
            rule = self.faults.now(call) if self.faults.rules else None
            if rule is not None and (error := refusal(rule)):
                raise error
            reply = self.api.run(call)
            document = reply.document
            if document is not None and (wanted := call.params.get("fields")):
                document = select(document, wanted)
            payload = b"" if document is None else _encode(document)
            status = HTTPStatus(reply.status)
        except ApiError as error:
            payload, status = _encode(error.body()), HTTPStatus(error.status)
        return f"{status.value} {status.phrase}", {"Content-Type": _JSON} if payload else {}, payload

    def _control(self, method: str, path: str, query: str, body: bytes) -> web.Response:
        try:
            document = self.control.answer(method, path, parameters(query), body)
        except (msgspec.MsgspecError, ValueError, KeyError, TypeError) as error:
            return web.Response(body=_encode({"error": str(error)}), status=400, headers={"Content-Type": _JSON})
        except ApiError as error:
            return _failure(error)
        return web.Response(body=_encode(document), headers={"Content-Type": _JSON})


class _HotServer(web.Server):
    """Gives every connection the short way."""

    def __init__(self, app: SandboxApp, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._app = app

    def __call__(self) -> web.RequestHandler:
        app = self._app
        return HotHandler(
            self, app.quick, app.store.settings, lambda: bool(app.faults.rules), loop=self._loop, **self._kwargs
        )


def _failure(error: ApiError, retry_after: str = "") -> web.Response:
    headers = {"Content-Type": _JSON, **error.headers}
    if retry_after:
        headers["Retry-After"] = retry_after
    if error.status == HTTPStatus.NOT_MODIFIED:
        return web.Response(status=error.status)
    return web.Response(body=_encode(error.body()), status=error.status, headers=headers)


def _drop(request: web.BaseRequest) -> web.Response:
    # What aiohttp writes after this goes to a closed transport and is thrown away.
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


async def _stream(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    if reply.content is None:
        return web.Response(status=500)
    start, stop = reply.span
    compressed = reply.headers.get("Content-Encoding") == "gzip"
    if compressed and "gzip" not in request.headers.get("Accept-Encoding", ""):
        # Decompressive transcoding: who does not take gzip gets the plain bytes.
        del reply.headers["Content-Encoding"]
        plain = gzip.decompress(b"".join(pieces(reply.content)))
        return web.Response(body=plain, status=200, headers=reply.headers)
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = stop - start
    await response.prepare(request)
    for piece in pieces(reply.content, start, stop):
        await response.write(piece)
    await response.write_eof()
    return response

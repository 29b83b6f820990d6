"""A small Cloud Logging API on this machine."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LIST, LIST_PRIVATE = "logging.logEntries.list", "logging.privateLogEntries.list"


class LoggingDouble:
    """Answers `entries:list` from a list of entries: small pages, empty ones in between, a full quota at times.

    With `granted`, the caller holds these permissions and no others: without the one for private entries it gets the
    rest, and no word about them.
    """

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries = sorted(entries, key=lambda e: str(e["timestamp"]))
        self.requests: list[dict[str, Any]] = []
        self.refuse = 0
        self.broken_after: int | None = None
        self.granted: frozenset[str] = frozenset({LIST, LIST_PRIVATE})
        self.before_answer: Callable[[], None] = lambda: None

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append(request)
        if self.refuse:
            self.refuse -= 1
            return 429, {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}
        if self.broken_after is not None and len(self.requests) > self.broken_after:
            return 403, {"error": {"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}}
        if LIST not in self.granted:
            message = f"Permission '{LIST}' denied on resource (or it may not exist)."
            return 403, {"error": {"code": 403, "message": message, "status": "PERMISSION_DENIED"}}
        first, beyond = (part.split('"')[1] for part in request["filter"].split("timestamp")[1:])
        log = request["filter"].split('logName:"')[1].split('"')[0]
        wanted = [e for e in self.entries if first <= e["timestamp"] < beyond and log in e["logName"]]
        if LIST_PRIVATE not in self.granted:
            wanted = [e for e in wanted if "%2Fdata_access" not in e["logName"]]
        start, empty = (int(part) for part in request.get("pageToken", "0.1").split("."))
        if not empty:
            return 200, {"nextPageToken": f"{start}.1"}
        page = {"entries": wanted[start : start + 3]}
        return 200, page | ({"nextPageToken": f"{start + 3}.0"} if start + 3 < len(wanted) else {})


@contextmanager
def running_logging(double: LoggingDouble) -> Iterator[str]:
    """The address of the API."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def do_POST(self) -> None:
            assert self.path.startswith("/v2/entries:list")
            double.before_answer()
            status, body = double.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

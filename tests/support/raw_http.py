"""One HTTP request as it is written, for what a client library would not send or would hide."""

import contextlib
import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit


def send(
    url: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Status and body; a body that is not bytes is sent as JSON. Raises what http.client raises on broken answers."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    host = urlsplit(url).netloc
    with contextlib.closing(HTTPConnection(host, timeout=60)) as connection:
        connection.request(method, path, data, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()


def send_json(
    url: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """The same for answers that are JSON; an empty answer is an empty document."""
    status, text = send(url, method, path, body, headers)
    return status, json.loads(text or b"{}")

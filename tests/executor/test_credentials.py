"""Application Default Credentials against a token server of our own: one refresh for all that were refused."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from executor.credentials import ApplicationDefault
from executor.storage import Storage
from executor.transport import Transport
from executor_bench import Bench
from hand_made_plan import SOURCE

REQUESTS = 40


@contextmanager
def token_server() -> Iterator[tuple[str, list[str]]]:
    """Its address, and the tokens that it has given so far."""
    given: list[str] = []

    class Tokens(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            given.append(f"token-{len(given) + 1}")
            body = json.dumps({"access_token": given[-1], "expires_in": 3600, "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Tokens) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/token", given
        server.shutdown()


def private_key() -> str:
    """A key made for this test, in the form of a service account's."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.private_bytes(*form).decode()


def test_many_refused_requests_share_one_refresh(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.seed("archives/a")
    with token_server() as (address, given):
        account = {
            "type": "service_account",
            "client_email": "mover@lake.iam.gserviceaccount.com",
            "project_id": "lake",
        }
        known = tmp_path / "adc.json"
        known.write_text(json.dumps({**account, "private_key": private_key(), "token_uri": address}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(known))

        async def ask() -> int:
            async with Transport(bench.server.url, ApplicationDefault(), "run") as transport:
                storage = Storage(transport)
                await storage.get_object(SOURCE, "archives/a")
                # All of them are on their way with the first token when the service begins to refuse it.
                bench.fault("error", "objects.get", status=401, count=REQUESTS)
                found = await asyncio.gather(*(storage.get_object(SOURCE, "archives/a") for _ in range(REQUESTS)))
                return sum(one is not None for one in found)

        assert asyncio.run(ask()) == REQUESTS
    assert given == ["token-1", "token-2"]

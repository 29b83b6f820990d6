"""Starting and stopping the server: in the foreground for the command line, or in a process of its own.

with running_server() as server:
    os.environ["STORAGE_EMULATOR_HOST"] = server.url
    server.control("POST", "faults", {"kind": "lost-response", "operation": "objects.rewrite"})
    before = server.control("GET", "state")
"""

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import msgspec

from thermocline.errors import ThermoclineError

HOST = "127.0.0.1"
_START_TIMEOUT_S = 30


@dataclass(frozen=True)
class Server:
    """A running server: where it is, and its control API."""

    url: str
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, compare=False)

    def control(self, method: str, what: str, body: Any = None, **params: str) -> Any:
        """Call `/sandbox/<what>` (see `control.py`); returns the decoded answer, raises OSError on an error answer."""
        query = f"?{urlencode(params)}" if params else ""
        data = None if body is None else msgspec.json.encode(body)
        request = Request(f"{self.url}/sandbox/{what}{query}", data=data, method=method)  # noqa: S310 - our own server
        with urlopen(request, timeout=300) as answer:  # noqa: S310 - our own server
            return msgspec.json.decode(answer.read())

    def kill(self) -> None:
        """SIGKILL, for tests of what survives it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def serve(port: int, directory: Path | None = None, on_ready: Callable[[str], None] = lambda _url: None) -> None:
    """Serve until SIGINT or SIGTERM; port 0 takes a free one. `on_ready` is told the address."""
    asyncio.run(_serve(port, directory, on_ready))


@contextlib.contextmanager
def running_server(directory: Path | None = None, port: int = 0) -> Iterator[Server]:
    """A server in a process of its own; it ends with the context, and with this process even if that is killed."""
    command = [sys.executable, "-m", "thermocline.sandbox.server.run", str(port)]
    command += [str(directory)] if directory is not None else []
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module
    try:
        yield Server(*_await_ready(process), process)
    finally:
        process.terminate()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _await_ready(process: subprocess.Popen[bytes]) -> tuple[str, int]:
    line = process.stdout.readline().decode().strip() if process.stdout is not None else ""
    if not line.startswith("http"):
        raise ThermoclineError("the sandbox server did not start", "see its error output above")
    return line, int(line.rpartition(":")[2])


async def _serve(port: int, directory: Path | None, on_ready: Callable[[str], None]) -> None:
    from aiohttp import web

    from thermocline.sandbox.server.app import SandboxApp
    from thermocline.sandbox.server.store import Store

    store = Store(directory)
    # Millions of stored objects make full collections slow, and nothing here leaves cycles behind.
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    runner = web.ServerRunner(SandboxApp(store).server(), shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, backlog=1024)
    try:
        await site.start()
    except OSError as error:
        raise ThermoclineError(
            f"cannot listen on {HOST}:{port} ({error.strerror})", "choose another --port, or 0 for a free one"
        ) from None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    bound = runner.addresses[0][1]
    on_ready(f"http://{HOST}:{bound}")
    await stop.wait()
    await runner.cleanup()
    store.journal.close()


def _main() -> None:
    """The child of `running_server`: announces its address, and ends when its parent's pipe closes."""

    def announce(url: str) -> None:
        sys.stdout.write(url + "\n")
        sys.stdout.flush()
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _end_with_parent)

    serve(int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None, announce)


def _end_with_parent() -> None:
    if not os.read(sys.stdin.fileno(), 1):
        signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    _main()

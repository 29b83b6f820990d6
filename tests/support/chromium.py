"""A headless Chromium, driven over its own debugging protocol: what a reader's browser makes of a page."""

import asyncio
import contextlib
import itertools
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

MISSING = "chromium is not installed: apt-get install chromium (.ci/run does)"
# Long enough for a first start on a busy machine; how fast a browser starts is not what is tested.
SETTLE_SECONDS = 120


@dataclass
class Seen:
    """What a page did while it was loaded, and what an expression in it evaluated to."""

    value: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    screenshot: bytes = b""
    pdf: bytes = b""


class Browser:
    """One browser process; every `look` opens a tab of its own."""

    def __init__(self, port: int) -> None:
        self._port = port

    def look(
        self,
        page: Path,
        expression: str = "document.title",
        *,
        scheme: str = "light",
        media: str = "screen",
        width: int = 1100,
        height: int = 900,
        screenshot: bool = False,
        pdf: bool = False,
    ) -> Seen:
        """Open a file, evaluate `expression` in it (its value must be JSON), and say what happened."""
        assert page.is_file(), f"there is no page {page}"  # a browser would show its own
        steps = {"screenshot": screenshot, "pdf": pdf}
        return asyncio.run(self._look(page.resolve().as_uri(), expression, scheme, media, (width, height), steps))

    async def _look(
        self, address: str, expression: str, scheme: str, media: str, size: tuple[int, int], steps: dict[str, bool]
    ) -> Seen:
        import base64

        root = f"http://127.0.0.1:{self._port}"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            async with session.put(f"{root}/json/new?about:blank") as answer:
                tab = await answer.json()
            try:
                async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    wire = _Wire(socket)
                    for domain in ("Page", "Network", "Log", "Runtime"):
                        await wire.call(f"{domain}.enable")
                    features = [{"name": "prefers-color-scheme", "value": scheme}]
                    await wire.call("Emulation.setEmulatedMedia", media=media, features=features)
                    await wire.call(
                        "Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1,
                        mobile=False,
                    )  # fmt: skip
                    await wire.call("Page.navigate", url=address)
                    await wire.event("Page.loadEventFired")
                    answered = await wire.call("Runtime.evaluate", expression=expression, returnByValue=True)
                    if "exceptionDetails" in answered:
                        raise AssertionError(answered["exceptionDetails"])
                    seen = Seen(answered["result"].get("value"), wire.requests, wire.complaints)
                    if steps["screenshot"]:
                        shot = await wire.call("Page.captureScreenshot", captureBeyondViewport=True)
                        seen.screenshot = base64.b64decode(shot["data"])
                    if steps["pdf"]:
                        printed = await wire.call("Page.printToPDF", preferCSSPageSize=True)
                        seen.pdf = base64.b64decode(printed["data"])
                    return seen
            finally:
                async with session.get(f"{root}/json/close/{tab['id']}") as answer:
                    await answer.read()


class _Wire:
    """Calls and events on one tab's socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._events: list[str] = []
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._receive()
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return dict(message["result"])

    async def event(self, method: str) -> None:
        while method not in self._events:
            await self._receive()

    async def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=60)
        parameters = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                self.complaints.append(str(parameters))
            case str(name):
                self._events.append(name)
        return message


@contextlib.contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser with a profile of its own; skips the test where none is installed."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip(MISSING)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", "--remote-debugging-port=0",
             f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield Browser(_port_of(process, Path(profile)))
        finally:
            process.terminate()
            process.wait()


def _port_of(process: "subprocess.Popen[bytes]", profile: Path) -> int:
    deadline = time.monotonic() + SETTLE_SECONDS
    file = profile / "DevToolsActivePort"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"chromium ended with {process.returncode}")
        if file.exists() and len(lines := file.read_text().splitlines()) > 1:
            return int(lines[0])
        time.sleep(0.05)
    raise AssertionError("chromium does not answer")

"""A sandbox server for the executor's tests: one process a module, emptied before each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from executor_bench import Bench
from thermocline.sandbox.server.run import Server, running_server


@pytest.fixture(scope="module")
def sandbox_server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def bench(sandbox_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty server and an empty folder; STORAGE_EMULATOR_HOST names the server."""
    sandbox_server.control("POST", "reset")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", sandbox_server.url)
    made = Bench(sandbox_server, tmp_path)
    made.bucket()
    return made

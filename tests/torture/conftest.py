"""One sandbox server for all tortures of a worker; each world empties it first."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from thermocline.sandbox.server.run import Server, running_server
from torture_world import World


@pytest.fixture(scope="session")
def torture_server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def fast_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill of a process does not need a disk, and thousands of fsyncs do."""
    memory = Path("/dev/shm")  # noqa: S108 - only the place is fixed, the folder's name is not
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="thermocline-torture-") as folder:
        yield Path(folder)


@pytest.fixture
def new_world(torture_server: Server, fast_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], World]:
    """Make a fresh world; the number is its seed, or simply tells worlds of one test apart."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", torture_server.url)
    # Thousands of short runs would mostly wait for this.
    monkeypatch.setattr("executor.feeding.PATIENCE_SECONDS", 0.002)
    return lambda seed: World(torture_server, fast_disk / f"world-{seed}", seed)

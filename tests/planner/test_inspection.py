"""`plan generate --inspect` asks a real server what else would break, and whose the target names are."""

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from small_catalogue import BUCKET, write_catalogue
from thermocline.cli.app import run
from thermocline.sandbox.server.run import Server, running_server


def call(server: Server, method: str, path: str, body: Any) -> dict[str, Any]:
    """One JSON call to the server."""
    request = Request(  # noqa: S310 - our own server
        server.url + path,
        data=json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        found: dict[str, Any] = json.loads(answer.read())
        return found


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small catalogue of BUCKET."""
    return write_catalogue(tmp_path_factory.mktemp("inspect") / "catalogue.duckdb")


def generate(catalogue: Path, folder: Path) -> int:
    plan = folder / "plan.json"
    return run(["plan", "generate", "--env", "prod", "--catalogue", str(catalogue), "--output", str(plan), "--inspect",
                "--no-report"])  # fmt: skip


def test_the_bucket_tells_what_breaks(
    catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"action": {"type": "Delete"}, "condition": {"age": 400, "matchesPrefix": ["archive/old/"]}}
    with running_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        call(server, "POST", "/storage/v1/b?project=analytics-prod", {
            "name": BUCKET, "location": "EUROPE-WEST1", "lifecycle": {"rule": [rule]}, "versioning": {"enabled": True},
        })  # fmt: skip
        call(server, "POST", f"/storage/v1/b/{BUCKET}/notificationConfigs", {
            "topic": "//pubsub.googleapis.com/projects/analytics-prod/topics/archived",
            "object_name_prefix": "archive/", "payload_format": "JSON_API_V1",
        })  # fmt: skip

        assert generate(catalogue, tmp_path) == 0

    plan = json.loads((tmp_path / "plan.json").read_bytes())
    moves = {move["use_case"]: move for phase in plan["phases"] for move in phase["moves"]}
    found = "\n".join(moves["archive"]["breakages"])
    for said in ("topics/archived", "archive/old/", "versioning is on"):
        assert said in found
    assert "topics/archived" not in "\n".join(moves["history"]["breakages"])
    capsys.readouterr()


def test_a_name_that_somebody_else_has_is_refused(
    catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        call(server, "POST", "/storage/v1/b?project=analytics-prod", {"name": BUCKET})
        # A bucket of another organisation answers 403: it exists, and may not be looked at.
        call(server, "POST", "/sandbox/faults", {
            "kind": "denied", "operation": "buckets.get", "bucket": "archive-bucket-prod", "count": -1,
            "permission": "storage.buckets.get",
        })  # fmt: skip

        assert generate(catalogue, tmp_path) == 2

    said = capsys.readouterr().err
    assert "archive-bucket-prod exists already" in said
    assert "bucket_mappings.yaml" in said
    assert not (tmp_path / "plan.json").exists()

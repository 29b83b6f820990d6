"""A user's mistake gets one line that says what to do, and the exit code of the design."""

import json
from pathlib import Path

import pytest

from judged_lake import Judged
from thermocline.cli.app import run


def complaint(capsys: pytest.CaptureFixture[str], code: int, *arguments: str | Path) -> str:
    """The one error line of a command that must fail with `code`."""
    assert run([str(argument) for argument in arguments]) == code
    out, err = capsys.readouterr()
    assert out == "", "a failed command prints no data"
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, err
    return errors[0]


def test_a_log_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    message = complaint(capsys, 2, "ingest", "logs", tmp_path / "nothing.json", "--catalogue", tmp_path / "c.duckdb")

    assert "nothing.json" in message


def test_an_inventory_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = tmp_path / "nothing.csv"
    message = complaint(capsys, 2, "ingest", "inventory", missing, "--catalogue", tmp_path / "c.duckdb")

    assert "nothing.csv" in message


def test_a_catalogue_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    message = complaint(capsys, 2, "subfolders", "--catalogue", tmp_path / "nothing.duckdb")

    assert "nothing.duckdb" in message
    assert "ingest" in message


def test_a_bucket_that_the_catalogue_does_not_know(capsys: pytest.CaptureFixture[str], judged: Judged) -> None:
    message = complaint(capsys, 2, "subfolders", "--bucket", "data-buket", "--catalogue", judged.catalogue)

    assert "data-buket" in message
    assert judged.lake.bucket in message


def test_broken_yaml_is_named_with_its_line(capsys: pytest.CaptureFixture[str], judged: Judged, tmp_path: Path) -> None:
    broken = tmp_path / "mappings.yaml"
    broken.write_text("source_bucket: b\nmappings: {archives: [\n", encoding="utf-8")

    message = complaint(
        capsys, 2, "plan", "generate", "--catalogue", judged.catalogue, "--env", "prod", "--mappings", broken
    )

    assert "mappings.yaml" in message
    assert "line" in message


def test_an_unapproved_phase_is_not_executed(capsys: pytest.CaptureFixture[str], judged: Judged) -> None:
    message = complaint(capsys, 5, "execute", judged.plan, "--phase", "1")

    assert "plan approve" in message


def test_a_plan_edited_after_its_approval_is_refused(
    capsys: pytest.CaptureFixture[str], judged: Judged, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_bytes(judged.plan.read_bytes())
    assert run(["plan", "approve", str(plan), "--phase", "1", "--by", "owner@example.com", "--yes"]) == 0
    capsys.readouterr()
    document = json.loads(plan.read_bytes())
    move = next(move for phase in document["phases"] if phase["phase"] == 1 for move in phase["moves"])
    move["migration"]["target_bucket"] = "somewhere-else"
    plan.write_text(json.dumps(document), encoding="utf-8")

    message = complaint(capsys, 5, "execute", plan, "--phase", "1")

    assert "edited" in message
    assert "approve" in message


def test_a_plan_that_is_no_plan(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"schema_version": 1', encoding="utf-8")

    assert "plan.json" in complaint(capsys, 2, "execute", plan)


def test_a_phase_that_the_plan_does_not_have(capsys: pytest.CaptureFixture[str], judged: Judged) -> None:
    message = complaint(capsys, 2, "execute", judged.plan, "--phase", "9")

    assert "9" in message

"""`thermocline plan …` as a user types it: on a small catalogue, made through the real migrations."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.catalogue import Catalogue
from small_catalogue import BUCKET, write_catalogue
from thermocline.cli.app import run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with one analysed bucket, and its plan beside it."""
    folder = tmp_path_factory.mktemp("made")
    path = write_catalogue(folder / "catalogue.duckdb")
    command = ["plan", "generate", "--env", "prod", "--catalogue", str(path), "--output", str(folder / "plan.json")]
    assert run([*command, "--no-report"]) == 0
    return folder


@pytest.fixture
def catalogue(made: Path, tmp_path: Path) -> Path:
    """A copy of the catalogue, to read or to spoil."""
    return Path(shutil.copy(made / "catalogue.duckdb", tmp_path))


@pytest.fixture
def plan(made: Path, tmp_path: Path) -> Path:
    """A copy of its plan."""
    return Path(shutil.copy(made / "plan.json", tmp_path))


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def thermocline(*arguments: str | Path) -> int:
    return run([str(argument) for argument in arguments])


def test_generate_writes_the_plan_and_the_priority_report(
    catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out" / "plan.json"
    code = thermocline("plan", "generate", "--env", "prod", "--catalogue", catalogue, "--output", path, "--json")
    out, err = capsys.readouterr()

    assert code == 0
    overview = json.loads(out)
    assert overview["plan"] == str(path)
    assert document(path)["source_bucket"] == BUCKET
    assert {Path(each).name for each in overview["reports"]} == {"priority.html", "priority.md"}
    assert all(Path(each).is_file() for each in overview["reports"])
    assert "plan approve" in err


def test_generate_twice_makes_the_same_bytes(catalogue: Path, tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in paths:
        assert thermocline("plan", "generate", "--env", "prod", "--catalogue", catalogue, "--output", path) == 0

    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_plan_says_which_files_there_are(catalogue: Path, tmp_path: Path) -> None:
    names = [*(f"archive/{n}.parquet" for n in range(6)), *(f"archive/y.{letter}" for letter in "abcd")]
    names += ["archive/deep/er/x.JSON.gz", "archive/deep/", "archive/README", "archive.csv"]
    with Catalogue.create_or_migrate(catalogue) as opened:
        opened.connection.execute("DELETE FROM object")
        opened.connection.executemany(
            "INSERT INTO object (snapshot_date, bucket, name, size) VALUES ('2026-10-31', ?, ?, 1)",
            [[BUCKET, name] for name in names],
        )
    path = tmp_path / "plan.json"
    assert thermocline("plan", "generate", "--env", "prod", "--catalogue", catalogue, "--output", path) == 0

    formats = {move["use_case"]: move.get("formats") for phase in document(path)["phases"] for move in phase["moves"]}
    # Five by name, the rest as one; what has no extension is other, too. Folder markers are no files.
    assert formats["archive"] == {"parquet": 6, "a": 1, "b": 1, "c": 1, "d": 1, "other": 2}
    assert formats["history"] == {}


def test_generate_needs_an_environment(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert thermocline("plan", "generate", "--catalogue", catalogue) == 2
    assert "--env" in capsys.readouterr().err


def test_what_if_options_reach_the_plan(catalogue: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    code = thermocline("plan", "generate", "--env", "prod", "--catalogue", catalogue, "--output", path, "--no-report",
                       "--exclude", "tiny", "--pin", "archive=2", "--target-class", "history=NEARLINE")  # fmt: skip

    assert code == 0
    places = {move["use_case"]: phase["phase"] for phase in document(path)["phases"] for move in phase["moves"]}
    assert "tiny" not in places
    assert places["archive"] == 2
    assert not (tmp_path / "priority.md").exists()


def test_show_prints_data_on_stdout(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert thermocline("plan", "show", plan) == 0
    assert "archive-bucket-prod" in capsys.readouterr().out
    assert thermocline("plan", "show", plan, "--json") == 0
    assert json.loads(capsys.readouterr().out) == document(plan)
    assert thermocline("plan", "show", plan, "--use-case", "archive") == 0
    assert "Step 6" in capsys.readouterr().out
    assert thermocline("plan", "show", plan, "--use-case", "archiv") == 2
    assert "did you mean `archive`" in capsys.readouterr().err


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What the person at the terminal types."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_approve_asks_for_the_number_of_the_phase(
    plan: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "y\n")
    assert thermocline("plan", "approve", plan, "--phase", "1", "--by", "owner@example.com") == 2
    assert "nothing was approved" in capsys.readouterr().err
    assert document(plan)["phases"][0]["approval"] is None

    typed(monkeypatch, "1\n")
    assert thermocline("plan", "approve", plan, "--phase", "1", "--by", "owner@example.com", "--note", "agreed") == 0
    said = capsys.readouterr().err
    for figure in ("moves", "objects", " a month becomes $", " once;", "!"):
        assert figure in said
    approval = document(plan)["phases"][0]["approval"]
    assert (approval["by"], approval["note"]) == ("owner@example.com", "agreed")


def test_approve_without_a_terminal_needs_yes(
    plan: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "")
    assert thermocline("plan", "approve", plan, "--phase", "1", "--by", "owner@example.com") != 0
    assert document(plan)["phases"][0]["approval"] is None
    assert thermocline("plan", "approve", plan, "--phase", "1", "--by", "owner@example.com", "--yes") == 0
    assert document(plan)["phases"][0]["approval"] is not None
    capsys.readouterr()


def test_check_finds_drift(plan: Path, catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert thermocline("plan", "check", plan, "--catalogue", catalogue) == 0
    with Catalogue.create_or_migrate(catalogue) as opened:
        opened.connection.execute("UPDATE snapshot_detail SET evidence_digest = 'sha256:later'")
        opened.connection.execute("UPDATE subfolder SET bytes = bytes * 2 WHERE subfolder = 'archive'")
    capsys.readouterr()

    assert thermocline("plan", "check", plan, "--catalogue", catalogue, "--json") == 6
    found = json.loads(capsys.readouterr().out)
    assert [(drift["use_case"], drift["kind"]) for drift in found["drift"]] == [("archive", "size")]


def test_check_finds_edits_of_what_was_approved(
    plan: Path, catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert thermocline("plan", "approve", plan, "--phase", "1", "--by", "owner@example.com", "--yes") == 0
    edited = document(plan)
    edited["phases"][0]["moves"][0]["migration"]["target_bucket"] = "elsewhere"
    plan.write_text(json.dumps(edited), encoding="utf-8")

    for command in (("plan", "check", plan, "--catalogue", catalogue), ("execute", plan, "--phase", "1")):
        assert thermocline(*command) == 5
        assert "edited after owner@example.com approved it" in capsys.readouterr().err


def test_diff_says_what_changed(
    plan: Path, catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    thermocline("plan", "generate", "--env", "prod", "--catalogue", catalogue, "--output", other, "--exclude", "tiny")
    capsys.readouterr()

    assert thermocline("plan", "diff", plan, other, "--json") == 0
    changes = json.loads(capsys.readouterr().out)
    assert [(change["use_case"], change["kind"]) for change in changes] == [("tiny", "removed")]
    assert thermocline("plan", "diff", plan, plan) == 0
    assert "the same" in capsys.readouterr().err


def test_export_to_stdout_and_to_a_file(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert thermocline("plan", "export", plan, "--format", "terraform") == 0
    text = capsys.readouterr().out
    target = tmp_path / "buckets.tf"
    assert thermocline("plan", "export", plan, "--format", "terraform", "--output", target) == 0
    assert target.read_text(encoding="utf-8") == text
    assert thermocline("plan", "export", plan, "--format", "schema") == 0
    assert json.loads(capsys.readouterr().out)["$schema"]
    assert thermocline("plan", "export", plan, "--format", "pulumi") == 2


def test_a_bucket_that_nobody_analysed(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert thermocline("plan", "generate", "--env", "prod", "--bucket", "lake-prd", "--catalogue", catalogue) == 2
    assert f"did you mean `{BUCKET}`" in capsys.readouterr().err


def test_a_day_before_any_analysis(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert thermocline("plan", "generate", "--env", "prod", "--as-of", "2020-01-01", "--catalogue", catalogue) == 2
    assert "2020-01-01" in capsys.readouterr().err

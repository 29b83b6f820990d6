"""The commands that show verdicts, on a small scenario."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import scenarios
from pseudo_terminal import at_a_terminal
from scenario_play import fill
from thermocline.cli.app import run
from thermocline.cli.subfolder_screen import bars

CONTRACT = {
    *("subfolder", "objects", "bytes", "temperature", "isolation", "pattern", "readers", "writers"),
    *("last_read_at", "last_write_at", "read_days_30", "write_days_30", "coverage_days", "reasons"),
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    path = fill(scenarios.load(scenarios.SCENARIOS / "external-import.yaml"), folder)
    assert run(["analyze", "--catalogue", str(path), "--as-of", "2026-09-30"]) == 0
    assert run(["analyze", "--catalogue", str(path)]) == 0
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert run([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def read_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    return json.loads(said(capsys, *arguments, "--json"))


def test_subfolders_speak_the_contract(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = read_json(capsys, "subfolders", "--catalogue", catalogue)
    assert set(row) >= CONTRACT
    assert (row["subfolder"], row["temperature"], row["read_days_30"]) == ("partner_exports", "hot", 30)


def test_one_subfolder_on_one_screen(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    screen = said(capsys, "subfolders", "partner_exports", "--catalogue", catalogue)
    for part in (
        "hot",
        "excellent isolation",
        "size by class and age",
        "access per week",
        "consumers",
        "360 times on 120 days, last 2026-10-31",
        "█",
        "exporter@partner-prod",
        "why",
    ):
        assert part in screen
    assert "temperature, hot: read on 120 days of 120" in screen


def test_the_table_names_every_subfolder(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "partner_exports" in said(capsys, "subfolders", "--catalogue", catalogue)


def test_consumers_hold_listers_too(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roles = {(row["subfolder"], row["role"]) for row in read_json(capsys, "consumers", "--catalogue", catalogue)}
    assert roles == {("partner_exports", "reader"), ("partner_exports", "writer"), ("(whole bucket)", "lister")}


def test_an_earlier_day_is_judged_by_what_was_known_then(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (earlier,) = read_json(capsys, "subfolders", "--snapshot", "1", "--catalogue", catalogue)
    assert earlier["coverage_days"] == 120 - 31
    assert earlier["last_read_at"].startswith("2026-09-30")


def test_boundaries_stay_and_nothing_drifts_while_the_use_stays(
    catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = read_json(capsys, "drift", "--catalogue", catalogue)
    assert (found["before"]["as_of"], found["after"]["as_of"]) == ("2026-09-30", "2026-10-31")
    assert found["changes"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["analyze", "--bucket", "nobody"], 2, "knows nothing of bucket nobody: it knows data-bucket-prod"),
        (["analyze", "--as-of", "yesterday"], 2, "--as-of yesterday is no date: write it as YYYY-MM-DD"),
        (["subfolders", "partner_export"], 2, "did you mean `partner_exports`?"),
        (["subfolders", "--bucket", "other"], 2, "holds no analysis of bucket other"),
        (["subfolders", "--snapshot", "9"], 2, "no snapshot 9"),
        (["drift", "--since", "2026-01-01"], 2, "no snapshot before number 2 as of 2026-01-01"),
    ],
)
def test_mistakes_get_one_line_and_the_next_step(
    arguments: list[str], code: int, message: str, catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--catalogue", str(catalogue)]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_analysing_nothing_leaves_no_catalogue_behind(tmp_path: Path) -> None:
    assert run(["analyze", "--catalogue", str(tmp_path / "none.duckdb")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_bars_show_everything_above_zero() -> None:
    assert bars([0, 1, 50, 100]) == " ▁▄█"
    assert bars([]) == ""


def test_a_narrow_terminal_gets_whole_words(catalogue: Path) -> None:
    arguments = ("-m", "thermocline", "subfolders", "partner_exports", "--catalogue", str(catalogue))
    screen = re.sub(r"\x1b\[[0-9;]*m", "", at_a_terminal(*arguments, COLUMNS="60", NO_COLOR="1")).splitlines()
    assert max(map(len, screen)) <= 60
    words = " ".join(line.strip() for line in screen)
    assert "exporter@partner-prod (python) writes here (120 days)" in words
    assert "hot (high confidence)" in words

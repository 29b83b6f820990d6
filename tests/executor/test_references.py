"""The code change of a move: written and recorded by `execute`, applied by a person, taken back by `rollback`."""

import json
import subprocess
from pathlib import Path

import pytest

from executor.journal import Journal
from executor.run import journal_path_of
from executor_bench import Bench
from hand_made_plan import SOURCE, move, plan_of, write_approved
from thermocline.cli.app import run

FIRST = f'import pandas as pd\n\nFRAME = pd.read_csv("gs://{SOURCE}/archives/a.csv")\n'
SECOND = f'import pandas as pd\n\nFRAME = pd.read_csv("gs://{SOURCE}/other/b.csv")\n'


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def code(bench: Bench, tmp_path: Path) -> Path:
    """A checkout that reads two folders, and an approved plan that moves both."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "first.py").write_text(FIRST)
    (folder / "second.py").write_text(SECOND)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "start")
    bench.seed("archives/a.csv", "other/b.csv")
    moves = [
        move("archives", source_path="archives/", target_path="old/", target_bucket="archive-bucket-dev"),
        move("other", source_path="other/", target_path="", target_bucket="other-bucket-dev"),
    ]
    write_approved(plan_of(moves), bench.plan)
    return folder


def thermocline(*words: str | Path) -> int:
    return run([str(word) for word in words])


def recorded(bench: Bench, number: int) -> dict[str, object]:
    with Journal.read(journal_path_of(bench.plan)) as journal:
        return [step for step in journal.steps(number) if step.kind == "patch"][-1].detail


def roll_back(bench: Bench, *more: str | Path) -> int:
    return thermocline("rollback", bench.plan, "--use-case", "all", "--confirm", "2", *more)


def test_executing_writes_and_records_the_diffs_and_leaves_the_checkout_alone(bench: Bench, code: Path) -> None:
    assert thermocline("execute", bench.plan, "--checkout", code) == 0

    assert git(code, "status", "--porcelain") == ""
    for number, name in ((1, "archives"), (2, "other")):
        diff = bench.directory / f"plan.{name}.diff"
        assert recorded(bench, number)["diff"] == str(diff)
        git(code, "apply", str(diff))
    assert "gs://archive-bucket-dev/old/a.csv" in (code / "first.py").read_text()
    assert "gs://other-bucket-dev/b.csv" in (code / "second.py").read_text()


def test_a_rollback_takes_back_what_was_applied_in_the_checkout_that_it_is_given(bench: Bench, code: Path) -> None:
    thermocline("execute", bench.plan, "--checkout", code)
    git(code, "apply", str(bench.directory / "plan.archives.diff"), str(bench.directory / "plan.other.diff"))
    git(code, "commit", "-qam", "patched")

    assert roll_back(bench, "--checkout", code) == 0

    assert (code / "first.py").read_text() == FIRST
    assert (code / "second.py").read_text() == SECOND


def test_without_a_checkout_the_rollback_says_how(bench: Bench, code: Path, capsys: pytest.CaptureFixture[str]) -> None:
    thermocline("execute", bench.plan, "--checkout", code)
    git(code, "apply", str(bench.directory / "plan.other.diff"))

    assert roll_back(bench) == 0

    assert f"git -C {code} apply {bench.directory / 'plan.other.reverse.diff'}" in capsys.readouterr().err
    assert "other-bucket-dev" in (code / "second.py").read_text()


@pytest.mark.parametrize("trouble", ["never applied", "diff edited", "tree dirty"])
def test_a_tree_that_the_diff_does_not_fit_is_left_alone(
    bench: Bench, code: Path, trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    thermocline("execute", bench.plan, "--checkout", code)
    if trouble != "never applied":
        git(code, "apply", str(bench.directory / "plan.archives.diff"), str(bench.directory / "plan.other.diff"))
        git(code, "commit", "-qam", "patched")
    if trouble == "diff edited":
        for name in ("archives", "other"):
            (bench.directory / f"plan.{name}.reverse.diff").write_text("")
    if trouble == "tree dirty":
        (code / "first.py").write_text("half a thought\n")
    before = {path.name: path.read_text() for path in code.glob("*.py")}

    assert roll_back(bench, "--checkout", code) == 0

    assert "the code was left alone" in capsys.readouterr().err
    assert {path.name: path.read_text() for path in code.glob("*.py")} == before


def test_a_checkout_that_is_not_there_is_told_before_anything_is_copied(
    bench: Bench, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert thermocline("execute", bench.plan, "--checkout", code / "nowhere", "--json") == 2

    assert "no checkout at" in capsys.readouterr().err
    assert "archive-bucket-dev" not in json.dumps(bench.server.control("GET", "state"))

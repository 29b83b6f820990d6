"""`thermocline patch` on the sandbox lake's code, from a plan to a changed checkout, and back."""

import json
import subprocess
from pathlib import Path

import pytest

from hand_made_plan import move, plan_of
from judged_lake import thermocline
from planner import planfile
from thermocline.cli.app import run
from thermocline.sandbox.lake import DOCUMENT_NAMES
from thermocline.sandbox.lake.checkout_files import write_checkout


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


SOURCE = "data-bucket-prod"
MOVES = [
    {"source_path": "historization/", "target_bucket": "archive-bucket-prod", "target_path": "archives/"},
    {"source_path": "QPI_historical/", "target_bucket": "seed-data-bucket-prod", "target_path": "QPI_historical/"},
    {"source_path": "QPI_mapping/", "target_bucket": "seed-data-bucket-prod", "target_path": "QPI_mapping/"},
    {"source_path": "bigquery_imports/seed/", "target_bucket": "seed-data-bucket-prod", "target_path": ""},
    {"source_path": "base32-encode/", "target_bucket": "shared-utilities-bucket-prod", "target_path": ""},
    {"source_path": "QPI_exports/", "target_bucket": "qpi-import-bucket-prod", "target_path": "imports/"},
    {"source_path": "dms_export/", "target_bucket": "dms-staging-bucket-prod", "target_path": "staging/"},
]


def test_a_plan_changes_the_code_of_all_its_moves_and_the_way_back_is_exact(tmp_path: Path) -> None:
    moves = [move(one["source_path"].strip("/").replace("/", "_"), source_bucket=SOURCE, **one) for one in MOVES]
    plan = tmp_path / "plan.json"
    planfile.write(plan_of(moves, env="prod"), plan)
    code, diffs = write_checkout(tmp_path / "lake", DOCUMENT_NAMES), tmp_path / "diffs"
    git(code, "init", "-q")
    git(code, "add", ".")
    git(code, "commit", "-qm", "start")

    words: list[str | Path] = ["patch", plan, "--checkout", code, "--output", diffs]
    written = json.loads(thermocline(*words, "--apply", "--json"))["patches"]
    assert [one["use_case"] for one in written if not one["complete"]] == []
    assert sum(one["references"] for one in written) == sum(one["rewritten"] for one in written) > 50
    assert (diffs / f"01-{written[0]['use_case']}.diff").read_text(encoding="utf-8") == written[0]["diff"]

    shown = thermocline("references", code, "--bucket", SOURCE, "--env", "prod", "--json", "--fresh").splitlines()
    still = {json.loads(line)["prefix"] for line in shown if json.loads(line)["kind"] == "code"}
    assert still
    assert not [prefix for prefix in still if prefix.startswith(tuple(one["source_path"] for one in MOVES))]

    # A second run finds a changed tree, and refuses to mix with it.
    assert run([str(word) for word in [*words, "--apply"]]) == 2
    git(code, "commit", "-qam", "patched")
    thermocline("patch", plan, "--checkout", code, "--output", diffs, "--reverse", "--apply")
    assert git(code, "diff", "HEAD~1") == ""


def test_bad_input_ends_with_one_line_and_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["references", str(tmp_path / "missing")]) == 2
    settings = tmp_path / "thermocline.toml"
    settings.write_text('[[references.sink]]\ncall = "x"\nroel = "write"\n', encoding="utf-8")
    assert run(["references", str(tmp_path), "--settings", str(settings)]) == 2
    assert run(["patch", str(tmp_path / "plan.json"), "--checkout", str(tmp_path)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert "no checkout at" in errors[0]
    assert "did you mean `role`?" in errors[1]


def test_wrong_words_are_answered_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.json"
    planfile.write(plan_of([move("dms", source_bucket=SOURCE, **MOVES[-1])], env="prod"), plan)
    words = ["patch", str(plan), "--checkout", str(tmp_path)]
    assert run([*words, "--partly"]) == 2
    assert run([*words, "--output", str(plan)]) == 2
    assert run([*words, "--use-case", "nothing"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    for error, said in zip(errors, ("add --apply", "name another --output", "moves of this plan: dms"), strict=True):
        assert said in error


def test_a_sink_of_the_users_own_is_followed(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    source = "from company.reports import Sender\n\nSender().publish('lake', 'reports/weekly.html')\n"
    (code / "job.py").write_text(source, encoding="utf-8")
    settings = tmp_path / "thermocline.toml"
    settings.write_text(
        '[[references.sink]]\ncall = "Sender.publish"\nrole = "write"\nbucket = "bucket@0"\nprefix = "path@1"\n',
        encoding="utf-8",
    )
    words: list[str | Path] = ["references", code, "--json", "--fresh"]
    assert thermocline(*words) == ""
    (line,) = thermocline(*words, "--settings", settings).splitlines()
    found = json.loads(line)
    assert (found["bucket"], found["prefix"], found["role"]) == ("lake", "reports/weekly.html", "write")
    assert found["provenance"] == [{"file": "job.py", "line": 3}]

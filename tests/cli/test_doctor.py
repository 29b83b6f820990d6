"""`doctor` finds damage in each of our own files, and only damage."""

import json
import sqlite3
from pathlib import Path

import pytest

from judged_lake import Judged
from thermocline.cli.app import run


def examine(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """The exit code and the findings of `thermocline doctor --json`."""
    code = run(["doctor", *(str(argument) for argument in arguments), "--json"])
    return code, json.dumps(json.loads(capsys.readouterr().out))


def test_sound_files(capsys: pytest.CaptureFixture[str], judged: Judged) -> None:
    assert examine(capsys, judged.plan, "--catalogue", judged.catalogue) == (0, "[]")


def test_a_catalogue_with_a_damaged_block(capsys: pytest.CaptureFixture[str], judged: Judged, tmp_path: Path) -> None:
    damaged = tmp_path / "catalogue.duckdb"
    content = bytearray(judged.catalogue.read_bytes())
    # DuckDB keeps 12 KiB of headers, then blocks; every byte of the first blocks is covered by a checksum.
    content[12288 + 1000 : 12288 + 262144 * 3] = bytes(262144 * 3 - 1000)
    damaged.write_bytes(content)

    code, found = examine(capsys, "--catalogue", damaged)

    assert code == 1
    assert "catalogue.duckdb" in found


def test_a_file_that_is_no_catalogue(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stranger = tmp_path / "catalogue.duckdb"
    stranger.write_text("not a database", encoding="utf-8")

    code, found = examine(capsys, "--catalogue", stranger)

    assert (code, "catalogue.duckdb" in found) == (1, True)


def test_a_plan_edited_by_hand(capsys: pytest.CaptureFixture[str], judged: Judged, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    document = json.loads(judged.plan.read_bytes())
    document["phases"][0]["moves"][0]["objects"] += 1
    plan.write_text(json.dumps(document), encoding="utf-8")

    code, found = examine(capsys, plan, "--catalogue", judged.catalogue)

    assert code == 1
    assert "edited" in found


def test_a_journal_that_claims_the_impossible(
    capsys: pytest.CaptureFixture[str], judged: Judged, tmp_path: Path
) -> None:
    from executor.journal import Journal

    journal = tmp_path / "journal.sqlite"
    Journal.open(journal, plan_id="p").close()
    assert examine(capsys, judged.plan, "--catalogue", judged.catalogue, "--journal", journal) == (0, "[]")
    with sqlite3.connect(journal) as database:
        database.execute(
            "INSERT INTO move (use_case, phase, digest, source_bucket, target_bucket, state)"
            " VALUES ('archives', 1, 'd', 's', 't', 'cleaned')"
        )
        database.execute(
            "INSERT INTO item (item_id, move_id, segment, source, generation, metageneration, target, size, crc32c,"
            " state, after, wanted) VALUES (1, 1, 0, 'a', 1, 1, 'a', 1, 'AAAAAA==', 'copied', 'deleted', x'7b7d')"
        )

    code, found = examine(capsys, judged.plan, "--catalogue", judged.catalogue, "--journal", journal)

    assert code == 1
    assert "never verified" in found


def test_a_torn_journal(capsys: pytest.CaptureFixture[str], judged: Judged, tmp_path: Path) -> None:
    from executor.journal import Journal

    journal = tmp_path / "journal.sqlite"
    Journal.open(journal, plan_id="p").close()
    content = bytearray(journal.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    journal.write_bytes(content)

    code, _ = examine(capsys, judged.plan, "--catalogue", judged.catalogue, "--journal", journal)

    assert code == 1

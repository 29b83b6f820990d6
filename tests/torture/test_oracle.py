"""The oracle can see: each of its rules blames a history that breaks it, and none blames a faithful one."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from oracle import MARKER, Oracle, judge_deletions, judge_journal, missing_copies

Event = dict[str, Any]


def event(kind: str, bucket: str, name: str, generation: int, sha: str, run: str = "", marker: str = "") -> Event:
    fields = {"metadata": {MARKER: marker}} if marker else {}
    return {
        "kind": kind,
        "bucket": bucket,
        "name": name,
        "generation": generation,
        "sha256": sha,
        "fields": fields,
        "run": run,
    }


SOURCE = event("written", "s", "a", 1, "one")
COPY = event("written", "t", "a", 2, "one", "run", "plan/1")
GONE = event("deleted", "s", "a", 1, "one", "run")
BACK = event("deleted", "t", "a", 2, "one", "run", "plan/1")
THEIRS = event("written", "t", "a", 2, "theirs")


def findings(*history: Event, objects: dict[str, dict[str, int]]) -> list[str]:
    buckets = {
        bucket: {"objects": [{"name": name, "generation": str(held)} for name, held in names.items()]}
        for bucket, names in objects.items()
    }
    return Oracle({"s"}).judge(list(history), {"buckets": buckets}).faults


def test_a_faithful_history_is_not_blamed() -> None:
    assert findings(SOURCE, COPY, objects={"s": {"a": 1}, "t": {"a": 2}}) == []
    assert findings(SOURCE, COPY, GONE, objects={"s": {}, "t": {"a": 2}}) == []
    assert findings(SOURCE, COPY, BACK, objects={"s": {"a": 1}, "t": {}}) == []


@pytest.mark.parametrize(
    ("history", "objects", "blame"),
    [
        ([SOURCE, GONE], {"s": {}}, "no copy of it existed"),
        ([SOURCE, event("written", "t", "a", 2, "one"), GONE], {"s": {}, "t": {"a": 2}}, "no copy of it existed"),
        ([SOURCE, {**COPY, "sha256": "two"}], {"s": {"a": 1}, "t": {"a": 2}}, "not those of source generation 1"),
        ([SOURCE, {**COPY, "fields": {}}], {"s": {"a": 1}, "t": {"a": 2}}, "without a marker"),
        ([THEIRS, event("overwritten", "t", "a", 2, "theirs", "run")], {"t": {}}, "not written by us"),
        ([SOURCE, event("overwritten", "s", "a", 1, "one", "run")], {"s": {}}, "overwrote a source object"),
        ([event("written", "s", "a", 3, "new", "run")], {"s": {"a": 3}}, "never held"),
        ([SOURCE], {"s": {"a": 9}}, "disagree"),
        ([SOURCE, COPY, {**GONE, "run": ""}, BACK], {"s": {}, "t": {}}, "the only copy"),
    ],
)
def test_every_rule_can_blame(history: list[Event], objects: dict[str, dict[str, int]], blame: str) -> None:
    [said] = findings(*history, objects=objects)
    assert blame in said


def journal(path: Path, *rows: tuple[Any, ...]) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE move (move_id, source_bucket, target_bucket, state)")
        db.execute("CREATE TABLE item (move_id, source, generation, target, state, target_generation, after)")
        db.execute("INSERT INTO move VALUES (1, 's', 't', 'verified')")
        db.executemany("INSERT INTO item VALUES (1, ?, ?, ?, ?, ?, ?)", [(*row, "", "")[:6] for row in rows])
        db.commit()
    return path


def test_the_journal_is_held_against_the_server(tmp_path: Path) -> None:
    state = {"buckets": {"t": {"objects": [{"name": "a", "generation": "2"}]}}}
    assert judge_journal(journal(tmp_path / "1", ("a", 1, "a", "verified", 2)), state, finished=True) == []
    [absent] = judge_journal(journal(tmp_path / "2", ("a", 1, "a", "verified", 3)), state, finished=True)
    assert "is not that generation" in absent
    [still] = judge_journal(journal(tmp_path / "3", ("a", 1, "a", "started", 2)), state, finished=True)
    assert "not a terminal state" in still
    twice = journal(tmp_path / "4", ("a", 1, "a", "verified", 2), ("a", 1, "b", "skipped", None))
    assert any("planned twice" in said for said in judge_journal(twice, state, finished=True))


@pytest.mark.parametrize(
    ("row", "blamed"),
    [
        (("a", 1, "a", "verified", 2, "deleting"), False),
        (("a", 1, "a", "verified", 2, "deleted"), False),
        (("a", 1, "a", "verified", 2), True),
        (("a", 1, "a", "verified", 2, "kept"), True),
        (("a", 1, "a", "copied", 2, "deleted"), True),
        (("a", 7, "a", "verified", 2, "deleted"), True),
        (("b", 1, "b", "verified", 2, "deleted"), True),
    ],
)
def test_a_deletion_is_held_against_the_journal(tmp_path: Path, row: tuple[Any, ...], blamed: bool) -> None:
    path = journal(tmp_path / "j", row)
    said = judge_deletions([path], [SOURCE, COPY, GONE, BACK], {"s"})
    assert bool(said) is blamed
    assert judge_deletions([path], [SOURCE, COPY, {**GONE, "run": ""}], {"s"}) == []


def test_missing_and_unfaithful_copies_are_named() -> None:
    held = {"name": "p/a", "generation": "1", "sha256": "x", "timeCreated": "T", "metadata": {"k": "v"}}
    copy = {**held, "name": "a", "customTime": "T", "metadata": {"k": "v", MARKER: "plan/1"}}

    def wrong(**changes: Any) -> list[str]:
        objects = [{**copy, **changes}]
        return missing_copies({"buckets": {"s": {"objects": [held]}, "t": {"objects": objects}}}, "s", "p/", "t")

    assert wrong() == []
    assert wrong(name="b") == ["p/a: no t/a"]
    assert wrong(sha256="y") == ["p/a: sha256 differs"]
    assert wrong(contentType="text/csv") == ["p/a: contentType differs"]
    assert wrong(customTime="U") == ["p/a: customTime differs"]
    assert wrong(metadata={MARKER: "plan/9"}) == ["p/a: metadata differs", "p/a: marker differs"]

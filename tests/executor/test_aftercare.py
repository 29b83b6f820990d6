"""Observe, clean up, roll back: what each may do, and what it must leave alone."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.catalogue import Catalogue
from analysis.touches import Touch, Touches
from executor.aftercare import Aftermath, cleanup, observe, rollback
from executor.cleanup import Doomed
from executor.errors import GuardRefused, ValidationMismatch
from executor.journal import Journal
from executor.quiet import silence
from executor.reading import Selection
from executor.rollback import Undone
from executor.run import journal_path_of, status
from executor.settings import ExecutorSettings
from executor_bench import QUICK, Bench
from hand_made_plan import SOURCE, move, plan_of, write_approved

TARGET = "cold-archive-bucket-dev"
NAMES = [f"archives/{number:03}" for number in range(105)]
RULES = {"rule": [{"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 365}}]}
GRANT = {"role": "roles/storage.objectViewer", "member": "user:analyst@example.com", "reason": "reads it"}


def migrate(bench: Bench, *names: str, **migration: Any) -> None:
    """A verified move of these (or 105) objects."""
    bench.seed(*(names or NAMES), contentType="text/csv", metadata={"team": "data"}, storageClass="NEARLINE")
    fixed = {
        "source_path": "archives/",
        "target_bucket": TARGET,
        "storage_class": "COLDLINE",
        "lifecycle_policy": RULES,
    }
    settings = {"iam": [GRANT]}
    write_approved(plan_of([move("archives", **(fixed | {"settings": settings} | migration))]), bench.plan)
    assert bench.execute().exit_code == 0


def be_quiet(bench: Bench) -> None:
    """What `observe` writes down when the logs show nobody."""
    with Journal.open(journal_path_of(bench.plan), plan_id="plan-by-hand") as journal:
        [found] = journal.moves()
        journal.update_move(found.move_id, state="quiet", quiet_since="2026-11-01")


def clean(bench: Bench, confirm: Callable[[list[Any]], bool] = lambda _: True, **options: Any) -> Aftermath[Doomed]:
    return asyncio.run(cleanup(bench.plan, Selection(), confirm, settings=QUICK, **options))


def take_back(bench: Bench, use_case: str = "all") -> Aftermath[Undone]:
    return asyncio.run(rollback(bench.plan, Selection(use_case=use_case), lambda _: True, settings=QUICK))


def content(objects: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str, str, str]]:
    return {
        name: (one["crc32c"], one["size"], one["contentType"], one["storageClass"]) for name, one in objects.items()
    }


# Cleanup


def test_a_verified_move_that_was_never_observed_is_not_cleaned_up(bench: Bench) -> None:
    migrate(bench)

    with pytest.raises(GuardRefused, match="observe"):
        clean(bench)
    assert len(bench.objects(SOURCE)) == 105


def test_a_quiet_move_is_cleaned_up_by_generation(bench: Bench) -> None:
    migrate(bench)
    bench.seed("archives_old/kept")
    be_quiet(bench)
    before = bench.objects(SOURCE)

    found = clean(bench)

    assert (found.exit_code, found.moves[0].state, found.moves[0].deleted) == (0, "cleaned", 105)
    assert sorted(bench.objects(SOURCE)) == ["archives_old/kept"]
    assert len(bench.objects(TARGET)) == 105
    removed = {(one["name"], int(one["generation"])) for one in bench.removals()}
    assert removed == {(name, int(before[name]["generation"])) for name in NAMES}
    assert any("soft delete" in text for text in found.details[0].notes)


def test_nothing_is_deleted_without_the_right_count(bench: Bench) -> None:
    migrate(bench)
    be_quiet(bench)
    seen = []

    def refuse(doomed: list[Any]) -> bool:
        seen.append(doomed[0].objects)
        return False

    with pytest.raises(GuardRefused, match="not confirmed"):
        clean(bench, refuse)
    with pytest.raises(GuardRefused, match="--max-delete"):
        clean(bench, max_delete=104)
    assert seen == [105]
    assert bench.removals() == []


def test_an_object_that_changes_after_verification_survives(bench: Bench) -> None:
    migrate(bench)
    be_quiet(bench)

    def meanwhile(_doomed: list[Any]) -> bool:
        bench.seed("archives/007", seed="written at the last moment")
        bench.api("PATCH", f"/storage/v1/b/{SOURCE}/o/archives%2F008", {"contentType": "text/html"})
        return True

    found = clean(bench, meanwhile)

    assert sorted(bench.objects(SOURCE)) == ["archives/007", "archives/008"]
    assert (found.exit_code, found.moves[0].state) == (3, "cleaning")
    assert found.details[0].kept == {"changed since verification": 2}


def test_a_source_that_changed_before_is_refused_as_a_whole(bench: Bench) -> None:
    migrate(bench)
    be_quiet(bench)
    bench.seed("archives/new")

    with pytest.raises(GuardRefused, match="new or changed"):
        clean(bench)
    assert bench.removals() == []


def test_a_broken_copy_stops_the_cleanup(bench: Bench) -> None:
    migrate(bench)
    be_quiet(bench)
    bench.seed("007", bucket=TARGET, seed="somebody wrote here")

    with pytest.raises(ValidationMismatch):
        clean(bench)
    assert bench.removals() == []


def test_holds_are_respected(bench: Bench) -> None:
    migrate(bench)
    bench.api("PATCH", f"/storage/v1/b/{SOURCE}/o/archives%2F001", {"temporaryHold": True})
    assert bench.execute().exit_code == 0
    be_quiet(bench)

    found = clean(bench)

    assert sorted(bench.objects(SOURCE)) == ["archives/001"]
    assert found.details[0].kept == {"under a hold": 1}


def test_young_sources_stay_for_retention_days(bench: Bench) -> None:
    old = (datetime.now(UTC) - timedelta(days=40)).isoformat()
    bench.seed("archives/old", timeCreated=old)
    migrate(bench, "archives/young", retention_days=30)
    be_quiet(bench)

    clean(bench)

    assert sorted(bench.objects(SOURCE)) == ["archives/young"]


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("lost-response", {"count": 1}),
        ("error", {"status": 503, "count": 2}),
        ("reset", {"count": 1}),
        ("cut-response", {"count": 1}),
    ],
)
@pytest.mark.parametrize("operation", ["batch", "objects.delete"])
def test_faults_of_the_service_delete_nothing_twice(
    bench: Bench, kind: str, facts: dict[str, Any], operation: str
) -> None:
    migrate(bench)
    be_quiet(bench)
    bench.fault(kind, operation, **facts)

    found = clean(bench)
    if found.exit_code == 3:
        found = clean(bench)

    bench.server.control("DELETE", "faults")
    assert found.moves[0].state == "cleaned"
    assert bench.objects(SOURCE) == {}
    assert len(bench.removals()) == 105
    assert len(bench.objects(TARGET)) == 105


# Rollback


def test_a_rollback_before_cleanup_leaves_the_world_as_it_was(bench: Bench) -> None:
    migrate(bench)
    before = bench.objects(SOURCE)

    found = take_back(bench)

    assert (found.exit_code, found.moves[0].state) == (0, "rolled-back")
    assert bench.objects(SOURCE) == before
    assert TARGET not in bench.server.control("GET", "state")["buckets"]


def test_what_somebody_changed_or_wrote_at_the_target_survives_a_rollback(bench: Bench) -> None:
    migrate(bench)
    bench.seed("001", bucket=TARGET, seed="edited after cutover")
    bench.seed("report", bucket=TARGET)
    bench.api("PATCH", f"/storage/v1/b/{TARGET}/o/002", {"metadata": {"note": "mine"}})

    found = take_back(bench)

    assert sorted(bench.objects(TARGET)) == ["001", "002", "report"]
    assert len(bench.objects(SOURCE)) == 105
    assert found.details[0].foreign == 2
    resource = bench.api("GET", f"/storage/v1/b/{TARGET}")
    assert resource.get("lifecycle", {}).get("rule", []) == []
    policy = bench.api("GET", f"/storage/v1/b/{TARGET}/iam")
    assert all("analyst@example.com" not in str(binding) for binding in policy["bindings"])


def test_a_copy_whose_source_is_gone_is_never_removed(bench: Bench) -> None:
    migrate(bench)
    bench.api("DELETE", f"/storage/v1/b/{SOURCE}/o/archives%2F005")

    found = take_back(bench)

    assert sorted(bench.objects(TARGET)) == ["005"]
    assert found.details[0].kept == {"the source is gone: this is the only copy": 1}


def test_a_rollback_after_cleanup_restores_from_soft_delete(bench: Bench) -> None:
    migrate(bench)
    before = bench.objects(SOURCE)
    be_quiet(bench)
    clean(bench)

    found = take_back(bench)

    assert found.exit_code == 0
    assert found.details[0].restored == {"from soft delete": 105}
    assert content(bench.objects(SOURCE)) == content(before)
    assert TARGET not in bench.server.control("GET", "state")["buckets"]


def test_without_soft_delete_it_copies_back(bench: Bench) -> None:
    bench.api("PATCH", f"/storage/v1/b/{SOURCE}", {"softDeletePolicy": {"retentionDurationSeconds": "0"}})
    migrate(bench)
    before = bench.objects(SOURCE)
    be_quiet(bench)
    clean(bench)

    found = take_back(bench)

    assert found.details[0].restored == {"from copy": 105}
    after = bench.objects(SOURCE)
    assert content(after) == content(before)
    assert all(one["metadata"] == {"team": "data"} for one in after.values())


def test_with_versions_it_takes_the_noncurrent_one(bench: Bench) -> None:
    bench.api(
        "PATCH",
        f"/storage/v1/b/{SOURCE}",
        {"versioning": {"enabled": True}, "softDeletePolicy": {"retentionDurationSeconds": "0"}},
    )
    migrate(bench)
    before = bench.objects(SOURCE)
    be_quiet(bench)
    clean(bench)

    found = take_back(bench)

    assert found.details[0].restored == {"from version": 105}
    assert content(bench.objects(SOURCE)) == content(before)


def test_what_was_written_at_the_old_place_since_is_not_overwritten_by_a_restore(bench: Bench) -> None:
    migrate(bench)
    be_quiet(bench)
    clean(bench)
    bench.seed("archives/003", seed="a late writer")
    late = bench.objects(SOURCE)["archives/003"]

    found = take_back(bench)

    assert found.exit_code == 3
    assert bench.objects(SOURCE)["archives/003"] == late
    assert "003" in bench.objects(TARGET)


def test_a_move_that_was_rolled_back_can_be_migrated_again(bench: Bench) -> None:
    migrate(bench)
    be_quiet(bench)
    clean(bench)
    take_back(bench)

    again = bench.execute()

    assert (again.exit_code, again.moves[0].state, again.moves[0].verified) == (0, "verified", 105)


def test_a_rollback_spares_the_bucket_and_the_grants_of_other_moves(bench: Bench) -> None:
    bench.seed("archives/a", "seeds/b")
    settings = {"iam": [GRANT]}
    moves = [
        move("archives", source_path="archives/", target_bucket=TARGET, target_path="x/", settings=settings),
        move("seeds", source_path="seeds/", target_bucket=TARGET, target_path="y/", settings=settings),
    ]
    write_approved(plan_of(moves), bench.plan)
    assert bench.execute().exit_code == 0

    take_back(bench, "archives")

    assert sorted(bench.objects(TARGET)) == ["y/b"]
    assert "analyst@example.com" in str(bench.api("GET", f"/storage/v1/b/{TARGET}/iam"))
    assert bench.execute(Selection(use_case="seeds")).moves[0].verified == 1


@pytest.mark.parametrize("second_bucket", [TARGET, "seeds-bucket-dev"])
def test_a_rollback_of_several_moves_holds_the_lock_for_each(bench: Bench, second_bucket: str) -> None:
    bench.seed("archives/a", "seeds/b")
    moves = [
        move("archives", source_path="archives/", target_bucket=TARGET, target_path="x/"),
        move("seeds", source_path="seeds/", target_bucket=second_bucket, target_path="y/"),
    ]
    write_approved(plan_of(moves), bench.plan)
    assert bench.execute().exit_code == 0

    # Without its lock an executor removes nothing.
    undone = take_back(bench)

    assert (undone.exit_code, [one.removed for one in undone.details]) == (0, [1, 1])
    assert set(bench.server.control("GET", "state")["buckets"]) == {SOURCE}


def test_a_rollback_of_a_half_done_run_finds_copies_whose_answer_was_lost(bench: Bench) -> None:
    migrate(bench, "archives/a", "archives/b")
    with Journal.open(journal_path_of(bench.plan), plan_id="plan-by-hand") as journal, journal.transaction() as db:
        db.execute("UPDATE item SET state = 'started', target_generation = NULL")

    take_back(bench)

    assert TARGET not in bench.server.control("GET", "state")["buckets"]


# Observe


VERIFIED = date(2026, 11, 1)


def touch(day: date, kind: str = "consumer") -> Touch:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Touch("job@p.iam.gserviceaccount.com", "python", "", "read", kind, 3, at, at, "archives/", ("dags/a.py:7",))


def days(first: date, count: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=number) for number in range(count))


@pytest.mark.parametrize(
    ("found", "quiet", "word"),
    [
        (Touches((), days(VERIFIED, 31), ()), True, "quiet for 30"),
        (Touches((), days(VERIFIED, 30), ()), False, "29 of 30"),
        (Touches((), (), ()), False, "no logs"),
        (Touches((), days(VERIFIED, 10) + days(VERIFIED + timedelta(days=11), 30), ()), False, "unknown is not quiet"),
        (Touches((touch(date(2026, 11, 5)),), days(VERIFIED, 31), ()), False, "of 30"),
        (Touches((touch(date(2026, 11, 5)),), days(VERIFIED, 36), ()), True, "quiet for 31"),
        (Touches((touch(date(2026, 11, 5), "maintenance"),), days(VERIFIED, 31), ()), True, "quiet for 30"),
    ],
)  # fmt: skip
def test_silence_is_counted_in_days_that_the_logs_cover(found: Touches, quiet: bool, word: str) -> None:
    judged = silence(found, VERIFIED, 30)

    assert judged.quiet is quiet
    assert word in judged.reason


@pytest.mark.parametrize("needed", [0, -5])
def test_a_plan_that_asks_for_no_quiet_days_gets_one(needed: int) -> None:
    for covered, quiet in ((0, False), (1, False), (2, True)):
        assert silence(Touches((), days(VERIFIED, covered), ()), VERIFIED, needed).quiet is quiet


def catalogue_with(path: Path, verified: date, count: int, readers: list[tuple[int, str, str]]) -> None:
    """A catalogue whose logs cover `count` days from `verified`, with reads (day number, principal, agent)."""
    with Catalogue.create_or_migrate(path) as catalogue, catalogue.transaction() as db:
        for day in days(verified, count):
            db.execute("INSERT INTO coverage VALUES (?, ?, 'data_read', 10)", [day, SOURCE])
        for number, principal, agent in readers:
            day = verified + timedelta(days=number)
            facts = {"bucket": SOURCE, "folder": "archives/deep/", "day": day, "principal": principal, "agent": agent}
            facts |= {"delegation": "", "key_name": "", "job": "", "op": "read", "outcome": "ok", "copied_to": ""}
            insert(db, "access", **facts, source="audit", events=1, objects=1, first_at=day, last_at=day)
        place = {"bucket": SOURCE, "prefix": "archives/", "role": "read", "file": "dags/report.py", "line": 12}
        insert(db, "code_reference", checkout="c", kind="code", **place)


def insert(db: Any, table: str, **row: Any) -> None:
    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))  # noqa: S608


def watch(bench: Bench, catalogue: Path, settings: ExecutorSettings = QUICK) -> Any:
    with Catalogue.open(catalogue) as opened:
        [found] = asyncio.run(observe(bench.plan, Selection(), opened, settings=settings))
    return found


@pytest.mark.parametrize("broken", [False, True])
def test_a_hook_hears_of_late_readers_and_one_that_fails_is_mentioned(
    bench: Bench, tmp_path: Path, broken: bool
) -> None:
    migrate(bench, observe_days=5)
    today = datetime.now(UTC).date()
    catalogue_with(tmp_path / "busy.duckdb", today, 7, [(4, "late@example.com", "python")])
    said, script = tmp_path / "said", tmp_path / "hook.py"
    words = "os.environ['THERMOCLINE_USE_CASE'] + os.environ['THERMOCLINE_USERS']"
    script.write_text(f"import os; open({str(said)!r}, 'w').write({words})")
    hook = "http://127.0.0.1:1/" if broken else f"{sys.executable} {script}"

    found = watch(bench, tmp_path / "busy.duckdb", msgspec.structs.replace(QUICK, on_late_reader=hook))

    assert found.state == "verified"
    if broken:
        assert any("webhook" in text for text in found.notes)
    else:
        assert (said.read_text(), found.notes) == ("archiveslate@example.com", ())


def test_observe_lets_a_quiet_move_be_cleaned_up(bench: Bench, tmp_path: Path) -> None:
    migrate(bench, observe_days=5)
    today = datetime.now(UTC).date()
    catalogue_with(tmp_path / "quiet.duckdb", today, 7, [(3, "us@example.com", "thermocline")])

    found = watch(bench, tmp_path / "quiet.duckdb")

    assert (found.state, found.silence.days) == ("quiet", 6)
    assert clean(bench).exit_code == 0


def test_observe_names_a_late_reader_and_its_code(bench: Bench, tmp_path: Path) -> None:
    migrate(bench, observe_days=5)
    be_quiet(bench)
    today = datetime.now(UTC).date()
    catalogue_with(tmp_path / "busy.duckdb", today, 7, [(4, "late@example.com", "python")])

    found = watch(bench, tmp_path / "busy.duckdb")

    assert (found.state, [one.principal for one in found.silence.users]) == ("verified", ["late@example.com"])
    assert found.silence.code == ("dags/report.py:12",)
    with pytest.raises(GuardRefused):
        clean(bench)
    assert "quiet for 2 of 5" in status(bench.plan)[0].notes[0]

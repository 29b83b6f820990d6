"""`execute` on the sandbox server: what must be true afterwards, judged by the server's own state."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from executor.buckets import refuse_reckless_rules
from executor.errors import ApprovalNeeded, BucketRefused, ExecutorLocked, JournalBroken, MoveRefused, PlanEdited
from executor.objects import MARKER
from executor.reading import Selection
from executor.run import journal_path_of, status
from executor_bench import QUICK, Bench
from hand_made_plan import HANDED_OVER, SOURCE, move, plan_of, write_approved
from planner.errors import InvalidPlanInput
from planner.planfile import write

TARGET = "cold-archive-bucket-dev"
NAMES = [
    "archives/a",
    "archives//b",
    "archives/c/",
    "archives/d/../e",
    "archives/f #?%2F",
    "archives/é\u202e/x",
    "archives/=cmd()",
]
LIFECYCLE = {"rule": [{"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 365}}]}


def archive(**more: object) -> dict[str, object]:
    return {
        "source_path": "archives/",
        "target_bucket": TARGET,
        "storage_class": "COLDLINE",
        "lifecycle_policy": LIFECYCLE,
    } | more


def approve_archive(bench: Bench, **more: object) -> None:
    write_approved(plan_of([move("archives", **archive(**more))]), bench.plan)


def relative(name: str) -> str:
    return name.removeprefix("archives/")


def assert_copied(bench: Bench, names: list[str]) -> None:
    """Source untouched, and every name at the target with the same content."""
    source, target = bench.objects(SOURCE), bench.objects(TARGET)
    assert {relative(name) for name in names} <= set(target)
    for name in names:
        copy = target[relative(name)]
        assert (copy["crc32c"], copy["size"]) == (source[name]["crc32c"], source[name]["size"])
    assert [one for one in bench.removals() if one["bucket"] == SOURCE] == []


def test_everything_is_copied_with_its_metadata_and_nothing_is_deleted(bench: Bench) -> None:
    bench.seed(
        *NAMES, contentType="text/csv", cacheControl="no-store", metadata={"team": "data"}, contentEncoding="gzip"
    )
    bench.seed("archives_old/x")
    approve_archive(bench)

    result = bench.execute()

    assert result.exit_code == 0
    assert [(one.state, one.planned, one.copied, one.verified) for one in result.moves] == [("verified", 7, 7, 7)]
    assert_copied(bench, NAMES)
    target = bench.objects(TARGET)
    assert len(target) == len(NAMES)
    copy, source = target["a"], bench.objects(SOURCE)["archives/a"]
    assert (copy["contentType"], copy["cacheControl"], copy["contentEncoding"]) == ("text/csv", "no-store", "gzip")
    assert (copy["metadata"]["team"], copy["storageClass"]) == ("data", "COLDLINE")
    assert copy["customTime"] == source["timeCreated"]
    assert bench.removals() == []


def test_the_bucket_is_as_planned_and_its_lifecycle_comes_last(bench: Bench) -> None:
    bench.seed("archives/a")
    approve_archive(bench, labels={"team": "data"}, settings={"versioning": True, "default_storage_class": "NEARLINE"})

    bench.execute()

    resource = bench.api("GET", f"/storage/v1/b/{TARGET}")
    assert (resource["location"], resource["storageClass"], resource["versioning"]["enabled"]) == (
        "EUROPE-WEST1",
        "NEARLINE",
        True,
    )
    assert resource["labels"] == {"team": "data", "managed-by": "thermocline"}
    assert resource["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"] is True
    assert resource["lifecycle"] == LIFECYCLE


def test_running_again_changes_nothing(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.execute()
    before = bench.objects(TARGET)

    again = bench.execute()

    assert again.exit_code == 0
    assert bench.objects(TARGET) == before
    assert [(one.planned, one.verified) for one in again.moves] == [(7, 7)]


def test_a_run_without_its_journal_knows_its_own_copies(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.execute()
    before = bench.objects(TARGET)
    journal_path_of(bench.plan).unlink()

    again = bench.execute()

    assert (again.exit_code, again.moves[0].verified) == (0, 7)
    assert bench.objects(TARGET) == before


FAULTS = [
    ("error", "objects.rewrite", {"status": 503, "count": 7}),
    ("error", "objects.rewrite", {"status": 429, "reason": "rateLimitExceeded", "count": 7}),
    ("lost-response", "objects.rewrite", {"count": 7}),
    ("reset", "objects.rewrite", {"count": 7}),
    ("cut-response", "objects.rewrite", {"count": 7}),
    ("expired-token", "objects.rewrite", {"count": 1}),
    ("lost-response", "buckets.insert", {"count": 1}),
    ("lost-response", "objects.insert", {"count": 1}),
    ("lost-response", "buckets.patch", {"count": 1}),
    ("cut-response", "objects.list", {"count": 1}),
    ("page-truncated", "objects.list", {"count": 3}),
    ("page-duplicated", "objects.list", {"count": 3}),
    ("page-empty", "objects.list", {"count": 3}),
]


@pytest.mark.parametrize(("kind", "operation", "facts"), FAULTS)
def test_a_fault_of_the_service_loses_and_doubles_nothing(
    bench: Bench, kind: str, operation: str, facts: dict[str, object]
) -> None:
    names = [f"archives/{number:03}" for number in range(120)]
    bench.seed(*names)
    bench.server.control("POST", "settings", {"page_size": 50})
    approve_archive(bench)
    bench.fault(kind, operation, **facts)

    result = bench.execute()

    bench.server.control("DELETE", "faults")
    bench.server.control("POST", "settings", {"page_size": 1000})
    assert (result.exit_code, result.moves[0].verified) == (0, 120), result.moves[0]
    assert_copied(bench, names)
    assert len(bench.objects(TARGET)) == 120
    assert bench.removals() == []


def test_a_wrong_checksum_is_a_mismatch_and_the_next_run_mends_it(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.fault("wrong-checksum", "objects.rewrite", count=1)

    first = bench.execute()
    second = bench.execute()

    assert (first.exit_code, first.moves[0].state, first.moves[0].failed) == (4, "mismatch", 1)
    assert any("checksum" in text for text in first.moves[0].failures)
    assert (second.exit_code, second.moves[0].verified) == (0, 7)
    assert_copied(bench, NAMES)


def test_what_others_put_at_the_target_is_never_overwritten(bench: Bench) -> None:
    bench.seed(*NAMES)
    bench.bucket(TARGET, **HANDED_OVER)
    bench.seed("a", bucket=TARGET, seed="something else")
    bench.seed("/b", bucket=TARGET, seed="archives//b")
    before = bench.objects(TARGET)
    approve_archive(bench)

    foretold = bench.execute(Selection(dry_run=True))
    result = bench.execute()

    assert (foretold.exit_code, foretold.moves[0].conflicts) == (3, 1)
    assert (result.exit_code, result.moves[0].state) == (3, "partial")
    assert (result.moves[0].conflicts, result.moves[0].skipped, result.moves[0].verified) == (1, 1, 5)
    after = bench.objects(TARGET)
    assert {name: after[name] for name in before} == before


def test_an_object_that_is_written_again_is_copied_again(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.execute()
    bench.seed("archives/a", seed="second edition")
    bench.seed("archives/new")

    again = bench.execute()

    assert again.exit_code == 0
    assert_copied(bench, [*NAMES, "archives/new"])
    assert (again.moves[0].verified, again.moves[0].skipped) == (8, 1)


def test_metadata_that_changes_at_the_source_is_copied_again(bench: Bench) -> None:
    bench.seed("archives/a")
    approve_archive(bench)
    bench.execute()
    bench.api("PATCH", f"/storage/v1/b/{SOURCE}/o/archives%2Fa", {"contentType": "text/html"})

    again = bench.execute()

    assert again.exit_code == 0
    assert bench.objects(TARGET)["a"]["contentType"] == "text/html"


def test_a_copy_that_somebody_changed_is_reported_and_kept(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.execute()
    bench.seed("a", bucket=TARGET, seed="edited after cutover")
    before = bench.objects(TARGET)["a"]

    again = bench.execute()

    assert (again.exit_code, again.moves[0].state, again.moves[0].conflicts) == (4, "mismatch", 1)
    assert bench.objects(TARGET)["a"] == before


def test_a_copy_that_somebody_removed_is_made_again(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.execute()
    bench.api("DELETE", f"/storage/v1/b/{TARGET}/o/a")

    assert bench.execute().exit_code == 4
    assert bench.execute().exit_code == 0
    assert_copied(bench, NAMES)


def test_large_objects_are_copied_in_several_calls(bench: Bench) -> None:
    bench.seed("archives/large", size=5 << 20)
    bench.server.control("POST", "settings", {"rewrite_bytes_per_call": 1 << 20})
    approve_archive(bench)
    bench.fault("error", "objects.rewrite", status=503, after=2, count=2)

    result = bench.execute()

    bench.server.control("POST", "settings", {"rewrite_bytes_per_call": 1 << 30})
    assert result.exit_code == 0
    stats = bench.server.control("GET", "stats")
    assert (stats["calls"]["objects.rewrite"], stats["faults_injected"]) == (5, 2)
    assert_copied(bench, ["archives/large"])


def test_a_bucket_of_others_is_not_adopted(bench: Bench) -> None:
    bench.seed("archives/a")
    bench.bucket(TARGET)
    approve_archive(bench)

    result = bench.execute()

    assert result.exit_code == 2
    assert "managed-by=thermocline" in result.moves[0].notes[0]
    assert bench.objects(TARGET) == {}


@pytest.mark.parametrize(
    ("resource", "word"),
    [
        ({"location": "US"}, "planned"),
        ({"retentionPolicy": {"retentionPeriod": "60"}}, "retention"),
        ({"autoclass": {"enabled": True}}, "Autoclass"),
    ],
)
def test_a_bucket_that_is_not_as_planned_is_not_adopted(bench: Bench, resource: dict[str, object], word: str) -> None:
    bench.seed("archives/a")
    bench.bucket(TARGET, **HANDED_OVER, **resource)
    approve_archive(bench)

    result = bench.execute()

    assert result.exit_code == 2
    assert word in result.moves[0].notes[0]


def test_a_failing_move_hides_nothing_of_the_others(bench: Bench) -> None:
    bench.seed("archives/a", "seed/b")
    bench.bucket(TARGET)
    seeds = move("seeds", source_path="seed/", target_bucket="seed-data-bucket-dev")
    write_approved(plan_of([move("archives", **archive())], [seeds]), bench.plan)

    result = bench.execute()

    assert result.exit_code == 3
    assert [(one.use_case, one.state, one.verified) for one in result.moves] == [
        ("archives", "waiting", 0),
        ("seeds", "verified", 1),
    ]


def test_moves_that_share_a_bucket_get_their_lifecycle_when_all_are_verified(bench: Bench) -> None:
    bench.seed("archives/a", *[f"seed/{number}" for number in range(50)])
    rules = {"rule": [{"action": {"type": "SetStorageClass", "storageClass": "COLDLINE"}, "condition": {"age": 90}}]}
    seeds = move("seeds", source_path="seed/", target_bucket=TARGET, target_path="seed/", lifecycle_policy=rules)
    write_approved(plan_of([move("archives", **archive(target_path="old/")), seeds]), bench.plan)
    bench.fault("denied", "objects.rewrite", name="seed/", count=-1, permission="storage.objects.create")

    assert bench.execute(Selection(parallel=2)).exit_code == 3
    assert "lifecycle" not in bench.api("GET", f"/storage/v1/b/{TARGET}")
    bench.server.control("DELETE", "faults")
    assert bench.execute(Selection(parallel=2)).exit_code == 0

    found = bench.api("GET", f"/storage/v1/b/{TARGET}")["lifecycle"]["rule"]
    assert sorted(map(str, found)) == sorted(map(str, rules["rule"] + LIFECYCLE["rule"]))


def test_the_second_of_two_executors_is_refused(bench: Bench) -> None:
    bench.seed("archives/a")
    approve_archive(bench)
    bench.execute()
    held = {"journal": "other", "host": "elsewhere"}
    bench.seed(".thermocline/lock-plan-by-hand", bucket=TARGET, size=0, metadata=held)

    with pytest.raises(ExecutorLocked, match="elsewhere"):
        bench.execute()
    assert bench.execute(take_lock=True).exit_code == 0


def test_two_executors_of_one_journal_are_kept_apart(bench: Bench) -> None:
    from executor.journal import Journal

    bench.seed("archives/a")
    approve_archive(bench)
    with Journal.open(journal_path_of(bench.plan), plan_id="plan-by-hand"), pytest.raises(ExecutorLocked):
        bench.execute()


def test_an_unapproved_plan_is_not_executed_but_may_be_rehearsed(bench: Bench) -> None:
    bench.seed(*NAMES)
    write(plan_of([move("archives", **archive())]), bench.plan)

    with pytest.raises(ApprovalNeeded, match="plan approve"):
        bench.execute()
    foretold = bench.execute(Selection(dry_run=True))
    assert (foretold.exit_code, foretold.moves[0].planned) == (0, 7)
    assert list(bench.directory.iterdir()) == [bench.plan]
    assert TARGET not in bench.server.control("GET", "state")["buckets"]


def test_a_move_that_changed_after_it_began_is_refused(bench: Bench) -> None:
    bench.seed("archives/a")
    approve_archive(bench)
    bench.execute()
    approve_archive(bench, target_path="elsewhere/")

    result = bench.execute()

    assert result.exit_code == PlanEdited.exit_code
    assert "roll it back" in result.moves[0].notes[0]


@pytest.mark.parametrize(("approved", "exit_code"), [(90_000_000, 0), (70_000_000, 6), (140_000_000, 6)])
def test_a_folder_that_is_not_the_approved_one_any_more_is_refused(bench: Bench, approved: int, exit_code: int) -> None:
    bench.seed("archives/a", size=100_000_000)
    one = msgspec.structs.replace(move("archives", **archive()), bytes=approved)
    write_approved(plan_of([one]), bench.plan)

    for _ in range(2):
        result = bench.execute()
        assert result.exit_code == exit_code
        assert len(bench.objects(TARGET)) == (exit_code == 0)
    assert bench.execute(settings=msgspec.structs.replace(QUICK, size_tolerance=0.0)).exit_code == 0


def test_two_moves_that_would_write_one_name_are_refused_before_the_second_copies(bench: Bench) -> None:
    bench.seed("archives/deep/x", "other/x")
    plan = plan_of(
        [move("archives", **archive(include_subfolders=True, lifecycle_policy={"rule": []}))],
        [move("other", source_path="other/", target_bucket=TARGET, target_path="deep/")],
    )
    write_approved(plan, bench.plan)

    result = bench.execute()

    assert [one.state for one in result.moves] == ["verified", "listing"]
    assert any("would both write" in text for text in result.moves[1].notes)


def test_a_missing_permission_stops_the_move_and_is_named(bench: Bench) -> None:
    bench.seed(*[f"archives/{number}" for number in range(300)])
    approve_archive(bench)
    bench.fault("denied", "objects.rewrite", count=-1, permission="storage.objects.create")

    result = bench.execute()
    bench.server.control("DELETE", "faults")

    assert result.exit_code == 1
    assert any("grant storage.objects.create" in text for text in result.moves[0].notes)
    assert bench.server.control("GET", "stats")["faults_injected"] < 150
    assert bench.execute().moves[0].verified == 300


def test_a_journal_of_another_plan_is_refused(bench: Bench, tmp_path: Path) -> None:
    from executor.journal import Journal

    approve_archive(bench)
    with Journal.open(tmp_path / "other.sqlite", plan_id="another") as journal:
        journal.begin_move("elsewhere", 1, "sha256:0", SOURCE, TARGET)

    with pytest.raises(PlanEdited):
        bench.execute(journal_path=tmp_path / "other.sqlite")


def test_a_corrupt_journal_stops_everything(bench: Bench) -> None:
    bench.seed("archives/a")
    approve_archive(bench)
    journal_path_of(bench.plan).write_bytes(b"this is no database, only a long enough text" * 100)

    with pytest.raises(JournalBroken):
        bench.execute()
    assert TARGET not in bench.server.control("GET", "state")["buckets"]


def test_status_reads_the_journal_and_says_what_comes_next(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    assert [(one.state, one.planned) for one in status(bench.plan)] == [("planned", 0)]

    bench.execute()

    assert [(one.state, one.verified) for one in status(bench.plan)] == [("verified", 7)]
    assert "observe" in status(bench.plan)[0].next


def test_the_audit_trail_names_run_object_generation_and_attempt(bench: Bench) -> None:
    bench.seed("archives/a")
    approve_archive(bench)
    result = bench.execute()

    lines = [
        json.loads(line) for line in bench.plan.with_name("plan.json.journal.audit.ndjson").read_text().splitlines()
    ]
    event = next(line for line in lines if line["event"] == "object")
    assert (event["run_id"], event["object"], event["attempt"], event["result"]) == (
        result.run_id,
        "archives/a",
        1,
        "copied",
    )
    assert event["generation"] == int(bench.objects(SOURCE)["archives/a"]["generation"])


def test_an_unknown_use_case_is_named_with_its_nearest(bench: Bench) -> None:
    approve_archive(bench)

    with pytest.raises(MoveRefused, match="did you mean `archives`"):
        bench.execute(Selection(use_case="archive"))


def test_the_journal_says_started_before_the_request(bench: Bench) -> None:
    """With every rewrite held back, the rows of what is in flight must already be durable."""
    bench.seed("archives/a")
    approve_archive(bench)
    bench.fault("held", "objects.rewrite")
    seen: list[tuple[str]] = []

    async def look() -> None:
        from executor.run import run

        task = asyncio.ensure_future(run(bench.plan, Selection()))
        # The event is in another process.
        while bench.server.control("GET", "stats")["faults_injected"] == 0 and not task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        with sqlite3.connect(f"file:{journal_path_of(bench.plan)}?mode=ro", uri=True) as db:
            seen.extend(db.execute("SELECT state FROM item"))
        db.close()
        bench.server.control("DELETE", "faults")
        await task

    asyncio.run(look())
    assert seen == [("started",)]
    assert bench.objects(TARGET)["a"]["metadata"][MARKER]


def test_reckless_lifecycle_rules_are_refused(bench: Bench) -> None:
    bench.seed("archives/a")
    approve_archive(bench, lifecycle_policy={"rule": [{"action": {"type": "Delete"}, "condition": {}}]})

    with pytest.raises(InvalidPlanInput, match="every object at once"):
        bench.execute()

    assert set(bench.server.control("GET", "state")["buckets"]) == {SOURCE}


@pytest.mark.parametrize("condition", [{}, {"age": 0}, {"matchesPrefix": ["archives/"]}, {"age": 0, "isLive": True}])
def test_reckless_rules_are_refused_a_second_time(condition: dict[str, Any]) -> None:
    # Whoever builds definitions without a plan file passes this guard all the same.
    with pytest.raises(BucketRefused, match="every object at once"):
        refuse_reckless_rules(({"action": {"type": "Delete"}, "condition": condition},))

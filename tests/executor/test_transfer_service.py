"""The Storage Transfer Service engine, with the real client, against a local double that copies for real."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import pytest

from executor.aftercare import rollback
from executor.feeding import Stop
from executor.reading import Selection
from executor.results import RunResult
from executor.settings import ExecutorSettings
from executor_bench import QUICK, Bench
from hand_made_plan import HANDED_OVER, SOURCE, move, plan_of, write_approved
from transfer_double import AGENT, Double, transfer_double

TARGET = "cold-archive-bucket-dev"
NAMES = [f"archives/{number:02}" for number in range(20)]
BY_SERVICE = Selection(engine="transfer-service")


@pytest.fixture
def double(bench: Bench) -> Iterator[Double]:
    with transfer_double(bench.server.url) as made:
        yield made


def patient(double: Double) -> ExecutorSettings:
    return msgspec.structs.replace(QUICK, transfer_endpoint=double.url, transfer_poll_seconds=0.01)


def plan(bench: Bench, **more: Any) -> None:
    bench.seed(*NAMES, contentType="text/csv", metadata={"team": "data"})
    fixed = {"source_path": "archives/", "target_path": "old/", "target_bucket": TARGET, "storage_class": "COLDLINE"}
    write_approved(plan_of([move("archives", **(fixed | {"include_subfolders": True} | more))]), bench.plan)


def transfer(bench: Bench, double: Double, **options: Any) -> RunResult:
    return bench.execute(BY_SERVICE, patient(double), **options)


def test_a_job_copies_and_our_own_listing_verifies(bench: Bench, double: Double) -> None:
    plan(bench)
    double.unready = 3

    result = transfer(bench, double)

    assert (result.exit_code, result.moves[0].state, result.moves[0].verified) == (0, "verified", 20), result.moves[0]
    copies = bench.objects(TARGET)
    assert sorted(copies) == [name.replace("archives/", "old/") for name in NAMES]
    assert {(one["storageClass"], one["contentType"]) for one in copies.values()} == {("COLDLINE", "text/csv")}
    assert sorted(bench.objects(SOURCE)) == NAMES
    assert len(double.jobs) == double.runs == 1


def test_the_grants_of_the_service_are_taken_back(bench: Bench, double: Double) -> None:
    plan(bench)
    transfer(bench, double)

    assert all(AGENT in policy for policy in double.policies_seen)
    for bucket in (SOURCE, TARGET):
        assert AGENT not in str(bench.api("GET", f"/storage/v1/b/{bucket}/iam"))


def test_success_with_failures_in_its_counters_is_not_believed(bench: Bench, double: Double) -> None:
    plan(bench)
    double.dropped = {"archives/03"}

    first = transfer(bench, double)
    double.dropped = set()
    second = transfer(bench, double)

    assert (first.exit_code, first.moves[0].state, first.moves[0].failed) == (3, "partial", 1)
    assert any("ended SUCCESS" in text and "1 failed" in text for text in first.moves[0].notes)
    assert (second.exit_code, second.moves[0].verified) == (0, 20)
    assert double.runs == 2


def test_what_stood_at_the_target_is_left_alone(bench: Bench, double: Double) -> None:
    plan(bench)
    bench.bucket(TARGET, **HANDED_OVER)
    bench.seed("old/05", bucket=TARGET, seed="somebody's")
    before = bench.objects(TARGET)["old/05"]

    result = transfer(bench, double)

    assert (result.exit_code, result.moves[0].conflicts, result.moves[0].verified) == (3, 1, 19)
    assert bench.objects(TARGET)["old/05"] == before


def test_a_run_that_is_stopped_in_the_middle_finds_its_job_again(bench: Bench, double: Double) -> None:
    plan(bench)
    double.polls_before_done = 5
    stop = Stop()

    async def first() -> RunResult:
        from executor.run import run

        task = asyncio.ensure_future(run(bench.plan, BY_SERVICE, settings=patient(double), stop=stop))
        while not double.runs:  # noqa: ASYNC110 - the event happens in the double's thread
            await asyncio.sleep(0.005)
        stop.requested = True
        return await task

    assert asyncio.run(first()).exit_code == 130
    result = transfer(bench, double)

    assert (result.exit_code, result.moves[0].verified) == (0, 20)
    assert len(double.jobs) == double.runs == 1
    assert AGENT not in str(bench.api("GET", f"/storage/v1/b/{SOURCE}/iam"))


@pytest.mark.parametrize(
    ("migration", "word"),
    [
        ({"file_types": ["*.csv"]}, "file type"),
        ({"include_subfolders": False}, "subfolders"),
        ({"pattern": "date_partitioned", "partition_pattern": "{YYYYMMDD}/"}, "date"),
    ],
)
def test_what_it_cannot_express_is_refused_with_the_reason(
    bench: Bench, double: Double, migration: dict[str, Any], word: str
) -> None:
    plan(bench, **migration)

    result = transfer(bench, double)

    assert result.exit_code == 2
    assert any(word in text and "--engine rewrite" in text for text in result.moves[0].notes)
    assert double.jobs == {}


def test_what_changes_after_the_job_is_copied_by_rewrite(bench: Bench, double: Double) -> None:
    plan(bench)
    transfer(bench, double)
    bench.seed("archives/07", seed="second edition", contentType="text/csv")

    again = bench.execute(settings=patient(double))

    assert (again.exit_code, again.moves[0].verified) == (0, 20)
    assert bench.objects(TARGET)["old/07"]["crc32c"] == bench.objects(SOURCE)["archives/07"]["crc32c"]


def test_its_copies_can_be_taken_back(bench: Bench, double: Double) -> None:
    plan(bench)
    transfer(bench, double)

    asyncio.run(rollback(bench.plan, Selection(), lambda _: True, settings=QUICK))

    assert TARGET not in bench.server.control("GET", "state")["buckets"]
    assert sorted(bench.objects(SOURCE)) == NAMES


def test_a_custom_time_that_the_service_overwrites_is_put_right_by_rewrite(bench: Bench, double: Double) -> None:
    plan(bench, keep_original_time=True)
    bench.seed("archives/07", "archives/11", customTime="2020-02-02T00:00:00Z", contentType="text/csv")

    result = transfer(bench, double)

    assert (result.exit_code, result.moves[0].verified) == (0, 20), result.moves[0]
    copies, sources = bench.objects(TARGET), bench.objects(SOURCE)
    for number in range(20):
        wanted = "2020-02-02T00:00:00Z" if number in {7, 11} else sources[f"archives/{number:02}"]["timeCreated"]
        assert datetime.fromisoformat(copies[f"old/{number:02}"]["customTime"]) == datetime.fromisoformat(wanted)
    assert bench.server.control("GET", "stats")["calls"]["objects.rewrite"] == 20 + 2


def test_a_move_above_the_size_in_the_settings_is_advised_to_use_it(bench: Bench, double: Double) -> None:
    plan(bench)
    limit = 20 * 100 - 1

    advised = bench.execute(settings=msgspec.structs.replace(patient(double), transfer_service_above_bytes=limit))

    assert any("--engine transfer-service" in text for text in advised.moves[0].notes)
    assert double.jobs == {}


@pytest.mark.parametrize("then", ["execute", "rollback"])
def test_grants_of_a_run_that_was_killed_are_taken_back_by_the_next(bench: Bench, double: Double, then: str) -> None:
    plan(bench)
    double.polls_before_done = 10_000
    settings = bench.directory / "thermocline.toml"
    settings.write_text(f'[executor]\ntransfer_endpoint = "{double.url}"\ntransfer_poll_seconds = 0.05\n')
    words = ["execute", str(bench.plan), "--engine", "transfer-service", "--settings", str(settings)]
    process = subprocess.Popen(
        [sys.executable, "-m", "thermocline", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not double.runs:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert AGENT in str(bench.api("GET", f"/storage/v1/b/{SOURCE}/iam"))
    double.polls_before_done = 0

    if then == "execute":
        result = transfer(bench, double)
        assert (result.exit_code, result.moves[0].verified, double.runs) == (0, 20, 1)
    else:
        asyncio.run(rollback(bench.plan, Selection(), lambda _: True, settings=QUICK))

    assert AGENT not in str(bench.api("GET", f"/storage/v1/b/{SOURCE}/iam"))
    assert sorted(bench.objects(SOURCE)) == NAMES

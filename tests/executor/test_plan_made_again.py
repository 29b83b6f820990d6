"""A plan that is generated again, and a journal that an earlier one began."""

import asyncio

import msgspec
import pytest

from executor.aftercare import cleanup, rollback
from executor.errors import PlanEdited
from executor.reading import Selection
from executor_bench import QUICK, Bench
from hand_made_plan import move, plan_of, write_approved

TARGET = "cold-archive-bucket-dev"
NAMES = [f"archives/{number}" for number in range(7)]


def approve_archive(bench: Bench, *, plan_id: str = "plan-by-hand", **more: object) -> None:
    migration = {"source_path": "archives/", "target_bucket": TARGET} | more
    write_approved(msgspec.structs.replace(plan_of([move("archives", **migration)]), plan_id=plan_id), bench.plan)


def test_a_plan_made_again_carries_the_journal_on_where_the_move_is_the_same(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.execute()
    before = bench.objects(TARGET)
    bench.seed("archives/later")
    approve_archive(bench, plan_id="plan-of-november")

    result = bench.execute()

    assert (result.exit_code, result.moves[0].verified, result.moves[0].skipped) == (0, 8, 0)
    after = bench.objects(TARGET)
    assert {name: after[name] for name in before} == before
    asyncio.run(rollback(bench.plan, Selection(), lambda _: True, settings=QUICK))
    assert TARGET not in bench.server.control("GET", "state")["buckets"]


def test_a_plan_made_again_that_moves_otherwise_is_refused_with_the_way_on(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.execute()
    old = bench.plan.read_bytes()
    approve_archive(bench, plan_id="plan-of-november", target_path="elsewhere/")

    with pytest.raises(PlanEdited, match=r"archives differently.*roll them back.*--journal"):
        bench.execute()
    # The way on: take it back with the file that began it, then the new plan may have the journal.
    new = bench.plan.read_bytes()
    bench.plan.write_bytes(old)
    asyncio.run(rollback(bench.plan, Selection(), lambda _: True, settings=QUICK))
    bench.plan.write_bytes(new)
    result = bench.execute()

    assert (result.exit_code, result.moves[0].verified) == (0, 7)
    assert sorted(bench.objects(TARGET)) == sorted("elsewhere/" + name.removeprefix("archives/") for name in NAMES)


def test_a_changed_plan_neither_cleans_up_nor_rolls_back(bench: Bench) -> None:
    bench.seed(*NAMES)
    approve_archive(bench)
    bench.execute()
    approve_archive(bench, target_path="elsewhere/")
    before = bench.objects(TARGET)

    with pytest.raises(PlanEdited):
        asyncio.run(rollback(bench.plan, Selection(), lambda _: True, settings=QUICK))
    with pytest.raises(PlanEdited):
        asyncio.run(cleanup(bench.plan, Selection(), lambda _: True, settings=QUICK))
    assert bench.objects(TARGET) == before

"""The `validation` keys of a use case: each is honoured or refused, and cleanup compares everything all the same."""

import asyncio

import pytest

from executor.aftercare import cleanup
from executor.errors import ValidationMismatch
from executor.journal import Journal
from executor.reading import Selection
from executor.run import journal_path_of
from executor.run import status as status_of
from executor_bench import QUICK, Bench
from hand_made_plan import SOURCE, move, plan_of, write_approved

TARGET = "cold-archive-bucket-dev"


def approve_archive(bench: Bench, **more: object) -> None:
    migration = {"source_path": "archives/", "target_bucket": TARGET} | more
    write_approved(plan_of([move("archives", **migration)]), bench.plan)


@pytest.mark.parametrize("key", ["verify_checksums", "verify_file_sizes"])
def test_a_check_that_the_plan_switches_off_is_left_out_said_loudly_and_made_up_for_by_cleanup(
    bench: Bench, key: str
) -> None:
    bench.seed("archives/a", "archives/b")
    approve_archive(bench, validation={key: False})
    bench.execute()
    with Journal.open(journal_path_of(bench.plan), plan_id="plan-by-hand") as journal, journal.transaction() as db:
        # As if the service had always told something else about the source than it does about the copy.
        column = "crc32c = 'AAAAAA=='" if key == "verify_checksums" else "size = size + 1"
        db.execute(f"UPDATE item SET {column} WHERE source = 'archives/a'")  # noqa: S608 - our own literals

    again = bench.execute()
    [status] = status_of(bench.plan)

    assert (again.exit_code, again.moves[0].verified) == (0, 2)
    for notes in (again.moves[0].notes, status.notes):
        assert any("NOT COMPARED" in text and key in text for text in notes)
    with Journal.open(journal_path_of(bench.plan), plan_id="plan-by-hand") as journal:
        journal.update_move(1, state="quiet")
    with pytest.raises(ValidationMismatch):
        asyncio.run(cleanup(bench.plan, Selection(), lambda _: True, settings=QUICK))
    assert len(bench.objects(SOURCE)) == 2


def test_a_check_that_cannot_be_left_out_is_refused(bench: Bench) -> None:
    bench.seed("archives/a")
    approve_archive(bench, validation={"check_file_count": False})

    result = bench.execute()

    assert result.exit_code == 2
    assert any("check_file_count" in text and "remove that key" in text for text in result.moves[0].notes)
    assert TARGET not in bench.server.control("GET", "state")["buckets"]

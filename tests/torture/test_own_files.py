"""Our own files fail: a full disk, a torn or damaged journal, an executor beside us, a person at the keyboard."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from executor.errors import ExecutorError, ExecutorLocked, JournalBroken
from executor.reading import Selection
from executor.run import journal_path_of, run
from oracle import OWN
from torture_driver import Death, Victim
from torture_world import MOVED, PREFIX, SETTINGS, TARGET, World, required

MakeWorld = Callable[[int], World]


async def _execute(plan: Path) -> object:
    return await run(plan, Selection(), settings=SETTINGS)


async def _execute_with_little_disk(plan: Path, limit: int) -> object:
    # A write beyond the limit fails as on a full disk, instead of killing the process.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        return await run(plan, Selection(), settings=SETTINGS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@required(
    "the journal's disk is full, at any write", "stops at once with exit 1, no act without its row; goes on later"
)
@pytest.mark.parametrize("kilobytes", [0, 4, 30, 60, 90, 120, 200])
def test_journal_disk_full(new_world: MakeWorld, kilobytes: int) -> None:
    world = new_world(kilobytes)
    names = world.fill(300)
    world.write_plan()
    limit = kilobytes * 1024
    victim = Victim(world.server.url, world.directory, _execute_with_little_disk, world.plan, limit)
    assert victim.wait() == 1
    assert "journal" in victim.said
    world.require_sound(finished=False)
    assert world.execute().exit_code == 0
    assert world.require_sound().copies == len(names), "nothing was copied twice"


@required(
    "the tail of the journal is torn off (a crash of the machine)", "the rest is read; what is missing is done again"
)
@pytest.mark.parametrize("lost", [1, 1000, 5000, 20_000, 10**9])
def test_torn_journal(new_world: MakeWorld, lost: int) -> None:
    world = new_world(lost)
    world.fill(100)
    world.write_plan()
    assert (
        Victim(world.server.url, world.directory, _execute, world.plan, death=Death("request-sent", 60)).wait() is None
    )
    log = Path(f"{world.journal}-wal")
    assert log.stat().st_size > 0
    with log.open("r+b") as stream:
        stream.truncate(max(log.stat().st_size - lost, 0))
    # A journal that lost even its own name is a stranger to the lock; a person has to say that its owner is dead.
    assert world.execute(take_lock=lost > 10**6).exit_code == 0
    world.require_sound()


@required("the journal is damaged", "refused with exit 1 and advice; nothing is done without it")
@pytest.mark.parametrize("offset", [0, 100, 5000])
def test_damaged_journal(new_world: MakeWorld, offset: int) -> None:
    world = new_world(offset)
    world.fill(60)
    world.write_plan()
    assert world.execute().exit_code == 0
    before = world.state()["buckets"]
    with world.journal.open("r+b") as stream:
        stream.seek(offset)
        stream.write(os.urandom(6000))
    with pytest.raises(JournalBroken) as refused:
        world.execute()
    assert refused.value.hint
    assert world.state()["buckets"] == before


@required("the journal is of a later release", "refused with exit 1; nothing is done with it")
def test_journal_of_a_later_release(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(3)
    world.write_plan()
    assert world.execute().exit_code == 0
    with closing(sqlite3.connect(world.journal)) as journal:
        journal.execute("PRAGMA user_version = 99")
    before = world.state()["buckets"]
    world.overwrite(f"{PREFIX}a", "new")
    with pytest.raises(JournalBroken, match="99"):
        world.execute()
    assert world.state()["buckets"][TARGET] == before[TARGET]


@required("a second executor on the same journal", "refused with exit 11 while the first one works")
def test_two_executors_one_journal(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(40)
    world.write_plan()
    world.fault("held", "objects.rewrite", count=-1)
    first = Victim(world.server.url, world.directory, _execute, world.plan)
    _await_fault(world)
    with pytest.raises(ExecutorLocked):
        world.execute()
    assert ExecutorLocked.exit_code == 11
    world.heal()
    assert first.wait() == 0
    world.require_sound()


@required("a second executor on another machine (another journal)", "refused with exit 11 by the lock in the bucket")
def test_two_executors_two_journals(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(40)
    world.write_plan()
    world.fault("held", "objects.rewrite", count=-1)
    first = Victim(world.server.url, world.directory, _execute, world.plan)
    _await_fault(world)
    with pytest.raises(ExecutorLocked):
        world.execute(journal_path=world.directory / "elsewhere.sqlite")
    world.heal()
    assert first.wait() == 0
    world.require_sound()
    assert not [one for one in world.state()["buckets"][TARGET]["objects"] if one["name"].startswith(".thermocline/")]


@required("the lock of an executor that was killed", "its own journal takes it over; another one needs --take-lock")
def test_lock_of_the_dead(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(10)
    world.write_plan()
    assert (
        Victim(world.server.url, world.directory, _execute, world.plan, death=Death("request-sent", 12)).wait() is None
    )
    with pytest.raises(ExecutorLocked):
        world.execute(journal_path=world.directory / "elsewhere.sqlite")
    assert world.execute().exit_code == 0
    world.require_sound()


@required(
    "somebody else takes our lock over, or a new one stands in its place, when we come to give it back", "theirs stays"
)
@pytest.mark.parametrize("how", ["taken over", "made anew"])
def test_a_lock_that_is_not_ours_any_more_is_left_alone(new_world: MakeWorld, how: str) -> None:
    world = new_world(0)
    world.fill(3)
    world.write_plan()
    locks = f"/storage/v1/b/{TARGET}/o/.thermocline%2Flock-"

    def act() -> None:
        [lock] = [one["name"] for one in world.state()["buckets"][TARGET]["objects"] if one["name"].startswith(OWN)]
        if how == "taken over":
            world.patch(lock, {"metadata": {"run": "another"}}, bucket=TARGET)
        else:
            world.delete(lock, bucket=TARGET)
            world.overwrite(lock, "", bucket=TARGET)

    with world.at_request(0, act, where=lambda path: path.startswith(locks) and "ifGeneration" in path) as struck:
        assert world.execute().exit_code == 0
    assert struck
    assert [one["name"] for one in world.state()["buckets"][TARGET]["objects"] if one["name"].startswith(OWN)]


@required(
    "two people take the lock of a dead executor over in the same moment", "the later one is refused with exit 11"
)
def test_two_take_a_lock_over(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(10)
    world.write_plan()
    dead = Victim(world.server.url, world.directory, _execute, world.plan, death=Death("request-sent", 12))
    assert dead.wait() is None
    [lock] = [one["name"] for one in world.state()["buckets"][TARGET]["objects"] if one["name"].startswith(OWN)]
    before = world.state()["buckets"][TARGET]["objects"]

    def faster() -> None:
        world.patch(lock, {"metadata": {"run": "another"}}, bucket=TARGET)

    with (
        world.at_request(0, faster, where=lambda path: "%2Flock-" in path and "?ifMeta" in path) as struck,
        pytest.raises(ExecutorLocked, match="took the lock"),
    ):
        world.execute(take_lock=True)
    assert struck
    copies = [one for one in world.state()["buckets"][TARGET]["objects"] if one["name"] != lock]
    assert copies == [one for one in before if one["name"] != lock]


@required(
    "a copy of the journal on another machine, while its run is alive or after it was killed",
    "refused with exit 11; the journal where it ran goes on, a copy needs --take-lock",
)
@pytest.mark.parametrize("alive", [False, True])
def test_a_copied_journal_is_another_journal(new_world: MakeWorld, alive: bool) -> None:
    world = new_world(int(alive))
    world.fill(40)
    world.write_plan()
    if alive:
        world.fault("held", "objects.rewrite", count=-1)
    death = None if alive else Death("request-sent", 20)
    first = Victim(world.server.url, world.directory, _execute, world.plan, death=death)
    if alive:
        _await_fault(world)
    else:
        assert first.wait() is None
    copy = journal_path_of(world.copy_files("elsewhere"))
    with pytest.raises(ExecutorLocked, match="copy of this journal"):
        world.execute(journal_path=copy)
    if alive:
        world.heal()
        assert first.wait() == 0
    assert world.execute().exit_code == 0
    world.require_sound()
    assert world.execute(journal_path=copy, take_lock=True).exit_code == 0
    assert world.require_sound(complete=True).copies == 40, "the copied journal wrote nothing again"


def _await_fault(world: World) -> None:
    while not world.injected:
        time.sleep(0.01)


@required("SIGINT (or SIGTERM) once", "what is in flight is finished and journalled, exit 130; goes on later")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_once(new_world: MakeWorld, number: signal.Signals) -> None:
    world, process = _started_command(new_world)
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert b"Traceback" not in said
    world.heal()
    copies = [one for one in world.state()["buckets"][TARGET]["objects"] if one["name"].startswith(MOVED)]
    assert len(copies) == len(_rows(world, "copied")) > 0, "what was in flight was finished and written down"
    world.require_sound(finished=False)
    assert world.execute().exit_code == 0
    world.require_sound()


@required("SIGINT twice", "stops at once, exit 130; what was in flight is settled by the next run")
def test_interrupted_twice(new_world: MakeWorld) -> None:
    world, process = _started_command(new_world)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert b"Traceback" not in said
    world.heal()
    assert world.execute().exit_code == 0
    world.require_sound()


def _started_command(new_world: MakeWorld) -> tuple[World, "subprocess.Popen[bytes]"]:
    world = new_world(0)
    world.fill(200)
    world.write_plan()
    world.fault("latency", "objects.rewrite", seconds=0.4, count=-1)
    command = [sys.executable, "-m", "thermocline", "execute", str(world.plan), "--in-flight", "16"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=dict(os.environ))
    _await_fault(world)
    return world, process


def _rows(world: World, state: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(world.journal)
    try:
        return connection.execute("SELECT source FROM item WHERE state = ?", (state,)).fetchall()
    finally:
        connection.close()


@required("the journal's folder is not writable, or is none", "refused with one sentence before any request")
def test_no_place_for_a_journal(new_world: MakeWorld) -> None:
    world = new_world(0)
    world.fill(2)
    world.write_plan()
    with pytest.raises(ExecutorError):
        world.execute(journal_path=world.directory / "no" / "such" / "folder" / "j.sqlite")
    assert TARGET not in json.dumps(world.state())

"""Random histories: people write, change and delete while execute, cleanup and rollback come in any order, some killed.

The oracle judges after every act. A failing history is shrunk by hypothesis and printed as the calls that lead to it.
"""

import contextlib
import os
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from analysis.catalogue import Catalogue
from analysis.sources.log_files import ingest_logs
from executor.aftercare import cleanup, observe, rollback
from executor.errors import ExecutorError
from executor.reading import Selection
from executor.run import run
from hand_made_plan import SOURCE
from log_entries import entry, lines
from thermocline.sandbox.server.run import Server
from torture_driver import POINTS, Death, Victim
from torture_world import MOVED, PREFIX, SETTINGS, TARGET, World, required

NAMES = st.sampled_from(["a", "a/", "a//b", "../up", "ü", "z"])
TEXTS = st.sampled_from(["", "one", "two"])
DEATHS = st.builds(Death, st.sampled_from(POINTS), st.integers(0, 30))


async def _execute(plan: Path) -> Any:
    return await run(plan, Selection(), settings=SETTINGS, take_lock=True)


async def _cleanup(plan: Path) -> Any:
    return await cleanup(plan, Selection(), lambda _: True, settings=SETTINGS, take_lock=True)


async def _rollback(plan: Path) -> Any:
    return await rollback(plan, Selection(), lambda _: True, settings=SETTINGS, take_lock=True)


async def _observe(plan: Path, catalogue: Catalogue) -> Any:
    return await observe(plan, Selection(), catalogue, settings=SETTINGS)


COMMANDS = st.sampled_from([_execute, _cleanup, _rollback])


class History(RuleBasedStateMachine):
    """One world and everything that may happen in it."""

    server: Server
    later: dict[bool, Path]  # catalogues of the time after the migration: is the old place still used?
    copied: Counter[str]  # what the oracle found after the acts of every history

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(dir=_memory(), prefix="thermocline-history-")
        self.world = World(self.server, Path(self.folder.name), 1)
        self.world.fill(names=["a", "a/", "z"])
        self.world.write_plan()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def judge(self) -> None:
        judgement = self.world.judge(journal=False)
        assert judgement.faults == [], judgement.faults
        self.copied["acts"] += 1
        self.copied["copies"] += judgement.copies

    @rule(name=NAMES, text=TEXTS)
    def somebody_writes_to_the_source(self, name: str, text: str) -> None:
        self.world.overwrite(PREFIX + name, text)

    @rule(name=NAMES)
    def somebody_deletes_from_the_source(self, name: str) -> None:
        self.world.delete(PREFIX + name)

    @rule(name=NAMES, text=TEXTS)
    def somebody_changes_metadata(self, name: str, text: str) -> None:
        self.world.patch(PREFIX + name, {"metadata": {"note": text}})

    @rule(name=NAMES, text=TEXTS)
    def somebody_writes_to_the_target(self, name: str, text: str) -> None:
        if TARGET in self.world.state()["buckets"]:
            self.world.overwrite(MOVED + name, text, bucket=TARGET)

    @rule(name=NAMES)
    def somebody_deletes_from_the_target(self, name: str) -> None:
        self.world.delete(MOVED + name, bucket=TARGET)

    @rule(command=COMMANDS)
    def a_command_runs(self, command: Any) -> None:
        with contextlib.suppress(ExecutorError):
            self.world.run(command)
        self.judge()

    @rule(command=COMMANDS, death=DEATHS)
    def a_command_is_killed(self, command: Any, death: Death) -> None:
        Victim(self.server.url, self.world.directory, command, self.world.plan, death=death).wait()
        self.judge()

    @rule(kind=st.sampled_from(["lost-response", "reset", "error"]), step=st.integers(0, 12), command=COMMANDS)
    def a_command_meets_a_fault(self, kind: str, step: int, command: Any) -> None:
        self.world.fault(kind, after=step)
        with contextlib.suppress(ExecutorError):
            self.world.run(command)
        self.world.heal()
        self.judge()

    @rule(storage_class=st.sampled_from(["NEARLINE", "NEARLINE", "COLDLINE"]))
    def somebody_plans_again_and_approves(self, storage_class: str) -> None:
        # Another class is another plan; the same one is the same plan again.
        self.world.write_plan(storage_class=storage_class)

    @precondition(lambda self: self.world.journal.exists())
    @rule(used=st.booleans())
    def fresh_logs_are_looked_at(self, used: bool) -> None:
        with contextlib.suppress(ExecutorError), Catalogue.open(self.later[used]) as catalogue:
            for one in self.world.run(_observe, catalogue):
                assert one.silence.quiet is not used
        self.judge()


def logs_of_the_days_after(folder: Path, *, used: bool) -> Path:
    """A catalogue of six weeks of read logs from today on, in which somebody reads the old place, or nobody does."""
    days = [datetime.now(UTC).date() + timedelta(days=number) for number in range(42)]
    read = [entry("elsewhere/x", bucket=SOURCE, at=f"{day}T10:00:00Z") for day in days]
    read += [entry(f"{PREFIX}a", bucket=SOURCE, at=f"{day}T11:00:00Z") for day in days if used]
    log = folder / f"{used}.json"
    log.write_bytes(lines(*read))
    path = folder / f"{used}.duckdb"
    with Catalogue.create_or_migrate(path) as catalogue:
        ingest_logs(catalogue, [str(log)])
    return path


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - only the place is fixed


@pytest.fixture
def host(torture_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", torture_server.url)
    monkeypatch.setattr("executor.feeding.PATIENCE_SECONDS", 0.002)
    return torture_server


@required("random histories of people and commands, killed and disturbed", "the oracle is content after every act")
@pytest.mark.timeout(1800)
def test_random_histories(host: Server, tmp_path: Path) -> None:
    many = os.environ.get("THERMOCLINE_TORTURE") == "full"
    limits = settings(
        max_examples=150 if many else 8,
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        database=None,
    )
    later = {used: logs_of_the_days_after(tmp_path, used=used) for used in (False, True)}
    copied: Counter[str] = Counter()
    machine = type("ServedHistory", (History,), {"server": host, "later": later, "copied": copied})
    run_state_machine_as_test(machine, settings=limits)
    assert copied["acts"] >= limits.max_examples, "every history was judged"
    assert copied["copies"] > 0, "and some of them moved something"

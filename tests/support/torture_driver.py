"""Runs executor commands in processes that die at a chosen moment, by a SIGKILL that no code can catch.

A fork server with everything imported makes a victim in milliseconds, so that every boundary can have one. The moments
are counted at the executor's two borders: one HTTP exchange, and one commit of SQLite.
"""

import asyncio
import json
import multiprocessing.context
import os
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from executor.run import run as _preloaded  # noqa: F401 - the fork server imports this module once for all victims
from executor.transport import Transport

POINTS = ("request-sent", "request-answered", "commit-begun", "commit-done")


@dataclass(frozen=True)
class Death:
    """Die at the n-th passage (from 0) of a point: before a request, after its answer, before or after a commit."""

    point: str
    step: int


class Countdown:
    """Kills this process when its moment comes."""

    def __init__(self, death: Death) -> None:
        self.point = death.point
        self.left = death.step

    def pass_by(self, point: str) -> None:
        if point == self.point:
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self.left -= 1


def arm(death: Death) -> None:
    """Count the borders of this process."""
    countdown = Countdown(death)
    exchange = Transport._once

    async def counted(self: Transport, *arguments: Any) -> tuple[int, bytes]:
        countdown.pass_by("request-sent")
        answer = await exchange(self, *arguments)
        countdown.pass_by("request-answered")
        return answer

    class Connection(sqlite3.Connection):
        def commit(self) -> None:
            countdown.pass_by("commit-begun")
            super().commit()
            countdown.pass_by("commit-done")

    connect = sqlite3.connect
    Transport._once = counted  # type: ignore[method-assign, assignment]
    sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Connection, **options)  # type: ignore[assignment]


def _victim(what: Callable[..., Any], arguments: tuple[Any, ...], death: Death | None, result: Path, host: str) -> None:
    os.environ["STORAGE_EMULATOR_HOST"] = host
    if death is not None:
        arm(death)
    from executor.errors import ExecutorError
    from planner.errors import PlannerError

    try:
        code = int(asyncio.run(what(*arguments)).exit_code)
        said = ""
    except (ExecutorError, PlannerError) as error:
        code, said = error.exit_code, str(error)
    result.write_text(json.dumps({"exit_code": code, "said": said}))


@cache
def _forks() -> multiprocessing.context.ForkServerContext:
    """The fork server, running, with this module imported: it needs the path of this folder, which pytest only adds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torture_driver"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parent), before)))
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


class Victim:
    """A command in a process of its own. `what` is an importable coroutine function whose result has an `exit_code`."""

    def __init__(
        self, host: str, folder: Path, what: Callable[..., Any], *arguments: Any, death: Death | None = None
    ) -> None:
        self.result = folder / "victim.json"
        self.result.unlink(missing_ok=True)
        self.said = ""
        self.process = _forks().Process(target=_victim, args=(what, arguments, death, self.result, host))
        self.process.start()

    def wait(self) -> int | None:
        """Its exit code, or None when it was killed; what it said to the user is in `said`."""
        self.process.join()
        if self.process.exitcode == -signal.SIGKILL:
            return None
        assert self.process.exitcode == 0, "the command ended with a traceback; see above"
        told = json.loads(self.result.read_text())
        self.said = str(told["said"])
        return int(told["exit_code"])

    def kill(self) -> None:
        """SIGKILL from outside."""
        self.process.kill()
        self.process.join()

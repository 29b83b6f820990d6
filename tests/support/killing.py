"""Kills a program while it waits for the answer to its n-th request, or some time after it got it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

_PATIENCE = 120.0


class Gate:
    """Counts the requests that a double is asked; from the `at`-th on, answers wait until the gate is opened."""

    def __init__(self) -> None:
        self._at: int | None = None
        self._count = 0
        self._reached = threading.Event()
        self._open = threading.Event()
        self._lock = threading.Lock()

    def arrive(self) -> None:
        """Called by the double before it answers."""
        with self._lock:
            self._count += 1
            closed = self._at is not None and self._count >= self._at
        if closed:
            self._reached.set()
            self._open.wait(_PATIENCE)

    def kill(self, arguments: Sequence[str], at: int, after: float | None = None) -> bool:
        """Run `thermocline` and SIGKILL it while request `at` goes unanswered, or so many seconds after the answer.

        False if it ended by itself before.
        """
        self._at, self._count = at, 0
        self._reached.clear()
        self._open.clear()
        with start(*arguments) as process:
            while not self._reached.wait(0.05) and process.poll() is None:
                pass
            if after is not None:
                self._at = None
                self._open.set()
                time.sleep(after)
            killed = process.poll() is None
            if killed:
                os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        self._at = None
        self._open.set()
        return killed


def start(*arguments: str) -> subprocess.Popen[str]:
    """`thermocline` with these arguments, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "thermocline", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(*arguments: str) -> None:
    """Run `thermocline` to its end, which must be a good one."""
    with start(*arguments) as process:
        _, errors = process.communicate()
        assert process.returncode == 0, errors

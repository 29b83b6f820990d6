"""Reads what a program writes to a terminal."""

import os
import pty
import subprocess
import sys


def read_to_end(master: int) -> str:
    """All that comes out of a pseudo-terminal until its other end closes; closes `master`."""
    written = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux: the other end has closed
            break
        if not part:
            break
        written += part
    os.close(master)
    return written.decode()


def at_a_terminal(*arguments: str, **environment: str) -> str:
    """What Python, called like this, writes when its stdout is a terminal."""
    master, slave = pty.openpty()
    settings = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    settings |= {"TERM": "xterm-256color", **environment}
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=slave, stderr=subprocess.DEVNULL, env=settings, close_fds=True
    )
    os.close(slave)
    written = read_to_end(master)
    assert process.wait() == 0
    return written

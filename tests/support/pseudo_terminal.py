"""Reads what a program writes to a terminal."""

import os


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

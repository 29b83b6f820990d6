"""The audit trail: one JSON line an event, with run id, object, generation and attempt, beside the journal."""

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from executor.clock import now
from executor.errors import JournalBroken


class Trail:
    """Appends events to an NDJSON file.

    The journal is the record that decides; this one is for people and log systems.
    """

    def __init__(self, path: Path | None, run_id: str) -> None:
        self._run_id = run_id
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        try:
            self._file = path.open("ab") if path is not None else None
        except OSError as error:
            raise JournalBroken(
                f"cannot write the audit trail {path} ({error.strerror})", "free space, or name another journal"
            ) from None

    def add(self, event: str, **facts: Any) -> None:
        """Remember one event; `flush` writes it."""
        if self._file is not None:
            self._lines.append(self._encode({"at": now(), "run_id": self._run_id, "event": event, **facts}))
            if len(self._lines) >= 1000:
                self.flush()

    def flush(self) -> None:
        """Write what was remembered."""
        if self._file is None or not self._lines:
            return
        lines, self._lines = self._lines, []
        try:
            self._file.write(b"\n".join(lines) + b"\n")
            self._file.flush()
        except OSError as error:
            raise JournalBroken(
                f"cannot write the audit trail ({error.strerror})", "free space, then run again"
            ) from None

    def close(self) -> None:
        """Write the rest and close the file."""
        if self._file is None:
            return
        try:
            self.flush()
        finally:
            # What a full disk did not take was told by the flush; the handle must go all the same.
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

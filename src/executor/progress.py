"""Counters of a running command: one record a move, read by whoever shows progress."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class MoveProgress:
    """What one move has done so far. Objects and bytes; `started` is a monotonic time."""

    use_case: str
    stage: str = "waiting"
    planned: int = 0
    planned_bytes: int = 0
    left: int = 0
    done: int = 0
    copied: int = 0
    copied_bytes: int = 0
    skipped: int = 0
    conflicts: int = 0
    failed: int = 0
    verified: int = 0
    started: float = field(default_factory=time.monotonic)
    rate_cap: float | None = None
    retries: int = 0
    done_before: int = 0

    def listed(self, state: str, size: int) -> None:
        """One object of the source listing was seen."""
        if state == "left":
            self.left += 1
        else:
            self.planned += 1
            self.planned_bytes += size

    def expect(self, objects: int, size: int) -> None:
        """So many objects, and bytes, are still to be copied; a resumed run has not listed them itself."""
        self.planned, self.planned_bytes = self.done + objects, self.copied_bytes + size

    def moved(self, size: int) -> None:
        """Bytes that one call of a rewrite has copied."""
        self.copied_bytes += size

    def result(self, state: str) -> None:
        """One object reached a result in this run."""
        self.done += 1
        if state == "copied":
            self.copied += 1
        elif state == "skipped":
            self.skipped += 1
        elif state == "conflict":
            self.conflicts += 1
        else:
            self.failed += 1

    def rate(self) -> float:
        """Objects a second since the stage began."""
        return (self.done - self.done_before) / max(time.monotonic() - self.started, 1e-6)

    def seconds_left(self) -> float | None:
        """An estimate for this stage, None while there is nothing to go by."""
        if self.done == self.done_before or self.stage != "copying":
            return None
        return max(0.0, (self.planned - self.done) / self.rate())

    def enter(self, stage: str) -> None:
        """A new stage begins; its rate is counted from here."""
        self.stage = stage
        self.started, self.done_before = time.monotonic(), self.done


OnProgress = Callable[[MoveProgress], None]

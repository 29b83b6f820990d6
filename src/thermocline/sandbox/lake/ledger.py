"""The lake's book-keeping: objects as they stand at the end, and every call that somebody made.

Whoever puts an object inside the window leaves a log event by doing so (unless their identity is exempt from logging):
that is how inventory and logs agree by construction.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from thermocline.sandbox.lake.callers import Caller
from thermocline.sandbox.server.content import Seeded, md5, seeded_crc32c

__all__ = ["Event", "LakeObject", "Ledger", "Window"]

MICROS_PER_DAY = 86_400_000_000
# The sandbox server gives larger virtual objects no MD5 either, as composite objects have none.
MD5_LIMIT = 65_536
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class LakeObject:
    """One object; times in microseconds since the epoch (UTC), hashes in base64 as the service shows them."""

    name: str
    size: int
    created_us: int
    storage_class: str
    content_type: str
    crc32c: str
    md5: str | None
    content_seed: str
    folder_key: str

    @property
    def generation(self) -> int:
        return self.created_us

    @property
    def created_at(self) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.created_us)


class Event(NamedTuple):
    """One call as the audit log will show it."""

    at_us: int
    method: str
    name: str
    caller: Caller
    outcome: str = "ok"
    destination: str = ""
    bucket: str = ""


@dataclass(frozen=True)
class Window:
    """The days that have logs, first to last, both included."""

    end: date
    days: int

    @property
    def first(self) -> date:
        return self.end - timedelta(days=self.days - 1)

    def day(self, index: int) -> date:
        return self.first + timedelta(days=index)

    def each(self) -> Iterator[tuple[int, date]]:
        for index in range(self.days):
            yield index, self.day(index)

    def indexes(self, *of_120: int) -> list[int]:
        """Day numbers chosen for a window of 120 days, moved so that they keep their distance from its end."""
        return [i - 120 + self.days for i in of_120 if i - 120 + self.days >= 0]

    @property
    def start_us(self) -> int:
        return midnight_us(self.first)

    @property
    def snapshot_us(self) -> int:
        """When the inventory was taken: half an hour before the end of the last day, after that day's last call."""
        return midnight_us(self.end) + MICROS_PER_DAY - 1_800_000_000


def midnight_us(day: date) -> int:
    return (day - _EPOCH).days * MICROS_PER_DAY


_CONTENT_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "html": "text/html",
    "js": "application/javascript",
    "txt": "text/plain",
}


@dataclass
class Ledger:
    """What the folders' builders write into."""

    window: Window
    scale: float
    objects: dict[str, LakeObject] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    lifetimes: list[tuple[str, int, int, str]] = field(default_factory=list)
    """(name, created, deleted or the snapshot, folder key): what a scanner could have met."""

    def count(self, at_scale_one: int, least: int = 1) -> int:
        return max(least, round(at_scale_one * self.scale))

    def put(
        self,
        name: str,
        size: int,
        at_us: int,
        caller: Caller,
        rng: random.Random,
        *,
        folder: str,
        storage_class: str = "STANDARD",
        logged: bool = True,
    ) -> None:
        """Create or overwrite an object; logged when it happens inside the window."""
        content_type = _CONTENT_TYPES.get(name.rsplit(".", 1)[-1], "application/octet-stream")
        # The content is a function of this seed and the size, in the sandbox server too; names do not enter.
        content_seed = f"{folder}:{rng.getrandbits(48):x}"
        self.objects[name] = LakeObject(
            name=name,
            size=size,
            created_us=at_us,
            storage_class=storage_class,
            content_type=content_type,
            crc32c=seeded_crc32c(content_seed, size),
            md5=md5(Seeded(content_seed, size)) if size <= MD5_LIMIT else None,
            content_seed=content_seed,
            folder_key=folder,
        )
        if logged and at_us >= self.window.start_us:
            self.events.append(Event(at_us, "storage.objects.create", name, caller))

    def get(self, name: str, at_us: int, caller: Caller, outcome: str = "ok", destination: str = "") -> None:
        if at_us >= self.window.start_us:
            self.events.append(Event(at_us, "storage.objects.get", name, caller, outcome, destination))

    def delete(self, name: str, at_us: int, caller: Caller) -> None:
        gone = self.objects.pop(name)
        self.lifetimes.append((name, gone.created_us, at_us, gone.folder_key))
        if at_us >= self.window.start_us:
            self.events.append(Event(at_us, "storage.objects.delete", name, caller))

    def call(
        self, method: str, at_us: int, caller: Caller, *, bucket: str = "", name: str = "", outcome: str = "ok"
    ) -> None:
        """A call on a bucket (the lake's own, unless named) or on one object of another bucket."""
        if at_us >= self.window.start_us:
            self.events.append(Event(at_us, method, name, caller, outcome, "", bucket))

    def met(self) -> list[tuple[str, int, int, str]]:
        """Every object that ever stood in the lake during the window: (name, created, gone, folder key)."""
        here = [(o.name, o.created_us, self.window.snapshot_us, o.folder_key) for o in self.objects.values()]
        return self.lifetimes + here

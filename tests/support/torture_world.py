"""A small world to break: a server, a source bucket of awkward objects, a plan, people who interfere, an oracle."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from executor.reading import Selection
from executor.results import RunResult
from executor.run import journal_path_of, run
from executor.settings import ExecutorSettings
from executor.transport import Transport
from hand_made_plan import SOURCE, move, plan_of, write_approved
from oracle import Judgement, Oracle, judge_deletions, judge_journal, missing_copies
from raw_http import send_json
from thermocline.sandbox.server.run import Server

TARGET = "cold-archive-bucket-dev"
PREFIX = "archives/"
MOVED = "moved/"
SETTINGS = ExecutorSettings(
    start_rate=0.0, attempts=12, first_wait_seconds=0.001, longest_wait_seconds=0.01, in_flight=8, audit_trail=False
)
HOSTILE = [
    "a//b", "/leading", "../up", "x/../y", "100%", "a%2Fb", "q?x=1", "h#frag", "tab\there", "\u202ertl", "sp ace/",
    "+plus&amp=", "é" * 507 + "e", "line\u2028sep", "'\"<script>alert(1)</script>", "=1+1", "@cmd", "-rf *", "$(id)",
    "`id`", "..", ".", "marker/", "emoji🧊", "a", "a/", "a/a", "A", "nul\u0000byte", "next\u0085line",
    "para\u2029graph", "vt\x0btab", "\x1b[2Jclear", "%2e%2e%2fup", "a\\b", "\u200f", "[/red]",
]  # fmt: skip
"""Below the prefix of the world the long one is 1,024 bytes."""


@dataclass
class World:
    """Everything one torture needs. `seed` decides all that is random, and is printed when something is wrong."""

    server: Server
    directory: Path
    seed: int = 0
    rng: random.Random = field(init=False)
    seen: int = 0  # how much of the server's history was held against the journal

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.server.control("POST", "reset")
        self.server.control("POST", "settings", {"keep_history": True})
        self.make_bucket(SOURCE)

    @property
    def plan(self) -> Path:
        return self.directory / "plan.json"

    @property
    def journal(self) -> Path:
        return journal_path_of(self.plan)

    # Building

    def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return send_json(self.server.url, method, path, body)

    def make_bucket(self, name: str, location: str = "EUROPE-WEST1", **resource: Any) -> None:
        self.api("POST", "/storage/v1/b?project=analytics-dev", {"name": name, "location": location, **resource})

    def fill(self, count: int = 0, *, names: list[str] | None = None, size: int = 2000) -> list[str]:
        """Objects below the prefix: the names given, or hostile ones and then numbered ones; returns the full names."""
        chosen = names if names is not None else [*HOSTILE, *(f"n/{number:05}" for number in range(count))][:count]
        objects = [self._object(PREFIX + name, size) for name in chosen]
        beside = [{"name": "archives_old/keep", "size": 9}, {"name": "archive", "size": 1}]
        self.server.control("POST", "objects", {"bucket": SOURCE, "objects": objects + beside})
        return [one["name"] for one in objects]

    def _object(self, name: str, size: int) -> dict[str, Any]:
        rng = self.rng
        made: dict[str, Any] = {
            "name": name,
            "size": rng.choice([0, 1, rng.randrange(size)]),
            "seed": str(rng.random()),
        }
        if rng.random() < 0.5:
            made |= {"contentType": rng.choice(["text/csv", "application/json"]), "metadata": {"k": rng.choice("abc")}}
        if rng.random() < 0.2:
            made |= {"cacheControl": "no-store", "contentEncoding": "gzip", "contentLanguage": "fr"}
        if rng.random() < 0.2:
            made |= {"customTime": "2020-01-01T00:00:00Z", "composite": True}
        made["storageClass"] = rng.choice(["STANDARD", "NEARLINE", "COLDLINE"])
        made["timeCreated"] = f"2024-0{rng.randrange(1, 10)}-11T10:00:00Z"
        return made

    def write_plan(self, **migration: Any) -> None:
        """One approved move of the prefix into the target bucket."""
        fields = {"source_path": PREFIX, "target_bucket": TARGET, "target_path": MOVED, "storage_class": "NEARLINE"}
        fields |= migration
        write_approved(plan_of([move("archives", **fields)]), self.plan)

    def copy_files(self, name: str) -> Path:
        """The plan and its journal as somebody copied them to another machine; returns the copied plan's path."""
        folder = self.directory / name
        folder.mkdir()
        for path in self.directory.glob(f"{self.plan.name}*"):
            shutil.copy(path, folder / path.name)
        return folder / self.plan.name

    # Acting

    def fault(self, kind: str, operation: str = "*", **facts: Any) -> None:
        self.server.control("POST", "faults", {"kind": kind, "operation": operation, **facts})

    def heal(self) -> None:
        self.server.control("DELETE", "faults")

    @property
    def injected(self) -> int:
        return int(self.server.control("GET", "stats")["faults_injected"])

    def execute(self, settings: ExecutorSettings = SETTINGS, **options: Any) -> RunResult:
        """Run `execute` in this process."""
        return asyncio.run(run(self.plan, Selection(), settings=settings, **options))

    def run(self, what: Callable[..., Any], *arguments: Any) -> Any:
        """Run another command, a coroutine function that takes the plan first, in this process."""
        return asyncio.run(what(self.plan, *arguments))

    def overwrite(self, name: str, text: str, bucket: str = SOURCE) -> None:
        """Somebody else writes an object."""
        escaped = quote(name, safe="")
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={escaped}"
        status, answer = self.api("POST", path, text.encode())
        assert status == 200, answer

    def delete(self, name: str, bucket: str = SOURCE) -> None:
        """Somebody else deletes an object."""
        self.api("DELETE", f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}")

    def follow_advice(self) -> int:
        """Delete, as a person, the copies that conflicts advise to delete; returns how many.

        A copy stored with a wrong checksum whose writer was killed before it knew stays a conflict: nothing proves
        that it is ours to replace.
        """
        with contextlib.closing(sqlite3.connect(self.journal)) as journal:
            rows = journal.execute("SELECT target FROM item WHERE state = 'conflict' AND reason LIKE '%our marker%'")
            spoilt = [str(target) for (target,) in rows]
        for name in spoilt:
            self.delete(name, bucket=TARGET)
        return len(spoilt)

    def patch(self, name: str, body: dict[str, Any], bucket: str = SOURCE) -> None:
        """Somebody else changes an object's metadata."""
        self.api("PATCH", f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}", body)

    @contextlib.contextmanager
    def at_request(
        self, step: int, act: Callable[[], None], *, after: bool = False, where: Callable[[str], bool] = lambda _: True
    ) -> Iterator[list[int]]:
        """Let somebody act just before (or after) the n-th request of this process; yields the steps struck.

        Only requests to a path of which `where` is true are counted.
        """
        exchange = Transport._once
        struck: list[int] = []
        seen = 0

        async def interrupted(transport: Transport, *arguments: Any) -> tuple[int, bytes]:
            nonlocal seen
            counts = where(str(arguments[1]))
            mine, seen = counts and seen == step, seen + counts
            if mine and not after:
                struck.append(step)
                act()
            answer = await exchange(transport, *arguments)
            if mine and after:
                struck.append(step)
                act()
            return answer

        Transport._once = interrupted  # type: ignore[method-assign, assignment]
        try:
            yield struck
        finally:
            Transport._once = exchange  # type: ignore[method-assign]

    # Judging

    def state(self) -> dict[str, Any]:
        """The server's state, without the executor's lock objects."""
        state: dict[str, Any] = self.server.control("GET", "state", digests="true")
        return state

    def sources(self) -> list[dict[str, Any]]:
        """The objects that stand below the prefix."""
        held: list[dict[str, Any]] = self.state()["buckets"][SOURCE]["objects"]
        return [one for one in held if one["name"].startswith(PREFIX)]

    def judge(self, *, finished: bool = True, journal: bool = True) -> Judgement:
        """Let the oracle judge everything so far; `finished` when the last run ended well.

        The journal is left out where people changed the target after the last look at it.
        """
        history, state = self.server.control("GET", "history"), self.state()
        # What a killed run had sent may arrive between the two looks.
        while history != (again := self.server.control("GET", "history")):
            history, state = again, self.state()
        judgement = Oracle({SOURCE}).judge(history, state)
        judgement.faults += judge_deletions(
            list(self.directory.rglob(self.journal.name)), history[self.seen :], {SOURCE}
        )
        self.seen = len(history)
        if journal and self.journal.exists():
            judgement.faults += judge_journal(self.journal, state, finished=finished)
        return judgement

    def require_sound(self, *, finished: bool = True, complete: bool | None = None) -> Judgement:
        """Fail with the seed and all findings unless the oracle is content; `complete` demands every copy."""
        judgement = self.judge(finished=finished)
        if finished if complete is None else complete:
            judgement.faults += missing_copies(self.state(), SOURCE, PREFIX, TARGET, MOVED)
        assert judgement.faults == [], f"seed {self.seed}: {json.dumps(judgement.faults[:10], indent=1)}"
        return judgement


Test = TypeVar("Test", bound=Callable[..., None])


def required(fault: str, outcome: str) -> Callable[[Test], Test]:
    """What a test proves: a row of the table in docs/reliability.md, which is made from these lines."""
    del fault, outcome
    return lambda test: test


def every_step(limit: int, act: Callable[[int], bool]) -> int:
    """Call `act(n)` for n = 0, 1, … until it says that step n was never reached; returns how many steps there were.

    The short version that CI runs takes every fifth step; `make torture` sets THERMOCLINE_TORTURE=full and takes all.
    """
    stride = 1 if os.environ.get("THERMOCLINE_TORTURE") == "full" else 5
    for step in range(0, limit, stride):
        if not act(step):
            return step
    raise AssertionError(f"more than {limit} steps")

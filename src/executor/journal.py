"""The journal of one plan: SQLite in WAL mode with synchronous=FULL.

It must say "started" before an act and should say the result right after it; both are committed in groups. When a
write fails, `JournalBroken` is raised and the caller must stop: an act without a journal row is the one thing that
cannot be repaired. A crash between an act and its result leaves `started`, which the next run settles by asking the
storage service (see copying.py).

All methods are synchronous; the engine calls them on one thread (`Journal.call`), so that the event loop never waits
for the disk.
"""

import asyncio
import fcntl
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from executor.clock import now
from executor.errors import ExecutorLocked, JournalBroken, PlanEdited
from executor.rows import SEQ_BITS, Item, Move, Result, StepRow, item_from, item_range, move_from
from executor.states import MoveState

VERSION = 1
PAGE = 1000
T = TypeVar("T")


@cache
def query(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (files("executor") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


class Journal:
    """One plan's journal. Open it for writing with `Journal.open`, for reading with `Journal.read`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int | None) -> None:
        self.path = path
        self._db = connection
        self._lock = lock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    @classmethod
    def open(cls, path: Path, *, plan_id: str, digests: Mapping[str, str] | None = None) -> Self:
        """Open or create the journal for the one executor that may write to it.

        The journal of another plan is carried on by this one if `digests` (use case to digest) says that every move
        that began is still to be done in the same way; `PlanEdited` otherwise.
        """
        lock = _lock_file(path)
        try:
            with _guarded(path):
                journal = cls(path, _connect(path), lock)
                journal._create()
                journal._belongs_to(plan_id, digests or {})
                return journal
        except BaseException:
            os.close(lock)
            raise

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open an existing journal for reading, also while an executor writes to it."""
        if not path.exists():
            raise JournalBroken(f"no journal at {path}", "run `thermocline execute` first, or name one with --journal")
        with _guarded(path):
            connection = _connect(path)
            connection.execute("PRAGMA query_only = ON")
            _check_version(connection, path)
            return cls(path, connection, None)

    def close(self) -> None:
        """Close the file; the lock goes with it."""
        self._thread.shutdown(wait=True)
        self._db.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def call(self, act: Callable[..., T], *arguments: Any) -> T:
        """Run a method of this journal on its own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, act, *arguments)

    def _create(self) -> None:
        if self._db.execute("PRAGMA user_version").fetchone()[0] == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {query('schema')} PRAGMA user_version = {VERSION}; COMMIT;")
        _check_version(self._db, self.path)

    def _belongs_to(self, plan_id: str, digests: Mapping[str, str]) -> None:
        with self.transaction() as db:
            db.execute(query("set_about"), {"key": "plan_id", "value": plan_id})
            db.execute(query("set_about"), {"key": "journal_id", "value": secrets.token_hex(8)})
        began_with = self.about("plan_id")
        if began_with == plan_id:
            return
        begun = [move for move in self.moves() if move.state != MoveState.ROLLED_BACK.value]
        different = [move.use_case for move in begun if digests.get(move.use_case) != move.digest]
        if different or not digests:
            what = f"and this one ({plan_id}) moves {', '.join(different)} differently, or not at all" if begun else ""
            raise PlanEdited(
                f"the journal {self.path} belongs to another plan ({began_with}), {what or f'not to {plan_id}'}",
                "finish those moves or roll them back with the plan file that began them; or begin a journal of this "
                "plan with --journal OTHER (it will not know the copies of the old one as its own)",
            )
        with self.transaction() as db:
            db.execute(query("change_about"), {"key": "plan_id", "value": plan_id})

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A durable group commit; any failure of the file becomes `JournalBroken`."""
        with _guarded(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.rollback()
                raise
            self._db.commit()

    def _rows(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with _guarded(self.path):
            return self._db.execute(query(name), parameters).fetchall()

    @property
    def journal_id(self) -> str:
        """What tells this journal from every other one; the lock objects of its runs name it."""
        return self.about("journal_id") or ""

    def about(self, key: str) -> str | None:
        """A fact about this journal."""
        rows = self._rows("get_about", key=key)
        return str(rows[0][0]) if rows else None

    # Runs and steps

    def start_run(self, run_id: str, command: str) -> None:
        """A command begins."""
        with self.transaction() as db:
            db.execute(query("start_run"), {"run_id": run_id, "command": command, "started_at": now()})

    def end_run(self, run_id: str, outcome: str) -> None:
        """A command ends."""
        with self.transaction() as db:
            db.execute(query("end_run"), {"run_id": run_id, "ended_at": now(), "outcome": outcome})

    def start_step(self, move_id: int, run_id: str, kind: str, detail: Any = None) -> int:
        """An act on a bucket, a policy or the code is about to happen; returns its step_id."""
        row = {"move_id": move_id, "run_id": run_id, "kind": kind, "started_at": now(), "detail": _json(detail)}
        with self.transaction() as db:
            return int(db.execute(query("start_step"), row).lastrowid or 0)

    def end_step(self, step_id: int, state: str, detail: Any = None) -> None:
        """The result of an act: done, failed or reverted."""
        row = {"step_id": step_id, "state": state, "ended_at": now(), "detail": _json(detail)}
        with self.transaction() as db:
            db.execute(query("end_step"), row)

    def steps(self, move_id: int) -> list[StepRow]:
        """The acts of a move, oldest first."""
        return [StepRow(*(*row[:6], msgspec.json.decode(row[6]))) for row in self._rows("steps_of", move_id=move_id)]

    # Moves

    def moves(self) -> list[Move]:
        """Every move that has begun."""
        return [move_from(row) for row in self._rows("all_moves")]

    def move(self, use_case: str) -> Move | None:
        """One move, if it has begun."""
        rows = self._rows("find_move", use_case=use_case)
        return move_from(rows[0]) if rows else None

    def begin_move(self, use_case: str, phase: int, digest: str, source: str, target: str) -> Move:
        """The move, begun if it had not; refuses one whose definition changed since it began."""
        found = self.move(use_case)
        if found is None:
            row = {
                "use_case": use_case,
                "phase": phase,
                "digest": digest,
                "source_bucket": source,
                "target_bucket": target,
                "state": "waiting",
            }
            with self.transaction() as db:
                db.execute(query("add_move"), row)
            found = self.move(use_case)
            assert found is not None  # noqa: S101 - inserted one line above
        if found.digest != digest and found.state == MoveState.ROLLED_BACK.value:
            row = {"move_id": found.move_id, "digest": digest, "source_bucket": source, "target_bucket": target}
            with self.transaction() as db:
                db.execute(query("forget_items"), item_range(found.move_id))
                db.execute(query("redefine_move"), row)
            found = self.move(use_case)
            assert found is not None  # noqa: S101 - it was there above
        if found.digest != digest:
            raise PlanEdited(
                f"{use_case} was changed after its migration began",
                "roll it back first, or execute the plan that it began with",
            )
        return found

    def update_move(self, move_id: int, **fields: Any) -> None:
        """Change the named fields of a move."""
        columns = ("state", "pass", "listed", "listed_to", "verified_at", "quiet_since", "cleaned_at", "note")
        with self.transaction() as db:
            db.execute(query("update_move"), {"move_id": move_id, **dict.fromkeys(columns), **fields})

    # Items

    def last_seq(self, move_id: int) -> int:
        """The highest seq of a move, 0 without items."""
        bounds = item_range(move_id)
        last = self._rows("last_seq", **bounds)[0][0]
        return 0 if last is None else int(last) - bounds["first"]

    def add_items(
        self, move_id: int, rows: Sequence[dict[str, Any]], superseded: Iterable[dict[str, Any]] = (), **move: Any
    ) -> None:
        """Add objects of a listing, in one transaction with how far the listing got (`listed_to`, `listed`)."""
        seq = self.last_seq(move_id)
        numbered = [
            {**row, "move_id": move_id, "item_id": (move_id << SEQ_BITS) | (seq + number)}
            for number, row in enumerate(rows, 1)
        ]
        columns = ("state", "pass", "listed", "listed_to", "verified_at", "quiet_since", "cleaned_at", "note")
        with self.transaction() as db:
            db.executemany(query("supersede"), superseded)
            db.executemany(query("add_item"), numbered)
            if move:
                db.execute(query("update_move"), {"move_id": move_id, **dict.fromkeys(columns), **move})

    def record_and_take(self, results: Sequence[Result], ids: Sequence[int]) -> list[Item]:
        """Record results and mark the next batch as started, durable together; returns the batch."""
        with self.transaction() as db:
            if results:
                db.executemany(query("record_result"), [msgspec.to_builtins(result) for result in results])
            if not ids:
                return []
            rows = db.execute(query("take_items"), {"ids": _json(list(ids))}).fetchall()
        return [item_from(row) for row in rows]

    def save_token(self, item_id: int, token: str) -> None:
        """Keep the token of a rewrite in several calls."""
        with self.transaction() as db:
            db.execute(query("save_token"), {"item_id": item_id, "token": token, "token_at": now()})

    def refresh_item(self, item_id: int, metageneration: int, wanted: bytes) -> None:
        """The source changed its metadata before it was copied."""
        with self.transaction() as db:
            db.execute(query("refresh_item"), {"item_id": item_id, "metageneration": metageneration, "wanted": wanted})

    def replan(self, changed: Sequence[Item]) -> int:
        """The source's metadata changed: keep its metageneration, and copy again what would look different."""
        rows = [
            {"item_id": item.item_id, "metageneration": item.metageneration, "wanted": item.wanted} for item in changed
        ]
        with self.transaction() as db:
            again = sum(db.execute(query("replan_item"), row).rowcount for row in rows)
            db.executemany(query("refresh_item"), rows)
        return again

    def adopt(self, found: Sequence[tuple[Item, Result]]) -> None:
        """Results of objects that another engine brought, with the metadata that its copies carry.

        `planned` means that the copy, of that very generation, is to be replaced by one of ours.
        """
        with self.transaction() as db:
            for item, result in found:
                row = {"item_id": item.item_id, "metageneration": item.metageneration, "wanted": item.wanted}
                db.execute(query("refresh_item"), row)
                name = "plan_over" if result.state == "planned" else "record_result"
                db.execute(query(name), msgspec.to_builtins(result))

    def retry_failed(self, move_id: int) -> None:
        """Plan failed and conflicting objects again; only a copy of ours may be replaced."""
        with self.transaction() as db:
            db.execute(query("retry_failed"), {"move_id": move_id})

    def mark_verified(self, ids: Sequence[int], bad: Sequence[Result] = ()) -> None:
        """What the comparison of both sides found."""
        with self.transaction() as db:
            db.execute(query("mark_verified"), {"ids": _json(list(ids))})
            db.executemany(query("record_result"), [msgspec.to_builtins(result) for result in bad])

    def mark_after(self, rows: Sequence[tuple[int, str, str, int | None]]) -> None:
        """What a cleanup or a rollback does: (item_id, after, reason, restored generation)."""
        names = ("item_id", "after", "after_reason", "restored_generation")
        with self.transaction() as db:
            db.executemany(query("mark_after"), [dict(zip(names, row, strict=True)) for row in rows])

    def page_by_source(self, move_id: int, start: tuple[str, int], until: str | None, size: int = PAGE) -> list[Item]:
        """Items after `start` (source, generation) in the order of source names."""
        rows = self._rows(
            "page_by_source", move_id=move_id, source=start[0], generation=start[1], until=until, size=size
        )
        return [item_from(row) for row in rows]

    def by_source(self, move_id: int) -> Iterator[Item]:
        """A stream of all items in the order of their source names' bytes."""
        start = ("", -1)
        while page := self.page_by_source(move_id, start, None):
            yield from page
            start = (page[-1].source, page[-1].generation)

    def items(self, move_id: int, *states: str, start: int = 0) -> Iterator[Item]:
        """A stream of the items in the given states; rows changed while iterating may or may not be seen."""
        bounds = item_range(move_id)
        last = max(start, bounds["first"])
        while True:
            rows = self._rows("page_by_state", item_id=last, last=bounds["last"], states=_json(states), size=PAGE)
            if not rows:
                return
            yield from map(item_from, rows)
            last = int(rows[-1][0])

    def bound_at(self, move_id: int, offset: int) -> str | None:
        """The source name at a position of the move's sorted names."""
        rows = self._rows("bound_at", move_id=move_id, offset=offset)
        return str(rows[0][0]) if rows else None

    def counts(self, move_id: int) -> dict[str, tuple[int, int]]:
        """Objects and bytes by state."""
        return {state: (objects, size) for state, objects, size in self._rows("count_items", **item_range(move_id))}

    def counts_after(self, move_id: int) -> dict[str, tuple[int, int]]:
        """Objects and bytes by what happened after verification."""
        return {after: (objects, size) for after, objects, size in self._rows("count_after", **item_range(move_id))}

    def left_behind(self, move_id: int) -> list[tuple[str, int, int, str]]:
        """What stays: reason, objects, bytes, an example."""
        return [
            (reason, objects, size, example)
            for reason, objects, size, example in self._rows("left_behind", **item_range(move_id))
        ]

    def colliding(self, a: int, b: int) -> list[str]:
        """Target names that two moves into one bucket would both write; the first few."""
        other = {f"other_{name}": value for name, value in item_range(b).items()}
        return [str(target) for (target,) in self._rows("colliding", **item_range(a), **other)]

    def begin_again(self, move_id: int) -> None:
        """A move that was rolled back starts over."""
        columns = ("pass", "verified_at", "quiet_since", "cleaned_at")
        fields = {"state": "waiting", "listed": 0, "listed_to": "", "note": ""}
        with self.transaction() as db:
            db.execute(query("begin_again"), item_range(move_id))
            db.execute(query("update_move"), {"move_id": move_id, **dict.fromkeys(columns), **fields})


def _json(value: Any) -> str:
    return msgspec.json.encode(value if value is not None else {}).decode()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -32000")
    return connection


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        raise JournalBroken(f"the journal {path} has format {version}, not {VERSION}", "use the release that wrote it")


def _lock_file(path: Path) -> int:
    # A file of its own: closing another descriptor of the database would drop SQLite's own locks.
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise JournalBroken(
            f"cannot write beside {path} ({error.strerror})", "name another file with --journal"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ExecutorLocked(f"another executor writes to {path}", "wait for it, or stop it first") from None
    return descriptor


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise JournalBroken(
            f"the journal {path} cannot be used ({error})", "free space or restore the file, then run again"
        ) from error

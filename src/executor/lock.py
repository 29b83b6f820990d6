"""One executor a plan: a lock object in each target bucket, created with `ifGenerationMatch=0`.

The journal's own file lock keeps two executors of one file apart, so a lock object that names our very file, on this
machine, belongs to a dead run of ours and is taken over. One that names another journal, or a copy of ours somewhere
else, is refused: only a person can know whether that run is alive. Should that person be wrong, then whoever lost the
lock finds out before its next deletion: `confirm` must be called before each batch of them.
"""

import socket
import time
from datetime import datetime, timedelta

from executor import clock
from executor.clock import now
from executor.errors import ExecutorLocked, NotFound, PreconditionFailed, StorageError
from executor.journal import Journal
from executor.objects import OWN_PREFIX, StoredObject
from executor.storage import Storage

SAME_FILE = ("journal", "file", "host")
"""The facts of a lock that tell our own journal from a copy of it."""


class PlanLocks:
    """The locks of one run, at most one a bucket."""

    def __init__(
        self, storage: Storage, plan_id: str, journal: Journal, run_id: str, *, take_over: bool = False
    ) -> None:
        self._storage = storage
        self._name = f"{OWN_PREFIX}lock-{plan_id}"
        self._facts = {
            "journal": journal.journal_id,
            "file": str(journal.path.stat().st_ino),
            "host": socket.gethostname(),
            "run": run_id,
            "at": now(),
        }
        self._take_over = take_over
        self._held: dict[str, StoredObject] = {}
        self._taken: dict[str, tuple[datetime, float]] = {}

    async def acquire(self, bucket: str) -> None:
        """Hold the lock of a bucket; raises `ExecutorLocked` when another executor has it."""
        if bucket in self._held:
            return
        attributes = {"metadata": self._facts, "storageClass": "STANDARD", "contentType": "application/octet-stream"}
        try:
            self._held[bucket] = await self._storage.insert_object(bucket, self._name, b"", attributes)
        except PreconditionFailed:
            self._held[bucket] = await self._inherit(bucket)
        if said := self._held[bucket].updated:
            self._taken[bucket] = (datetime.fromisoformat(said), time.monotonic())

    def moment(self, bucket: str) -> datetime:
        """This moment by the service's clock, told when it gave us the lock; by the machine's where it told nothing.

        Days that decide about deletions are counted by it: a machine's clock may stand anywhere.
        """
        if bucket not in self._taken:
            return clock.moment()
        at, then = self._taken[bucket]
        return at + timedelta(seconds=time.monotonic() - then)

    async def _inherit(self, bucket: str) -> StoredObject:
        found = await self._storage.get_object(bucket, self._name)
        if found is None:
            raise ExecutorLocked(f"another executor is just leaving {bucket}", "run the command again")
        facts = found.metadata or {}
        if facts.get("run") == self._facts["run"]:
            return found
        if not self._take_over and any(facts.get(key) != self._facts[key] for key in SAME_FILE):
            copied = facts.get("journal") == self._facts["journal"]
            raise ExecutorLocked(
                f"another executor (run {facts.get('run', '?')} on {facts.get('host', '?')} {facts.get('at', '?')}"
                f"{', with another copy of this journal' if copied else ''}) holds {bucket}/{self._name}",
                "wait for it; if it is dead, use its journal where it ran, or --take-lock",
            )
        try:
            return await self._storage.patch_object(
                bucket, self._name, {"metadata": self._facts}, metageneration=found.metageneration
            )
        except PreconditionFailed:
            # Either another executor was faster, or our own answer was lost: what stands there now decides.
            again = await self._storage.get_object(bucket, self._name)
            if again is not None and (again.metadata or {}).get("run") == self._facts["run"]:
                return again
            raise ExecutorLocked(f"another executor took the lock of {bucket}", "wait for it to finish") from None

    async def confirm(self, bucket: str) -> None:
        """Make sure that the lock of a bucket is still ours; raises `ExecutorLocked` when somebody took it over."""
        # A listing: a cleanup needs no right to read objects.
        pages = self._storage.list_objects(bucket, self._name)
        found = [stored async for page in pages for stored in page if stored.name == self._name]
        runs = [(stored.metadata or {}).get("run") for stored in found]
        if runs != [self._facts["run"]]:
            holder = f"run {runs[0]}" if runs else "nobody"
            raise ExecutorLocked(
                f"the lock {bucket}/{self._name} is not ours any more ({holder} has it)",
                "nothing more was deleted; see `thermocline status`, and run one executor at a time",
            )

    async def release(self, *buckets: str) -> None:
        """Give back the locks of these buckets that are still ours; without a name all of them."""
        for bucket in buckets or list(self._held):
            held = self._held.pop(bucket, None)
            if held is None:
                continue
            try:
                # Whoever takes a lock over changes its metadata only: its generation stays.
                await self._storage.delete_object(
                    bucket, self._name, generation=held.generation, metageneration=held.metageneration
                )
            except (PreconditionFailed, NotFound):
                # Somebody took it over, or our first delete was carried out: not ours any more either way.
                continue
            except StorageError:
                # No permission to delete, or the service is away: the next run of this journal takes it over, and
                # what this run achieved must not be lost behind it.
                continue

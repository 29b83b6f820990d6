"""One executor a plan: a lock object in each target bucket, created with `ifGenerationMatch=0`.

The journal's own file lock keeps two executors of one machine apart, so a lock object that names our journal belongs
to a dead run of ours and is taken over. One that names another journal is refused: only a person can know whether
that run is alive.
"""

import socket

from executor.clock import now
from executor.errors import ExecutorLocked, NotFound, PreconditionFailed, StorageError
from executor.objects import OWN_PREFIX, StoredObject
from executor.storage import Storage


class PlanLocks:
    """The locks of one run, at most one a bucket."""

    def __init__(
        self, storage: Storage, plan_id: str, journal_id: str, run_id: str, *, take_over: bool = False
    ) -> None:
        self._storage = storage
        self._name = f"{OWN_PREFIX}lock-{plan_id}"
        self._facts = {"journal": journal_id, "run": run_id, "host": socket.gethostname(), "at": now()}
        self._take_over = take_over
        self._held: dict[str, StoredObject] = {}

    async def acquire(self, bucket: str) -> None:
        """Hold the lock of a bucket; raises `ExecutorLocked` when another executor has it."""
        if bucket in self._held:
            return
        attributes = {"metadata": self._facts, "storageClass": "STANDARD", "contentType": "application/octet-stream"}
        try:
            self._held[bucket] = await self._storage.insert_object(bucket, self._name, b"", attributes)
        except PreconditionFailed:
            self._held[bucket] = await self._inherit(bucket)

    async def _inherit(self, bucket: str) -> StoredObject:
        found = await self._storage.get_object(bucket, self._name)
        if found is None:
            raise ExecutorLocked(f"another executor is just leaving {bucket}", "run the command again")
        facts = found.metadata or {}
        if facts.get("run") == self._facts["run"]:
            return found
        if facts.get("journal") != self._facts["journal"] and not self._take_over:
            raise ExecutorLocked(
                f"another executor (run {facts.get('run', '?')} on {facts.get('host', '?')} {facts.get('at', '?')}) "
                f"holds {bucket}/{self._name}",
                "wait for it; if it is dead, use its journal, or --take-lock",
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

    async def release(self) -> None:
        """Give back every lock that is still ours."""
        while self._held:
            bucket, held = self._held.popitem()
            try:
                await self._storage.delete_object(bucket, self._name, generation=held.generation)
            except (PreconditionFailed, NotFound):
                # Somebody took it over, or our first delete was carried out: not ours any more either way.
                continue
            except StorageError:
                # No permission to delete, or the service is away: the next run of this journal takes it over, and
                # what this run achieved must not be lost behind it.
                continue

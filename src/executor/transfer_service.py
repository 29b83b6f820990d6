"""The Storage Transfer Service engine: one server-side job a segment, for moves too large to drive object by object.

Its word is not believed: operations report SUCCESS with failures in their counters. Whatever it says, the target is
listed afterwards, every planned object is looked for, and the move is verified like any other. It never deletes the
source and never overwrites (`overwriteWhen = NEVER`); what stands at the target before it starts is set aside first.

Its copies carry no marker of ours, so a rollback knows them by the generation that the listing showed. Changes at the
source after the job, and copies whose custom time the service could not keep, are copied by rewrite, which the service
could not do without overwriting.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec

from executor import buckets
from executor.copying import same_content, settle_taken
from executor.credentials import SCOPE
from executor.definition import Definition
from executor.errors import ExecutorError, MoveRefused, Unavailable
from executor.feeding import Stop
from executor.join import BothSides
from executor.journal import Journal
from executor.objects import MARKER, StoredObject, decode_attributes, encode
from executor.patterns import Segment
from executor.progress import MoveProgress
from executor.rows import Item, Move, Result
from executor.settings import ExecutorSettings
from executor.storage import Storage
from executor.trail import Trail
from executor.verify import same_moment

SOURCE_ROLES = ("roles/storage.objectViewer", "roles/storage.legacyBucketReader")
# The service itself names no permission when it refuses (https://cloud.google.com/storage-transfer/docs/access-control).
RIGHTS = {
    "get_google_service_account": "storagetransfer.projects.getServiceAccount",
    "get_transfer_job": "storagetransfer.jobs.get",
    "create_transfer_job": "storagetransfer.jobs.create",
    "run_transfer_job": "storagetransfer.jobs.run",
    "get_operation": "storagetransfer.operations.get",
}
TARGET_ROLES = ("roles/storage.legacyBucketWriter", "roles/storage.legacyBucketReader")


def inexpressible(definition: Definition) -> str | None:
    """Why the service cannot carry out a move; None when it can."""
    pattern = definition.moving
    if pattern.file_types or pattern.partition is not None:
        return "it selects by prefix only, not by file type or date"
    if not pattern.nested:
        return "it always takes subfolders along"
    if any(prefix and not prefix.endswith("/") for prefix in pattern.excluded):
        return "an excluded prefix is not a folder"
    if any(segment.begins_names for segment in pattern.segments):
        return "it would take along objects beside the folders whose names begin alike"
    if len(pattern.excluded) > 1000:
        return "more than 1,000 excluded prefixes"
    return None


def transfer_client(endpoint: str | None) -> Any:
    """The real client; over plain HTTP and without credentials when an endpoint is configured (a local double)."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage_transfer_v1 import StorageTransferServiceClient
    from google.cloud.storage_transfer_v1.services.storage_transfer_service.transports import (
        StorageTransferServiceRestTransport as RestTransport,
    )

    if endpoint is None:
        found, _ = google.auth.default(scopes=[SCOPE, "https://www.googleapis.com/auth/cloud-platform"])
        return StorageTransferServiceClient(credentials=found, transport="rest")
    host = endpoint.removeprefix("http://")
    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return StorageTransferServiceClient(transport=RestTransport(host=host, url_scheme="http", credentials=anonymous))


@dataclass(frozen=True)
class Finished:
    """How one operation ended, by its own account."""

    job: str
    status: str
    found: int
    copied: int
    skipped: int
    failed: int

    @property
    def good(self) -> bool:
        """Succeeded, and the counters agree."""
        return self.status == "SUCCESS" and self.failed == 0 and self.found == self.copied + self.skipped


class TransferEngine:
    """Copies what is planned of one move by transfer jobs."""

    def __init__(
        self,
        storage: Storage,
        journal: Journal,
        settings: ExecutorSettings,
        definition: Definition,
        move: Move,
        run_id: str,
        *,
        trail: Trail,
        stop: Stop,
        progress: MoveProgress,
    ) -> None:
        self._storage = storage
        self._journal = journal
        self._settings = settings
        self._definition = definition
        self._move = move
        self._run_id = run_id
        self._trail = trail
        self._stop = stop
        self._progress = progress
        self._client: Any = None

    async def run(self) -> list[str]:
        """Transfer and look what arrived; returns sentences for people. What did not arrive is marked failed."""
        if reason := inexpressible(self._definition):
            raise MoveRefused(
                f"{self._definition.use_case} cannot be moved by the Storage Transfer Service ({reason})",
                "use --engine rewrite",
            )
        if self._definition.project is None:
            raise MoveRefused("the plan names no project", "use --engine rewrite, or ingest logs that name it")
        self._client = await asyncio.to_thread(transfer_client, self._settings.transfer_endpoint)
        journal, move_id = self._journal, self._move.move_id
        open_steps = [
            s for s in await journal.call(journal.steps, move_id) if s.kind == "transfer" and s.state == "started"
        ]
        if open_steps:
            step = open_steps[-1].step_id
        else:
            await self._set_aside()
            step = await journal.call(journal.start_step, move_id, self._run_id, "transfer", {})
        granted = await self._grant()
        try:
            finished = [
                await self._one_job(number, part) for number, part in enumerate(self._definition.moving.segments)
            ]
        finally:
            await self._revoke(granted)
        if self._stop.requested:
            return ["interrupted; the jobs go on by themselves, and the next run looks at them again"]
        await self._adopt()
        detail = {"jobs": [msgspec.to_builtins(one) for one in finished if one is not None]}
        await journal.call(journal.end_step, step, "done", detail)
        return [
            f"{one.job} ended {one.status}: {one.found} found, {one.copied} copied, "
            f"{one.skipped} skipped, {one.failed} failed"
            for one in finished
            if one is not None and not one.good
        ]

    # Grants for the service's own identity

    async def _grant(self) -> str:
        account = await self._call(self._client.get_google_service_account, {"project_id": self._definition.project})
        member = f"serviceAccount:{account.account_email}"
        pattern, journal = self._definition.moving, self._journal
        for bucket, roles in ((pattern.source_bucket, SOURCE_ROLES), (pattern.target_bucket, TARGET_ROLES)):
            wanted = tuple((role, member) for role in roles)
            missing = buckets.missing_grants(await self._storage.get_policy(bucket), wanted)
            if missing:
                detail = {"bucket": bucket, "grants": missing}
                step = await journal.call(
                    journal.start_step, self._move.move_id, self._run_id, "transfer-grants", detail
                )
                await buckets.grant(self._storage, bucket, tuple(missing))
                await journal.call(journal.end_step, step, "done", detail)
        return member

    async def _revoke(self, _member: str) -> None:
        """Take back every grant that this move has ever made for the service, also those of a run that was killed."""
        journal = self._journal
        for step in await journal.call(journal.steps, self._move.move_id):
            if step.kind == "transfer-grants" and step.state != "reverted":
                await buckets.revoke(self._storage, step.detail["bucket"], step.detail["grants"])
                await journal.call(journal.end_step, step.step_id, "reverted", step.detail)

    # Jobs

    async def _one_job(self, number: int, segment: Segment) -> Finished | None:
        name = f"transferJobs/thermocline-{self._definition.plan_id}-{self._definition.use_case}-{number}"
        job = await self._ensure_job(name, segment)
        operation = str(job.latest_operation_name or "")
        if not operation or await self._ended_badly(operation):
            operation = await self._start(name)
        self._trail.add("transfer", use_case=self._definition.use_case, job=name, operation=operation)
        while True:
            state = await self._state_of(operation)
            counters = state.counters
            self._progress.done = self._progress.copied = int(counters.objects_copied_to_sink)
            self._progress.copied_bytes = int(counters.bytes_copied_to_sink)
            if state.status.name in {"SUCCESS", "FAILED", "ABORTED"}:
                return Finished(
                    name,
                    state.status.name,
                    int(counters.objects_found_from_source),
                    int(counters.objects_copied_to_sink),
                    int(counters.objects_from_source_skipped_by_sync),
                    int(counters.objects_from_source_failed),
                )
            if self._stop.requested:
                return None
            await asyncio.sleep(self._settings.transfer_poll_seconds)

    async def _ensure_job(self, name: str, segment: Segment) -> Any:
        from google.api_core.exceptions import AlreadyExists, Conflict
        from google.api_core.exceptions import NotFound as JobNotFound

        wanted = {"job_name": name, "project_id": self._definition.project}
        try:
            return await self._call(self._client.get_transfer_job, wanted)
        except JobNotFound:
            pass  # The usual case: it is made now. An explicit name makes that safe to repeat.
        try:
            return await self._call(self._client.create_transfer_job, {"transfer_job": self._job(name, segment)})
        except (AlreadyExists, Conflict):
            return await self._call(self._client.get_transfer_job, wanted)

    def _job(self, name: str, segment: Segment) -> Any:
        from google.cloud import storage_transfer_v1 as api

        pattern, definition = self._definition.moving, self._definition
        wanted_class = definition.storage_class or "PRESERVE"
        inside = [
            p.removeprefix(segment.source_prefix) for p in pattern.excluded if p.startswith(segment.source_prefix)
        ]
        times = api.MetadataOptions.TimeCreated
        keep = times.TIME_CREATED_PRESERVE_AS_CUSTOM_TIME if definition.keep_original_time else times.TIME_CREATED_SKIP
        return api.TransferJob(
            name=name,
            description=f"thermocline {definition.plan_id} {definition.use_case}",
            project_id=definition.project,
            status=api.TransferJob.Status.ENABLED,
            transfer_spec=api.TransferSpec(
                gcs_data_source=api.GcsData(bucket_name=pattern.source_bucket, path=segment.source_prefix),
                gcs_data_sink=api.GcsData(bucket_name=pattern.target_bucket, path=segment.target_prefix),
                object_conditions=api.ObjectConditions(exclude_prefixes=inside),
                transfer_options=api.TransferOptions(
                    overwrite_when=api.TransferOptions.OverwriteWhen.NEVER,
                    delete_objects_from_source_after_transfer=False,
                    metadata_options=api.MetadataOptions(
                        storage_class=f"STORAGE_CLASS_{wanted_class}", time_created=keep
                    ),
                ),
            ),
        )

    async def _start(self, name: str) -> str:
        request = {"job_name": name, "project_id": self._definition.project}
        started = await self._call(self._client.run_transfer_job, request)
        return str(started.operation.name)

    async def _ended_badly(self, operation: str) -> bool:
        state = await self._state_of(operation)
        return state.status.name in {"FAILED", "ABORTED"} or (
            state.status.name == "SUCCESS" and int(state.counters.objects_from_source_failed) > 0
        )

    async def _state_of(self, operation: str) -> Any:
        from google.cloud import storage_transfer_v1 as api

        found = await self._call(self._client.get_operation, {"name": operation})
        return api.TransferOperation.deserialize(found.metadata.value)

    async def _call(self, method: Callable[..., Any], request: Any) -> Any:
        """One call of the client in a thread; FAILED_PRECONDITION means that grants are still settling."""
        from google.api_core.exceptions import GoogleAPICallError, ServiceUnavailable, TooManyRequests

        waited = 0.0
        while True:
            try:
                return await asyncio.to_thread(lambda: method(request=request))
            except GoogleAPICallError as error:
                settling = _failed_precondition(error) or isinstance(error, ServiceUnavailable | TooManyRequests)
                if not settling:
                    if error.code in {404, 409}:
                        raise
                    denied = error.code == 403 and method.__name__ in RIGHTS
                    hint = f"grant {RIGHTS[method.__name__]} to this identity" if denied else "mend that and run again"
                    raise ExecutorError(f"the Storage Transfer Service refused: {error.message}", hint) from None
                if waited >= self._settings.transfer_patience_seconds:
                    raise Unavailable(
                        0, "transfer", f"the Storage Transfer Service stays unready: {error.message}", "run again later"
                    ) from None
            await asyncio.sleep(self._settings.transfer_poll_seconds)
            waited += self._settings.transfer_poll_seconds

    # Before and after, by our own listing

    async def _set_aside(self) -> None:
        """What stands at a planned target before we begin is not ours: skipped or a conflict, and never touched."""
        await self._visit_planned(lambda item, target: settle_taken(item, target) if target is not None else None)

    async def _adopt(self) -> None:
        """Find what arrived; what did not is failed, whatever the counters say."""

        def judge(item: Item, target: StoredObject | None) -> Result:
            if target is None:
                return Result(item.item_id, "failed", "the Storage Transfer Service did not copy it")
            if not same_content(item, target):
                return Result(
                    item.item_id, "conflict", f"the target holds another object (generation {target.generation})"
                )
            if not _same_time(decode_attributes(item.wanted).custom_time, target.custom_time):
                # Keeping creation times, the service overwrites a custom time that the source had: rewrite that copy.
                return Result(item.item_id, "planned", "", target.generation)
            return Result(item.item_id, "copied", "", target.generation)

        await self._visit_planned(judge, unmarked=True)

    async def _visit_planned(
        self, judge: Callable[[Item, StoredObject | None], Result | None], *, unmarked: bool = False
    ) -> None:
        journal = self._journal

        async def visit(rows: list[Item], _s: dict[str, StoredObject], targets: dict[str, StoredObject]) -> None:
            found: list[tuple[Item, Result]] = []
            for _, group in groupby(rows, key=lambda row: row.source):
                item = max(group, key=lambda row: row.item_id)
                if item.state in {"planned", "started"}:
                    result = judge(item, targets.get(item.target))
                    if result is not None:
                        found.append((_unmarked(item) if unmarked and result.state != "planned" else item, result))
            await journal.call(journal.adopt, found)

        await BothSides(self._storage, journal, self._definition, self._move).visit(visit)


def _failed_precondition(error: Any) -> bool:
    if error.grpc_status_code is not None and error.grpc_status_code.name == "FAILED_PRECONDITION":
        return True
    response = getattr(error, "response", None)
    return response is not None and "FAILED_PRECONDITION" in str(getattr(response, "text", ""))


def _same_time(wanted: str | None, found: str | None) -> bool:
    return wanted == found or same_moment(wanted, found)


def _unmarked(item: Item) -> Item:
    """The service keeps metadata as it was, so its copies carry no marker."""
    wanted = decode_attributes(item.wanted)
    metadata = {key: value for key, value in (wanted.metadata or {}).items() if key != MARKER} or None
    return msgspec.structs.replace(item, wanted=encode(msgspec.structs.replace(wanted, metadata=metadata)))

"""A local double of the Storage Transfer Service's REST API, whose jobs really copy on the sandbox server.

It does what the service documents: prefix to prefix, NEVER overwrites, keeps metadata, sets class and custom time,
counts. It can be told to be unready at first, to drop objects while still ending with SUCCESS, and to be slow. It asks
the caller for the permission of each call, and copies with nothing but what its agent's roles on the buckets hold.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

AGENT = "project-123@storage-transfer-service.example.com"
SUCCESS, IN_PROGRESS, NEVER = 3, 1, 2
PRESERVE = 2  # timeCreated as customTime, over any customTime that the source had
CLASSES = {3: "STANDARD", 4: "NEARLINE", 5: "COLDLINE", 6: "ARCHIVE"}
KEPT = ("contentType", "cacheControl", "contentEncoding", "contentLanguage", "contentDisposition", "metadata")


ROLES = {
    "roles/storage.objectViewer": {"storage.objects.get", "storage.objects.list"},
    "roles/storage.legacyBucketReader": {"storage.buckets.get", "storage.objects.list"},
    "roles/storage.legacyBucketWriter": {
        *("storage.buckets.get", "storage.objects.list", "storage.objects.create", "storage.objects.delete"),
    },
}
AT_SOURCE = {"storage.buckets.get", "storage.objects.list", "storage.objects.get"}
AT_SINK = {"storage.buckets.get", "storage.objects.list", "storage.objects.create"}
ACCOUNT = "storagetransfer.projects.getServiceAccount"
GET_JOB, CREATE_JOB, RUN_JOB = (f"storagetransfer.jobs.{verb}" for verb in ("get", "create", "run"))
GET_OPERATION = "storagetransfer.operations.get"
EVERY = frozenset({ACCOUNT, GET_JOB, CREATE_JOB, RUN_JOB, GET_OPERATION})


@dataclass
class Double:
    """The double's state, and the knobs of a test."""

    storage: str
    url: str = ""
    unready: int = 0
    dropped: set[str] = field(default_factory=set)
    polls_before_done: int = 1
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    granted: frozenset[str] = EVERY
    runs: int = 0
    policies_seen: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if _permission(method, path) not in self.granted:
            return _error(403, "PERMISSION_DENIED", "The caller does not have permission")
        if path.startswith("/v1/googleServiceAccounts/"):
            return 200, {"accountEmail": AGENT, "subjectId": "1"}
        if method == "POST" and path == "/v1/transferJobs":
            if body["name"] in self.jobs:
                return _error(409, "ALREADY_EXISTS", "the job exists")
            self.jobs[body["name"]] = body
            return 200, body
        if path.endswith(":run"):
            return self._run(path.removeprefix("/v1/").removesuffix(":run"))
        name = path.removeprefix("/v1/")
        if name in self.jobs:
            return 200, self.jobs[name]
        if name in self.operations:
            return 200, self._poll(name)
        return _error(404, "NOT_FOUND", f"no {name}")

    def _run(self, name: str) -> tuple[int, dict[str, Any]]:
        if self.unready:
            self.unready -= 1
            return _error(400, "FAILED_PRECONDITION", "Service account lacks permission on the bucket.")
        spec = self.jobs[name]["transferSpec"]
        for side, needed in (("gcsDataSource", AT_SOURCE), ("gcsDataSink", AT_SINK)):
            bucket = spec[side]["bucketName"]
            policy = self._storage("GET", "/sandbox/state")["buckets"][bucket]["policy"]
            self.policies_seen.append(json.dumps(policy))
            roles = [one["role"] for one in policy["bindings"] if f"serviceAccount:{AGENT}" in one["members"]]
            missing = needed - set[str]().union(*(ROLES[role] for role in roles))
            if missing:
                return _error(400, "FAILED_PRECONDITION", f"{AGENT} lacks {sorted(missing)} on {bucket}")
        # As at the service, the operation is there before it has done anything, whoever asks meanwhile.
        operation = f"transferOperations/{name.rsplit('/', 1)[-1]}-{self.runs + 1}"
        self.operations[operation] = {"polls": 0, "counters": {}}
        self.jobs[name]["latestOperationName"] = operation
        self.runs += 1
        self.operations[operation]["counters"] = self._copy(spec)
        return 200, self._shown(operation)

    def _copy(self, spec: dict[str, Any]) -> dict[str, str]:
        source, sink = spec["gcsDataSource"], spec["gcsDataSink"]
        options = spec["transferOptions"]
        assert options["overwriteWhen"] == NEVER
        assert not options.get("deleteObjectsFromSourceAfterTransfer")
        excluded = tuple(spec.get("objectConditions", {}).get("excludePrefixes", ()))
        prefix = source.get("path", "")
        found = copied = skipped = failed = 0
        for one in self._listing(source["bucketName"], prefix):
            rest = one["name"][len(prefix) :]
            if not rest or (excluded and rest.startswith(excluded)):
                continue
            found += 1
            if one["name"] in self.dropped:
                failed += 1
                continue
            body = {key: one[key] for key in KEPT if key in one}
            body["storageClass"] = CLASSES[options["metadataOptions"]["storageClass"]]
            kept = {"customTime": one["customTime"]} if "customTime" in one else {}
            times = (
                {"customTime": one["timeCreated"]} if options["metadataOptions"]["timeCreated"] == PRESERVE else kept
            )
            body |= times
            origin, target = quote(one["name"], safe=""), quote(sink.get("path", "") + rest, safe="")
            path = f"/storage/v1/b/{source['bucketName']}/o/{origin}/rewriteTo/b/{sink['bucketName']}/o/{target}"
            try:
                self._storage("POST", path + "?ifGenerationMatch=0", body)
                copied += 1
            except HTTPError as error:
                error.close()
                if error.code != 412:
                    raise
                skipped += 1
        names = (
            "objectsFoundFromSource",
            "objectsCopiedToSink",
            "objectsFromSourceSkippedBySync",
            "objectsFromSourceFailed",
        )
        return dict(zip(names, map(str, (found, copied, skipped, failed)), strict=True))

    def _listing(self, bucket: str, prefix: str) -> list[dict[str, Any]]:
        page = self._storage("GET", f"/storage/v1/b/{bucket}/o?prefix={quote(prefix, safe='')}")
        assert "nextPageToken" not in page
        return list(page.get("items", []))

    def _poll(self, operation: str) -> dict[str, Any]:
        self.operations[operation]["polls"] += 1
        return self._shown(operation)

    def _shown(self, operation: str) -> dict[str, Any]:
        state = self.operations[operation]
        done = bool(state["counters"]) and state["polls"] > self.polls_before_done
        metadata = {
            "@type": "type.googleapis.com/google.storagetransfer.v1.TransferOperation",
            "name": operation,
            "status": SUCCESS if done else IN_PROGRESS,
            "counters": state["counters"],
        }
        return {"name": operation, "done": done, "metadata": metadata}

    def _storage(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.storage + path, data=data, method=method)  # noqa: S310 - our own server
        request.add_header("Content-Type", "application/json")
        # The service copies with its own agent's rights, not with the caller's.
        request.add_header("Authorization", f"Bearer {AGENT}")
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
            return json.loads(answer.read())


def _permission(method: str, path: str) -> str:
    """What the caller must hold for a call."""
    if path.startswith("/v1/googleServiceAccounts/"):
        return ACCOUNT
    if path.startswith("/v1/transferOperations/"):
        return GET_OPERATION
    return RUN_JOB if path.endswith(":run") else CREATE_JOB if method == "POST" else GET_JOB


def _error(code: int, status: str, message: str) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"code": code, "status": status, "message": message}}


@contextmanager
def transfer_double(storage: str) -> Iterator[Double]:
    """A double on a free port, copying on the sandbox server at `storage`."""
    double = Double(storage)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            code, document = double.answer(self.command, urlsplit(self.path).path, body)
            raw = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = _answer  # noqa: N815 - the base class looks for these names
        do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    double.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

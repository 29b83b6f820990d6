"""Log entries for tests, one function for what most of them need."""

import json
from pathlib import Path
from typing import Any

BUCKET = "data-bucket-test"


def entry(
    name: str = "folder/file.csv",
    *,
    method: str = "storage.objects.get",
    at: str = "2026-10-01T10:00:00Z",
    insert_id: str = "",
    principal: str = "job@project.iam.gserviceaccount.com",
    granted: bool | None = True,
    log: str = "data_access",
    bucket: str = BUCKET,
    agent: str = "gcloud-python/2.18.2",
    **payload: Any,
) -> dict[str, Any]:
    """One entry; more fields of its payload by keyword."""
    resource = f"projects/_/buckets/{bucket}/objects/{name}" if name else f"projects/_/buckets/{bucket}"
    asked: dict[str, Any] = {"resource": resource, "permission": method.removeprefix("google.")}
    if granted:
        asked["granted"] = True
    return {
        "insertId": insert_id or f"{name}-{at}-{method}",
        "logName": f"projects/p/logs/cloudaudit.googleapis.com%2F{log}",
        "timestamp": at,
        "resource": {
            "type": "gcs_bucket",
            "labels": {"bucket_name": bucket, "location": "EUROPE-WEST1", "project_id": "team-project"},
        },
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "storage.googleapis.com",
            "methodName": method,
            "resourceName": resource,
            "status": {},
            "authenticationInfo": {"principalEmail": principal} if principal else {},
            "requestMetadata": {"callerIp": "203.0.113.9", "callerSuppliedUserAgent": agent},
            "authorizationInfo": [asked],
            **payload,
        },
    }


def lines(*entries: Any) -> bytes:
    """NDJSON; bytes are taken as they are."""
    return b"".join((e if isinstance(e, bytes) else json.dumps(e).encode()) + b"\n" for e in entries)


def write(path: Path, *entries: Any) -> str:
    """Write an NDJSON file; returns its path as text."""
    path.write_bytes(lines(*entries))
    return str(path)

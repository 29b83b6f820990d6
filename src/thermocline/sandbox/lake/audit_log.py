"""Builds LogEntry records of Cloud Audit Logs for Cloud Storage, in the shape that a log sink writes.

Shapes after published entries: a refused permission lacks `granted` instead of carrying false; a GET of a missing
object shows a granted list, a get that was not granted, and an empty status; a refusal by a perimeter policy names its
objects in `metadata.resourceNames` and comes without caller.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from thermocline.sandbox.lake.callers import Caller
from thermocline.sandbox.lake.ledger import MICROS_PER_DAY, Event

__all__ = ["AuditLog"]

_TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"
_ACTIVITY = {"storage.buckets.update", "storage.buckets.create", "storage.setIamPermissions"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def rfc3339(at_us: int, digits: int) -> str:
    """RFC 3339 in UTC with 0, 3, 6 or 9 fractional digits; digits beyond microseconds are made up from the value."""
    text = (_EPOCH + timedelta(microseconds=at_us)).strftime("%Y-%m-%dT%H:%M:%S")
    micros = at_us % 1_000_000
    if digits == 0:
        return f"{text}Z"
    if digits == 3:
        return f"{text}.{micros // 1000:03}Z"
    if digits == 6:
        return f"{text}.{micros:06}Z"
    return f"{text}.{micros:06}{at_us % 997:03}Z"


class AuditLog:
    """Turns events into entries; `log` of an event says which log (and so which folder of the sink) it belongs to."""

    def __init__(self, *, bucket: str, location: str, project: str, first_us: int, seed: int) -> None:
        self.bucket = bucket
        self.location = location
        self.project = project
        # Older entries carry the location in upper case.
        self._upper_until = first_us + 20 * MICROS_PER_DAY
        self._rng = random.Random(f"{seed}:entries")

    @staticmethod
    def log(event: Event) -> str:
        if event.outcome == "policy":
            return "policy"
        return "activity" if event.method in _ACTIVITY else "data_access"

    def entry(self, event: Event) -> dict[str, Any]:
        """One entry, as JSON-ready values."""
        log = self.log(event)
        bits = self._rng.getrandbits(64)
        when = rfc3339(event.at_us, (9, 9, 6, 3, 9, 9, 9, 0)[bits & 7] if log == "data_access" else 9)
        location = self.location.upper() if event.at_us < self._upper_until else self.location
        labels = {"location": location, "bucket_name": event.bucket or self.bucket, "project_id": self.project}
        if event.method == "storage.buckets.list":
            labels["bucket_name"] = ""
            labels["location"] = "global"
        resource: dict[str, Any] = {"type": "gcs_bucket", "labels": labels}
        if log == "policy":
            method = f"google.{event.method}"
            labels = {"service": "storage.googleapis.com", "method": method, "project_id": self.project}
            resource = {"type": "audited_resource", "labels": labels}
        return {
            "protoPayload": self._payload(event, when),
            "insertId": _insert_id(bits >> 3),
            "resource": resource,
            "timestamp": when,
            "severity": self._severity(event),
            "logName": f"projects/{self.project}/logs/cloudaudit.googleapis.com%2F{log}",
            "receiveTimestamp": rfc3339(event.at_us + 300_000 + bits % 1_700_000, 9),
        }

    @staticmethod
    def _severity(event: Event) -> str:
        if event.outcome in {"denied", "policy"}:
            return "ERROR"
        return "NOTICE" if event.method in _ACTIVITY else "INFO"

    def _payload(self, event: Event, when: str) -> dict[str, Any]:
        bucket = f"projects/_/buckets/{event.bucket or self.bucket}"
        resource = f"{bucket}/objects/{event.name}" if event.name else bucket
        if event.outcome == "policy":
            return self._policy_payload(event, resource)
        payload: dict[str, Any] = {
            "@type": _TYPE,
            "status": self._status(event),
            "authenticationInfo": event.caller.authentication(),
            "requestMetadata": _request(event.caller, when),
            "serviceName": "storage.googleapis.com",
            "methodName": event.method,
            "authorizationInfo": _authorization(event, bucket, resource),
        }
        if event.method != "storage.buckets.list":
            payload["resourceName"] = resource
        payload["resourceLocation"] = {"currentLocations": [self.location]}
        metadata: dict[str, Any] = {}
        if event.caller.headers:
            metadata["audit_context"] = {"audit_info": dict(event.caller.headers)}
        if event.destination:
            metadata["destination"] = event.destination
        if metadata:
            payload["metadata"] = {"@type": "type.googleapis.com/google.storage.AuditMetadata", **metadata}
        return payload

    @staticmethod
    def _status(event: Event) -> dict[str, Any]:
        if event.outcome != "denied":
            return {}
        return {"code": 7, "message": "PERMISSION_DENIED"} if event.at_us % 3 else {"code": 7}

    def _policy_payload(self, event: Event, resource: str) -> dict[str, Any]:
        return {
            "@type": _TYPE,
            "status": {"code": 7, "message": "PERMISSION_DENIED"},
            "authenticationInfo": {},
            "requestMetadata": {"callerIp": event.caller.ip, "requestAttributes": {}, "destinationAttributes": {}},
            "serviceName": "storage.googleapis.com",
            "methodName": f"google.{event.method}",
            "resourceName": f"projects/{self.project}",
            "metadata": {
                "@type": "type.googleapis.com/google.cloud.audit.VpcServiceControlAuditMetadata",
                "resourceNames": [resource],
                "violationReason": "NO_MATCHING_ACCESS_LEVEL",
            },
        }


def _insert_id(bits: int) -> str:
    text = ""
    while bits and len(text) < 11:
        bits, digit = divmod(bits, 36)
        text += _DIGITS[digit]
    return text


def _request(caller: Caller, when: str) -> dict[str, Any]:
    request: dict[str, Any] = {"callerIp": caller.ip} if caller.ip else {}
    if caller.agent:
        request["callerSuppliedUserAgent"] = caller.agent
    request["requestAttributes"] = {"time": when, "auth": {}}
    request["destinationAttributes"] = {}
    return request


def _authorization(event: Event, bucket: str, resource: str) -> list[dict[str, Any]]:
    if event.method == "storage.buckets.list":
        return [{"permission": "storage.buckets.list", "granted": True, "resourceAttributes": {}}]
    permission = "storage.buckets.setIamPolicy" if event.method == "storage.setIamPermissions" else event.method
    asked: dict[str, Any] = {"resource": resource, "permission": permission}
    if event.outcome == "ok":
        asked["granted"] = True
    asked["resourceAttributes"] = {}
    if event.outcome != "missing":
        return [asked]
    listed = {"resource": bucket, "permission": "storage.objects.list", "granted": True, "resourceAttributes": {}}
    return [listed, asked]

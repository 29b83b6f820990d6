"""The control API under `/sandbox/`, for tests, rehearsals and oracles.

- `GET stats`: calls by operation, objects and bytes by bucket, faults injected.
- `GET state?bucket=B&digests=true`: every bucket with its objects by state, and all removals so far; with a SHA-256 of
  each content on request.
- `POST faults`: a rule or a list of rules (see `faults.py`) is put in force; `GET` shows them, `DELETE` lifts them.
- `POST clock`: `{"now": TIME, "frozen": true}` or `{"advance_seconds": N}`; `GET` tells the time.
- `POST objects`: `{"bucket": B, "objects": [{name, size, seed?, data?, timeCreated?, …}]}` creates objects without
  uploading (see `seeding.py`); content is virtual unless `data` (base64) is given.
- `POST settings`: `rewrite_bytes_per_call`, `page_size`, `enforce_iam`, `latency_seconds` (added to every call),
  `keep_history`.
- `GET history`: every object written or taken away since `keep_history` was set, in the order of commits, with a
  SHA-256 of its content.
- `POST iam`: `{"tokens": {TOKEN: {principal, permissions: {BUCKET or *: [...]}}}, "revoke": [TOKEN], "issue": TOKEN}`;
  turns enforcement on.
- `POST token`: an OAuth token endpoint; it answers with the token last named by `issue`.
- `POST lifecycle`: applies the lifecycle rules of every bucket once.
- `POST reset`: forgets everything.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from thermocline.sandbox.server.clock import format_time
from thermocline.sandbox.server.content import sha256
from thermocline.sandbox.server.errors import ApiError
from thermocline.sandbox.server.faults import Faults, Rule
from thermocline.sandbox.server.iam import Grant
from thermocline.sandbox.server.lifecycle import apply_rules
from thermocline.sandbox.server.model import Bucket, StoredObject, bucket_resource, object_resource
from thermocline.sandbox.server.routes import Api
from thermocline.sandbox.server.seeding import SeedRequest, seed_objects
from thermocline.sandbox.server.store import Settings


class ClockRequest(msgspec.Struct, forbid_unknown_fields=True):
    now: str = ""
    frozen: bool = False
    advance_seconds: float = 0.0


class IamRequest(msgspec.Struct, forbid_unknown_fields=True):
    tokens: dict[str, Grant] = {}
    revoke: list[str] = []
    issue: str = ""
    enforce: bool = True


class SettingsRequest(msgspec.Struct, forbid_unknown_fields=True):
    rewrite_bytes_per_call: int | None = None
    page_size: int | None = None
    enforce_iam: bool | None = None
    latency_seconds: float | None = None
    keep_history: bool | None = None


class Control:
    """Answers control requests."""

    def __init__(self, api: Api, faults: Faults) -> None:
        self.api = api
        self.store = api.store
        self.faults = faults
        self._routes: dict[tuple[str, str], Callable[[dict[str, str], bytes], Any]] = {
            ("GET", "stats"): lambda _p, _b: self.stats(),
            ("GET", "state"): lambda params, _b: self.state(params),
            ("GET", "history"): lambda _p, _b: self.history(),
            ("GET", "faults"): lambda _p, _b: self.faults.rules,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "clock"): lambda _p, _b: {"now": format_time(self.store.clock.now())},
            ("POST", "clock"): self._clock,
            ("POST", "objects"): lambda _p, body: seed_objects(self.store, _decode(body, SeedRequest)),
            ("POST", "settings"): self._settings,
            ("POST", "iam"): self._iam,
            ("POST", "token"): lambda _p, _b: {
                "access_token": self.api.gate.issued,
                "expires_in": 3600,
                "token_type": "Bearer",
            },
            ("POST", "lifecycle"): lambda _p, _b: {"changed": apply_rules(self.store)},
            ("POST", "reset"): self._reset,
        }

    def answer(self, method: str, path: str, params: dict[str, str], body: bytes) -> Any:
        """Carry a control request out and return the document to answer with."""
        act = self._routes.get((method, path.removeprefix("/sandbox/")))
        if act is None:
            raise ApiError(404, "notFound", f"No such control: {method} {path}")
        return act(params, body)

    def stats(self) -> dict[str, Any]:
        """Counters."""
        return {
            "calls": self.api.calls,
            "faults_injected": self.faults.injected,
            "buckets": {
                bucket.name: {
                    "objects": len(bucket.live),
                    "bytes": sum(held.size for held in bucket.live.values()),
                }
                for bucket in self.store.buckets.values()
            },
        }

    def state(self, params: dict[str, str]) -> dict[str, Any]:
        """Everything the server holds, for an oracle."""
        digests = params.get("digests") == "true"
        only = params.get("bucket")
        return {
            "now": format_time(self.store.clock.now()),
            "buckets": {
                name: _bucket_state(bucket, digests=digests)
                for name, bucket in self.store.buckets.items()
                if only in (None, name)
            },
            "removals": [one for one in self.store.removals if only in (None, one.bucket)],
        }

    def history(self) -> list[dict[str, Any]]:
        """The events that an oracle replays."""
        return [
            {
                "kind": event.kind,
                "bucket": event.bucket,
                "name": event.object.name,
                "generation": event.object.generation,
                "sha256": sha256(event.object.content),
                "size": event.object.size,
                "fields": event.object.fields,
                "storage_class": event.object.storage_class,
                "principal": event.principal,
                "run": event.run,
            }
            for event in self.store.history
        ]

    def _add_faults(self, _params: dict[str, str], body: bytes) -> Any:
        many = body.lstrip().startswith(b"[")
        self.faults.add(_decode(body, list[Rule]) if many else [_decode(body, Rule)])
        return self.faults.rules

    def _clear_faults(self, _params: dict[str, str], _body: bytes) -> Any:
        self.faults.clear()
        return []

    def _clock(self, _params: dict[str, str], body: bytes) -> Any:
        wanted = _decode(body, ClockRequest)
        if wanted.now:
            self.store.clock.set(wanted.now, frozen=wanted.frozen)
        self.store.clock.advance(wanted.advance_seconds)
        return {"now": format_time(self.store.clock.now())}

    def _settings(self, _params: dict[str, str], body: bytes) -> Any:
        wanted = _decode(body, SettingsRequest)
        for name in wanted.__struct_fields__:
            value = getattr(wanted, name)
            if value is not None:
                setattr(self.store.settings, name, value)
        return self.store.settings

    def _iam(self, _params: dict[str, str], body: bytes) -> Any:
        wanted = _decode(body, IamRequest)
        gate = self.api.gate
        gate.grants |= wanted.tokens
        for token in wanted.revoke:
            gate.grants.pop(token, None)
        gate.issued = wanted.issue or gate.issued
        self.store.settings.enforce_iam = wanted.enforce
        return {"tokens": sorted(gate.grants)}

    def _reset(self, _params: dict[str, str], _body: bytes) -> Any:
        self.store.reset()
        self.faults.clear()
        self.faults.injected = 0
        self.api.calls.clear()
        self.api.gate.grants.clear()
        # The connections hold on to the settings, so they are put back one by one.
        for name, value in msgspec.structs.asdict(Settings()).items():
            setattr(self.store.settings, name, value)
        return {}


T = TypeVar("T")


def _decode(body: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(body or b"{}", type=kind)


def _bucket_state(bucket: Bucket, *, digests: bool) -> dict[str, Any]:
    def shown(held: StoredObject) -> dict[str, Any]:
        resource = object_resource(bucket, held, "")
        return resource | {"sha256": sha256(held.content)} if digests else resource

    return {
        "resource": bucket_resource(bucket, ""),
        "policy": bucket.policy,
        "notifications": list(bucket.notifications.values()),
        "objects": [shown(held) for held in bucket.live.values()],
        "noncurrent": [shown(held) for old in bucket.noncurrent.values() for held in old],
        "softDeleted": [shown(held) for old in bucket.soft.values() for held in old],
    }

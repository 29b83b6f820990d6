"""IAM: bucket policies, testIamPermissions, and enforcement for least-privilege tests.

Enforcement is off until `/sandbox/iam` names bearer tokens. A token stands for a principal with permissions per bucket
(`*` for every bucket); what is not granted is refused with 403 and the name of the permission, as the service does, and
an unknown or revoked token with 401.
"""

from typing import Any

import msgspec

from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.errors import ApiError, forbidden, invalid, precondition_failed
from thermocline.sandbox.server.model import Bucket, etag
from thermocline.sandbox.server.store import Store

# Every permission an operation needs, on the bucket ("") or on the target bucket of a copy ("target").
REQUIRED: dict[str, tuple[tuple[str, str], ...]] = {
    "buckets.list": (("storage.buckets.list", ""),),
    "buckets.insert": (("storage.buckets.create", ""),),
    "buckets.get": (("storage.buckets.get", ""),),
    "buckets.patch": (("storage.buckets.update", ""),),
    "buckets.update": (("storage.buckets.update", ""),),
    "buckets.delete": (("storage.buckets.delete", ""),),
    "buckets.getIamPolicy": (("storage.buckets.getIamPolicy", ""),),
    "buckets.setIamPolicy": (("storage.buckets.setIamPolicy", ""),),
    "buckets.testIamPermissions": (),
    "buckets.lockRetentionPolicy": (("storage.buckets.update", ""),),
    "buckets.getStorageLayout": (("storage.objects.list", ""),),
    "notifications.list": (("storage.buckets.get", ""),),
    "notifications.get": (("storage.buckets.get", ""),),
    "notifications.insert": (("storage.buckets.update", ""),),
    "notifications.delete": (("storage.buckets.update", ""),),
    "managedFolders.list": (("storage.managedFolders.list", ""),),
    "objects.list": (("storage.objects.list", ""),),
    "objects.get": (("storage.objects.get", ""),),
    "objects.insert": (("storage.objects.create", ""),),
    "objects.patch": (("storage.objects.update", ""),),
    "objects.update": (("storage.objects.update", ""),),
    "objects.delete": (("storage.objects.delete", ""),),
    "objects.restore": (("storage.objects.restore", ""), ("storage.objects.create", "")),
    "objects.compose": (("storage.objects.get", ""), ("storage.objects.create", "")),
    "objects.rewrite": (("storage.objects.get", ""), ("storage.objects.create", "target")),
    "objects.copy": (("storage.objects.get", ""), ("storage.objects.create", "target")),
    "objects.move": (("storage.objects.move", ""), ("storage.objects.create", "")),
    "projects.serviceAccount.get": (("resourcemanager.projects.get", ""),),
}


class Grant(msgspec.Struct):
    """A bearer token's principal and its permissions per bucket."""

    principal: str
    permissions: dict[str, list[str]]


class Gate:
    """Who may do what."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.grants: dict[str, Grant] = {}
        self.issued = ""

    def admit(self, call: Call) -> None:
        """Set the call's principal; 401 or 403 when enforcement is on and the call is not allowed."""
        token = call.headers.get("Authorization", "").removeprefix("Bearer ")
        grant = self.grants.get(token)
        if grant is not None:
            call.principal = grant.principal
        if not self.store.settings.enforce_iam:
            return
        if grant is None:
            raise ApiError(401, "authError", "Invalid Credentials", "Authorization")
        for permission, side in REQUIRED.get(call.operation, ()):
            bucket = call.target_bucket if side else call.bucket
            self._demand(grant, permission, bucket)
        if call.operation in _OVERWRITING:
            self._demand_overwrite(grant, call)

    def allowed(self, token: str, bucket: str, permission: str) -> bool:
        """Whether a token holds a permission; everything is allowed while enforcement is off."""
        if not self.store.settings.enforce_iam:
            return True
        grant = self.grants.get(token)
        return grant is not None and _holds(grant, permission, bucket)

    def _demand(self, grant: Grant, permission: str, bucket: str) -> None:
        if _holds(grant, permission, bucket):
            return
        resource = "project" if not bucket else "bucket" if ".buckets." in permission else "object"
        raise forbidden(
            f"{grant.principal} does not have {permission} access to the Google Cloud Storage {resource}. "
            f"Permission '{permission}' denied on resource (or it may not exist)."
        )

    def _demand_overwrite(self, grant: Grant, call: Call) -> None:
        """Replacing a live object is a deletion, too, unless the call itself rules it out."""
        name, bucket = (call.target_name, call.target_bucket) if call.target_bucket else (call.name, call.bucket)
        held = self.store.buckets.get(bucket)
        if held is not None and name in held.live and call.params.get("ifGenerationMatch") != "0":
            self._demand(grant, "storage.objects.delete", bucket)


_OVERWRITING = frozenset({"objects.insert", "objects.compose", "objects.rewrite", "objects.copy", "objects.restore"})


def _holds(grant: Grant, permission: str, bucket: str) -> bool:
    return permission in grant.permissions.get("*", ()) or permission in grant.permissions.get(bucket, ())


def get_policy(store: Store, call: Call) -> Reply:
    """The bucket's IAM policy."""
    return Reply(_shown(store.bucket(call.bucket)))


def set_policy(store: Store, call: Call) -> Reply:
    """Replace the policy; 412 when the caller's etag is not the current one."""
    bucket = store.bucket(call.bucket)
    body = call.json()
    if body.get("etag") not in (None, "", etag(bucket.policy_version)):
        raise precondition_failed("etag")
    bindings = body.get("bindings", [])
    for binding in bindings:
        if not str(binding.get("role", "")).startswith(("roles/", "projects/", "organizations/")):
            raise invalid(f"Invalid role: {binding.get('role')}")
        if binding.get("condition") and body.get("version") != 3:
            raise invalid("Conditional bindings need policy version 3.")
    bucket.policy = {"version": body.get("version", 1), "bindings": bindings}
    bucket.policy_version += 1
    store.save_bucket(bucket)
    return Reply(_shown(bucket))


def test_permissions(store: Store, gate: Gate, call: Call) -> Reply:
    """Which of the permissions asked for the caller holds."""
    store.bucket(call.bucket)
    token = call.headers.get("Authorization", "").removeprefix("Bearer ")
    asked = call.params.get("permissions", "").split("\0")
    held = [one for one in asked if one and gate.allowed(token, call.bucket, one)]
    document: dict[str, Any] = {"kind": "storage#testIamPermissionsResponse"}
    return Reply(document | ({"permissions": held} if held else {}))


def _shown(bucket: Bucket) -> dict[str, Any]:
    return {
        "kind": "storage#policy",
        "resourceId": f"projects/_/buckets/{bucket.name}",
        "etag": etag(bucket.policy_version),
        **bucket.policy,
    }

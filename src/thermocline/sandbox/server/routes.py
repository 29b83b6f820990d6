"""From method and path to operation, and from operation to the function that carries it out."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from thermocline.sandbox.server import buckets, compose, iam, listing, notifications, objects
from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.errors import ApiError, invalid, required
from thermocline.sandbox.server.iam import Gate
from thermocline.sandbox.server.rewrite import Rewriter
from thermocline.sandbox.server.store import Store
from thermocline.sandbox.server.uploads import Uploads

Handler = Callable[[Call], Reply]

_BUCKETS = {"GET": "buckets.list", "POST": "buckets.insert"}
_BUCKET = {"GET": "buckets.get", "PATCH": "buckets.patch", "PUT": "buckets.update", "DELETE": "buckets.delete"}
_OBJECT = {"GET": "objects.get", "PATCH": "objects.patch", "PUT": "objects.update", "DELETE": "objects.delete"}
_BELOW_BUCKET = {
    ("GET", "o"): "objects.list",
    ("GET", "iam"): "buckets.getIamPolicy",
    ("PUT", "iam"): "buckets.setIamPolicy",
    ("GET", "notificationConfigs"): "notifications.list",
    ("POST", "notificationConfigs"): "notifications.insert",
    ("GET", "storageLayout"): "buckets.getStorageLayout",
    ("POST", "lockRetentionPolicy"): "buckets.lockRetentionPolicy",
    ("GET", "managedFolders"): "managedFolders.list",
}
_REWRITE = {"POST": "objects.rewrite"}
_NOTIFICATION = {"GET": "notifications.get", "DELETE": "notifications.delete"}


class Api:
    """The JSON API over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.gate = Gate(store)
        self.rewriter = Rewriter(store)
        self.uploads = Uploads(store)
        self.calls: dict[str, int] = {}
        with_store: dict[str, Callable[[Store, Call], Reply]] = {
            "buckets.list": buckets.list_buckets,
            "buckets.insert": buckets.insert_bucket,
            "buckets.get": buckets.get_bucket,
            "buckets.patch": buckets.patch_bucket,
            "buckets.update": buckets.patch_bucket,
            "buckets.delete": buckets.delete_bucket,
            "buckets.lockRetentionPolicy": buckets.lock_retention,
            "buckets.getStorageLayout": buckets.storage_layout,
            "buckets.getIamPolicy": iam.get_policy,
            "buckets.setIamPolicy": iam.set_policy,
            "notifications.list": notifications.list_notifications,
            "notifications.insert": notifications.insert_notification,
            "notifications.get": notifications.get_notification,
            "notifications.delete": notifications.delete_notification,
            "objects.list": listing.list_objects,
            "objects.get": objects.get_object,
            "objects.patch": objects.patch_object,
            "objects.update": objects.update_object,
            "objects.delete": objects.delete_object,
            "objects.restore": objects.restore_object,
            "objects.compose": compose.compose,
        }
        self.handlers: dict[str, Handler] = {name: _bind(store, act) for name, act in with_store.items()}
        self.handlers |= {
            "objects.rewrite": self.rewriter.rewrite,
            "objects.copy": self.rewriter.copy,
            "objects.move": self.rewriter.move,
            "objects.insert": self._insert,
            "buckets.testIamPermissions": lambda call: iam.test_permissions(store, self.gate, call),
            "managedFolders.list": lambda call: Reply(_managed_folders(store, call)),
            "projects.serviceAccount.get": lambda _call: Reply(_service_agent()),
        }

    def run(self, call: Call) -> Reply:
        """Carry a call out; raises ApiError."""
        self.gate.admit(call)
        self.calls[call.operation] = self.calls.get(call.operation, 0) + 1
        if call.bucket:
            self._check_payer(call)
        return self.handlers[call.operation](call)

    def _insert(self, call: Call) -> Reply:
        if "upload_id" not in call.params:
            return self.uploads.insert(call)
        return self.uploads.cancel(call) if call.target_name == "cancel" else self.uploads.resume(call)

    def _check_payer(self, call: Call) -> None:
        for name in (call.bucket, call.target_bucket):
            bucket = self.store.buckets.get(name)
            pays = bucket is not None and bucket.resource.get("billing", {}).get("requesterPays")
            if pays and "userProject" not in call.params:
                raise required("Bucket is a requester pays bucket but no user project provided.")


def route(method: str, path: str) -> Call:
    """The call that a method and a raw (still escaped) path stand for; 404 for anything else."""
    parts = path.split("/")
    match parts:
        case ["", "storage", "v1", "b", bucket, "o", name, "rewriteTo", "b", target, "o", target_name]:
            return Call(_pick(_REWRITE, method), bucket, text(name), target, text(target_name))
        case ["", "storage", "v1", "b", bucket, "o", name]:
            return Call(_pick(_OBJECT, method), bucket, text(name))
        case ["", "storage", "v1", "b", bucket, "o", name, *action]:
            return _object_action(method, path, bucket, text(name), action)
        case ["", "storage", "v1", "b"]:
            return Call(_pick(_BUCKETS, method))
        case ["", "storage", "v1", "b", bucket]:
            return Call(_pick(_BUCKET, method), text(bucket))
        case ["", "storage", "v1", "b", bucket, *below]:
            return _below_bucket(method, path, text(bucket), below)
        case _:
            return _elsewhere(method, path, parts)


def _object_action(method: str, path: str, bucket: str, name: str, action: list[str]) -> Call:
    match method, action:
        case "POST", ["copyTo", "b", target, "o", target_name]:
            return Call("objects.copy", bucket, name, target, text(target_name))
        case "POST", ["moveTo", "o", target_name]:
            return Call("objects.move", bucket, name, bucket, text(target_name))
        case "POST", [("compose" | "restore") as verb]:
            return Call(f"objects.{verb}", bucket, name)
        case _:
            raise _unknown(method, path)


def _below_bucket(method: str, path: str, bucket: str, below: list[str]) -> Call:
    match below:
        case ["notificationConfigs", number]:
            return Call(_pick(_NOTIFICATION, method), bucket, number)
        case ["iam", "testPermissions"]:
            return Call("buckets.testIamPermissions", bucket)
        case [what] if (method, what) in _BELOW_BUCKET:
            return Call(_BELOW_BUCKET[method, what], bucket)
        case _:
            raise _unknown(method, path)


def _elsewhere(method: str, path: str, parts: list[str]) -> Call:
    match parts:
        case ["", "upload", "storage", "v1", "b", bucket, "o"]:
            return Call("objects.insert", bucket, target_name="cancel" if method == "DELETE" else "")
        case ["", "download", "storage", "v1", "b", bucket, "o", name]:
            return Call("objects.get", bucket, text(name))
        case ["", "storage", "v1", "projects", project, "serviceAccount"]:
            return Call("projects.serviceAccount.get", name=project)
        case _:
            raise _unknown(method, path)


def _unknown(method: str, path: str) -> ApiError:
    return ApiError(404, "notFound", f"Not Found: {method} {path[:200]}")


def parameters(query: str) -> dict[str, str]:
    """Query parameters, unescaped; the repeated `permissions` are joined by NUL."""
    found: dict[str, str] = {}
    for pair in query.split("&") if query else ():
        key, _, value = pair.partition("=")
        if "%" in value or "+" in value:
            value = text(value.replace("+", " "))
        found[key] = f"{found[key]}\0{value}" if key == "permissions" and key in found else value
    return found


def text(escaped: str) -> str:
    """A path segment or parameter unescaped; 400 unless it is UTF-8."""
    if "%" not in escaped:
        return escaped
    try:
        return unquote_to_bytes(escaped).decode()
    except UnicodeDecodeError:
        raise invalid("The name is not valid UTF-8.") from None


def _pick(table: dict[str, str], method: str) -> str:
    if method not in table:
        raise ApiError(405, "methodNotAllowed", f"Method Not Allowed: {method}")
    return table[method]


def _bind(store: Store, act: Callable[[Store, Call], Reply]) -> Handler:
    return lambda call: act(store, call)


def _managed_folders(store: Store, call: Call) -> dict[str, str]:
    store.bucket(call.bucket)
    return {"kind": "storage#managedFolders"}


def _service_agent() -> dict[str, str]:
    address = f"service-{buckets.PROJECT_NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    return {"kind": "storage#serviceAccount", "email_address": address}

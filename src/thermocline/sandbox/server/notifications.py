"""Pub/Sub notification configurations of a bucket; kept and shown, no message is sent."""

from typing import Any

from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.errors import ApiError, invalid, required
from thermocline.sandbox.server.model import etag
from thermocline.sandbox.server.store import Store


def list_notifications(store: Store, call: Call) -> Reply:
    """All configurations."""
    held = store.bucket(call.bucket).notifications
    document: dict[str, Any] = {"kind": "storage#notifications"}
    return Reply(document | ({"items": list(held.values())} if held else {}))


def insert_notification(store: Store, call: Call) -> Reply:
    """Keep a new configuration under the next number."""
    bucket = store.bucket(call.bucket)
    body = call.json()
    if "topic" not in body:
        raise required("Required parameter: topic")
    if body.get("payload_format") not in {"JSON_API_V1", "NONE"}:
        raise invalid(f"Invalid payload format: {body.get('payload_format')}")
    number = str(max((int(one) for one in bucket.notifications), default=0) + 1)
    kept = {
        **body,
        "kind": "storage#notification",
        "id": number,
        "etag": etag(int(number)),
        "selfLink": f"{call.base}/storage/v1/b/{bucket.name}/notificationConfigs/{number}",
    }
    bucket.notifications[number] = kept
    store.save_bucket(bucket)
    return Reply(kept)


def get_notification(store: Store, call: Call) -> Reply:
    """One configuration."""
    found = store.bucket(call.bucket).notifications.get(call.name)
    if found is None:
        raise ApiError(404, "notFound", f"The notification {call.name} does not exist.")
    return Reply(found)


def delete_notification(store: Store, call: Call) -> Reply:
    """Forget one configuration."""
    get_notification(store, call)
    bucket = store.bucket(call.bucket)
    del bucket.notifications[call.name]
    store.save_bucket(bucket)
    return Reply(status=204)

"""objects.compose: up to 32 objects of one bucket into one."""

from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.content import Joined
from thermocline.sandbox.server.errors import invalid, precondition_failed
from thermocline.sandbox.server.model import StoredObject, object_resource
from thermocline.sandbox.server.objects import apply_fields, check_class, check_name, settable
from thermocline.sandbox.server.preconditions import check_write
from thermocline.sandbox.server.store import Store


def compose(store: Store, call: Call) -> Reply:
    """Write the concatenation; a composite has no MD5 and counts its components."""
    bucket = store.bucket(call.bucket)
    body = call.json()
    wanted = body.get("sourceObjects") or []
    if not 1 <= len(wanted) <= 32:
        raise invalid("The number of source components must be between 1 and 32.")
    check_name(call.name)
    check_write(call, bucket.live.get(call.name))
    parts: list[StoredObject] = []
    for source in wanted:
        generation = source.get("generation")
        found = store.find(bucket, source.get("name", ""), None if generation is None else int(generation))
        must = source.get("objectPreconditions", {}).get("ifGenerationMatch")
        if must is not None and int(must) != found.generation:
            raise precondition_failed()
        parts.append(found)
    destination = body.get("destination") or {}
    wish = destination.get("storageClass")
    fresh = store.new_object(
        call.name,
        Joined(tuple(part.content for part in parts)),
        bucket.class_for(check_class(wish) if wish else None),
    )
    fresh.md5 = None
    fresh.component_count = sum(part.component_count or 1 for part in parts)
    apply_fields(store, bucket, fresh, destination, settable(destination))
    store.put(bucket, fresh, call.principal, call.run)
    return Reply(object_resource(bucket, fresh, call.base))

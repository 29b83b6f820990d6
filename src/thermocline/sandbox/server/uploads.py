"""objects.insert in its three forms: media, multipart and resumable."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec

from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.content import Inline
from thermocline.sandbox.server.errors import ApiError, invalid, required
from thermocline.sandbox.server.mime import split_parts
from thermocline.sandbox.server.model import object_resource
from thermocline.sandbox.server.objects import apply_fields, check_class, check_name, settable
from thermocline.sandbox.server.preconditions import check_write
from thermocline.sandbox.server.store import Store

_CHUNK = 256 * 1024


@dataclass(slots=True)
class Session:
    """An open resumable upload."""

    call: Call
    metadata: dict[str, Any]
    data: bytearray = field(default_factory=bytearray)


class Uploads:
    """Uploads, with the sessions that are open."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sessions: dict[str, Session] = {}

    def insert(self, call: Call) -> Reply:
        """A whole upload, or the start of a resumable one."""
        bucket = self.store.bucket(call.bucket)
        match call.params.get("uploadType"):
            case "media":
                kind = call.headers.get("Content-Type")
                metadata = {"name": call.params.get("name"), **({"contentType": kind} if kind else {})}
                return self._finish(call, metadata, call.body)
            case "multipart":
                parts = split_parts(call.headers.get("Content-Type", ""), call.body)
                if len(parts) != 2:
                    raise invalid("A multipart upload has two parts: metadata and data.", "badRequest")
                metadata = _decode(parts[0].body)
                metadata.setdefault("contentType", parts[1].headers.get("content-type"))
                return self._finish(call, metadata, parts[1].body)
            case "resumable":
                metadata = call.json()
                if kind := call.headers.get("X-Upload-Content-Type"):
                    metadata.setdefault("contentType", kind)
                name = _name(call, metadata)
                check_write(call, bucket.live.get(name))
                identity = f"{len(self.sessions)}/{self.store.next_generation()}"
                upload_id = hashlib.blake2b(identity.encode(), digest_size=20).hexdigest()
                self.sessions[upload_id] = Session(call, metadata)
                where = f"{call.base}/upload/storage/v1/b/{call.bucket}/o?uploadType=resumable&upload_id={upload_id}"
                return Reply({}, headers={"Location": where, "X-GUploader-UploadID": upload_id})
            case other:
                raise invalid(f"Invalid upload type: {other}", "invalidParameter")

    def resume(self, call: Call) -> Reply:
        """One chunk of a resumable upload, or the question how far it got."""
        upload_id = call.params.get("upload_id", "")
        session = self.sessions.get(upload_id)
        if session is None:
            raise ApiError(404, "notFound", "The upload session does not exist or is over.")
        asked = call.headers.get("Content-Range", "")
        if not asked:
            session.data[:] = call.body
            return self._close(upload_id, session, call)
        span, _, total = asked.removeprefix("bytes ").partition("/")
        if span != "*":
            self._append(session, span, total, call.body)
        if total == "*" or len(session.data) < _integer(total):
            return _incomplete(session)
        return self._close(upload_id, session, call)

    def cancel(self, call: Call) -> Reply:
        """Drop an open resumable upload."""
        self.sessions.pop(call.params.get("upload_id", ""), None)
        return Reply(status=499)

    def _append(self, session: Session, span: str, total: str, body: bytes) -> None:
        first, _, last = span.partition("-")
        start, end = _integer(first), _integer(last)
        if end - start + 1 != len(body) or start > len(session.data):
            raise invalid("The Content-Range does not fit the body or what was received before.", "badRequest")
        if total == "*" and len(body) % _CHUNK:
            raise invalid("Every chunk but the last must be a multiple of 262144 bytes.", "badRequest")
        # A chunk sent again after a lost answer overlaps what is there.
        del session.data[start:]
        session.data += body

    def _close(self, upload_id: str, session: Session, call: Call) -> Reply:
        metadata = session.metadata | _header_checksums(call)
        reply = self._finish(session.call, metadata, bytes(session.data))
        del self.sessions[upload_id]
        return reply

    def _finish(self, call: Call, metadata: dict[str, Any], data: bytes) -> Reply:
        store = self.store
        bucket = store.bucket(call.bucket)
        name = _name(call, metadata)
        check_write(call, bucket.live.get(name))
        wish = metadata.get("storageClass")
        storage_class = bucket.class_for(check_class(wish) if wish else None)
        fresh = store.new_object(name, Inline(data), storage_class)
        for field_name, ours in (("crc32c", fresh.crc32c), ("md5Hash", fresh.md5)):
            theirs = metadata.get(field_name)
            if theirs and theirs != ours:
                raise invalid(f'Provided {field_name} hash "{theirs}" doesn\'t match calculated hash "{ours}".')
        if encoding := call.params.get("contentEncoding"):
            metadata = {**metadata, "contentEncoding": encoding}
        fresh.customer_key_sha256 = call.headers.get("x-goog-encryption-key-sha256")
        fresh.kms_key = call.params.get("kmsKeyName") or bucket.resource.get("encryption", {}).get("defaultKmsKeyName")
        apply_fields(store, bucket, fresh, metadata, settable(metadata))
        store.put(bucket, fresh, call.principal, call.run)
        return Reply(object_resource(bucket, fresh, call.base))


def _name(call: Call, metadata: dict[str, Any]) -> str:
    name = call.params.get("name") or metadata.get("name")
    if not isinstance(name, str):
        raise required("Required parameter: name")
    check_name(name)
    return name


def _incomplete(session: Session) -> Reply:
    received = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
    return Reply(status=308, headers=received)


def _header_checksums(call: Call) -> dict[str, str]:
    found = {}
    for part in call.headers.get("X-Goog-Hash", "").split(","):
        key, _, value = part.strip().partition("=")
        if key in {"crc32c", "md5"}:
            found["crc32c" if key == "crc32c" else "md5Hash"] = value
    return found


def _decode(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError:
        raise invalid("Parse Error", "parseError") from None
    if not isinstance(document, dict):
        raise invalid("Parse Error", "parseError")
    return document


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise invalid("Failed to parse Content-Range header.", "badRequest") from None

"""Handles of the storage client: which bucket and object a method acts on.

A client, a bucket or an object handle that comes from where we cannot see is recognised by the method called on it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from analysis.references import recording
from analysis.references.locations import Location, located
from analysis.references.model import Role
from analysis.references.python.attributes import path_of
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Blob,
    Bucket,
    Constant,
    Instance,
    Items,
    Member,
    Product,
    Table,
    Unknown,
    Value,
    alternatives,
    as_text,
    either,
    texts,
)
from analysis.references.text import HOLE, Text, hole, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_READS = {
    "download_to_filename",
    "download_to_file",
    "download_as_string",
    "download_as_bytes",
    "download_as_text",
    "download_as_json",
    "exists",
    "reload",
}
_WRITES = {
    "upload_from_filename",
    "upload_from_file",
    "upload_from_string",
    "create_resumable_upload_session",
    "update_storage_class",
}
# Methods that no other library gives its objects: whatever they are called on is an object handle.
_OF_BLOBS_ONLY = {name for name in (*_READS, *_WRITES) if name.startswith(("download_", "upload_from"))}
_SIGNED: dict[str, Role] = {"PUT": "write", "POST": "write", "RESUMABLE": "write", "DELETE": "delete"}
_REFERENCES = {"make_public", "make_private", "patch", "update"}


def call_method(machine: "Machine", callee: Member, arguments: Arguments, frame: Frame) -> Value | None:
    """The result of a method of the storage client; None where the call is not one."""
    results: list[Value] = []
    for owner in alternatives(callee.owner):
        found = _call(machine, owner, callee.name, arguments, frame)
        if found is None:
            return None
        results.append(found)
    return either(results)


def _call(machine: "Machine", owner: Value, name: str, arguments: Arguments, frame: Frame) -> Value | None:
    if isinstance(owner, Bucket):
        act = _BUCKET.get(name)
        return act(machine, owner, arguments, frame) if act else None
    if isinstance(owner, Blob):
        return _blob_method(machine, owner, name, arguments, frame)
    if name in _CLIENT and _may_be_client(owner, name):
        return _CLIENT[name](machine, arguments, frame)
    if name in _OF_BLOBS_ONLY and isinstance(owner, Unknown | Member):
        return _blob_method(machine, Blob(hole("bucket"), hole("blob")), name, arguments, frame)
    if name in ("blob", "get_blob", "copy_blob", "rename_blob", "delete_blob", "delete_blobs") and _may_be_bucket(
        owner
    ):
        return _BUCKET[name](machine, Bucket(hole(f"bucket {path_of(owner)}")), arguments, frame)
    return None


def _may_be_client(owner: Value, name: str) -> bool:
    if isinstance(owner, Product):
        last = owner.path.rpartition(".")[2]
        return (
            last in ("Client", "create_client", "get_client", "AsyncClient")
            or "storage" in owner.path.lower()
            or "gcs" in owner.path.lower()
            or "get_conn" in owner.path
        )
    return isinstance(owner, Unknown | Member) or (isinstance(owner, Instance) and name in ("list_blobs", "get_bucket"))


def _may_be_bucket(owner: Value) -> bool:
    return isinstance(owner, Unknown | Member | Product)


def _blob(bucket: Text, name: Value) -> Value:
    return either([Blob(bucket, as_text(option)) for option in alternatives(name)])


def _client_bucket(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    name = (
        arguments.get("bucket_name", 0)
        or arguments.get("bucket_or_name", 0)
        or arguments.get("name", 0)
        or Unknown("bucket")
    )
    return either([option if isinstance(option, Bucket) else Bucket(as_text(option)) for option in alternatives(name)])


def _client_list(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    bucket = arguments.get("bucket_or_name", 0) or arguments.get("bucket_name") or Unknown("bucket")
    results = [_list(machine, as_text(option), arguments, frame, 1) for option in alternatives(bucket)]
    return either(results)


def _create_bucket(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    return _client_bucket(machine, arguments, frame)


def _download_to_file(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    for option in alternatives(arguments.get("blob_or_uri", 0) or Unknown()):
        if isinstance(option, Blob):
            _touch(machine, "read", option.bucket, option.name, arguments, frame, "Client.download_blob_to_file")
        else:
            recording.addresses(machine, "read", option, arguments.site, "Client.download_blob_to_file", frame)
    return Constant(None)


_CLIENT: dict[str, Callable[["Machine", Arguments, Frame], Value]] = {
    "bucket": _client_bucket,
    "get_bucket": _client_bucket,
    "lookup_bucket": _client_bucket,
    "create_bucket": _create_bucket,
    "list_blobs": _client_list,
    "download_blob_to_file": _download_to_file,
}


def _touch(
    machine: "Machine", role: Role, bucket: Text, prefix: Value, arguments: Arguments, frame: Frame, via: str
) -> None:
    for option in alternatives(prefix):
        recording.touch(machine, role, bucket, as_text(option), arguments.site, via, frame)


def _list(machine: "Machine", bucket: Text, arguments: Arguments, frame: Frame, position: int) -> Value:
    prefix = arguments.get("prefix", position) or arguments.get("match_glob") or literal("")
    if prefix == Constant(None):
        prefix = literal("")
    _touch(machine, "list", bucket, prefix, arguments, frame, "list_blobs")
    blobs: list[Value] = [Blob(bucket, as_text(option) + hole("object")) for option in alternatives(prefix)]
    return Items(blobs, complete=False)


def _bucket_list(machine: "Machine", owner: Bucket, arguments: Arguments, frame: Frame) -> Value:
    shifted = Arguments(arguments.positional, arguments.keywords, arguments.site)
    return _list(machine, owner.name, shifted, frame, 2)


def _bucket_blob(_: "Machine", owner: Bucket, arguments: Arguments, __: Frame) -> Value:
    return _blob(owner.name, arguments.get("blob_name", 0) or arguments.get("name", 0) or Unknown("blob"))


def _get_blob(machine: "Machine", owner: Bucket, arguments: Arguments, frame: Frame) -> Value:
    name = arguments.get("blob_name", 0) or Unknown("blob")
    _touch(machine, "read", owner.name, name, arguments, frame, "Bucket.get_blob")
    return _blob(owner.name, name)


def _copy_blob(machine: "Machine", owner: Bucket, arguments: Arguments, frame: Frame) -> Value:
    source = arguments.get("blob", 0) or Unknown("blob")
    target = arguments.get("destination_bucket", 1) or owner
    name = arguments.get("new_name", 2)
    for option in alternatives(source):
        source_name = option.name if isinstance(option, Blob) else as_text(option)
        source_bucket = option.bucket if isinstance(option, Blob) else owner.name
        _touch(machine, "read", source_bucket, source_name, arguments, frame, "Bucket.copy_blob")
        new_name = name if name is not None and name != Constant(None) else source_name
        for bucket in alternatives(target):
            _touch(machine, "write", as_text(bucket), new_name, arguments, frame, "Bucket.copy_blob")
    return _blob(as_text(target), name if name is not None else hole("blob"))


def _rename_blob(machine: "Machine", owner: Bucket, arguments: Arguments, frame: Frame) -> Value:
    source = arguments.get("blob", 0) or Unknown("blob")
    name = arguments.get("new_name", 1) or Unknown("new_name")
    for option in alternatives(source):
        source_name = option.name if isinstance(option, Blob) else as_text(option)
        _touch(machine, "read", owner.name, source_name, arguments, frame, "Bucket.rename_blob")
        _touch(machine, "delete", owner.name, source_name, arguments, frame, "Bucket.rename_blob")
    _touch(machine, "write", owner.name, name, arguments, frame, "Bucket.rename_blob")
    return _blob(owner.name, name)


def _delete_blobs(machine: "Machine", owner: Bucket, arguments: Arguments, frame: Frame) -> Value:
    for option in alternatives(arguments.get("blobs", 0) or arguments.get("blob_name", 0) or Unknown("blob")):
        values, _ = machine.iterate(option, frame) if isinstance(option, Items) else ([option], True)
        for value in values:
            name = value.name if isinstance(value, Blob) else as_text(value)
            bucket = value.bucket if isinstance(value, Blob) else owner.name
            _touch(machine, "delete", bucket, name, arguments, frame, "Bucket.delete_blobs")
    return Constant(None)


def _compose_sources(machine: "Machine", owner: Blob, arguments: Arguments, frame: Frame) -> None:
    values, _ = machine.iterate(arguments.get("sources", 0) or Unknown("sources"), frame)
    for value in values:
        if isinstance(value, Blob):
            _touch(machine, "read", value.bucket, value.name, arguments, frame, "Blob.compose")
    _touch(machine, "write", owner.bucket, owner.name, arguments, frame, "Blob.compose")


_BUCKET: dict[str, Callable[["Machine", Bucket, Arguments, Frame], Value]] = {
    "blob": _bucket_blob,
    "get_blob": _get_blob,
    "list_blobs": _bucket_list,
    "copy_blob": _copy_blob,
    "rename_blob": _rename_blob,
    "move_blob": _rename_blob,
    "delete_blob": _delete_blobs,
    "delete_blobs": _delete_blobs,
}


def _blob_method(machine: "Machine", owner: Blob, name: str, arguments: Arguments, frame: Frame) -> Value | None:
    via = f"Blob.{name}"
    role = _blob_role(name, arguments)
    if role is not None:
        _touch(machine, role, owner.bucket, owner.name, arguments, frame, via)
        return Product(f"storage.{via}", arguments)
    if name == "compose":
        _compose_sources(machine, owner, arguments, frame)
        return Constant(None)
    if name == "rewrite":
        for source in alternatives(arguments.get("source", 0) or Unknown("source")):
            if isinstance(source, Blob):
                _touch(machine, "read", source.bucket, source.name, arguments, frame, via)
        _touch(machine, "write", owner.bucket, owner.name, arguments, frame, via)
        return Items([Unknown("token"), Unknown(), Unknown()])
    return None


def _blob_role(name: str, arguments: Arguments) -> Role | None:
    """What a method of an object handle does to the object, where it touches no other."""
    if name == "open":
        return open_role(arguments.get("mode", 0))
    if name in ("generate_signed_url", "generate_upload_url"):
        method = as_text(arguments.get("method") or literal("GET")).flat.upper()
        return _SIGNED.get(method, "read")
    for names, role in ((_READS, "read"), (_WRITES, "write"), ({"delete"}, "delete"), (_REFERENCES, "reference")):
        if name in names:
            return role  # type: ignore[return-value]
    return None


def construct(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> Value | None:
    """Handles made without a client: `Bucket(client, name)`, `Blob(name, bucket)`, `Blob.from_string(uri)`."""
    last = path.rpartition(".")[2]
    if path.startswith("firebase_admin."):
        return _firebase(machine, path, arguments, frame)
    if last in ("GCSTarget", "GCSFlagTarget", "GCSPathTask") and "luigi" in path:
        places = [located(text) for text in texts(arguments.get("path", 0))]
        targets: list[Value] = [Blob(place.bucket, place.prefix) for place in places if place is not None]
        return either(targets) if targets else Blob(hole("bucket"), hole("path"))
    if "storage" not in path:
        return None
    if last == "Bucket":
        return _client_bucket(
            machine, Arguments([], {"name": arguments.get("name", 1) or Unknown("bucket")}, arguments.site), frame
        )
    if last == "Blob":
        owner = arguments.get("bucket", 1) or Unknown("bucket")
        bucket = owner.name if isinstance(owner, Bucket) else as_text(owner)
        return _blob(bucket, arguments.get("name", 0) or Unknown("blob"))
    if path.endswith(("Blob.from_string", "Blob.from_uri")):
        found = texts(arguments.get("uri", 0)) or [hole("uri")]
        blobs: list[Value] = [Blob(place.bucket, place.prefix) for text in found if (place := _of_address(text))]
        return either(blobs) if blobs else None
    if path.endswith(("Bucket.from_string", "Bucket.from_uri")):
        named = [located(text) for text in texts(arguments.get("uri", 0))]
        return either([Bucket(place.bucket) for place in named if place is not None]) if named else None
    return None


def _firebase(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> Value | None:
    """`storage.bucket()` is the bucket that the application was made with, unless it names another."""
    if path == "firebase_admin.initialize_app":
        options = arguments.get("options", 1)
        named = options.entries.get("storageBucket") if isinstance(options, Table) else None
        machine.program.default_bucket = named or machine.program.default_bucket
    if path != "firebase_admin.storage.bucket":
        return None
    name = arguments.get("name", 0) or machine.program.default_bucket or Unknown("bucket")
    return _client_bucket(machine, Arguments([name], {}, arguments.site), frame)


def _of_address(text: Text) -> Location | None:
    """The place that an address names; one that begins with an unknown part is some object of some bucket."""
    place = located(text)
    return Location(hole("bucket"), text) if place is None and text.flat.startswith(HOLE) else place


def open_role(mode: Value | None) -> Role:
    """Read or write, from the mode of an `open`."""
    found = texts(mode)
    return "write" if found and any(letter in found[0].flat for letter in "wax+") else "read"

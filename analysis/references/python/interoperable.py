"""Clients of other clouds on the interoperable interface: boto3, MinIO and s3fs that were given this cloud's endpoint.

They become values with names of their own (`gcs_interoperable.Client`), which the sink table knows; without that
endpoint they act on another cloud and stay what they are.
"""

from typing import TYPE_CHECKING

from analysis.references import recording
from analysis.references.python.attributes import path_of
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Instance,
    Items,
    Member,
    Product,
    Table,
    Value,
    alternatives,
    as_text,
    either,
    texts,
)
from analysis.references.text import hole, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

ENDPOINT = "storage.googleapis.com"
_MAKERS = {"client": "Client", "create_client": "Client", "resource": "Resource"}


def construct(_: "Machine", path: str, arguments: Arguments, __: Frame) -> Value | None:
    """The client that a call makes where it speaks to this cloud; None for all others."""
    last = path.rpartition(".")[2]
    if last in _MAKERS and "boto" in path:
        return Product(f"gcs_interoperable.{_MAKERS[last]}", arguments) if speaks_here(arguments) else None
    if last == "Minio":
        return Product("gcs_interoperable.Minio", arguments) if speaks_here(arguments) else None
    if last == "S3FileSystem" and speaks_here(arguments):
        return Product("gcsfs.GCSFileSystem", arguments)
    return None


def speaks_here(arguments: Arguments) -> bool:
    """Whether a client was given this cloud's endpoint."""
    return any(_names_endpoint(value, 0) for value in arguments.everything())


def _names_endpoint(value: Value, depth: int) -> bool:
    if isinstance(value, Table) and depth < 3:
        return any(_names_endpoint(entry, depth + 1) for entry in value.entries.values())
    if isinstance(value, Instance | Product):
        return False
    return any(ENDPOINT in text.flat for text in texts(value))


def call_method(machine: "Machine", callee: Member, arguments: Arguments, frame: Frame) -> Value | None:
    """Sessions that make clients, and handles of buckets and objects; None for any other method."""
    if callee.name in _MAKERS:
        return construct(machine, path_of(callee), arguments, frame)
    owner = callee.owner
    if callee.name in ("filter", "all") and isinstance(owner, Member) and owner.name == "objects":
        return _objects(machine, owner.owner, arguments, frame)
    if not isinstance(owner, Product) or not owner.path.startswith("gcs_interoperable."):
        return None
    if callee.name == "Bucket":
        return _handle("Bucket", arguments, bucket=arguments.get("name", 0))
    if callee.name == "Object":
        inside = owner.names.get("bucket")
        bucket = inside if inside is not None else arguments.get("bucket_name", 0)
        return _handle("Object", arguments, bucket=bucket, key=arguments.get("key", 0 if inside is not None else 1))
    return None


def _handle(kind: str, arguments: Arguments, **names: Value | None) -> Product:
    known = {name: value if value is not None else hole(name) for name, value in names.items()}
    return Product(f"gcs_interoperable.{kind}", arguments, known)


def _objects(machine: "Machine", owner: Value, arguments: Arguments, frame: Frame) -> Value | None:
    """`bucket.objects.filter(Prefix=…)`: a listing, and what it yields."""
    if not isinstance(owner, Product) or owner.path != "gcs_interoperable.Bucket":
        return None
    bucket = as_text(owner.names["bucket"])
    prefixes = [as_text(option) for option in alternatives(arguments.get("Prefix") or literal(""))]
    for prefix in prefixes:
        recording.touch(machine, "list", bucket, prefix, arguments.site, "Bucket.objects", frame, arguments=arguments)
    key = either([prefix + hole("object") for prefix in prefixes])
    return Items([_handle("Object", arguments, bucket=bucket, key=key)], complete=False)

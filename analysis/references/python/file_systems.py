"""File systems over Cloud Storage (gcsfs, fsspec, pyarrow): how code comes by one, and what it maps onto one.

Functions that are handed such a file system take plain paths, `bucket/prefix`, where they would take addresses.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from analysis.references.locations import located
from analysis.references.python.attributes import path_of
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Items,
    Member,
    Product,
    Unknown,
    Value,
    alternatives,
    as_text,
    either,
    texts,
)
from analysis.references.text import HOLE, Text, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_GCS = "gcsfs.GCSFileSystem"
_NAMES = ("GCSFileSystem", "GcsFileSystem")


def construct(_: "Machine", path: str, arguments: Arguments, __: Frame) -> Value | None:
    """A file system, a path on one, or a mapping of names below an address; None for any other call."""
    act = _MAKERS.get(path) or _MAKERS.get(path.rpartition(".")[2] if path.rpartition(".")[2] in _OWN_NAMES else "")
    return act(arguments) if act else None


def call_method(_: "Machine", callee: Member, arguments: Arguments, __: Frame) -> Value | None:
    """`fs.get_mapper(path)`; None for any other method."""
    if callee.name != "get_mapper" or not path_of(callee.owner).endswith(_NAMES):
        return None
    return _mapping(arguments)


def given(arguments: Arguments) -> bool:
    """Whether a call was handed a file system over Cloud Storage."""
    handed = [arguments.get(name) for name in ("filesystem", "fs", "gcs")]
    return any(_is_gcs(option, 0) for value in handed if value is not None for option in alternatives(value))


def _is_gcs(value: Value, depth: int) -> bool:
    """The file system itself, or one wrapped for another library."""
    if not isinstance(value, Product) or depth > 3:
        return False
    wrapped = (option for inner in value.arguments.everything() for option in alternatives(inner))
    return value.path.endswith(_NAMES) or any(_is_gcs(option, depth + 1) for option in wrapped)


def _by_protocol(arguments: Arguments) -> Value:
    """`fsspec.filesystem("gs")` is what gcsfs makes."""
    protocol = as_text(arguments.get("protocol", 0) or Unknown()).flat
    return Product(_GCS if protocol in ("gs", "gcs", HOLE) else "fsspec.LocalFileSystem", arguments)


def _with_path(arguments: Arguments) -> Value:
    """`fsspec.core.url_to_fs(address)`: the file system, and the path on it."""
    url = arguments.get("url", 0) or arguments.get("uri", 0) or Unknown("url")
    found = [as_text(option) for option in alternatives(url)]
    remote = any(located(text) or text.flat.startswith(HOLE) for text in found)
    plain: list[Value] = [text.cut(text.flat.index("//") + 2) if "://" in text.flat else text for text in found]
    return Items([Product(_GCS if remote else "fsspec.LocalFileSystem", arguments), either(plain)])


def _mapping(arguments: Arguments) -> Value:
    """Names below an address: what opens it acts on that address."""
    roots = texts(arguments.get("root", 0) or arguments.get("url", 0) or arguments.get("path", 0) or Unknown("root"))
    addresses: list[Value] = [_address(root) for root in roots]
    return either(addresses) if addresses else Unknown("mapping")


def _address(root: Text) -> Text:
    return root if "://" in root.flat else literal("gs://") + root


def _fsspec_mapping(arguments: Arguments) -> Value:
    roots = texts(arguments.get("url", 0))
    return either(list[Value](roots)) if roots else Unknown("mapping")


_MAKERS: dict[str, Callable[[Arguments], Value]] = {
    "fsspec.filesystem": _by_protocol,
    "fsspec.get_filesystem_class": _by_protocol,
    "fsspec.core.url_to_fs": _with_path,
    "fsspec.url_to_fs": _with_path,
    "pyarrow.fs.FileSystem.from_uri": _with_path,
    "fsspec.get_mapper": _fsspec_mapping,
    "zarr.storage.FSStore": _fsspec_mapping,
    "zarr.storage.FsspecStore.from_url": _fsspec_mapping,
    "GCSMap": _mapping,
}
_OWN_NAMES = ("GCSMap",)

"""What a scan said, kept outside the checkout: an unchanged checkout is not scanned twice.

The key covers every byte that can change the answer: the files, the environment, the settings, and our own code.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from analysis.references.checkout import Checkout
from analysis.references.model import ScanResult


class _Kept(msgspec.Struct):
    key: str
    result: ScanResult


def default_folder() -> Path:
    """Where results are kept: below XDG_CACHE_HOME, or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "thermocline" / "references"


def key_of(checkout: Checkout, env: str | None, settings: Mapping[str, Any] | None) -> str:
    """A digest of all that a scan depends on."""
    digest = hashlib.sha256(_own_code())
    digest.update(json.dumps([env, settings or {}, sorted(checkout.too_large)], sort_keys=True, default=str).encode())
    for path in sorted(checkout.files):
        content = hashlib.sha256(checkout.text(path).encode("utf-8", "surrogatepass")).digest()
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0" + content)
    return digest.hexdigest()


@cache
def _own_code() -> bytes:
    """A digest of this package's modules and tables, in whatever folder of it they lie."""
    return hashlib.sha256(b"".join(_contents(files("analysis.references")))).digest()


def _contents(place: Traversable) -> Iterator[bytes]:
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _contents(entry)
        elif entry.name.endswith((".py", ".toml")):
            yield entry.name.encode() + b"\0" + entry.read_bytes()


def read(folder: Path, checkout: Path, env: str | None, key: str) -> ScanResult | None:
    """The kept result for `key`; None where there is none, or where the file cannot be used."""
    try:
        kept = msgspec.msgpack.decode(_file(folder, checkout, env).read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return None  # scanning again gives the same answer
    return kept.result if kept.key == key else None


def write(folder: Path, checkout: Path, env: str | None, key: str, result: ScanResult) -> None:
    """Keep a result; the file appears whole or not at all."""
    path = _file(folder, checkout, env)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.msgpack.encode(_Kept(key, result)))
        part.replace(path)
    except OSError:
        return  # a cache that cannot be written costs time, not truth


def _file(folder: Path, checkout: Path, env: str | None) -> Path:
    name = hashlib.sha256(f"{checkout.resolve()}\0{env}".encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return folder / f"{name}.msgpack"

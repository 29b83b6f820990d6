"""The state on a folder: a log of changes, replayed and compacted at start.

Each change is handed to the operating system before its answer leaves, so a killed server loses nothing; a machine that
loses power may lose the last moments, which is fine for rehearsals. A torn last line is dropped. Rewrite tokens and
open resumable uploads are not kept.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from thermocline.sandbox.server.content import Inline, OnFile
from thermocline.sandbox.server.model import StoredObject

_INLINE_LIMIT = 16_384


class BucketSaved(msgspec.Struct, tag="bucket"):
    resource: dict[str, Any]
    metageneration: int
    policy: dict[str, Any]
    policy_version: int
    notifications: dict[str, dict[str, Any]]


class BucketGone(msgspec.Struct, tag="bucket-gone"):
    name: str


class ObjectSaved(msgspec.Struct, tag="object"):
    bucket: str
    state: str
    object: StoredObject


class ObjectGone(msgspec.Struct, tag="object-gone"):
    bucket: str
    state: str
    name: str
    generation: int


Record = BucketSaved | BucketGone | ObjectSaved | ObjectGone


class Journal:
    """Appends records to `state.jsonl`; without a folder it does nothing."""

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self._stream: BinaryIO | None = None
        self._encoder = msgspec.json.Encoder()
        if directory is not None:
            (directory / "content").mkdir(parents=True, exist_ok=True)

    def replay(self) -> Iterator[Record]:
        """What was written before, oldest first."""
        if self.directory is None or not (self.directory / "state.jsonl").exists():
            return
        decoder = msgspec.json.Decoder(Record)
        with (self.directory / "state.jsonl").open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    yield decoder.decode(line)

    def compact(self, records: Iterable[Record]) -> None:
        """Replace the log by the state it leads to, and open it for appending."""
        if self.directory is None:
            return
        fresh = self.directory / "state.jsonl.new"
        with fresh.open("wb") as stream:
            stream.writelines(self._encoder.encode(record) + b"\n" for record in records)
        fresh.replace(self.directory / "state.jsonl")
        self._stream = (self.directory / "state.jsonl").open("ab", buffering=0)

    def write(self, record: Record) -> None:
        """Keep one change."""
        if self._stream is None:
            return
        if isinstance(record, ObjectSaved) and isinstance(record.object.content, Inline):
            self._move_to_file(record.object)
        self._stream.write(self._encoder.encode(record) + b"\n")

    def close(self) -> None:
        """Stop writing."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _move_to_file(self, held: StoredObject) -> None:
        content = held.content
        if self.directory is None or not isinstance(content, Inline) or content.size <= _INLINE_LIMIT:
            return
        path = self.directory / "content" / hashlib.sha256(content.data).hexdigest()
        if not path.exists():
            path.write_bytes(content.data)
        held.content = OnFile(str(path), content.size)

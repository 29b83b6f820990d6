"""Log files in a bucket: `gs://bucket/folder/`, `gs://bucket/file.json`, or with wildcards."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError, BadInput
from analysis.sources.cloud_storage import storage_client
from analysis.sources.rights import advice

_ADDRESS = re.compile(r"gs://(?P<bucket>[^/]+)/?(?P<name>.*)", re.DOTALL)


@dataclass(frozen=True)
class RemoteFile:
    """An object, at the generation that was listed."""

    bucket: str
    name: str
    size: int
    generation: int
    crc32c: str
    blob: Any

    @property
    def uri(self) -> str:
        return f"gs://{self.bucket}/{self.name}"

    @property
    def checksum(self) -> str:
        return f"gs:{self.generation}:{self.crc32c}"


def is_remote(text: str) -> bool:
    """Whether an input is an address in Cloud Storage."""
    return text.startswith("gs://")


def find_remote(addresses: Iterable[str]) -> list[RemoteFile]:
    """The objects that the addresses name, each once, by name. Raises BadInput for one that names nothing."""
    from google.api_core.exceptions import GoogleAPICallError

    found: dict[str, RemoteFile] = {}
    client = None
    for address in addresses:
        client = client or storage_client()
        try:
            files = _list(client, address)
        except GoogleAPICallError as error:
            raise AnalysisError(
                f"{address} cannot be listed ({error.message})",
                advice(str(error.message), "check the address and your rights"),
            ) from error
        if not files:
            raise BadInput(f"nothing to read at {address}", "check the address; a folder must hold at least one object")
        found |= {file.uri: file for file in files}
    return list(found.values())


def _list(client: Any, address: str) -> list[RemoteFile]:
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise BadInput(f"{address} is no address of an object", "write it as gs://bucket/folder/")
    bucket, name = match["bucket"], match["name"]
    wild = re.search(r"[*?\[{]", name)
    if wild:
        blobs = client.list_blobs(bucket, match_glob=name, prefix=name[: wild.start()] or None)
    elif name and not name.endswith("/"):
        # One object, or a folder written without its slash.
        blobs = [blob for blob in client.list_blobs(bucket, prefix=name) if f"{blob.name}/".startswith(f"{name}/")]
    else:
        blobs = client.list_blobs(bucket, prefix=name or None)
    files = [
        RemoteFile(bucket, blob.name, int(blob.size or 0), int(blob.generation or 0), blob.crc32c or "", blob)
        for blob in blobs
        if not blob.name.endswith("/")
    ]
    return sorted(files, key=lambda file: file.name)


def fetch(file: RemoteFile, folder: Path) -> Path:
    """Download an object as it is stored, checked against its crc32c; at the generation that was listed."""
    from google.api_core.exceptions import GoogleAPICallError

    target = folder / f"{file.generation}-{abs(hash(file.uri)):x}"
    try:
        # Stored as it is: a gzip object must not be unpacked on the way, its checksum is that of the packed bytes.
        file.blob.download_to_filename(
            str(target), raw_download=True, checksum="crc32c", if_generation_match=file.generation
        )
    except GoogleAPICallError as error:
        raise AnalysisError(
            f"{file.uri} cannot be read ({error.message})", advice(str(error.message), "run the command again")
        ) from error
    return target

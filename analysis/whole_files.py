"""Files that are written whole: after a crash, or on a full disk, there is the old one or the new one, never a part."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

LONGEST = 100


def file_part(name: str) -> str:
    """A name out of a plan as a part of a file's name: it brings no path, and fits every file system."""
    safe = re.sub(r"[^A-Za-z0-9._+-]", "_", name)
    return safe if len(safe) <= LONGEST else f"{safe[:LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


@contextmanager
def replacing(*paths: Path) -> Iterator[list[Path]]:
    """Where to write what is to stand at `paths`, all or none of it: once the block has ended well, and all is on disk.

    A file that stood there keeps its mode. Raises OSError.
    """
    parts = [path.with_name(f"{path.name}.partial") for path in paths]
    try:
        yield parts
        for path, part in zip(paths, parts, strict=True):
            # Some file systems tell only here that they are full.
            _sync(part)
            if path.exists():
                shutil.copymode(path, part)
        for path, part in zip(paths, parts, strict=True):
            part.replace(path)
        for folder in {path.parent for path in paths}:
            _sync(folder)
    except BaseException:
        for part in parts:
            part.unlink(missing_ok=True)
        raise


def write_whole(files: Mapping[Path, str | bytes], *, private: bool = False) -> None:
    """Write all of these files, or none. Text is written as UTF-8, its line ends as they are. Raises OSError.

    `private`: nobody but the owner may read them, at no moment.
    """
    with replacing(*files) as parts:
        for part, content in zip(parts, files.values(), strict=True):
            if private:
                part.touch()
                part.chmod(0o600)
            part.write_bytes(content.encode() if isinstance(content, str) else content)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

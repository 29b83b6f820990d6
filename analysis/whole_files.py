"""Files that are written whole: after a crash, or on a full disk, there is the old one or the new one, never a part."""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

LONGEST = 100


def file_part(name: str) -> str:
    """A name out of a plan as a part of a file's name: it brings no path, and fits every file system."""
    safe = re.sub(r"[^A-Za-z0-9._+-]", "_", name)
    return safe if len(safe) <= LONGEST else f"{safe[:LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def write_whole(files: Mapping[Path, str | bytes]) -> None:
    """Write all of these files, or none: the first one is replaced when all are on the disk. Raises OSError.

    Text is written as UTF-8, its line ends as they are. A file that stood there keeps its mode.
    """
    parts = {path: path.with_name(f"{path.name}.partial") for path in files}
    try:
        for path, content in files.items():
            with parts[path].open("wb") as part:
                part.write(content.encode() if isinstance(content, str) else content)
                part.flush()
                # Some file systems tell only here that they are full.
                os.fsync(part.fileno())
            if path.exists():
                shutil.copymode(path, parts[path])
        for path, finished in parts.items():
            finished.replace(path)
    except BaseException:
        for unfinished in parts.values():
            unfinished.unlink(missing_ok=True)
        raise

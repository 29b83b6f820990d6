"""From what a user types to a list of files: paths, folders, globs."""

import glob
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from analysis.errors import BadInput

# Names that stand beside logs in a folder and never are logs.
_BESIDE = (".crc", ".tmp", ".part", ".md", ".duckdb", ".wal")


def find_files(inputs: Sequence[str], *, wanted: Callable[[Path], bool] = lambda _: True) -> list[Path]:
    """The files that `inputs` name, each once, sorted within each input. A folder means everything below it.

    Raises BadInput for an input that names nothing.
    """
    if not inputs:
        raise BadInput("no input given", "name files, folders or globs")
    found: dict[Path, None] = {}
    for text in inputs:
        paths = [path for path in _expand(text) if wanted(path)]
        if not paths:
            raise BadInput(
                f"nothing to read at {text}", "check the path; folders and globs must hold at least one file"
            )
        found.update(dict.fromkeys(paths))
    return list(found)


def _expand(text: str) -> Iterable[Path]:
    path = Path(text).expanduser()
    if path.is_dir():
        return _below(path)
    if path.exists():
        return [path]
    matches = sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207  absolute patterns
    return [file for match in matches for file in (_below(match) if match.is_dir() else [match])]


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and _is_candidate(path))


def _is_candidate(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix.lower() not in _BESIDE

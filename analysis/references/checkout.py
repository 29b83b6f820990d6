"""The files of a checkout: which of them are read, and how modules and scripts are found among them."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MAXIMUM_BYTES = 2_000_000
_SKIPPED = (
    ".git .hg .svn .venv venv node_modules __pycache__ .mypy_cache .ruff_cache .pytest_cache .tox .nox .idea .vscode "
    "site-packages .terraform dbt_packages target dist .eggs .ipynb_checkpoints"
)
_SKIPPED_FOLDERS = frozenset(_SKIPPED.split())
_SUFFIXES = {
    "python": ".py",
    "notebook": ".ipynb",
    "sql": ".sql .hql .bq .sqlx .ddl .jinja .j2 .jinja2",
    "yaml": ".yaml .yml",
    "json": ".json",
    "config": ".toml .cfg .ini .env .properties .conf .config",
    "shell": ".sh .bash .zsh .ksh",
    "makefile": ".mk",
    "nextflow": ".nf",
    "windows": ".bat .cmd .ps1",
    "terraform": ".tf .tfvars .hcl",
    "script": ".js .ts .mjs .cjs .mts .cts .jsx .tsx .scala .sc .java .kt .kts .go .r .cs .rb .php .groovy",
    "document": ".md .rst .txt .adoc .markdown .html",
}
_LANGUAGES = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
_NAMES = {
    "Makefile": "makefile",
    "makefile": "makefile",
    "GNUmakefile": "makefile",
    "Dockerfile": "docker",
    "Jenkinsfile": "jenkins",
    ".env": "config",
    "Justfile": "makefile",
    "Procfile": "shell",
}
_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|spec|integration_tests|unit_tests)/"
    r"|(?:^|/)(?:(?P<named>test_[^/]*|[^/]*_test)|conftest)\.py$|\.(?:test|spec)\.[cm]?[jt]sx?$"
)

_TESTS = re.compile(r"^\s*(?:async )?def test|\b(?:unittest|pytest|assert)\b", re.MULTILINE)


@dataclass(slots=True)
class SourceFile:
    """One file that is read."""

    path: str  # relative, with forward slashes
    language: str
    size: int


@dataclass(slots=True)
class Checkout:
    """A directory of source files, and the index that finds modules in it."""

    root: Path
    files: dict[str, SourceFile] = field(default_factory=dict)
    too_large: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)  # that hold Python files somewhere below
    by_name: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    exact: dict[str, str] = field(default_factory=dict)  # of changed files whose bytes are no UTF-8

    def text(self, path: str) -> str:
        """The content of a file; bytes that are no UTF-8 become replacement characters."""
        found = self.texts.get(path)
        if found is None:
            # Line ends stay as they are: a patch must not change them, nor shift columns.
            found = (self.root / path).read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
            self.texts[path] = found
        return found

    def of(self, *languages: str) -> Iterator[SourceFile]:
        return (file for file in self.files.values() if file.language in languages)

    def module_at(self, base: str, dotted: str) -> str | None:
        """The file of module `dotted` below folder `base`; a folder without __init__.py answers as if it had one."""
        path = "/".join(part for part in (base, dotted.replace(".", "/")) if part)
        if f"{path}.py" in self.files:
            return f"{path}.py"
        if f"{path}/__init__.py" in self.files or path in self.folders:
            return f"{path}/__init__.py"
        return None

    def is_test(self, path: str) -> bool:
        """Whether a file only tests: what it touches is no operation of the platform.

        A name alone does not tell: `copy_to_test.py` is a job, as long as nothing in it tests.
        """
        match = _TEST.search(path)
        return match is not None and (match["named"] is None or bool(_TESTS.search(self.text(path))))

    def ending_with(self, tail: str) -> list[str]:
        """Files whose path ends with `tail` at a folder boundary."""
        tail = tail.strip("/")
        name = tail.rpartition("/")[2]
        return [path for path in self.by_name.get(name, ()) if path == tail or path.endswith("/" + tail)]


def open_checkout(root: Path) -> Checkout:
    """List the files of `root` that can hold references."""
    checkout = Checkout(root)
    for path, size in _walk(root):
        language = language_of(path)
        if language is None:
            continue
        if size > MAXIMUM_BYTES:
            checkout.too_large.append(path)
            continue
        checkout.files[path] = SourceFile(path, language, size)
        checkout.by_name.setdefault(path.rpartition("/")[2], []).append(path)
        if language in ("python", "notebook"):
            folder = path.rpartition("/")[0]
            while folder and folder not in checkout.folders:
                checkout.folders.add(folder)
                folder = folder.rpartition("/")[0]
    return checkout


def language_of(path: str) -> str | None:
    """How a file is read; None for files that are not."""
    name = path.rpartition("/")[2]
    if name in _NAMES or name.startswith(("Dockerfile", ".env")):
        return _NAMES.get(name) or ("config" if name.startswith(".env") else "docker")
    return _LANGUAGES.get(os.path.splitext(name)[1].lower())  # noqa: PTH122 - called for every file, a Path costs ten times as much


def _walk(root: Path) -> Iterator[tuple[str, int]]:
    """Paths and sizes in a stable order; links are not followed, so that a loop cannot hold the scan."""
    stack = [""]
    while stack:
        folder = stack.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError:
            continue  # a folder that cannot be listed holds nothing that we could read
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if entry.name not in _SKIPPED_FOLDERS:
                    stack.append(path)
            elif entry.is_file():
                yield path, entry.stat().st_size


def ancestors(path: str) -> Sequence[str]:
    """Folders of a path from the nearest to the checkout's root, which is ''."""
    result = []
    folder = path.rpartition("/")[0]
    while folder:
        result.append(folder)
        folder = folder.rpartition("/")[0]
    return [*result, ""]


def script_root(path: str) -> str:
    """The folder that Python puts first on its path: the dags folder for DAGs, else the file's own."""
    parts = path.split("/")
    for name in ("dags", "plugins"):
        if name in parts[:-1]:
            return "/".join(parts[: parts.index(name) + 1])
    return path.rpartition("/")[0]

"""What names of Terraform stand for: each folder is a module, and one that others call knows what each call hands it.

Values come from `*.tfvars`, from what a pipeline passes with `-var` or `TF_VAR_`, from the call, else from the default.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analysis.references.formats.deployment import of_another_environment
from analysis.references.model import Site
from analysis.references.program import Program
from analysis.references.python import environment
from analysis.references.text import Text, hole, literal

MAXIMUM_CALLS = 12  # of one module that are told apart
MAXIMUM_ALL_CALLS = 1_000
MAXIMUM_DEPTH = 5  # of modules that call modules, and of names that stand for names

Names = dict[str, Text]


@dataclass(slots=True)
class Block:
    """A block with the strings of its values, by key; its line counts from 1."""

    words: list[str]
    line: int
    values: dict[str, list[Text]] = field(default_factory=dict)
    parent: "Block | None" = None
    children: "list[Block]" = field(default_factory=list)


Blocks = Mapping[str, list[Block]]  # by file


def scopes(program: Program, blocks: Blocks) -> Iterator[tuple[str, Names]]:
    """Every folder with what its names stand for: once, or once for each call of it as a module."""
    folders = dict.fromkeys(path.rpartition("/")[0] for path in blocks)
    own = {folder: _own(blocks, folder) for folder in folders}
    given = _given(program, blocks, own)
    called = {target for folder in folders for _, target, _ in _calls(blocks, folder)}
    walk = _Walk(blocks, own, program.env, {folder: [] for folder in folders})
    for folder in folders:
        if folder not in called:
            walk.enter(folder, {**own[folder], **given[folder]}, 0)
    for folder, known in walk.found.items():
        for names in known or [own[folder]]:
            yield folder, names


@dataclass(slots=True)
class _Walk:
    """The way from the folders that nobody calls through the modules that they call."""

    blocks: Blocks
    own: Mapping[str, Names]
    env: str | None
    found: dict[str, list[Names]]
    calls_left: int = MAXIMUM_ALL_CALLS

    def enter(self, folder: str, known: Names, depth: int) -> Names:
        """Note what a folder's names stand for, follow the modules that it calls, and return its outputs."""
        for name, target, block in _calls(self.blocks, folder):
            if target in self.own and depth < MAXIMUM_DEPTH and self.calls_left > 0:
                self.calls_left -= 1
                handed = {f"var.{key}": settled(values[0], known, self.env) for key, values in block.values.items()}
                outputs = self.enter(target, {**self.own[target], **handed}, depth + 1)
                known = {**known, **{f"module.{name}.{key}": value for key, value in outputs.items()}}
        if known not in self.found[folder] and len(self.found[folder]) < MAXIMUM_CALLS:
            self.found[folder].append(known)
        return {
            block.words[1]: settled(values[0], known, self.env)
            for block in _of(self.blocks, folder)
            if block.words[0] == "output" and len(block.words) > 1 and (values := block.values.get("value"))
        }


def _of(blocks: Blocks, folder: str) -> Iterator[Block]:
    for path, found in blocks.items():
        if path.rpartition("/")[0] == folder and not path.endswith(".tfvars"):
            yield from found


def _calls(blocks: Blocks, folder: str) -> Iterator[tuple[str, str, Block]]:
    """The modules of the checkout that a folder calls: name, folder, and the call."""
    for block in _of(blocks, folder):
        if block.words[0] != "module" or len(block.words) < 2:
            continue
        source = block.values.get("source", [])
        if source and source[0].flat.startswith("."):
            yield block.words[1], posixpath.normpath(f"{folder}/{source[0].flat}").strip("/"), block


_OBJECTS = ("google_storage_bucket_object", "google_storage_bucket")


def _own(blocks: Blocks, folder: str) -> Names:
    """What `var.x` is by default, `local.x` and `google_storage_bucket.x.name` stand for in one folder."""
    known: Names = {}
    for block in _of(blocks, folder):
        first, *rest = block.words
        if first == "variable" and rest and (values := block.values.get("default")):
            known.setdefault(f"var.{rest[0]}", values[0])
        elif first == "locals":
            known.update({f"local.{key}": values[0] for key, values in block.values.items()})
        elif first in ("resource", "data") and len(rest) > 1 and rest[0] in _OBJECTS:
            whole = ("data." if first == "data" else "") + f"{rest[0]}.{rest[1]}"
            for key, attributes in (("name", ("name", "output_name", "id")), ("bucket", ("bucket",))):
                for value in block.values.get(key, ())[:1]:
                    known.update({f"{whole}.{attribute}": value for attribute in attributes})
    return known


_PASSED = re.compile(
    r"-var(?:=|\s+)[\"']?(?P<name>\w+)=[\"']?(?P<value>[^\s\"'$]+)"
    r"|\bTF_VAR_(?P<variable>\w+)\s*[=:]\s*[\"']?(?P<set>[^\s\"'$]+)"
)


def _given(program: Program, blocks: Blocks, own: Mapping[str, Names]) -> dict[str, Names]:
    """Variables of each folder: from `*.tfvars` of this environment or of none, and from command lines of pipelines."""
    env = program.env
    passed: dict[str, dict[str, Text]] = {}
    for file in program.checkout.of("shell", "makefile", "yaml", "config", "docker", "jenkins"):
        if env and of_another_environment(file.path, env):
            continue
        content = program.checkout.text(file.path)
        for match in _PASSED.finditer(content) if "-var" in content or "TF_VAR_" in content else ():
            name, value = match["name"] or match["variable"], match["value"] or match["set"]
            site = Site(file.path, content.count("\n", 0, match.start()) + 1)
            passed.setdefault(f"var.{name}", {})[value] = literal(value, site)
    everywhere = {name: next(iter(values.values())) for name, values in passed.items() if len(values) == 1}
    given: dict[str, Names] = {folder: dict(everywhere) for folder in own}
    roots = {path.rpartition("/")[0] for path in blocks if path.endswith(".tf")}
    files = [path for path in blocks if path.endswith(".tfvars") and not (env and of_another_environment(path, env))]
    for path in sorted(files, key=lambda path: bool(env) and (env or "") in path):  # what names the environment wins
        names = {f"var.{key}": values[0] for block in blocks[path] for key, values in block.values.items()}
        for folder in _concerned(path, roots):
            given[folder].update(names)
    return given


def _concerned(path: str, roots: set[str]) -> set[str]:
    """The folders whose variables a file of values sets: the nearest one around it, else all."""
    folder = path.rpartition("/")[0]
    while folder and folder not in roots:
        folder = folder.rpartition("/")[0]
    return {folder} if folder in roots else roots


def settled(text: Text, known: Mapping[str, Text], env: str | None, depth: int = 0) -> Text:
    """The text with what its names stand for."""
    parts = Text()
    for piece in text.pieces:
        value = known.get(piece.label) if piece.hole else None
        if value is not None and depth < MAXIMUM_DEPTH:
            parts = parts + settled(value, known, env, depth + 1)
        elif piece.hole and environment.names_environment(piece.label.rpartition(".")[2]):
            parts = parts + (environment.current(env) or hole(piece.label))
        else:
            parts = parts + Text((piece,))
    return parts

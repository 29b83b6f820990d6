"""YAML read with line numbers: plain data, and the line of every key, so that errors can point at it.

Nothing executable: only the safe tags, no aliases (a file of ten lines could unfold to gigabytes), no duplicate keys.
"""

from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from planner.errors import InvalidPlanInput

TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp")}
MAXIMUM_BYTES = 4 * 1024 * 1024
MAXIMUM_DEPTH = 200


@dataclass(frozen=True)
class Document:
    """The data of a YAML file, and the line of each key by its path (`("dms_export", "file_patterns")`)."""

    name: str
    data: Any
    lines: dict[tuple[str, ...], int] = field(default_factory=dict)

    def at(self, *path: str) -> str:
        """`file:line` of a key, or of the nearest key above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_yaml(path: Path) -> Document:
    """Read one document. Raises InvalidPlanInput for missing files, broken YAML, aliases and duplicate keys."""
    try:
        raw = path.read_bytes()
        text = raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPlanInput(f"cannot read {path}", getattr(error, "strerror", None) or str(error)) from error
    if len(raw) > MAXIMUM_BYTES:
        raise InvalidPlanInput(f"{path} is larger than any configuration should be", "name the right file")
    return parse_yaml(text, str(path))


def parse_yaml(text: str, name: str) -> Document:
    """The document in `text`, which a file called `name` holds."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="safe", pure=True)
    document = Document(name, None)
    if _flow_depth(text) > MAXIMUM_DEPTH:
        # The reader would need minutes to find out for itself.
        raise InvalidPlanInput(f"{name} is nested deeper than any configuration", "name the right file")
    try:
        node = reader.compose(StringIO(text))
        data = _plain(reader, node, (), document, set()) if node is not None else None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InvalidPlanInput(f"{name}{line} is not valid YAML", problem) from error
    except RecursionError:
        raise InvalidPlanInput(f"{name} is nested deeper than any configuration", "name the right file") from None
    return Document(name, data, document.lines)


def _flow_depth(text: str) -> int:
    """How deep brackets nest, those in strings counted too."""
    depth = deepest = 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        deepest = max(deepest, depth)
    return deepest


def _plain(reader: Any, node: Any, path: tuple[str, ...], document: Document, seen: set[int]) -> Any:
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise InvalidPlanInput(f"{document.name}:{line}: aliases are not read", "write the value out")
    seen.add(id(node))
    if str(node.tag) not in TAGS:
        raise InvalidPlanInput(f"{document.name}:{line}: the tag {node.tag} is not read", "write a plain value")
    if node.id == "sequence":
        return [_plain(reader, item, path, document, seen) for item in node.value]
    if node.id != "mapping":
        return reader.constructor.construct_object(node)
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        at = key_node.start_mark.line + 1
        if key in found:
            raise InvalidPlanInput(f"{document.name}:{at}: `{key}` is there twice", "keep one of them")
        document.lines[(*path, key)] = at
        found[key] = _plain(reader, value_node, (*path, key), document, seen)
    return found

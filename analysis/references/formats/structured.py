"""YAML, JSON and TOML of a checkout as values whose strings know their line, for pipelines and for code that loads."""

import tomllib
from typing import TYPE_CHECKING

from analysis.references.model import Site
from analysis.references.python.values import Constant, Items, Table, Unknown, Value, as_text
from analysis.references.text import Piece, Text, literal

if TYPE_CHECKING:
    from analysis.references.program import Program

MAXIMUM_CHARACTERS = 80_000
MAXIMUM_DEPTH = 40
# Parsing YAML costs far more than reading it: past this many characters in one scan, lines are read instead.
BUDGET = 600_000


def load(program: "Program", path: str) -> Value | None:
    """The content of a file; None where it cannot be parsed, is too large, or the work for such files is used up."""
    if path not in program.structures:
        program.structures[path] = _load(program, path)
    return program.structures[path]


def _load(program: "Program", path: str) -> Value | None:
    content = program.checkout.text(path)
    if path.endswith(".toml"):
        try:
            return plain(tomllib.loads(content), Text((Piece(content, Site(path, 1), multiline=True),)))
        except (tomllib.TOMLDecodeError, RecursionError):
            return None
    if len(content) > MAXIMUM_CHARACTERS or program.structured_characters + len(content) > BUDGET:
        return None
    program.structured_characters += len(content)
    documents = _compose(content)
    known: dict[int, Value] = {}
    values = [_value(document, path, content, 0, known) for document in documents or []]
    if not values:
        return None
    return values[0] if len(values) == 1 else Items(values)


def _compose(content: str) -> "list[object] | None":
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        # "safe": the same nodes as "rt" would find, without its search for comments.
        return [node for node in YAML(typ="safe", pure=True).compose_all(content) if node is not None]
    except (YAMLError, ValueError, RecursionError, AttributeError, TypeError):
        return None  # templates and other tongues: the lines are read instead


def _value(node: object, path: str, content: str, depth: int, known: dict[int, Value]) -> Value:
    """A node as a value; what an alias repeats is one value, however often it is named."""
    if depth > MAXIMUM_DEPTH:
        return Unknown()
    if id(node) not in known:
        known[id(node)] = Unknown()  # for a node inside itself
        known[id(node)] = _new_value(node, path, content, depth, known)
    return known[id(node)]


def _new_value(node: object, path: str, content: str, depth: int, known: dict[int, Value]) -> Value:
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

    if isinstance(node, MappingNode):
        table = Table({})
        for key, inner in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else None
            value = _value(inner, path, content, depth + 1, known)
            if name == "<<" and isinstance(value, Table):
                table.entries = {**value.entries, **table.entries}
            elif name is not None:
                table.entries[name] = value
        return table
    if isinstance(node, SequenceNode):
        return Items([_value(inner, path, content, depth + 1, known) for inner in node.value])
    if isinstance(node, ScalarNode):
        return _scalar(
            node.value, node.style, node.tag, node.start_mark.index, Site(path, node.start_mark.line + 1), content
        )
    return Unknown()


def _scalar(value: str, style: str | None, tag: object, index: int, site: Site, content: str) -> Value:
    if style is None and str(tag).endswith((":int", ":float", ":bool", ":null")):
        return Constant(None if str(tag).endswith(":null") else value)
    block = style in ("|", ">")
    if block:  # the text starts on the line after its header
        index = content.find("\n", index) + 1
        site = Site(site.file, site.line + 1)
        while index < len(content) and content[index] in " \n":
            site = Site(site.file, site.line + 1) if content[index] == "\n" else site
            index += 1
    elif style in ("'", '"'):
        index += 1
    if not value:
        return literal("")
    return Text((Piece(value.replace("\x00", ""), site, multiline=block, offset=index),))


def plain(value: object, source: Text) -> Value:
    """A decoded value, its strings with the site of the text they came in."""
    if isinstance(value, str):
        position = source.flat.find(value) if value else -1
        return source.cut(position, position + len(value)) if position >= 0 else literal(value, source.first_line)
    if isinstance(value, list):
        return Items([plain(item, source) for item in value])
    if isinstance(value, dict):
        return Table({str(key): plain(item, source) for key, item in value.items()})
    return Constant(value)


def opened(program: "Program", name: Value, importer: str) -> str | None:
    """The file of the checkout that code opens by this name: the nearest one whose path ends so."""
    text = as_text(name).flat
    tail = text.rpartition("\x00")[2].lstrip("./")
    if not tail or len(tail) > 200 or "://" in text:
        return None
    return program.nearest(tail, importer)

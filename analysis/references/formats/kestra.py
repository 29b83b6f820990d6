"""Flows of Kestra: variables put in, what one task found handed to the next, and what a task's type does."""

import re
from collections.abc import Iterator

from analysis.references.model import Role
from analysis.references.python.values import Items, Table, Value
from analysis.references.text import Piece, Text, hole

MAXIMUM_DEPTH = 12
_TYPE = re.compile(r"\bgcp\.(?:gcs|bigquery)\.(?P<task>\w+)$")
_ACTS: dict[str, Role] = {"List": "list", "Trigger": "list", "Delete": "delete", "DeleteList": "delete"}
_ADDRESSES = ("from", "uri")
_VARIABLE = re.compile(r"\{\{\s*(?:render\(\s*)?vars\.(?P<name>\w+)\s*\)?\s*\}\}")
_OUTPUT = re.compile(r"\{\{\s*outputs\.(?P<task>\w+)\.\w+[^{}]*\}\}")
_ELEMENT = re.compile(r"\{\{\s*(?:parent\.)?taskrun\.value(?:\s*\}\}|[^{}]*\buri\b[^{}]*\}\})")


def is_flow(value: Value) -> bool:
    """Whether a file's content is a flow."""
    return isinstance(value, Table) and value.entries.keys() >= {"id", "namespace", "tasks"}


def put_in(flow: Table) -> None:
    """Put what is known into the texts of a flow: its variables, the places that tasks found, elements of lists."""
    variables = flow.entries.get("variables")
    known = {
        str(name): entry
        for name, entry in (variables.entries.items() if isinstance(variables, Table) else ())
        if isinstance(entry, Text)
    }
    _replace(flow, _VARIABLE, "name", known, 0)
    _replace(flow, _VARIABLE, "name", known, 0)  # variables that name variables
    found = dict(_found(flow, 0))
    _each(flow, found, 0)
    _replace(flow, _OUTPUT, "task", found, 0)


def role_of(table: Table, key: str) -> Role | None:
    """What a task does with an address under a key; None where the key says it."""
    kind = table.entries.get("type")
    match = _TYPE.search(kind.flat) if isinstance(kind, Text) else None
    return _ACTS.get(match["task"]) if match and key in _ADDRESSES else None


def _found(value: Value, depth: int) -> Iterator[tuple[str, Text]]:
    """Tasks that leave an address to those after them: what they list lies below it."""
    if isinstance(value, Table):
        kind, name = value.entries.get("type"), value.entries.get("id")
        match = _TYPE.search(kind.flat) if isinstance(kind, Text) else None
        listed = match is not None and match["task"] == "List"
        place = value.entries.get("from" if listed else "to")
        if match and isinstance(name, Text) and isinstance(place, Text):
            yield name.flat, place + hole("listed") if listed else place
    for inner in _inner(value) if depth < MAXIMUM_DEPTH else ():
        yield from _found(inner, depth + 1)


def _each(value: Value, found: dict[str, Text], depth: int) -> None:
    """Tasks that run for each element of a list."""
    values = value.entries.get("values") if isinstance(value, Table) else None
    match = _OUTPUT.search(values.flat) if isinstance(values, Text) else None
    if match and match["task"] in found:
        _replace(value, _ELEMENT, None, {"": found[match["task"]]}, 0)
    for inner in _inner(value) if depth < MAXIMUM_DEPTH else ():
        _each(inner, found, depth + 1)


def _inner(value: Value) -> list[Value]:
    if isinstance(value, Items):
        return list(value.values)
    return list(value.entries.values()) if isinstance(value, Table) else []


def _replace(value: Value, pattern: re.Pattern[str], group: str | None, known: dict[str, Text], depth: int) -> None:
    def filled(one: Value) -> Value:
        if not isinstance(one, Text) or "{{" not in one.flat:
            return one
        named = [(match, match[group] if group else "") for match in pattern.finditer(one.flat)]
        spans = [(match.start(), match.end(), known[name]) for match, name in named if name in known]
        # What is put in was written elsewhere; an empty piece keeps the line that uses it.
        return Text((Piece("", one.first_line),)) + one.replace_spans(spans) if spans else one

    if isinstance(value, Items):
        value.values = [filled(one) for one in value.values]
    elif isinstance(value, Table):
        value.entries = {key: filled(one) for key, one in value.entries.items()}
    for inner in _inner(value) if depth < MAXIMUM_DEPTH else ():
        _replace(inner, pattern, group, known, depth + 1)

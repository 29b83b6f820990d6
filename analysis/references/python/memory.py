"""Calls that were made before: with equal arguments and nothing changed since, a function is not executed again.

Only results that nobody can change (strings, constants, names) are remembered; objects are made anew by every call.
"""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Constant,
    Either,
    External,
    Function,
    Instance,
    Items,
    Member,
    Product,
    Table,
    Unknown,
    Value,
)
from analysis.references.text import Text

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

MAXIMUM_ENTRIES = 40
_DEPTH = 2


class _CannotSay(Exception):
    """The arguments are too large to compare."""


def key_of(
    machine: "Machine", function: Function, positional: Sequence[Value], keywords: dict[str, Value], frame: Frame
) -> Hashable:
    """What the outcome of a call depends on; None where it is not worth telling."""
    if function.closure is not None or machine.program.tracing:
        return None
    try:
        values = tuple(_identity(value, _DEPTH) for value in (*function.bound, *positional))
        named = tuple((name, _identity(value, _DEPTH)) for name, value in keywords.items())
    except _CannotSay:
        return None
    entry = frame.calls[0].file if frame.calls else frame.module.file
    return id(function), values, named, function.module.version, len(machine.dags), entry


def worth_keeping(result: Value) -> bool:
    """Whether a result can be handed out again: nothing that a caller could change."""
    if isinstance(result, Either):
        return all(worth_keeping(option) for option in result.options)
    return isinstance(result, Text | Constant | Unknown | External)


def _identity(value: Value, depth: int) -> Hashable:
    if isinstance(value, Text):
        return tuple((piece.text, piece.site) for piece in value.pieces)
    if isinstance(value, Constant):
        return type(value.value), repr(value.value)
    if isinstance(value, Unknown):
        return "?", value.label
    if isinstance(value, External):
        return "external", value.path
    if isinstance(value, Either):
        return tuple(_identity(option, depth) for option in value.options)
    if isinstance(value, Member):
        return "member", value.name, _identity(value.owner, depth)
    return _state(value, depth)


def _state(value: Value, depth: int) -> Hashable:
    """An object with what it holds: the same object with another content is another argument."""
    if isinstance(value, Items):
        held = tuple(value.values)
    elif isinstance(value, Table):
        held = (*value.entries.values(), *value.others)
    elif isinstance(value, Instance | Product):
        held = tuple(value.names.values())
    else:
        return id(value)
    if len(held) > MAXIMUM_ENTRIES:
        raise _CannotSay
    if depth == 0:
        return id(value), len(held)
    inside = tuple(_identity(item, depth - 1) for item in held)
    # Lists and tables are what they hold; an object is also the one it is.
    return inside if isinstance(value, Items) else (id(value), inside)

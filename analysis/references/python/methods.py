"""Methods of strings, lists, dictionaries and paths."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from analysis.references.python import attributes, operators
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    MAXIMUM_ITEMS,
    Arguments,
    Constant,
    Items,
    Member,
    PathValue,
    Table,
    Unknown,
    Value,
    alternatives,
    as_text,
    either,
)
from analysis.references.text import HOLE, Text, hole, join, literal, separating

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine


def call_method(machine: "Machine", callee: Member, arguments: Arguments, frame: Frame) -> Value | None:
    """The result of `owner.name(...)` for a built-in type; None where it is another type or method."""
    owner, name = callee.owner, callee.name
    if isinstance(owner, Text):
        act = _TEXT.get(name)
        return act(machine, owner, arguments, frame) if act else None
    if isinstance(owner, Items):
        items_act = _ITEMS.get(name)
        return items_act(owner, arguments) if items_act else None
    if isinstance(owner, Table):
        table_act = _TABLE.get(name)
        return table_act(owner, arguments) if table_act else None
    if isinstance(owner, PathValue):
        return _path_method(owner, name, arguments)
    return None


def _first(arguments: Arguments, default: Value | None = None) -> Value:
    return arguments.positional[0] if arguments.positional else (default if default is not None else Unknown())


def _format(machine: "Machine", owner: Text, arguments: Arguments, frame: Frame) -> Value:
    def rest(value: Value, key: str) -> Value:
        if isinstance(value, Table | Items):
            return attributes.subscript(machine, value, Constant(int(key)) if key.isdigit() else literal(key), frame)
        return attributes.attribute(machine, value, key, frame)

    return operators.format_text(owner, arguments.positional, arguments.keywords, rest)


def _format_map(machine: "Machine", owner: Text, arguments: Arguments, frame: Frame) -> Value:
    table = _first(arguments)
    named = {str(key): value for key, value in table.entries.items()} if isinstance(table, Table) else {}
    return operators.format_text(owner, [], named, lambda value, key: attributes.attribute(machine, value, key, frame))


def _join(machine: "Machine", owner: Text, arguments: Arguments, frame: Frame) -> Value:
    joined = _first(arguments)
    values, complete = machine.iterate(joined, frame)
    if not values:
        return hole("join") if not complete else literal("")
    if len(values) > MAXIMUM_ITEMS // 5:
        return hole("join")
    between = separating(owner, len(values))
    parts: list[Value] = []
    for index, value in enumerate(values):
        parts.extend([between, value] if index else [value])
    if not complete and not (isinstance(joined, Items) and joined.divided):
        parts.append(hole())
    return operators.concatenate(parts)


def _replace(_: "Machine", owner: Text, arguments: Arguments, __: Frame) -> Value:
    if len(arguments.positional) < 2:
        return owner
    results: list[Value] = []
    for old in alternatives(arguments.positional[0]):
        for new in alternatives(arguments.positional[1]):
            old_text, new_text = as_text(old), as_text(new)
            known = isinstance(old, Text) and old_text.known and old_text.flat
            results.append(join(new_text, owner.split(old_text.flat)) if known else owner)
    return either(results)


def _split(_: "Machine", owner: Text, arguments: Arguments, __: Frame) -> Value:
    separator = arguments.get("sep", 0)
    if owner.flat == HOLE:
        return Items([], complete=False)
    if separator is None:
        words = owner.flat.split()
        result, position = [], 0
        for word in words[:MAXIMUM_ITEMS]:
            position = owner.flat.index(word, position)
            result.append(owner.cut(position, position + len(word)))
            position += len(word)
        return Items(list[Value](result), owner.known)
    if not isinstance(separator, Text) or not separator.known or not separator.flat:
        return Items([], complete=False)
    limit = arguments.get("maxsplit", 1)
    parts = owner.split(separator.flat)
    if isinstance(limit, Constant) and isinstance(limit.value, int) and 0 <= limit.value < len(parts) - 1:
        parts = [*parts[: limit.value], join(separator, parts[limit.value :])]
    return Items(list[Value](parts[:MAXIMUM_ITEMS]), owner.known, divided=len(parts) <= MAXIMUM_ITEMS)


def _rsplit(machine: "Machine", owner: Text, arguments: Arguments, frame: Frame) -> Value:
    separator, limit = arguments.get("sep", 0), arguments.get("maxsplit", 1)
    if isinstance(separator, Text) and separator.known and isinstance(limit, Constant) and limit.value == 1:
        position = owner.flat.rfind(separator.flat)
        if position >= 0:
            return Items([owner.cut(0, position), owner.cut(position + len(separator.flat))], owner.known)
    return _split(machine, owner, arguments, frame)


def _partition(_: "Machine", owner: Text, arguments: Arguments, __: Frame) -> Value:
    separator = as_text(_first(arguments))
    position = owner.flat.find(separator.flat)
    if position < 0:
        return Items([owner, literal(""), literal("")])
    return Items([owner.cut(0, position), separator, owner.cut(position + len(separator.flat))])


def _strip(left: bool, right: bool) -> Callable[["Machine", Text, Arguments, Frame], Value]:
    def act(_: "Machine", owner: Text, arguments: Arguments, __: Frame) -> Value:
        characters = _first(arguments, literal(" \n\t\r"))
        if isinstance(characters, Text) and characters.known:
            return owner.strip(characters.flat, left=left, right=right)
        return owner

    return act


def _prefix(removes: str) -> Callable[["Machine", Text, Arguments, Frame], Value]:
    def act(_: "Machine", owner: Text, arguments: Arguments, __: Frame) -> Value:
        affix = _first(arguments)
        if isinstance(affix, Text) and affix.known and affix.flat:
            if removes == "start" and owner.flat.startswith(affix.flat):
                return owner.cut(len(affix.flat))
            if removes == "end" and owner.flat.endswith(affix.flat):
                return owner.cut(0, len(owner.flat) - len(affix.flat))
        return owner

    return act


def _starts(end: bool) -> Callable[["Machine", Text, Arguments, Frame], Value]:
    def act(_: "Machine", owner: Text, arguments: Arguments, __: Frame) -> Value:
        affix = _first(arguments)
        if isinstance(affix, Text) and affix.known:
            known_part = owner.flat.rpartition(HOLE)[2] if end else owner.flat.partition(HOLE)[0]
            if owner.known or len(known_part) >= len(affix.flat):
                return Constant(known_part.endswith(affix.flat) if end else known_part.startswith(affix.flat))
        return Unknown()

    return act


def _changed(change: Callable[[str], str]) -> Callable[["Machine", Text, Arguments, Frame], Value]:
    def act(_: "Machine", owner: Text, __: Arguments, ___: Frame) -> Value:
        from dataclasses import replace

        return Text(tuple(replace(piece, text=change(piece.text)) for piece in owner.pieces), owner.trail)

    return act


def _same(_: "Machine", owner: Text, __: Arguments, ___: Frame) -> Value:
    return owner


_TEXT: dict[str, Callable[["Machine", Text, Arguments, Frame], Value]] = {
    "format": _format,
    "format_map": _format_map,
    "join": _join,
    "replace": _replace,
    "split": _split,
    "rsplit": _rsplit,
    "partition": _partition,
    "strip": _strip(True, True),
    "lstrip": _strip(True, False),
    "rstrip": _strip(False, True),
    "removeprefix": _prefix("start"),
    "removesuffix": _prefix("end"),
    "startswith": _starts(end=False),
    "endswith": _starts(end=True),
    "lower": _changed(str.lower),
    "upper": _changed(str.upper),
    "casefold": _changed(str.casefold),
    "encode": _same,
    "decode": _same,
    "strftime": _same,
    "isoformat": _same,
}


def _append(owner: Items, arguments: Arguments) -> Value:
    if len(owner.values) < MAXIMUM_ITEMS:
        owner.values.append(_first(arguments))
    else:
        owner.complete = False
    return Constant(None)


def _extend(owner: Items, arguments: Arguments) -> Value:
    for option in alternatives(_first(arguments)):
        if isinstance(option, Items):
            owner.values.extend(option.values[: max(MAXIMUM_ITEMS - len(owner.values), 0)])
            owner.complete = owner.complete and option.complete
        else:
            owner.complete = False
    return Constant(None)


def _insert(owner: Items, arguments: Arguments) -> Value:
    if len(arguments.positional) == 2 and len(owner.values) < MAXIMUM_ITEMS:
        owner.values.insert(0, arguments.positional[1])
    return Constant(None)


def _pop(owner: Items, _: Arguments) -> Value:
    return either(owner.values) if owner.values else Unknown()


def _copy_items(owner: Items, _: Arguments) -> Value:
    return Items(list(owner.values), owner.complete)


_ITEMS: dict[str, Callable[[Items, Arguments], Value]] = {
    "append": _append,
    "add": _append,
    "extend": _extend,
    "update": _extend,
    "union": lambda owner, arguments: operators.add(owner, _first(arguments)),
    "insert": _insert,
    "appendleft": _insert,
    "pop": _pop,
    "copy": _copy_items,
}


def _get(owner: Table, arguments: Arguments) -> Value:
    default = arguments.get("default", 1)
    results = []
    for key in alternatives(_first(arguments)):
        known = attributes.key_of(key)
        if known is not None and known not in owner.entries and default is not None and owner.fallback is None:
            found = attributes.lookup(owner, key)
            results.append(default if isinstance(found, Unknown) else found)
        else:
            results.append(attributes.lookup(owner, key))
    return either(results)


def _setdefault(owner: Table, arguments: Arguments) -> Value:
    key = _first(arguments)
    known = attributes.key_of(key)
    if known is None or known not in owner.entries:
        attributes.put(owner, key, arguments.get("default", 1) or Constant(None))
    return attributes.lookup(owner, key)


def _update(owner: Table, arguments: Arguments) -> Value:
    for option in alternatives(_first(arguments)):
        if isinstance(option, Table):
            owner.entries.update(option.entries)
            owner.others.extend(option.others[:MAXIMUM_ITEMS])
    owner.entries.update(arguments.keywords)
    return Constant(None)


def _items(owner: Table, _: Arguments) -> Value:
    pairs: list[Value] = [Items([_as_value(key), value]) for key, value in owner.entries.items()]
    pairs.extend(Items([Unknown("key"), value]) for value in owner.others)
    return Items(pairs, not owner.others)


def _as_value(key: object) -> Value:
    return literal(key) if isinstance(key, str) else Constant(key)


_TABLE: dict[str, Callable[[Table, Arguments], Value]] = {
    "get": _get,
    "pop": _get,
    "setdefault": _setdefault,
    "update": _update,
    "items": _items,
    "values": lambda owner, _: Items([*owner.entries.values(), *owner.others], not owner.others),
    "keys": lambda owner, _: Items([_as_value(key) for key in owner.entries], not owner.others),
    "copy": lambda owner, _: Table(dict(owner.entries), list(owner.others), owner.fallback),
    "model_dump": lambda owner, _: owner,
}


def table_keys(table: Table) -> Items:
    """What iterating over a dict yields."""
    return Items([_as_value(key) for key in table.entries], not table.others)


def _path_method(owner: PathValue, name: str, arguments: Arguments) -> Value | None:
    if name in ("joinpath", "__truediv__"):
        return PathValue(operators.join_paths([owner.text, *(as_text(part) for part in arguments.positional)]))
    if name in ("as_posix", "__str__", "as_uri", "__fspath__"):
        return owner.text
    if name in ("absolute", "resolve", "expanduser"):
        return owner
    if name in ("with_suffix", "with_name", "with_stem"):
        cut = owner.text.flat.rfind("/")
        stem = owner.text.flat.rfind(".")
        at = stem if name == "with_suffix" and stem > cut else cut + 1
        return PathValue(owner.text.cut(0, at) + as_text(_first(arguments)))
    if name in ("glob", "rglob", "iterdir") and operators.truth(owner.text) is not False:
        listed = as_text(_first(arguments)) if name == "glob" and arguments.positional else hole("file")
        return Items([PathValue(operators.join_paths([owner.text, listed]))], complete=False)
    return None

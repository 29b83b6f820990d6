"""Reading and writing parts of values: attributes, items, slices."""

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from analysis.references.python import environment, parsing
from analysis.references.python.frames import Frame
from analysis.references.python.operators import same_environment
from analysis.references.python.values import (
    MAXIMUM_ITEMS,
    Blob,
    Bucket,
    Class,
    Constant,
    Either,
    External,
    Function,
    Instance,
    Items,
    Member,
    Method,
    ModuleValue,
    PathValue,
    Product,
    Table,
    Unknown,
    Value,
    alternatives,
    either,
    from_one_of,
)
from analysis.references.text import HOLE, Text, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_DEEP = 12  # calls, past which no method is run for what it sets


def attribute(machine: "Machine", owner: Value, name: str, frame: Frame) -> Value:
    """`owner.name`."""
    if isinstance(owner, Either):
        options = [option for option in owner.options if option != Constant(None)]  # None has none
        return from_one_of(options, [attribute(machine, option, name, frame) for option in options])
    if isinstance(owner, ModuleValue):
        return machine.module_attribute(owner.module, name)
    if isinstance(owner, External):
        flag = machine.process.options.get(name) if owner.path.endswith("flags.FLAGS") else None
        return flag if flag is not None else External(f"{owner.path}.{name}")
    if isinstance(owner, Instance):
        return _instance(machine, owner, name, frame)
    if isinstance(owner, Class):
        return _class(owner, name)
    if isinstance(owner, Product):
        return _product(machine, owner, name, frame)
    return _plain(owner, name)


def _plain(owner: Value, name: str) -> Value:
    if isinstance(owner, Bucket) and name in ("name", "id"):
        return owner.name
    if isinstance(owner, Blob):
        return _blob(owner, name)
    if isinstance(owner, PathValue):
        return _path(owner, name)
    if isinstance(owner, Items) and name == "pages":  # of a listing: each page is a part of it
        return Items([owner], complete=False)
    if isinstance(owner, Table) and name in owner.entries and not hasattr(dict, name):  # a namespace, OmegaConf
        return owner.entries[name]
    if isinstance(owner, Text) and name == "value":  # a member of an enumeration that stands for its value
        return owner
    return Member(owner, name)


def _blob(owner: Blob, name: str) -> Value:
    if name == "name":
        return owner.name
    if name in ("path", "uri", "public_url"):
        return literal("gs://") + owner.bucket + literal("/") + owner.name
    return Bucket(owner.bucket) if name == "bucket" else Member(owner, name)


def _path(owner: PathValue, name: str) -> Value:
    flat = owner.text.flat
    cut = flat.rstrip("/").rfind("/")
    if name == "parent":
        return PathValue(owner.text.cut(0, max(cut, 0)))
    if name == "name":
        return owner.text.cut(cut + 1)
    if name in ("stem", "suffix"):
        last = owner.text.cut(cut + 1)
        dot = last.flat.rfind(".")
        if dot <= 0:
            return last if name == "stem" else literal("")
        return last.cut(0, dot) if name == "stem" else last.cut(dot)
    if name == "parts":
        return Items(list[Value](owner.text.split("/")))
    return Member(owner, name)


def _instance(machine: "Machine", owner: Instance, name: str, frame: Frame) -> Value:
    held = owner.names.get(name)
    if held is None or held == Constant(None):
        held = _prepared(machine, owner, name, frame) or held
    if held is not None:
        return held
    found = class_member(owner.cls, name)
    if isinstance(found, Function):
        return _method(machine, owner, found, frame)
    if found is not None:
        return found
    if name == "__class__":
        return owner.cls
    return Member(owner, name) if external_base(owner.cls) else Unknown(name)


def _method(machine: "Machine", owner: Instance, function: Function, frame: Frame) -> Value:
    kinds = machine.decorator_names(function)
    if kinds & {"property", "cached_property"}:
        return machine.invoke(function, [owner], {}, frame, None)
    return function if "staticmethod" in kinds else Method(function, owner.cls if "classmethod" in kinds else owner)


def _prepared(machine: "Machine", owner: Instance, name: str, frame: Frame) -> Value | None:
    """An attribute that holds nothing yet: the method of the class that sets it is taken to have run before."""
    key = (id(owner), name)
    setter = _setter(owner.cls, name) if key not in machine.prepared and len(frame.calls) < _DEEP else None
    if setter is None or setter is frame.function:
        return None
    machine.prepared[key] = owner
    machine.invoke(setter, [owner], {}, frame, None)
    return owner.names.get(name)


def _setter(cls: Class, name: str) -> Function | None:
    """The method, other than the constructor, that assigns `self.name`."""
    for member in cls.names.values():
        if isinstance(member, Function) and member.name != "__init__" and name in _assigned(member.node):
            return member
    bases = (option for base in cls.bases for option in alternatives(base) if isinstance(option, Class))
    return next((found for base in bases if base is not cls and (found := _setter(base, name))), None)


@lru_cache(maxsize=4_000)
def _assigned(node: ast.AST) -> frozenset[str]:
    """Attributes of `self` that a method assigns."""
    targets = [
        target
        for statement in ast.walk(node)
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
    ]
    return frozenset(
        target.attr
        for target in targets
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    )


def _class(owner: Class, name: str) -> Value:
    found = class_member(owner, name)
    if isinstance(found, Function):
        return Method(found, owner) if "classmethod" in decorator_words(found) else found
    if found is not None:
        return found
    if name == "__name__":
        return literal(owner.node.name)
    if external_base(owner):
        return External(f"{external_base(owner)}.{name}")
    return Unknown(name)


def decorator_words(function: Function) -> set[str]:
    """Last parts of the names of a function's decorators."""
    return {path_of(decorator).rpartition(".")[2] for decorator in function.decorators}


def class_member(cls: Class, name: str, *, seen: frozenset[int] = frozenset()) -> Value | None:
    """What the class or one of its bases in the checkout defines under `name`."""
    if name in cls.names:
        return cls.names[name]
    for base in cls.bases:
        for option in alternatives(base):
            if isinstance(option, Class) and id(option) not in seen:
                found = class_member(option, name, seen=seen | {id(cls)})
                if found is not None:
                    return found
    return None


def external_base(cls: Class, depth: int = 0) -> str:
    """The first base that a library defines, dotted; empty where there is none."""
    for base in cls.bases:
        for option in alternatives(base):
            if isinstance(option, External) and not option.path.startswith("builtins."):
                return option.path
            if isinstance(option, Product | Member):  # Generic[T], declarative bases
                return path_of(option)
            if isinstance(option, Unknown) and option.label:
                return option.label
            if isinstance(option, Class) and depth < 10 and (found := external_base(option, depth + 1)):
                return found
    return ""


def _product(machine: "Machine", owner: Product, name: str, frame: Frame) -> Value:
    if name in owner.names:
        return owner.names[name]
    if owner.path == "builtins.super":
        return machine.super_attribute(name, frame)
    return Member(owner, name)


def path_of(value: Value) -> str:
    """The dotted name under which the sink table knows a callable."""
    if isinstance(value, External | Product):
        return value.path
    if isinstance(value, Unknown):
        return f"?{value.label}"
    name = _type_name(value)
    if name:
        return name
    if isinstance(value, Member):
        return f"{path_of(value.owner)}.{value.name}"
    if isinstance(value, Instance):
        return external_base(value.cls) or value.cls.node.name
    if isinstance(value, Function):
        return value.name
    if isinstance(value, Method):
        return value.function.name
    return value.node.name if isinstance(value, Class) else "?"


def _type_name(value: Value) -> str:
    return {Bucket: "google.cloud.storage.Bucket", Blob: "google.cloud.storage.Blob", PathValue: "pathlib.Path"}.get(
        type(value), ""
    )


def key_of(key: Value) -> object:
    """A key as the Python value it is; None where it is not known."""
    if isinstance(key, Text):
        return key.flat if key.known else None
    if isinstance(key, Constant) and isinstance(key.value, int | float | bool | str | bytes):
        return key.value
    if isinstance(key, Instance) and "value" in key.names:
        return key_of(key.names["value"])
    return None


def put(owner: Value, key: Value, value: Value) -> None:
    """`owner[key] = value` on a table; other containers only learn that they may hold it."""
    if isinstance(owner, Table):
        for option in alternatives(key):
            known = key_of(option)
            if known is not None and len(owner.entries) < MAXIMUM_ITEMS * 4:
                owner.entries[known] = value
            elif len(owner.others) < MAXIMUM_ITEMS:
                owner.others.append(value)
    elif isinstance(owner, Items) and isinstance(key, Constant) and isinstance(key.value, int):
        index = key.value
        if -len(owner.values) <= index < len(owner.values):
            owner.values[index] = value


def subscript(machine: "Machine", owner: Value, key: Value, frame: Frame) -> Value:
    """`owner[key]`."""
    if isinstance(owner, Either):
        return from_one_of(owner.options, [subscript(machine, option, key, frame) for option in owner.options])
    if isinstance(key, Either):
        return either([subscript(machine, owner, option, frame) for option in key.options])
    if isinstance(owner, Table):
        return lookup(owner, key)
    if isinstance(owner, Items):
        return _item(owner, key)
    if isinstance(owner, Text):
        return _character(owner, key)
    return _subscript_object(machine, owner, key)


def _character(owner: Text, key: Value) -> Value:
    length = len(owner.flat)
    if isinstance(key, Constant) and isinstance(key.value, int) and owner.known and -length <= key.value < length:
        start = key.value % length
        return owner.cut(start, start + 1)
    return Unknown()


def _subscript_object(machine: "Machine", owner: Value, key: Value) -> Value:
    if isinstance(owner, External) and owner.path == "os.environ":
        return environment.variable(machine, key, None)
    if isinstance(owner, External) and owner.path == "sys.argv":
        return _word(machine, key)
    if isinstance(owner, Class) and (name := key_of(key)) is not None:
        return class_member(owner, str(name)) or Unknown()
    if isinstance(owner, Instance):
        found = owner.names.get(str(key_of(key)))
        return found if found is not None else Unknown(str(key_of(key) or ""))
    if isinstance(owner, Product) and owner.path == "re.Match":
        return parsing.group(owner, key)
    if isinstance(owner, External | Class):
        return owner  # list[str], Optional[int]
    label = key.flat if isinstance(key, Text) and key.known else ""
    return environment.known_name(machine, label) or Unknown(label)


def _word(machine: "Machine", key: Value) -> Value:
    words = machine.process.words
    if words is not None and isinstance(key, Constant) and isinstance(key.value, int) and 0 < key.value <= len(words):
        return words[key.value - 1]
    return Unknown("argv")


def lookup(table: Table, key: Value) -> Value:
    """The entry under `key`; every entry that it could be where the key is not known."""
    known = key_of(key)
    if known is not None:
        if known in table.entries:
            return table.entries[known]
        if isinstance(key, Text) and any(piece.environment for piece in key.pieces):
            for name, value in table.entries.items():
                if isinstance(name, str) and same_environment(name, str(known)):
                    return value
        if table.fallback is not None:
            return table.fallback
        return either(table.others) if table.others else Unknown(str(known))
    values = [*table.entries.values(), *table.others]
    if not values:
        return Unknown()
    narrowed = _matching(table, key)
    return either(narrowed or values)


def _matching(table: Table, key: Value) -> list[Value]:
    if not isinstance(key, Text) or key.flat == HOLE:
        return []
    from fnmatch import fnmatchcase

    return [value for name, value in table.entries.items() if isinstance(name, str) and fnmatchcase(name, key.pattern)]


def _item(items: Items, key: Value) -> Value:
    if isinstance(key, Constant) and isinstance(key.value, int):
        if -len(items.values) <= key.value < len(items.values):
            return items.values[key.value]
        return either(items.values) if items.values and not items.complete and not items.divided else Unknown()
    return either(items.values) if items.values else Unknown()


def sliced(owner: Value, lower: Value, upper: Value, *, stepped: bool) -> Value:
    """`owner[lower:upper]`."""
    bounds = [_bound(lower), _bound(upper)]
    known = not stepped and "?" not in bounds
    start, end = (bound if isinstance(bound, int) else None for bound in bounds)
    if isinstance(owner, Items):
        if known and owner.complete:
            return Items(owner.values[slice(start, end)])
        # A list may hold more than is known, but mostly where it ends; nothing at all is no answer.
        rest = owner.values[slice(start, end)] if known else []
        return Items(rest or list(owner.values), complete=False, divided=owner.divided and bool(rest))
    if isinstance(owner, Text) and known and end is None and isinstance(start, int) and start >= 0:
        # What is cut off lies before the first unknown part.
        return owner.cut(start) if start <= len(owner.flat.partition(HOLE)[0]) else Unknown()
    if isinstance(owner, Text) and known and owner.known:
        first, last, _ = slice(start, end).indices(len(owner.flat))
        return owner.cut(first, max(first, last))
    return Unknown()


def _bound(bound: Value) -> int | str | None:
    """A number, None where the slice is open, "?" where it is not known."""
    if isinstance(bound, Constant) and (bound.value is None or isinstance(bound.value, int)):
        return bound.value
    return "?"


def element(value: Value, index: int) -> Value | None:
    """The value at `index` when `value` is unpacked; None where nothing is known."""
    rows = [option.values for option in alternatives(value) if isinstance(option, Items)]
    found = [row[index] for row in rows if index < len(row)]
    return either(found) if found else None

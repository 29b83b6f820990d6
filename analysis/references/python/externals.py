"""Functions of Python and of its standard library that a path may go through."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.references.formats import structured
from analysis.references.python import attributes, environment, opened, operators
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Constant,
    External,
    Function,
    Items,
    Method,
    PathValue,
    Product,
    Table,
    Unknown,
    Value,
    alternatives,
    as_text,
    either,
)
from analysis.references.text import HOLE, Text, hole, join, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_PATHS = {
    "pathlib.Path",
    "pathlib.PurePath",
    "pathlib.PurePosixPath",
    "pathlib.PosixPath",
    "cloudpathlib.CloudPath",
    "cloudpathlib.GSPath",
    "cloudpathlib.AnyPath",
    "upath.UPath",
    "airflow.io.path.ObjectStoragePath",
    "airflow.sdk.ObjectStoragePath",
    "etils.epath.Path",
}
_ENVIRONMENT = {
    "os.environ.get",
    "os.getenv",
    "os.environ.setdefault",
    "os.environ.pop",
    "decouple.config",
    "environ.get",
}
_MAPPED = 60  # values that a mapped function is called with
_VARIABLES = ("Variable.get", "models.Variable.get")


def call(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> Value | None:
    """The result of calling a known function; None where `path` is none of them."""
    act = _FUNCTIONS.get(path)
    if act is not None:
        return act(machine, arguments, frame)
    if path in _PATHS:
        parts = [as_text(part) for part in arguments.positional]
        return PathValue(_without_dot(operators.join_paths(parts))) if parts else PathValue(literal("."))
    if path in _ENVIRONMENT:
        key = arguments.positional[0] if arguments.positional else Unknown()
        found = environment.variable(machine, key, arguments.get("default", 1))
        if path == "os.environ.setdefault":
            machine.item_set(External("os.environ"), key, found)
        return found
    if path.endswith(_VARIABLES):
        default = arguments.get("default_var", 1) or arguments.get("default", 1)
        name = as_text(arguments.positional[0]).flat if arguments.positional else "variable"
        known = environment.known_name(machine, name)
        return known or (default if default is not None and default != Constant(None) else Unknown(name))
    return None


def _without_dot(path: Text) -> Text:
    """`./a` as pathlib writes it: `a`."""
    return path.cut(2) if path.flat.startswith("./") and len(path.flat) > 2 else path


def _string(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    if not arguments.positional:
        return literal("")
    return either([as_text(option) for option in alternatives(arguments.positional[0])])


def _join_paths(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    found = operators.combinations(arguments.positional)
    return either([operators.join_paths([as_text(part) for part in parts]) for parts in found])


def _url_join(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    base, part = (as_text(value) for value in (*arguments.positional, Unknown(), Unknown())[:2])
    cut = base.flat.rfind("/")
    return base.cut(0, cut + 1) + part


def _base_name(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    return either([text.cut(text.flat.rfind("/") + 1) for text in _given(arguments)])


def _directory(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    found = [(text, text.flat.rfind("/")) for text in _given(arguments)]
    return either([hole() if text.flat == HOLE else text.cut(0, max(slash, 0)) for text, slash in found])


def _split_extension(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    found: list[Value] = []
    for text in _given(arguments):
        dot = text.flat.rfind(".")
        found.append(Items([text.cut(0, dot), text.cut(dot)]) if dot > 0 else Items([text, literal("")]))
    return either(found)


def _given(arguments: Arguments) -> list[Text]:
    """Everything that the first argument may be."""
    return [as_text(option) for option in alternatives(arguments.positional[0])] if arguments.positional else [hole()]


def _same(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    return arguments.positional[0] if arguments.positional else Unknown()


def _items(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    if not arguments.positional:
        return Items([])
    values, complete = machine.iterate(arguments.positional[0], frame)
    return Items(values, complete)


def _table(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    table = Table(dict(arguments.keywords))
    for value in arguments.positional:
        if isinstance(value, Table):
            table.entries = {**value.entries, **table.entries}
            table.others.extend(value.others)
    return table


def _default_table(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    del machine, frame
    return Table({}, fallback=Unknown()) if arguments.positional else Table({})


def _enumerate(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    values, complete = machine.iterate(arguments.positional[0], frame) if arguments.positional else ([], False)
    return Items([Items([Unknown("index"), value]) for value in values], complete)


def _zip(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    columns = [machine.iterate(value, frame) for value in arguments.positional]
    if not columns:
        return Items([])
    rows = zip(*(values for values, _ in columns), strict=False)
    return Items([Items(list(row)) for row in rows], all(complete for _, complete in columns))


def _range(_: "Machine", __: Arguments, ___: Frame) -> Value:
    return Items([Unknown("number")], complete=False)


def _product(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    from itertools import islice, product

    columns = [machine.iterate(value, frame) for value in arguments.positional]
    rows = islice(product(*(values for values, _ in columns)), 400)
    return Items([Items(list(row)) for row in rows], all(complete for _, complete in columns))


def _chain(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    columns = [machine.iterate(value, frame) for value in arguments.positional]
    return Items([value for values, _ in columns for value in values], all(complete for _, complete in columns))


def _map(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    if len(arguments.positional) < 2:
        return Items([], complete=False)
    callee, column = arguments.positional[0], arguments.positional[1]
    values, complete = machine.iterate(column, frame)
    called = [machine.call(callee, Arguments([value], {}, arguments.site), frame, None) for value in values[:_MAPPED]]
    results = [*called, *(Unknown() for _ in values[_MAPPED:])]
    return Items(results, complete)


def _filter(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    values, _ = machine.iterate(arguments.positional[1], frame) if len(arguments.positional) > 1 else ([], False)
    return Items(values, complete=False)


def _getattr(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    if len(arguments.positional) < 2:
        return Unknown()
    name = as_text(arguments.positional[1])
    if not name.known:
        return Unknown()
    found = attributes.attribute(machine, arguments.positional[0], name.flat, frame)
    return arguments.positional[2] if isinstance(found, Unknown) and len(arguments.positional) > 2 else found


def _super(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    return Product("builtins.super", arguments)


def _isinstance(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    if len(arguments.positional) == 2 and isinstance(kind := arguments.positional[1], External):
        value = arguments.positional[0]
        if isinstance(value, Text):
            return Constant(kind.path == "builtins.str")
        if isinstance(value, Items):
            return Unknown() if kind.path in ("builtins.list", "builtins.tuple", "builtins.set") else Constant(False)
        if isinstance(value, Table):
            return Constant(kind.path == "builtins.dict")
    return Unknown()


def _partial(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    callee = arguments.positional[0] if arguments.positional else Unknown()
    function = callee.function if isinstance(callee, Method) else callee
    if not isinstance(function, Function):
        return Product("functools.partial", arguments)
    owner = (callee.owner,) if isinstance(callee, Method) else ()
    return replace(
        function,
        defaults={**function.defaults, **arguments.keywords},
        bound=(*owner, *function.bound, *arguments.positional[1:]),
    )


def _loads(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    """JSON handed over as a string: its fields, where the string is known."""
    text = as_text(arguments.positional[0]) if arguments.positional else hole()
    try:
        return structured.plain(json.loads(text.flat.replace("\x00", "\\u0000")), text)
    except ValueError:
        return Unknown("json")


def _dumps(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    """`json.dumps(value)`, its strings with their sites."""
    return _json_text(arguments.positional[0], 0) if arguments.positional else hole("json")


def _json_text(value: Value, depth: int) -> Text:
    if isinstance(value, Text):
        return literal('"') + value + literal('"')
    if depth > 8 or not isinstance(value, Items | Table):
        return (
            literal(json.dumps(value.value))
            if isinstance(value, Constant) and _plain(value)
            else literal('"') + hole() + literal('"')
        )
    if isinstance(value, Items):
        return literal("[") + join(literal(", "), [_json_text(item, depth + 1) for item in value.values]) + literal("]")
    pairs = [
        literal(json.dumps(str(key)) + ": ") + _json_text(entry, depth + 1) for key, entry in value.entries.items()
    ]
    return literal("{") + join(literal(", "), pairs) + literal("}")


def _plain(value: Constant) -> bool:
    return value.value is None or isinstance(value.value, int | float | bool)


def _unknown_date(_: "Machine", __: Arguments, ___: Frame) -> Value:
    return hole("date")


def _one_of(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    """`max(blobs, key=…)`: any element."""
    if len(arguments.positional) != 1:
        return Unknown("number")
    found, _ = machine.iterate(arguments.positional[0], frame)
    return either(found) if found else Unknown("element")


def _length(_: "Machine", arguments: Arguments, __: Frame) -> Value:
    value = arguments.positional[0] if arguments.positional else Unknown()
    if isinstance(value, Text) and value.known:
        return Constant(len(value.flat))
    return Constant(len(value.values)) if isinstance(value, Items) and value.complete else Unknown("length")


def _path_home(_: "Machine", __: Arguments, ___: Frame) -> Value:
    return PathValue(literal("~"))


_FUNCTIONS: dict[str, Callable[["Machine", Arguments, Frame], Value]] = {
    "builtins.str": _string,
    "builtins.len": _length,
    "builtins.super": _super,
    "builtins.list": _items,
    "builtins.tuple": _items,
    "builtins.set": _items,
    "builtins.frozenset": _items,
    "builtins.sorted": _items,
    "builtins.reversed": _items,
    "builtins.iter": _items,
    "collections.deque": _items,
    "builtins.dict": _table,
    "collections.OrderedDict": _table,
    "types.SimpleNamespace": _table,
    "collections.defaultdict": _default_table,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.range": _range,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.getattr": _getattr,
    "builtins.isinstance": _isinstance,
    "itertools.product": _product,
    "itertools.chain": _chain,
    "functools.partial": _partial,
    "json.loads": _loads,
    "json.dumps": _dumps,
    "json.load": opened.load,
    "yaml.safe_load": opened.load,
    "yaml.load": opened.load,
    "yaml.full_load": opened.load,
    "tomllib.load": opened.load,
    "toml.load": opened.load,
    "tomli.load": opened.load,
    "copy.deepcopy": _same,
    "copy.copy": _same,
    "typing.cast": lambda _, arguments, __: arguments.positional[-1] if arguments.positional else Unknown(),
    "builtins.repr": _string,
    "builtins.next": lambda machine, arguments, frame: (
        either(machine.iterate(arguments.positional[0], frame)[0]) if arguments.positional else Unknown()
    ),
    "builtins.max": _one_of,
    "builtins.min": _one_of,
    "os.fspath": _string,
    "os.path.join": _join_paths,
    "posixpath.join": _join_paths,
    "urllib.parse.urljoin": _url_join,
    "os.path.basename": _base_name,
    "os.path.dirname": _directory,
    "os.path.splitext": _split_extension,
    "os.path.normpath": _same,
    "os.path.abspath": _same,
    "os.path.expanduser": _same,
    "os.path.expandvars": _same,
    "textwrap.dedent": _same,
    "shlex.quote": _same,
    "urllib.parse.quote": _same,
    "pathlib.Path.home": _path_home,
    "datetime.datetime.now": _unknown_date,
    "datetime.datetime.today": _unknown_date,
    "datetime.datetime.utcnow": _unknown_date,
    "datetime.date.today": _unknown_date,
    "time.strftime": _unknown_date,
    "uuid.uuid4": _unknown_date,
}

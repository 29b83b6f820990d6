"""The values a symbolic execution works with.

A value is a Text, a Constant, a container, something callable, an object of a class of the checkout (Instance), or an
object of a library (External and what calls on it return). Either holds the alternatives of branches not decided.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analysis.references import text as strings
from analysis.references.model import Site
from analysis.references.text import Text, hole, literal

if TYPE_CHECKING:
    from analysis.references.python.frames import Frame, Module

MAXIMUM_ALTERNATIVES = 16
MAXIMUM_ITEMS = 500
# Stands for the alternatives that a limit leaves out: in a path it is a hole, and where that path is recorded, the scan
# says that it gave something up.
LEFT_OUT = "alternatives left out"


@dataclass(frozen=True, slots=True)
class Constant:
    """None, a boolean, a number, bytes or an ellipsis."""

    value: object


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything; `label` is what it was read from."""

    label: str = ""


@dataclass(slots=True, eq=False)
class Items:
    """A list, tuple or set; `complete` is False where there may be more than is known.

    `divided` marks the parts of one text: there may be more of them, but joined again they are that text.
    """

    values: list["Value"]
    complete: bool = True
    divided: bool = False


@dataclass(slots=True, eq=False)
class Table:
    """A dict. Keys are Python values; entries under unknown keys are in `others`."""

    entries: dict[Any, "Value"]
    others: list["Value"] = field(default_factory=list)
    fallback: "Value | None" = None  # defaultdict


@dataclass(slots=True, eq=False)
class Function:
    """A function or lambda of the checkout."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    module: "Module"
    closure: "Frame | None" = None
    owner: "Class | None" = None
    defaults: dict[str, "Value"] = field(default_factory=dict)
    decorators: list["Value"] = field(default_factory=list)
    bound: tuple["Value", ...] = ()  # first arguments that functools.partial gave

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "<lambda>")


@dataclass(slots=True, eq=False)
class Class:
    """A class of the checkout."""

    node: ast.ClassDef
    module: "Module"
    bases: list["Value"]
    names: dict[str, "Value"]
    decorators: list["Value"] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class of the checkout."""

    cls: Class
    names: dict[str, "Value"] = field(default_factory=dict)
    made: "Arguments | None" = None  # of the call that made it


@dataclass(slots=True, eq=False)
class Method:
    """A function of the checkout bound to its object or class."""

    function: Function
    owner: "Value"


@dataclass(slots=True, eq=False)
class ModuleValue:
    """An imported module of the checkout."""

    module: "Module"


@dataclass(frozen=True, slots=True)
class External:
    """A name of a library: `pandas.read_csv`, `os.path`."""

    path: str


@dataclass(slots=True, eq=False)
class Product:
    """What a call of a library returned; `path` is the called name, `names` what was set on it since."""

    path: str
    arguments: "Arguments"
    names: dict[str, "Value"] = field(default_factory=dict)
    callee: "Value | None" = None  # what was called


@dataclass(slots=True, eq=False)
class Member:
    """An attribute of an object whose class is not in the checkout."""

    owner: "Value"
    name: str


@dataclass(slots=True, eq=False)
class Bucket:
    """A bucket handle of the storage client."""

    name: Text


@dataclass(slots=True, eq=False)
class Blob:
    """An object handle of the storage client."""

    bucket: Text
    name: Text


@dataclass(slots=True, eq=False)
class PathValue:
    """A pathlib.Path, or a cloud path."""

    text: Text


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values."""

    options: tuple["Value", ...]


Value = (
    Text
    | Constant
    | Unknown
    | Items
    | Table
    | Function
    | Class
    | Instance
    | Method
    | ModuleValue
    | External
    | Product
    | Member
    | Bucket
    | Blob
    | PathValue
    | Either
)


@dataclass(slots=True, eq=False)
class Arguments:
    """The arguments of one call; `complete` is False where `*args` or `**kwargs` of unknown content were passed."""

    positional: list[Value]
    keywords: dict[str, Value]
    site: Site
    complete: bool = True
    more: list[Value] = field(default_factory=list)  # values of `**unknown`
    owner: Value | None = None  # the object whose method is called
    lines: dict[str, int] = field(default_factory=dict)  # of the keywords that the call itself spells
    node: ast.Call | None = None  # how it is written
    end: int = 0  # of a description that stands for a call: its last line

    def get(self, name: str, position: int | None = None) -> Value | None:
        """The argument called `name`, or the one at `position`."""
        if name in self.keywords:
            return self.keywords[name]
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return None

    def everything(self) -> list[Value]:
        return [*self.positional, *self.keywords.values()]


NONE = Constant(None)


def alternatives(value: Value) -> tuple[Value, ...]:
    """The values that `value` may stand for."""
    return value.options if isinstance(value, Either) else (value,)


def either(values: list[Value]) -> Value:
    """One value for several; equal ones count once, and one unknown value stands for those beyond the limit."""
    seen: dict[object, Value] = {}
    for value in values:
        for option in alternatives(value):
            known = seen.setdefault(_identity(option), option)
            if known is not option and isinstance(known, Text) and isinstance(option, Text):
                seen[_identity(option)] = strings.either_way(known, option)
    options = list(seen.values())
    if len(options) > 1:
        options = [option for option in options if not _impossible(option)] or options
    if not options:
        return Unknown()
    if len(options) == 1:
        return options[0]
    if len(options) > MAXIMUM_ALTERNATIVES:
        rest = Unknown(LEFT_OUT)
        options = [*[option for option in options if option != rest][: MAXIMUM_ALTERNATIVES - 1], rest]
    return Either(tuple(options))


def _impossible(value: Value) -> bool:
    text = value.text if isinstance(value, PathValue) else value
    return isinstance(text, Text) and text.impossible


def chosen(value: Value, of: object, number: int) -> Value:
    """The value, as what outcome `number` of something undecided makes it."""
    if isinstance(value, Text):
        return strings.chosen(value, of, number)
    if isinstance(value, PathValue):
        return PathValue(strings.chosen(value.text, of, number))
    if isinstance(value, Bucket):
        return Bucket(strings.chosen(value.name, of, number))
    if isinstance(value, Blob):
        return Blob(strings.chosen(value.bucket, of, number), strings.chosen(value.name, of, number))
    return Either(tuple(chosen(option, of, number) for option in value.options)) if isinstance(value, Either) else value


def one_of(values: Mapping[int, Value], undecided: object) -> Value:
    """The value in each outcome of something undecided."""
    return either([chosen(value, undecided, number) for number, value in values.items()])


def from_one_of(holders: Sequence[Value], found: Sequence[Value]) -> Value:
    """What each of several holders has for the same question: what two answers of one holder make belongs together."""
    if len(holders) > 1 and all(isinstance(holder, Items | Table | Instance | Class | Product) for holder in holders):
        return one_of(dict(enumerate(found)), tuple(holders))
    return either(list(found))


def _identity(value: Value) -> object:
    if isinstance(value, Text):
        return ("text", value.pattern)
    if isinstance(value, Constant):
        return ("constant", type(value.value), repr(value.value))
    if isinstance(value, Unknown):
        return LEFT_OUT if value.label == LEFT_OUT else "unknown"
    if isinstance(value, External):
        return ("external", value.path)
    return id(value)


def as_text(value: Value) -> Text:
    """How the value looks inside a string; the first alternative where there are several."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Constant):
        if value.value is None:
            return hole("None")  # a path never holds the word: something else is meant to be there
        return literal(value.value.decode("latin-1") if isinstance(value.value, bytes) else str(value.value))
    if isinstance(value, PathValue):
        return value.text
    if isinstance(value, Bucket | Blob):
        return value.name
    if isinstance(value, Either):
        return as_text(value.options[0])
    if isinstance(value, Instance) and "value" in value.names:
        return as_text(value.names["value"])
    return hole(label_of(value))


def label_of(value: Value) -> str:
    """A name for a hole made of this value."""
    if isinstance(value, External):
        return value.path
    if isinstance(value, Member):
        return value.name
    if isinstance(value, Unknown):
        return value.label
    return ""


def texts(value: Value | None) -> list[Text]:
    """Every string that `value` may be or hold, alternatives and list items included; None and numbers hold none."""
    if value is None or isinstance(value, Constant):
        return []
    if isinstance(value, Either):
        return [text for option in value.options for text in texts(option)]
    if isinstance(value, Items):
        return [text for item in value.values for text in texts(item)]
    return [as_text(value)]

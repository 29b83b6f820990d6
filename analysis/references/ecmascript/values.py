"""What an expression of JavaScript stands for: a string, a handle of a bucket or of an object, or nothing known.

Names lead to where they were declared, in their file or in the one they were imported from; parameters to what the
calls of their function hand over. Everything is a list of alternatives, bounded in number and in depth.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import prod

from analysis.references.ecmascript.nodes import Binding, Function, Node, Source
from analysis.references.formats import structured
from analysis.references.model import Site
from analysis.references.program import Program
from analysis.references.python import environment
from analysis.references.python.values import LEFT_OUT, Items, Table, Value
from analysis.references.text import HOLE, Text, hole, literal

MAXIMUM_VALUES = 40  # of one expression
MAXIMUM_ALTERNATIVES = 8  # of a string that is put together; beyond, what varies is a hole
MAXIMUM_DEPTH = 24
MAXIMUM_CALLS = 12  # of one function, each of which may hand over something else
MAXIMUM_WORK = 40_000  # evaluations in one file


@dataclass(frozen=True, slots=True)
class Handle:
    """A bucket (`path` is None), an object, or with `listing` the objects below a prefix."""

    bucket: Text
    path: Text | None = None
    listing: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """An object, a list, a function or an imported file, and the file that its names are looked up in."""

    here: "Evaluator"
    node: Node


@dataclass(frozen=True, slots=True)
class Mapped:
    """A list of what a function makes of each element of another one."""

    values: "tuple[Found, ...]"


Found = Text | Handle | Part | Mapped | Table | Items
# Which call of a function the values of its parameters are taken from.
Context = dict[int, Node]

_SAME = frozenset(
    (
        "String",
        "encodeURIComponent",
        "decodeURIComponent",
        "encodeURI",
        "trim",
        "toLowerCase",
        "toUpperCase",
        "toString",
    )
)
_EACH = frozenset(("map", "forEach", "filter", "find", "some", "every", "flatMap", "each"))
_LISTS = frozenset(("map", "flatMap", "filter", "slice", "sort", "reverse", "find", "pop", "shift", "at"))
_WAYS = frozenset(("then", "pipe"))


@dataclass(slots=True)
class Scripts:
    """All scripts of a checkout, and what was looked up in them."""

    program: Program
    sources: dict[str, Source] = field(default_factory=dict)
    callers: dict[str, list[tuple[Source, Node]]] = field(default_factory=dict)  # calls by the name that is called
    named: dict[str, int] = field(default_factory=dict)  # how many files have a function of this name
    imported: dict[str, set[str]] = field(default_factory=dict)  # files that a file imports, once it was asked for
    default: Text | None = None  # the bucket that `bucket()` without a name means
    work: int = 0


class Evaluator:
    """Evaluates expressions of one file."""

    def __init__(self, scripts: Scripts, source: Source) -> None:
        self.scripts = scripts
        self.source = source
        self.text = scripts.program.file_text(source.path)

    def texts(self, node: Node | None, context: Context, depth: int = 0) -> list[Text]:
        """The strings that an expression may be; a hole where it is something else."""
        if node is None:
            return []
        return [value if isinstance(value, Text) else self._label(node) for value in self.values(node, context, depth)]

    def values(self, node: Node, context: Context, depth: int = 0) -> list[Found]:
        """Everything that an expression may be; an unknown string where nothing is known."""
        self.scripts.work += 1
        if depth > MAXIMUM_DEPTH or self.scripts.work > MAXIMUM_WORK:
            return [self._label(node)]
        found = self._values(node, context, depth + 1)
        return found[:MAXIMUM_VALUES] or [self._label(node)]

    def _label(self, node: Node) -> Text:
        name = node.text if node.kind in ("name", "member") else ""
        if environment.names_environment(name) and (here := environment.current(self.scripts.program.env)):
            return here
        return hole(name)

    def _values(self, node: Node, context: Context, depth: int) -> list[Found]:
        if node.kind == "string":
            return [self._cut(node)]
        if node.kind in ("template", "sum"):
            return list(self._joined([self.texts(item, context, depth) for item in node.items]))
        if node.kind in ("object", "function", "array"):
            return [Part(self, node)]
        evaluate = {
            "choice": self._choice, "name": self._name, "member": self._member, "index": self._index,
            "call": self._call,
        }.get(node.kind)  # fmt: skip
        return evaluate(node, context, depth) if evaluate else []

    def _cut(self, node: Node) -> Text:
        if not node.text:
            return Text()
        return self.text.cut(node.at, node.at + len(node.text)) if "\\" not in node.text else literal(node.text)

    @staticmethod
    def _joined(parts: list[list[Text]]) -> Iterator[Text]:
        for chosen in product(*_bounded(parts)):
            whole = Text()
            for part in chosen:
                whole = whole + part
            yield whole

    def _choice(self, node: Node, context: Context, depth: int) -> list[Found]:
        """`a || b`: what is known of the two; a setting with a default is its default, unless it is deployed."""
        first = node.items[0] if node.items else node
        if first.kind == "member" and first.owner is not None and first.owner.text == "env":
            known = self._variable(first.text)
            if first.text in self.scripts.program.deployed:
                return known
        found = [value for item in node.items for value in self.values(item, context, depth)]
        known = [value for value in found if not (isinstance(value, Text) and value.flat == HOLE)]
        return known or found[:1]

    # ---- names

    def binding(self, name: str, at: int) -> list[Binding]:
        around = [one for one in self.source.bindings.get(name, ()) if one.start <= at < one.end]
        if not around:
            return []
        narrowest = min(one.end - one.start for one in around)
        return [one for one in around if one.end - one.start == narrowest]

    def _name(self, node: Node, context: Context, depth: int) -> list[Found]:
        found: list[Found] = []
        for binding in self.binding(node.text, node.at):
            if binding.value is not None and binding.value.at <= node.at <= binding.value.at:
                continue
            found.extend(self._bound(binding, context, depth))
        return found

    def _bound(self, binding: Binding, context: Context, depth: int) -> list[Found]:
        if binding.function is not None:
            return self._parameter(binding, binding.function, context, depth)
        if binding.value is None:
            return []
        found = self.values(binding.value, context, depth)
        if binding.looped:
            found = [one for value in found for one in self.elements(value, context, depth)]
        return self._taken(found, binding.keys, context, depth)

    def _taken(self, found: list[Found], keys: tuple[str, ...], context: Context, depth: int) -> list[Found]:
        for key in keys:
            found = [one for value in found for one in self._property(value, key, context, depth)]
        return found

    def _parameter(self, binding: Binding, function: Function, context: Context, depth: int) -> list[Found]:
        call = context.get(id(function))
        given: list[Found] = []
        if call is not None:
            source, arguments = self._caller(call)
            if binding.parameter < len(arguments):
                rest = {key: value for key, value in context.items() if key != id(function)}
                given = source.values(arguments[binding.parameter], rest, depth)
        elif function.makes:
            calls = [
                (there, made) for there, made in self.callers(function.name) if binding.parameter < len(made.items)
            ]
            for there, made in calls[:MAXIMUM_CALLS]:
                given.extend(Evaluator(self.scripts, there).values(made.items[binding.parameter], {}, depth))
        elif function.argument_of is not None:
            given = self._handed(function, binding.parameter, context, depth)
        found = self._taken(given, binding.keys, context, depth)
        known = [value for value in found if not (isinstance(value, Text) and value.flat == HOLE)]
        if not known and binding.value is not None:
            return self.values(binding.value, context, depth)
        return known or found

    def callers(self, name: str) -> list[tuple[Source, Node]]:
        """Calls of a function of this file; where others have one of this name, only of those who import this file."""
        found = self.scripts.callers.get(name, [])
        if self.scripts.named.get(name, 0) < 2:
            return found
        return [
            (there, call) for there, call in found if there is self.source or self.source.path in self._imports(there)
        ]

    def _imports(self, source: Source) -> set[str]:
        if source.path not in self.scripts.imported:
            there = Evaluator(self.scripts, source)
            values = [one.value for bindings in source.bindings.values() for one in bindings]
            calls = [value for value in values if value is not None and value.kind == "call"]
            files = [there.required(call) for call in calls if called_name(call) == "require"]
            self.scripts.imported[source.path] = {file.path for file in files if file is not None}
        return self.scripts.imported[source.path]

    def _caller(self, call: Node) -> tuple["Evaluator", list[Node]]:
        name = called_name(call)
        for source, other in self.scripts.callers.get(name, ()):
            if other is call:
                here = self if source is self.source else Evaluator(self.scripts, source)
                return here, call.items
        return self, call.items

    def _handed(self, function: Function, number: int, context: Context, depth: int) -> list[Found]:
        """What a function given to another one gets: an element of the list whose method that is."""
        call = function.argument_of
        callee = call.owner if call else None
        if callee is None or callee.kind != "member" or callee.owner is None or number != 0:
            return []
        owner = self.values(callee.owner, context, depth)
        if callee.text in _EACH:
            return [one for value in owner for one in self.elements(value, context, depth)]
        return owner if callee.text in _WAYS else []

    def elements(self, value: Found, context: Context, depth: int) -> list[Found]:
        if isinstance(value, Handle) and value.listing:
            return [Handle(value.bucket, (value.path or Text()) + hole("object"))]
        if isinstance(value, Part) and value.node.kind == "array":
            return [one for item in value.node.items for one in value.here.values(item, context, depth)]
        if isinstance(value, Items):
            return [one for item in value.values for one in _plain(item)]
        return list(value.values) if isinstance(value, Mapped) else []

    # ---- parts

    def _member(self, node: Node, context: Context, depth: int) -> list[Found]:
        owner = node.owner
        if owner is None:
            return []
        if owner.kind == "name" and owner.text == "this":
            fields = self.source.fields.get(node.text, ())
            return [one for value in fields for one in self.values(value, context, depth)]
        if owner.kind == "member" and owner.text == "env":  # process.env.NAME
            return self._variable(node.text)
        return [
            one
            for value in self.values(owner, context, depth)
            for one in self._property(value, node.text, context, depth)
        ]

    def _variable(self, name: str) -> list[Found]:
        program = self.scripts.program
        if environment.names_environment(name) and (here := environment.current(program.env)):
            return [here]
        return [program.deployed.get(name) or hole(name)]

    def _index(self, node: Node, context: Context, depth: int) -> list[Found]:
        key = node.items[0]
        if node.owner is None:
            return []
        if key.kind == "string" and node.owner.kind == "member" and node.owner.text == "env":
            return self._variable(key.text)
        found: list[Found] = []
        for value in self.values(node.owner, context, depth):
            if key.kind == "string":
                found.extend(self._property(value, key.text, context, depth))
            elif isinstance(value, Handle) and value.listing:
                found.extend(self.elements(value, context, depth))
            elif isinstance(value, Part) and value.node.kind == "object":  # chosen at run time
                entries = value.node.entries.values()
                found.extend(one for entry in entries for one in value.here.values(entry, context, depth))
        return found

    def _property(self, value: Found, key: str, context: Context, depth: int) -> list[Found]:
        if isinstance(value, Handle):
            if value.listing:
                return [value] if key in ("0", "files") else []
            return [value.path if value.path is not None else value.bucket] if key in ("name", "id") else []
        if isinstance(value, Table):
            return _plain(value.entries.get(key))
        return value.here.part(value.node, key, context, depth) if isinstance(value, Part) else []

    def part(self, node: Node, key: str, context: Context, depth: int) -> list[Found]:
        """An entry of an object or of a list of this file, or what it imports under a name."""
        if node.kind == "call":  # require("./x")
            return self._imported(node, key, depth)
        if node.kind == "array" and key.isdigit() and int(key) < len(node.items):
            return self.values(node.items[int(key)], context, depth)
        if node.kind != "object":
            return []
        if key in node.entries:
            return self.values(node.entries[key], context, depth)
        spreads = [value for spread in node.items for value in self.values(spread, context, depth)]
        return [one for value in spreads for one in self._property(value, key, context, depth)]

    def _imported(self, call: Node, key: str, depth: int) -> list[Found]:
        source = self.required(call)
        if source is None:
            return []
        there = Evaluator(self.scripts, source)
        node = source.exports.get(key)
        if node is not None:
            return there.values(node, {}, depth)
        whole = source.exports.get("default")
        if whole is None:
            return []
        if key == "default":
            return there.values(whole, {}, depth)
        return [one for value in there.values(whole, {}, depth) for one in there._property(value, key, {}, depth)]

    def required(self, call: Node) -> Source | None:
        """The file of the checkout that `require("./x")` or an import means."""
        name = call.items[0].text if call.items and call.items[0].kind == "string" else ""
        if not name.startswith((".", "@/", "~/", "src/")):
            return None
        folder = self.source.path.rpartition("/")[0]
        tail = name
        if name.startswith("."):
            parts = folder.split("/") if folder else []
            for part in name.split("/"):
                if part == "..":
                    parts = parts[:-1]
                elif part not in (".", ""):
                    parts.append(part)
            tail = "/".join(parts)
        else:
            tail = name.partition("/")[2]
        stem = tail.removesuffix(".js").removesuffix(".mjs")
        for path in (tail, *(f"{stem}{end}" for end in (".ts", ".js", ".tsx", ".mjs", "/index.ts", "/index.js"))):
            for known in [path] if name.startswith(".") else self.scripts.program.checkout.ending_with(path):
                if known in self.scripts.sources:
                    return self.scripts.sources[known]
        return None

    # ---- calls

    def _call(self, node: Node, context: Context, depth: int) -> list[Found]:
        callee = node.owner
        if callee is None:
            return []
        if callee.kind == "member" and callee.owner is not None and callee.text in _LISTS:
            found = self._list_method(node, callee, context, depth)
        elif callee.kind == "member" and callee.owner is not None:
            found = self._made(node, callee, context, depth) or self._string_method(node, callee, context, depth)
        elif callee.kind == "name":
            found = self._function(node, callee.text, context, depth)
        else:
            found = []
        return found or self._returned(node, context, depth)

    def _list_method(self, node: Node, callee: Node, context: Context, depth: int) -> list[Found]:
        """`list.map(f)` is what `f` returns; of `filter`, `slice` and the like it is the list, of `find` an element."""
        if callee.owner is None:
            return []
        if callee.text in ("map", "flatMap") and node.items and node.items[0].function is not None:
            function = node.items[0].function
            made = [one for value in self.source.returned(function) for one in self.values(value, context, depth)]
            return [Mapped(tuple(made))] if made else []
        owner: list[Found] = [
            value for value in self.values(callee.owner, context, depth) if not isinstance(value, Text)
        ]
        if callee.text in ("find", "pop", "shift", "at"):
            return [one for value in owner for one in self.elements(value, context, depth)]
        return owner

    def _string_method(self, node: Node, callee: Node, context: Context, depth: int) -> list[Found]:
        owner, name = callee.owner, callee.text
        if owner is None:
            return []
        if name == "join" and owner.text in ("path", "posix", "upath"):
            return list(self._path([self.texts(item, context, depth) for item in node.items]))
        if name in _SAME and not node.items:
            return list(self.texts(owner, context, depth))
        if name == "concat":
            return list(self._joined([self.texts(one, context, depth) for one in (owner, *node.items)]))
        return []

    def _function(self, node: Node, name: str, context: Context, depth: int) -> list[Found]:
        """Functions of the language and of Firebase's client."""
        if name == "require":
            return self._require(node)
        if name in _SAME and node.items:
            return list(self.texts(node.items[0], context, depth))
        if name in ("ref", "storageRef", "firebaseRef") and len(node.items) == 2:
            path = self.texts(node.items[1], context, depth)
            return [Handle(self.bucket_by_default(), text.strip("/", right=False)) for text in path]
        return []

    def _require(self, node: Node) -> list[Found]:
        source = self.required(node)
        if source is not None:
            return [Part(self, node)]
        name = node.items[0].text if node.items else ""
        if name.endswith(".json") and name.startswith("."):
            path = self.scripts.program.nearest(name.lstrip("./"), self.source.path)
            value = structured.load(self.scripts.program, path) if path else None
            return [value] if isinstance(value, Table) else []
        return []

    def _made(self, node: Node, callee: Node, context: Context, depth: int) -> list[Found]:
        """Handles that a method returns."""
        name, owner = callee.text, callee.owner
        if owner is None:
            return []
        if name == "bucket":
            names = self.texts(node.items[0], context, depth) if node.items else [self.bucket_by_default()]
            return [Handle(text) for text in names]
        if name in ("file", "child", "ref", "getFiles", "getFilesStream"):
            found: list[Found] = []
            for value in self._owners(owner, name, context, depth):
                if name.startswith("getFiles"):
                    prefixes = self.option(node, "prefix", context, depth)
                    found.extend(Handle(value.bucket, text, listing=True) for text in prefixes)
                    continue
                base = value.path + literal("/") if value.path is not None and value.path.flat else Text()
                paths = self.texts(node.items[0], context, depth) if node.items else [Text()]
                found.extend(Handle(value.bucket, base + text.strip("/", right=False)) for text in paths)
            return found
        return []

    def _owners(self, owner: Node, name: str, context: Context, depth: int) -> list[Handle]:
        """The buckets whose `file`, `getFiles` … is called; Firebase's `storage().ref(path)` has the one by default."""
        handles = [value for value in self.values(owner, context, depth) if isinstance(value, Handle)]
        if handles:
            return handles
        if name == "ref" and owner.kind == "call" and owner.owner is not None and owner.owner.text == "storage":
            return [Handle(self.bucket_by_default())]
        if name == "file" and looks_like_bucket(owner):
            return [Handle(hole("bucket"))]
        return [Handle(hole("bucket"))] if name.startswith("getFiles") and looks_like_bucket(owner) else []

    def bucket_by_default(self) -> Text:
        return self.scripts.default if self.scripts.default is not None else hole("default bucket")

    @staticmethod
    def _path(parts: list[list[Text]]) -> Iterator[Text]:
        for chosen in product(*_bounded(parts)):
            whole = Text()
            for part in chosen:
                between = literal("/") if whole.flat and not whole.flat.endswith("/") and part.flat else Text()
                whole = whole + between + (part.strip("/", right=False) if whole.flat else part)
            yield whole

    def option(self, node: Node, key: str, context: Context, depth: int = 0) -> list[Text]:
        """The value of `key` in the options of a call; an empty string where they have none."""
        for item in node.items:
            for value in self.values(item, context, depth):
                if isinstance(value, Part) and key in value.node.entries:
                    return value.here.texts(value.node.entries[key], context, depth)
        unknown = any(item.kind not in ("object", "string", "template", "function") for item in node.items)
        return [hole(key)] if unknown and key == "prefix" else [Text()]

    def _returned(self, node: Node, context: Context, depth: int) -> list[Found]:
        """What a function of the checkout returns when called here."""
        found: list[Found] = []
        for there, function in self.functions_called(node):
            inner = {**context, id(function): node}
            for value in there.source.returned(function):
                found.extend(there.values(value, inner, depth))
        return found

    def functions_called(self, node: Node) -> list[tuple["Evaluator", Function]]:
        """Functions of the checkout that a call may mean."""
        callee = node.owner
        if callee is None:
            return []
        if callee.kind == "member" and callee.owner is not None and callee.owner.text == "this":
            nodes = self.source.fields.get(callee.text, [])
            return [(self, one.function) for one in nodes if one.function is not None]
        if callee.kind != "name":
            return []
        found: list[tuple[Evaluator, Function]] = []
        for binding in self.binding(callee.text, callee.at):
            value = binding.value
            if value is None:
                continue
            if value.function is not None and not binding.keys:
                found.append((self, value.function))
            elif value.kind == "call" and binding.keys and (source := self.required(value)) is not None:
                exported = source.exports.get(binding.keys[0])
                if exported is not None and exported.kind == "name":
                    there = Evaluator(self.scripts, source)
                    values = (one.value for one in there.binding(exported.text, exported.at))
                    exported = next((value for value in values if value is not None), exported)
                if exported is not None and exported.function is not None:
                    found.append((Evaluator(self.scripts, source), exported.function))
        return found

    # ---- contexts

    def contexts(self, position: int, depth: int = 0) -> list[Context]:
        """The ways in which the code at an offset is reached, as the calls of the functions around it."""
        around = [one for one in self.source.functions if one.start <= position < one.end]
        named = [one for one in around if one.name and one.parameters]
        if not named or depth > 2:
            return [{}]
        function = min(named, key=lambda one: one.end - one.start)
        found: list[Context] = []
        for source, call in self.callers(function.name):
            there = Evaluator(self.scripts, source)
            if not any(other is function for _, other in there.functions_called(call)) and not (
                call.owner is not None and call.owner.kind == "member" and function.name not in self.source.bindings
            ):
                continue
            for outer in there.contexts(call.at, depth + 1):
                found.append({**outer, id(function): call})
                if len(found) >= MAXIMUM_CALLS:
                    return found
        return found or [{}]


def _bounded(parts: list[list[Text]]) -> list[list[Text]]:
    """The parts of a string; where they combine in too many ways, a hole for each that varies."""
    if prod(map(len, parts)) <= MAXIMUM_ALTERNATIVES:
        return parts
    return [part if len(part) == 1 else [hole(LEFT_OUT)] for part in parts]


def looks_like_bucket(node: Node) -> bool:
    """Whether a value from where we cannot see is called like a bucket."""
    name = node.text if node.kind != "call" else node.owner.text if node.owner else ""
    return "bucket" in name.lower()


def called_name(call: Node) -> str:
    """The last name of what is called."""
    return call.owner.text if call.owner is not None else ""


def _plain(value: Value | None) -> list[Found]:
    return [value] if isinstance(value, Text | Table | Items) else []


def site_of(text: Text, path: str, at: int) -> Site:
    """The line of an offset."""
    return text.cut(at, at + 1).first_line or Site(path, 1)

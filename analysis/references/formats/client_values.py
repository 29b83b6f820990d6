"""What expressions of languages that nobody parses here stand for: a string with holes, a bucket, or an object in one.

A name stands for what its file (or the only constant of this name in the checkout) assigns to it, a parameter for what
a caller of its function hands over, a field for what the only place that sets it gives it.
"""

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from analysis.references.formats import passages
from analysis.references.program import Program
from analysis.references.python import environment
from analysis.references.text import HOLE, Text, hole, literal

MAXIMUM_CHARACTERS = 400_000
MAXIMUM_CALLERS = 8  # of one function, each of which may hand over something else
MAXIMUM_SEARCHES = 200  # for callers and fields, in all files of a language
MAXIMUM_DEPTH = 14

_TABLE = Path(__file__).parent.with_name("data") / "clients.toml"
_NAME = re.compile(r"[$@&*]*[A-Za-z_][\w]*")
_LINK = re.compile(r"\s*(?:\?\.|!!\.|\.|->|::)\s*(?=[A-Za-z_])")
_ASSIGNED = re.compile(
    r"(?:\b(?:const|var)\s+(?P<typed>\w+)\s+\*?string|(?P<name>[$@]?[A-Za-z_]\w*)(?:\s*:\s*[\w.<>?\[\]]+)?)"
    r"\s*(?::=|<-|=(?![=>~]))\s*(?=[\w\"'`$@&(*])"
)
_FORMATTED = re.compile(r"%[-+#0]*\d*(?:\.\d+)?[a-zA-Z]|\{\d*\}")
_PUT_IN = re.compile(r"#\{(?P<ruby>[^{}]*)\}|\$\{(?P<braced>[^{}]*)\}|\{\$(?P<php>[^{}]*)\}|\$(?P<plain>[A-Za-z_]\w*)")
_BRACES = re.compile(r"\{(?P<name>[^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Handle:
    """A bucket, or with a path an object in it."""

    bucket: Text
    path: Text | None = None


Found = Text | Handle


@cache
def table() -> dict[str, dict[str, Any]]:
    """What the calls that the table names do, by name."""
    return {
        name: entry
        for entry in tomllib.loads(_TABLE.read_text(encoding="utf-8"))["call"]
        for name in entry["name"]
    }  # fmt: skip


@dataclass
class Sources:
    """All files of one language, and who calls what in them."""

    program: Program
    paths: list[str]
    opened: dict[str, "Source"] = field(default_factory=dict)
    found: dict[str, list[tuple["Source", int]]] = field(default_factory=dict)
    chosen: int = 0  # which of its callers each function is taken to be called by
    ways: int = 1  # how many callers a function was seen to have

    @cached_property
    def constants(self) -> dict[str, Text]:
        """Strings that only one constant of this name holds."""
        found: dict[str, dict[str, Text]] = {}
        for path in self.paths:
            text = self.program.file_text(path)
            for match in _ASSIGNED.finditer(text.flat[:MAXIMUM_CHARACTERS]):
                name = match["typed"] or match["name"]
                if name[0].isupper() and (string := passages.STRING.match(text.flat, match.end())):
                    value = text.cut(*passages.inner(string))
                    found.setdefault(name, {})[value.flat] = value
        return {name: next(iter(values.values())) for name, values in found.items() if len(values) == 1}

    def file(self, path: str) -> "Source":
        """One of the files."""
        if path not in self.opened:
            self.opened[path] = Source(self, path)
        return self.opened[path]

    def _where(self, word: str, pattern: str) -> list[tuple["Source", int]]:
        """The ends of a pattern's matches in all files that hold a word, as far as such searches go."""
        if pattern not in self.found and len(self.found) < MAXIMUM_SEARCHES:
            self.found[pattern] = [
                (file, match.end())
                for file in map(self.file, [path for path in self.paths if self._may_hold(path, word)])
                for match in re.finditer(pattern, file.flat)
                if not passages.within(file.quoted, match.start())
            ]
        return self.found.get(pattern, [])

    def _may_hold(self, path: str, word: str) -> bool:
        text = self.program.checkout.text(path)
        return word in text and len(text) <= MAXIMUM_CHARACTERS and not is_test(self.program, path)

    def calls(self, name: str, words: int) -> list[tuple["Source", int, list[str]]]:
        """Calls of a function of this name with as many words as it takes, each with its words."""
        places = self._where(name, rf"(?<!\w){re.escape(name)}\s*\(")
        found = [(file, at, passages.divided(file.flat[at : at + 2000], closing=True)) for file, at in places]
        return [
            (file, at, given)
            for file, at, given in found
            if len(given) == words and all(at != header.opens for header in file.headers)
        ]

    def fields(self, name: str) -> list[tuple["Source", int]]:
        """Where a field of this name is given a value: `Bucket: name` of Go, `.bucket = name` elsewhere."""
        named = re.escape(name)
        return self._where(name, rf"(?<![\w.\"]){named}:\s+(?=[\w\"`&*])|\.{named}\s*=\s*(?=[\w\"`&*])")


def is_test(program: Program, path: str) -> bool:
    """Whether a file only tests."""
    return program.checkout.is_test(path) or path.endswith("_test.go")


class Source:
    """One file, and what its names were seen to stand for."""

    def __init__(self, files: Sources, path: str) -> None:
        self.files, self.program, self.path = files, files.program, path
        self.text = self.program.file_text(path)
        self.flat = self.text.flat
        self.quoted = passages.quoted(self.flat, path)
        self.headers = passages.headers(self.flat, path, self.quoted)
        self.assigned: dict[str, list[int]] = {}
        for match in _ASSIGNED.finditer(self.flat):
            if not passages.within(self.quoted, match.start()):
                self.assigned.setdefault((match["typed"] or match["name"]).lstrip("$@"), []).append(match.end())

    def line(self, offset: int) -> int:
        """The line of an offset, from 1."""
        return self.flat.count("\n", 0, offset) + 1

    def value(self, expression: str, at: int, depth: int) -> Found:
        """What an expression stands for: a string with holes, or a handle."""
        expression = expression.strip()
        expression = re.sub(r"^(?:await|new|return|&)\s*", "", expression).lstrip("*&")
        if depth > MAXIMUM_DEPTH or len(expression) > passages.MAXIMUM_LENGTH or not expression:
            return hole()
        parts = passages.divided(expression, r"\+|~|\s\.\s(?=[$'\"])" if self.path.endswith(".php") else r"\+")
        if len(parts) > 1:
            whole = Text()
            for part in parts:
                value = self.value(part, at, depth + 1)
                whole = whole + (value if isinstance(value, Text) else hole())
            return whole
        return self._chain(expression, at, depth)

    def _chain(self, expression: str, at: int, depth: int) -> Found:
        """`name.call(arguments).call(arguments)`, from left to right."""
        string = passages.STRING.match(expression)
        position = 0
        found: Found
        if string is not None:
            offset = self._offset_of(string.group(), at)
            located = passages.STRING.match(self.flat, offset) if offset >= 0 else None
            found = self.string(located or string, at, depth, own=located is not None)
            position = string.end()
            last = ""
        else:
            name = _NAME.match(expression)
            if name is None:
                inner = expression[1:-1] if expression[:1] == "(" and expression[-1:] == ")" else ""
                return self.value(inner, at, depth + 1) if inner else hole()
            last = name.group().lstrip("$@&*")
            position = name.end()
            found = hole(last)
            if expression[position : position + 1] not in ("(", ".") or expression[position:].lstrip()[:1] != "(":
                found = self._named(last, at, depth)
        while position < len(expression):
            if expression[position] == "(":
                words = passages.divided(expression[position + 1 :], closing=True)
                found = self._made(last, found, words, at, depth)
                position += passages.closed(expression, position)
                continue
            if self.path.endswith(".rb") and last in table() and re.match(r" +[\"'\w]", expression[position:]):
                return self._made(last, found, passages.divided(expression[position:]), at, depth)
            link = _LINK.match(expression, position)
            if link is None:
                break
            name = _NAME.match(expression, link.end())
            if name is None:
                break
            last, position = name.group(), name.end()
            if expression[position : position + 1] != "(" and not isinstance(found, Handle):
                found = self._member(last, at, depth)
        return found

    def _offset_of(self, written: str, at: int) -> int:
        found = self.flat.find(written, at)
        return found if 0 <= found < at + passages.MAXIMUM_LENGTH else self.flat.find(written)

    def _made(self, name: str, owner: Found, words: list[str], at: int, depth: int) -> Found:
        """What a call returns: a handle, or a string that is put together."""
        values = [
            self.value(word.partition("=")[2] if re.match(r"\s*\w+\s*=(?!=)", word) else word, at, depth + 1)
            for word in words
        ]
        entry = table().get(name, {})
        texts = [value if isinstance(value, Text) else hole() for value in values]
        if handle := _handle(entry, owner, values, texts):
            return handle
        if name in _FORMATS and texts:
            known = isinstance(owner, Text) and bool(owner.flat.strip(HOLE))
            return _filled(owner, texts) if known and isinstance(owner, Text) else _filled(texts[0], texts[1:])
        if name in _JOINS and texts:
            return _joined(texts, "" if name == "paste0" else "/")
        if name in _VARIABLES:
            return self._variable(name, texts)
        return owner if isinstance(owner, Handle) or name in _SAME else hole(name)

    def _variable(self, name: str, texts: list[Text]) -> Text:
        key = texts[0].flat if texts else ""
        if name == "String":  # of a flag: its default
            return texts[1] if len(texts) > 1 else hole(key)
        here = environment.current(self.program.env) if environment.names_environment(key) else None
        default = texts[1] if len(texts) > 1 and texts[1].flat else None
        return here or self.program.deployed.get(key) or default or hole(key)

    def _named(self, name: str, at: int, depth: int) -> Found:
        """A name: what was assigned to it last before, else anywhere in the file, else the checkout's only constant."""
        places = [place for place in self.assigned.get(name, []) if place != at]
        header = next((one for one in self._around(at) if name in one.names), None)
        if header is not None:  # a parameter, whatever others are called
            places = [place for place in places if header.start < place < at]
            if not places:
                return self._parameter(header, name, depth)
        before = bisect_right(places, at)
        for place in places[before - 1 : before] if before else places[:1]:
            expression = passages.expression(self.flat, place)
            if expression and depth < MAXIMUM_DEPTH:
                return self.value(expression, place, depth + 2)
        if environment.names_environment(name) and (here := environment.current(self.program.env)):
            return here
        return self.files.constants.get(name) or hole(name)

    def _parameter(self, header: passages.Header, name: str, depth: int) -> Found:
        """What a caller hands over: the one whose turn it is."""
        callers = self.files.calls(header.name, len(header.names)) if header.name else []
        if not callers or depth > MAXIMUM_DEPTH:
            here = environment.current(self.program.env) if environment.names_environment(name) else None
            return here or hole(name)
        callers = callers[:MAXIMUM_CALLERS]
        self.files.ways = max(self.files.ways, len(callers))
        file, at, words = callers[min(self.files.chosen, len(callers) - 1)]
        return file.value(words[header.names.index(name)], at, depth + 2)

    def _member(self, name: str, at: int, depth: int) -> Found:
        """A field: what was assigned to its name in this file, else at the only place of all files that sets it."""
        found = self._named(name, at, depth) if name in self.assigned else hole(name)
        places = self.files.fields(name) if isinstance(found, Text) and found.flat == HOLE else []
        if len(places) != 1 or depth > MAXIMUM_DEPTH:
            return found
        ((file, place),) = places
        return file.value(passages.expression(file.flat, place), place, depth + 2)

    def _around(self, at: int) -> list[passages.Header]:
        """The functions around a position, the innermost first."""
        return [header for header in reversed(self.headers) if header.start <= at < header.end]

    def assigned_to(self, word: str, at: int) -> str:
        """What was last assigned to a name that is handed over by itself."""
        places = [place for place in self.assigned.get(word.strip("&*$ "), ()) if place < at]
        return passages.expression(self.flat, places[-1]) if places else ""

    def string(self, string: re.Match[str], at: int, depth: int, *, own: bool = True) -> Text:
        """A string literal with what is put into it."""
        start, end = passages.inner(string)
        text = self.text.cut(start, end) if own else literal(string.string[start:end])
        spans: list[tuple[int, int, Text]] = []
        if string["prefix"].startswith("$") and self.path.endswith(".cs"):
            matches = [(match, match["name"].partition(":")[0]) for match in _BRACES.finditer(text.flat)]
        elif string["single"] is not None or self.path.endswith((".go", ".java", ".r", ".R", ".cs")):
            matches = []
        else:
            matches = [(match, next(filter(None, match.groups()), "")) for match in _PUT_IN.finditer(text.flat)]
        for match, inner in matches:
            value = self.value(inner, at, depth + 1) if depth < MAXIMUM_DEPTH else hole(inner)
            spans.append((match.start(), match.end(), value if isinstance(value, Text) else hole(inner)))
        return text.replace_spans(spans) if spans else text


_FORMATS = frozenset(("Sprintf", "format", "sprintf", "Format", "formatted"))
_JOINS = frozenset(("Join", "join", "path", "paste", "paste0"))
_VARIABLES = frozenset(
    ("Getenv", "getenv", "GetEnvironmentVariable", "ENV", "String", "LookupEnv", "GetEnv", "getEnv", "EnvOr", "envOr")
)


def _handle(entry: dict[str, Any], owner: Found, values: list[Found], texts: list[Text]) -> Handle | None:
    """The bucket or object that a call of the table makes."""
    if entry.get("makes") == "bucket" and texts:
        return Handle(texts[0])
    given = next((value for value in values if isinstance(value, Handle)), None)
    if entry.get("makes") != "object":  # what is got by a handle is that object
        return given if entry.get("of") == "arguments" else None
    if given is not None or not texts:
        return given or (owner if isinstance(owner, Handle) else None)
    if isinstance(owner, Handle):
        return Handle(owner.bucket, texts[0])
    if owner.flat == HOLE and re.search(r"(?i)bucket|bkt", _label(owner)):  # one that came from elsewhere
        return Handle(owner, texts[0])
    return Handle(texts[0], texts[1]) if len(texts) > 1 and entry.get("pair", "?") in _label(owner) else None


def _label(text: Text) -> str:
    return text.pieces[0].label if text.pieces else ""


_SAME = frozenset(("toString", "to_s", "trim", "strip", "toLowerCase", "ToLower", "c", "List", "of", "asList", "Seq"))


def _filled(text: Text, values: list[Text]) -> Text:
    """A format with its values in order."""
    spans = []
    for number, match in enumerate(_FORMATTED.finditer(text.flat)):
        value = values[number] if number < len(values) and match.group()[-1] not in "dxf" else hole()
        spans.append((match.start(), match.end(), value))
    return text.replace_spans(spans)


def _joined(parts: list[Text], between: str) -> Text:
    whole = Text()
    for part in parts:
        separator = literal(between) if whole.flat and not whole.flat.endswith("/") else Text()
        whole = whole + separator + part if whole.flat else part
    return whole

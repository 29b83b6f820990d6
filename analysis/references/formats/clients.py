"""Go, Java, Kotlin, Scala, C#, Ruby, PHP and R: calls of their storage clients, and addresses handed to other calls.

No such file is parsed. A call is found by its name, its arguments and what it is called on are read as expressions of
strings, names and calls, and a name stands for what the file (or the only constant of this name in the checkout)
assigns to it. What is read so is told with less confidence than what was followed.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from analysis.references import guesses
from analysis.references.formats import passages, sql
from analysis.references.locations import embedded
from analysis.references.model import Role, Site
from analysis.references.program import Program
from analysis.references.python import environment
from analysis.references.text import HOLE, Text, hole, literal

ENDINGS = (".go", ".java", ".kt", ".kts", ".scala", ".sc", ".cs", ".rb", ".php", ".r", ".groovy")
MAXIMUM_CHARACTERS = 400_000
MAXIMUM_CALLS = 1_000  # of one file
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
_HEADER = re.compile(r"^[ \t]*(?:[a-z]+ )*(?:func|fun|def|function)\b[^{\n]{0,600}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Handle:
    """A bucket, or with a path an object in it."""

    bucket: Text
    path: Text | None = None


Found = Text | Handle


@cache
def _table() -> dict[str, dict[str, Any]]:
    """What the calls that the table names do, by name."""
    return {
        name: entry
        for entry in tomllib.loads(_TABLE.read_text(encoding="utf-8"))["call"]
        for name in entry["name"]
    }  # fmt: skip


def scan_clients(program: Program) -> None:
    """Record what the files of these languages touch."""
    paths = [file.path for file in program.checkout.of("script") if file.path.lower().endswith(ENDINGS)]
    worth = [path for path in paths if _WORTH.search(program.checkout.text(path))]
    shared = {ending: _constants(program, paths, ending) for ending in {_ending(path) for path in worth}}
    for path in worth:
        if len(program.checkout.text(path)) > MAXIMUM_CHARACTERS:
            program.give_up(path, 1, "too long for this language, not followed")
            continue
        if not program.checkout.is_test(path) and not path.endswith("_test.go"):
            _File(program, path, shared[_ending(path)]).record()


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _constants(program: Program, paths: list[str], ending: str) -> dict[str, Text]:
    """Strings that only one constant of this name holds in all files of a language."""
    found: dict[str, dict[str, Text]] = {}
    for path in paths:
        text = program.file_text(path) if _ending(path) == ending else Text()
        for match in _ASSIGNED.finditer(text.flat[:MAXIMUM_CHARACTERS]):
            name = match["typed"] or match["name"]
            if name[0].isupper() and (string := passages.STRING.match(text.flat, match.end())):
                value = text.cut(*passages.inner(string))
                found.setdefault(name, {})[value.flat] = value
    return {name: next(iter(values.values())) for name, values in found.items() if len(values) == 1}


_WORTH = re.compile(
    r"gs://|cloud\.google\.com/go/storage|google\.cloud\.storage|Google\.Cloud\.Storage|google/cloud/storage"
    r"|googleCloudStorageR|Google\\Cloud\\Storage|NewGCSReference|(?:Load|Extract)JobConfiguration"
)


@dataclass(slots=True)
class _File:
    """One file, and what its names were seen to stand for."""

    program: Program
    path: str
    shared: dict[str, Text]
    text: Text = field(default_factory=Text)
    flat: str = ""
    assigned: dict[str, list[int]] = field(default_factory=dict)
    headers: list[re.Match[str]] = field(default_factory=list)
    told: set[int] = field(default_factory=set)  # offsets of strings that a call was seen to use

    def record(self) -> None:
        self.text = self.program.file_text(self.path)
        self.flat = self.text.flat
        quoted = passages.quoted(self.flat, self.path)
        for match in _ASSIGNED.finditer(self.flat):
            if not passages.within(quoted, match.start()):
                self.assigned.setdefault((match["typed"] or match["name"]).lstrip("$@"), []).append(match.end())
        names = "|".join(sorted(map(re.escape, _table()), key=len, reverse=True))
        for number, match in enumerate(re.finditer(rf"(?<![\w])(?P<name>{names})(?P<open>\s*\(|\b)", self.flat)):
            if number > MAXIMUM_CALLS:
                self.program.give_up(self.path, self._line(match.start()), "more calls than are followed")
                break
            if not passages.within(quoted, match.start()) and (match["open"] or self.path.endswith(".rb")):
                self._call(match["name"], match.start(), match.end())
        self._strings()

    def _line(self, offset: int) -> int:
        return self.flat.count("\n", 0, offset) + 1

    # ---- calls that the table names

    def _call(self, name: str, start: int, position: int) -> None:
        entry = _table()[name]
        if "role" not in entry:
            return
        owner = passages.owner(self.flat, start)
        if entry.get("on") and not re.search(entry["on"], owner):
            return
        arguments, named = passages.arguments(self.flat, position)
        for role, place in self._places(entry, owner, arguments, named, start):
            site = Site(self.path, self._line(start))
            self._told(role, place, site, name, 0.75 if "uri" in entry and "remote" not in entry else 0.85)

    def _places(
        self, entry: dict[str, Any], owner: str, arguments: list[str], named: dict[str, str], at: int
    ) -> Iterator[tuple[Role, Handle]]:
        values = [self.value(word, at, 0) for word in arguments]
        if "uri" in entry:
            for value in values[entry["uri"] :]:
                for _, _, place in embedded(value) if isinstance(value, Text) else ():
                    yield self._role(entry, owner, at), Handle(place.bucket, place.prefix)
                if entry.get("remote") and isinstance(value, Text) and not value.flat.strip(HOLE):
                    yield self._role(entry, owner, at), Handle(hole("bucket"), hole("object"))
            return
        given = values if entry.get("of") != "owner" else []
        handle = next((value for value in given if isinstance(value, Handle)), None)
        if handle is None and entry.get("of") != "arguments":
            found = self.value(owner, at, 0) if owner else None
            handle = found if isinstance(found, Handle) else None
        prefix = self._prefix(entry, arguments, named, values, at)
        if handle is None and "bucket" in entry:
            bucket = self._argument(entry["bucket"], values, named, at)
            bucket = bucket if bucket is not None else self._default_bucket()
            handle = Handle(bucket) if bucket is not None else None
        if handle is None and entry.get("alone") and re.fullmatch(entry["alone"], owner):
            handle = Handle(hole("bucket"), None if entry.get("whole") else hole("object"))
        if handle is None:
            return
        if handle.path is None and prefix is None and not entry.get("whole"):
            return
        path = handle.path if handle.path is not None and prefix is None else prefix or Text()
        role: Role = entry["role"]
        yield role, Handle(handle.bucket, path)
        if role == "write" and "source" in entry:
            source = self._argument(entry["source"], values, named, at, handles=True)
            if isinstance(source, Handle) and source.path is not None:
                yield "read", source

    def _prefix(
        self, entry: dict[str, Any], arguments: list[str], named: dict[str, str], values: list[Found], at: int
    ) -> Text | None:
        if "inside" not in entry:
            return self._argument(entry["prefix"], values, named, at) if "prefix" in entry else None
        for word in [*arguments, *(self._assigned_to(word, at) for word in arguments)]:
            match = re.search(rf"(?i)\b{entry['inside']}\b['\"]?\s*(?:=>|[:(=])\s*", word)
            if match:
                found = self.value(passages.divided(word[match.end() :], closing=True)[0], at, 0)
                return found if isinstance(found, Text) else hole("prefix")
        return self._argument(entry["inside"], values, named, at) or (literal("") if entry.get("whole") else None)

    def _argument(
        self, which: "int | str | list[int | str]", values: list[Found], named: dict[str, str], at: int, *,
        handles: bool = False,
    ) -> Any:  # fmt: skip
        for one in which if isinstance(which, list) else [which]:
            found: Found | None = None
            if isinstance(one, int):
                found = values[one] if one < len(values) else None
            elif one in named:
                found = self.value(named[one], at, 0)
            if isinstance(found, Text) or (handles and found is not None):
                return found
        return None

    def _default_bucket(self) -> Text | None:
        match = re.search(r"gcs_global_bucket\(\s*", self.flat)
        found = (
            self.value(self.flat[match.end() : match.end() + 200].partition(")")[0], match.end(), 0) if match else None
        )
        return found if isinstance(found, Text) else None

    def _role(self, entry: dict[str, Any], owner: str, at: int) -> Any:
        """The role in the table; `chain` leaves it to the words before, as in `spark.read.parquet`."""
        if entry["role"] != "chain":
            later = entry.get("unless")
            following = self.flat[at : at + 1500]
            return entry["otherwise"] if later and re.search(later, following) else entry["role"]
        return "write" if re.search(r"(?i)\bwrite|save|extract", owner) else "read"

    def _told(self, role: Role, place: Handle, site: Site, via: str, confidence: float) -> None:
        self.program.record(
            role, place.bucket, place.path or Text(), site, via, confidence,
            workload=self.program.script_name(self.path),
        )  # fmt: skip
        for piece in (*place.bucket.pieces, *(place.path or Text()).pieces):
            if piece.site is not None and piece.site.file == self.path:
                self.told.add(piece.site.line)

    # ---- addresses that no call of the table uses

    def _strings(self) -> None:
        for start, _ in passages.quoted(self.flat, self.path):
            string = passages.STRING.match(self.flat, start)
            line = self._line(start)
            if string is None or "://" not in string.group() or line in self.told:
                continue
            value = self._string(string, start, 0)
            site = Site(self.path, line)
            if sql.looks_like_sql(value.flat):
                for role, place, where, via in sql.touches(value):
                    self.program.record(role, place.bucket, place.prefix, where or site, via, 0.7)
                continue
            for _, _, place in embedded(value):
                name = passages.enclosing(self.flat, start)
                guessed = guesses.guessed_role("", name) if name and not guesses.silent(name) else None
                self.program.record(
                    guessed or "reference", place.bucket, place.prefix, site, name or "address", 0.5,
                    workload=self.program.script_name(self.path),
                )  # fmt: skip

    # ---- expressions

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
            found = self._string(located or string, at, depth, own=located is not None)
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
            if self.path.endswith(".rb") and last in _table() and re.match(r" +[\"'\w]", expression[position:]):
                return self._made(last, found, passages.divided(expression[position:]), at, depth)
            link = _LINK.match(expression, position)
            if link is None:
                break
            name = _NAME.match(expression, link.end())
            if name is None:
                break
            last, position = name.group(), name.end()
            if expression[position : position + 1] != "(" and not isinstance(found, Handle):
                found = self._named(last, at, depth)
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
        entry = _table().get(name, {})
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
        return here or self.program.deployed.get(key) or hole(key)

    def _named(self, name: str, at: int, depth: int) -> Found:
        """A name: what was assigned to it last before, else anywhere in the file, else the checkout's only constant."""
        places = self.assigned.get(name, [])
        header = self._header(at)
        if header is not None and re.search(rf"\b{re.escape(name)}\b(?!\s*:[^,)]*=)", header.group()):
            places = [place for place in places if place > header.start()]  # a parameter, whatever others are called
        before = bisect_right(places, at)
        for place in places[before - 1 : before] if before else places[:1]:
            expression = passages.expression(self.flat, place)
            if expression and depth < MAXIMUM_DEPTH:
                return self.value(expression, place, depth + 2)
        if environment.names_environment(name) and (here := environment.current(self.program.env)):
            return here
        return self.shared.get(name) or hole(name)

    def _assigned_to(self, word: str, at: int) -> str:
        """What was last assigned to a name that is handed over by itself."""
        places = [place for place in self.assigned.get(word.strip("&*$ "), ()) if place < at]
        return passages.expression(self.flat, places[-1]) if places else ""

    def _header(self, at: int) -> re.Match[str] | None:
        """The head of the function around a position, in languages that have a word for it."""
        if not self.headers:
            self.headers.extend(_HEADER.finditer(self.flat))
        before = [match for match in self.headers if match.start() <= at]
        return before[-1] if before else None

    def _string(self, string: re.Match[str], at: int, depth: int, *, own: bool = True) -> Text:
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
_VARIABLES = frozenset(("Getenv", "getenv", "GetEnvironmentVariable", "ENV", "String", "LookupEnv"))


def _handle(entry: dict[str, Any], owner: Found, values: list[Found], texts: list[Text]) -> Handle | None:
    """The bucket or object that a call of the table makes."""
    if entry.get("makes") == "bucket" and texts:
        return Handle(texts[0])
    if entry.get("makes") != "object":
        return None
    given = next((value for value in values if isinstance(value, Handle)), None)
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

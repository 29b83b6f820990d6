"""Go, Java, Kotlin, Scala, C#, Ruby, PHP and R: calls of their storage clients, and addresses handed to other calls.

No such file is parsed. A call is found by its name; its arguments and what it is called on are read as expressions of
strings, names and calls. What is read so is told with less confidence than what was followed.
"""

import re
from collections.abc import Iterator
from typing import Any

from analysis.references import guesses
from analysis.references.formats import passages, sql
from analysis.references.formats.client_values import MAXIMUM_CHARACTERS, Found, Handle, Source, Sources, is_test, table
from analysis.references.locations import embedded
from analysis.references.model import Role, Site
from analysis.references.program import Program
from analysis.references.text import HOLE, Text, hole, literal

ENDINGS = (".go", ".java", ".kt", ".kts", ".scala", ".sc", ".cs", ".rb", ".php", ".r", ".groovy")
MAXIMUM_CALLS = 1_000  # of one file


def scan_clients(program: Program) -> None:
    """Record what the files of these languages touch."""
    paths = [file.path for file in program.checkout.of("script") if file.path.lower().endswith(ENDINGS)]
    worth = [path for path in paths if _WORTH.search(program.checkout.text(path))]
    languages = {
        ending: Sources(program, [path for path in paths if _ending(path) == ending])
        for ending in {_ending(path) for path in worth}
    }
    for path in worth:
        if len(program.checkout.text(path)) > MAXIMUM_CHARACTERS:
            program.give_up(path, 1, "too long for this language, not followed")
            continue
        if not is_test(program, path):
            _File(languages[_ending(path)].file(path)).record()


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()


_WORTH = re.compile(
    r"gs://|cloud\.google\.com/go/storage|google\.cloud\.storage|Google\.Cloud\.Storage|google/cloud/storage"
    r"|googleCloudStorageR|Google\\Cloud\\Storage|NewGCSReference|(?:Load|Extract)JobConfiguration"
)


class _File:
    """One file whose calls are told."""

    def __init__(self, source: Source) -> None:
        self.source, self.program, self.path, self.flat = source, source.program, source.path, source.flat
        self.told: set[int] = set()  # lines of strings that a call was seen to use

    def record(self) -> None:
        names = "|".join(sorted(map(re.escape, table()), key=len, reverse=True))
        for number, match in enumerate(re.finditer(rf"(?<![\w])(?P<name>{names})(?P<open>\s*\(|\b)", self.flat)):
            if number > MAXIMUM_CALLS:
                self.program.give_up(self.path, self.source.line(match.start()), "more calls than are followed")
                break
            if not passages.within(self.source.quoted, match.start()) and (match["open"] or self.path.endswith(".rb")):
                self._call(match["name"], match.start(), match.end())
        self._strings()

    # ---- calls that the table names

    def _call(self, name: str, start: int, position: int) -> None:
        entry = table()[name]
        if "role" not in entry:
            return
        owner = passages.owner(self.flat, start)
        if entry.get("on") and not re.search(entry["on"], owner):
            return
        arguments, named = passages.arguments(self.flat, position)
        site = Site(self.path, self.source.line(start))
        confidence = 0.75 if "uri" in entry and "remote" not in entry else 0.85
        files, files.chosen, files.ways = self.source.files, 0, 1
        while files.chosen < files.ways:  # once for each caller
            for role, place in self._places(entry, owner, arguments, named, start):
                self._told(role, place, site, name, confidence)
            files.chosen += 1

    def _places(
        self, entry: dict[str, Any], owner: str, arguments: list[str], named: dict[str, str], at: int
    ) -> Iterator[tuple[Role, Handle]]:
        values = [self.source.value(word, at, 0) for word in arguments]
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
            found = self.source.value(owner, at, 0) if owner else None
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
        for word in [*arguments, *(self.source.assigned_to(word, at) for word in arguments)]:
            match = re.search(rf"(?i)\b{entry['inside']}\b['\"]?\s*(?:=>|[:(=])\s*", word)
            if match:
                found = self.source.value(passages.divided(word[match.end() :], closing=True)[0], at, 0)
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
                found = self.source.value(named[one], at, 0)
            if isinstance(found, Text) or (handles and found is not None):
                return found
        return None

    def _default_bucket(self) -> Text | None:
        match = re.search(r"gcs_global_bucket\(\s*", self.flat)
        found = (
            self.source.value(self.flat[match.end() : match.end() + 200].partition(")")[0], match.end(), 0)
            if match
            else None
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
        for start, _ in self.source.quoted:
            string = passages.STRING.match(self.flat, start)
            line = self.source.line(start)
            if string is None or "://" not in string.group() or line in self.told:
                continue
            value = self.source.string(string, start, 0)
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

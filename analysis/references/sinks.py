"""The table of calls that touch a bucket: built in (data/sinks.toml), and extended from thermocline.toml.

[[references.sink]]
call = "ReportSender.publish"
role = "write"
bucket = "bucket_name@0"
prefix = "path@1"
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from typing import Any, get_args

from analysis.errors import BadInput, nearest
from analysis.references.model import Role

_LISTS = ("call", "uri", "path", "bucket", "prefix", "handle", "alone", "first")
_TEXTS = ("role", "mode", "whole", "returns", "if_true", "remote")


@dataclass(frozen=True, slots=True)
class Argument:
    """Where a call says something: keyword, position, and keys into dictionaries below."""

    name: str
    position: int | None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sink:
    """One line of the table."""

    call: str
    role: Role
    uri: tuple[Argument, ...] = ()
    path: tuple[Argument, ...] = ()
    bucket: tuple[Argument, ...] = ()
    prefix: tuple[Argument, ...] = ()
    handle: tuple[Argument, ...] = ()
    alone: tuple[Argument, ...] = ()
    mode: Argument | None = None
    whole: bool = False
    returns: str = ""
    if_true: str = ""
    remote: bool = False
    first: tuple[str, ...] = ()

    def matches(self, path: str) -> bool:
        if self.call.startswith("."):
            return fnmatchcase(path.rpartition(".")[2], self.call[1:])
        return path == self.call or path.endswith("." + self.call) or ("*" in self.call and _glob(self.call, path))


def _glob(pattern: str, path: str) -> bool:
    return fnmatchcase(path, pattern) or fnmatchcase(path, "*." + pattern)


@dataclass(slots=True, eq=False)
class SinkTable:
    """Sinks by the last part of the name they match."""

    by_name: dict[str, list[Sink]] = field(default_factory=dict)
    by_pattern: list[Sink] = field(default_factory=list)
    known: dict[str, tuple[Sink, ...]] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)  # names that the user's own lines end with

    def add(self, sink: Sink) -> None:
        last = sink.call.rpartition(".")[2]
        if "*" in last:
            self.by_pattern.append(sink)
        else:
            self.by_name.setdefault(last, []).append(sink)

    def find(self, path: str) -> tuple[Sink, ...]:
        """The sinks that a call of `path` meets; the user's own first."""
        found = self.known.get(path)
        if found is None:
            key, path = path, last_chain(path)
            candidates = [*self.by_name.get(path.rpartition(".")[2], ()), *self.by_pattern]
            found = tuple(sink for sink in candidates if sink.matches(path))
            self.known[key] = found
        return found


_TURNS = ("read", "write", "readStream", "writeStream")


def last_chain(path: str) -> str:
    """The end of a chain of calls that decides: after the last `.read` or `.write`, `a.read.x.write.y` writes."""
    parts = path.split(".")
    turn = max((index for index, part in enumerate(parts) if part in _TURNS), default=None)
    return path if turn is None or turn == 0 else ".".join(["chain", *parts[turn:]])


def load_sinks(settings: Mapping[str, Any] | None = None) -> SinkTable:
    """The built-in table, and before it what `settings` (the [references] table) adds.

    Raises BadInput for an unknown key, without `call`, or with a role that does not exist.
    """
    for key in settings or {}:
        if key != "sink":
            raise BadInput(f"references.{key}: unknown key", "did you mean `sink`?")
    table = SinkTable()
    for number, line in enumerate((settings or {}).get("sink", [])):
        for sink in parse_sink(line, f"references.sink[{number}]"):
            table.add(sink)
            table.added.add(sink.call.rpartition(".")[2].strip("*"))
    for sink in _built_in():
        table.add(sink)
    return table


@lru_cache(maxsize=1)
def _built_in() -> tuple[Sink, ...]:
    raw = tomllib.loads(files("analysis.references").joinpath("data/sinks.toml").read_text(encoding="utf-8"))
    return tuple(
        sink for number, line in enumerate(raw["sink"]) for sink in parse_sink(line, f"sinks.toml sink[{number}]")
    )


def parse_sink(line: Mapping[str, Any], where: str) -> Iterable[Sink]:
    """One table line as one Sink per `call`."""
    known = (*_LISTS, *_TEXTS)
    for key in line:
        if key not in known:
            raise BadInput(f"{where}: unknown key `{key}`", nearest(key, known))
    if not line.get("call"):
        raise BadInput(f"{where} names no call", 'add call = "Name" or call = "Owner.method"')
    if line.get("role") not in get_args(Role):
        raise BadInput(f"{where}: role {line.get('role')!r} does not exist", f"use one of {', '.join(get_args(Role))}")
    for call in _list(line["call"]):
        yield Sink(
            call=call,
            role=line["role"],
            uri=_arguments(line.get("uri")),
            path=_arguments(line.get("path")),
            bucket=_arguments(line.get("bucket")),
            prefix=_arguments(line.get("prefix")),
            handle=_arguments(line.get("handle")),
            alone=_arguments(line.get("alone")),
            mode=next(iter(_arguments(line.get("mode"))), None),
            whole=line.get("whole") in ("yes", True),
            returns=line.get("returns", ""),
            if_true=line.get("if_true", ""),
            remote=line.get("remote") in ("yes", True),
            first=tuple(_list(line.get("first", []))),
        )


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _arguments(value: str | list[str] | None) -> tuple[Argument, ...]:
    return tuple(_argument(text) for text in _list(value or []))


def _argument(text: str) -> Argument:
    text, _, position = text.partition("@")
    name, *keys = text.split(".")
    return Argument(name, int(position) if position else None, tuple(keys))

"""Addresses taken apart by the scanned code: urlparse, and regular expressions that are safe to try.

A pattern of the scanned code is only run when it cannot take long: short, few unbounded repeats, none of a group.
"""

import re
from typing import TYPE_CHECKING

from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Constant,
    Items,
    Member,
    Product,
    Unknown,
    Value,
    alternatives,
    as_text,
    either,
)
from analysis.references.text import Text, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_URL = re.compile(r"^(?:(?P<scheme>[a-z]+):)?(?://(?P<netloc>[^/?#]*))?(?P<path>[^?#]*)")
_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")
_UNBOUNDED = re.compile(r"(?<!\\)[*+]|\{\d*,\}")
MAXIMUM_PATTERN = 200
MAXIMUM_SUBJECT = 200
MAXIMUM_REPEATS = 4


def call(_: "Machine", path: str, arguments: Arguments, __: Frame) -> Value | None:
    """`urlparse(uri)` and `re.match(pattern, text)`; None for any other function."""
    if path in ("urllib.parse.urlparse", "urllib.parse.urlsplit", "urlparse.urlparse"):
        return either(
            [_url(as_text(option), arguments) for option in alternatives(arguments.get("url", 0) or Unknown())]
        )
    if path in ("re.match", "re.fullmatch", "re.search", "regex.match"):
        return _tried(path, arguments.get("pattern", 0), arguments.get("string", 1), arguments)
    return None


def call_method(_: "Machine", callee: Member, arguments: Arguments, __: Frame) -> Value | None:
    """Methods of compiled patterns and of matches; None for anything else."""
    owner = callee.owner
    if not isinstance(owner, Product):
        return None
    if owner.path in ("re.compile", "regex.compile") and callee.name in ("match", "fullmatch", "search"):
        pattern = owner.arguments.get("pattern", 0)
        return _tried(f"re.{callee.name}", pattern, arguments.get("string", 0), arguments)
    if owner.path == "re.Match":
        if callee.name == "groups":
            return owner.names["all groups"]
        if callee.name == "group":
            names = arguments.positional or [Constant(0)]
            found = [group(owner, name) for name in names]
            return found[0] if len(found) == 1 else Items(found)
    return None


def group(match: Product, key: Value) -> Value:
    """`match[key]`, by number or by name."""
    name = key.flat if isinstance(key, Text) else str(key.value) if isinstance(key, Constant) else ""
    return match.names.get(f"group:{name}", Unknown(name))


def _url(text: Text, arguments: Arguments) -> Product:
    result = Product("urllib.parse.ParseResult", arguments)
    match = _URL.match(text.flat)
    for name in ("scheme", "netloc", "path"):
        value = text.cut(*match.span(name)) if match and match[name] is not None else literal("")
        result.names[name] = value
    result.names["hostname"] = result.names["netloc"]
    return result


def _tried(path: str, pattern: Value | None, subject: Value | None, arguments: Arguments) -> Value:
    results = [
        _match(path.rpartition(".")[2], as_text(pattern), as_text(option), arguments)
        for option in alternatives(subject or Unknown())
        if pattern is not None
    ]
    return either(results) if results else Unknown("match")


def safe(pattern: str) -> bool:
    """Whether trying a pattern cannot take long."""
    return (
        len(pattern) <= MAXIMUM_PATTERN
        and not _REPEATED_GROUP.search(pattern)
        and len(_UNBOUNDED.findall(pattern)) <= MAXIMUM_REPEATS
    )


def _match(how: str, pattern: Text, subject: Text, arguments: Arguments) -> Value:
    if not pattern.known or not safe(pattern.flat) or len(subject.flat) > MAXIMUM_SUBJECT:
        return Unknown("match")
    try:
        found = getattr(re, how)(pattern.flat, subject.flat)
    except re.error:
        return Unknown("match")
    if found is None:
        return Unknown("match")
    result = Product("re.Match", arguments)
    parts: list[Value] = []
    for number in range((found.re.groups or 0) + 1):
        span = found.span(number)
        value: Value = subject.cut(*span) if span[0] >= 0 else Constant(None)
        result.names[f"group:{number}"] = value
        parts.append(value)
    result.names["all groups"] = Items(parts[1:])
    for name, number in found.re.groupindex.items():
        result.names[f"group:{name}"] = parts[number]
    return result

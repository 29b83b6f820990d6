"""The way through source that nobody parses: its strings, what brackets hold, and where an expression begins and ends.

`flat` is the text of a file throughout, positions are offsets in it.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

MAXIMUM_LENGTH = 2_000  # of one expression
STRING = re.compile(
    r'(?P<prefix>[A-Za-z$@]{0,2})(?:"""(?P<long>.*?)"""|"(?P<double>(?:[^"\\\n]|\\.)*)"|\'(?P<single>(?:[^\'\\\n]|\\.)*)\'|`(?P<raw>[^`]*)`)',
    re.DOTALL,
)
_OPENS = "([{"


_HEAD = re.compile(
    r"^[ \t]*(?:[a-z]+ )*(?:func|fun|def|function)\b[ \t]*(?:\([^)\n]*\)[ \t]*)?(?:[\w<>]+\.)?(?P<name>\w*)[ \t]*\("
    r"|^[ \t]*(?:(?:public|private|protected|internal|static|final|async|override|synchronized|virtual)[ \t]+)+"
    r"(?:[\w<>\[\],.?]+[ \t]+){0,3}(?P<method>\w+)[ \t]*\(",
    re.MULTILINE,
)
_TYPE_FIRST = (".java", ".cs")


@dataclass(frozen=True, slots=True)
class Header:
    """A function: where its head starts, its parameters open and its body ends, and what its parameters are called."""

    start: int
    opens: int
    end: int
    name: str
    names: tuple[str, ...]  # empty text for one that has a default, or that is not understood


def headers(flat: str, path: str, strings: list[tuple[int, int]]) -> list[Header]:
    """The functions of a file, in the order in which they start; one without braces ends where the next starts."""
    found: list[Header] = []
    heads = [match for match in _HEAD.finditer(flat) if not within(strings, match.end() - 1)]
    pairs = _pairs(flat, strings) if heads else {}
    for number, match in enumerate(heads):
        opens = match.end()
        after = pairs.get(opens - 1, opens)
        line_end = flat.find("\n", after)
        brace = flat.rfind("{", after, line_end if line_end >= 0 else len(flat))
        brace = flat.find("{", after, after + 200) if brace < 0 and path.endswith(_TYPE_FIRST) else brace
        following = heads[number + 1].start() if number + 1 < len(heads) else len(flat)
        end = pairs.get(brace, following)
        parameters = divided(flat[opens : opens + MAXIMUM_LENGTH], closing=True)
        name = match["name"] or match["method"] or ""
        found.append(Header(match.start(), opens, end, name, tuple(_parameter(one, path) for one in parameters)))
    return found


def _pairs(flat: str, strings: list[tuple[int, int]]) -> dict[int, int]:
    """Where each bracket that opens outside of strings and comments is closed."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for match in re.finditer(r"[\[({})\]]", flat):
        position = match.start()
        if within(strings, position):
            continue
        if match.group() in _OPENS:
            waiting.append(position)
        elif waiting:
            found[waiting.pop()] = position
    return found


def _parameter(written: str, path: str) -> str:
    if "=" in written:
        return ""
    words = re.findall(r"\w+", written.partition(":")[0])
    return (words[-1] if path.endswith((*_TYPE_FIRST, ".php")) else words[0]) if words else ""


def inner(string: re.Match[str]) -> tuple[int, int]:
    """Where the content of a string literal lies."""
    return next(string.span(name) for name in ("long", "double", "single", "raw") if string[name] is not None)


def quoted(flat: str, path: str) -> list[tuple[int, int]]:
    """Strings and comments, as ranges."""
    pattern = r"//[^\n]*|/\*.*?(?:\*/|\Z)|" + STRING.pattern
    if path.lower().endswith((".rb", ".r", ".php")):
        pattern = r"#[^\n]*|" + STRING.pattern
    return [match.span() for match in re.finditer(pattern, flat, re.DOTALL)]


def owner(flat: str, start: int) -> str:
    """What a method is called on: the chain of names and calls before its name."""
    index = start - 1
    low = max(start - MAXIMUM_LENGTH, 0)
    while index > low:
        while index > low and flat[index].isspace():
            index -= 1
        if flat[index] not in ".>:":
            break
        index -= 2 if flat[index - 1] in "-:?" else 1
        while index > low and flat[index].isspace():
            index -= 1
        while index > low and flat[index] in ")]}":
            index = _opening(flat, index, low) - 1
        if index > low and flat[index] in "\"'":
            index = flat.rfind(flat[index], low, index) - 1
            break
        while index > low and (flat[index].isalnum() or flat[index] in "_$@"):
            index -= 1
    return re.sub(r"^\s*(?:return|await|val|var|let|new)\s+", "", flat[index + 1 : start]).strip().rstrip(".>-:?")


def _opening(flat: str, index: int, low: int) -> int:
    depth = 0
    while index > low:
        depth += (flat[index] in ")]}") - (flat[index] in _OPENS)
        if depth == 0:
            return index
        index -= 1
    return low


def arguments(flat: str, position: int) -> tuple[list[str], dict[str, str]]:
    """The words of a call, from after its bracket; those that are given by name apart."""
    if flat[position - 1 : position] != "(":  # Ruby's call without brackets
        end = flat.find("\n", position)
        words = divided(flat[position : end if end >= 0 else len(flat)].partition(" do ")[0])
    else:
        words = divided(flat[position : position + MAXIMUM_LENGTH], closing=True)
    named: dict[str, str] = {}
    plain: list[str] = []
    for word in words:
        match = re.match(r"\s*(?P<name>[A-Za-z_]\w*)\s*(?:=(?![=>])|:(?!:))\s*(?P<value>.+)", word, re.DOTALL)
        if match:
            named[match["name"]] = match["value"]
        else:
            plain.append(word)
    return plain, named


def enclosing(flat: str, position: int) -> str:
    """The name of the call whose arguments a position is among."""
    depth = 0
    for index in range(position - 1, max(position - 400, 0), -1):
        character = flat[index]
        if character in ")]}":
            depth += 1
        elif character in _OPENS:
            depth -= 1
            if depth < 0:
                match = re.search(r"[A-Za-z_][\w.]*\s*$", flat[max(index - 60, 0) : index])
                return match[0].strip().replace("Extract", "export") if match and character == "(" else ""
        elif character == ";" and depth == 0:
            return ""
    return ""


def expression(flat: str, start: int) -> str:
    """The expression that starts here: to the end of its line, or of the call that it is."""
    index, depth = start, 0
    while index < min(len(flat), start + MAXIMUM_LENGTH):
        string = STRING.match(flat, index)
        if string is not None and string.group() and string.end() > index and flat[index] in "\"'`":
            index = string.end()
            continue
        character = flat[index]
        if character in _OPENS:
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth < 0:
                break
        elif depth == 0 and (
            character in ";," or (character == "\n" and flat[index : index + 200].lstrip()[:1] not in (".", "+"))
        ):
            break
        index += 1
    return flat[start:index]


def within(ranges: list[tuple[int, int]], position: int) -> bool:
    """Whether a position lies inside one of the ranges, which are sorted."""
    index = bisect_right(ranges, (position, len(ranges) and ranges[-1][1] + 1)) - 1
    return index >= 0 and ranges[index][0] < position < ranges[index][1]


def closed(expression: str, position: int) -> int:
    """How long a bracket is that opens at `position`, with what it holds."""
    index, depth = position, 0
    while index < len(expression):
        string = STRING.match(expression, index) if expression[index] in "\"'`" else None
        if string is not None:
            index = string.end()
            continue
        depth += (expression[index] in _OPENS) - (expression[index] in ")]}")
        index += 1
        if depth == 0:
            break
    return index - position


def divided(text: str, separator: str = ",", *, closing: bool = False) -> list[str]:
    """Parts of a list of arguments, or of a sum, brackets and strings left whole; `closing` ends at a closing one."""
    parts, start, index, depth = [], 0, 0, 0
    between = re.compile(separator)
    while index < len(text):
        character = text[index]
        string = STRING.match(text, index) if character in "\"'`" else None
        if string is not None:
            index = string.end()
            continue
        if character in ")]}":
            depth -= 1
            if depth < 0 and closing:
                break
        elif character in _OPENS:
            depth += 1
        elif depth == 0 and (match := between.match(text, index)):
            parts.append(text[start:index])
            start = index = match.end()
            continue
        index += 1
    parts.append(text[start:index])
    return [part for part in (part.strip() for part in parts) if part]

"""Tokens of JavaScript and TypeScript, as far as telling strings, templates and names from each other needs them."""

import re
from dataclasses import dataclass, field

MAXIMUM_TOKENS = 60_000
MAXIMUM_NESTING = 40  # of templates in templates
LONGEST_LINE = 20_000  # a longer one was written by a bundler

_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<string>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<name>[A-Za-z_$#][\w$]*)"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<mark>=>|\?\.(?!\d)|\?\?=?|\|\|=?|&&=?|\.\.\.|[=!]==?|[<>]=|\+\+|--|[+*/%&|^-]=|[^\w\s])",
    re.DOTALL,
)
# What may stand before a regular expression, and not before a division.
_BEFORE_PATTERN = frozenset(
    ("(", ",", "=", ":", "[", "!", "&", "|", "?", "{", "}", ";", "=>", "&&", "||", "??", "return", "typeof")
)
_PATTERN = re.compile(r"/(?![*/])(?:[^\\/\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")


@dataclass(slots=True)
class Token:
    """`start` and `end` are offsets in the file; of a template, `parts` are its texts and the tokens between them."""

    kind: str  # string, template, name, number, mark
    text: str
    start: int
    end: int
    parts: "list[tuple[int, int] | list[Token]]" = field(default_factory=list)


def tokens(source: str) -> list[Token]:
    """All tokens of a file; ends early past MAXIMUM_TOKENS."""
    found, _ = _read(source, 0, 0)
    return found


def _read(source: str, position: int, nesting: int) -> tuple[list[Token], int]:
    found: list[Token] = []
    depth = 0
    while position < len(source) and len(found) < MAXIMUM_TOKENS:
        character = source[position]
        if character == "`":
            token = _template(source, position, nesting)
            found.append(token)
            position = token.end
            continue
        if character == "/" and (not found or found[-1].text in _BEFORE_PATTERN):
            pattern = _PATTERN.match(source, position)
            if pattern:
                found.append(Token("number", "", position, pattern.end()))
                position = pattern.end()
                continue
        match = _TOKEN.match(source, position)
        if match is None:
            position += 1
            continue
        kind = match.lastgroup or ""
        if nesting and kind == "mark":
            depth += {"{": 1, "}": -1}.get(match[0], 0)
            if depth < 0:
                return found, match.end()
        position = match.end()
        if kind != "space":
            found.append(Token(kind, match[0], match.start(), match.end()))
    return found, position


def _template(source: str, start: int, nesting: int) -> Token:
    parts: list[tuple[int, int] | list[Token]] = []
    begin = position = start + 1
    while position < len(source):
        character = source[position]
        if character == "\\":
            position += 2
        elif character == "`":
            break
        elif source.startswith("${", position) and nesting < MAXIMUM_NESTING:
            parts.append((begin, position))
            inner, position = _read(source, position + 2, nesting + 1)
            parts.append(inner)
            begin = position
        else:
            position += 1
    end = min(position, len(source))
    parts.append((begin, end))
    return Token("template", source[start : end + 1], start, min(end + 1, len(source)), parts)

"""Words of shell command lines: quotes, variables, substitutions and here-documents, with every part's sites kept."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from analysis.references.python import environment
from analysis.references.text import Text, hole

_HEREDOC = re.compile(r"<<-?\s*(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)(?P<rest>[^\n]*)$")
_SUBSTITUTION = re.compile(r"\$\((?!\()(?P<inner>[^()]*(?:\([^()]*\)[^()]*)*)\)|`(?P<old>[^`]*)`")
_VARIABLE = re.compile(
    r"\$\{[#!]?(?P<name>\w+)(?::?[-=](?P<default>(?:[^{}]|\{[^{}]*\})*)|(?:[^{}]|\{[^{}]*\})*)?\}|\$(?P<word>[A-Za-z_]\w*|\d|@|\*)"
)
_TOKEN = re.compile(
    r"(?P<space>(?:[^\S\n]|\\\r?\n)+)|(?P<comment>(?<![^\s;])#[^\n]*)"
    r"|(?P<separator>&&|\|\||;;|[;|&\n()])|(?P<redirect>\d?>>?&?\d?|<)"
)
_BRACED_JINJA = re.compile(r"\{\{.{0,600}?\}\}|\{%.{0,600}?%\}", re.DOTALL)
MAXIMUM_WORDS = 40_000


def expand(text: Text, known: Mapping[str, Text], env: str | None) -> Text:
    """Variables replaced: by what was assigned, the environment's name, their default, or a hole."""
    if "$" not in text.flat:
        return text
    spans = []
    for match in _VARIABLE.finditer(text.flat):
        name = match["name"] or match["word"] or ""
        value = known.get(name) if not match.group().startswith("${!") else None  # the name of the name
        if value is None and environment.names_environment(name):
            value = environment.current(env)
        if value is None and match["default"]:
            start = match.start("default")
            value = expand(text.cut(start, match.end("default")).strip("'\""), known, env)
        spans.append((match.start(), match.end(), value if value is not None else hole(name)))
    return text.replace_spans(spans)


def variable_names(flat: str) -> list[str]:
    """Names of the variables in a word."""
    return [match["name"] or match["word"] for match in _VARIABLE.finditer(flat)] if "$" in flat else []


def without_substitutions(text: Text, depth: int) -> tuple[Text, list[Text]]:
    """The text with a hole for every command substitution, and their commands in order; none below depth 3."""
    if depth > 3 or ("$(" not in text.flat and "`" not in text.flat):
        return text, []
    spans, nested = [], []
    for match in _SUBSTITUTION.finditer(text.flat):
        group = "inner" if match["inner"] is not None else "old"
        nested.append(text.cut(match.start(group), match.end(group)))
        spans.append((match.start(), match.end(), hole("output of a command")))
    return text.replace_spans(spans), nested


def with_outputs(text: Text, outputs: list[Text]) -> Text:
    """The text with what its command substitutions print, in order."""
    spans = [
        (match.start(), match.end(), output)
        for match, output in zip(_SUBSTITUTION.finditer(text.flat), outputs, strict=False)
    ]
    return text.replace_spans(spans)


def without_heredocs(text: Text) -> tuple[Text, list[Text]]:
    """The script with every here-document taken out, and their bodies in order; one without an end stays."""
    if "<<" not in text.flat:
        return text, []
    bodies, spans = [], []
    starts = list(accumulate((len(line) + 1 for line in text.flat.split("\n")), initial=0))
    ends: dict[str, list[int]] = {}
    lines = text.flat.split("\n")
    for number, line in enumerate(lines):
        ends.setdefault(line.strip(), []).append(number)
    number = 0
    while number < len(lines):
        match = _HEREDOC.search(lines[number]) if "<<" in lines[number] else None
        last = next((end for end in ends.get(match["word"], ()) if end > number), None) if match else None
        if match and last is not None:
            begin = starts[number]
            bodies.append(text.cut(starts[number + 1], max(starts[last] - 1, starts[number + 1])))
            rest = text.cut(begin + match.start("rest"), begin + match.end("rest"))
            mark = text.cut(begin + match.start(), begin + match.start() + 2)
            spans.append((begin + match.start(), starts[last + 1] - 1, Text((*mark.pieces, *rest.pieces))))
            number = last
        number += 1
    return text.replace_spans(spans), bodies


@dataclass(slots=True)
class Word:
    """One word, quotes removed."""

    text: Text
    single: bool  # single quotes: no variables inside


@dataclass(slots=True)
class Line:
    """The words of a simple command, and what stands before and after it."""

    words: list[Word]
    before: str
    after: str = ""


def split_commands(text: Text) -> Iterator[Line]:
    """Words of each simple command, quotes removed."""
    flat = text.flat
    line = Line([], "")
    position = 0
    count = 0
    redirected = False
    while position < len(flat):
        match = _TOKEN.match(flat, position)
        if match:
            position = match.end()
            redirected = redirected and not match["separator"]
            if separator := match["separator"]:
                if line.words:
                    line.after = separator
                    yield line
                    line = Line([], separator)
                elif separator != "\n":
                    line.before = separator
            elif match["redirect"] and match["redirect"] == "<" and flat[position : position + 1] == "<":
                line.words.append(Word(text.cut(position - 1, position + 1), single=True))
                position += 1
            elif match["redirect"] and not match["redirect"][-1].isdigit():
                redirected = True
            continue
        word, position = _word(text, position)
        if redirected:  # the file that is read or written
            redirected = False
            continue
        line.words.append(word)
        count += 1
        if count > MAXIMUM_WORDS:
            break
    if line.words:
        yield line


def _word(text: Text, position: int) -> tuple[Word, int]:
    flat = text.flat
    parts: list[Text] = []
    single = False
    start = position
    while position < len(flat):
        character = flat[position]
        if character in "'\"":
            end = _closing(flat, position)
            parts.extend([text.cut(start, position), text.cut(position + 1, end)])
            single = single or character == "'"
            position = start = min(end + 1, len(flat))
        elif character == "\\" and position + 1 < len(flat):
            parts.append(text.cut(start, position))
            joins = flat[position + 1] == "\n"  # the word goes on in the next line
            start = position + (2 if joins else 1)
            position += 2
        elif character == "{" and (jinja := _BRACED_JINJA.match(flat, position)):
            position = jinja.end()
        elif character in "$`" and (inner := _SUBSTITUTION.match(flat, position) or _VARIABLE.match(flat, position)):
            position = inner.end()
        elif character == "(" and flat[start:position].endswith("=") and (close := flat.find(")", position)) > 0:
            position = close + 1  # the words of a list
        elif character.isspace() or character in ";|&()<>":
            break
        else:
            position += 1
    parts.append(text.cut(start, position))
    if position == start and not any(part.flat for part in parts):
        position += 1 if position < len(flat) and flat[position] in "<>" else 0
    return Word(Text(tuple(piece for part in parts for piece in part.pieces)), single), position


def _closing(flat: str, position: int) -> int:
    quote = flat[position]
    end = position + 1
    while end < len(flat):
        if flat[end] == "\\" and quote == '"':
            end += 2
            continue
        if flat[end] == "$" and quote == '"':
            inner = _SUBSTITUTION.match(flat, end) or _VARIABLE.match(flat, end)
            end = inner.end() if inner else end + 1
            continue
        if flat[end] == quote:
            return end
        end += 1
    return len(flat)

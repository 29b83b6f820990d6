"""Shell: words of commands, with variables put in and every word's sites kept.

This reads command lines as people write them in operators, scripts and workflows; it is no shell. What a run would
compute (command substitutions, loop variables) is a hole.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from analysis.references import environment
from analysis.references.text import HOLE, Text, hole

_HEREDOC = re.compile(r"<<-?\s*(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)(?P<rest>[^\n]*)$")
_SUBSTITUTION = re.compile(r"\$\((?!\()(?P<inner>[^()]*(?:\([^()]*\)[^()]*)*)\)|`(?P<old>[^`]*)`")
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::?[-=](?P<default>[^}]*)|[^}]*)?\}|\$(?P<word>[A-Za-z_]\w*|\d|@|\*)")
_ASSIGNMENT = re.compile(r"^(?P<name>[A-Za-z_]\w*)=")
_TOKEN = re.compile(
    r"(?P<space>(?:[ \t]|\\\r?\n)+)|(?P<comment>(?<![^\s;])#[^\n]*)"
    r"|(?P<separator>&&|\|\||;;|[;|&\n()])|(?P<redirect>\d?>>?&?\d?|<)"
)
_BRACED_JINJA = re.compile(r"\{\{.{0,600}?\}\}|\{%.{0,600}?%\}", re.DOTALL)
_KEYWORDS = frozenset(
    "if then else elif fi do done while until ! time sudo exec nohup eval command { } "  # noqa: SIM905 - reads better
    "export local readonly declare set env xargs".split()
)
MAXIMUM_WORDS = 4000


@dataclass(slots=True)
class Command:
    """One simple command: its words, the shell variables in force, what it is fed."""

    words: list[Text]
    variables: dict[str, Text] = field(default_factory=dict)
    stdin: Text | None = None
    directory: Text | None = None  # where a `cd` before it went


def commands(
    text: Text, variables: Mapping[str, Text] | None = None, env: str | None = None, depth: int = 0
) -> Iterator[Command]:
    """Every simple command of a script, in order."""
    known: dict[str, Text] = dict(variables or {})
    directory: Text | None = None
    text, bodies = _without_heredocs(text)
    body_index = 0
    for raw in _split(text):
        words: list[Text] = []
        for word in raw:
            inner, nested = _substitute(word.text, depth)
            for part in nested:
                yield from commands(part, known, env, depth + 1)
            words.append(inner if word.single else expand(inner, known, env))
        stdin = None
        if any(word.flat.startswith("<<") for word in words):
            stdin = bodies[body_index] if body_index < len(bodies) else None
            body_index += 1
            words = [word for word in words if not word.flat.startswith("<<")]
        words = _strip_keywords(words, known)
        if not words:
            continue
        head = words[0].flat
        if head == "cd" and len(words) > 1:
            directory = words[1]
            continue
        if head == "for" and len(words) > 1:
            known[words[1].flat] = hole(words[1].flat)
            continue
        yield Command(words, dict(known), stdin, directory)
        if stdin is not None and head in ("ssh", "bash", "sh", "cat", "gcloud") and depth < 3:
            yield from commands(stdin, known, env, depth + 1)
        if head in ("bash", "sh", "/bin/bash", "/bin/sh") and depth < 3:
            flags = [index for index, word in enumerate(words) if re.fullmatch(r"-\w*c\w*", word.flat)]
            if flags and flags[0] + 1 < len(words):
                yield from commands(words[flags[0] + 1], known, env, depth + 1)


def make_variables(text: Text) -> dict[str, Text]:
    """Variables that a Makefile assigns."""
    found: dict[str, Text] = {}
    for line in text.lines():
        match = re.match(r"^(?:export\s+)?([A-Za-z_]\w*)\s*[:?+]?=\s*(.*?)\s*$", line.flat)
        if match:
            found.setdefault(match[1], line.cut(match.start(2), match.end(2)).strip("'\""))
    return found


def expand(text: Text, known: Mapping[str, Text], env: str | None) -> Text:
    """Variables replaced: by what was assigned, the environment's name, their default, or a hole."""
    if "$" not in text.flat:
        return text
    spans = []
    for match in _VARIABLE.finditer(text.flat):
        name = match["name"] or match["word"] or ""
        value = known.get(name)
        if value is None and environment.names_environment(name):
            value = environment.current(env)
        if value is None and match["default"]:
            start = match.start("default")
            value = expand(text.cut(start, match.end("default")).strip("'\""), known, env)
        spans.append((match.start(), match.end(), value if value is not None else hole(name)))
    return text.replace_spans(spans)


def _substitute(text: Text, depth: int) -> tuple[Text, list[Text]]:
    if depth > 3 or ("$(" not in text.flat and "`" not in text.flat):
        return text, []
    spans, nested = [], []
    for match in _SUBSTITUTION.finditer(text.flat):
        group = "inner" if match["inner"] is not None else "old"
        nested.append(text.cut(match.start(group), match.end(group)))
        spans.append((match.start(), match.end(), hole("output of a command")))
    return text.replace_spans(spans), nested


def _without_heredocs(text: Text) -> tuple[Text, list[Text]]:
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
class _Word:
    text: Text
    single: bool  # single quotes: no variables inside


def _split(text: Text) -> Iterator[list[_Word]]:
    """Words of each simple command, quotes removed."""
    flat = text.flat
    words: list[_Word] = []
    position = 0
    count = 0
    while position < len(flat):
        match = _TOKEN.match(flat, position)
        if match:
            position = match.end()
            if match["separator"]:
                if words:
                    yield words
                words = []
            elif match["redirect"] and match["redirect"] == "<" and flat[position : position + 1] == "<":
                words.append(_Word(text.cut(position - 1, position + 1), single=True))
                position += 1
            continue
        word, position = _word(text, position)
        words.append(word)
        count += 1
        if count > MAXIMUM_WORDS:
            break
    if words:
        yield words


def _word(text: Text, position: int) -> tuple[_Word, int]:
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
            start = position + 1
            position += 2
        elif character == "{" and (jinja := _BRACED_JINJA.match(flat, position)):
            position = jinja.end()
        elif character == "$" and (inner := _SUBSTITUTION.match(flat, position)):
            position = inner.end()
        elif character.isspace() or character in ";|&()<>":
            break
        else:
            position += 1
    parts.append(text.cut(start, position))
    if position == start and not any(part.flat for part in parts):
        position += 1 if position < len(flat) and flat[position] in "<>" else 0
    return _Word(Text(tuple(piece for part in parts for piece in part.pieces)), single), position


def _closing(flat: str, position: int) -> int:
    quote = flat[position]
    end = position + 1
    while end < len(flat):
        if flat[end] == "\\" and quote == '"':
            end += 2
            continue
        if flat[end] == quote:
            return end
        end += 1
    return len(flat)


def _strip_keywords(words: list[Text], known: dict[str, Text]) -> list[Text]:
    """Leading keywords and assignments; what they assign is known afterwards."""
    index = 0
    while index < len(words):
        flat = words[index].flat
        match = _ASSIGNMENT.match(flat)
        if match and HOLE not in match["name"]:
            known[match["name"]] = words[index].cut(match.end())
        elif flat not in _KEYWORDS and flat:
            break
        index += 1
    return words[index:]

"""Shell: words of commands, with variables put in and every word's sites kept.

This reads command lines as people write them in operators, scripts and workflows; it is no shell. What a run would
compute (command substitutions, loop variables) is a hole.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, islice, product

from analysis.references import environment
from analysis.references.model import Site
from analysis.references.text import HOLE, Text, hole, literal

_HEREDOC = re.compile(r"<<-?\s*(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)(?P<rest>[^\n]*)$")
_SUBSTITUTION = re.compile(r"\$\((?!\()(?P<inner>[^()]*(?:\([^()]*\)[^()]*)*)\)|`(?P<old>[^`]*)`")
_VARIABLE = re.compile(
    r"\$\{#?(?P<name>\w+)(?::?[-=](?P<default>(?:[^{}]|\{[^{}]*\})*)|(?:[^{}]|\{[^{}]*\})*)?\}|\$(?P<word>[A-Za-z_]\w*|\d|@|\*)"
)
_NAMED = re.compile(r"\$\{?(?P<name>\w+)(?:\[[@*]\])?\}?")
_TOOL = re.compile(r"(?:.*/)?(?:gsutil|gcloud)$")
_SHELLS = frozenset(("bash", "sh", "/bin/bash", "/bin/sh", "zsh"))
_ASSIGNMENT = re.compile(r"^(?P<name>[A-Za-z_]\w*)=")
_TOKEN = re.compile(
    r"(?P<space>(?:[ \t]|\\\r?\n)+)|(?P<comment>(?<![^\s;])#[^\n]*)"
    r"|(?P<separator>&&|\|\||;;|[;|&\n()])|(?P<redirect>\d?>>?&?\d?|<)"
)
_BRACED_JINJA = re.compile(r"\{\{.{0,600}?\}\}|\{%.{0,600}?%\}", re.DOTALL)
_KEYWORDS = frozenset(
    "if then else elif fi do done while until ! time sudo exec nohup eval command { } "  # noqa: SIM905 - reads better
    "export local readonly declare set env".split()
)
MAXIMUM_WORDS = 40_000
MAXIMUM_WAYS = 8  # in which one command may be run by loops and branches
MAXIMUM_CALLS = 60  # of the functions of one script


@dataclass(slots=True)
class Command:
    """One simple command: its words, the shell variables in force, what it is fed."""

    words: list[Text]
    variables: dict[str, Text] = field(default_factory=dict)
    stdin: Text | None = None
    directory: Text | None = None  # where a `cd` before it went
    site: Site | None = None  # where it is written


def commands(
    text: Text,
    variables: Mapping[str, Text] | None = None,
    env: str | None = None,
    depth: int = 0,
    sourced: Callable[[str], Text | None] | None = None,
) -> Iterator[Command]:
    """Every simple command of a script, in order; one for each value that a loop or a branch gives its variables.

    `sourced` finds the text of a script that this one sources.
    """
    yield from _Run(text, dict(variables or {}), env, depth, sourced).everything()


# What is known of the variables: one value, or the values that branches and loops give.
_State = dict[str, tuple[Text, ...]]


@dataclass(slots=True)
class _Branch:
    """An `if` or a `case` that is open: what was known before it, and after each of its arms."""

    before: _State
    after: list[_State] = field(default_factory=list)
    complete: bool = False  # it has an `else`, or an arm for everything
    dead: bool = False  # the environment's name decides against this arm
    decided: bool = False  # it decides for one: those after it are dead


class _Run:
    """One script as it may run."""

    def __init__(
        self,
        text: Text,
        variables: dict[str, Text],
        env: str | None,
        depth: int,
        sourced: Callable[[str], Text | None] | None,
    ) -> None:
        self.env, self.depth, self.sourced = env, depth, sourced
        self.state: _State = {name: (value,) for name, value in variables.items()}
        text, self.bodies = _without_heredocs(text)
        self.body_index = 0
        self.lines = list(_split(text))
        self.functions = self._find_functions()
        self.called: set[str] = set()
        self.branches: list[_Branch] = []
        self.directory: Text | None = None
        self.listed: Text | None = None  # what the command before a pipe lists
        self.calls = 0

    def everything(self) -> Iterator[Command]:
        yield from self._lines(0, len(self.lines))
        for name, (start, end) in self.functions.items():
            if name not in self.called:
                yield from self._lines(start, end)

    def _find_functions(self) -> dict[str, tuple[int, int]]:
        """Bodies of functions, as ranges of lines: `name() {` and `function name {` to the closing brace."""
        found: dict[str, tuple[int, int]] = {}
        for index, line in enumerate(self.lines):
            flats = [word.text.flat for word in line.words]
            name, start = "", index + 1
            if flats[:1] == ["function"] and len(flats) > 1:
                name, start = flats[1], index + (0 if "{" in flats else 1)
            elif line.after == "(" and len(flats) == 1 and index + 1 < len(self.lines):
                following = self.lines[index + 1]
                if following.before == ")" and following.words and following.words[0].text.flat == "{":
                    name = flats[0]
            if not name:
                continue
            depth, end = 0, start
            for end in range(start, len(self.lines)):
                words = [word.text.flat for word in self.lines[end].words]
                depth += words.count("{") - words.count("}")
                if depth <= 0 and end > start:
                    break
            found[name] = (start, end + 1)
        return found

    def _lines(self, start: int, end: int) -> Iterator[Command]:
        skipped = sorted(place for place in self.functions.values() if start < place[0] or place[1] < end)
        index = start
        while index < end:
            inside = next((place for place in skipped if place[0] == index and place != (start, end)), None)
            if inside is not None:
                index = max(inside[1], index + 1)
                continue
            yield from self._line(self.lines[index])
            index += 1

    # ---- one line

    def _line(self, line: "_Line") -> Iterator[Command]:
        words = self._after_keywords(line)
        if self.branches and self.branches[-1].dead:
            return
        if words and words[0].text.flat in ("for", "select") and len(words) > 1:
            yield from self._loop(words[1].text.flat, words[3:])
            return
        names = {name for word in words if not word.single for name in _names(word.text.flat)}
        several = [name for name in names if len(self.state.get(name, ())) > 1]
        assigned: dict[str, list[Text]] = {}
        for values in islice(product(*(self.state[name] for name in several)), MAXIMUM_WAYS):
            known = {name: found[0] for name, found in self.state.items()}
            known.update(zip(several, values, strict=True))
            yield from self._command(words, known, assigned, line)
        for name, found in assigned.items():
            self.state[name] = tuple({value.flat: value for value in found}.values())[:MAXIMUM_WAYS]
        if line.after != "|":
            self.listed = None

    def _after_keywords(self, line: "_Line") -> "list[_Word]":
        """The words of a line without those that only steer; branches opened and closed."""
        words = line.words
        if line.before == ";;" and self.branches:
            self._next_arm()
        while words:
            word = words[0].text.flat
            if word in ("if", "case"):
                self.branches.append(_Branch(dict(self.state)))
                if word == "case":
                    return []
                self._decide(words[1:])
            elif word in ("elif", "else") and self.branches:
                self._next_arm()
                self.branches[-1].complete = self.branches[-1].complete or word == "else"
                if word == "elif":
                    self._decide(words[1:])
            elif word in ("fi", "esac") and self.branches:
                self._close()
            elif word not in _KEYWORDS:
                break
            words = words[1:]
        return words

    def _next_arm(self) -> None:
        branch = self.branches[-1]
        if not branch.dead:
            branch.after.append(self.state)
        self.state, branch.dead = dict(branch.before), branch.decided

    def _close(self) -> None:
        """After a branch a variable is what any of its arms made of it."""
        branch = self.branches.pop()
        states = branch.after if branch.dead else [*branch.after, self.state]
        if not branch.complete:
            states = [*states, branch.before]
        merged: _State = {}
        for state in states:
            for name, values in state.items():
                old = merged.get(name)
                if old is None or old is values:
                    merged[name] = values
                else:
                    merged[name] = tuple({value.flat: value for value in (*old, *values)}.values())[:MAXIMUM_WAYS]
        self.state = merged

    def _decide(self, words: "list[_Word]") -> None:
        """`[ "$ENV" = prod ]`: the arm is dead where the environment's name is another."""
        known = {name: found[0] for name, found in self.state.items()}
        sides = [expand(word.text, known, self.env) for word in words[:5]]
        if len(sides) < 4 or sides[0].flat not in ("[", "[[") or sides[2].flat not in ("=", "==", "!="):
            return
        left, right = sides[1], sides[3]
        if not any(piece.environment for piece in (*left.pieces, *right.pieces)) or not (left.known and right.known):
            return
        same = left.flat == right.flat or (min(len(left.flat), len(right.flat)) > 2 and (
            left.flat.startswith(right.flat) or right.flat.startswith(left.flat)))  # fmt: skip
        self.branches[-1].dead = same == (sides[2].flat == "!=")
        if not self.branches[-1].dead:
            self.branches[-1].complete = self.branches[-1].decided = True

    def _command(
        self, raw: "list[_Word]", known: dict[str, Text], assigned: dict[str, list[Text]], line: "_Line"
    ) -> Iterator[Command]:
        words: list[Text] = []
        for word in raw:
            inner, nested = _substitute(word.text, self.depth)
            outputs = []
            for part in nested:
                found = list(commands(part, known, self.env, self.depth + 1, self.sourced))
                yield from found
                outputs.append(_output(found))
            if nested:
                inner = _with_outputs(word.text, outputs, self.depth)
            words.append(inner if word.single else expand(inner, known, self.env))
        stdin = None
        if any(word.flat.startswith("<<") for word in words):
            stdin = self.bodies[self.body_index] if self.body_index < len(self.bodies) else None
            self.body_index += 1
            words = [word for word in words if not word.flat.startswith("<<")]
        words = self._assignments(words, known, assigned)
        if not words:
            return
        head = words[0].flat
        if head == "cd" and len(words) > 1:
            self.directory = words[1]
        elif head in ("source", ".") and len(words) > 1:
            self._source(words[1])
        elif head in self.functions and self.depth < 4 and self.calls < MAXIMUM_CALLS:
            yield from self._call(head, words[1:])
        else:
            yield from self._plain(words, known, stdin, line, raw[0].text.first_line)

    def _plain(
        self, words: list[Text], known: dict[str, Text], stdin: Text | None, line: "_Line", site: Site | None
    ) -> Iterator[Command]:
        if words[0].flat == "xargs" or words[0].flat.endswith("/xargs"):
            begin = next((index for index, word in enumerate(words[1:], 1) if _TOOL.match(word.flat)), None)
            words = [*words[begin:], self.listed or hole("listed")] if begin is not None else words
        command = Command(words, known, stdin, self.directory, site)
        yield command
        head = words[0].flat
        if line.after == "|":
            self.listed = _output([command]) if _TOOL.match(head) else self.listed
        if stdin is not None and head in ("ssh", "bash", "sh", "cat", "gcloud") and self.depth < 3:
            yield from commands(stdin, known, self.env, self.depth + 1, self.sourced)
        inner = script_given(words)
        if inner is not None and self.depth < 3:
            yield from commands(inner, known, self.env, self.depth + 1, self.sourced)

    def _assignments(self, words: list[Text], known: dict[str, Text], assigned: dict[str, list[Text]]) -> list[Text]:
        """What is left after leading assignments and words that only steer; what they assign is known afterwards."""
        index = 0
        while index < len(words):
            flat = words[index].flat
            match = _ASSIGNMENT.match(flat)
            if match and HOLE not in match["name"]:
                value = words[index].cut(match.end())
                array = value.flat.startswith("(") and value.flat.endswith(")")
                values = [word.text for line in _split(value.cut(1, len(value.flat) - 1)) for word in line.words]
                found = values[:MAXIMUM_WAYS] if array else [value]
                known[match["name"]] = found[0] if found else Text()
                assigned.setdefault(match["name"], []).extend(found)
            elif flat not in _KEYWORDS and flat:
                break
            index += 1
        return words[index:]

    def _loop(self, name: str, given: "list[_Word]") -> Iterator[Command]:
        """A loop's variable has the values of the words and of lists; a hole for patterns and what is not known."""
        values: list[Text] = []
        known = {key: found[0] for key, found in self.state.items()}
        for word in given:
            only = _NAMED.fullmatch(word.text.flat)
            inner, nested = _substitute(word.text, self.depth)
            for part in nested:
                found = list(commands(part, known, self.env, self.depth + 1, self.sourced))
                yield from found
                inner = _output(found)
            values.extend(self.state.get(only["name"], (inner,)) if only else [inner])
        told = bool(values) and all(value.flat.strip(HOLE) and not re.search(r"[*?$]", value.flat) for value in values)
        self.state[name] = tuple(values[:MAXIMUM_WAYS]) if told else (hole(name),)

    def _source(self, name: Text) -> None:
        """Take over what a sourced script assigns."""
        text = self.sourced(name.flat) if self.sourced is not None else None
        if text is None or self.depth > 3:
            return
        known = {key: found[0] for key, found in self.state.items()}
        other = _Run(text, known, self.env, self.depth + 1, self.sourced)
        for _ in other.everything():
            pass
        self.state.update(other.state)

    def _call(self, name: str, given: list[Text]) -> Iterator[Command]:
        """A function of the script, with its words as $1, $2 …"""
        self.called.add(name)
        self.calls += 1
        outer = {key: value for key, value in self.state.items() if key.isdigit() or key in "@*"}
        self.depth += 1
        self.state.update({str(number): (word,) for number, word in enumerate(given, 1)})
        self.state["@"] = self.state["*"] = tuple(given[:MAXIMUM_WAYS]) or (Text(),)
        branches, self.branches = self.branches, []
        yield from self._lines(*self.functions[name])
        self.branches = branches
        self.depth -= 1
        for key in [key for key in self.state if key.isdigit() or key in "@*"]:
            del self.state[key]
        self.state.update(outer)


def script_given(words: list[Text]) -> Text | None:
    """The script of `bash -c script`."""
    start = next((index for index, word in enumerate(words[:6]) if word.flat in _SHELLS), None)
    rest = words[start:] if start is not None else []
    flag = next((index for index, word in enumerate(rest) if re.fullmatch(r"-\w*c\w*", word.flat)), None)
    return rest[flag + 1] if flag is not None and flag + 1 < len(rest) else None


def _names(flat: str) -> list[str]:
    return [match["name"] or match["word"] for match in _VARIABLE.finditer(flat)] if "$" in flat else []


def _output(found: list[Command]) -> Text:
    """What a command prints, as far as listings go: names below the address that it lists."""
    for command in found:
        words = [word for word in command.words if not word.flat.startswith("-")]
        flats = [word.flat for word in words]
        if "ls" in flats[:4] and _TOOL.match(flats[0]) and len(words) > 2:
            target = words[-1]
            if any(word.flat == "-d" for word in command.words) or "*" in target.flat:
                return target
            return target + hole("listed") if target.flat.endswith("/") else target + literal("/") + hole("listed")
        if flats[:1] == ["echo"] and len(words) == 2:
            return words[1]
    return hole("output of a command")


def _with_outputs(text: Text, outputs: list[Text], depth: int) -> Text:
    del depth
    spans = [
        (match.start(), match.end(), output)
        for match, output in zip(_SUBSTITUTION.finditer(text.flat), outputs, strict=False)
    ]
    return text.replace_spans(spans)


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


@dataclass(slots=True)
class _Line:
    """The words of a simple command, and what stands before and after it."""

    words: list[_Word]
    before: str
    after: str = ""


def _split(text: Text) -> Iterator[_Line]:
    """Words of each simple command, quotes removed."""
    flat = text.flat
    line = _Line([], "")
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
                    line = _Line([], separator)
                elif separator != "\n":
                    line.before = separator
            elif match["redirect"] and match["redirect"] == "<" and flat[position : position + 1] == "<":
                line.words.append(_Word(text.cut(position - 1, position + 1), single=True))
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
        elif character == "$" and (inner := _SUBSTITUTION.match(flat, position) or _VARIABLE.match(flat, position)):
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
    return _Word(Text(tuple(piece for part in parts for piece in part.pieces)), single), position


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

"""Shell: the simple commands of a script as it may run, with variables put in and every word's sites kept.

This reads command lines as people write them in operators, scripts and workflows; it is no shell. What a run would
compute (command substitutions, loop variables) is a hole.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice, product, takewhile

from analysis.references.model import Site
from analysis.references.python import environment
from analysis.references.shells.shell_words import (
    Line,
    Word,
    expand,
    split_commands,
    variable_names,
    with_outputs,
    without_heredocs,
    without_substitutions,
)
from analysis.references.text import HOLE, Text, hole, literal

_IMPORTS = re.compile(r"^(?:import|from) [\w.]+", re.MULTILINE)  # of Python
_NAMED = re.compile(r"\$\{?(?P<name>\w+)(?:\[[@*]\])?\}?")
_TOOL = re.compile(r"(?:.*/)?(?:gsutil|gcloud)$")
_FROM_STDIN = ("-I", "--read-paths-from-stdin")  # of gsutil, of gcloud storage: it acts on what it is told there
_SHELLS = frozenset(("bash", "sh", "/bin/bash", "/bin/sh", "zsh"))
_ASSIGNMENT = re.compile(r"^(?P<name>[A-Za-z_]\w*)=")
# What a variable is handed by whoever runs the script, with a default or none.
_HANDED = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>\$\{?(?P<of>\w+)(?::?-[^${}]*)?\}?)$")
_ALL_WORDS = frozenset(("$@", "$*", "${@}", "${*}"))
_KEYWORDS = frozenset(
    "if then else elif fi do done while until ! time sudo exec nohup eval command { } "  # noqa: SIM905 - reads better
    "export local readonly declare set env".split()
)
MAXIMUM_WAYS = 8  # in which one command may be run by loops and branches
MAXIMUM_NAMES = 4  # of a Makefile that stand for one another
MAXIMUM_CALLS = 60  # of the functions of one script


@dataclass(slots=True)
class Command:
    """One simple command: its words, the shell variables in force, what it is fed."""

    words: list[Text]
    variables: dict[str, Text] = field(default_factory=dict)
    stdin: Text | None = None
    directory: Text | None = None  # where a `cd` before it went
    site: Site | None = None  # where it is written
    end: int = 0  # the last line it is written on


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
    subject: Text | None = None  # of a `case`
    opening: bool = False  # the patterns of its next arm come
    matches: bool = False  # one of them matches, or may


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
        text, self.bodies = without_heredocs(text)
        self.body_index = 0
        self.lines = list(split_commands(text))
        self.functions = self._find_functions()
        self.called: set[str] = set()
        self.branches: list[_Branch] = []
        self.directory: Text | None = None
        self.listed: Text | None = None  # what the command before a pipe lists
        self.calls = 0
        self.mounts: list[tuple[str, Text]] = []  # folders that show a bucket, and its address

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
        named = {place[0] - 1 for place in skipped}  # `name()` is no call of it
        index = start
        while index < end:
            inside = next((place for place in skipped if place[0] == index and place != (start, end)), None)
            if inside is not None:
                index = max(inside[1], index + 1)
                continue
            if index not in named or self.lines[index].after != "(":
                yield from self._line(self.lines[index])
            index += 1

    # ---- one line

    def _line(self, line: Line) -> Iterator[Command]:
        words = self._after_keywords(line)
        if self._pattern(line, words):
            return
        if self.branches and self.branches[-1].dead:
            return
        if words and words[0].text.flat in ("for", "select") and len(words) > 1:
            yield from self._loop(words[1].text.flat, words[3:])
            return
        names = {name for word in words if not word.single for name in variable_names(word.text.flat)}
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

    def _after_keywords(self, line: Line) -> list[Word]:
        """The words of a line without those that only steer; branches opened and closed."""
        words = line.words
        if line.before == ";;" and self.branches:
            self._next_arm()
        while words:
            word = words[0].text.flat
            if word in ("if", "case"):
                self.branches.append(_Branch(dict(self.state)))
                if word == "case":
                    return self._case(words[1:])
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

    def _case(self, words: list[Word]) -> list[Word]:
        """Take what a `case` looks at; the first pattern may stand on its line."""
        known = {name: found[0] for name, found in self.state.items()}
        branch = self.branches[-1]
        branch.subject = expand(words[0].text, known, self.env) if words else Text()
        branch.opening = True
        return words[2:]

    def _pattern(self, line: Line, words: list[Word]) -> bool:
        """Whether a line is the pattern of an arm; an arm that cannot match what is known is dead."""
        branch = self.branches[-1] if self.branches else None
        if branch is None or branch.subject is None or not branch.opening:
            return False
        if line.after not in ("|", ")") or len(words) != 1:
            return not words
        pattern = words[0].text.flat
        branch.matches = branch.matches or not branch.subject.known or fnmatchcase(branch.subject.flat, pattern)
        if line.after == ")":
            branch.dead = branch.dead or not branch.matches
            branch.decided = branch.decided or (branch.matches and branch.subject.known)
            branch.complete = branch.complete or pattern == "*" or branch.decided
            branch.opening = branch.matches = False
        return True

    def _next_arm(self) -> None:
        branch = self.branches[-1]
        branch.opening = branch.subject is not None
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

    def _decide(self, words: list[Word]) -> None:
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
        self, raw: list[Word], known: dict[str, Text], assigned: dict[str, list[Text]], line: Line
    ) -> Iterator[Command]:
        words: list[Text] = []
        for word in raw:
            if word.text.flat in _ALL_WORDS:
                words.extend(_numbered(known) or [expand(word.text, known, self.env)])
                continue
            handed = _HANDED.match(word.text.flat)
            if handed and handed["of"] not in known and (here := self._environment(handed["name"])) is not None:
                words.append(word.text.cut(0, handed.start("value")) + here)
                continue
            inner, nested = without_substitutions(word.text, self.depth)
            outputs = []
            for part in nested:
                found = list(commands(part, known, self.env, self.depth + 1, self.sourced))
                yield from found
                outputs.append(_output(found))
            if nested:
                inner = with_outputs(word.text, outputs)
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
        if head == "shift":
            self._shift()
        elif head == "cd" and len(words) > 1:
            self.directory = words[1]
        elif head in ("source", ".") and len(words) > 1:
            self._source(words[1])
        elif head in self.functions and self.depth < 4 and self.calls < MAXIMUM_CALLS:
            yield from self._call(head, words[1:])
        else:
            yield from self._plain(words, known, stdin, line, raw)

    def _environment(self, name: str) -> Text | None:
        return environment.current(self.env) if environment.names_environment(name) else None

    def _plain(
        self, words: list[Text], known: dict[str, Text], stdin: Text | None, line: Line, raw: list[Word]
    ) -> Iterator[Command]:
        if words[0].flat == "xargs" or words[0].flat.endswith("/xargs"):
            begin = next((index for index, word in enumerate(words[1:], 1) if _TOOL.match(word.flat)), None)
            words = [*words[begin:], self.listed or hole("listed")] if begin is not None else words
        elif line.before == "|" and _TOOL.match(words[0].flat):
            words = [self.listed or hole("listed") if word.flat in _FROM_STDIN else word for word in words]
        words = [self._mounted(word) for word in words] if self.mounts else words
        if words[0].flat.endswith("gcsfuse"):
            self._mount(words)
        last = raw[-1].text.sites
        command = Command(
            words, known, stdin, self.directory, raw[0].text.first_line, max((one.line for one in last), default=0)
        )
        yield command
        head = words[0].flat
        if line.after == "|":
            self.listed = _output([command]) if _TOOL.match(head) else self.listed
        if stdin is not None and _reads_commands(head, stdin) and self.depth < 3:
            yield from commands(stdin, known, self.env, self.depth + 1, self.sourced)
        inner = script_given(words)
        if inner is not None and self.depth < 3:
            yield from commands(inner, known, self.env, self.depth + 1, self.sourced)

    def _mount(self, words: list[Text]) -> None:
        """`gcsfuse bucket folder`: what lies below the folder lies in the bucket."""
        plain = [word for word in words[1:] if not word.flat.startswith("-")]
        inside = next((word.cut(11) for word in words if word.flat.startswith("--only-dir=")), None)
        if len(plain) > 1 and plain[-1].flat.startswith("/"):
            address = literal("/gcs/") + plain[-2] + (literal("/") + inside if inside else Text())
            self.mounts.append((plain[-1].flat.rstrip("/"), address))

    def _mounted(self, word: Text) -> Text:
        for folder, address in self.mounts:
            if word.flat == folder or word.flat.startswith(folder + "/"):
                return address + word.cut(len(folder))
        return word

    def _assignments(self, words: list[Text], known: dict[str, Text], assigned: dict[str, list[Text]]) -> list[Text]:
        """What is left after leading assignments and words that only steer; what they assign is known afterwards."""
        index = 0
        while index < len(words):
            flat = words[index].flat
            match = _ASSIGNMENT.match(flat)
            if match and HOLE not in match["name"]:
                value = words[index].cut(match.end())
                array = value.flat.startswith("(") and value.flat.endswith(")")
                inner = split_commands(value.cut(1, len(value.flat) - 1))
                values = [word.text for line in inner for word in line.words]
                found = values[:MAXIMUM_WAYS] if array else [value]
                known[match["name"]] = found[0] if found else Text()
                assigned.setdefault(match["name"], []).extend(found)
            elif flat not in _KEYWORDS and flat:
                break
            index += 1
        return words[index:]

    def _loop(self, name: str, given: list[Word]) -> Iterator[Command]:
        """A loop's variable has the values of the words and of lists; a hole for patterns and what is not known."""
        values: list[Text] = []
        known = {key: found[0] for key, found in self.state.items()}
        for word in given:
            only = _NAMED.fullmatch(word.text.flat)
            inner, nested = without_substitutions(word.text, self.depth)
            for part in nested:
                found = list(commands(part, known, self.env, self.depth + 1, self.sourced))
                yield from found
                inner = _output(found)
            values.extend(_split(self.state.get(only["name"], (inner,))) if only else [inner])
        told = bool(values) and all(
            value.flat.strip(HOLE) and not re.search(r"[*?$]|\{\w+\.\.\w+\}", value.flat) for value in values
        )
        self.state[name] = tuple(values[:MAXIMUM_WAYS]) if told else (hole(name),)

    def _shift(self) -> None:
        numbered = [self.state[key] for key in _digits(self.state)]
        for key in _digits(self.state):
            del self.state[key]
        self.state.update({str(number): value for number, value in enumerate(numbered[1:], 1)})

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


def _reads_commands(head: str, stdin: Text) -> bool:
    """Whether what a command is given to read are commands: for another machine, or a script that is written down."""
    return head in ("ssh", "bash", "sh", "gcloud") or (head == "cat" and not _IMPORTS.search(stdin.flat))


def _split(values: Iterable[Text]) -> list[Text]:
    """The words in the values of a variable: `days="mon tue"`, `for day in $days`."""
    found: list[Text] = []
    for value in values:
        several = re.search(r"\s", value.flat)
        found.extend([word.text for line in split_commands(value) for word in line.words] if several else [value])
    return found


def _digits(known: Mapping[str, object]) -> list[str]:
    """Names of the numbered words, from $1 on without a gap."""
    return list(takewhile(known.__contains__, map(str, range(1, 100))))


def _numbered(known: Mapping[str, Text]) -> list[Text]:
    return [known[name] for name in _digits(known)]


def script_given(words: list[Text]) -> Text | None:
    """The script of `bash -c script`."""
    if words and words[0].flat.rpartition("/")[2] in ("gcloud", "ssh"):
        return _elsewhere(words)
    start = next((index for index, word in enumerate(words[:6]) if word.flat in _SHELLS), None)
    rest = words[start:] if start is not None else []
    flag = next((index for index, word in enumerate(rest) if re.fullmatch(r"-\w*c\w*", word.flat)), None)
    return rest[flag + 1] if flag is not None and flag + 1 < len(rest) else None


def _elsewhere(words: list[Text]) -> Text | None:
    """The script that `gcloud compute ssh --command=…` or `ssh host …` runs on another machine."""
    for index, word in enumerate(words):
        if word.flat.startswith("--command="):
            return word.cut(len("--command="))
        if word.flat == "--command" and index + 1 < len(words):
            return words[index + 1]
    last = words[-1]
    return last if words[0].flat.endswith("ssh") and len(words) > 2 and " " in last.flat.strip() else None


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


_MADE = re.compile(r"^(?:export\s+|override\s+)*(?P<name>[A-Za-z_]\w*)\s*(?P<how>[:?+!]*)=\s*(?P<value>.*?)\s*$")


def make_variables(text: Text, known: Mapping[str, Text], env: str | None) -> dict[str, Text]:
    """Variables that a Makefile assigns, with those of `known` put in; `?=` leaves the environment's name to others."""
    found = dict(known)
    for line in text.lines():
        match = _MADE.match(line.flat)
        if match:
            left_open = "?" in match["how"] and environment.names_environment(match["name"])
            value, _ = without_substitutions(line.cut(match.start("value"), match.end("value")).strip("'\""), 0)
            found.setdefault(match["name"], (environment.current(env) if left_open else None) or value)
    for _ in range(MAXIMUM_NAMES):
        found = {name: expand(value, found, env) for name, value in found.items()}
    return found

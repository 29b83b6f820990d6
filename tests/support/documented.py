"""Finds the command lines in a Markdown page: fenced console blocks, and indented blocks outside of lists."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thermocline.cli.app import load_command

_FENCE = re.compile(r"^(\s*)```(\w*)")
_LIVE = re.compile(r"^\s*<!-- live: (.+) -->$")
_EXIT = re.compile(r"^\s*<!-- exit (\d+): .+ -->$")
_SHELL = {"console", "bash", "sh"}


def accept(words: list[str]) -> set[str]:
    """Options and arguments of a command line must parse; nothing runs. Returns the names of those that were given.

    Raises the usage error of an option, an argument or a value that the command does not know.
    """
    command: Any = load_command(words[0])
    rest = words[1:]
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    with command.make_context(words[0], rest) as context:
        sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


@dataclass(frozen=True)
class Block:
    """One block of command lines. `live` says why it cannot run here; `exit_code` is what its lines must end with."""

    page: Path
    line: int
    live: str
    exit_code: int
    commands: tuple[str, ...]


def blocks(page: Path) -> Iterator[Block]:
    """Every block of command lines in a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        start = number
        body: list[str] = []
        if fence:
            number += 1
            while not lines[number].strip().startswith("```"):
                body.append(lines[number].removeprefix(fence[1]))
                number += 1
            if fence[2] not in _SHELL:
                body = []
        elif lines[number].startswith("    ") and (number == 0 or not lines[number - 1].strip()):
            while number < len(lines) and (lines[number].startswith("    ") or not lines[number].strip()):
                body.append(lines[number].removeprefix("    "))
                number += 1
            body = body if _looks_like_commands(body) else []
        commands = tuple(_commands(body))
        if commands:
            before = next((line for line in reversed(lines[:start]) if line.strip()), "")
            live, ending = _LIVE.match(before), _EXIT.match(before)
            yield Block(page, start + 1, live[1] if live else "", int(ending[1]) if ending else 0, commands)
        number += 1


def _looks_like_commands(body: list[str]) -> bool:
    return bool(re.match(r"(thermocline|make|pip|pipx|gcloud)\b", body[0].strip())) if body else False


def _commands(body: list[str]) -> Iterator[str]:
    joined = "\n".join(body).replace("\\\n", " ")
    for line in joined.splitlines():
        words = shlex.split(line, comments=True)
        if words:
            yield shlex.join(words)

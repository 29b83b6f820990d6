"""What a person at a terminal meets: examples, completion, colours that can be switched off, tables that fit."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from documented import accept
from pseudo_terminal import at_a_terminal
from thermocline.cli.app import COMMANDS, load_command


def every_command() -> Iterator[tuple[str, Any]]:
    """("plan show", command) and so on."""
    for name in COMMANDS:
        command = load_command(name)
        if hasattr(command, "commands"):
            yield from ((f"{name} {part}", inner) for part, inner in command.commands.items())
        else:
            yield name, command


@pytest.mark.parametrize(("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in every_command()])
def test_every_help_teaches_by_an_example(name: str, command: Any) -> None:
    assert f"Example: thermocline {name}" in command.help


@pytest.mark.parametrize("words", ["", "execute", "plan approve"])
def test_a_flag_is_shown_without_a_value(words: str) -> None:
    command = [sys.executable, "-m", "thermocline", *words.split(), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "--help" in shown
    assert "bool" not in shown


def every_example() -> Iterator[Any]:
    for name, command in every_command():
        for number, words in enumerate(re.findall(r"Example: thermocline (.+)", command.help)):
            yield pytest.param(name, words, id=f"{name} {number}")


@pytest.mark.parametrize(("name", "words"), list(every_example()))
def test_every_example_is_a_command_line_that_the_command_takes(name: str, words: str) -> None:
    assert words.startswith(name)
    assert accept(shlex.split(words)), "the example shows nothing but the command's name"


TABLE = """
from thermocline.cli.output import TEMPERATURE_STYLES, print_table
rows = [["export/cloudsql_recommendation_tables_to_bigquery", "hot", "x" * 30], ["archives", "cold", "y" * 30]]
print_table(["subfolder", "temperature", "pattern"], rows, optional=["pattern"], styles=TEMPERATURE_STYLES)
"""


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_a_table_fits_the_terminal(columns: int) -> None:
    text = at_a_terminal("-c", TABLE, COLUMNS=str(columns), NO_COLOR="1")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()

    assert max(len(line.rstrip()) for line in lines) <= columns
    assert any("archives" in line and "cold" in line for line in lines)


def test_colours_mean_something_and_can_be_switched_off() -> None:
    assert "\x1b[36mcold" in at_a_terminal("-c", TABLE, COLUMNS="120")
    assert "\x1b[36m" not in at_a_terminal("-c", TABLE, COLUMNS="120", NO_COLOR="1")


def test_a_pipe_gets_whole_lines_without_colours() -> None:
    result = subprocess.run([sys.executable, "-c", TABLE], capture_output=True, text=True, check=True)

    assert "\x1b" not in result.stdout
    assert len(result.stdout.splitlines()) == 3


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_installed_for_each_shell(shell: str) -> None:
    command = [sys.executable, "-m", "thermocline"]
    settings = {**os.environ, "_THERMOCLINE_COMPLETE": f"source_{shell}"}
    result = subprocess.run(command, capture_output=True, text=True, env=settings, check=False)

    assert "thermocline" in result.stdout
    assert "_THERMOCLINE_COMPLETE" in result.stdout

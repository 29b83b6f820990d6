"""How commands print: data on stdout, everything else on stderr."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import typer


def print_json(value: Any) -> None:
    """Print one JSON document, indented for people and stable for scripts."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.write(text.decode() + "\n")


def print_json_lines(values: Iterable[Any]) -> None:
    """Print one JSON document a line."""
    for value in values:
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


# What would move the cursor, change colours or turn the reading direction: an object's name may hold any of it.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def inert(text: str) -> str:
    """Text that a terminal shows and does not obey: control characters are written out, ends of lines stay."""
    return _COMMANDS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def note(message: str) -> None:
    """Say something to the person at the terminal, on stderr."""
    typer.echo(inert(message), err=True)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Iterable[str] = (),
    optional: Sequence[str] = (),
    styles: Mapping[str, str] | None = None,
    title: str | None = None,
) -> None:
    """Print a table that fits the terminal.

    `right` names columns of numbers, `styles` maps cell texts to colours. Where the terminal is too narrow, columns
    named in `optional` are left out, the last named first, and a line on stderr says so.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # A pipe has no width: nothing is folded or left out there.
    width = Console().width if sys.stdout.isatty() else 10_000
    cells = [["" if cell is None else inert(str(cell)) for cell in row] for row in rows]
    shown = _columns_that_fit(columns, cells, optional, width)
    if len(shown) < len(columns):
        hidden = ", ".join(name for index, name in enumerate(columns) if index not in shown)
        note(f"(this terminal is too narrow for: {hidden})")
    heading = None if title is None else Text(inert(title), style="table.title")
    table = Table(title=heading, title_justify="left", box=None, pad_edge=False, header_style="bold")
    numbers = set(right)
    widths = _natural_widths(columns, cells)
    for index in shown:
        justify: Literal["left", "right"] = "right" if columns[index] in numbers else "left"
        table.add_column(columns[index], justify=justify, overflow="fold", no_wrap=widths[index] <= _WORD)
    for row in cells:
        table.add_row(*(Text(row[index], style=(styles or {}).get(row[index], "")) for index in shown))
    Console(width=width).print(table)


def _columns_that_fit(
    columns: Sequence[str], cells: Sequence[Sequence[str]], optional: Sequence[str], width: int
) -> list[int]:
    """The positions of the columns to show: all, less as many optional ones as it takes to fit."""
    widths = [min(width, _FOLDED) for width in _natural_widths(columns, cells)]
    shown = list(range(len(columns)))
    for name in reversed(optional):
        if sum(widths[index] + 1 for index in shown) <= width:
            break
        shown.remove(columns.index(name))
    return shown


_WORD = 20
"""Columns up to this width are words and numbers, which are never broken."""
_FOLDED = 32
"""Longer columns are names that may fold at this width, before another column is left out."""


def _natural_widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    return [max([len(name), *(len(row[index]) for row in cells)]) for index, name in enumerate(columns)]


TEMPERATURE_STYLES = {"hot": "red", "warm": "yellow", "cold": "cyan", "unknown": "magenta"}


def human_bytes(count: float | None) -> str:
    """Bytes in a table's cell: `1.5 GiB`, and nothing where nobody knows."""
    from thermocline.reporting.words import size

    return "" if count is None else size(count)

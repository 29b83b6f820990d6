"""How commands print: data on stdout, everything else on stderr."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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


def note(message: str) -> None:
    """Say something to the person at the terminal, on stderr."""
    typer.echo(message, err=True)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Iterable[str] = (),
    styles: Mapping[str, str] | None = None,
    title: str | None = None,
) -> None:
    """Print a table that fits the terminal; `right` names columns of numbers, `styles` maps cell texts to colours."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    numbers = set(right)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        cells = ["" if cell is None else str(cell) for cell in row]
        table.add_row(*(Text(cell, style=(styles or {}).get(cell, "")) for cell in cells))
    console = Console(soft_wrap=False)
    # A pipe has no width: nothing may be folded there.
    console.print(table, width=None if console.is_terminal else 10_000, crop=False)


TEMPERATURE_STYLES = {"hot": "red", "warm": "yellow", "cold": "cyan", "unknown": "magenta"}


def human_bytes(count: float | None) -> str:
    """Bytes for people, in binary units as Cloud Storage bills them: `1.5 GiB`."""
    if count is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} PiB"

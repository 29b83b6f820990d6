"""Python that stands in a command: `python - <<EOF`, `python -c "…"`, and a script that `cat` writes.

It runs like a script of the checkout, with the lines of the file that it stands in.
"""

import ast
import re
import warnings

from analysis.references.program import Program, Start
from analysis.references.shells.shell import Command
from analysis.references.shells.shell_words import expand
from analysis.references.text import HOLE, Text

MAXIMUM_CHARACTERS = 100_000
MAXIMUM_SOURCES = 200  # of one file
_PYTHON = re.compile(r"^(?:.*/)?(?:python[\d.]*|pypy3?)$")
_IMPORTS = re.compile(r"^(?:import|from) [\w.]+", re.MULTILINE)
_MARK = "unknown_to_the_shell_"


def source_of(command: Command) -> Text | None:
    """The Python that a command runs or writes down; None where it does neither."""
    flats = [word.flat for word in command.words]
    given = expand(command.stdin, command.variables, None) if command.stdin is not None else None
    if given is not None and flats[:1] == ["cat"] and _IMPORTS.search(given.flat):
        return given
    start = next((index for index, flat in enumerate(flats[:6]) if _PYTHON.match(flat)), None)
    if start is None:
        return None
    for index in range(start + 1, len(flats)):
        if flats[index] == "-c":
            return command.words[index + 1] if index + 1 < len(flats) else None
        if flats[index] == "-" or not flats[index].startswith("-"):
            return given if flats[index] == "-" else None
    return given


def start(program: Program, command: Command, file: str, workload: str) -> bool:
    """Queue the Python in a command; False where there is none."""
    source = source_of(command)
    if source is None or not source.flat.strip() or len(source.flat) > MAXIMUM_CHARACTERS:
        return False
    known = program.started.setdefault(f"{file}: inline", set())
    if len(known) >= MAXIMUM_SOURCES:
        return False
    written = source.first_line
    file = written.file if written and written.file in program.checkout.files else file
    if source.pattern not in known:
        known.add(source.pattern)
        program.starts.append(Start(file, (), dict(command.variables), workload, written, source=source))
    return True


def parse(program: Program, source: Text, file: str) -> ast.Module | None:
    """Its syntax tree, with the lines of the file; what the shell would have put in is unknown there."""
    line = source.first_line.line if source.first_line else 1
    blank = len(source.flat) - len(source.flat.lstrip("\n"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.flat.replace(HOLE, _MARK))
        ast.increment_lineno(tree, max(line - 1 - blank, 0))
        return _Holes().visit(tree) if HOLE in source.flat else tree
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        program.give_up(file, line, f"Python in a command cannot be parsed: {type(error).__name__}")
        return None


class _Holes(ast.NodeTransformer):
    """Strings with a mark in them as strings with an unknown name in them."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str) or _MARK not in node.value:
            return node
        parts: list[ast.expr] = []
        for index, part in enumerate(node.value.split(_MARK)):
            if index:
                parts.append(ast.FormattedValue(ast.Name(_MARK, ast.Load()), -1, None))
            if part:
                parts.append(ast.Constant(part))
        return ast.fix_missing_locations(ast.copy_location(ast.JoinedStr(parts), node))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        parts: list[ast.expr] = []
        for value in node.values:
            changed = self.visit(value)
            parts.extend(changed.values if isinstance(changed, ast.JoinedStr) else [changed])
        return ast.copy_location(ast.JoinedStr(parts), node)

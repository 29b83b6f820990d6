"""Edits of source text: each replaces one written text by another at a place that is known exactly."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from analysis.references.checkout import Checkout
from analysis.references.text import Piece

NOTEBOOK = ".ipynb"


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Characters [start, end) of a file replaced by `text`."""

    file: str
    start: int
    end: int
    text: str


class NotFound(Exception):
    """The text to replace does not stand where it should, as where it is written with escapes."""


class Sources:
    """The files of a checkout with their line starts and literals, as edits need them."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self._starts: dict[str, list[int]] = {}
        self._trees: dict[str, ast.Module] = {}
        self._literals: dict[str, dict[tuple[int, int], tuple[int, int]]] = {}

    def text(self, file: str) -> str:
        return self.checkout.text(file)

    def offset(self, file: str, line: int, column: int = 0) -> int:
        """The position of a line (from 1) and a column in bytes, as syntax trees count."""
        starts = self._starts.get(file)
        if starts is None:
            starts = self._starts[file] = [0, *(match.end() for match in re.finditer("\n", self.text(file)))]
        start = starts[min(line, len(starts)) - 1]
        if column <= 0:
            return start
        content = self.text(file)
        end = content.find("\n", start)
        raw = content[start : end if end >= 0 else len(content)].encode("utf-8", "surrogatepass")
        return start + len(raw[:column].decode("utf-8", "ignore"))

    def tree(self, file: str) -> ast.Module:
        """The syntax tree of a Python file. Raises NotFound where it has none."""
        if file not in self._trees:
            try:
                self._trees[file] = ast.parse(self.text(file))
            except (SyntaxError, ValueError) as error:
                raise NotFound(f"{file} is no Python that can be read") from error
        return self._trees[file]

    def holds(self, file: str, node: ast.expr | ast.stmt | ast.keyword, position: int) -> bool:
        """Whether a position lies in a node."""
        start = self.offset(file, node.lineno, node.col_offset)
        return start <= position < self.offset(file, node.end_lineno or node.lineno, node.end_col_offset or 0)

    def around(self, file: str, position: int) -> list[ast.AST]:
        """The nodes that hold a position, innermost first."""
        line = self.text(file).count("\n", 0, position) + 1
        nodes = [
            node
            for node in ast.walk(self.tree(file))
            if isinstance(node, ast.expr | ast.stmt | ast.keyword)
            and node.lineno <= line <= (node.end_lineno or node.lineno)
            and self.holds(file, node, position)
        ]
        return list(reversed(nodes))

    def line_end(self, file: str) -> str:
        """How the file ends its lines."""
        return "\r\n" if "\r\n" in self.text(file) else "\n"

    def line(self, file: str, number: int) -> tuple[int, int]:
        """Where a line stands."""
        start = self.offset(file, number)
        end = self.text(file).find("\n", start)
        return start, end if end >= 0 else len(self.text(file))

    def segment(self, piece: Piece) -> tuple[int, int]:
        """Where the literal of a piece stands: its own range in Python, the whole line elsewhere."""
        if piece.site is None:
            raise NotFound
        file = piece.site.file
        if piece.column < 0 or file.endswith(NOTEBOOK):
            return self.line(file, piece.site.line)
        literals = self._literals.get(file)
        if literals is None:
            literals = self._literals[file] = self._find_literals(file)
        for line in range(piece.site.line, max(piece.site.line - 400, 0), -1):
            if (line, piece.column) in literals:
                return literals[line, piece.column]
        raise NotFound

    def _find_literals(self, file: str) -> dict[tuple[int, int], tuple[int, int]]:
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for node in ast.walk(self.tree(file)):
            if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno is not None:
                key = (node.lineno, node.col_offset)
                start = self.offset(file, *key)
                end = self.offset(file, node.end_lineno, node.end_col_offset or 0)
                if key not in found or end > found[key][1]:
                    found[key] = (start, end)
        return found

    def replace(self, piece: Piece, old: str, new: str) -> Edit:
        """The edit that turns `old`, which `piece` starts with or holds, into `new`. Raises NotFound."""
        start, end = self.segment(piece)
        segment = self.text(piece.site.file if piece.site else "")[start:end]
        written = piece.text
        if old not in written:
            raise NotFound
        # A notebook's columns are those of its cells, and not of the file: there the text must be the only one.
        exact = None if piece.site and piece.site.file.endswith(NOTEBOOK) else self._exact(piece, start, end)
        if exact is not None:
            at = exact + written.index(old)
            return Edit(piece.site.file if piece.site else "", at, at + len(old), new)
        places = _bounded(segment, written)
        if len(places) != 1:
            raise NotFound
        at = start + places[0] + written.index(old)
        return Edit(piece.site.file if piece.site else "", at, at + len(old), new)

    def _exact(self, piece: Piece, start: int, end: int) -> int | None:
        """Where the piece's text stands, from its part and offset; None where it is written with escapes."""
        content = self.text(piece.site.file if piece.site else "")
        begin = 0 if piece.column < 0 else _part_start(content[start:end], piece.part)
        if begin is None:
            return None
        at = piece.offset if piece.column < 0 else start + begin + piece.offset
        return at if content[at : at + len(piece.text)] == piece.text else None

    def name(self, file: str, line: int, column: int, name: str, new: str) -> Edit:
        """The edit that renames a name or attribute which starts at a position."""
        start = self.offset(file, line, column)
        content = self.text(file)
        match = re.compile(rf"(?:[\w.\s]*\.)?\b{re.escape(name)}\b").match(content, start)
        if match is None:
            raise NotFound
        return Edit(file, match.end() - len(name), match.end(), new)

    def only_name(self, file: str, line: int, name: str, new: str) -> Edit:
        """The edit that renames a name of which only the line is known, and which must stand there once."""
        start, end = self.line(file, line)
        places = _bounded(self.text(file)[start:end], name)
        if len(places) != 1:
            raise NotFound
        return Edit(file, start + places[0], start + places[0] + len(name), new)


def _part_start(segment: str, number: int) -> int | None:
    """The offset, in a literal as written, of its literal part `number`; adjacent texts count as one."""
    try:
        expression = cst.parse_expression(segment)
    except cst.ParserSyntaxError:
        return None
    starts: list[int] = []
    position, joined = 0, False
    for node, code in _string_parts(expression):
        if isinstance(node, cst.FormattedStringText | cst.SimpleString):
            if not joined:
                starts.append(position)
            joined = True
        elif isinstance(node, cst.FormattedStringExpression):
            joined = False
        position += len(code)
    return starts[number] if number < len(starts) else None


def _string_parts(node: cst.BaseExpression) -> Iterator[tuple[cst.CSTNode | None, str]]:
    """The parts of a string literal with their source, in order; None for quotes, prefixes and what lies between."""
    code = cst.Module([]).code_for_node
    if isinstance(node, cst.ConcatenatedString):
        yield from _string_parts(node.left)
        yield None, code(node.whitespace_between)
        yield from _string_parts(node.right)
    elif isinstance(node, cst.FormattedString):
        yield None, node.start
        for part in node.parts:
            yield part, code(part)
        yield None, node.end
    elif isinstance(node, cst.SimpleString):
        quote = node.prefix + node.quote
        yield None, quote
        yield node, node.value[len(quote) : -len(node.quote)]
        yield None, node.quote
    else:
        yield None, code(node)


def _bounded(segment: str, written: str) -> list[int]:
    """Where the text stands and is neither the start nor the end of a longer word."""
    before = r"(?<![\w-])" if written[:1].isalnum() else ""
    after = r"(?![\w-])" if written[-1:].isalnum() else ""
    return [match.start() for match in re.finditer(before + re.escape(written) + after, segment)]


def apply(content: str, edits: list[Edit]) -> str:
    """The content after its edits, which do not overlap."""
    for edit in sorted(set(edits), reverse=True):
        content = content[: edit.start] + edit.text + content[edit.end :]
    return content


def overlapping(edits: list[Edit]) -> list[tuple[Edit, Edit]]:
    """Pairs of different edits that want the same characters."""
    ordered = sorted(set(edits))
    return [
        (one, other)
        for one, other in pairwise(ordered)
        if one.file == other.file and (other.start < one.end or (other.start == one.start and other.end == one.end))
    ]


def distribute(parts: list[str], editable: list[bool], new: str) -> list[str] | None:
    """`new` spread over the parts that spelt the old text, changing as few as possible; None where it cannot be."""
    for index in range(len(parts)):
        before, after = "".join(parts[:index]), "".join(parts[index + 1 :])
        if editable[index] and new.startswith(before) and new.endswith(after) and len(new) >= len(before) + len(after):
            return [*parts[:index], new[len(before) : len(new) - len(after)], *parts[index + 1 :]]
    if all(editable):
        return [new, *([""] * (len(parts) - 1))]
    return None

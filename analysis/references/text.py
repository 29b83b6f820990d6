"""Strings whose parts remember where they were written; a part that is not known is a hole.

A Text is immutable. `flat` is the whole string with one HOLE character per unknown part, so that ordinary string
methods and regular expressions find their way, and `cut` takes the matching slice together with its sites.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain
from typing import NamedTuple

from analysis.references.model import Site

HOLE = "\x00"
MAXIMUM_LENGTH = 60_000
MAXIMUM_PIECES = 400


# Something that could not be decided, and which of its outcomes was taken: strings of two outcomes never meet.
Choice = tuple[object, int]


class Use(NamedTuple):
    """A name in the code through which a string came: `BUCKET` in `f"gs://{BUCKET}/x"`."""

    file: str
    line: int
    column: int
    name: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A literal with its site, or a hole with the name of what would fill it."""

    text: str
    site: Site | None = None
    multiline: bool = False  # written over several lines: a newline in the text is a line of the file
    label: str = ""  # of a hole: the variable, parameter or expression behind it
    environment: bool = False  # the name of the environment, put in by the scan
    column: int = -1  # of the literal in its line, counted in bytes as the syntax tree does; -1 outside Python
    part: int = 0  # which of the literal parts of an f-string this is
    offset: int = 0  # where in that part (or in the file, outside Python) the text starts
    uses: tuple["Use", ...] = ()  # names it came through, definition first; kept only where a scan traces
    choices: frozenset[Choice] = frozenset()  # what was taken to be the case where it comes from

    @property
    def hole(self) -> bool:
        return self.text == HOLE


@dataclass(frozen=True)
class Text:
    """A string made of pieces."""

    pieces: tuple[Piece, ...] = ()
    # What a caller handed on unchanged: sites of calls and assignments the string went through.
    trail: tuple[Site, ...] = ()

    @cached_property
    def flat(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def known(self) -> bool:
        return HOLE not in self.flat

    @cached_property
    def pattern(self) -> str:
        """The string with `*` for every run of holes."""
        text = self.flat.replace(HOLE, "*")
        while "**" in text:
            text = text.replace("**", "*")
        return text

    @cached_property
    def choices(self) -> frozenset[Choice]:
        """All that must be the case for this string to come about."""
        found = [piece.choices for piece in self.pieces if piece.choices]
        return frozenset().union(*found) if found else frozenset()

    @cached_property
    def impossible(self) -> bool:
        """Whether its parts come from two outcomes of the same thing."""
        return len({of for of, _ in self.choices}) < len(self.choices)

    @property
    def sites(self) -> tuple[Site, ...]:
        return tuple(dict.fromkeys([piece.site for piece in self.pieces if piece.site] + list(self.trail)))

    @property
    def first_line(self) -> Site | None:
        return next((piece.site for piece in self.pieces if piece.site), None)

    def __add__(self, other: "Text") -> "Text":
        if len(self.flat) + len(other.flat) > MAXIMUM_LENGTH or len(self.pieces) + len(other.pieces) > MAXIMUM_PIECES:
            return hole("too long")
        return Text(self.pieces + other.pieces, _merge(self.trail, other.trail))

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(piece.text) for piece in self.pieces), initial=0))

    def cut(self, start: int, end: int | None = None) -> "Text":
        """The slice [start:end] of `flat`, each piece with the line its part stands on."""
        end = self._starts[-1] if end is None else min(end, self._starts[-1])
        if start >= end:
            return Text(trail=self.trail)
        first = bisect_right(self._starts, start) - 1
        parts: list[Piece] = []
        for number in range(first, len(self.pieces)):
            position, piece = self._starts[number], self.pieces[number]
            if position >= end:
                break
            parts.append(_part(piece, max(start - position, 0), min(end - position, len(piece.text))))
        return Text(tuple(parts), self.trail)

    def replace_spans(self, spans: Iterable[tuple[int, int, "Text"]]) -> "Text":
        """Each span (start, end) replaced; spans are in order and don't overlap."""
        pieces: list[Piece] = []
        position = 0
        for start, end, replacement in spans:
            pieces.extend(self.cut(position, start).pieces)
            pieces.extend(replacement.pieces)
            position = end
        pieces.extend(self.cut(position).pieces)
        return Text(tuple(pieces), self.trail)

    def split(self, separator: str) -> list["Text"]:
        parts, position = [], 0
        while (index := self.flat.find(separator, position)) >= 0:
            parts.append(self.cut(position, index))
            position = index + len(separator)
        return [*parts, self.cut(position)]

    def strip(self, characters: str | None = None, *, left: bool = True, right: bool = True) -> "Text":
        text = self.flat
        start = len(text) - len(text.lstrip(characters)) if left else 0
        end = len(text.rstrip(characters)) if right else len(text)
        return self.cut(start, max(start, end))

    def passed(self, site: Site) -> "Text":
        """The same string, having gone through `site`."""
        return self if site in self.trail or len(self.trail) > 12 else Text(self.pieces, (*self.trail, site))

    def lines(self) -> Iterator["Text"]:
        yield from self.split("\n")


def _part(piece: Piece, first: int, last: int) -> Piece:
    if first == 0 and last == len(piece.text):
        return piece
    site = piece.site
    if site and piece.multiline and first:
        site = Site(site.file, site.line + piece.text.count("\n", 0, first))
    return replace(piece, text=piece.text[first:last], site=site, offset=piece.offset + first)


def _merge(one: tuple[Site, ...], other: tuple[Site, ...]) -> tuple[Site, ...]:
    return tuple(dict.fromkeys((*one, *other)))[:16] if one and other else one or other


def literal(text: str, site: Site | None = None, *, multiline: bool = False, column: int = -1, part: int = 0) -> Text:
    """A known string."""
    return Text((Piece(text.replace(HOLE, ""), site, multiline, column=column, part=part),)) if text else Text()


def used(text: Text, use: Use) -> Text:
    """The same string, having come through a name."""
    pieces = tuple(replace(piece, uses=(*piece.uses, use)) if len(piece.uses) < 12 else piece for piece in text.pieces)
    return Text(pieces, text.trail)


def chosen(text: Text, of: object, number: int) -> Text:
    """The same string, coming from outcome `number` of something undecided; `of` is compared and hashed only."""
    choice = frozenset(((of, number),))
    return Text(tuple(replace(piece, choices=piece.choices | choice) for piece in text.pieces), text.trail)


def either_way(text: Text, other: Text) -> Text:
    """One of two equal strings, for the outcomes of both."""
    kept = text.choices & other.choices
    if kept == text.choices:
        return text
    return Text(tuple(replace(piece, choices=piece.choices & kept) for piece in text.pieces), text.trail)


def hole(label: str = "", site: Site | None = None) -> Text:
    """A string of which nothing is known."""
    return Text((Piece(HOLE, site, label=label),))


def chained(parts: Iterable[Text]) -> Text:
    """The strings one after the other."""
    found = list(parts)
    pieces = tuple(chain.from_iterable(part.pieces for part in found))
    if len(pieces) > MAXIMUM_PIECES or sum(len(piece.text) for piece in pieces) > MAXIMUM_LENGTH:
        return hole("too long")
    trail: tuple[Site, ...] = ()
    for part in found:
        trail = _merge(trail, part.trail)
    return Text(pieces, trail)


def separating(separator: Text, parts: int) -> Text:
    """What stands between so many parts: where that is several times, none of them is a place to edit."""
    if parts <= 2:
        return separator
    return replace(separator, pieces=tuple(replace(piece, site=None) for piece in separator.pieces))


def join(separator: Text, parts: Iterable[Text]) -> Text:
    """`separator.join(parts)`."""
    found = list(parts)
    between = separating(separator, len(found))
    return chained([one for part in found for one in (between, part)][1:])

"""From one move and one traced scan to edits, to-dos and warnings."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analysis.references.checkout import script_root
from analysis.references.model import Site
from analysis.references.patch.cautions import function_of, generated, overridden, used_elsewhere
from analysis.references.patch.constants import Imports, finish_variables, rename_use
from analysis.references.patch.edits import Edit, NotFound, Sources, distribute, overlapping
from analysis.references.patch.moves import FolderMove, bucket_pair
from analysis.references.program import Trace
from analysis.references.text import Piece, Text, Use


@dataclass(frozen=True, slots=True, order=True)
class Todo:
    """What a person has to do, and where."""

    file: str
    line: int
    what: str


@dataclass(slots=True)
class Changes:
    """The change of code for one move."""

    edits: list[Edit] = field(default_factory=list)
    imports: dict[str, Imports] = field(default_factory=dict)
    todos: set[Todo] = field(default_factory=set)
    warnings: set[str] = field(default_factory=set)
    moved: list[Trace] = field(default_factory=list)
    shared: bool = False  # a bucket could not be told apart from one that stays


class _Index:
    """Which references each literal and each name leads to."""

    def __init__(self, move: FolderMove, traces: Sequence[Trace]) -> None:
        self.by_literal: dict[object, set[bool]] = defaultdict(set)
        self.by_use: dict[Use, set[bool]] = defaultdict(set)
        for trace in traces:
            ours = trace.kind == "code" and move.concerns(trace.bucket.pattern, trace.prefix.pattern)
            for piece in trace.bucket.pieces:
                self.by_literal["bucket", literal_key(piece)].add(ours)
                for use in piece.uses:
                    self.by_use[use].add(ours)
            for piece in trace.prefix.pieces:
                self.by_literal["prefix", literal_key(piece)].add(ours)

    def only_ours(self, part: str, piece: Piece) -> bool:
        return self.by_literal["" + part, literal_key(piece)] == {True}


def literal_key(piece: Piece) -> object:
    """What identifies a literal, and the part of it that a piece is."""
    return piece.site, piece.column, piece.part, piece.offset, piece.text


def plan_changes(move: FolderMove, traces: Sequence[Trace], sources: Sources) -> Changes:
    """The edits that lead every reference of the moved folder to its new place."""
    changes = Changes()
    index = _Index(move, traces)
    for trace in traces:
        bucket, prefix = trace.bucket.pattern, trace.prefix.pattern
        if move.concerns(bucket, prefix):
            if trace.kind == "document":
                changes.todos.add(Todo(*trace.site, "a document names the old place"))
                continue
            changes.moved.append(trace)
            _change(move, trace, index, sources, changes)
        elif trace.kind == "code" and move.some_of(bucket, prefix):
            what = f"{trace.via} names {bucket}/{prefix}, where only some files move: split it by hand"
            changes.todos.add(Todo(*trace.site, what))
        elif trace.kind == "code" and move.straddles(bucket, prefix):
            changes.todos.add(Todo(*trace.site, f"{trace.via} may reach the moved folder: it names {bucket}/{prefix}"))
        elif bucket == "*" and trace.kind == "code" and move.segment(prefix) and len(prefix) > 1:
            changes.todos.add(
                Todo(
                    *trace.site, f"the bucket of {prefix} comes from outside the code; point it to {move.target_bucket}"
                )
            )
    _refuse_overlaps(changes)
    changes.edits = finish_variables(sorted(set(changes.edits)))
    changes.todos = _grouped(changes.todos)
    return changes


# What stands for itself in every language and in the shell: a plan's text must never become code.
PLAIN = re.compile(r"[\w./=@:+,~-]*")


def _refuse_code(move: FolderMove) -> None:
    if not all(PLAIN.fullmatch(text) for text in (move.target_bucket, *(target for _, target in move.segments))):
        raise NotFound("the new place has characters that mean something in code")


def _change(move: FolderMove, trace: Trace, index: _Index, sources: Sources, changes: Changes) -> None:
    files: set[str] = set()
    try:
        _refuse_code(move)
        edits = _path_edits(move, trace, index, sources)
        edits.extend(_bucket_edits(move, trace, index, sources, changes))
        for edit in edits:
            if generated(sources.text(edit.file)):
                raise NotFound(f"{edit.file} is generated, change what it is made from")
    except NotFound as reason:
        what = str(reason) or "could not be rewritten safely"
        changes.todos.add(Todo(*trace.site, f"{trace.via}: {what}; it must read {_wanted(move, trace)}"))
        return
    changes.edits.extend(edits)
    changes.todos.update(_cautions(sources, edits))
    files = {edit.file for edit in edits} | {trace.site.file}
    files = {file for file in files if not _imported(sources, file, files)}
    roots = {script_root(file) for file in files if file.endswith((".py", ".ipynb"))}
    if len(roots) > 1:
        together = ", ".join(sorted(files))
        changes.warnings.add(f"deploy together, they hand the path to each other: {together}")
    if trace.via == "library":
        line, name = function_of(sources.text(trace.site.file), trace.site.line)
        what = "a persistent function keeps the old library: create it again after the change"
        what += f" ({name})" if name else ""
        changes.todos.add(Todo(trace.site.file, line, what))


def _imported(sources: Sources, file: str, others: set[str]) -> bool:
    """Whether one of the other files imports this one: then it comes along, and is no other side of a border."""
    stem = file.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
    pattern = re.compile(rf"^\s*(?:from\s+[\w.]*\b{re.escape(stem)}|import\s+.*\b{re.escape(stem)})\b", re.MULTILINE)
    return any(pattern.search(sources.text(other)) for other in others if other != file and other.endswith(".py"))


def _cautions(sources: Sources, edits: Sequence[Edit]) -> Iterator[Todo]:
    for edit in edits:
        what = overridden(sources, edit) if edit.end > edit.start else ""
        if what:
            line = sources.text(edit.file).count("\n", 0, edit.start) + 1
            yield Todo(edit.file, line, f"{what}: change it there too")


def _grouped(todos: set[Todo]) -> set[Todo]:
    """One to-do a line and kind: a line that reads fifty tables is changed once."""
    groups: dict[tuple[str, int, str], list[Todo]] = defaultdict(list)
    for todo in sorted(todos):
        groups[todo.file, todo.line, todo.what.partition("; ")[0]].append(todo)
    return {
        first if len(same) == 1 else Todo(first.file, first.line, f"{first.what}, and {len(same) - 1} more like it")
        for same in groups.values()
        for first in same[:1]
    }


def _wanted(move: FolderMove, trace: Trace) -> str:
    return f"gs://{move.target_bucket}/{move.target(trace.prefix.pattern)}"


def _covering(text: Text, length: int) -> list[tuple[Piece, str]]:
    """The pieces that spell the first `length` characters, each with its part of them."""
    found, position = [], 0
    for piece in text.pieces:
        if position >= length:
            break
        part = piece.text[: length - position]
        found.append((piece, part))
        position += len(piece.text)
    return found


def _path_edits(move: FolderMove, trace: Trace, index: _Index, sources: Sources) -> list[Edit]:
    segment = move.segment(trace.prefix.pattern)
    if segment is None:
        raise NotFound("its path depends on what only a run knows")
    source, target = segment
    if source == target:
        return []
    if len(trace.prefix.flat) < len(source):
        source, target = source.rstrip("/"), target.rstrip("/")
    covering = _covering(trace.prefix, len(source))
    if not covering:
        raise NotFound(f"the whole bucket moves below {target}, which has to be put before this path")
    parts = [part for _, part in covering]
    # A slash that joins two parts at run time cannot be edited; nor can what the surroundings put in.
    editable = [piece.site is not None and not piece.environment and not piece.hole for piece, _ in covering]
    changed = distribute(parts, editable, target)
    if changed is None:
        raise NotFound("its folder is put together from parts that cannot be edited alone")
    edits = []
    for (piece, part), new in zip(covering, changed, strict=True):
        if part == new:
            continue
        if not index.only_ours("prefix", piece):
            raise NotFound(f"the text {piece.text!r} is shared with paths that stay")
        edits.append(sources.replace(piece, part, new))
    return edits


def _bucket_edits(move: FolderMove, trace: Trace, index: _Index, sources: Sources, changes: Changes) -> list[Edit]:
    pieces = [piece for piece in trace.bucket.pieces if piece.text]
    written = [piece for piece in pieces if piece.site is not None and not piece.environment and not piece.hole]
    if not written:
        raise NotFound("its bucket comes from outside the code")
    source, target = bucket_pair(move)
    old, new = _stems(source, target, "".join(piece.text for piece in written), move)
    changed = distribute([piece.text for piece in written], [True] * len(written), new) if old else None
    if changed is None:
        raise NotFound("its bucket is put together in a way that cannot be edited")
    edits: list[Edit] = []
    for piece, text in zip(written, changed, strict=True):
        if piece.text != text:
            edits.extend(_one_bucket(move, piece, text, index, sources, changes))
    return edits


def _stems(source: str, target: str, written: str, move: FolderMove) -> tuple[str, str]:
    """What is written of the old bucket's name, and the same part of the new one's; empty where they don't match."""
    if written == move.source_bucket:
        return written, move.target_bucket
    if written == source.replace("{env}", ""):
        return written, target.replace("{env}", "")
    return "", ""


def _one_bucket(
    move: FolderMove, piece: Piece, text: str, index: _Index, sources: Sources, changes: Changes
) -> list[Edit]:
    if index.only_ours("bucket", piece):
        for file, line in used_elsewhere(sources, piece, index.by_use.keys()):
            what = f"{piece.uses[0].name} now names {text}, and this line uses it and the scan cannot see what for"
            changes.todos.add(Todo(file, line, what))
        return [sources.replace(piece, piece.text, text)]
    for chosen, use in enumerate(piece.uses):
        if index.by_use[use] != {True}:
            continue
        try:
            renaming = rename_use(sources, move, piece, text, chosen)
        except NotFound:
            continue
        for file, imports in renaming.imports.items():
            mine = changes.imports.setdefault(file, Imports())
            mine.needed |= imports.needed
            mine.doubtful |= imports.doubtful
        for name in renaming.settings:
            site = piece.site or Site(use.file, use.line)
            changes.todos.add(Todo(site.file, site.line, f"where {name} is set, set the new constant's variable too"))
        return renaming.edits
    changes.shared = True
    place = f" ({piece.site.file}:{piece.site.line})" if piece.site else ""
    raise NotFound(f"its bucket{place} is shared with folders that stay, on every way that leads here")


def _refuse_overlaps(changes: Changes) -> None:
    for one, other in overlapping(changes.edits):
        if one.start == one.end == other.start == other.end:
            continue  # two insertions at one place follow each other
        changes.edits = [edit for edit in changes.edits if edit not in (one, other)]
        line = 1
        changes.todos.add(Todo(one.file, line, f"two changes want one text: {one.text!r} and {other.text!r}"))

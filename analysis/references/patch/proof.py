"""What a scan of changed code must find: each moved reference at its new place, and both ends of a dataset there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.references.contradictions import overlap
from analysis.references.patch.engine import Todo
from analysis.references.patch.moves import FolderMove
from analysis.references.program import Trace

Place = tuple[str, str, str, str]  # file, role, bucket, path
_READS, _WRITES = ("read", "list"), ("write",)


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be true of the code after one move's change."""

    move: FolderMove
    wanted: Mapping[Place, int]  # each moved reference at its new place, and its line before the change
    pairs: tuple[tuple[Trace, Trace], ...]  # a moved reference, and one on the other side of its dataset


@dataclass(frozen=True, slots=True)
class Proof:
    """What a scan of changed code says. Nothing is wrong where both are empty."""

    rewritten: int
    remaining: tuple[Todo, ...]  # still at the old place, or not found at the new one
    mismatches: tuple[Todo, ...]  # one side of a dataset moved without the other


def expected(move: FolderMove, moved: Sequence[Trace], before: Sequence[Trace]) -> Expected:
    """What a change must reach, from the references of the unchanged code."""
    sides = [one for one in before if one.kind == "code" and move.in_source(one.bucket.pattern)]
    pairs = {
        (one.site, other.site, one.role, other.role, one.prefix.pattern, other.prefix.pattern): (one, other)
        for one in moved
        for other in sides
        if _opposite(one, other) and _same_data(one.prefix.pattern, other.prefix.pattern)
    }
    wanted = {_place(move, trace): trace.site.line for trace in moved}
    return Expected(move, wanted, tuple(pairs.values()))


def prove(wish: Expected, after: Sequence[Trace]) -> Proof:
    """Compare the references of the changed code with what the change had to reach."""
    move = wish.move
    remaining = {
        Todo(*trace.site, f"{trace.via} still names {trace.bucket.pattern}/{trace.prefix.pattern}")
        for trace in after
        if trace.kind == "code" and move.concerns(trace.bucket.pattern, trace.prefix.pattern)
    }
    reached: set[Place] = {(one.site.file, one.role, one.bucket.pattern, one.prefix.pattern) for one in after}
    missing = {
        Todo(file, wish.wanted[place], f"no {role} of {bucket}/{prefix} is found after the change")
        for place in wish.wanted.keys() - reached
        for file, role, bucket, prefix in [place]
        if not any(todo.file == file for todo in remaining)
    }
    mismatches = set(_mismatches(wish, reached))
    return Proof(len(wish.wanted.keys() & reached), tuple(sorted(remaining | missing)), tuple(sorted(mismatches)))


def _mismatches(wish: Expected, reached: set[Place]) -> Iterator[Todo]:
    for one, other in wish.pairs:
        new = _place(wish.move, one)
        if new in reached and _place(wish.move, other) not in reached:
            old = f"{other.bucket.pattern}/{other.prefix.pattern}"
            there = f"{one.site.file}:{one.site.line} {_verb(one)} {new[2]}/{new[3]}"
            yield Todo(*other.site, f"{other.via} {_verb(other)} {old}, and {there} now")


def _verb(trace: Trace) -> str:
    return f"{trace.role}s"


def _opposite(one: Trace, other: Trace) -> bool:
    return (one.role in _READS and other.role in _WRITES) or (one.role in _WRITES and other.role in _READS)


def _same_data(one: str, other: str) -> bool:
    # A list of the whole bucket is nobody's other side: it is a to-do of its own.
    return bool(other.partition("*")[0]) and overlap(one, other)


def _place(move: FolderMove, trace: Trace) -> Place:
    return trace.site.file, trace.role, _new_bucket(move, trace), move.target(trace.prefix.pattern)


def _new_bucket(move: FolderMove, trace: Trace) -> str:
    """The new bucket as the scan writes it: with a `*` where the old one had it."""
    old = trace.bucket.pattern
    if "*" not in old:
        return move.target_bucket
    known = old.partition("*")[0]
    end = move.source_bucket.removeprefix(known)
    return (
        move.target_bucket.removesuffix(end) + "*" if end and move.target_bucket.endswith(end) else move.target_bucket
    )

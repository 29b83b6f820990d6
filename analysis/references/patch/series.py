"""Patches for a series of moves: each one's diff applies after those before it, and each is proven by a scan."""

import codecs
import difflib
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError, BadInput
from analysis.references.checkout import Checkout, open_checkout
from analysis.references.patch.constants import Imports
from analysis.references.patch.edits import Edit, Sources, apply
from analysis.references.patch.engine import Changes, Todo, plan_changes
from analysis.references.patch.imports import with_imports
from analysis.references.patch.moves import FolderMove, joined
from analysis.references.patch.proof import Expected, expected, prove
from analysis.references.program import Program, Trace
from analysis.references.scan import scan_program
from analysis.references.sinks import load_sinks
from analysis.whole_files import write_whole


class DirtyTree(AnalysisError):
    """The checkout has changes that are not committed, which a patch would mix with its own."""

    exit_code = 2


class NotProven(AnalysisError):
    """A scan of the changed code found references at the old place, or readers and writers that no longer meet."""

    exit_code = 3


_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Patch:
    """The code change of one move. Diffs have paths relative to the checkout, with a/ and b/ as git writes them."""

    use_case: str
    diff: str
    reverse: str
    todos: tuple[Todo, ...]
    warnings: tuple[str, ...]
    references: int  # that lie in the moved folder
    rewritten: int  # of them, those that a scan of the changed code finds at their new place
    remaining: tuple[Todo, ...]  # those that it still finds at the old place
    mismatches: tuple[Todo, ...]  # one side of a dataset that moved without the other
    files: Mapping[str, str]  # new contents
    wish: Expected

    @property
    def complete(self) -> bool:
        """Whether nothing names the old place any more, and readers and writers still meet."""
        return not self.remaining and not self.mismatches


def patch_series(
    checkout: Path, moves: Sequence[FolderMove], settings: Mapping[str, Any] | None = None
) -> Iterator[Patch]:
    """One patch per move, in order; the tree is not touched."""
    if not checkout.is_dir():
        raise BadInput(f"no checkout at {checkout}", "give the folder that holds the code")
    sources = open_checkout(checkout)
    traces: Sequence[Trace] | None = None
    waiting = list(moves)
    while waiting:
        move = waiting.pop(0)
        before = traces if traces is not None else _traced(sources, move.env, settings)
        changes = plan_changes(move, before, Sources(sources))
        together = [other for other in waiting if _same_buckets(move, other)] if changes.shared else []
        if together:
            # The code hands one bucket to several of them: they can only change at once.
            move = joined(move, together)
            waiting = [other for other in waiting if other not in together]
            changes = plan_changes(move, before, Sources(sources))
        changed = _changed_files(sources, changes)
        after_sources = _overlaid(sources, changed)
        after = _traced(after_sources, move.env, settings) if changed else before
        yield _proven(expected(move, changes.moved, before), changes, sources, changed, after)
        sources, traces = after_sources, after


def _same_buckets(move: FolderMove, other: FolderMove) -> bool:
    return (move.source_bucket, move.target_bucket) == (other.source_bucket, other.target_bucket)


def _traced(sources: Checkout, env: str, settings: Mapping[str, Any] | None) -> list[Trace]:
    program = Program(sources, load_sinks(settings), env or None, tracing=True)
    scan_program(program)
    return program.traces


def _changed_files(sources: Checkout, changes: Changes) -> dict[str, str]:
    """New contents; bytes that are no UTF-8 stand in them as surrogates, so that they are written back as they were."""
    by_file: dict[str, list[Edit]] = {}
    for edit in changes.edits:
        by_file.setdefault(edit.file, []).append(edit)
    result: dict[str, str] = {}
    for file in {*by_file, *changes.imports}:
        imports = changes.imports.get(file, Imports())
        text, edits = sources.text(file), by_file.get(file, [])
        exact = _exact(sources, file)
        if exact != text and (len(exact) != len(text) or imports.needed):
            changes.todos.add(Todo(file, 1, "is not UTF-8: change it by hand"))
            continue
        new = apply(exact, edits)
        if imports.needed or (imports.doubtful and exact == text):
            new = with_imports(new, imports)
        if new != exact:
            result[file] = new
    return result


def _exact(sources: Checkout, file: str) -> str:
    """A file's text with a surrogate for each byte that is no UTF-8."""
    text = sources.text(file)
    if "\ufffd" not in text:
        return text
    found = sources.exact.get(file)
    return found if found is not None else decoded((sources.root / file).read_bytes())


def _mark(sources: Checkout, file: str) -> str:
    """The mark that a file starts with, which its text is read without."""
    with (sources.root / file).open("rb") as content:
        return "\ufeff" if content.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else ""


def decoded(content: bytes) -> str:
    """Bytes as text from which `encoded` makes the same bytes again, but for the mark at the start."""
    return content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The bytes of a changed file or of a diff."""
    return text.encode("utf-8", "surrogateescape")


def _overlaid(sources: Checkout, changed: Mapping[str, str]) -> Checkout:
    texts = {file: encoded(text).decode("utf-8", "replace") for file, text in changed.items()}
    return replace(sources, texts={**sources.texts, **texts}, exact={**sources.exact, **changed})


def _proven(
    wish: Expected, changes: Changes, sources: Checkout, changed: Mapping[str, str], after: Sequence[Trace]
) -> Patch:
    proof = prove(wish, after)
    old = {file: _mark(sources, file) + _exact(sources, file) for file in changed}
    new = {file: _mark(sources, file) + text for file, text in changed.items()}
    return Patch(
        wish.move.use_case,
        "".join(_file_diff(file, old[file], new[file]) for file in sorted(new)),
        "".join(_file_diff(file, new[file], old[file]) for file in sorted(new)),
        tuple(sorted(changes.todos)),
        tuple(sorted(changes.warnings)),
        len(wish.wanted),
        proof.rewritten,
        proof.remaining,
        proof.mismatches,
        new,
        wish,
    )


def _file_diff(file: str, old: str, new: str) -> str:
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{file}", f"b/{file}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines as git counts them: only a line feed ends one."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def apply_series(
    checkout: Path,
    patches: Sequence[Patch],
    settings: Mapping[str, Any] | None = None,
    *,
    partly: bool = False,
) -> list[str]:
    """Write the changed files, scan them, and take all of it back where that scan finds the change incomplete.

    `partly` keeps an incomplete change. Returns the changed files. Raises DirtyTree where the checkout is no clean git
    tree, and NotProven where the change was taken back.
    """
    final: dict[str, str] = {}
    for patch in patches:
        final.update(patch.files)
    _refuse_dirty(checkout, final)
    before = {file: (checkout / file).read_bytes() for file in final}
    write_whole({checkout / file: encoded(text) for file, text in final.items()})
    try:
        problems = [] if partly else _problems(checkout, patches, settings)
        if problems:
            places = "; ".join(f"{one.file}:{one.line}: {one.what}" for one in problems[:_SHOWN])
            more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            raise NotProven(
                f"the change is not complete, so the checkout is as it was ({places}{more})",
                "change these places by hand first, or keep what can be changed with --partly",
            )
    except BaseException:
        write_whole({checkout / file: content for file, content in before.items()})
        raise
    return sorted(final)


def _problems(checkout: Path, patches: Sequence[Patch], settings: Mapping[str, Any] | None) -> list[Todo]:
    """What a scan of the files as they lie there now finds wrong, for all moves together."""
    found: set[Todo] = set()
    sources = open_checkout(checkout)
    traces = {env: _traced(sources, env, settings) for env in {patch.wish.move.env for patch in patches}}
    for patch in patches:
        proof = prove(patch.wish, traces[patch.wish.move.env])
        found.update(proof.remaining, proof.mismatches)
    return sorted(found)


def _refuse_dirty(checkout: Path, files: Iterable[str] = ()) -> None:
    tracked = _git_state(checkout)
    missing = sorted(set(files) - tracked)
    if missing:
        raise DirtyTree(
            f"{checkout}/{missing[0]} is not in git, so a change of it could not be taken back",
            "add and commit it first, then patch again",
        )


def _git_state(checkout: Path) -> set[str]:
    """The files that git knows in a clean checkout. Raises DirtyTree."""
    try:
        command = ["git", "-C", str(checkout), "status", "--porcelain", "--untracked-files=no"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DirtyTree(f"git cannot tell whether {checkout} is clean", "apply the diffs yourself") from error
    if done.returncode != 0:
        raise DirtyTree(f"{checkout} is no git checkout", "apply the diffs yourself, or give a git checkout")
    if done.stdout.strip():
        changed = len(done.stdout.strip().splitlines())
        files = "file" if changed == 1 else "files"
        raise DirtyTree(f"{checkout} has {changed} changed {files}", "commit or stash them first, then patch again")
    listed = subprocess.run(  # noqa: S603
        ["git", "-C", str(checkout), "ls-files", "-z"],  # noqa: S607
        capture_output=True,
        check=True,
        timeout=60,
    )
    return set(listed.stdout.decode("utf-8", "surrogateescape").split("\0"))


def apply_diffs(checkout: Path, diffs: Sequence[Path]) -> None:
    """Apply diffs in the order given, all or none. Raises DirtyTree, or BadInput where they do not fit the tree."""
    _refuse_dirty(checkout)
    paths = [str(path.resolve()) for path in diffs if path.stat().st_size]
    if not paths:
        return
    command = ["git", "-C", str(checkout), "apply", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "git apply failed"
        raise BadInput(f"the diffs do not fit {checkout} ({reason})", "was the code changed since?")

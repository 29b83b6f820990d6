"""Patches for a series of moves: each one's diff applies after those before it, and each is proven by a scan."""

import codecs
import difflib
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError, BadInput
from analysis.references.checkout import Checkout, open_checkout
from analysis.references.patch.edits import Sources, apply
from analysis.references.patch.engine import Changes, Todo, plan_changes
from analysis.references.patch.imports import with_imports
from analysis.references.patch.moves import FolderMove, joined
from analysis.references.program import Program, Trace
from analysis.references.scan import scan_program
from analysis.references.sinks import load_sinks


class DirtyTree(AnalysisError):
    """The checkout has changes that are not committed, which a patch would mix with its own."""

    exit_code = 2


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
    files: Mapping[str, str] = field(default_factory=dict)  # new contents

    @property
    def complete(self) -> bool:
        """Whether nothing names the old place any more."""
        return not self.remaining


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
        yield _proven(move, changes, sources, changed, after)
        sources, traces = after_sources, after


def _same_buckets(move: FolderMove, other: FolderMove) -> bool:
    return (move.source_bucket, move.target_bucket) == (other.source_bucket, other.target_bucket)


def _traced(sources: Checkout, env: str, settings: Mapping[str, Any] | None) -> list[Trace]:
    program = Program(sources, load_sinks(settings), env or None, tracing=True)
    scan_program(program)
    return program.traces


def _changed_files(sources: Checkout, changes: Changes) -> dict[str, str]:
    by_file: dict[str, list[Any]] = {}
    for edit in changes.edits:
        by_file.setdefault(edit.file, []).append(edit)
    result = {file: apply(sources.text(file), edits) for file, edits in by_file.items()}
    for file, imports in changes.imports.items():
        if imports.needed or imports.doubtful:
            result[file] = with_imports(result.get(file, sources.text(file)), imports)
    for file in list(result):
        if "\ufffd" in result[file]:  # bytes that are no UTF-8 would be lost
            changes.todos.add(Todo(file, 1, "is not UTF-8: change it by hand"))
            del result[file]
    return {file: text for file, text in result.items() if text != sources.text(file)}


def _overlaid(sources: Checkout, changed: Mapping[str, str]) -> Checkout:
    return replace(sources, texts={**sources.texts, **changed})


def _proven(
    move: FolderMove, changes: Changes, sources: Checkout, changed: Mapping[str, str], after: Sequence[Trace]
) -> Patch:
    remaining = {
        Todo(*trace.site, f"{trace.via} still names {trace.bucket.pattern}/{trace.prefix.pattern}")
        for trace in after
        if trace.kind == "code" and move.concerns(trace.bucket.pattern, trace.prefix.pattern)
    }
    reached = {(trace.site.file, trace.role, trace.bucket.pattern, trace.prefix.pattern) for trace in after}
    wanted = {
        (trace.site.file, trace.role, _new_bucket(move, trace), move.target(trace.prefix.pattern))
        for trace in changes.moved
    }
    missing = {
        Todo(file, 1, f"no {role} of {bucket}/{prefix} is found after the change")
        for file, role, bucket, prefix in wanted - reached
        if not any(todo.file == file for todo in remaining)
    }
    return Patch(
        move.use_case,
        _diff(sources, changed),
        _diff(sources, changed, reverse=True),
        tuple(sorted(changes.todos)),
        tuple(sorted(changes.warnings)),
        len(wanted),
        len(wanted & reached),
        tuple(sorted(remaining | missing)),
        dict(changed),
    )


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


def _diff(sources: Checkout, changed: Mapping[str, str], *, reverse: bool = False) -> str:
    parts: list[str] = []
    for file in sorted(changed):
        old, new = sources.text(file), changed[file]
        if reverse:
            old, new = new, old
        parts.append(_file_diff(file, old, new))
    return "".join(parts)


def _file_diff(file: str, old: str, new: str) -> str:
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{file}", f"b/{file}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines as git counts them: only a line feed ends one."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def apply_series(checkout: Path, patches: Sequence[Patch]) -> list[str]:
    """Write the changed files. Raises DirtyTree where the checkout is no clean git tree."""
    _refuse_dirty(checkout)
    final: dict[str, str] = {}
    for patch in patches:
        final.update(patch.files)
    for file, text in final.items():
        path = checkout / file
        mark = codecs.BOM_UTF8 if path.read_bytes().startswith(codecs.BOM_UTF8) else b""
        path.write_bytes(mark + text.encode("utf-8"))
    return sorted(final)


def _refuse_dirty(checkout: Path) -> None:
    try:
        command = ["git", "-C", str(checkout), "status", "--porcelain", "--untracked-files=no"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DirtyTree(f"git cannot tell whether {checkout} is clean", "apply the diffs yourself") from error
    if done.returncode != 0:
        raise DirtyTree(f"{checkout} is no git checkout", "apply the diffs yourself, or give a git checkout")
    if done.stdout.strip():
        changed = len(done.stdout.strip().splitlines())
        raise DirtyTree(f"{checkout} has {changed} changed files", "commit or stash them first, then patch again")


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

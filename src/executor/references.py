"""The code change that goes with verified moves: written beside the plan, recorded with its digest, and taken back.

Executing never changes a checkout: a person reads the diff and applies it. A rollback applies the reverse diff only to
a checkout that it was given, and only the very file that the journal knows.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError
from analysis.references.patch.moves import FolderMove
from analysis.references.patch.series import Patch, apply_diffs, encoded, patch_series
from analysis.whole_files import file_part, write_whole
from executor.dates import DateRange
from executor.definition import Definition
from executor.errors import JournalBroken
from executor.journal import Journal

KIND = "patch"


@dataclass(frozen=True)
class Code:
    """A checkout to read, and the `[references]` settings to read it with."""

    checkout: Path
    settings: Mapping[str, Any]


def folder_move(definition: Definition) -> FolderMove:
    """The move as code sees it, with the prefixes exactly as the copy maps them."""
    pattern = definition.moving
    segments = tuple((segment.source_prefix, segment.target_prefix) for segment in pattern.segments)
    return FolderMove(
        definition.use_case,
        definition.env,
        pattern.source_bucket,
        pattern.target_bucket,
        segments,
        pattern.excluded,
        wildcards=pattern.file_types,
        nested=pattern.nested,
        dated=pattern.dates not in (None, DateRange()),
    )


def write_patches(
    journal: Journal, run_id: str, definitions: Sequence[Definition], code: Code, plan_path: Path
) -> list[str]:
    """Write a diff and its reverse for each move, and record both; returns sentences for people.

    The diffs are a series: each applies after those before it. Raises `AnalysisError` for a checkout that cannot be
    read.
    """
    said = []
    series = patch_series(code.checkout, [folder_move(one) for one in definitions], code.settings)
    for number, patch in enumerate(series):
        said += [
            f"{patch.use_case}: still to do in {todo.file}:{todo.line}: {todo.what}"
            for todo in (*patch.remaining, *patch.mismatches)
        ]
        if not patch.diff:
            said.append(f"{patch.use_case}: nothing to change in {code.checkout}")
            continue
        forward = _beside(plan_path, patch, "diff")
        # The code hands one bucket to several moves: they share a patch, and its name joins theirs.
        concerned = [one for one in definitions if one.use_case in patch.use_case.split("+")]
        steps = [_begin(journal, run_id, one) for one in concerned]
        detail = _write(patch, forward, _beside(plan_path, patch, "reverse.diff"))
        detail |= {"order": number, "use_cases": [one.use_case for one in concerned], "checkout": str(code.checkout)}
        for step in steps:
            journal.end_step(step, "done", detail)
        said.append(f"{patch.use_case}: read {forward}, then `git -C {code.checkout} apply {forward.resolve()}`")
    return said


def _beside(plan_path: Path, patch: Patch, kind: str) -> Path:
    return plan_path.with_name(f"{plan_path.stem}.{file_part(patch.use_case)}.{kind}")


def _begin(journal: Journal, run_id: str, definition: Definition) -> int:
    move = journal.move(definition.use_case)
    assert move is not None  # noqa: S101 - only moves that were verified get here
    return journal.start_step(move.move_id, run_id, KIND)


def _write(patch: Patch, forward: Path, reverse: Path) -> dict[str, Any]:
    try:
        write_whole({forward: encoded(patch.diff), reverse: encoded(patch.reverse)})
    except OSError as error:
        raise JournalBroken(f"cannot write {forward} ({error.strerror})", "free space, then run again") from None
    return {
        "diff": str(forward.resolve()),
        "diff_sha256": _digest(forward),
        "reverse": str(reverse.resolve()),
        "reverse_sha256": _digest(reverse),
        "remaining": len(patch.remaining),
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def take_back(journal: Journal, use_cases: Iterable[str], checkout: Path | None) -> list[str]:
    """Take the recorded patches of moves back in `checkout`, or say how; returns sentences for people."""
    gone = set(use_cases)
    recorded: dict[str, tuple[dict[str, Any], list[int]]] = {}
    for move in journal.moves():
        for step in journal.steps(move.move_id):
            if move.use_case in gone and step.kind == KIND and step.state == "done":
                recorded.setdefault(step.detail["reverse"], (step.detail, []))[1].append(step.step_id)
    said, ready = [], []
    for path, (detail, steps) in sorted(recorded.items(), key=lambda one: one[1][0]["order"], reverse=True):
        problem = _unusable(Path(path), detail, gone)
        if problem:
            said.append(f"the code was left alone: {problem}")
        elif checkout is None:
            said.append(f"if {detail['diff']} was applied: `git -C {detail['checkout']} apply {path}`")
        else:
            ready.append((Path(path), detail, steps))
    if checkout is None or not ready:
        return said
    try:
        apply_diffs(checkout, [path for path, _, _ in ready])
    except AnalysisError as error:
        return [*said, f"the code was left alone: {error}"]
    for reverse, detail, steps in ready:
        said.append(f"applied {reverse} to {checkout}")
        for number in steps:
            journal.end_step(number, "reverted", detail)
    return said


def _unusable(path: Path, detail: Mapping[str, Any], gone: set[str]) -> str:
    if not path.exists():
        return f"{path} is missing"
    if _digest(path) != detail["reverse_sha256"]:
        return f"{path} is not the file that was written when the move was made"
    if others := sorted(set(detail["use_cases"]) - gone):
        return f"{path} also takes back {', '.join(others)}, which is still in force"
    return ""

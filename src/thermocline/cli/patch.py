"""`thermocline patch`: the code changes that a plan's moves need."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermocline.cli.options import JsonOption, SettingsOption
from thermocline.cli.output import note, print_json, print_table

if TYPE_CHECKING:
    from analysis.references.patch.moves import FolderMove
    from analysis.references.patch.series import Patch

app = typer.Typer()

PARTLY = 3


@app.command()
def patch(
    plan: Annotated[Path, typer.Argument(help="The plan.", metavar="PLAN.JSON")],
    checkout: Annotated[Path, typer.Option("--checkout", help="The code to change.", metavar="DIR")] = Path(),
    phase: Annotated[int | None, typer.Option("--phase", help="Only the moves of one phase.", metavar="N")] = None,
    use_case: Annotated[str | None, typer.Option("--use-case", help="Only one move.", metavar="NAME")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the diffs; default: beside the plan.", metavar="DIR"),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Change the checkout; it must be a clean git tree.")] = False,
    partly: Annotated[
        bool,
        typer.Option("--partly", help="With --apply: keep what can be changed, though places remain for a person."),
    ] = False,
    reverse: Annotated[
        bool,
        typer.Option("--reverse", help="Take the change back with the reverse diffs; with --apply."),
    ] = False,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the code changes that moves need: one diff for each, and its reverse; the tree is left alone.

    The diffs form a series: each applies after the ones before it. The changed code is scanned again: every reference
    must be at its new place, and readers and writers must still meet. What fails is listed, with exit code 3, and
    --apply then leaves the checkout as it was. What a person has to change is listed too.

    Example: thermocline patch plan.json --phase 1 --checkout ~/src/pipelines
    """
    from analysis.references.patch import series
    from analysis.settings import load_settings
    from thermocline.errors import UnusableInput

    if partly and not apply:
        raise UnusableInput("--partly without --apply changes nothing", "add --apply, or leave it out")
    folder = output or plan.with_suffix(".patches")
    if reverse:
        _take_back(folder, checkout, apply=apply)
        return
    moves = _moves(plan, phase, use_case)
    sinks = load_settings(settings).room("references")
    patches = list(series.patch_series(checkout, moves, sinks))
    written = _write(folder, patches)
    if as_json:
        print_json({"patches": [_record(one, path) for one, path in zip(patches, written, strict=True)]})
    else:
        _print(patches, written)
    if apply:
        for file in series.apply_series(checkout, patches, sinks, partly=partly):
            note(f"changed {file}")
    if not all(one.complete for one in patches):
        raise typer.Exit(PARTLY)


def _moves(plan: Path, phase: int | None, use_case: str | None) -> "list[FolderMove]":
    from executor.reading import definition_of
    from executor.references import folder_move
    from planner import planfile
    from thermocline.errors import UnusableInput

    loaded = planfile.load(plan)
    chosen = [
        (one, move)
        for one in loaded.phases
        for move in one.moves
        if move.action == "move" and phase in (None, one.phase) and use_case in (None, move.use_case)
    ]
    if not chosen:
        known = ", ".join(move.use_case for one in loaded.phases for move in one.moves if move.action == "move")
        raise UnusableInput(f"{plan} has no such move", f"moves of this plan: {known or 'none'}")
    return [folder_move(definition_of(loaded, one, move)) for one, move in chosen if move.migration.target_bucket]


def _write(folder: Path, patches: "Sequence[Patch]") -> list[Path]:
    from analysis.references.patch.series import encoded
    from analysis.whole_files import file_part, write_whole
    from thermocline.errors import UnusableInput

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableInput(f"cannot make the folder {folder} ({error.strerror})", "name another --output") from None
    written = []
    for number, one in enumerate(patches, 1):
        path = folder / f"{number:02}-{file_part(one.use_case)}.diff"
        written.append(path)
        if not one.diff and path.exists():
            continue  # the change is made already: its diffs, and the way back, stay
        write_whole({path: encoded(one.diff), path.with_suffix(".reverse.diff"): encoded(one.reverse)})
    return written


def _take_back(folder: Path, checkout: Path, *, apply: bool) -> None:
    from analysis.references.patch.series import apply_diffs
    from thermocline.errors import UnusableInput

    diffs = sorted(folder.glob("*.reverse.diff"), reverse=True)
    if not diffs:
        raise UnusableInput(f"no reverse diffs in {folder}", "name the folder that `patch` wrote with --output")
    if apply:
        apply_diffs(checkout, diffs)
    for path in diffs:
        note(f"{'applied' if apply else 'to apply:'} {path}")


def _record(one: "Patch", path: Path) -> dict[str, Any]:
    places = {"todos": one.todos, "remaining": one.remaining, "mismatches": one.mismatches}
    return {
        "use_case": one.use_case,
        "complete": one.complete,
        "references": one.references,
        "rewritten": one.rewritten,
        "files": sorted(one.files),
        "diff_file": str(path),
        "reverse_file": str(path.with_suffix(".reverse.diff")),
        "diff": one.diff.encode("utf-8", "replace").decode(),
        "warnings": list(one.warnings),
        **{name: [{"file": t.file, "line": t.line, "what": t.what} for t in todos] for name, todos in places.items()},
    }


def _print(patches: "Sequence[Patch]", written: Sequence[Path]) -> None:
    print_table(
        ["use case", "references", "rewritten", "files", "left", "diff"],
        [
            (one.use_case, one.references, one.rewritten, len(one.files), len({*one.remaining, *one.mismatches}), path)
            for one, path in zip(patches, written, strict=True)
        ],
        right=["references", "rewritten", "files", "left"],
    )
    for one in patches:
        for warning in one.warnings:
            note(f"{one.use_case}: {warning}")
        for kind, todos in (("to do", one.todos), ("still there", one.remaining), ("apart", one.mismatches)):
            for todo in todos:
                note(f"{one.use_case}: {kind}: {todo.file}:{todo.line}: {todo.what}")

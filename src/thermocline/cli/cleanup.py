"""`thermocline cleanup`: delete the sources of moves that are verified and quiet."""

from typing import TYPE_CHECKING, Annotated

import typer

from thermocline.cli.execute import JournalOption, PlanArgument
from thermocline.cli.options import JsonOption, SettingsOption

if TYPE_CHECKING:
    from executor.cleanup import Doomed

app = typer.Typer()


@app.command()
def cleanup(
    plan: PlanArgument,
    phase: Annotated[int | None, typer.Option("--phase", help="Only this phase.", metavar="N")] = None,
    use_case: Annotated[str | None, typer.Option("--use-case", help="Only this use case.", metavar="NAME")] = None,
    confirm: Annotated[
        int | None, typer.Option("--confirm", help="The number of objects, instead of typing it.", metavar="COUNT")
    ] = None,
    max_delete: Annotated[
        int | None, typer.Option("--max-delete", help="Refuse to delete more than this many.", metavar="COUNT")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count and say what would happen; changes nothing.")
    ] = False,
    take_lock: Annotated[
        bool, typer.Option("--take-lock", help="Take over the lock of an executor that is dead for certain.")
    ] = False,
    journal: JournalOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete the sources of moves that are verified and quiet; both sides are compared once more before.

    Asks for the number of objects. `thermocline rollback` restores them while soft delete, or our copy, has them.

    Example: thermocline cleanup plan.json --use-case archives
    """
    from analysis.settings import load_settings
    from executor.aftercare import cleanup as clean_up
    from executor.feeding import Stop
    from executor.interrupting import run_interruptible
    from executor.reading import Selection
    from executor.settings import read_settings
    from thermocline.cli.moves import contract, print_moves
    from thermocline.cli.output import human_bytes, note, print_json

    def show(doomed: list["Doomed"]) -> int:
        total = sum(one.objects for one in doomed)
        for one in doomed:
            note(f"{one.use_case}: {one.objects} objects, {human_bytes(one.bytes)}, will be deleted at the source")
            for reason, count in one.kept.most_common():
                note(f"{one.use_case}: {count} objects stay: {reason}")
            for text in one.notes:
                note(f"{one.use_case}: {text}")
        return total

    def ask(doomed: list["Doomed"]) -> bool:
        total = show(doomed)
        if confirm is not None:
            return confirm == total
        return bool(typer.prompt(f"Type the number of objects to delete ({total})", err=True).strip() == str(total))

    chosen = read_settings(load_settings(settings).room("executor"))
    stop = Stop()
    work = clean_up(
        plan,
        Selection(phase, use_case),
        ask,
        max_delete=max_delete,
        dry_run=dry_run,
        journal_path=journal,
        settings=chosen,
        stop=stop,
        take_lock=take_lock,
    )
    found = run_interruptible(work, stop, note)
    if dry_run:
        show(found.details)
    if as_json:
        print_json({"moves": [contract(move) for move in found.moves], "details": found.details})
    else:
        print_moves(found.moves)
    for move in found.moves:
        note(f"{move.use_case}: {move.deleted} deleted, {move.state}" + "".join(f"; {text}" for text in move.notes[:1]))
    raise typer.Exit(found.exit_code)

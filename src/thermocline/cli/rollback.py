"""`thermocline rollback`: take moves back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thermocline.cli.execute import JournalOption, PlanArgument
from thermocline.cli.options import JsonOption, SettingsOption

if TYPE_CHECKING:
    from executor.rollback import Undone

app = typer.Typer()


@app.command()
def rollback(
    plan: PlanArgument,
    phase: Annotated[int | None, typer.Option("--phase", help="Only this phase.", metavar="N")] = None,
    use_case: Annotated[
        str | None, typer.Option("--use-case", help="Only this use case; `all` for every one.", metavar="NAME")
    ] = None,
    confirm: Annotated[
        int | None,
        typer.Option("--confirm", help="The number of copies to remove, instead of typing it.", metavar="COUNT"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count and say what would happen; changes nothing.")
    ] = False,
    take_lock: Annotated[
        bool, typer.Option("--take-lock", help="Take over the lock of an executor that is dead for certain.")
    ] = False,
    checkout: Annotated[
        Path | None,
        typer.Option(
            "--checkout", help="Take back here what `execute --checkout` wrote and you applied.", metavar="DIR"
        ),
    ] = None,
    journal: JournalOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Restore deleted sources, then remove our own unchanged copies, grants, lifecycle rules and the bucket we made.

    A copy goes only while its source stands there with the same content. Asks for the number of copies.

    Example: thermocline rollback plan.json --use-case archives
    """
    from analysis.settings import load_settings
    from executor.aftercare import rollback as roll_back
    from executor.errors import MoveRefused
    from executor.feeding import Stop
    from executor.interrupting import run_interruptible
    from executor.reading import Selection
    from executor.settings import read_settings
    from thermocline.cli.moves import contract, print_moves
    from thermocline.cli.output import note, print_json

    if phase is None and use_case is None:
        raise MoveRefused("say what to take back", "give --use-case NAME, --phase N, or --use-case all")

    def show(undone: list["Undone"]) -> int:
        total = sum(one.to_remove + one.to_restore for one in undone)
        for one in undone:
            note(f"{one.use_case}: {one.to_restore} sources will be restored, {one.to_remove} copies removed now")
            for reason, count in one.kept.most_common():
                note(f"{one.use_case}: {count} copies stay for now: {reason}")
            if one.foreign:
                note(f"{one.use_case}: {one.foreign} objects at the target are not ours and stay")
        return total

    def ask(undone: list["Undone"]) -> bool:
        total = show(undone)
        if confirm is not None:
            return confirm == total
        return bool(typer.prompt(f"Type the number of objects concerned ({total})", err=True).strip() == str(total))

    chosen = read_settings(load_settings(settings).room("executor"))
    stop = Stop()
    work = roll_back(
        plan,
        Selection(phase, use_case),
        ask,
        dry_run=dry_run,
        journal_path=journal,
        settings=chosen,
        stop=stop,
        take_lock=take_lock,
        checkout=checkout,
    )
    found = run_interruptible(work, stop, note)
    if dry_run:
        show(found.details)
    if as_json:
        print_json({"moves": [contract(move) for move in found.moves], "details": found.details})
    else:
        print_moves(found.moves)
    said = [f"{detail.use_case}: {text}" for detail in found.details for text in detail.notes]
    for text in [*said, *(found.notes or ["`thermocline patch --reverse` takes the code back"])]:
        note(text)
    raise typer.Exit(found.exit_code)

"""`thermocline status`: where each move of a plan stands, and what comes next."""

import typer

from thermocline.cli.execute import JournalOption, PlanArgument
from thermocline.cli.options import JsonOption

app = typer.Typer()


@app.command()
def status(plan: PlanArgument, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Show where each move stands, what comes next, and the way back.

    Example: thermocline status plan.json
    """
    from executor.run import status as status_of
    from thermocline.cli.moves import contract, print_moves
    from thermocline.cli.output import inert, note, print_json

    moves = status_of(plan, journal)
    if as_json:
        print_json({"moves": [contract(move) for move in moves]})
        return
    print_moves(moves)
    for move in moves:
        for text in move.notes:
            note(f"{move.use_case}: {text}")
    together: dict[tuple[str, str], list[str]] = {}
    for move in moves:
        together.setdefault((move.next, move.way_back), []).append(move.use_case)
    for (forward, back), use_cases in together.items():
        typer.echo(inert(f"\n{', '.join(use_cases)}\n  next: {forward}\n  way back: {back}"))

"""`thermocline selftest gs://BUCKET`: does the service behave as a migration assumes?"""

import asyncio
import secrets
from typing import Annotated

import typer

from thermocline.cli.options import JsonOption
from thermocline.cli.output import note, print_json, print_table
from thermocline.errors import UnusableInput

app = typer.Typer()


@app.command()
def selftest(
    bucket: Annotated[str, typer.Argument(help="An empty bucket to throw away afterwards.", metavar="gs://BUCKET")],
    anyway: Annotated[bool, typer.Option("--anyway", help="Go on although the bucket holds other objects.")] = False,
    json: JsonOption = False,
) -> None:
    """Check our assumptions about Cloud Storage on a throw-away bucket.

    Creates a few dozen small objects below thermocline-selftest/ in that bucket, copies, guards, deletes and restores
    them through the client that `execute` uses, prints which assumptions hold, and removes them again. Costs a cent.
    Exit codes: 0 all hold, 3 something could not be removed, 4 an assumption is broken.

    Example: thermocline selftest gs://my-throw-away-bucket
    """
    from thermocline.selftest.run import Finding, selftest

    name = bucket.removeprefix("gs://").rstrip("/")
    if not name or "/" in name:
        raise UnusableInput(f"{bucket} names no bucket", "write gs:// and the bucket's name, no folder")
    run_id = f"selftest-{secrets.token_hex(4)}"

    def tell(finding: Finding) -> None:
        if not json:
            note(f"{finding.outcome:>9}  {finding.name}: {finding.seen}")

    results = asyncio.run(selftest(name, run_id, anyway=anyway, on_finding=tell))
    if json:
        print_json(results)
    else:
        styles = {"holds": "green", "broken": "bold red", "not tried": "yellow"}
        rows = [(finding.outcome, finding.name, finding.claim) for finding in results.findings]
        print_table(("outcome", "assumption", "claim"), rows, styles=styles)
        held = sum(finding.outcome == "holds" for finding in results.findings)
        note(f"{held} of {len(results.findings)} hold at {results.endpoint}; {results.removed} objects removed")
    for leftover in results.left_behind:
        note(f"not removed: {leftover}")
    if results.broken:
        raise typer.Exit(4)
    if results.left_behind:
        raise typer.Exit(3)

"""`thermocline demo`: the whole journey on a sandbox lake."""

import contextlib
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from thermocline.cli.output import note
from thermocline.errors import ThermoclineError, UnusableInput

app = typer.Typer()

MARKER = ".thermocline-demo"


@app.command()
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder that takes catalogue, plan, reports and journal.")
    ] = Path("demo-output"),
    seed: Annotated[int, typer.Option(help="Another seed makes another lake.")] = 7,
    scale: Annotated[float, typer.Option(help="How many objects and log entries; 1 is some ten thousand.")] = 1.0,
    env: Annotated[str, typer.Option(help="The environment to play: dev, stg or prod.")] = "prod",
    phase: Annotated[int, typer.Option(help="The phase to approve and migrate.")] = 1,
) -> None:
    """Run the whole journey on a sandbox lake.

    Builds a bucket of a dozen subfolders with 120 days of audit logs, an inventory and a code checkout, serves it on a
    local Cloud Storage server, and types the commands that a team would type on the real thing. Nothing leaves this
    machine.

    Example: thermocline demo --output /tmp/lake --phase 2
    """
    from thermocline.sandbox.journey import Evidence, stages
    from thermocline.sandbox.lake import build_lake, seed_server
    from thermocline.sandbox.server.run import running_server

    started = time.monotonic()
    _make_room(output)
    note(f"Building a lake in {output}/lake …")
    lake = build_lake(output / "lake", seed=seed, scale=scale, env=env)
    with running_server() as server, _emulator(server.url):
        seed_server(lake, server.url)
        note(f"A Cloud Storage server for it listens on {server.url}.\n")
        evidence = Evidence(
            bucket=lake.bucket,
            env=env,
            logs=lake.logs_dir,
            inventory=lake.inventory_path,
            checkout=lake.checkout_path,
            mappings=lake.mappings_path,
        )
        for stage in stages(evidence, output, phase=phase):
            _perform(stage.title, stage.arguments, stage.stdout)
    note(f"\nDone in {time.monotonic() - started:.0f} s. {output}/ holds:")
    for path in sorted(output.iterdir()):
        if not path.name.startswith("."):
            note(f"  {path}")
    catalogue = shlex.quote(str(output / "catalogue.duckdb"))
    note(f"\nNext: thermocline subfolders --catalogue {catalogue} archives")


def _make_room(output: Path) -> None:
    """Start from an empty folder; only one that an earlier demo made is emptied."""
    import shutil

    if output.exists():
        if not output.is_dir() or (any(output.iterdir()) and not (output / MARKER).exists()):
            raise UnusableInput(f"{output} holds files that no demo made", "name another folder with --output")
        shutil.rmtree(output)
    output.mkdir(parents=True)
    (output / MARKER).write_text("made by `thermocline demo`; the next demo empties this folder\n", encoding="utf-8")


@contextlib.contextmanager
def _emulator(url: str) -> Iterator[None]:
    before = os.environ.get("STORAGE_EMULATOR_HOST")
    os.environ["STORAGE_EMULATOR_HOST"] = url
    try:
        yield
    finally:
        if before is None:
            del os.environ["STORAGE_EMULATOR_HOST"]
        else:
            os.environ["STORAGE_EMULATOR_HOST"] = before


def _perform(title: str, arguments: tuple[str, ...], stdout: Path | None) -> None:
    """Type one command line, as a user would; a command that fails ends the journey."""
    from thermocline.cli.app import run

    note(f"── {title}\n$ thermocline {shlex.join(arguments)}")
    sys.stdout.flush()
    if stdout is None:
        code = run(arguments)
    else:
        with stdout.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
            code = run(arguments)
    sys.stdout.flush()
    if code != 0:
        raise ThermoclineError(f"`thermocline {arguments[0]}` ended with exit code {code}", "its message stands above")
    note("")

"""`thermocline sandbox serve`: a local Cloud Storage to rehearse on."""

from pathlib import Path
from typing import Annotated

import typer

from thermocline.cli.output import note

app = typer.Typer(no_args_is_help=True)


@app.callback()
def sandbox() -> None:
    """A local Cloud Storage for rehearsals."""


@app.command()
def serve(
    port: Annotated[
        int, typer.Option("--port", help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)
    ] = 4443,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir", help="Keep buckets and objects here; default: in memory.", metavar="DIR", file_okay=False
        ),
    ] = None,
) -> None:
    """Serve the Cloud Storage JSON API on 127.0.0.1 until stopped with Ctrl-C.

    Any Cloud Storage client reaches it once STORAGE_EMULATOR_HOST names its address.

    Example: thermocline sandbox serve --port 4443
    """
    from thermocline.sandbox.server.run import serve as serve_until_stopped

    def ready(url: str) -> None:
        note(f"listening on {url}; use it with: export STORAGE_EMULATOR_HOST={url}")

    serve_until_stopped(port, directory, ready)

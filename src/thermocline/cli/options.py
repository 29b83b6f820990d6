"""Options that several commands share, so that they are spelt and explained once."""

from pathlib import Path
from typing import Annotated

import typer

CatalogueOption = Annotated[
    Path, typer.Option("--catalogue", help="The catalogue, one DuckDB file.", envvar="THERMOCLINE_CATALOGUE")
]
DEFAULT_CATALOGUE = Path("catalogue.duckdb")
BucketOption = Annotated[str | None, typer.Option("--bucket", help="The bucket to look at.", metavar="NAME")]
EnvOption = Annotated[str | None, typer.Option("--env", help="What {env} stands for: dev, stg, prod …", metavar="NAME")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="The day to judge from; default: the end of the log coverage.", metavar="DATE"),
]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Where to write.", metavar="FILE")]
JsonOption = Annotated[bool, typer.Option("--json", help="Data for scripts instead of a table.")]
SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", help="Settings; default: thermocline.toml here, if there is one.", metavar="FILE"),
]

"""What a team's code says about the bucket, read from its source without running it.

The way of a scan (`scan.py`): the files of a checkout (`checkout.py`) become one `Program`. Each way into the code
(a DAG, a script, a script that a command starts) is a `Machine`: a symbolic process that executes syntax trees
(`statements.py`, `expressions.py`) on `values.py`, whose strings remember where each part was written (`text.py`).
A call of a library meets the sink table (`touches.py`, `data/sinks.toml`); a command line is read as a shell would
(`shell.py`, `commands.py`) and starts other scripts, which read their words as argparse, click, typer or fire would
(`commandline.py`). Files that are not Python are read for addresses (`literals.py`, `sql.py`).
"""

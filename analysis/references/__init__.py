"""What a team's code says about the bucket, read from its source without running it.

The way of a scan (`scan.py`): the files of a checkout (`checkout.py`) become one `Program`. Each way into the code
(a DAG, a script, a script that a command starts) is a `Machine`: a symbolic process that executes syntax trees
(`python/statements.py`, `python/expressions.py`) on `python/values.py`, whose strings remember where each part was
written (`text.py`). A call of a library meets the sink table (`python/touches.py`, `data/sinks.toml`); a command line
is read as a shell would (`shells/`) and starts other scripts, which read their words as argparse, click, typer or fire
would (`python/commandline.py`). JavaScript is executed likewise (`ecmascript/`). Every other file is read for addresses
and for what it says of them (`formats/literals.py` hands each to its reader). `patch/` rewrites what a scan found.
"""

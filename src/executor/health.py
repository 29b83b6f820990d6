"""Is this journal sound? Used by `thermocline doctor`; reads only."""

import sqlite3
from contextlib import closing
from pathlib import Path

from analysis.findings import Finding
from executor.errors import ExecutorError
from executor.journal import Journal, query
from executor.states import MoveState

KEEP = "leave file and buckets as they are; `thermocline execute` with a new --journal compares everything again"


def examine_journal(path: Path) -> list[Finding]:
    """Everything wrong with a journal; an empty list means sound. Never raises for a damaged file."""
    file = str(path)
    try:
        Journal.read(path).close()
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return [Finding(file, problem, KEEP) for problem in _problems(database)]
    except ExecutorError as error:
        return [Finding(file, error.message, error.hint)]
    except sqlite3.DatabaseError as error:
        return [Finding(file, f"SQLite cannot read it: {error}", KEEP)]


def _problems(database: sqlite3.Connection) -> list[str]:
    damaged = [text for (text,) in database.execute("PRAGMA integrity_check") if text != "ok"]
    if damaged:
        return [f"SQLite finds it damaged: {damaged[0]}"]
    states = {state.value for state in MoveState}
    found = [
        f"the move {use_case} is in a state that this release does not know: {state}"
        for use_case, state in database.execute("SELECT use_case, state FROM move ORDER BY move_id")
        if state not in states
    ]
    found += [f"{rows} {problem}" for problem, rows in database.execute(query("health")) if rows]
    return found

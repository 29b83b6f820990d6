"""Is this catalogue sound? Used by `thermocline doctor`; reads only."""

from pathlib import Path

import duckdb

from analysis.catalogue import Catalogue, load_sql
from analysis.errors import AnalysisError
from analysis.findings import Finding

AGAIN = "read the evidence into a new catalogue; the inputs are untouched"


def examine_catalogue(path: Path) -> list[Finding]:
    """Everything wrong with a catalogue; an empty list means sound. Never raises for a damaged file."""
    try:
        with Catalogue.open(path) as catalogue:
            return _examine(catalogue)
    except AnalysisError as error:
        return [Finding(str(path), error.message, error.hint)]
    except duckdb.Error as error:
        return [Finding(str(path), f"DuckDB cannot read it: {str(error).splitlines()[0]}", AGAIN)]


def _examine(catalogue: Catalogue) -> list[Finding]:
    file = str(catalogue.path)
    query = catalogue.connection.execute
    found: list[Finding] = []
    # Reading every column of every table is what notices a damaged block.
    for (table,) in query("SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1").fetchall():
        query(f'SELECT count(*), sum(hash(t)::HUGEINT) FROM "{table}" AS t').fetchall()  # noqa: S608 - names from DuckDB itself
    for uri, lines, accounted in query(load_sql("health/ledger.sql")).fetchall():
        found.append(Finding(file, f"{uri} has {lines} lines of which {accounted} are accounted for", AGAIN))
    for what, rows in query(load_sql("health/orphans.sql")).fetchall():
        if rows:
            found.append(Finding(file, f"{rows} {what}", "run `thermocline analyze` again"))
    for bucket, objects, in_folders in query(load_sql("health/inventory.sql")).fetchall():
        problem = f"the inventory of {bucket} has {objects} objects, its folders add up to {in_folders}"
        found.append(Finding(file, problem, "ingest that inventory again"))
    return found

"""How much memory DuckDB may take while evidence is read: the same on every machine, however large the input."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def bounded_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep to a few hundred megabytes inside; what does not fit is spilled beside the catalogue."""
    connection.execute("SET memory_limit = '300MB'")
    try:
        yield
    finally:
        connection.execute("RESET memory_limit")

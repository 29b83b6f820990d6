"""Rows of the catalogue as typed values: one query file, one NamedTuple."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = TypeVar("Row", bound=NamedTuple)


@cache
def query(name: str) -> str:
    """The text of a query in `reporting/sql`, without its ending."""
    return files("thermocline.reporting").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def fetch(connection: "DuckDBPyConnection", name: str, shape: type[Row], parameters: Mapping[str, Any]) -> list[Row]:
    """Run a query and give its rows the `shape`, whose fields are the query's columns in order."""
    cursor = connection.execute(query(name), dict(parameters))
    columns = tuple(column[0] for column in cursor.description or ())
    if columns != shape._fields:
        raise AssertionError(f"{name}.sql gives {columns}, {shape.__name__} wants {shape._fields}")
    return [shape(*row) for row in cursor.fetchall()]

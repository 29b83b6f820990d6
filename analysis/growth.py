"""How a place grew, and what came and went in it, from one inventory to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from analysis.catalogue import Catalogue, load_sql


@dataclass(frozen=True)
class Growth:
    """One inventory of a place against the one before; `compared` is False where nobody looked object by object."""

    previous_date: date
    snapshot_date: date
    objects_before: int
    objects_after: int
    bytes_before: int
    bytes_after: int
    compared: bool
    new_objects: int
    new_bytes: int
    gone_objects: int
    gone_bytes: int
    rewritten_objects: int
    rewritten_bytes: int


def growth_of(catalogue: Catalogue, bucket: str, prefix: str, excludes: Sequence[str] = ()) -> list[Growth]:
    """Every step between two inventories below `prefix` (empty: the root alone), oldest first."""
    parameters = {"bucket": bucket, "prefix": prefix, "excludes": list(excludes)}
    return [Growth(*row) for row in catalogue.connection.execute(load_sql("growth.sql"), parameters).fetchall()]

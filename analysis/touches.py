"""Who still uses a place: the question that a migration asks of fresh logs before it deletes anything."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from analysis.catalogue import Catalogue, load_sql


@dataclass(frozen=True, slots=True)
class Touch:
    """One identity's use of a place. `kind` is consumer, maintenance (scanners) or ourselves; times are UTC."""

    principal: str
    agent: str
    job: str
    op: str
    kind: str
    events: int
    first_at: datetime
    last_at: datetime
    example_folder: str
    code: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Touches:
    """Every use of a place since a day, and the days on which reads would have been seen at all."""

    touches: tuple[Touch, ...]
    covered: tuple[date, ...]
    code: tuple[str, ...]


def touches_since(catalogue: Catalogue, bucket: str, prefixes: tuple[str, ...], since: date) -> Touches:
    """Uses of the folders `prefixes` (closing slash; '' is the whole bucket) of a bucket on `since` and later.

    Lists and denied calls are left out; a look at an object that is not there any more counts as a use.
    """
    connection = catalogue.connection
    place = {"bucket": bucket, "prefixes": list(prefixes)}
    rows = connection.execute(load_sql("touches/touches.sql"), {**place, "since": since}).fetchall()
    days = connection.execute(load_sql("touches/covered_days.sql"), {"bucket": bucket, "since": since}).fetchall()
    sites = connection.execute(load_sql("touches/code_sites.sql"), place).fetchall()
    return Touches(
        touches=tuple(
            Touch(*(*row[:6], row[6].replace(tzinfo=UTC), row[7].replace(tzinfo=UTC), row[8], tuple(row[9])))
            for row in rows
        ),
        covered=tuple(row[0] for row in days),
        code=tuple(row[0] for row in sites),
    )

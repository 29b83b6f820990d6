"""Runs the set-based part, in SQL: from access rows and inventory to a few rows per subfolder.

The temporary tables that the queries build and need are described in `sql/classify/*.sql`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from analysis.catalogue import load_sql
from analysis.classify.boundaries import Boundary, Child, find_boundaries
from analysis.classify.coverage import Coverage
from analysis.classify.facts import HORIZON_DAYS, Consumer
from analysis.classify.identities import BucketTotals, Identity, home_projects, is_scanner, kind_by_name
from analysis.classify.thresholds import SubfolderLimits
from analysis.settings import Settings

# Folders are kept to this many segments by the evidence tables.
DEEPEST = 6


@dataclass(frozen=True)
class Scope:
    """What is looked at: one bucket, up to one day, with one inventory."""

    bucket: str
    as_of: date
    inventory_date: date | None
    coverage: Coverage
    project: str | None
    envs: tuple[str, ...]

    @property
    def from_day(self) -> date:
        """First day that is looked at."""
        return self.as_of - timedelta(days=HORIZON_DAYS - 1)


def run(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of the query `sql/classify/<name>.sql`; a file may hold several statements, the last one answers."""
    rows: list[tuple[Any, ...]] = []
    for statement in connection.extract_statements(load_sql(f"classify/{name}.sql")):
        wanted = {key: parameters[key] for key in statement.named_parameters}
        rows = connection.execute(statement, wanted).fetchall()
    return rows


def build_leaves(connection: duckdb.DuckDBPyConnection, scope: Scope, settings: Settings) -> None:
    """Fold all folders; leaves are as deep as any boundary may lie."""
    deepest = max([settings.subfolders.maximum_depth, *(f"{o.name}/".count("/") for o in settings.subfolder)])
    run(connection, "fold_macro")
    run(
        connection,
        "known_folder",
        bucket=scope.bucket,
        from_day=scope.from_day,
        to_day=scope.as_of,
        snapshot=scope.inventory_date,
        envs=list(scope.envs),
        depth=min(deepest, DEEPEST),
    )
    run(connection, "leaf")


def build_consumers(connection: duckdb.DuckDBPyConnection, scope: Scope, settings: Settings) -> dict[int, Consumer]:
    """Tell who is who; leaves the tables `caller` (raw identity → consumer) and `known_consumer` behind."""
    rows = run(connection, "identity", bucket=scope.bucket, from_day=scope.from_day, to_day=scope.as_of)
    identities = [Identity(*row) for row in rows]
    tops, objects = run(connection, "bucket_totals")[0]
    consumers, numbers = tell_apart(identities, BucketTotals(tops, objects), scope.project, settings)
    callers = [{"identity_id": i.identity_id, "consumer_id": numbers[i.key]} for i in identities]
    kinds = [{"consumer_id": c.consumer_id, "kind": c.kind} for c in consumers.values()]
    run(connection, "consumer", callers=json.dumps(callers), consumers=json.dumps(kinds))
    return consumers


def tell_apart(
    identities: Iterable[Identity], totals: BucketTotals, bucket_project: str | None, settings: Settings
) -> tuple[dict[int, Consumer], dict[tuple[str, str, str, str, str], int]]:
    """Consumers by number, and the number of each identity key. Scanners are found per principal and client."""
    home = home_projects(settings.projects, bucket_project)
    by_client: dict[tuple[str, str], list[Identity]] = defaultdict(list)
    for identity in identities:
        by_client[identity.principal, identity.agent].append(identity)
    consumers: dict[int, Consumer] = {}
    numbers: dict[tuple[str, str, str, str, str], int] = {}
    for (principal, agent), members in sorted(by_client.items()):
        scanning = is_scanner(
            reads=sum(i.reads for i in members),
            objects=sum(i.objects for i in members),
            tops=max(i.tops for i in members),
            writes=sum(i.writes for i in members),
            totals=totals,
            thresholds=settings.thresholds,
        )
        for key in sorted({i.key for i in members}):
            number = len(consumers) + 1
            kind = kind_by_name(principal, key[1], agent, home, settings.consumers)
            scanner = scanning and kind in {"service", "external"} and bool(principal)
            consumers[number] = Consumer(number, "maintenance" if scanner else kind, *key, scanner=scanner)
            numbers[key] = number
    return consumers, numbers


def build_uses(connection: duckdb.DuckDBPyConnection, scope: Scope, settings: Settings) -> None:
    """Roll the access rows up to leaves, and the leaves up the tree."""
    has_usage = bool(run(connection, "has_usage", bucket=scope.bucket)[0][0])
    run(
        connection,
        "use_leaf",
        bucket=scope.bucket,
        from_day=scope.from_day,
        as_of=scope.as_of,
        poll_repeats=settings.thresholds.poll_repeats,
        poll_repeats_sole_object=settings.thresholds.poll_repeats_sole_object,
        has_usage=has_usage,
    )
    run(connection, "node")


def draw_boundaries(connection: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[Boundary, ...]:
    """Find the subfolders and leave the table `subfolder_key` behind."""
    limits = settings.subfolders
    tops = [row[0] for row in run(connection, "tops", most=limits.maximum_tops, minimum_share=limits.minimum_top_share)]
    boundaries = find_boundaries(
        tops,
        dict(run(connection, "chain")),
        read_children(connection, limits, settings.thresholds.warm_read_days_30),
        settings.subfolder,
        limits,
        settings.thresholds,
    )
    run(connection, "subfolder_leaf", boundaries=json.dumps([boundary.path for boundary in boundaries]))
    return boundaries


def read_children(
    connection: duckdb.DuckDBPyConnection, limits: SubfolderLimits, warm: int
) -> dict[str, Sequence[Child]]:
    """Weighty children of the folders whose children differ."""
    rows = run(
        connection, "children", minimum_share=limits.minimum_share, minimum_bytes=limits.minimum_bytes, warm=warm
    )
    children: dict[str, list[Child]] = defaultdict(list)
    for parent, path, objects, size, read_days, consumers in rows:
        children[parent].append(Child(path, objects, size, read_days, frozenset(consumers)))
    return dict(children)

"""Runs the set-based part, in SQL: from access rows and inventory to a few rows per subfolder.

The temporary tables that the queries build and need are described in `sql/classify/*.sql`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import duckdb
import msgspec

from analysis.catalogue import load_sql
from analysis.classify.boundaries import Boundary, Child, common_depth, find_boundaries, parents_of
from analysis.classify.coverage import Coverage
from analysis.classify.facts import HORIZON_DAYS, Consumer
from analysis.classify.identities import home_projects, kind_by_name
from analysis.classify.scanners import Breadth, Ground, Rounds, judge_breadth
from analysis.classify.thresholds import SubfolderLimits, Thresholds
from analysis.settings import Settings

# Folders are kept to this many segments by the evidence tables.
DEEPEST = 6
Client = tuple[str, str]  # principal and agent
# Access rows rolled up in one go: some 300 MiB of working memory.
ROWS_PER_PART = 3_000_000


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


def deepest_boundary(connection: duckdb.DuckDBPyConnection, scope: Scope, settings: Settings) -> int:
    """Segments down to which a boundary may lie: the maximum depth below what all folders have in common."""
    first, last = run(
        connection,
        "common_prefix",
        bucket=scope.bucket,
        snapshot=scope.inventory_date,
        from_day=scope.from_day,
        to_day=scope.as_of,
    )[0]
    return min(settings.subfolders.maximum_depth + common_depth(first, last), DEEPEST)


def build_leaves(connection: duckdb.DuckDBPyConnection, scope: Scope, settings: Settings) -> None:
    """Fold all folders; leaves are as deep as any boundary may lie."""
    deepest = max(
        [deepest_boundary(connection, scope, settings), *(f"{o.name}/".count("/") for o in settings.subfolder)]
    )
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
    run(
        connection,
        "place",
        bucket=scope.bucket,
        snapshot=scope.inventory_date,
        first=scope.coverage.first,
        least=settings.thresholds.scanner_minimum_folders,
    )


def number_consumers(connection: duckdb.DuckDBPyConnection, scope: Scope) -> dict[tuple[str, ...], int]:
    """A number for each consumer key (principal, delegation, key, client, folded job); leaves `caller` behind."""
    rows = run(connection, "identity", bucket=scope.bucket, from_day=scope.from_day, to_day=scope.as_of)
    numbers = {key: number for number, key in enumerate(sorted({row[1:] for row in rows}), start=1)}
    callers = [{"identity_id": identity, "consumer_id": numbers[tuple(key)]} for identity, *key in rows]
    run(connection, "caller", callers=json.dumps(callers))
    return numbers


def build_uses(connection: duckdb.DuckDBPyConnection, scope: Scope, settings: Settings) -> None:
    """Roll the access rows up to leaves, one part of the folders at a time so that memory stays bounded."""
    window = {"bucket": scope.bucket, "from_day": scope.from_day, "as_of": scope.as_of}
    rows, has_usage = run(connection, "call_count", **window)[0]
    parts = 1 + rows // ROWS_PER_PART
    run(connection, "use_table")
    for part in range(parts):
        run(
            connection,
            "use_leaf",
            **window,
            poll_repeats=settings.thresholds.poll_repeats,
            poll_repeats_sole_object=settings.thresholds.poll_repeats_sole_object,
            poll_minutes=settings.thresholds.poll_minutes,
            has_usage=has_usage,
            parts=parts,
            part=part,
        )


def judge_consumers(
    connection: duckdb.DuckDBPyConnection, scope: Scope, settings: Settings, numbers: Mapping[tuple[str, ...], int]
) -> dict[int, Consumer]:
    """Tell what kind each consumer is, by name and by habits; leaves the table `known_consumer` behind."""
    rounds: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for consumer_id, *row in run(connection, "habits"):
        rounds[consumer_id].append(tuple(row))
    places = frozenset(row[0] for row in run(connection, "held_places"))
    ground = Ground(
        held=dict(run(connection, "old_places")),
        places=places,
        written=frozenset(place for rows in rounds.values() for place, _, _, writes in rows if writes),
        at_the_top=not any("/" in place for place in places),
    )
    consumers = tell_apart(numbers, rounds, ground, scope.project, settings)
    kinds = [{"consumer_id": one.consumer_id, "kind": one.kind, "suspect": one.suspect} for one in consumers.values()]
    run(connection, "consumer", consumers=json.dumps(kinds))
    return consumers


def tell_apart(
    numbers: Mapping[tuple[str, ...], int],
    rounds: Mapping[int, Sequence[tuple[Any, ...]]],
    ground: Ground,
    bucket_project: str | None,
    settings: Settings,
) -> dict[int, Consumer]:
    """Consumers by number. Scanners are found per principal and client, over all their jobs.

    `rounds` are rows of habits.sql (place, reads, old reads, writes) by consumer.
    """
    home = home_projects(settings.projects, bucket_project)
    by_client: dict[Client, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for key, number in numbers.items():
        by_client[key[0], key[3]].append((key, number))
    kinds = {
        number: kind_by_name(principal, delegation, agent, home, settings.consumers)
        for (principal, delegation, _, agent, _), number in numbers.items()
    }
    programs: dict[str, set[Client]] = defaultdict(set)
    reading: dict[Client, set[str]] = defaultdict(set)
    for (principal, _, _, agent, _), number in numbers.items():
        if kinds[number] in {"service", "external"} and principal:
            for place, reads, *_ in rounds.get(number, ()):
                programs[place].add((principal, agent))
                if reads:
                    reading[principal, agent].add(place)
    consumers: dict[int, Consumer] = {}
    for client, members in by_client.items():
        rows = [row for _, number in members for row in rounds.get(number, ())]
        breadth = judge_breadth(_add_up(rows, client, programs, reading), ground, settings.thresholds)
        for key, number in members:
            told: Breadth = breadth if kinds[number] in {"service", "external"} and client[0] else "user"
            principal, delegation, key_name, agent, job = key
            consumers[number] = Consumer(
                number,
                "maintenance" if told == "scanner" else kinds[number],
                principal,
                delegation,
                key_name,
                agent,
                job,
                scanner=told == "scanner",
                suspect=told == "perhaps",
            )
    return consumers


def _add_up(
    rows: Sequence[tuple[Any, ...]],
    client: Client,
    programs: Mapping[str, set[Client]],
    reading: Mapping[Client, set[str]],
) -> Rounds:
    old: dict[str, int] = defaultdict(int)
    for place, _, old_reads, _ in rows:
        old[place] += old_reads
    return Rounds(
        old_reads=old,
        read_places={place for place, reads, _, _ in rows if reads},
        reads=sum(reads for _, reads, _, _ in rows),
        written_places={place for place, _, _, writes in rows if writes},
        writes=sum(writes for *_, writes in rows),
        among_others=len({frozenset(programs[place] - {client}) for place, reads, _, _ in rows if reads}) > 1,
        among_strangers=_strangers([places for other, places in reading.items() if other != client]),
    )


def _strangers(reaches: Sequence[set[str]]) -> bool:
    """Whether two of them have no place in common."""
    return any(one.isdisjoint(other) for one, other in combinations(reaches, 2))


def draw_boundaries(connection: duckdb.DuckDBPyConnection, scope: Scope, settings: Settings) -> tuple[Boundary, ...]:
    """Find the subfolders and leave the table `subfolder_key` behind."""
    run(connection, "node")
    maximum_depth = deepest_boundary(connection, scope, settings)
    limits = msgspec.structs.replace(settings.subfolders, maximum_depth=maximum_depth)
    before = frozenset(row[0] for row in run(connection, "known_boundaries", bucket=scope.bucket, as_of=scope.as_of))
    tops = [row[0] for row in run(connection, "tops", most=limits.maximum_tops, minimum_share=limits.minimum_top_share)]
    boundaries = find_boundaries(
        tops,
        dict(run(connection, "chain")),
        read_children(connection, limits, settings.thresholds, parents_of(before)),
        settings.subfolder,
        limits,
        settings.thresholds,
        before,
    )
    places = [{"path": boundary.path, "prefix": boundary.prefix} for boundary in boundaries]
    run(connection, "subfolder_leaf", boundaries=json.dumps(places))
    return boundaries


def read_children(
    connection: duckdb.DuckDBPyConnection, limits: SubfolderLimits, thresholds: Thresholds, divided: frozenset[str]
) -> dict[str, Sequence[Child]]:
    """Weighty children of the folders whose children differ, or were told apart before."""
    rows = run(
        connection,
        "children",
        minimum_share=limits.minimum_share,
        minimum_bytes=limits.minimum_bytes,
        warm=thresholds.warm_read_days_30,
        regular=thresholds.warm_read_days_30,
        divided=sorted(divided),
    )
    children: dict[str, list[Child]] = defaultdict(list)
    for parent, path, objects, size, read_days, consumers, regulars in rows:
        child = Child(path, objects, size, read_days, frozenset(consumers), frozenset(regulars))
        children[parent].append(child)
    return dict(children)

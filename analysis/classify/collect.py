"""Gathers the facts of every subfolder from the rolled-up tables."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import duckdb

from analysis.classify.boundaries import Boundary
from analysis.classify.code import CodeMap, map_code
from analysis.classify.facts import Consumer, Copy, Facts, Use, days_from_bits
from analysis.classify.rollup import Scope, run
from analysis.classify.thresholds import Thresholds
from analysis.classify.untangle import times_of_day
from analysis.model import ChildFolder, ClassAge, CodeSite

Rows = dict[str, list[tuple[Any, ...]]]


def collect_facts(
    connection: duckdb.DuckDBPyConnection,
    scope: Scope,
    thresholds: Thresholds,
    consumers: Mapping[int, Consumer],
    boundaries: Sequence[Boundary],
) -> tuple[list[Facts], CodeMap]:
    """Facts of each subfolder that holds objects or is in use, sorted by prefix, and how the code maps onto them."""
    places = {
        "bucket": scope.bucket,
        "as_of": scope.as_of,
        "from_day": scope.from_day,
        "snapshot": scope.inventory_date,
        "poll_repeats": thresholds.poll_repeats,
        "poll_repeats_sole_object": thresholds.poll_repeats_sole_object,
        "poll_minutes": thresholds.poll_minutes,
    }
    covered = sorted(scope.coverage.write_days)
    sizes = {row[0]: row[1:] for row in run(connection, "facts_inventory", **places)}
    templates = {row[0]: row[1:] for row in run(connection, "facts_template")}
    created = dict(run(connection, "facts_created", **places, covered=covered)) if covered else {}
    by_prefix: dict[str, Rows] = {
        name: _group(run(connection, f"facts_{name}", **places))
        for name in ("child", "class_age", "use", "copy", "partition_reads", "partition_bytes", "week")
    }
    uses = {
        prefix: tuple(Use(consumers[row[0]], row[1], days_from_bits(row[2]), *row[3:]) for row in rows)
        for prefix, rows in by_prefix["use"].items()
    }
    reasons = {boundary.prefix: (boundary.rule, boundary.sentence) for boundary in boundaries}
    known = sorted(sizes.keys() | uses.keys() | {boundary.prefix for boundary in boundaries})
    prefixes = [p for p in known if _worth_showing(p, sizes, uses.get(p, ()), scope)]
    code = map_code(_code_sites(connection, scope), prefixes)
    tangled = [
        prefix
        for prefix in prefixes
        if len(_jobs(code.sites.get(prefix, ()))) > 1 or any(_at_several_times(use) for use in uses.get(prefix, ()))
    ]
    by_folder = _group(run(connection, "facts_use_by_leaf", prefixes=tangled)) if tangled else {}
    shared, other_hours = _shared_identities(uses, prefixes)
    arrivals = _arrivals(by_prefix["copy"], scope.bucket, prefixes)
    facts = []
    for prefix in prefixes:
        objects, size, small, created_min, created_max, dated = sizes.get(prefix, (0, 0, 0, None, None, 0))
        template, folders = templates.get(prefix, (prefix, 0))
        sites = tuple(code.sites.get(prefix, ()))
        facts.append(
            Facts(
                prefix=prefix,
                coverage=scope.coverage,
                inventory_date=scope.inventory_date,
                template=template,
                folders=folders,
                objects=objects,
                bytes=size,
                small_objects=small,
                dated_bytes=dated,
                created_min=created_min,
                created_max=created_max,
                class_ages=tuple(ClassAge(*row) for row in by_prefix["class_age"].get(prefix, ())),
                children=tuple(ChildFolder(*row) for row in by_prefix["child"].get(prefix, ())),
                uses=uses.get(prefix, ()),
                uses_by_folder=tuple(
                    (row[0], Use(consumers[row[1]], row[2], days_from_bits(row[3]), *row[4:]))
                    for row in by_folder.get(prefix, ())
                ),
                copies=tuple(Copy(consumers[row[1]], row[0], *row[2:]) for row in by_prefix["copy"].get(prefix, ())),
                partition_reads=tuple(
                    (age, days_from_bits(bits)) for age, bits in by_prefix["partition_reads"].get(prefix, ())
                ),
                partition_bytes=tuple((age, held) for age, held in by_prefix["partition_bytes"].get(prefix, ())),
                created_while_logged=created.get(prefix, 0),
                weeks=tuple((ago, reads, writes) for ago, reads, writes in by_prefix["week"].get(prefix, ())),
                code=sites,
                spans=tuple(code.spans.get(prefix, ())),
                elsewhere=code.elsewhere(prefix),
                shared_identities=_untold(shared.get(prefix, ()), sites),
                other_hours=_untold(other_hours.get(prefix, ()), sites),
                copied_from=arrivals.get(prefix, ()),
                formats=_formats(connection, scope, prefix),
                excludes=tuple(other for other in prefixes if other != prefix and other.startswith(prefix)),
                boundary=reasons.get(prefix) or _rest(folders),
            )
        )
    return facts, code


def _rest(folders: int) -> tuple[str, str]:
    """Rule and sentence of the root: whatever no other subfolder holds."""
    if folders > 1:
        names = "whose names vary or that are too small to stand alone"
        return "root", f"objects outside every other subfolder, among them those of {folders} folders {names}"
    return "root", "objects outside every other subfolder"


def _group(rows: list[tuple[Any, ...]]) -> Rows:
    grouped: Rows = defaultdict(list)
    for row in rows:
        grouped[row[0]].append(row[1:])
    return grouped


def _worth_showing(prefix: str, sizes: Mapping[str, Any], uses: Sequence[Use], scope: Scope) -> bool:
    """Folders that are gone from the inventory are shown only while somebody still uses them."""
    if prefix in sizes:
        objects, size, *_ = sizes[prefix]
        # Zero-byte markers left behind at the root of a folder are no subfolder.
        return bool(size) or bool(uses) or objects == 0 or prefix != ""
    active = [use for use in uses if use.consumer.counts and use.role in {"read", "write", "delete"}]
    if scope.inventory_date is None:
        return bool(active)
    return any(use.last_at.date() > scope.as_of - timedelta(days=30) for use in active)


def _code_sites(connection: duckdb.DuckDBPyConnection, scope: Scope) -> list[CodeSite]:
    rows = run(connection, "code_sites", bucket=scope.bucket)
    return [
        CodeSite(file, line, role, prefix, kind, via, workload)
        for prefix, role, file, line, kind, via, workload, *_ in rows
    ]


def _jobs(sites: Sequence[CodeSite]) -> set[str]:
    return {site.workload for site in sites if site.kind == "code" and site.workload}


def _at_several_times(use: Use) -> bool:
    return use.consumer.is_program and use.role in {"read", "write"} and times_of_day(use.hours) > 1


Shared = dict[str, list[tuple[Consumer, tuple[str, ...]]]]


def _shared_identities(uses: Mapping[str, Sequence[Use]], prefixes: Sequence[str]) -> tuple[Shared, Shared]:
    """By subfolder, the programs that also work in others: at the same hours, and only at other hours."""
    hours: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    programs: dict[int, Consumer] = {}
    for prefix in prefixes:
        for use in uses.get(prefix, ()):
            if use.consumer.is_program and use.role in {"read", "write"}:
                hours[use.consumer.consumer_id][prefix] |= use.hours
                programs[use.consumer.consumer_id] = use.consumer
    same: Shared = defaultdict(list)
    others: Shared = defaultdict(list)
    for number, places in sorted(hours.items()):
        for prefix, here in places.items():
            meeting = {other for other, there in places.items() if other != prefix and here & there}
            apart = places.keys() - meeting - {prefix}
            for found, among in ((same, meeting), (others, apart)):
                if among:
                    names = tuple(sorted(other.removesuffix("/") for other in among))
                    found[prefix].append((programs[number], names))
    return same, others


def _untold(
    shared: Sequence[tuple[Consumer, tuple[str, ...]]], sites: Sequence[CodeSite]
) -> tuple[tuple[Consumer, tuple[str, ...]], ...]:
    """Shared identities that neither a job name nor a line of code tells apart here."""
    told = any(site.kind == "code" and site.workload and site.role in {"read", "write"} for site in sites)
    return tuple((consumer, places) for consumer, places in shared if not consumer.job and not told)


def _arrivals(copies: Rows, bucket: str, prefixes: Sequence[str]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Copies between subfolders of this bucket, by where they arrive."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for source, rows in copies.items():
        for copied_to, _consumer, days, *_ in rows:
            inside = copied_to.removeprefix(f"{bucket}/")
            if inside == copied_to:
                continue
            target = max((p for p in prefixes if p and f"{inside.rstrip('/')}/".startswith(p)), key=len, default=None)
            if target is not None and target != source:
                name = source.removesuffix("/")
                found[target][name] = max(found[target].get(name, 0), days)
    return {target: tuple(sorted(origins.items())) for target, origins in found.items()}


def _formats(connection: duckdb.DuckDBPyConnection, scope: Scope, prefix: str) -> Callable[[], dict[str, int]]:
    def count() -> dict[str, int]:
        rows = run(
            connection,
            "facts_format",
            bucket=scope.bucket,
            snapshot=scope.inventory_date,
            prefix=prefix,
            # The last of all characters: every name that begins with the prefix sorts before it.
            prefix_end=f"{prefix}\U0010ffff",
        )
        return {extension: objects for extension, objects, _ in rows}

    return count

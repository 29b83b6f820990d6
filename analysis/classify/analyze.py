"""`analyze`: from evidence to a dated snapshot of verdicts."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import msgspec

from analysis.catalogue import Catalogue
from analysis.classify.code import CodeMap
from analysis.classify.collect import collect_facts
from analysis.classify.contradictions import find_contradictions
from analysis.classify.coverage import READ_LOGS, WRITE_LOGS, measure_coverage
from analysis.classify.facts import HORIZON_DAYS, Consumer, Facts
from analysis.classify.rollup import (
    Scope,
    build_leaves,
    build_uses,
    draw_boundaries,
    judge_consumers,
    number_consumers,
    run,
)
from analysis.classify.store import save
from analysis.classify.verdicts import judge
from analysis.errors import BadInput
from analysis.model import Analysis, ConsumerUse, Contradiction
from analysis.references.stored import code_contradictions
from analysis.settings import Settings


def analyze(
    catalogue: Catalogue, bucket: str, settings: Settings, as_of: date | None = None, env: str | None = None
) -> int:
    """Classify every subfolder of a bucket and keep the verdicts as a snapshot; returns the snapshot's number.

    `as_of` is the day to judge from; by default the last day of the log coverage, or of the inventory without logs.
    Raises BadInput if the catalogue knows nothing of the bucket.
    """
    return keep(catalogue, gather(catalogue.connection, bucket, settings, as_of, env), settings)


def keep(catalogue: Catalogue, found: "Gathered", settings: Settings) -> int:
    """Judge what was gathered and keep it as a snapshot; returns the snapshot's number."""
    connection, scope, facts = catalogue.connection, found.scope, found.facts
    subfolders = tuple(judge(one, settings) for one in facts)
    location, project = run(connection, "bucket_info", bucket=scope.bucket)[0]
    with catalogue.transaction():
        number = connection.execute("SELECT coalesce(max(snapshot_id), 0) + 1 FROM snapshot").fetchall()[0][0]
        analysis = Analysis(
            snapshot_id=number,
            bucket=scope.bucket,
            location=location,
            project=project,
            as_of=scope.as_of,
            coverage_days=scope.coverage.days,
            coverage_from=scope.coverage.first,
            coverage_to=scope.coverage.last,
            evidence_digest=digest(scope, facts),
            subfolders=subfolders,
            contradictions=_contradictions(connection, scope, facts, found.code, settings),
            listers=find_listers(connection, scope, found.consumers),
        )
        save(connection, analysis, facts, msgspec.to_builtins(settings))
    run(connection, "drop_tables")
    return int(number)


def _contradictions(
    connection: duckdb.DuckDBPyConnection, scope: Scope, facts: Sequence[Facts], code: CodeMap, settings: Settings
) -> tuple[Contradiction, ...]:
    """What verdicts show and what code alone shows, each place once."""
    judged = find_contradictions(facts, code, settings.thresholds)
    described = {(one.subfolder, one.evidence) for one in judged if one.kind == "document-only"}
    stored = code_contradictions(connection, scope.bucket, [one.name for one in facts])
    fresh = [
        one
        for one in stored
        if one.kind != "document-unknown-to-code" or (one.subfolder, one.evidence) not in described
    ]
    return tuple(sorted((*judged, *fresh), key=lambda one: (one.subfolder, one.kind, one.message)))


@dataclass(frozen=True)
class Gathered:
    """All that the verdicts rest on."""

    scope: Scope
    consumers: Mapping[int, Consumer]
    facts: Sequence[Facts]
    code: CodeMap


def gather(
    connection: duckdb.DuckDBPyConnection, bucket: str, settings: Settings, as_of: date | None, env: str | None
) -> Gathered:
    """Find the subfolders and collect their facts. Raises BadInput if the catalogue knows nothing of the bucket."""
    run(connection, "limit_memory")
    scope = survey(connection, bucket, settings, as_of, env)
    build_leaves(connection, scope, settings)
    numbers = number_consumers(connection, scope)
    build_uses(connection, scope, settings)
    consumers = judge_consumers(connection, scope, settings, numbers)
    boundaries = draw_boundaries(connection, scope, settings)
    facts, code = collect_facts(connection, scope, settings.thresholds, consumers, boundaries)
    return Gathered(scope, consumers, facts, code)


def survey(
    connection: duckdb.DuckDBPyConnection, bucket: str, settings: Settings, as_of: date | None, env: str | None
) -> Scope:
    """What there is to look at."""
    days_by_log: dict[str, list[date]] = defaultdict(list)
    for log, day in run(connection, "coverage_days", bucket=bucket):
        days_by_log[log].append(day)
    inventory = run(connection, "inventory_snapshot", bucket=bucket, as_of=as_of)[0][0]
    logged = [day for log in {*READ_LOGS, *WRITE_LOGS} for day in days_by_log.get(log, ())]
    if as_of is None:
        as_of = max(logged, default=inventory)
        if as_of is None:
            known = [row[0] for row in run(connection, "known_buckets")]
            hint = f"it knows {', '.join(known)}" if known else "ingest logs and an inventory first"
            raise BadInput(f"the catalogue knows nothing of bucket {bucket}", hint)
        inventory = run(connection, "inventory_snapshot", bucket=bucket, as_of=as_of)[0][0]
    horizon = as_of - timedelta(days=HORIZON_DAYS - 1)
    envs = {row[0] for row in run(connection, "envs")} | {name for name in (settings.env, env) if name}
    _, project = run(connection, "bucket_info", bucket=bucket)[0]
    return Scope(
        bucket=bucket,
        as_of=as_of,
        inventory_date=inventory,
        coverage=measure_coverage(days_by_log, as_of, settings.thresholds, horizon),
        project=project,
        # Without any word on environments, a bucket called …-prod most likely repeats `prod` in its folders.
        envs=tuple(sorted(envs)) or (bucket.rsplit("-", 1)[-1],),
    )


def find_listers(
    connection: duckdb.DuckDBPyConnection, scope: Scope, consumers: Mapping[int, Consumer]
) -> tuple[ConsumerUse, ...]:
    """Whoever lists the bucket, the busiest first: a use that names no folder and stays unresolved."""
    rows = run(connection, "listers", bucket=scope.bucket, from_day=scope.from_day, as_of=scope.as_of)
    found = []
    for consumer_id, days, events, first_at, last_at in rows:
        one = consumers[consumer_id]
        found.append(
            ConsumerUse(
                name=one.job or one.principal or "unidentified",
                kind=one.kind,
                principal=one.principal,
                agent=one.agent,
                workload="",
                confidence=0.4 if one.principal else 0.2,
                events=events,
                days=days,
                role="lister",
                first_at=first_at,
                last_at=last_at,
                delegation=one.delegation,
                key_name=one.key_name,
                job=one.job,
            )
        )
    return tuple(sorted(found, key=lambda use: (-use.days, -use.events, use.principal, use.agent)))


def digest(scope: Scope, facts: Sequence[Facts]) -> str:
    """A short digest of what the verdicts rest on; equal evidence gives an equal digest, however it was fed in."""
    content = [
        scope.bucket,
        scope.as_of.isoformat(),
        sorted(day.isoformat() for day in scope.coverage.read_days | scope.coverage.write_days),
        [
            [
                one.prefix,
                one.objects,
                one.bytes,
                sorted((*use.consumer.key, use.role, hex(use.day_bits), use.events) for use in one.uses),
                sorted((site.file, site.line, site.role, site.prefix) for site in one.code),
            ]
            for one in facts
        ],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

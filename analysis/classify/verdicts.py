"""From facts to a subfolder's verdicts, in order: heat, pattern, isolation, then what they mean together."""

from collections.abc import Sequence

from analysis.classify.code import Workload, find_workload
from analysis.classify.facts import Facts, Use
from analysis.classify.isolation import Separation, judge_isolation
from analysis.classify.pattern import Situation, judge_pattern
from analysis.classify.temperature import judge_heat
from analysis.classify.untangle import TOLD_BY_CLOCK, tell_jobs_apart, tell_times_apart
from analysis.model import ConsumerUse, Pattern, Role, RuleReason, Subfolder, Temperature
from analysis.settings import Settings

ROLES: dict[str, Role] = {
    "read": "reader",
    "poll": "poller",
    "copy": "copier",
    "write": "writer",
    "update": "updater",
    "delete": "deleter",
}
# A job named by its own audit header needs no second look.
CERTAIN = 0.9
TOLD_BY_HABIT = 0.7
STAYS: dict[Pattern, str] = {
    "report archive": "set a retention rule first, then reconsider",
    "bidirectional sync": "defer: two systems exchange data here",
    "transient staging": "defer: data stays for days only, little to gain",
}
ARCHIVES = frozenset({"manual archive", "legacy archive", "archival system"})


def judge(facts: Facts, settings: Settings) -> Subfolder:
    """All verdicts on one subfolder."""
    thresholds = settings.thresholds
    heat = judge_heat(facts, thresholds)
    situation = Situation(facts, heat, thresholds)
    pattern, pattern_reason = judge_pattern(situation)
    separation = judge_isolation(facts, heat, pattern == "transient staging", thresholds)
    temperature, confidence = heat.temperature, heat.confidence
    rules = [*heat.reasons, pattern_reason, *separation.reasons]
    for override in settings.subfolder:
        if override.name == facts.name and override.temperature is not None:
            temperature, confidence = override.temperature, 1.0
            rules.insert(0, RuleReason("temperature", "override", f"set to {temperature} in the settings"))
        if override.name == facts.name and override.pattern is not None:
            pattern = override.pattern
            rules.append(RuleReason("pattern", "override", f"set to {pattern} in the settings"))
    flags = heat.flags | separation.flags | _flags(situation, pattern)
    rules.append(RuleReason("boundary", *facts.boundary))
    readers, writers, others = describe_consumers(facts)
    read_bytes = [use.bytes for use in facts.uses if use.role in {"read", "usage"} and use.bytes is not None]
    return Subfolder(
        name=facts.name,
        prefix=facts.prefix,
        template=facts.template or facts.prefix,
        objects=facts.objects,
        bytes=facts.bytes,
        class_ages=facts.class_ages,
        temperature=temperature,
        temperature_confidence=confidence,
        isolation=separation.isolation,
        pattern=pattern,
        assessment=assess(facts, temperature, separation, pattern),
        flags=frozenset(flags),
        reasons=tuple(rule.sentence for rule in rules if rule.verdict != "boundary"),
        isolation_breakers=separation.breakers,
        readers=readers,
        writers=writers,
        last_read_at=max((use.last_at for use in facts.reads), default=None),
        last_write_at=max((use.last_at for use in facts.writes), default=None),
        read_days_30=_days_30(facts.reads),
        write_days_30=_days_30(facts.writes),
        read_events=sum(use.events for use in facts.reads),
        write_events=sum(use.events for use in facts.writes),
        read_bytes=sum(read_bytes) if read_bytes else None,
        coverage_days=facts.coverage.days,
        hot_until_age_days=heat.hot_until_age_days,
        children=facts.children,
        code=facts.code,
        excludes=facts.excludes,
        rules=tuple(rules),
        others=others,
        read_days=facts.read_bits.bit_count(),
        write_days=facts.write_bits.bit_count(),
        small_objects=facts.small_objects,
        created_min=facts.created_min,
        created_max=facts.created_max,
    )


def _days_30(uses: Sequence[Use]) -> int:
    bits = 0
    for use in uses:
        bits |= use.day_bits
    return (bits & ((1 << 30) - 1)).bit_count()


def _flags(s: Situation, pattern: Pattern) -> set[str]:
    facts, thresholds = s.facts, s.thresholds
    rules = {
        "bidirectional-sync": pattern == "bidirectional sync",
        "transient-staging": pattern == "transient staging",
        "retention-first": pattern == "report archive",
        "shared-library": pattern == "shared library",
        "reference-data": pattern in {"reference data", "historical reference"},
        "legacy-writer": pattern == "legacy archive",
        "growing": s.writes_regularly
        and not s.overwritten
        and not facts.select("delete")
        and facts.created_while_logged >= thresholds.growing_share * max(facts.objects, 1),
        "manual-writer": bool(s.people_writing) and not s.programs_writing,
        "single-pipeline": len({u.consumer.principal for u in s.programs_writing + s.programs_reading}) == 1,
        "dated-partitions": 0 < facts.bytes <= 2 * facts.dated_bytes,
        "small-objects": facts.objects >= thresholds.small_objects
        and thresholds.small_object_share * facts.objects <= facts.small_objects,
        "bigquery-reader": any(use.consumer.agent == "bigquery" for use in facts.reads),
        "code-without-traffic": code_without_traffic(facts),
    }
    return {flag for flag, holds in rules.items() if holds}


def code_without_traffic(facts: Facts) -> bool:
    """Code reads or writes here, and no program was seen doing so."""
    for role in ("read", "write"):
        named = any(site.kind == "code" and site.role == role for site in facts.code)
        if named and not facts.select(role, "service", "external"):
            return True
    return False


def describe_consumers(
    facts: Facts,
) -> tuple[tuple[ConsumerUse, ...], tuple[ConsumerUse, ...], tuple[ConsumerUse, ...]]:
    """Readers and writers that count, and everybody else, each the busiest first."""
    readers: list[ConsumerUse] = []
    writers: list[ConsumerUse] = []
    others: list[ConsumerUse] = []
    for use in sorted(facts.uses, key=lambda u: (-u.days, -u.events, u.consumer.key, u.role)):
        if use.role not in ROLES:
            continue
        slot = others
        if use.consumer.counts:
            slot = {"read": readers, "write": writers}.get(use.role, others)
        slot.extend(_describe(facts, use))
    return tuple(readers), tuple(writers), tuple(others)


def _describe(facts: Facts, use: Use) -> list[ConsumerUse]:
    """A use in words; several where one identity stands for several jobs that their places tell apart."""
    if not use.consumer.counts:
        # Whoever looks after the bucket runs none of the jobs that the code of this folder names.
        return [_speak(use, Workload("", TOLD_BY_HABIT if use.consumer.scanner else CERTAIN, ()))]
    role = {"read": "read", "write": "write", "delete": "delete"}.get(use.role, "read")
    workload = find_workload(use.consumer, role, facts.code)
    if use.role in {"read", "write"} and use.consumer.is_program and workload.confidence < CERTAIN:
        same = [(place, u) for place, u in facts.uses_by_folder if (u.consumer, u.role) == (use.consumer, use.role)]
        if told := tell_jobs_apart(same, facts.code):
            return [_speak(one, job) for job, one in told]
        if not workload.name and not use.consumer.job and (by_clock := tell_times_apart(same)):
            who = use.consumer.principal or "unidentified"
            return [_speak(one, Workload("", TOLD_BY_CLOCK, ()), f"{who} at {hours}") for hours, one in by_clock]
    return [_speak(use, workload)]


def _speak(use: Use, workload: Workload, name: str = "") -> ConsumerUse:
    consumer = use.consumer
    name = name or workload.name or consumer.job or consumer.principal or "unidentified"
    return ConsumerUse(
        name=name,
        kind=consumer.kind,
        principal=consumer.principal,
        agent=consumer.agent,
        workload=workload.name,
        confidence=workload.confidence if consumer.principal else 0.2,
        events=use.events,
        days=use.days,
        files=workload.files,
        role=ROLES[use.role],
        first_at=use.first_at,
        last_at=use.last_at,
        objects=use.objects,
        bytes=use.bytes,
        delegation=consumer.delegation,
        key_name=consumer.key_name,
        job=consumer.job,
    )


def assess(facts: Facts, temperature: Temperature, separation: Separation, pattern: Pattern) -> str:
    """One line: what to do with it, from the verdicts together."""
    if not facts.prefix and facts.folders > 1:
        return "stays: its folders have no name in common; [[subfolder]] or maximum_tops in the settings part them"
    if not facts.prefix:
        return "stays: objects at the root have no prefix of their own"
    if temperature == "unknown":
        return "gather evidence first"
    if pattern in STAYS:
        return STAYS[pattern]
    if separation.isolation in {"shared", "unknown"}:
        return "untangle first: others depend on it"
    if temperature == "cold":
        return f"excellent candidate: cold {'and on its own' if pattern in ARCHIVES else 'reference'}"
    if pattern == "shared library":
        return "consider a bucket for shared utilities"
    warm = temperature == "warm"
    return "good candidate: on its own, in use" if warm else "defer to a later phase: hot, little to save"

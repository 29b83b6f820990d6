"""How far a subfolder could leave the bucket without anybody else noticing.

Every rule that finds a tie names who ties and how far down it takes the verdict; the lowest level wins, and a
subfolder without ties is perfectly isolated. Ties through cold use do not count: a job that reads here twice a year
is re-pointed in an afternoon.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.classify.facts import Facts, Use, union
from analysis.classify.phrases import do, listed, who
from analysis.classify.temperature import Heat
from analysis.classify.thresholds import Thresholds
from analysis.model import Isolation, RuleReason, spoken_identity
from analysis.words import plural

LEVELS: tuple[Isolation, ...] = ("perfect", "excellent", "good", "shared")
# A job that works in more places than these ties them together.
FEW_PLACES = 2
SEVERAL_PLACES = 5


@dataclass(frozen=True)
class Tie:
    """Something that binds a subfolder to others: at best `level` is left, and `breaker` is who is to blame."""

    level: Isolation
    rule: str
    sentence: str
    breaker: str


@dataclass(frozen=True)
class Separation:
    """The verdict, its reasons, and who stands in the way of a better one."""

    isolation: Isolation
    reasons: tuple[RuleReason, ...]
    breakers: tuple[str, ...]
    flags: frozenset[str]


def judge_isolation(facts: Facts, heat: Heat, transient: bool, thresholds: Thresholds) -> Separation:
    """Isolation from the consumer graph."""
    if (unknown := _why_unknown(facts, heat)) is not None:
        return Separation("unknown", (RuleReason("isolation", *unknown),), (), frozenset())
    ties = list(_ties(facts, heat, transient, thresholds))
    flags = {"shared-identity"} if any(tie.rule == "shared identity" for tie in ties) else set()
    flags |= {"external-writer"} if facts.select("write", "external") else set()
    flags |= {"external-reader"} if facts.select("read", "external") else set()
    apart = tuple(_told_by_hours(facts, thresholds))
    if not ties:
        sentence = "no job, copy or code found that ties it to another folder"
        return Separation("perfect", (RuleReason("isolation", "no ties", sentence), *apart), (), frozenset(flags))
    level = max((tie.level for tie in ties), key=LEVELS.index)
    reasons = tuple(RuleReason("isolation", tie.rule, tie.sentence) for tie in ties)
    return Separation(level, (*reasons, *apart), tuple(dict.fromkeys(tie.breaker for tie in ties)), frozenset(flags))


def _why_unknown(facts: Facts, heat: Heat) -> tuple[str, str] | None:
    if "low-coverage" in heat.flags:
        return "coverage", "unknown: without complete logs nobody can be ruled out as a user"
    if any(not use.consumer.principal for use in facts.reads):
        return "no identities", "unknown: usage logs show reads but not who reads"
    return None


def _ties(facts: Facts, heat: Heat, transient: bool, thresholds: Thresholds) -> Iterator[Tie]:
    yield from _outsiders(facts)
    yield from _company(facts, heat, transient, thresholds)
    yield from _jobs_elsewhere(facts, thresholds)
    yield from _identities_elsewhere(facts, thresholds)
    yield from _copies(facts, thresholds)
    yield from _wide_code(facts)


def _outsiders(facts: Facts) -> Iterator[Tie]:
    for role in ("write", "read"):
        uses = facts.select(role, "external")
        if uses:
            names = [who(use.consumer) for use in uses]
            days = plural(union(uses).bit_count(), "day")
            sentence = f"from another project, {do(names, role)} here ({days})"
            yield Tie("excellent", "outside party", sentence, listed(names))


def _company(facts: Facts, heat: Heat, transient: bool, thresholds: Thresholds) -> Iterator[Tie]:
    people, programs = facts.select("write", "human"), facts.select("write", "service", "external")
    if people and programs:
        names = [who(use.consumer) for use in people]
        sentence = f"{do(names, 'write')} by hand what jobs write too"
        yield Tie("excellent", "written by hand and by jobs", sentence, listed(names))
    if partners := exchanging(facts, thresholds):
        both = listed(partners)
        yield Tie(
            "good", "two systems", f"{both} each write what the other reads: both must change over together", both
        )
    readers = sorted({use.consumer.principal for use in facts.reads})
    if len(readers) >= thresholds.library_readers and heat.temperature != "cold":
        several = listed([spoken_identity(principal, "") for principal in readers])
        yield Tie("good", "several readers", f"{len(readers)} identities read it: {several}", several)
    if transient:
        sentence = "objects live for days only: whoever still uses the old place in a change-over loses data"
        yield Tie("good", "short-lived objects", sentence, listed([who(use.consumer) for use in programs]))
    viewers = facts.select("read", "human")
    if (
        programs
        and not people
        and heat.temperature == "warm"
        and viewers
        and not facts.select("read", "service", "external")
    ):
        names = [who(use.consumer) for use in viewers]
        sentence = f"{do(names, 'read')} what a job writes, by addresses that people know"
        yield Tie("good", "people rely on it", sentence, listed(names))


def exchanging(facts: Facts, thresholds: Thresholds) -> list[str]:
    """Programs that regularly both write and read here; empty unless there are at least two."""
    regular = thresholds.regular_write_days_30
    writing = _by_principal(facts.select("write", "service", "external"))
    reading = _by_principal(facts.select("read", "service", "external"))
    both = [
        spoken_identity(principal, "")
        for principal in sorted(writing.keys() & reading.keys())
        if union(writing[principal]).bit_count() >= regular and union(reading[principal]).bit_count() >= regular
    ]
    return both if len(both) > 1 else []


def _by_principal(uses: list[Use]) -> dict[str, list[Use]]:
    grouped: dict[str, list[Use]] = {}
    for use in uses:
        grouped.setdefault(use.consumer.principal, []).append(use)
    return grouped


def _active(uses: list[Use], thresholds: Thresholds) -> bool:
    return any(use.days_30 >= thresholds.warm_read_days_30 for use in uses)


def _jobs_elsewhere(facts: Facts, thresholds: Thresholds) -> Iterator[Tie]:
    if not _active(
        facts.select("read", "service", "external") + facts.select("write", "service", "external"), thresholds
    ):
        return
    for workload, places in facts.elsewhere:
        level: Isolation = "excellent"
        if len(places) > FEW_PLACES:
            level = "good" if len(places) <= SEVERAL_PLACES else "shared"
        yield Tie(level, "job with several places", f"{workload} also works in {listed(places)}", workload)


def _identities_elsewhere(facts: Facts, thresholds: Thresholds) -> Iterator[Tie]:
    for consumer, places in facts.shared_identities:
        uses = [use for use in facts.uses if use.consumer == consumer and use.role in {"read", "write"}]
        if _active(uses, thresholds):
            sentence = f"{who(consumer)} also works in {listed(places)}, and no code tells its jobs apart"
            yield Tie("good", "shared identity", sentence, who(consumer))


def _told_by_hours(facts: Facts, thresholds: Thresholds) -> Iterator[RuleReason]:
    """Identities whose work here is known for a job of its own by the clock."""
    tied = {consumer for consumer, _ in facts.shared_identities}
    for consumer, places in facts.other_hours:
        uses = [use for use in facts.uses if use.consumer == consumer and use.role in {"read", "write"}]
        if consumer not in tied and _active(uses, thresholds):
            sentence = f"{who(consumer)} also works in {listed(places)}, never at the same hours: another job"
            yield RuleReason("isolation", "told apart by schedule", sentence)


def _copies(facts: Facts, thresholds: Thresholds) -> Iterator[Tie]:
    for other, days in facts.copied_from:
        if days >= thresholds.warm_read_days_30:
            yield Tie(
                "good", "copies between folders", f"filled by copies from {other} on {plural(days, 'day')}", other
            )


def _wide_code(facts: Facts) -> Iterator[Tie]:
    for span in facts.spans:
        site = span.site
        where = f"{site.file}:{site.line}"
        others = [name for name in span.subfolders if name != facts.name]
        if site.role == "delete":
            sentence = f"{where} deletes by the loose prefix {site.prefix!r}, which also takes {listed(others)} along"
            yield Tie("shared", "loose delete", sentence, where)
        elif site.role in {"read", "write"}:
            sentence = f"{where} names {site.prefix!r}, which also covers {listed(others)}"
            yield Tie("good", "code spans folders", sentence, where)

"""Where code, logs, inventory and documents disagree. Each is kept apart and named; none is settled by guessing."""

from collections.abc import Iterator, Sequence

from analysis.classify.code import CodeMap
from analysis.classify.facts import Facts
from analysis.classify.phrases import listed, who
from analysis.classify.thresholds import Thresholds
from analysis.model import CodeSite, Contradiction
from analysis.words import plural

SHOWN = 20


def find_contradictions(facts: Sequence[Facts], code: CodeMap, thresholds: Thresholds) -> tuple[Contradiction, ...]:
    """All contradictions, sorted by subfolder and kind."""
    found: list[Contradiction] = []
    for one in facts:
        found.extend(_silent_code(one, thresholds))
        if code.scanned:
            found.extend(_unexplained_traffic(one, thresholds))
        found.extend(_unlogged_objects(one))
        found.extend(_documents_only(one))
    found.extend(_unknown_places(code))
    return tuple(sorted(found, key=lambda c: (c.subfolder, c.kind, c.message)))


def _lines(sites: Sequence[CodeSite]) -> tuple[str, ...]:
    return tuple(sorted({f"{site.file}:{site.line}" for site in sites}))[:SHOWN]


def _silent_code(facts: Facts, thresholds: Thresholds) -> Iterator[Contradiction]:
    if facts.coverage.missing(thresholds):
        return
    for role, verb in (("read", "reads"), ("write", "writes")):
        sites = [site for site in facts.code if site.kind == "code" and site.role == role]
        if sites and not facts.select(role, "service", "external"):
            days = plural(facts.coverage.days, "day")
            message = (
                f"{_lines(sites)[0]} {verb} here, and no program did so in {days} of logs: dead, or rarer than that?"
            )
            yield Contradiction("code-without-traffic", facts.name, message, _lines(sites))


def _unexplained_traffic(facts: Facts, thresholds: Thresholds) -> Iterator[Contradiction]:
    for role, verb in (("read", "reads"), ("write", "writes")):
        named = any(site.kind == "code" and site.role == role for site in facts.code)
        uses = [u for u in facts.select(role, "service", "external") if u.days >= thresholds.warm_read_days_30]
        if uses and not named:
            names = listed([who(use.consumer) for use in uses])
            days = plural(max(use.days for use in uses), "day")
            message = f"{names} {verb} here on {days}, and no scanned code says so"
            yield Contradiction(
                "traffic-without-code", facts.name, message, tuple(sorted({who(u.consumer) for u in uses}))[:SHOWN]
            )


def _unlogged_objects(facts: Facts) -> Iterator[Contradiction]:
    writes = sum(use.events for use in facts.uses if use.role == "write")
    if facts.created_while_logged > writes:
        appeared = plural(facts.created_while_logged, "object")
        message = f"{appeared} appeared on days with write logs, {plural(writes, 'write')} were logged"
        yield Contradiction("inventory-without-logs", facts.name, message)


def _documents_only(facts: Facts) -> Iterator[Contradiction]:
    documents = [site for site in facts.code if site.kind == "document"]
    if documents and not facts.reads and not facts.writes and all(site.kind == "document" for site in facts.code):
        message = "documents describe a use that neither code nor logs show"
        yield Contradiction("document-only", facts.name, message, _lines(documents))


def _unknown_places(code: CodeMap) -> Iterator[Contradiction]:
    by_prefix: dict[str, list[CodeSite]] = {}
    for site in code.nowhere:
        if site.kind == "code":
            by_prefix.setdefault(site.prefix, []).append(site)
    for prefix, sites in by_prefix.items():
        yield Contradiction(
            "code-names-nothing",
            "",
            f"code names {prefix!r}, and neither logs nor an inventory know such a folder",
            _lines(sites),
        )
    unresolved = [site for site in code.unresolved if site.kind == "code" and site.role != "list"]
    if unresolved:
        message = f"{plural(len(unresolved), 'line')} of code name this bucket with a path that could not be worked out"
        yield Contradiction("unresolved-code", "", message, _lines(unresolved))

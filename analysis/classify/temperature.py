"""How warm a subfolder is: by the days on which somebody effectively read it.

Only effective reads count (`Facts.reads`); lists, polls, probes of missing objects, copies, denied calls, maintenance
and our own traffic are named in the reasons and set nothing. Silence proves cold only where the logs would have shown
a read.
"""

from dataclasses import dataclass, field, replace

from analysis.classify.code import find_workload
from analysis.classify.facts import LAST_30, Facts, Use, busiest_30, last_day, union
from analysis.classify.phrases import do, listed, who
from analysis.classify.thresholds import Thresholds
from analysis.model import RuleReason, Temperature
from analysis.words import plural

RATE_DAYS = 90  # the longer look: reads per 30 days over this many days


@dataclass(frozen=True)
class Heat:
    """The verdict, its confidence between 0 and 1, and what it rests on."""

    temperature: Temperature
    confidence: float
    reasons: tuple[RuleReason, ...]
    flags: frozenset[str] = field(default_factory=frozenset)
    hot_until_age_days: int | None = None


def judge_heat(facts: Facts, thresholds: Thresholds) -> Heat:
    """Hot, warm, cold or unknown, with reasons."""
    value, reason = _rate(facts, thresholds)
    flags = set()
    reasons = [reason]
    if value != "hot" and (unknown := _why_unknown(facts, thresholds)) is not None:
        if unknown.rule in {"coverage", "logs incomplete"}:
            flags.add("low-coverage")
        # What the logs leave out can only make it warmer.
        proven = value == "warm" and unknown.rule == "logs incomplete"
        value, reasons = (value, [reason, unknown]) if proven else ("unknown", [unknown])
    doubted = value != "unknown" and _rests_on_suspects(facts, value, thresholds)
    if doubted:
        suspects = [who(use.consumer) for use in facts.reads if use.consumer.suspect]
        reasons.append(
            _because(
                "perhaps a scanner",
                f"{do(suspects, 'read')} all over the bucket and may look after it: not certain; name it as "
                "`maintenance` under [consumers] in the settings if it does",
            )
        )
    reasons += _spread(facts)
    reasons += _set_aside(facts)
    head = None
    if value in {"hot", "warm"}:
        head, tail = _head_and_tail(facts, thresholds)
        if head is not None and tail is not None:
            reasons.append(tail)
            flags.add("hot-head-cold-tail")
    if not facts.read_bits and not facts.coverage.missing(thresholds):
        flags.add("never-read")
    confidence = round(max(_confidence(facts, value, thresholds) - (0.4 if doubted else 0.0), 0.0), 2)
    return Heat(value, confidence, tuple(reasons), frozenset(flags), head)


def _rate(facts: Facts, thresholds: Thresholds) -> tuple[Temperature, RuleReason]:
    bits = facts.read_bits
    recent = (bits & LAST_30).bit_count()
    covered = max(facts.coverage.days, 1)
    span = min(RATE_DAYS, max(facts.window_days, 30))
    rate = (bits & ((1 << span) - 1)).bit_count() * 30 / span
    busiest, ended = busiest_30(bits)
    seen = f"read on {plural(bits.bit_count(), 'day')} of {covered}"
    if bits:
        newest = max(facts.reads, key=lambda use: use.last_at)
        seen += f", {recent} of the last 30, last {last_day(bits, facts.as_of)} by {who(newest.consumer)}"
        seen += _place_in_code(newest, facts)
    if recent >= thresholds.hot_read_days_30:
        return "hot", _because("hot", f"{seen}: hot from {thresholds.hot_read_days_30} of 30 days")
    if recent >= thresholds.warm_read_days_30:
        return "warm", _because("warm", f"{seen}: warm from {thresholds.warm_read_days_30} of 30 days")
    if rate >= thresholds.warm_read_days_30:
        return "warm", _because("warm on average", f"{seen}: {rate:.1f} days in 30 over the last {span} days")
    if busiest >= thresholds.hot_read_days_30:
        return "warm", _because("seasonal", f"{seen}, but on {busiest} of the 30 days that ended {ended} days before")
    if not bits:
        return "cold", _because("never read", f"not read on any of {covered} days with read logs")
    return "cold", _because("cold", f"{seen}: cold below {thresholds.warm_read_days_30} of 30 days")


def _place_in_code(use: Use, facts: Facts) -> str:
    """`, imports/import_qpi.py:88` where one job of the code is known to read here like this."""
    workload = find_workload(use.consumer, "read", facts.code)
    if not workload.files or "," in workload.name:
        return ""
    return f", {'/'.join(workload.files[0].split('/')[-2:])}"


def _rests_on_suspects(facts: Facts, value: Temperature, thresholds: Thresholds) -> bool:
    """Whether the verdict would be another one without the consumers that may be scanners."""
    sure = tuple(use for use in facts.uses if not use.consumer.suspect)
    return len(sure) < len(facts.uses) and _rate(replace(facts, uses=sure), thresholds)[0] != value


def _because(rule: str, sentence: str) -> RuleReason:
    return RuleReason("temperature", rule, sentence)


def _why_unknown(facts: Facts, thresholds: Thresholds) -> RuleReason | None:
    missing = facts.coverage.missing(thresholds)
    if missing is not None:
        return _because("coverage", f"unknown: {missing}")
    logged, created = facts.logged_writes, facts.created_while_logged
    if _logs_incomplete(facts, thresholds):
        return _because(
            "logs incomplete",
            f"logs incomplete: the inventory shows at least {plural(created, 'object')} created on days with write "
            f"logs, the logs show {plural(logged, 'write')}; whoever writes here is not logged, and may read unseen",
        )
    since = facts.known_since
    if since is not None and (watched := facts.coverage.since(since)) < thresholds.minimum_coverage_days:
        return _because("new folder", f"unknown: it exists since {since}, watched for {plural(watched, 'day')} only")
    return None


def _logs_incomplete(facts: Facts, thresholds: Thresholds) -> bool:
    """Whether more objects appeared while writes were logged than writes were."""
    created = facts.created_while_logged
    return created > facts.logged_writes + thresholds.unlogged_share * created


def _spread(facts: Facts) -> list[RuleReason]:
    """How little of a folder the reads concern, where that is known for certain."""
    lowest = {use.object_min for use in facts.reads}
    highest = {use.object_max for use in facts.reads}
    if facts.objects < 2 or len(lowest) != 1 or lowest != highest or None in lowest:
        return []
    return [_because("spread", f"every read is of the same 1 object of {facts.objects:,}")]


def _set_aside(facts: Facts) -> list[RuleReason]:
    """What was seen and deliberately not counted."""
    notes = [
        (
            "maintenance",
            facts.set_aside("read"),
            "read {times} by {who}, which {look} after the whole bucket: not counted",
        ),
        (
            "polls",
            facts.select("poll"),
            "one object asked for again and again on {days} by {who}: polling, not counted",
        ),
        ("probes", facts.select("missing"), "missing objects probed on {days} by {who}: not counted"),
        ("copies", facts.select("copy"), "copied on {days} by {who}: lineage, not counted"),
        ("denied", facts.select("denied"), "denied {times} to {who}: not counted"),
    ]
    reasons = []
    for rule, uses, sentence in notes:
        if uses:
            names = [who(use.consumer) for use in sorted(uses, key=_heaviest)]
            words = {
                "who": listed(names),
                "look": "looks" if len(set(names)) == 1 else "look",
                "days": plural(union(uses).bit_count(), "day"),
                "times": plural(sum(use.events for use in uses), "time"),
            }
            reasons.append(_because(rule, sentence.format(**words)))
    return reasons


def _heaviest(use: Use) -> tuple[int, str]:
    return (-use.events, use.consumer.principal)


def _head_and_tail(facts: Facts, thresholds: Thresholds) -> tuple[int | None, RuleReason | None]:
    """Partition age from which on nobody reads often enough to keep it warm; the reason if the tail is worth a rule."""
    if not facts.partition_reads or facts.dated_bytes * 2 < facts.bytes:
        return None, None
    head, older = 0, 0
    for age, bits in sorted(facts.partition_reads, reverse=True):
        older |= bits
        if (older & LAST_30).bit_count() >= thresholds.warm_read_days_30:
            head = age + 1
            break
    tail = sum(size for age, size in facts.partition_bytes if age >= head)
    share = tail / facts.bytes if facts.bytes else 0.0
    if head > thresholds.head_age_days or share < thresholds.head_share:
        return (head if facts.bytes else None), None
    sentence = (
        f"hot head, cold tail: partitions are read up to an age of {plural(head, 'day')}; {share:.0%} of the bytes are "
        "older and not read: a lifecycle rule may beat a move"
    )
    return head, _because("hot head, cold tail", sentence)


def _confidence(facts: Facts, value: Temperature, thresholds: Thresholds) -> float:
    """High (≥ 0.8) only where more evidence could hardly change the verdict."""
    if value == "unknown":
        return 0.0
    confidence = 0.95
    recent = (facts.read_bits & LAST_30).bit_count()
    if value == "cold":
        if facts.coverage.days < 90:
            confidence -= 0.2  # what happens once a quarter could lie outside
        if facts.coverage.gaps:
            confidence -= 0.05
        if facts.inventory_date is None:
            confidence -= 0.2
        confidence -= _doubts_about_cold(facts, thresholds)
    elif min(abs(recent - thresholds.hot_read_days_30), abs(recent - thresholds.warm_read_days_30)) < 2:
        confidence -= 0.2
    if value == "warm" and _logs_incomplete(facts, thresholds):
        confidence -= 0.3
    if value == "warm" and recent < thresholds.warm_read_days_30:
        confidence -= 0.3
    return round(max(confidence, 0.05), 2)


def _doubts_about_cold(facts: Facts, thresholds: Thresholds) -> float:
    doubts = 0.0
    reads_in_code = {site.workload for site in facts.code if site.kind == "code" and site.role == "read"}
    if reads_in_code and not [use for use in facts.reads if use.consumer.is_program]:
        doubts += 0.3
    if (union(facts.select("poll")) & LAST_30).bit_count() >= thresholds.warm_read_days_30:
        doubts += 0.2
    if busiest_30(facts.read_bits)[0] >= thresholds.warm_read_days_30:
        doubts += 0.2
    if (facts.read_bits & LAST_30).bit_count() == thresholds.warm_read_days_30 - 1:
        doubts += 0.2  # one more day of reading would make it warm
    return doubts

"""What a subfolder is for: the first rule that fits, in the order of `RULES`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from analysis.classify.facts import LAST_30, Facts, Use, last_day, union
from analysis.classify.isolation import exchanging
from analysis.classify.phrases import do, listed, who
from analysis.classify.temperature import Heat
from analysis.classify.thresholds import Thresholds
from analysis.model import Pattern, RuleReason
from analysis.words import plural

REPORT_FORMATS = frozenset({"html", "htm", "pdf", "png", "svg", "xlsx", "xls", "docx", "pptx", "ipynb"})
# Staged data is read about once after it is written; what is read more often is kept for reading.
STAGED_READS_PER_WRITE = 4.0


@dataclass(frozen=True)
class Situation:
    """One subfolder as the pattern rules see it."""

    facts: Facts
    heat: Heat
    thresholds: Thresholds

    @cached_property
    def programs_writing(self) -> list[Use]:
        return self.facts.select("write", "service", "external")

    @cached_property
    def people_writing(self) -> list[Use]:
        return self.facts.select("write", "human")

    @cached_property
    def programs_reading(self) -> list[Use]:
        return self.facts.select("read", "service", "external")

    @cached_property
    def people_reading(self) -> list[Use]:
        return self.facts.select("read", "human")

    @cached_property
    def program_write_days_30(self) -> int:
        return (union(self.programs_writing) & LAST_30).bit_count()

    @cached_property
    def writes_regularly(self) -> bool:
        """Whether programs write as a process: on enough of the last 30 days, or at that rate over all days covered."""
        days = union(self.programs_writing).bit_count()
        rate = days * 30 / max(self.facts.coverage.days, 30)
        least = self.thresholds.regular_write_days_30
        return max(float(self.program_write_days_30), rate) >= least

    @cached_property
    def reads_regularly(self) -> bool:
        """Whether programs read on enough of the last 30 days for the folder to be warm."""
        return (union(self.programs_reading) & LAST_30).bit_count() >= self.thresholds.warm_read_days_30

    @cached_property
    def reads_per_write(self) -> float:
        writes = sum(use.events for use in self.programs_writing + self.people_writing)
        return sum(use.events for use in self.programs_reading) / max(writes, 1)

    @property
    def cold(self) -> bool:
        return self.heat.temperature == "cold"

    @cached_property
    def short_lived(self) -> bool:
        """Whether nothing stays: jobs delete what they write, or nothing old is left of what has long been written."""
        facts, limits = self.facts, self.thresholds
        oldest = facts.age_of(facts.created_min)
        if facts.inventory_date is None or not self.writes_regularly:
            return False
        if facts.objects and (oldest is None or oldest > limits.transient_age_days):
            return False
        if self.overwritten:
            return False
        began = min((facts.as_of - use.first_at.date()).days for use in facts.writes)
        deleted = self.deleted >= limits.transient_deleted_share * self.written
        return deleted or began > 2 * limits.transient_age_days

    @cached_property
    def written(self) -> int:
        return sum(use.events for use in self.facts.writes)

    @cached_property
    def deleted(self) -> int:
        """Deletes by anybody: a lifecycle rule throws away as well as a job does."""
        return sum(use.events for use in self.facts.uses if use.role == "delete")

    @cached_property
    def overwritten(self) -> bool:
        """Whether names are written again and again: what is gone was replaced, not thrown away.

        Deletion by age leaves everything that is younger than the oldest survivor. So either fewer objects are there
        than were written since that one, or all of them come from the last round of writing.
        """
        facts = self.facts
        oldest = facts.age_of(facts.created_min)
        if oldest is None or facts.inventory_date is None:
            return False
        lasting = self.written - self.deleted
        if lasting <= 2 * facts.objects:
            return False
        since = (facts.as_of - facts.inventory_date).days
        last_round = last_day((facts.write_bits >> max(since, 0)) << max(since, 0), facts.as_of)
        one_round = last_round is not None and facts.created_min is not None and facts.created_min.date() >= last_round
        days = 1 + max((facts.as_of - use.first_at.date()).days for use in facts.writes)
        return one_round or 2 * facts.objects < lasting * (oldest + 1) / days


Rule = Callable[[Situation], str | None]


def judge_pattern(situation: Situation) -> tuple[Pattern, RuleReason]:
    """The pattern, and the evidence for it in a sentence."""
    if situation.heat.temperature == "unknown" and "low-coverage" in situation.heat.flags:
        return "unknown", RuleReason("pattern", "unknown", "unknown: the logs do not show who uses it")
    if not situation.facts.prefix:
        return "mixed", RuleReason("pattern", "root", "objects that lie beside the folders, with no use in common")
    for pattern, rule in RULES:
        if (sentence := rule(situation)) is not None:
            return pattern, RuleReason("pattern", pattern, sentence)
    return "mixed", RuleReason("pattern", "mixed", "no single use explains the traffic")


def _bidirectional_sync(s: Situation) -> str | None:
    partners = exchanging(s.facts, s.thresholds)
    if not partners or not s.writes_regularly:
        return None
    return f"{listed(partners)} each write on many days and read on many days: an exchange between systems"


def _transient_staging(s: Situation) -> str | None:
    if not s.short_lived or not s.programs_reading:
        return None
    oldest = s.facts.age_of(s.facts.created_min)
    rest = "is empty now" if oldest is None else f"holds nothing older than {plural(oldest, 'day')}"
    return f"written on {s.program_write_days_30} of 30 days, {s.deleted:,} deletes, and {rest}"


def _external_import(s: Situation) -> str | None:
    outside = s.facts.select("write", "external")
    total = sum(use.events for use in s.facts.writes)
    share = sum(use.events for use in outside) / total if total else 0.0
    if not outside or not s.writes_regularly or share < s.thresholds.external_write_share:
        return None
    days = plural(union(outside).bit_count(), "day")
    sender = do([who(use.consumer) for use in outside], "deliver")
    return f"from another project, {sender} on {days} ({share:.0%} of the writes)"


def _etl_staging(s: Situation) -> str | None:
    if not (s.writes_regularly and s.reads_regularly) or s.reads_per_write > STAGED_READS_PER_WRITE:
        return None
    writing = do([who(use.consumer) for use in s.programs_writing], "write")
    reading = do([who(use.consumer) for use in s.programs_reading], "read")
    stage = "one stage of a pipeline"
    if s.overwritten and {use.consumer for use in s.programs_writing} == {use.consumer for use in s.programs_reading}:
        stage = (
            f"names are overwritten and read back by who wrote them: {stage}, or the state of a job, not known which"
        )
    return f"{writing}, {reading}, {s.reads_per_write:.1f} reads per write: {stage}"


def _shared_library(s: Situation) -> str | None:
    facts, limits = s.facts, s.thresholds
    readers = {use.consumer.principal for use in facts.reads}
    small = facts.bytes <= limits.library_bytes and 0 < facts.objects <= limits.library_objects
    if s.cold or not small or s.writes_regularly or len(readers) < limits.library_readers:
        return None
    size = f"{plural(facts.objects, 'object')} of {facts.bytes:,} bytes"
    return f"{size}, read by {len(readers)} identities, hardly ever written"


def _report_archive(s: Situation) -> str | None:
    if not s.writes_regularly or s.programs_reading or s.heat.temperature == "hot":
        return None
    formats = s.facts.formats()
    total = sum(formats.values())
    reports = sum(count for extension, count in formats.items() if extension in REPORT_FORMATS)
    if not total or reports < s.thresholds.report_format_share * total:
        return None
    viewers = (
        f"people read it on {plural(union(s.people_reading).bit_count(), 'day')}"
        if s.people_reading
        else "nobody reads it"
    )
    return f"a job adds documents ({reports:,} of {total:,} objects), {viewers}, nothing is deleted"


def _archival_system(s: Situation) -> str | None:
    if not s.cold or not s.writes_regularly:
        return None
    days = union(s.programs_writing).bit_count()
    writers = listed([who(use.consumer) for use in s.programs_writing])
    read = plural(s.facts.read_bits.bit_count(), "day")
    return f"written on {plural(days, 'day')} by {writers}, read on {read}: write-heavy, read-cold"


def _reference_data(s: Situation) -> str | None:
    if not s.programs_reading:
        return _read_by_people(s)
    if s.cold and not s.facts.writes and not _looked_up(s):
        return None
    if s.writes_regularly and s.reads_per_write <= STAGED_READS_PER_WRITE:
        return None
    reading = do([who(use.consumer) for use in s.programs_reading], "read")
    days = plural(union(s.programs_reading).bit_count(), "day")
    return f"{reading} it on {days}, {s.reads_per_write:.1f} reads per write: kept to be looked up"


def _read_by_people(s: Situation) -> str | None:
    """A collection that is finished, and that people keep coming back to."""
    if s.cold or s.facts.writes or not s.people_reading:
        return None
    reading = do([who(use.consumer) for use in s.people_reading], "read")
    days = plural(union(s.people_reading).bit_count(), "day")
    return f"{reading} it on {days}, nobody writes: kept to be looked up"


def _looked_up(s: Situation) -> bool:
    """Read in each of the last three 30-day periods: a standing need, however rare."""
    bits = union(s.programs_reading)
    return all((bits >> (30 * period)) & LAST_30 for period in range(3))


def _historical_reference(s: Situation) -> str | None:
    reading = s.programs_reading
    in_code = [site for site in s.facts.code if site.kind == "code" and site.role == "read"]
    if not s.cold or s.facts.writes or not (reading or in_code):
        return None
    age = s.facts.age_of(s.facts.created_max)
    since = "" if age is None else f", unchanged for {plural(age, 'day')}"
    if reading:
        days = plural(union(reading).bit_count(), "day")
        return f"{do([who(use.consumer) for use in reading], 'read')} it on {days}{since}"
    return f"{in_code[0].file}:{in_code[0].line} reads it, no read seen{since}"


def _manual_archive(s: Situation) -> str | None:
    by_hand = s.people_writing or (s.people_reading and not s.facts.writes)
    if not s.cold or not by_hand or s.writes_regularly or s.programs_reading:
        return None
    if not s.facts.writes and _dormant(s):
        return None
    days = plural(union(s.people_writing).bit_count(), "day")
    return f"written by hand on {days}, read on {plural(s.facts.read_bits.bit_count(), 'day')}, no job uses it"


def _dormant(s: Situation) -> bool:
    age = s.facts.age_of(s.facts.created_max)
    return age is not None and age > s.thresholds.dormant_days


def _legacy_archive(s: Situation) -> str | None:
    if not s.cold or s.facts.writes or s.programs_reading or (s.people_reading and not _dormant(s)):
        return None
    age = s.facts.age_of(s.facts.created_max)
    since = "" if age is None else f", nothing new for {plural(age, 'day')}"
    covered = plural(s.facts.coverage.days, "day")
    if s.people_reading:
        names = listed([who(use.consumer) for use in s.people_reading])
        days = plural(s.facts.read_bits.bit_count(), "day")
        return f"no write in {covered} of logs{since}; {names} looked into it on {days}"
    return f"no write and no read in {covered} of logs{since}"


RULES: tuple[tuple[Pattern, Rule], ...] = (
    ("bidirectional sync", _bidirectional_sync),
    ("transient staging", _transient_staging),
    ("external import", _external_import),
    ("ETL staging", _etl_staging),
    ("shared library", _shared_library),
    ("report archive", _report_archive),
    ("archival system", _archival_system),
    ("reference data", _reference_data),
    ("historical reference", _historical_reference),
    ("manual archive", _manual_archive),
    ("legacy archive", _legacy_archive),
)

"""What is known of one subfolder before any verdict: sizes, uses, partitions, copies, code. Plain values, no I/O."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from analysis.classify.coverage import Coverage
from analysis.model import ChildFolder, ClassAge, CodeSite, ConsumerKind, name_of

HORIZON_DAYS = 400
LAST_30 = (1 << 30) - 1


def days_from_bits(bits: str) -> int:
    """A bit string of DuckDB (position n = n days before as_of) as a number whose bit n is that day."""
    return int(bits[::-1], 2)


@dataclass(frozen=True)
class Consumer:
    """One identity with one client, in one bucket."""

    consumer_id: int
    kind: ConsumerKind
    principal: str
    delegation: str
    key_name: str
    agent: str
    job: str
    scanner: bool = False  # maintenance by behaviour rather than by name
    suspect: bool = False  # may be a scanner; there is too little old data to tell

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What tells it from every other consumer."""
        return (self.principal, self.delegation, self.key_name, self.agent, self.job)

    @property
    def counts(self) -> bool:
        """Whether its traffic says anything about use."""
        return self.kind not in {"maintenance", "ourselves"}

    @property
    def is_program(self) -> bool:
        """Whether a job, rather than a person, calls."""
        return self.kind in {"service", "external"}


@dataclass(frozen=True)
class Use:
    """What one consumer did in one role. Bit n of `day_bits` is the day n days before as_of."""

    consumer: Consumer
    role: str  # read, poll, copy, write, delete, update, denied, missing, usage
    day_bits: int
    events: int
    objects: int
    bytes: int | None
    first_at: datetime
    last_at: datetime
    object_min: int | None = None  # hashes of names; equal where it is always the same object
    object_max: int | None = None
    hours: int = 0  # bit n: between the first and the last call of some day, at UTC hour n

    @property
    def days(self) -> int:
        """Days with at least one event."""
        return self.day_bits.bit_count()

    @property
    def days_30(self) -> int:
        """Days with at least one event, of the last 30."""
        return (self.day_bits & LAST_30).bit_count()


@dataclass(frozen=True)
class Copy:
    """Objects that left by rewrite: lineage, not reading."""

    consumer: Consumer
    copied_to: str  # bucket/folder
    days: int
    events: int
    last_at: datetime | None


@dataclass(frozen=True)
class Span:
    """Code that names a place wide enough to hold several subfolders."""

    site: CodeSite
    subfolders: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that the rules may look at for one subfolder; `prefix` is what its names begin with."""

    prefix: str
    coverage: Coverage
    inventory_date: date | None
    template: str = ""
    folders: int = 1
    objects: int = 0
    bytes: int = 0
    small_objects: int = 0
    dated_bytes: int = 0
    created_min: datetime | None = None
    created_max: datetime | None = None
    class_ages: tuple[ClassAge, ...] = ()
    children: tuple[ChildFolder, ...] = ()
    uses: tuple[Use, ...] = ()
    uses_by_folder: tuple[tuple[str, Use], ...] = ()  # only where code or the clock may tell several jobs apart
    copies: tuple[Copy, ...] = ()
    partition_reads: tuple[tuple[int, int], ...] = ()  # (age in days, day bits)
    partition_bytes: tuple[tuple[int, int], ...] = ()  # (age in days, bytes)
    created_while_logged: int = 0
    weeks: tuple[tuple[int, int, int], ...] = ()  # (weeks ago, reads, writes)
    code: tuple[CodeSite, ...] = ()
    spans: tuple[Span, ...] = ()
    elsewhere: tuple[tuple[str, tuple[str, ...]], ...] = ()  # workload here → other subfolders it also touches
    shared_identities: tuple[tuple[Consumer, tuple[str, ...]], ...] = ()  # consumer here → other subfolders it uses
    other_hours: tuple[tuple[Consumer, tuple[str, ...]], ...] = ()  # the same, where it works at other hours
    copied_from: tuple[tuple[str, int], ...] = ()  # (other subfolder, days) whose objects arrive here by copy
    formats: Callable[[], dict[str, int]] = field(default=dict)  # extension → objects, asked for when a rule needs it
    excludes: tuple[str, ...] = ()
    boundary: tuple[str, str] = ("", "")  # rule and sentence

    @property
    def name(self) -> str:
        """What it is called."""
        return name_of(self.prefix)

    @property
    def as_of(self) -> date:
        """The day that everything is judged from."""
        return self.coverage.as_of

    def select(self, role: str, *kinds: str) -> list[Use]:
        """Uses in one role by consumers that count; by the given kinds only, if any are given."""
        return [
            u for u in self.uses if u.role == role and u.consumer.counts and (not kinds or u.consumer.kind in kinds)
        ]

    def set_aside(self, role: str) -> list[Use]:
        """Uses in one role by maintenance actors and ourselves."""
        return [u for u in self.uses if u.role == role and not u.consumer.counts]

    @property
    def logged_writes(self) -> int:
        """Writes that the logs show, whoever wrote."""
        return sum(use.events for use in self.uses if use.role == "write")

    @property
    def reads(self) -> list[Use]:
        """Effective reads: granted, OK, no list, no poll, no copy, no maintenance, not ours."""
        return self.select("read")

    @property
    def writes(self) -> list[Use]:
        """Writes by consumers that count."""
        return self.select("write")

    @property
    def read_bits(self) -> int:
        """Days with an effective read."""
        return union(self.reads)

    @property
    def write_bits(self) -> int:
        """Days with a write."""
        return union(self.writes)

    @property
    def window_days(self) -> int:
        """Days from the first one covered to as_of."""
        first = self.coverage.first
        return 0 if first is None else (self.as_of - first).days + 1

    def age_of(self, moment: datetime | None) -> int | None:
        """Days from a moment to as_of."""
        return None if moment is None else (self.as_of - moment.date()).days

    @property
    def known_since(self) -> date | None:
        """First day on which the folder is known to have existed."""
        days = [use.first_at.date() for use in self.uses if use.role not in {"missing", "denied"}]
        if self.created_min is not None:
            days.append(self.created_min.date())
        return min(days, default=None)


def union(uses: Iterable[Use]) -> int:
    """Days on which any of these uses happened."""
    bits = 0
    for use in uses:
        bits |= use.day_bits
    return bits


def last_day(bits: int, as_of: date) -> date | None:
    """The most recent day of a set of days."""
    return None if not bits else as_of - timedelta(days=(bits & -bits).bit_length() - 1)


def busiest_30(bits: int) -> tuple[int, int]:
    """Most days within any 30 consecutive days, and how many days ago that stretch ended."""
    best, ended, remaining, offset = 0, 0, bits, 0
    while remaining:
        skip = (remaining & -remaining).bit_length() - 1
        remaining >>= skip
        offset += skip
        count = (remaining & LAST_30).bit_count()
        if count > best:
            best, ended = count, offset
        remaining >>= 1
        offset += 1
    return best, ended

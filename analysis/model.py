"""What an analysis says about a bucket: the values that plans and reports are built from.

All of it is frozen and free of I/O. `analysis.classify.store.latest_analysis` reads it from a catalogue.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from analysis.errors import BadInput, nearest

# How the objects beside all folders are called, whose name is empty.
ROOT = "(root)"

Temperature = Literal["hot", "warm", "cold", "unknown"]
Isolation = Literal["perfect", "excellent", "good", "shared", "unknown"]
Pattern = Literal[
    "manual archive",
    "legacy archive",
    "archival system",
    "historical reference",
    "reference data",
    "shared library",
    "external import",
    "ETL staging",
    "transient staging",
    "bidirectional sync",
    "report archive",
    "mixed",
    "unknown",
]
ConsumerKind = Literal["service", "human", "external", "maintenance", "ourselves"]
Role = Literal["reader", "writer", "lister", "deleter", "poller", "copier", "updater"]
Flag = Literal[
    "external-writer",
    "external-reader",
    "bidirectional-sync",
    "transient-staging",
    "retention-first",
    "growing",
    "shared-identity",
    "code-without-traffic",
    "hot-head-cold-tail",
    "never-read",
    "legacy-writer",
    "manual-writer",
    "single-pipeline",
    "shared-library",
    "reference-data",
    "dated-partitions",
    "small-objects",
    "bigquery-reader",
    "low-coverage",
]

# Lower bounds, in days since creation, of the age groups in `Subfolder.class_ages`.
AGE_GROUPS = (0, 30, 60, 90, 180, 365, 730)

HIGH_CONFIDENCE = 0.8
MEDIUM_CONFIDENCE = 0.5


def confidence_word(confidence: float) -> Literal["high", "medium", "low"]:
    """How a confidence between 0 and 1 is spoken of."""
    if confidence >= HIGH_CONFIDENCE:
        return "high"
    return "medium" if confidence >= MEDIUM_CONFIDENCE else "low"


def spoken_identity(principal: str, agent: str) -> str:
    """An identity as people say it: `etl@analytics-prod (python)`; service accounts lose the ending they all share."""
    name = principal.removesuffix(".iam.gserviceaccount.com") or "an unidentified caller"
    return f"{name} ({agent})" if agent and agent != "other" else name


@dataclass(frozen=True)
class ClassAge:
    """Objects of one storage class and one age group, counted from `as_of` back to their creation."""

    storage_class: str
    age_days_bucket: int  # one of AGE_GROUPS: the group's lower bound
    objects: int
    bytes: int
    small_objects: int  # below 128 KiB


@dataclass(frozen=True)
class ChildFolder:
    """A folder directly below a subfolder's prefix; `name` is one segment, no slash."""

    name: str
    objects: int
    bytes: int


@dataclass(frozen=True)
class CodeSite:
    """A line of code (or of a document) that names this subfolder."""

    file: str
    line: int
    role: str  # read, write, list, delete, reference
    prefix: str
    kind: str  # code, document
    via: str
    workload: str = ""


@dataclass(frozen=True)
class ConsumerUse:
    """One consumer in one role. `files` holds "path:line" of the code that explains it."""

    name: str
    kind: ConsumerKind
    principal: str
    agent: str
    workload: str
    confidence: float
    events: int
    days: int
    files: tuple[str, ...] = ()
    role: Role = "reader"
    first_at: datetime | None = None
    last_at: datetime | None = None
    objects: int = 0
    bytes: int | None = None
    delegation: str = ""
    key_name: str = ""
    job: str = ""

    @property
    def identity(self) -> str:
        """Who it is, as people say it."""
        return spoken_identity(self.principal, self.agent)


@dataclass(frozen=True)
class RuleReason:
    """Why one verdict came out: the rule's name, and a sentence with its numbers."""

    verdict: str  # temperature, isolation, pattern, boundary
    rule: str
    sentence: str


def prefix_of(path: str) -> str:
    """What the names at a path begin with: `a/b` and `a/b/` are a folder, `customer_*` is whatever begins so."""
    if not path or path.endswith("/"):
        return path
    return path.removesuffix("*") if path.endswith("*") else f"{path}/"


def path_of(prefix: str) -> str:
    """How a prefix is written: a folder with its slash, any other one with a star."""
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}*"


def name_of(prefix: str) -> str:
    """What a subfolder with this prefix is called."""
    return path_of(prefix).removesuffix("/")


@dataclass(frozen=True)
class Subfolder:
    """One migration candidate: a prefix with its contents, its users and its verdicts."""

    name: str  # 'bigquery_imports/seed'; 'customer_*' for folders alike at the top; '' for what else lies at the root
    prefix: str  # 'bigquery_imports/seed/', 'customer_'; '' for the root
    template: str  # 'QPI_exports/qpi_answers_{YYYYMMDD}/'; equals the prefix where nothing repeats
    objects: int
    bytes: int
    class_ages: tuple[ClassAge, ...]
    temperature: Temperature
    temperature_confidence: float
    isolation: Isolation
    pattern: Pattern
    assessment: str
    flags: frozenset[str]
    reasons: tuple[str, ...]
    isolation_breakers: tuple[str, ...]
    readers: tuple[ConsumerUse, ...]
    writers: tuple[ConsumerUse, ...]
    last_read_at: datetime | None
    last_write_at: datetime | None
    read_days_30: int
    write_days_30: int
    read_events: int  # effective reads within the coverage
    write_events: int
    read_bytes: int | None  # None where no source carries byte counts
    coverage_days: int
    hot_until_age_days: int | None  # partition age where heat turns cold
    children: tuple[ChildFolder, ...] = ()
    code: tuple[CodeSite, ...] = ()
    # Prefixes below this one that are subfolders of their own: a move of this prefix must leave them out.
    excludes: tuple[str, ...] = ()
    rules: tuple[RuleReason, ...] = ()
    others: tuple[ConsumerUse, ...] = ()  # listers, deleters, maintenance, ourselves
    read_days: int = 0
    write_days: int = 0
    small_objects: int = 0
    created_min: datetime | None = None
    created_max: datetime | None = None


@dataclass(frozen=True)
class Contradiction:
    """Where code, logs and documents disagree."""

    kind: str
    subfolder: str
    message: str
    evidence: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """The folder as a reader calls it; empty where the code names none that there is."""
        return "" if self.kind in {"code-names-nothing", "unresolved-code"} else self.subfolder or ROOT


@dataclass(frozen=True)
class Analysis:
    """One dated snapshot of the verdicts on one bucket."""

    snapshot_id: int
    bucket: str
    location: str | None
    project: str | None
    as_of: date
    coverage_days: int
    coverage_from: date | None
    coverage_to: date | None
    evidence_digest: str  # of the verdicts' inputs: equal evidence, equal digest
    subfolders: tuple[Subfolder, ...] = field(default=())
    contradictions: tuple[Contradiction, ...] = ()
    listers: tuple[ConsumerUse, ...] = ()  # whoever lists the bucket: lists name no folder

    def find(self, name: str) -> Subfolder:
        """A subfolder by its name, with or without slash. Raises BadInput with the nearest name if there is none."""
        wanted = "" if name == ROOT else name.rstrip("/")
        for subfolder in self.subfolders:
            if subfolder.name == wanted:
                return subfolder
        raise BadInput(
            f"{self.bucket} has no subfolder {name}", nearest(name, (s.name or ROOT for s in self.subfolders))
        )

"""The plan as a value: what `plan.json` holds, and what the executor reads.

Bytes are whole numbers, money is US dollars in list prices, ages are days, times are UTC. Every struct is frozen and
refuses unknown fields, so that a plan written by a newer release is refused and never half understood.
`planner.planfile` reads and writes it.
"""

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from analysis.model import prefix_of
from planner.cost.figures import Cost

SCHEMA_VERSION = 1

Priority = Literal["HIGH", "MEDIUM", "LOW"]
Action = Literal["move", "stay"]
MigrationPattern = Literal["single_folder", "multi_folder", "file_pattern", "date_partitioned"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The snapshot that the plan was made from. `digest` is the analysis' own: equal evidence, equal digest."""

    digest: str
    snapshot_id: int
    as_of: date
    coverage_days: int
    coverage_from: date | None
    coverage_to: date | None
    location: str | None
    project: str | None


class Prices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Which price table the costs were computed with."""

    name: str
    read_on: date
    source: str
    currency: str
    digest: str
    location: str  # the location whose prices apply to the source bucket
    assumptions: tuple[str, ...] = ()


class Validation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What has to agree between source and target before a move counts as verified."""

    check_file_count: bool = True
    verify_checksums: bool = True
    verify_file_sizes: bool = True


class IamBinding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One grant on the target bucket, and the observed use that it follows from."""

    role: str
    member: str
    reason: str


class BucketSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """How the target bucket is created, beyond location, lifecycle and labels; equal in all moves that share it.

    `Migration.storage_class` is the class that copies get; `default_storage_class` what pipelines get that name none.
    """

    default_storage_class: str = "STANDARD"
    versioning: bool = False
    autoclass: bool = False
    soft_delete_days: int = 7
    uniform_access: bool = True
    public_access_prevention: bool = True
    iam: tuple[IamBinding, ...] = ()


class Migration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What the executor does for one move.

    Paths end with '/', or are empty, or end with '*' where they are the beginning of names. `exclude_prefixes` are
    full source prefixes below `source_path` that belong to other subfolders and must be left out. `lifecycle_policy`
    is Cloud Storage's JSON form, `{"rule": […]}`. `target_bucket` is null where the subfolder stays. `date_range`
    `last_N_days` counts back from `evidence.as_of`.
    """

    pattern: MigrationPattern
    source_bucket: str
    source_path: str
    target_bucket: str | None = None
    target_path: str = ""
    storage_class: str = "STANDARD"
    location: str = ""
    lifecycle_policy: dict[str, Any] = msgspec.field(default_factory=lambda: {"rule": []})
    include_subfolders: bool = True
    exclude_prefixes: tuple[str, ...] = ()
    file_types: tuple[str, ...] = ()
    file_patterns: tuple[str, ...] = ()
    subfolder_mapping: dict[str, str] = {}
    partition_pattern: str | None = None
    date_range: str | None = None
    retention_days: int | None = None  # cleanup leaves younger sources alone
    cleanup_after_migration: bool = False  # wanted in the end; cleanup stays a command of its own
    validation: Validation = Validation()
    batch_size: int = 100
    labels: dict[str, str] = {}
    keep_original_time: bool = True  # write the source's timeCreated as customTime
    observe_days: int = 30  # how long the old place must be quiet before cleanup
    settings: BucketSettings = BucketSettings()

    @property
    def source_prefix(self) -> str:
        """What the names of all objects that may move begin with."""
        return prefix_of(self.source_path)

    @property
    def target_prefix(self) -> str:
        """What takes the place of `source_prefix`."""
        return prefix_of(self.target_path)


class Factor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One part of a score: `value` between 0 and 1, `points` = value x weight / all weights x 100."""

    name: str
    value: float
    weight: float
    points: float
    because: str


class Score(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """0 to 100: how much a move is worth against what it risks."""

    total: float
    factors: tuple[Factor, ...]


class CodeChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A line of code that names the old place; `change` is false for documents, which only mention it."""

    file: str
    line: int
    role: str
    prefix: str
    via: str
    change: bool


class Shared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Another use case that a consumer or a line of code ties to this one."""

    use_case: str
    phase: int
    together: bool  # same phase
    because: str


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One of the six steps of a move, made concrete."""

    number: int
    title: str
    actions: tuple[str, ...]


class Move(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One subfolder: what the evidence says about it, where it goes, what that costs and risks."""

    use_case: str
    subfolder: str
    action: Action
    rank: int
    tier: int
    priority: Priority
    temperature: str
    isolation: str
    pattern: str
    assessment: str
    reasons: tuple[str, ...]
    risks: tuple[str, ...]
    benefits: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    readers: tuple[str, ...]
    writers: tuple[str, ...]
    objects: int
    bytes: int
    layout: str = ""  # how names below the subfolder repeat, e.g. `exports/{YYYYMMDD}/`; empty where they do not
    folders: int = 0  # directly below the subfolder
    formats: dict[str, int] = {}  # objects by file extension, the most frequent ones
    migration: Migration
    cost: Cost
    score: Score
    steps: tuple[Step, ...] = ()
    code_changes: tuple[CodeChange, ...] = ()
    shared_with: tuple[Shared, ...] = ()
    breakages: tuple[str, ...] = ()  # what else breaks when the folder moves: to find, warn about, recreate
    checks: tuple[str, ...] = ()  # end to end, for the consumers
    differences: tuple[str, ...] = ()  # between configuration and evidence


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An ed25519 signature over the approval; both values base64."""

    public_key: str
    value: str


class Approval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Who approved a phase, bound to exactly this phase and exactly this evidence."""

    by: str
    at: datetime
    note: str = ""
    phase_digest: str
    evidence_digest: str
    digest: str  # of the plan's id, all phases' digests, the phase's number and the approval but for its signature
    signature: Signature | None = None


class Phase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Moves that are approved and carried out together.

    `digest` covers them, and all of the plan but its id and the other phases.
    """

    phase: int
    title: str
    moves: tuple[Move, ...]
    digest: str
    approval: Approval | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The whole plan. `created_at` is the last moment of the evidence: equal evidence makes equal bytes."""

    schema_version: int
    plan_id: str
    env: str
    created_at: datetime
    source_bucket: str
    evidence: Evidence
    prices: Prices
    warnings: tuple[str, ...] = ()
    phases: tuple[Phase, ...]

    def moves(self) -> tuple[Move, ...]:
        """All moves, in rank order."""
        return tuple(move for phase in self.phases for move in phase.moves)

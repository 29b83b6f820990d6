"""One move as the executor carries it out: read from the plan once, checked, and frozen."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from executor.objects import StoredObject, encode, wanted_attributes
from executor.patterns import Pattern
from planner.plan import Validation


@dataclass(frozen=True, slots=True)
class BucketWishes:
    """What all moves of a plan together want of one target bucket."""

    rules: tuple[dict[str, Any], ...] = ()
    grants: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """What is to be done with one use case. `digest` changes when any part that steers the data changes."""

    use_case: str
    phase: int
    stays: bool
    digest: str
    plan_id: str
    env: str
    project: str | None
    as_of: date | None
    pattern: Pattern | None
    storage_class: str | None = None
    bucket_class: str = "STANDARD"
    location: str | None = None
    lifecycle: dict[str, Any] | None = None
    labels: dict[str, str] = field(default_factory=dict)
    versioning: bool = False
    autoclass: bool = False
    soft_delete_days: int = 7
    uniform_access: bool = True
    public_access_prevention: bool = True
    iam: tuple[tuple[str, str], ...] = ()
    bucket: BucketWishes = BucketWishes()
    keep_original_time: bool = False
    observe_days: int = 30
    code: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    validation: Validation = field(default_factory=Validation)
    retention_days: int | None = None
    approved_bytes: int | None = None

    @property
    def moving(self) -> Pattern:
        """The pattern of a move that does not stay."""
        if self.pattern is None:
            raise ValueError(f"{self.use_case} stays")
        return self.pattern

    @property
    def unchecked(self) -> str:
        """What the plan tells the verification to leave out, as a warning for people; empty when nothing."""
        wanted = self.validation
        off = [key for key in ("verify_checksums", "verify_file_sizes") if not getattr(wanted, key)]
        if not off:
            return ""
        said = ", ".join(f"{key}: false" for key in off)
        return f"WARNING: NOT COMPARED ({said} in the plan); `cleanup` compares it before it deletes anything"

    def marker(self, generation: int) -> str:
        """The marker that the copy of one source generation carries."""
        return f"{self.plan_id}/{generation}"

    def wanted(self, source: StoredObject) -> bytes:
        """The metadata set that the copy of `source` must carry, as the body of its rewrite."""
        return encode(
            wanted_attributes(
                source,
                storage_class=self.storage_class,
                keep_original_time=self.keep_original_time,
                marker=self.marker(source.generation),
            )
        )

"""What a scan says: references, and what it had to give up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

Role = Literal["read", "write", "list", "delete", "reference"]
Kind = Literal["code", "document"]


class Site(NamedTuple):
    """A line of the checkout: path relative to its root, line counted from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Reference:
    """One place that touches the bucket. `bucket` and `prefix` hold `*` where a part is not known."""

    bucket: str
    prefix: str
    role: Role
    file: str
    line: int
    via: str  # the call, statement or command that touches it
    kind: Kind
    confidence: float  # 0 to 1
    workload: str  # dag id or script that runs it
    provenance: tuple[Site, ...]  # every line that contributes a piece: the edit sites


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Something that was not followed to its end, and why."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Code that a migration trips over though it names no path of its own."""

    kind: str  # path-depth, constant-defined-twice
    message: str
    site: Site
    others: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanResult:
    """All references of a checkout, sorted by file and line, and what is missing from them."""

    references: tuple[Reference, ...]
    given_up: tuple[GivenUp, ...]
    files: int
    commit: str = ""
    cached: bool = False
    findings: tuple[Finding, ...] = ()

    def concerning(self, bucket: str | None) -> "ScanResult":
        """Only what touches `bucket`, or may do so because a part of the bucket's name is not known."""
        if bucket is None:
            return self
        kept = tuple(one for one in self.references if _may_be(one.bucket, bucket))
        return replace(self, references=kept)


def _may_be(pattern: str, bucket: str) -> bool:
    return fnmatchcase(bucket, pattern) or fnmatchcase(pattern, bucket)


def operations(references: Sequence[Reference]) -> list[Reference]:
    """The references that act on objects: code, in a role other than `reference`."""
    return [reference for reference in references if reference.kind == "code" and reference.role != "reference"]

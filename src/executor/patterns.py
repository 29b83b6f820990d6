"""The four migration patterns: pure functions from a source name to its target name, or to the reason it stays.

A pattern is compiled once into segments. A segment maps one source prefix to one target prefix and keeps the rest of
the name byte for byte (`p//x` stays `p//x`, a marker `p/` stays a marker), which makes it injective and keeps the
order of names, so listings of both sides can be compared as streams. Segments of one move never overlap on either
side; `refuse_overlaps` checks the same between moves. Nothing here reads a clock or a bucket.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from analysis.model import prefix_of
from executor.dates import DateRange, partition_regex
from executor.errors import MoveRefused
from executor.objects import OWN_PREFIX

NAME_BYTES = 1024
ANOTHER_SUBFOLDER = "belongs to another subfolder of the plan"


@dataclass(frozen=True, slots=True)
class Segment:
    """One source prefix and the target prefix that replaces it: both are folders or empty, or both begin names."""

    source_prefix: str
    target_prefix: str

    @property
    def begins_names(self) -> bool:
        """Whether it stands for all folders whose names begin so, not for one folder."""
        return self.source_prefix[-1:] not in {"", "/"}

    def target(self, name: str) -> str:
        """The target name of a source name below this segment."""
        return self.target_prefix + name[len(self.source_prefix) :]

    def source(self, target: str) -> str:
        """The source name that a name below the target prefix would come from."""
        return self.source_prefix + target[len(self.target_prefix) :]


@dataclass(frozen=True, slots=True)
class Selected:
    """A source object that moves: which segment it belongs to and its target name."""

    segment: int
    target: str


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A source object that stays, and why."""

    reason: str


Choice = Selected | LeftBehind


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. `source_prefix` is what has to be listed to see everything that moves or stays."""

    kind: str
    source_bucket: str
    target_bucket: str
    source_prefix: str
    segments: tuple[Segment, ...]
    nested: bool = True
    file_types: tuple[str, ...] = ()
    partition: re.Pattern[str] | None = None
    dates: DateRange | None = None
    excluded: tuple[str, ...] = ()

    def choose(self, name: str) -> Choice:
        """Where one object of the listing goes."""
        if self.excluded and name.startswith(self.excluded):
            return LeftBehind(ANOTHER_SUBFOLDER)
        for number, segment in enumerate(self.segments):
            if name.startswith(segment.source_prefix):
                return self._within(number, segment, name)
        return LeftBehind("not in subfolder_mapping")

    def _within(self, number: int, segment: Segment, name: str) -> Choice:
        if segment.begins_names and "/" not in name[len(segment.source_prefix) :]:
            return LeftBehind("lies beside the folders, in none of them")
        reason = self._filtered(name[len(self.source_prefix) :])
        target = segment.target(name)
        if reason is None:
            reason = _bad_name(target)
        return LeftBehind(reason) if reason else Selected(number, target)

    def _filtered(self, rest: str) -> str | None:
        """The reason why a name (below the source path) does not move, or None."""
        if not self.nested and "/" in rest:
            return "in a subfolder (include_subfolders is off)"
        if self.partition is not None:
            match = self.partition.match(rest)
            if match is None:
                return "not in a partition (partition_pattern)"
            day = _day_of(match)
            if day is None:
                return "no such calendar date"
            if self.dates is not None and day not in self.dates:
                return "outside date_range"
        # A zero-byte folder marker has no file name to filter on and carries no data.
        if self.file_types and not rest.endswith("/") and rest and not _matches(rest, self.file_types):
            return "matches no file pattern"
        return None


def _day_of(match: re.Match[str]) -> date | None:
    parts = match.groupdict()
    try:
        return date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except ValueError:
        return None


def _matches(rest: str, wildcards: Iterable[str]) -> bool:
    base = rest.rsplit("/", 1)[-1]
    return any(fnmatchcase(rest if "/" in wildcard else base, wildcard) for wildcard in wildcards)


def _bad_name(target: str) -> str | None:
    if not target:
        return "the folder's own marker has no name at the root of the target"
    if len(target.encode(errors="surrogatepass")) > NAME_BYTES:
        return "target name over 1024 bytes"
    if target in {".", ".."} or target.startswith(".well-known/acme-challenge/"):
        return "target name not allowed"
    if target.startswith(OWN_PREFIX):
        return f"target name below {OWN_PREFIX}, which is reserved"
    return None


# https://cloud.google.com/storage/docs/buckets#naming
BUCKET_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,220}[a-z0-9])?")


def compile_pattern(
    kind: str,
    *,
    env: str,
    source_bucket: str,
    source_path: str,
    target_bucket: str,
    target_path: str,
    include_subfolders: bool | None = None,
    file_types: Sequence[str] = (),
    file_patterns: Sequence[str] = (),
    subfolder_mapping: dict[str, str] | None = None,
    partition_pattern: str | None = None,
    date_range: str | None = None,
    as_of: date | None = None,
    exclude_prefixes: Sequence[str] = (),
) -> Pattern:
    """Compile one move's pattern; raises `MoveRefused` on anything ambiguous or unsafe.

    `as_of` is the day that `last_N_days` counts back from (that day included).
    """
    source_path, target_path = source_path.replace("{env}", env), target_path.replace("{env}", env)
    source, target = prefix_of(source_path), prefix_of(target_path)
    source_bucket, target_bucket = source_bucket.replace("{env}", env), target_bucket.replace("{env}", env)
    for bucket in (source_bucket, target_bucket):
        if not BUCKET_NAME.fullmatch(bucket):
            raise MoveRefused(f"{bucket!r} is no name of a bucket", "use lower-case letters, digits, '-', '_' and '.'")
    if kind not in {"single_folder", "multi_folder", "file_pattern", "date_partitioned"}:
        raise MoveRefused(
            f"unknown pattern {kind!r}", "use single_folder, multi_folder, file_pattern or date_partitioned"
        )
    segments = [Segment(source, target)]
    if kind == "multi_folder" and subfolder_mapping:
        segments = [Segment(source + prefix_of(k), target + prefix_of(v)) for k, v in sorted(subfolder_mapping.items())]
    partition = dates = None
    if kind == "date_partitioned":
        if not partition_pattern:
            raise MoveRefused("date_partitioned without partition_pattern", "add one such as 'export_{YYYYMMDD}/'")
        partition = partition_regex(partition_pattern, env)
        dates = DateRange.parse(date_range or "all", as_of)
    if source_path.endswith("*") != target_path.endswith("*") and not subfolder_mapping:
        raise MoveRefused(
            f"{source_path!r} would become {target_path!r}: only one of them is the beginning of a name",
            "end both with '*', or both with '/'",
        )
    wildcards = tuple(file_patterns if kind == "file_pattern" and file_patterns else file_types)
    nested = include_subfolders if include_subfolders is not None else kind in {"multi_folder", "date_partitioned"}
    pattern = Pattern(
        kind=kind,
        source_bucket=source_bucket,
        target_bucket=target_bucket,
        source_prefix=source,
        segments=tuple(segments),
        nested=nested or kind == "date_partitioned",
        file_types=() if "*" in wildcards else wildcards,
        partition=partition,
        dates=dates,
        excluded=tuple(exclude_prefixes),
    )
    _refuse_bad_segments(pattern)
    return pattern


def _refuse_bad_segments(pattern: Pattern) -> None:
    for first, a in enumerate(pattern.segments):
        if pattern.source_bucket == pattern.target_bucket and _overlap(a.source_prefix, a.target_prefix):
            raise MoveRefused(
                f"{pattern.source_bucket}/{a.source_prefix} would be copied into or over itself ({a.target_prefix})",
                "choose another target bucket or path",
            )
        for b in pattern.segments[first + 1 :]:
            if _overlap(a.source_prefix, b.source_prefix):
                raise MoveRefused(
                    f"subfolder_mapping names {a.source_prefix} and {b.source_prefix}, one inside the other",
                    "map each object once",
                )
            if _overlap(a.target_prefix, b.target_prefix):
                raise MoveRefused(
                    f"{a.source_prefix} and {b.source_prefix} would land on {a.target_prefix} and {b.target_prefix}, "
                    "one inside the other",
                    "give each subfolder a target of its own",
                )


def refuse_overlaps(patterns: Iterable[tuple[str, Pattern]]) -> None:
    """Refuse moves that would copy a source twice, feed one move's target to another, or share one target path."""
    seen: list[tuple[str, Pattern]] = []
    for use_case, pattern in patterns:
        for other_case, other in seen:
            _refuse_pair(use_case, pattern, other_case, other)
        seen.append((use_case, pattern))


def _refuse_pair(use_case: str, a: Pattern, other_case: str, b: Pattern) -> None:
    for x in a.segments:
        for y in b.segments:
            # Two filters over one folder (say, by file type) may share a source; one inside the other may not.
            if (
                a.source_bucket == b.source_bucket
                and x.source_prefix != y.source_prefix
                and _overlap(x.source_prefix, y.source_prefix)
                and not max(x.source_prefix, y.source_prefix).startswith(a.excluded + b.excluded)
            ):
                raise MoveRefused(
                    f"{use_case} and {other_case} both move objects below {max(x.source_prefix, y.source_prefix)}",
                    "let one of them leave that folder out",
                )
            if (
                a.target_bucket == b.target_bucket
                and x.target_prefix == y.target_prefix
                and x.source_prefix != y.source_prefix
            ):
                raise MoveRefused(
                    f"{use_case} and {other_case} both land on {a.target_bucket}/{x.target_prefix}",
                    "give one of them another target_path",
                )
        for left, right in ((a, b), (b, a)):
            if left.source_bucket == right.target_bucket and any(
                _overlap(s.source_prefix, t.target_prefix) for s in left.segments for t in right.segments
            ):
                raise MoveRefused(
                    f"{use_case} and {other_case}: the target of one is the source of the other",
                    "choose another target bucket or path",
                )


def _overlap(a: str, b: str) -> bool:
    return a.startswith(b) or b.startswith(a)

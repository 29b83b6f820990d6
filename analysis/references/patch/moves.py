"""Where a moved folder's references must point afterwards: the same mapping of prefixes that the copy uses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class FolderMove:
    """One move. `segments` are (source prefix, target prefix), each ending with '/' or empty, as the copy maps them."""

    use_case: str
    env: str
    source_bucket: str
    target_bucket: str
    segments: tuple[tuple[str, str], ...]
    excluded: tuple[str, ...] = ()
    wildcards: tuple[str, ...] = ()  # only files with such names move; empty: all
    nested: bool = True  # folders below the source move too
    dated: bool = False  # only some of the dated partitions move

    def concerns(self, bucket: str, prefix: str) -> bool:
        """Whether a reference lies in what moves, at folder boundaries: `dms_export_old/` is not in `dms_export/`."""
        if not self.in_source(bucket) or any(prefix.startswith(other) for other in self.excluded):
            return False
        segment = self.segment(prefix)
        return segment is not None and self._share(prefix[len(segment[0]) :]) is True

    def some_of(self, bucket: str, prefix: str) -> bool:
        """Whether a reference names files that move together with files that stay."""
        if not self.in_source(bucket) or any(prefix.startswith(other) for other in self.excluded):
            return False
        segment = self.segment(prefix)
        return segment is not None and self._share(prefix[len(segment[0]) :]) is None

    def _share(self, rest: str) -> bool | None:
        """Of what a path below the source names: does all of it move, nothing, or some of it (None)?"""
        folder, _, name = rest.rpartition("/")
        if folder and not self.nested:
            return False
        if self.dated:
            return None
        if not self.wildcards or any(fnmatchcase(rest if "/" in one else name, one) for one in self.wildcards):
            return True
        if not name or any(_may_meet(rest if "/" in one else name, one) for one in self.wildcards):
            return None
        return False

    def in_source(self, bucket: str) -> bool:
        """Whether a bucket pattern means the source bucket; a bucket of which nothing is known does not."""
        return bucket.strip("*") != "" and (bucket == self.source_bucket or fnmatchcase(self.source_bucket, bucket))

    def segment(self, prefix: str) -> tuple[str, str] | None:
        """The segment that a path lies in; None where it lies in none, or where it depends on what is not known."""
        return next((segment for segment in self.segments if _inside(prefix, segment[0])), None)

    def target(self, prefix: str) -> str:
        """The path after the move."""
        segment = self.segment(prefix)
        if segment is None:
            return prefix
        source, target = segment
        if len(prefix) < len(source):  # the folder's name without its slash
            return target.rstrip("/")
        return target + prefix[len(source) :]

    def straddles(self, bucket: str, prefix: str) -> bool:
        """Whether a reference may reach into what moves without lying in it: a list of the whole bucket, `*/x`."""
        if not self.in_source(bucket) or self.segment(prefix) is not None:
            return False
        known = prefix.partition("*")[0]
        return any(source.startswith(known) and source != known for source, _ in self.segments) and not any(
            prefix.startswith(other) for other in self.excluded
        )


def joined(move: FolderMove, others: Sequence[FolderMove]) -> FolderMove:
    """Moves between the same two buckets as one."""
    segments = [segment for one in (move, *others) for segment in one.segments]
    excluded = {prefix for one in (move, *others) for prefix in one.excluded} - {source for source, _ in segments}
    name = "+".join(one.use_case for one in (move, *others))
    return replace(move, use_case=name, segments=tuple(segments), excluded=tuple(sorted(excluded)))


def _may_meet(one: str, other: str) -> bool:
    """Whether two names with `*` may mean the same file, judged by their known beginnings and ends."""
    if "*" not in one:
        return False
    start, end = (one.partition("*")[0], other.partition("*")[0]), (one.rpartition("*")[2], other.rpartition("*")[2])
    return (start[0].startswith(start[1]) or start[1].startswith(start[0])) and (
        end[0].endswith(end[1]) or end[1].endswith(end[0])
    )


def _inside(prefix: str, source: str) -> bool:
    return prefix.startswith(source) or (source.endswith("/") and prefix == source[:-1])


def bucket_pair(move: FolderMove) -> tuple[str, str]:
    """Both bucket names with the environment's name written `{env}` where both hold it at the same end."""
    source, target, env = move.source_bucket, move.target_bucket, move.env
    if env and source.endswith(env) and target.endswith(env):
        return source.removesuffix(env) + "{env}", target.removesuffix(env) + "{env}"
    if env and source.startswith(env) and target.startswith(env):
        return "{env}" + source.removeprefix(env), "{env}" + target.removeprefix(env)
    return source, target

"""Where one subfolder ends and the next begins.

Top-level folders are the start; those whose names have the same beginning and vary behind it (`customer_001/`,
`customer_002/`) are one subfolder. A boundary moves down in two cases only: a folder holds nothing but one other folder
that holds folders (then the boundary belongs to the inner one), or its children differ: groups of them share no
program, or some are in use while others with weight are not. People are no reason to split, and neither is what one
job does to many children: those are one use case with mapped subfolders.

A boundary moves only when the evidence does. Where the snapshot before divided a folder, it stays divided until its
children have clearly grown together: regular programs tie them, and none is read on twice as many days as another.
Where it left a folder whole, difference in warmth divides it only by a margin.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from analysis.classify.thresholds import SubfolderLimits, Thresholds
from analysis.model import prefix_of
from analysis.settings import SubfolderOverride

# This many children that share a job are a collection of tables: single unread tables do not make it fall apart. Nor
# do this many that only people use: they are everybody's own folders.
COLLECTION_CHILDREN = 10
# Warm and cold children are told apart only where one has this many times the read days of the other: a boundary must
# not flicker with one day's reading.
CLEARLY_WARMER = 3
# The same for a folder that the snapshot before divided, and days above the threshold for one that it left whole.
STILL_WARMER = 2
MARGIN_DAYS = 2
# What differs in a number only (`v1`, `v2`) is editions of one thing, although only the newest may be read.
NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Child:
    """A folder that could become a subfolder of its own. Paths end with a slash."""

    path: str
    objects: int
    bytes: int
    read_days_30: int
    consumers: frozenset[int]  # services and externals that read or write it
    regulars: frozenset[int] = frozenset()  # those of them that come on several days


@dataclass(frozen=True)
class Boundary:
    """Where a subfolder starts, and why. `customer_*/` stands for the folders at the top whose names begin so."""

    path: str
    rule: str
    sentence: str

    @property
    def prefix(self) -> str:
        """What all names in it begin with."""
        return prefix_of(self.path.removesuffix("/"))


def find_boundaries(
    tops: Iterable[str],
    chains: Mapping[str, str],
    children: Mapping[str, Sequence[Child]],
    overrides: Sequence[SubfolderOverride],
    limits: SubfolderLimits,
    thresholds: Thresholds,
    before: AbstractSet[str] = frozenset(),
) -> tuple[Boundary, ...]:
    """Boundaries of a bucket, sorted by path.

    `tops` are the top-level folders, `chains` maps a folder to its only child, `children` lists the weighty children of
    folders whose children differ. `before` are the prefixes of the snapshot before, empty without one.
    """
    divided = parents_of(before)
    kept = {f"{override.name}/": override for override in overrides}
    found: dict[str, Boundary] = {}
    pending = [_top(top) for top in tops]
    while pending:
        here = pending.pop()
        override = kept.get(here.path)
        if override is not None and override.together:
            continue
        inner = chains.get(here.path)
        if inner is not None and depth(inner) <= limits.maximum_depth:
            pending.append(Boundary(inner, "single child", f"{here.path} holds nothing but this folder"))
            continue
        parts = children.get(here.path, ())
        reason = why_split(parts, limits, thresholds) if depth(here.path) < limits.maximum_depth else None
        if here.path in divided and depth(here.path) < limits.maximum_depth:
            reason = reason or why_still_split(parts, limits)
        elif reason is not None and here.path in before and not clear_by_a_margin(parts, reason, thresholds):
            reason = None
        if reason is None and override is not None and parts:
            reason = ("override", "the settings say that this is not one piece")
        if reason is None:
            found[here.path] = here
        else:
            # What the children leave behind stays with the folder itself.
            found[here.path] = here
            leaving = parts_that_leave(parts, reason[0], thresholds, before | divided)
            pending.extend(Boundary(part.path, *reason) for part in leaving)
    for path, override in kept.items():
        if override.together:
            whole = prefix_of(override.name)
            found = {known: boundary for known, boundary in found.items() if not known.startswith(whole)}
            found[path] = Boundary(path, "override", "set in the settings")
    return tuple(found[path] for path in sorted(found))


def _top(path: str) -> Boundary:
    if path.endswith("*/"):
        stem = path.removesuffix("*/")
        return Boundary(
            path, "folders alike", f"folders at the top of the bucket whose names begin with {stem} and vary"
        )
    return Boundary(path, "top level", "a folder at the top of the bucket")


def depth(path: str) -> int:
    """Number of segments of a path with closing slash."""
    return path.count("/")


def why_split(children: Sequence[Child], limits: SubfolderLimits, thresholds: Thresholds) -> tuple[str, str] | None:
    """Rule and sentence if these children are different use cases, else None."""
    if len(children) < 2 or len(children) > limits.maximum_siblings:
        return None
    if len(children) >= COLLECTION_CHILDREN and not any(child.consumers for child in children):
        return None
    groups = connected(children)
    if len(groups) > 1:
        return ("different users", f"{len(groups)} groups of its neighbours share no program")
    if len({NUMBER.sub("", child.path) for child in children}) == 1:
        return None
    used = [child for child in children if child.read_days_30 >= thresholds.warm_read_days_30]
    unused = [child for child in children if child.read_days_30 < thresholds.warm_read_days_30]
    if not used or not unused:
        return None
    if min(c.read_days_30 for c in used) < CLEARLY_WARMER * max(c.read_days_30 for c in unused):
        return None
    if len(children) >= COLLECTION_CHILDREN and len(used) > len(children) // 2:
        return None
    most = max(child.read_days_30 for child in used)
    sentence = (
        f"{len(used)} of {len(children)} neighbours are read (on up to {most} of 30 days), "
        f"the others on fewer than {thresholds.warm_read_days_30}"
    )
    return "different warmth", sentence


def parts_that_leave(
    children: Sequence[Child], rule: str, thresholds: Thresholds, before: AbstractSet[str]
) -> Sequence[Child]:
    """Children that become subfolders of their own; several warm ones with a common job stay in their parent."""
    if rule == "divided before":
        return [child for child in children if child.path in before] or children
    unused = [child for child in children if child.read_days_30 < thresholds.warm_read_days_30]
    return unused if rule == "different warmth" and len(children) - len(unused) > 1 else children


def common_depth(first: str | None, last: str | None) -> int:
    """How many folders all others lie below, from the first and last by name: depth is counted from there."""
    depth = 0
    for one, other in zip((first or "").split("/")[:-1], (last or "").split("/")[:-1], strict=False):
        if one != other:
            break
        depth += 1
    return depth


def parents_of(prefixes: Iterable[str]) -> frozenset[str]:
    """Folders above the given prefixes."""
    return frozenset(
        prefix[: end + 1] for prefix in prefixes for end, letter in enumerate(prefix[:-1]) if letter == "/"
    )


def why_still_split(children: Sequence[Child], limits: SubfolderLimits) -> tuple[str, str] | None:
    """Rule and sentence if these children, divided before, have not clearly grown together."""
    if len(children) < 2 or len(children) > limits.maximum_siblings:
        return None
    groups = connected([replace(child, consumers=child.regulars) for child in children])
    days = [child.read_days_30 for child in children]
    if len(groups) > 1 or max(days) >= STILL_WARMER * max(min(days), 1):
        return ("divided before", "told apart by an earlier analysis, and not clearly grown together since")
    return None


def clear_by_a_margin(children: Sequence[Child], reason: tuple[str, str], thresholds: Thresholds) -> bool:
    """Whether a folder that was whole before may be divided for this reason."""
    return reason[0] != "different warmth" or any(
        child.read_days_30 >= thresholds.warm_read_days_30 + MARGIN_DAYS for child in children
    )


def connected(children: Sequence[Child]) -> list[list[Child]]:
    """Groups of children that share a program, directly or through others; those without any program are left out."""
    groups: list[tuple[set[int], list[Child]]] = []
    for child in children:
        if not child.consumers:
            continue
        consumers, members = set(child.consumers), [child]
        rest = []
        for group in groups:
            if group[0] & consumers:
                consumers |= group[0]
                members = group[1] + members
            else:
                rest.append(group)
        groups = [*rest, (consumers, members)]
    return [members for _, members in groups]

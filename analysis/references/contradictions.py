"""Where code, logs and documents contradict each other about a bucket, as far as the code can tell.

A pure function: references, findings and what the logs saw in, contradictions out. `analysis.classify` knows verdicts
and adds what only they show (consumers without code, code without traffic).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from analysis.model import Contradiction
from analysis.references.model import Finding, Reference

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the logs saw in one folder: `op` is read, write, delete or list; `folder` ends with '/' or is empty."""

    bucket: str
    folder: str
    op: str


def find(
    references: Sequence[Reference], findings: Sequence[Finding], traffic: Sequence[Traffic], bucket: str
) -> tuple[Contradiction, ...]:
    """All contradictions about `bucket`, sorted by kind and message."""
    ours = [one for one in references if fnmatchcase(bucket, one.bucket) and one.bucket.strip("*")]
    found = [
        *_reads_without_writer(ours, [one for one in traffic if one.bucket == bucket]),
        *_buckets_disagree(references, bucket),
        *_unknown_to_code(ours),
        *_reaches_sibling(ours, [one for one in traffic if one.bucket == bucket]),
        *(Contradiction(one.kind, "", one.message, _lines([one.site, *one.others])) for one in findings),
    ]
    return tuple(sorted(set(found), key=lambda one: (one.kind, one.subfolder, one.message)))


def _lines(sites: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(f"{file}:{line}" for file, line in sorted(set(sites)))[:SHOWN]


def _code(references: Sequence[Reference], *roles: str) -> list[Reference]:
    return [one for one in references if one.kind == "code" and one.role in roles and one.prefix.strip("*/")]


def overlap(one: str, other: str) -> bool:
    """Whether two path patterns may name the same object: compared up to their first unknown part."""
    if fnmatchcase(one, other) or fnmatchcase(other, one):
        return True
    left, right = one.partition("*")[0], other.partition("*")[0]
    if "*" not in one and "*" not in other:
        return _folder(one) == other or _folder(other) == one or one == other
    return left.startswith(right) if "*" in other and len(left) >= len(right) else right.startswith(left) and "*" in one


def _folder(path: str) -> str:
    return path.rpartition("/")[0] + "/" if "/" in path else ""


def dataset(path: str) -> str:
    """The folder that a path is about: its known folders, without what changes from run to run."""
    known = path.partition("*")[0]
    return known.rpartition("/")[0].strip("/")


def _reads_without_writer(ours: Sequence[Reference], traffic: Sequence[Traffic]) -> Iterator[Contradiction]:
    writers = [one.prefix for one in _code(ours, "write")]
    written = {one.folder for one in traffic if one.op == "write"}
    by_dataset: dict[str, list[Reference]] = defaultdict(list)
    for one in _code(ours, "read"):
        name = dataset(one.prefix)
        if not name or any(overlap(one.prefix, other) or dataset(other) == name for other in writers):
            continue
        if any(folder.startswith(name + "/") for folder in written):
            continue
        by_dataset[name].append(one)
    # A line that reads fifty folders of one folder is one thing to look at.
    together: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for name, readers in by_dataset.items():
        sites = _lines([(one.file, one.line) for one in readers])
        together[sites, name.rpartition("/")[0] or name].append(name)
    for (sites, above), names in together.items():
        what = by_dataset[names[0]][0].prefix
        if len(names) > 1:
            what = f"{len(names)} folders below {above}/ ({names[0].rpartition('/')[2]}, ...)"
        message = f"{sites[0]} reads {what}, and neither code nor logs show a writer"
        yield Contradiction("read-without-writer", names[0] if len(names) == 1 else above, message, sites)


def _buckets_disagree(references: Sequence[Reference], bucket: str) -> Iterator[Contradiction]:
    by_dataset: dict[str, dict[str, list[Reference]]] = defaultdict(lambda: defaultdict(list))
    for one in _code(references, "read", "write"):
        if "*" not in one.bucket and (name := dataset(one.prefix)):
            by_dataset[name][one.bucket].append(one)
    for name, buckets in by_dataset.items():
        if bucket not in buckets or len(buckets) < 2:
            continue
        here = {one.role for one in buckets[bucket]}
        for other, sites in buckets.items():
            there = {one.role for one in sites}
            # Where both sides read and write, two datasets share a name; a mismatch writes here and reads there.
            if other == bucket or ({"read"}, {"write"}) not in ((here, there), (there, here)):
                continue
            verb, answer = ("writes", "read") if here == {"write"} else ("reads", "written")
            message = f"code {verb} {name}/ in {bucket}, and it is {answer} in {other}"
            lines = [(one.file, one.line) for one in (*buckets[bucket], *sites)]
            yield Contradiction("buckets-disagree", name, message, _lines(lines))


def _unknown_to_code(ours: Sequence[Reference]) -> Iterator[Contradiction]:
    code = [one.prefix for one in ours if one.kind == "code" and one.prefix.strip("*/")]
    if not code:
        return
    for one in ours:
        path = one.prefix.rstrip("/.")
        if one.kind != "document" or not path.strip("*/"):
            continue
        known = path.partition("*")[0].partition("{")[0].rstrip("/")
        if not any(
            prefix.startswith(known) or known.startswith(prefix.partition("*")[0].rstrip("/") + "/") for prefix in code
        ):
            message = f"{one.file}:{one.line} describes {one.prefix}, which no scanned code names"
            yield Contradiction(
                "document-unknown-to-code", dataset(known + "/"), message, _lines([(one.file, one.line)])
            )


# Tools that take a name for a folder: `gsutil rm -r gs://b/tmp` removes what lies below tmp/, and only a pattern more.
_BY_FOLDER = re.compile(r"(?:gsutil|gcloud|rclone|hadoop|distcp|rsync|rm|mv)\b")


def _reaches_sibling(ours: Sequence[Reference], traffic: Sequence[Traffic]) -> Iterator[Contradiction]:
    known = {one.folder for one in traffic} | {
        _folder(one.prefix.partition("*")[0]) for one in ours if one.kind == "code"
    }
    folders = sorted(
        {"/".join(folder.split("/")[:depth]) + "/" for folder in known for depth in range(1, folder.count("/") + 1)}
    )
    for one in ours:
        prefix = one.prefix.removesuffix("*")
        if one.kind != "code" or one.role != "delete" or not prefix or "*" in prefix or prefix.endswith("/"):
            continue
        if _BY_FOLDER.match(one.via) and not one.prefix.endswith("*"):
            continue
        # A name with a file ending is one object, not a prefix.
        if "." in prefix.rpartition("/")[2]:
            continue
        reached = [folder for folder in folders if folder.startswith(prefix) and not folder.startswith(prefix + "/")]
        reached = [folder for folder in reached if folder.count("/") == prefix.count("/") + 1]
        if reached:
            message = (
                f"{one.file}:{one.line} deletes by the prefix {prefix}, which reaches {', '.join(reached[:3])} too"
            )
            yield Contradiction("delete-reaches-sibling", prefix, message, _lines([(one.file, one.line)]))

"""One identity behind several jobs: told apart by the places that the code names for each, or by the clock.

Where two jobs share an account and a client, the log shows one caller. If code says that one job works in these folders
of a subfolder and the other one in those, the calls can be told apart by where they went. If code says nothing, and the
caller works in these folders in the morning and in those at night, they most likely are two jobs as well.
"""

from collections import defaultdict
from collections.abc import Sequence

from analysis.classify.code import CODE_ROLE, Workload
from analysis.classify.facts import Use, union
from analysis.model import CodeSite

TOLD_BY_PLACE = 0.8
TOLD_BY_CLOCK = 0.6
# Work this many hours apart, or less, may be one job that takes its time.
ONE_JOB_HOURS = 3
# A single visit at an odd hour is no job.
REGULAR_DAYS = 4
DAY = (1 << 24) - 1


def tell_jobs_apart(uses: Sequence[tuple[str, Use]], sites: Sequence[CodeSite]) -> list[tuple[Workload, Use]]:
    """One use per job, from a consumer's uses of one role by folder; empty unless every folder has just one job."""
    by_job: dict[str, list[Use]] = defaultdict(list)
    files: dict[str, list[str]] = defaultdict(list)
    for folder, use in uses:
        here = [
            site for site in sites if CODE_ROLE.get(site.role) == use.role and site.workload and _meets(site, folder)
        ]
        jobs = {site.workload for site in here if site.kind == "code"}
        if len(jobs) != 1:
            return []
        job = jobs.pop()
        by_job[job].append(use)
        files[job] += [f"{site.file}:{site.line}" for site in here]
    if len(by_job) < 2:
        return []
    return [
        (Workload(job, TOLD_BY_PLACE, tuple(dict.fromkeys(files[job]))), merge(parts))
        for job, parts in sorted(by_job.items())
    ]


def tell_times_apart(uses: Sequence[tuple[str, Use]]) -> list[tuple[str, Use]]:
    """One use per time of day, with words for it; empty unless there are two that have no folder in common."""
    groups: list[tuple[int, list[Use]]] = []
    for _, use in uses:
        hours, members = use.hours, [use]
        rest = []
        for group in groups:
            if _around(group[0]) & hours:
                hours |= group[0]
                members = group[1] + members
            else:
                rest.append(group)
        groups = [*rest, (hours, members)]
    if len(groups) < 2 or any(union(members).bit_count() < REGULAR_DAYS for _, members in groups):
        return []
    return sorted((_spoken_hours(hours), merge(members)) for hours, members in groups)


def times_of_day(hours: int) -> int:
    """How many stretches of the day a set of hours (bit n: UTC hour n) falls into."""
    return sum(1 for hour in range(24) if hours >> hour & 1 and not _before(hour) & hours)


def _around(hours: int) -> int:
    """These hours, and those so near that they may belong to the same job."""
    near = hours
    for shift in range(1, ONE_JOB_HOURS + 1):
        near |= hours << shift | hours >> (24 - shift) | hours >> shift | hours << (24 - shift)
    return near & DAY


def _before(hour: int) -> int:
    return sum(1 << (hour - shift) % 24 for shift in range(1, ONE_JOB_HOURS + 1))


def _spoken_hours(hours: int) -> str:
    """`01-03 h UTC`; a stretch may run over midnight."""
    starts = [hour for hour in range(24) if hours >> hour & 1 and not _before(hour) & hours]
    first = starts[0] if starts else 0
    last = max((shift for shift in range(24) if hours >> (first + shift) % 24 & 1), default=0)
    return f"{first:02}-{(first + last + 1) % 24:02} h UTC"


def _meets(site: CodeSite, folder: str) -> bool:
    stem = site.prefix.split("*", 1)[0]
    return stem.startswith(folder) or (stem.endswith("/") and folder.startswith(stem))


def merge(parts: Sequence[Use]) -> Use:
    """Uses of one consumer in one role as one."""
    sizes = [use.bytes for use in parts if use.bytes is not None]
    return Use(
        consumer=parts[0].consumer,
        role=parts[0].role,
        day_bits=union(parts),
        events=sum(use.events for use in parts),
        objects=sum(use.objects for use in parts),
        bytes=sum(sizes) if sizes else None,
        first_at=min(use.first_at for use in parts),
        last_at=max(use.last_at for use in parts),
    )

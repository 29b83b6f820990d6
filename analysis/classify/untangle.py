"""One identity behind several jobs: told apart by the places that the code names for each.

Where two jobs share an account and a client, the log shows one caller. If code says that one job works in these folders
of a subfolder and the other one in those, the calls can be told apart by where they went.
"""

from collections import defaultdict
from collections.abc import Sequence

from analysis.classify.code import CODE_ROLE, Workload
from analysis.classify.facts import Use, union
from analysis.model import CodeSite

TOLD_BY_PLACE = 0.8


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

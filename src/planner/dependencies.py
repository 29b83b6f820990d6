"""Which use cases hang together: they share a consumer, or a file of code names them both."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from analysis.model import Subfolder
from planner.plan import Shared

# A consumer of half the bucket says nothing about two of its folders.
WIDESPREAD = 8
LISTED = 12


def shared_with(rows: Sequence[tuple[str, Subfolder]], phases: Mapping[str, int]) -> dict[str, tuple[Shared, ...]]:
    """For each use case the others that a consumer or a file ties to it, nearest phase first."""
    by_tie: dict[str, list[str]] = defaultdict(list)
    for use_case, subfolder in rows:
        for tie in _ties(subfolder):
            by_tie[tie].append(use_case)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for tie in sorted([tie for tie, members in by_tie.items() if 1 < len(members) <= WIDESPREAD]):
        for one in by_tie[tie]:
            for other in by_tie[tie]:
                if one != other:
                    found[one].setdefault(other, tie)
    return {use_case: _listed(use_case, others, phases) for use_case, others in found.items()}


def _ties(subfolder: Subfolder) -> set[str]:
    uses = [use for use in (*subfolder.readers, *subfolder.writers) if use.kind in {"service", "external"}]
    ties = {f"both are used by {use.workload or use.name}" for use in uses}
    return ties | {f"{site.file} names both" for site in subfolder.code if site.kind == "code"}


def _listed(use_case: str, others: Mapping[str, str], phases: Mapping[str, int]) -> tuple[Shared, ...]:
    mine = phases[use_case]
    near = sorted(others, key=lambda other: (abs(phases[other] - mine), other))[:LISTED]
    return tuple(
        Shared(use_case=other, phase=phases[other], together=phases[other] == mine, because=others[other])
        for other in near
    )

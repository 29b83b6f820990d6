"""Pinned phases, and how many bytes a phase may move. Overflow goes to a later phase, never to an earlier one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from planner.errors import InvalidPlanInput
from planner.settings import PlannerSettings
from planner.tiers import DEFERRED, LAST_MOVING_PHASE, PHASE_TITLES, Placement


def capped(rows: Sequence[tuple[str, Placement, int]], settings: PlannerSettings) -> list[Placement]:
    """The placements of (use case, placement, bytes to move), in rank order, after pins and capacity.

    A move larger than the capacity gets a phase that is still empty. What finds no room is deferred to the last phase.
    """
    for use_case, phase in settings.pin.items():
        if phase not in PHASE_TITLES:
            known = ", ".join(map(str, PHASE_TITLES))
            raise InvalidPlanInput(f"--pin {use_case}={phase}: there is no phase {phase}", f"phases are {known}")
    used: dict[int, int] = defaultdict(int)
    placed = []
    for use_case, placement, size in rows:
        pinned = settings.pin.get(use_case)
        found = placement if pinned is None else _pinned(placement, pinned, use_case)
        limit = settings.max_phase_bytes
        if limit is not None and found.action == "move" and found.phase <= LAST_MOVING_PHASE and pinned is None:
            found = _fitting(found, size, limit, used)
        if found.action == "move":
            used[found.phase] += size
        placed.append(found)
    return placed


def _pinned(placement: Placement, phase: int, use_case: str) -> Placement:
    if placement.action == "stay":
        raise InvalidPlanInput(
            f"--pin {use_case}={phase}: it stays ({placement.because})",
            "configure it in migration_configs.yaml to move it",
        )
    return replace(placement, phase=phase, because=f"{placement.because}; pinned to phase {phase}")


def _fitting(placement: Placement, size: int, limit: int, used: dict[int, int]) -> Placement:
    for phase in range(placement.phase, LAST_MOVING_PHASE + 1):
        if used[phase] == 0 or used[phase] + size <= limit:
            if phase == placement.phase:
                return placement
            return replace(placement, phase=phase, because=f"{placement.because}; phase {placement.phase} is full")
    because = f"{placement.because}; deferred, as no phase has room for its {size} bytes"
    return replace(placement, phase=DEFERRED, because=because)

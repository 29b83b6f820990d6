"""Temperature, isolation and usage pattern → tier, phase, priority. Few rules, in order; the first that fits decides.

| rule | tier | phase | priority |
|---|---|---|---|
| unknown temperature or isolation; exchange, transient staging, retention first; root objects | 4 | 5 | LOW, stays |
| cold, isolated, an archive | 1 | 1 | HIGH |
| cold, isolated, anything else (reference data) | 1 | 2 | HIGH |
| cold and shared; warm and isolated | 2 | 3 | MEDIUM |
| warm and shared; hot and isolated | 3 | 4 | LOW |
| hot and shared | 4 | 5 | LOW, stays |

All else equal, colder or more isolated is never a later tier.
"""

from dataclasses import dataclass

from analysis.model import Subfolder
from planner.plan import Action, Priority

ISOLATED = frozenset({"perfect", "excellent", "good"})
ARCHIVES = frozenset({"manual archive", "legacy archive", "archival system"})
PRIORITIES: dict[int, Priority] = {1: "HIGH", 2: "MEDIUM", 3: "LOW", 4: "LOW"}
PHASE_TITLES = {
    1: "Cold archives",
    2: "Cold reference data",
    3: "Warm, isolated data",
    4: "Hot data, coordinated with its owners",
    5: "Stays for now",
}
LAST_MOVING_PHASE = 4
DEFERRED = 5

# Patterns and flags that keep a subfolder where it is, and why.
STAYS = {
    "bidirectional sync": "two systems write what the other reads: both would have to switch at the same moment",
    "transient staging": "objects live for days: there is nothing to migrate, and a new path only has to be configured",
    "report archive": "it grows and is never pruned: decide on retention first, then on a bucket",
}
FLAG_STAYS = {
    "bidirectional-sync": STAYS["bidirectional sync"],
    "transient-staging": STAYS["transient staging"],
    "retention-first": STAYS["report archive"],
}


@dataclass(frozen=True)
class Placement:
    """Where a subfolder stands, and the sentence that says why."""

    tier: int
    phase: int
    action: Action
    because: str

    @property
    def priority(self) -> Priority:
        """HIGH for tier 1, MEDIUM for tier 2, LOW for the rest."""
        return PRIORITIES[self.tier]


def stay(because: str) -> Placement:
    """The placement of what stays."""
    return Placement(4, DEFERRED, "stay", because)


def place(subfolder: Subfolder) -> Placement:
    """The placement that evidence alone gives."""
    if obstacle := _obstacle(subfolder):
        return stay(obstacle)
    heat, pattern = subfolder.temperature, subfolder.pattern
    isolated = subfolder.isolation in ISOLATED
    how = f"{heat}, isolation {subfolder.isolation}, {pattern}"
    if heat == "cold" and isolated:
        if pattern in ARCHIVES:
            return Placement(1, 1, "move", f"{how}: an archive that hardly anybody would notice moving")
        return Placement(1, 2, "move", f"{how}: cold data with few consumers to point to a new place")
    if heat == "cold" or (heat == "warm" and isolated):
        why = "predictable use, few consumers" if isolated else "cold, but others use what it shares"
        return Placement(2, 3, "move", f"{how}: {why}")
    if heat == "warm" or isolated:
        why = "isolated, but in daily use" if isolated else "in use by several pipelines"
        return Placement(3, 4, "move", f"{how}: {why}, so its owners have to take part")
    return stay(f"{how}: in daily use by pipelines that share it; untangle them first")


def _obstacle(subfolder: Subfolder) -> str | None:
    if not subfolder.name:
        return "objects at the root of the bucket are no use case"
    if subfolder.temperature == "unknown" or subfolder.isolation == "unknown":
        return "the evidence does not tell how it is used: complete it before deciding anything"
    if reason := STAYS.get(subfolder.pattern):
        return f"{subfolder.pattern}: {reason}"
    for flag, reason in FLAG_STAYS.items():
        if flag in subfolder.flags:
            return f"{flag.replace('-', ' ')}: {reason}"
    return None

"""Who looks after the whole bucket, told by behaviour alone.

Data that was old when the logs began separates a scanner from a user. Users come for what is new, or for some of what
is old: a nightly loader never opens last year's partitions, a training job opens those of its own features. A scanner
(antivirus, backup, inspection) has no preference: of the older half of the old data it touches the same share in every
place, and leaves no place out. How large that share is depends on how long we watched, so it is measured, not demanded,
and the places it should have reached by now are counted from it.

Two buckets hide the difference. Where everything serves the same programs, reading all of it is what a user does too;
and where the places are the tables of one collection, whoever comes back to all of them again and again uses them;
unless the others who read there have nothing in common, and then it may be a scanner.
"""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from analysis.classify.thresholds import Thresholds

Breadth = Literal["scanner", "perhaps", "user"]


@dataclass(frozen=True)
class Rounds:
    """What one client did: old objects read, by place, and how often it read and where it wrote at all."""

    old_reads: Mapping[str, int]  # an object counts once a day
    read_places: AbstractSet[str]
    reads: int
    written_places: AbstractSet[str]
    writes: int
    among_others: bool = True  # places differ in the other programs that use them
    among_strangers: bool = False  # two other programs read here and never in the same place


@dataclass(frozen=True)
class Ground:
    """What clients are measured against."""

    held: Mapping[str, int]  # objects of the older half of the old data, by place
    places: AbstractSet[str]  # that hold objects
    written: AbstractSet[str] = frozenset()  # that anybody writes to
    at_the_top: bool = True  # places are top-level folders, not parts of a single one


def judge_breadth(rounds: Rounds, ground: Ground, thresholds: Thresholds) -> Breadth:
    """Whether a client is a scanner, may be one, or is a user.

    With too little old data, or too few reads of it, the answer is at most "perhaps".
    """
    held = ground.held
    few = thresholds.scanner_minimum_folders
    noted = rounds.writes <= thresholds.scanner_notes_share * rounds.reads and len(rounds.written_places) <= 1
    if not noted or len(rounds.read_places) < few:
        return "user"
    wide = any(
        len(reach) >= few and len(reach & rounds.read_places) >= thresholds.scanner_place_share * len(reach)
        for reach in (ground.places, ground.written)
    )
    total = sum(held.values())
    read = sum(count for place, count in rounds.old_reads.items() if place in held)
    share = read / total if total else 0.0
    if share < thresholds.scanner_least_share:
        # A scanner of uploads reads nothing old, and neither does a loader: only what they serve could tell them apart.
        return "perhaps" if wide and rounds.among_others else "user"
    chances = {place: 1 - math.exp(-share * objects) for place, objects in held.items()}
    expected, spread = sum(chances.values()), math.sqrt(sum(p * (1 - p) for p in chances.values()))
    touched = sum(1 for place, count in rounds.old_reads.items() if count and place in held)
    if touched < thresholds.scanner_place_share * expected - 2 * spread:
        return "user"
    if _evenness(rounds, held, share) < thresholds.scanner_evenness:
        return "user"
    if share > thresholds.scanner_rounds and not ground.at_the_top:
        return "perhaps" if rounds.among_strangers else "user"
    if expected < few - 0.5 or touched < few or not rounds.among_others:
        return "perhaps" if wide else "user"
    return "scanner"


def _evenness(rounds: Rounds, held: Mapping[str, int], share: float) -> float:
    """How much of its share a place got on average, where that is more than luck; 1 if there is no such place."""
    wanted = {place: share * objects for place, objects in held.items() if share * objects >= 3}
    got = [min(1.0, rounds.old_reads.get(place, 0) / objects) for place, objects in wanted.items()]
    return sum(got) / len(got) if got else 1.0

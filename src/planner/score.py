"""How much a move is worth against what it risks: six factors between 0 and 1, weighted, 0 to 100 in all.

Every factor is monotone: colder, more isolated, cheaper afterwards, larger, fewer people and systems to disturb, less
to change never lowers the score, all else equal.
"""

from math import log10

from analysis.model import Subfolder
from planner.money import money
from planner.plan import Factor, Score
from planner.settings import PlannerSettings

HEAT = {"cold": 1.0, "warm": 0.6, "hot": 0.2, "unknown": 0.0}
ISOLATION = {"perfect": 1.0, "excellent": 0.85, "good": 0.6, "shared": 0.2, "unknown": 0.0}

# What each obstacle takes off, from 1.
RISKS = {
    "external-writer": 0.35,
    "external-reader": 0.25,
    "bidirectional-sync": 0.3,
    "shared-identity": 0.1,
    "bigquery-reader": 0.05,
    "low-coverage": 0.2,
}
CONSUMER_RISK = 0.08
CODE_EFFORT = 0.04
EFFORT_OBJECTS = 10_000_000  # one more step of effort for each ten of them


def score(subfolder: Subfolder, saving_usd_month: float, settings: PlannerSettings) -> Score:
    """The score of one subfolder; `saving_usd_month` is what the move saves each month, one-off costs aside."""
    weights = settings.weights
    consumers = {use.name for use in (*subfolder.readers, *subfolder.writers)}
    flagged = [flag for flag in RISKS if flag in subfolder.flags]
    risk = sum(RISKS[flag] for flag in flagged) + CONSUMER_RISK * len(consumers)
    code = len({(site.file, site.line) for site in subfolder.code if site.kind == "code"})
    parts = (
        ("temperature", HEAT[subfolder.temperature], weights.temperature, subfolder.temperature),
        ("isolation", ISOLATION[subfolder.isolation], weights.isolation, subfolder.isolation),
        (
            "savings",
            _growing(saving_usd_month, settings.savings_full_usd),
            weights.savings,
            f"{money(saving_usd_month)} a month",
        ),
        ("volume", _growing(subfolder.bytes, settings.volume_full_bytes), weights.volume, f"{subfolder.bytes} bytes"),
        ("risk", max(0.0, 1 - risk), weights.risk, _because(consumers, flagged)),
        (
            "effort",
            max(0.0, 1 - CODE_EFFORT * code - subfolder.objects / EFFORT_OBJECTS / 10),
            weights.effort,
            f"{code} code references, {subfolder.objects} objects",
        ),
    )
    whole = sum([weight for _, _, weight, _ in parts]) / 100
    factors = tuple(
        Factor(
            name=name, value=round(value, 4), weight=weight, points=round(value * weight / whole, 2), because=because
        )
        for name, value, weight, because in parts
    )
    return Score(total=round(sum([factor.points for factor in factors]), 2), factors=factors)


def _growing(amount: float, full: float) -> float:
    """0 for nothing, 1 from `full` on, logarithmic between, so that neither dwarfs the small ones."""
    return min(1.0, log10(1 + 999 * max(0.0, amount) / full) / 3)


def _because(consumers: set[str], flagged: list[str]) -> str:
    count = f"{len(consumers)} consumer{'' if len(consumers) == 1 else 's'}"
    return ", ".join([count, *(flag.replace("-", " ") for flag in flagged)])

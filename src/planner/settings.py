"""`[planner]` in thermocline.toml, and the what-if options of `plan generate`.

[planner]
material_usd = 5.0             # below this, over three years, money does not decide
target_location = "europe-west1"
[planner.weights]
savings = 20
[planner.lifecycle_policies.keep_two_years]
storage_class = "NEARLINE"
rule = [{ action = { type = "Delete" }, condition = { daysSinceCustomTime = 730 } }]
"""

from typing import Any, Literal

import msgspec

from analysis.errors import nearest
from planner.errors import InvalidPlanInput
from planner.prices import CLASSES, StorageClass


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each factor of the score counts; only their proportions matter."""

    temperature: float = 30.0
    isolation: float = 25.0
    savings: float = 15.0
    volume: float = 10.0
    risk: float = 10.0
    effort: float = 10.0


class ObserveDays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the old place must be quiet: long enough for the rarest regular consumer to come by."""

    hot: int = 14
    warm: int = 30
    cold: int = 45
    unknown: int = 45


class NamedPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lifecycle policy that configurations call by name."""

    storage_class: StorageClass = "STANDARD"
    rule: tuple[dict[str, Any], ...] = ()


class PlannerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about planning that a team may decide differently."""

    weights: Weights = Weights()
    observe_days: ObserveDays = ObserveDays()
    material_usd: float = 5.0  # over three years
    premium_share: float = 0.1  # of today's three-year cost: what a bucket of one's own may cost
    archive_reads_per_year: float = 4.0  # days with reads; above it Archive is too cold
    savings_full_usd: float = 1000.0  # a month: the savings factor is 1 from here on
    volume_full_bytes: int = 10 * 1024**4
    target_location: str | None = None  # where new buckets go; default: the source's location
    bigquery_location: str | None = None  # of the datasets; default: the source's location
    allow_autoclass: bool = False
    public_access_prevention: bool = True
    labels: dict[str, str] = {}
    lifecycle_policies: dict[str, NamedPolicy] = {}
    drift_bytes_share: float = 0.2  # how much a folder may grow or shrink before its approval is stale
    max_phase_bytes: int | None = None
    exclude: tuple[str, ...] = ()
    pin: dict[str, int] = {}
    target_class: dict[str, StorageClass] = {}  # by use case; "*" for all
    use_cases: Literal["both", "configured", "discovered"] = "both"


def planner_settings(table: dict[str, Any], source: str = "thermocline.toml") -> PlannerSettings:
    """The `[planner]` table as settings. Raises InvalidPlanInput for unknown keys and values that do not fit."""
    sections: tuple[tuple[str, Any, type[msgspec.Struct]], ...] = (
        ("planner", table, PlannerSettings),
        ("planner.weights", table.get("weights", {}), Weights),
        ("planner.observe_days", table.get("observe_days", {}), ObserveDays),
    )
    for where, section, struct in sections:
        for key in section if isinstance(section, dict) else ():
            if key not in struct.__struct_fields__:
                raise InvalidPlanInput(f"{source}: unknown key `{where}.{key}`", nearest(key, struct.__struct_fields__))
    try:
        settings = msgspec.convert(table, PlannerSettings)
    except msgspec.ValidationError as error:
        raise InvalidPlanInput(f"{source}: [planner] holds a value that does not fit", str(error)) from error
    weights = msgspec.structs.asdict(settings.weights)
    if min(weights.values()) < 0 or sum(weights.values()) <= 0:
        raise InvalidPlanInput(f"{source}: [planner.weights] must not be negative, nor all zero", "raise one of them")
    return settings


def storage_class(text: str) -> StorageClass:
    """A storage class as a user types it. Raises InvalidPlanInput for anything else."""
    wanted = text.strip().upper()
    try:
        found: StorageClass = msgspec.convert(wanted, StorageClass)
        return found
    except msgspec.ValidationError:
        raise InvalidPlanInput(f"{text!r} is not a storage class", nearest(wanted, CLASSES)) from None

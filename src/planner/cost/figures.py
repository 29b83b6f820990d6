"""The cost figures of a plan: US dollars, rounded to a hundredth of a cent so that small folders do not vanish.

Causes that cost nothing, empty notes and what was not chosen are left out of the file: an alternative is a few lines.
"""

import msgspec


class OneOff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False, omit_defaults=True):
    """What is paid once, by cause."""

    operations_usd: float = 0.0
    retrieval_usd: float = 0.0
    early_deletion_usd: float = 0.0
    network_usd: float = 0.0
    replication_usd: float = 0.0
    double_storage_usd: float = 0.0  # both copies, until the source is cleaned up
    soft_delete_usd: float = 0.0  # the deleted source is billed until soft delete ends


class Alternative(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False, omit_defaults=True):
    """One thing that could be done with the subfolder, and its price."""

    name: str
    summary: str
    storage_class: str
    location: str
    moves: bool  # false: the objects stay in the bucket they are in
    monthly_usd: float  # the last month's of the three years, when young objects have been demoted
    one_off_usd: float
    one_off: OneOff = OneOff()
    three_year_usd: float  # one-off included
    saving_usd: float  # over three years, against leaving everything as it is; negative: it costs more
    break_even_months: float | None  # None: never within three years
    allowed: bool  # by the access; where it is not, `note` says why
    chosen: bool = False
    note: str = ""


class Cost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The chosen alternative against today, and all the others."""

    monthly_now_usd: float
    monthly_after_usd: float
    one_off_usd: float
    break_even_months: float | None
    three_year_now_usd: float
    three_year_after_usd: float
    three_year_in_place_usd: float  # the best that can be had without moving
    move_premium_usd: float  # what a bucket of its own costs over three years, against staying
    recommendation: str
    one_off: OneOff
    alternatives: tuple[Alternative, ...] = ()
    assumptions: tuple[str, ...] = ()

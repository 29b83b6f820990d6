"""What a subfolder costs in a month as it is, by cause, by the rules that price everything a plan could do with it."""

from typing import NamedTuple

from analysis.model import Subfolder
from planner.cost import rules
from planner.cost.holding import DAYS_PER_MONTH, holding_of
from planner.prices import Place


class Month(NamedTuple):
    """US dollars a month: bytes at rest, reads (gets and retrieval), and new objects (inserts)."""

    storage_usd: float
    reads_usd: float
    writes_usd: float

    @property
    def usd(self) -> float:
        """All of it."""
        return self.storage_usd + self.reads_usd + self.writes_usd


def month_as_it_is(subfolder: Subfolder, place: Place) -> Month:
    """One month at the prices of a place, with the reads and writes that the evidence saw."""
    holding = holding_of(subfolder)
    return Month(
        sum(rules.storage_usd(gib, name, DAYS_PER_MONTH, place) for name, (_, gib, _) in holding.by_class.items()),
        sum(
            rules.reads_usd(holding.reads * share, holding.read_gib * share, name, place)
            for name, (_, _, share) in holding.by_class.items()
        ),
        holding.writes * place.class_a["STANDARD"],
    )

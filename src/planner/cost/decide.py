"""Which alternative is recommended, and whether a bucket of its own is worth its price.

Staying in place never costs more than moving the same bytes to the same class: a move pays for the copy. So a move
has to be worth that premium, and "do not move" wins when the premium over the best alternative in place is more than
the material amount and more than `premium_share` of what the subfolder costs today.
"""

import msgspec

from analysis.model import Subfolder
from planner.cost.figures import Cost
from planner.cost.holding import DAYS_PER_MONTH, Holding, holding_of
from planner.cost.option import Access, Configured, Option, Terms, in_words, money
from planner.cost.options import CONFIGURED, options
from planner.ladder_reading import NO_RULES, PricedRules
from planner.prices import Place, PriceBook
from planner.settings import PlannerSettings

DAYS_PER_YEAR = 365


class Decision(msgspec.Struct, frozen=True):
    """The options of one subfolder, the best of each kind, and the choice between moving and staying.

    `leave` is what it costs when nothing is done.
    """

    options: tuple[Option, ...]
    leave: Option
    best_move: Option
    best_in_place: Option
    move_pays: bool
    premium_usd: float
    limit_usd: float
    assumptions: tuple[str, ...]

    def named(self, name: str) -> Option:
        """The alternative of that name."""
        return next(option for option in self.options if option.name == name)

    def cost(self, chosen: Option) -> Cost:
        """The cost section of a plan, with `chosen` marked; the recommendation is still to be written."""
        leave = self.leave.three_year_usd
        figures = tuple(option.figures(leave, chosen=option is chosen) for option in self.options)
        mine = next(figure for figure in figures if figure.chosen)
        return Cost(
            monthly_now_usd=money(self.leave.running.spent(DAYS_PER_MONTH)),
            monthly_after_usd=mine.monthly_usd,
            one_off_usd=mine.one_off_usd,
            break_even_months=mine.break_even_months,
            three_year_now_usd=money(leave),
            three_year_after_usd=mine.three_year_usd,
            three_year_in_place_usd=money(self.best_in_place.three_year_usd),
            move_premium_usd=money(self.premium_usd),
            recommendation="",
            one_off=mine.one_off,
            alternatives=figures,
            assumptions=self.assumptions,
        )


def access_of(subfolder: Subfolder, settings: PlannerSettings) -> Access:
    """What the subfolder's access allows.

    Hot: Standard, and a ladder only for the tail that has gone cold. Warm: Nearline. Cold: Coldline, or Archive where
    reads are rarer than `archive_reads_per_year`. Objects that do not live a class's minimum days never go there.
    """
    until = subfolder.hot_until_age_days
    if "transient-staging" in subfolder.flags:
        return Access("STANDARD", ladder_coldest="STANDARD", because="its objects do not live a class's minimum days")
    if subfolder.temperature == "unknown":
        return Access("STANDARD", ladder_coldest="STANDARD", because="how it is used is not known")
    if subfolder.temperature == "hot":
        because = "hot: every read of a colder class pays retrieval"
        return Access("STANDARD", until or 0, "COLDLINE" if until is not None else "STANDARD", because)
    if subfolder.temperature == "warm":
        because = "warm: read too often for anything colder than Nearline"
        return Access("NEARLINE", until or 0, "COLDLINE" if until is not None else "NEARLINE", because)
    reads_a_year = subfolder.read_days * DAYS_PER_YEAR / max(subfolder.coverage_days, 1)
    if reads_a_year <= settings.archive_reads_per_year:
        return Access("ARCHIVE", until or 0, "ARCHIVE")
    because = f"read on some {reads_a_year:.0f} days a year, Archive is for {settings.archive_reads_per_year:g} at most"
    return Access("COLDLINE", until or 0, "COLDLINE", because)


def decide(
    subfolder: Subfolder, book: PriceBook, source: Place, target: Place, settings: PlannerSettings,
    *, use_case: str, observe_days: int, soft_delete_days: int, set_already: PricedRules = NO_RULES,
    configured: Configured | None = None,
) -> Decision:  # fmt: skip
    """Price every alternative and choose among those that the access (or a what-if class) allows.

    `soft_delete_days` and `set_already` are the source bucket's; `configured` is one more alternative, never chosen.
    """
    datasets = book.place(settings.bigquery_location) if settings.bigquery_location else None
    terms = Terms(book, source, target, access_of(subfolder, settings), observe_days, soft_delete_days,
                  datasets, set_already.ladder, configured)  # fmt: skip
    holding = holding_of(subfolder)
    found = tuple(options(holding, terms))
    in_place = [option for option in found if not option.moves and option.allowed]
    best_in_place = min(in_place, key=lambda option: option.three_year_usd)
    best_move = _best_move(found, terms, settings.target_class.get(use_case, settings.target_class.get("*")), settings)
    premium = best_move.three_year_usd - best_in_place.three_year_usd
    limit = max(settings.material_usd, settings.premium_share * found[0].three_year_usd)
    assumptions = _assumptions(holding, terms, set_already.others)
    return Decision(found, found[0], best_move, best_in_place, premium <= limit, premium, limit, assumptions)


def _best_move(found: tuple[Option, ...], terms: Terms, wanted: str | None, settings: PlannerSettings) -> Option:
    moving = [
        option
        for option in found
        if option.moves
        and option.name != CONFIGURED
        and option.place.location == terms.target.location
        and (settings.allow_autoclass or not option.autoclass)
    ]
    if wanted:
        return next(option for option in moving if option.name == f"move-{wanted.lower()}")
    return min((option for option in moving if option.allowed), key=lambda option: option.three_year_usd)


def _assumptions(holding: Holding, terms: Terms, not_priced: int) -> tuple[str, ...]:
    """What holds for this subfolder beyond the plan's own assumptions."""
    found = []
    if holding.fed:
        found.append("new objects replace those that age, so the ages stay as they are")
    if holding.read_gib_estimated:
        found.append("bytes read are estimated as reads x average object size")
    if holding.bigquery_gib:
        datasets = terms.datasets or terms.source
        found.append(f"BigQuery reads {holding.bigquery_gib:.1f} GiB a month for datasets in {datasets.location}")
    if terms.set_already:
        steps = in_words(terms.set_already)
        found.append(
            f"the bucket's own lifecycle rules are counted in place ({steps}); a new bucket does not have them"
        )
    if not_priced:
        found.append(f"{_rules(not_priced)} of the bucket's own with other conditions than an age not counted")
    if terms.configured and terms.configured.others:
        found.append(f"{_rules(terms.configured.others)} as configured with other conditions than an age not counted")
    return tuple(found)


def _rules(count: int) -> str:
    return f"{count} lifecycle rule{'s' * (count > 1)}"

"""A phase in a few figures: what somebody who approves it has to know."""

from dataclasses import dataclass

from planner.plan import Phase


@dataclass(frozen=True)
class PhaseSummary:
    """Counts and sums over the moves of a phase that move; warnings name the use case they are about."""

    phase: int
    title: str
    moves: int
    stays: int
    objects: int
    bytes: int
    monthly_now_usd: float
    monthly_after_usd: float
    one_off_usd: float
    three_year_saving_usd: float
    warnings: tuple[str, ...]


def summarise(phase: Phase) -> PhaseSummary:
    """The summary of one phase."""
    moving = [move for move in phase.moves if move.action == "move"]
    warnings = [f"{move.use_case}: {risk}" for move in moving for risk in (*move.risks, *move.differences)]
    return PhaseSummary(
        phase=phase.phase,
        title=phase.title,
        moves=len(moving),
        stays=len(phase.moves) - len(moving),
        objects=sum(move.objects for move in moving),
        bytes=sum(move.bytes for move in moving),
        monthly_now_usd=round(sum(move.cost.monthly_now_usd for move in moving), 2),
        monthly_after_usd=round(sum(move.cost.monthly_after_usd for move in moving), 2),
        one_off_usd=round(sum(move.cost.one_off_usd for move in moving), 2),
        three_year_saving_usd=round(
            sum(move.cost.three_year_now_usd - move.cost.three_year_after_usd for move in moving), 2
        ),
        warnings=tuple(warnings),
    )

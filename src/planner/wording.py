"""The sentences of a move: assessment, benefits, risks."""

from collections.abc import Sequence

from analysis.model import Subfolder
from planner.cost.decide import Decision
from planner.cost.option import Option
from planner.money import money
from planner.plan import Action, Migration, Shared
from planner.tiers import Placement

FLAG_RISKS = {
    "external-writer": "a system outside the team writes here: it has to switch on an agreed date",
    "external-reader": "a system outside the team reads here: it has to switch on an agreed date",
    "shared-identity": "several programs use one identity: the logs cannot always tell them apart",
    "low-coverage": "the logs cover too little time for a firm verdict",
    "code-without-traffic": "code names it that was not seen running: it may run rarely",
    "never-read": "nobody was seen reading it: ask whether it can be deleted instead",
}
MANY = 10_000  # fewer objects cost next to nothing, however small they are
FLAG_BENEFITS = {
    "growing": "its growth gets a lifecycle of its own",
    "single-pipeline": "one pipeline owns the bucket: failures and permissions stay apart",
    "shared-library": "a shared library gets a place with permissions of its own",
    "hot-head-cold-tail": "the tail that nobody reads can grow cold by itself",
}


def benefits(subfolder: Subfolder, decision: Decision, option: Option, action: Action) -> tuple[str, ...]:
    """What the move is good for, money first."""
    if action == "stay":
        return ()
    found = []
    month = decision.leave.month_usd - option.month_usd
    if month >= 0.005:
        found.append(f"saves {money(month)} a month in storage and access")
    if subfolder.isolation in {"perfect", "excellent"}:
        found.append("permissions and cost of this use case stand alone")
    found += [text for flag, text in FLAG_BENEFITS.items() if flag in subfolder.flags]
    return tuple(found)


def risks(
    subfolder: Subfolder, decision: Decision, action: Action, shared: Sequence[Shared], migration: Migration
) -> tuple[str, ...]:
    """What may go wrong, or is not known."""
    found = [text for flag, text in FLAG_RISKS.items() if flag in subfolder.flags]
    if "small-objects" in subfolder.flags and subfolder.objects >= MANY:
        found.append("many small objects: per-object charges outweigh bytes")
    found += [f"not isolated: {breaker}" for breaker in subfolder.isolation_breakers]
    if action == "move":
        if apart := [f"{other.use_case} (phase {other.phase})" for other in shared if not other.together]:
            found.append(
                f"shares consumers or code with {', '.join(apart)}: pin them together, or change that code twice"
            )
        if subfolder.writers:
            found.append("it was written to within these logs: copy again after the writers have switched")
        source = decision.leave.place.location
        if migration.location != source:
            found.append(f"the data leaves {source} for {migration.location}: every read from {source} pays network")
            if "bigquery-reader" in subfolder.flags:
                found.append(
                    "BigQuery reads it: outside the location of its datasets, that pays network (priced) or is refused"
                )
        if not decision.move_pays:
            found.append(f"a bucket of its own costs {money(decision.premium_usd)} more over three years than staying")
    return tuple(dict.fromkeys(found))


def recommendation(placement: Placement, decision: Decision, option: Option) -> str:
    """What the plan recommends, and what that is compared with."""
    in_place, premium, limit = decision.best_in_place, decision.premium_usd, decision.limit_usd
    if placement.action == "stay" and not decision.move_pays:
        return (
            f"do not move: over three years it costs {money(premium)} more than staying ({in_place.summary}), "
            f"even the cheapest way ({decision.best_move.summary}); a bucket of its own counts as worth {money(limit)}"
        )
    if placement.action == "stay":
        return f"stay: {placement.because}"
    if premium < 0.005:
        return f"{option.summary}; to {in_place.summary} would not be cheaper over three years"
    cheaper = f"{option.summary}; to {in_place.summary} would cost {money(premium)} less over three years"
    if decision.move_pays:
        return f"{cheaper}, and a bucket of its own counts as worth {money(limit)}"
    return f"{cheaper}, and a bucket of its own counts as worth only {money(limit)}: the move is for other reasons"

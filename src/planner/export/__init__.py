"""A plan in the languages of other tools, for teams that apply changes by their own pipeline."""

from collections.abc import Callable, Sequence

from analysis.errors import nearest
from planner.errors import InvalidPlanInput
from planner.export.buckets import TargetBucket, target_buckets
from planner.export.gcloud import gcloud_script
from planner.export.in_place import in_place_rules
from planner.export.terraform import terraform
from planner.export.transfer import transfer_jobs
from planner.lifecycle import Policy
from planner.plan import Move, Plan
from planner.planfile import find_phase

FORMATS: dict[str, Callable[[Plan, Sequence[Move], Sequence[TargetBucket], Policy], str]] = {
    "terraform": terraform,
    "gcloud": gcloud_script,
    "transfer-jobs": transfer_jobs,
}


def export(plan: Plan, form: str, phase: int | None = None) -> str:
    """The buckets and transfer jobs of the moves (of one phase, or of all), and the rules of what stays, as text.

    Raises InvalidPlanInput for an unknown format, and for moves that the format cannot express.
    """
    if form not in FORMATS:
        raise InvalidPlanInput(f"--format {form!r} is not known", nearest(form, tuple(FORMATS)))
    phases = plan.phases if phase is None else (find_phase(plan, phase),)
    asked = [move for each in phases for move in each.moves]
    moves = [move for move in asked if move.action == "move"]
    in_place = in_place_rules(asked)
    if not moves and (form == "transfer-jobs" or not in_place["rule"]):
        raise InvalidPlanInput("nothing moves in what was asked for", "name another --phase")
    return FORMATS[form](plan, moves, target_buckets(moves), in_place)

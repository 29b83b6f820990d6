"""Is this plan sound? Used by `thermocline doctor`; reads only."""

from pathlib import Path

from analysis.findings import Finding
from planner.errors import PlannerError
from planner.planfile import approval_problems, load, phase_digest


def examine_plan(path: Path) -> list[Finding]:
    """Everything wrong with a plan file; an empty list means sound."""
    file = str(path)
    try:
        plan = load(path)
    except PlannerError as error:
        return [Finding(file, error.message, error.hint)]
    found: list[Finding] = []
    for phase in plan.phases:
        if phase.digest != phase_digest(plan, phase):
            problem = f"phase {phase.phase} was edited after it was generated"
            found.append(Finding(file, problem, "generate the plan again; edits belong into the configuration"))
        elif phase.approval is not None:
            again = f"approve it again with `thermocline plan approve {path} --phase {phase.phase} --by NAME`"
            found.extend(Finding(file, problem, again) for problem in approval_problems(plan, phase.phase))
    return found

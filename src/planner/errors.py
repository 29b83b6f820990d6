"""Errors of the planner.

PlannerError                 exit 1
├── InvalidPlanInput         exit 2   a plan, configuration or option that cannot be used as given
├── ApprovalNeeded           exit 5   the phase is not approved, or was edited after its approval
└── PlanStale                exit 6   the evidence moved away from the plan
"""

from analysis.errors import ExplainedError


class PlannerError(ExplainedError):
    """Root of the planner's errors."""


class InvalidPlanInput(PlannerError):
    """A plan, configuration or option that cannot be used as given."""

    exit_code = 2


class ApprovalNeeded(PlannerError):
    """The phase is not approved, or it was edited after its approval."""

    exit_code = 5


class PlanStale(PlannerError):
    """The evidence behind the plan has moved beyond the tolerance."""

    exit_code = 6

"""Errors of the planner.

    PlannerError                 exit 1
    ├── InvalidPlanInput         exit 2   a plan, configuration or option that cannot be used as given
    ├── ApprovalNeeded           exit 5   the phase is not approved, or was edited after its approval
    └── PlanStale                exit 6   the evidence moved away from the plan

Every error says what is wrong (`message`) and what to do next (`hint`), on one line.
"""

from typing import ClassVar


class PlannerError(Exception):
    """Root of the planner's errors; `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class InvalidPlanInput(PlannerError):
    """A plan, configuration or option that cannot be used as given."""

    exit_code = 2


class ApprovalNeeded(PlannerError):
    """The phase is not approved, or it was edited after its approval."""

    exit_code = 5


class PlanStale(PlannerError):
    """The evidence behind the plan has moved beyond the tolerance."""

    exit_code = 6

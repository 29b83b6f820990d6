"""Errors of the command line, the reports and the sandbox.

ThermoclineError             exit 1
└── UnusableInput            exit 2   an option or a file that cannot be used as given
"""

from analysis.errors import ExplainedError


class ThermoclineError(ExplainedError):
    """Root of this package's errors."""


class UnusableInput(ThermoclineError):
    """An option or a file that cannot be used as given."""

    exit_code = 2

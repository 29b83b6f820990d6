"""Errors of the command line, the reports and the sandbox.

    ThermoclineError             exit 1
    └── UnusableInput            exit 2   an option or a file that cannot be used as given

Every error says what is wrong (`message`) and what to do next (`hint`), on one line.
"""

from typing import ClassVar


class ThermoclineError(Exception):
    """Root of this package's errors; `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class UnusableInput(ThermoclineError):
    """An option or a file that cannot be used as given."""

    exit_code = 2

"""Errors of the executor.

    ExecutorError                exit 1

Every error says what is wrong (`message`) and what to do next (`hint`), on one line.
"""

from typing import ClassVar


class ExecutorError(Exception):
    """Root of the executor's errors; `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message

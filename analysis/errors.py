"""What every error of ours carries, and the errors of the analysis room.

ExplainedError
├── AnalysisError            exit 1
│   ├── BadInput             exit 2   a file, option or setting that cannot be used as given
│   └── CatalogueLocked      exit 11  another process writes to the catalogue
└── PlannerError, ExecutorError, ThermoclineError: see their rooms
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

# Hints name this many words at most.
_MOST_NAMED = 20


class ExplainedError(Exception):
    """An error that says what is wrong (`message`) and what to do next (`hint`), on one line.

    `exit_code` is what the command line returns for it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.message}: {self.hint}" if self.hint else self.message
        return " ".join(text.split())


class AnalysisError(ExplainedError):
    """Root of the analysis errors."""


class BadInput(AnalysisError):
    """Input that cannot be used as given."""

    exit_code = 2


class CatalogueLocked(AnalysisError):
    """Another process has the catalogue open for writing."""

    exit_code = 11


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a mistyped word: the nearest of the known ones, or all of them."""
    known = list(known)
    if near := get_close_matches(word, known, n=1, cutoff=0.5):
        return f"did you mean `{near[0]}`?"
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return f"known: {', '.join(known[:_MOST_NAMED])}{more}"

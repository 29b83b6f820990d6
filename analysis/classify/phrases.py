"""How reasons are worded."""

from collections.abc import Sequence

from analysis.classify.facts import Consumer
from analysis.model import spoken_identity


def listed(names: Sequence[str], limit: int = 3) -> str:
    """The first few distinct names, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    shown = ", ".join(distinct[:limit])
    return shown if len(distinct) <= limit else f"{shown} and {len(distinct) - limit} more"


def do(names: Sequence[str], verb: str) -> str:
    """Who does what, in the right number: `a reads`, `a, b read`."""
    return f"{listed(names)} {verb if len(set(names)) > 1 else f'{verb}s'}"


def who(consumer: Consumer) -> str:
    """A consumer as a reader recognises it: the identity, and the client where it tells something."""
    return spoken_identity(consumer.principal, consumer.agent)

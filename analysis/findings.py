"""What a check of one of our own files found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: with which file, what, and what to do."""

    file: str
    problem: str
    remedy: str

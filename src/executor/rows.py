"""Rows of the journal as frozen records."""

from dataclasses import dataclass
from typing import Any

import msgspec

SEQ_BITS = 40
"""item_id = move_id * 2**40 + seq."""

TERMINAL = frozenset({"verified", "skipped", "conflict", "failed"})


class Item(msgspec.Struct, frozen=True, gc=False):
    """One (object, generation) of a move; `size` in bytes, `wanted` the JSON of the metadata its copy must carry."""

    item_id: int
    segment: int
    source: str
    generation: int
    metageneration: int
    target: str
    size: int
    crc32c: str
    md5: str | None
    state: str
    reason: str
    attempts: int
    expect: int
    target_generation: int | None
    token: str | None
    token_at: str | None
    after: str
    restored_generation: int | None
    wanted: bytes
    source_class: str = "STANDARD"


class Result(msgspec.Struct, frozen=True, gc=False):
    """The terminal (or resumable) state that one act left an item in."""

    item_id: int
    state: str
    reason: str = ""
    target_generation: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One move as the journal knows it."""

    move_id: int
    use_case: str
    phase: int
    digest: str
    source_bucket: str
    target_bucket: str
    state: str
    pass_: int
    listed: bool
    listed_to: str | None
    verified_at: str | None
    quiet_since: str | None
    cleaned_at: str | None
    note: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One act on a bucket, a policy or the code."""

    step_id: int
    run_id: str
    kind: str
    state: str
    started_at: str
    ended_at: str | None
    detail: dict[str, Any]


def item_range(move_id: int) -> dict[str, int]:
    """The item_ids that belong to a move, as the parameters `first` and `last`."""
    first = move_id << SEQ_BITS
    return {"first": first, "last": first | (1 << SEQ_BITS) - 1}


def item_from(row: tuple[Any, ...]) -> Item:
    """An item from a row whose columns are in the order of `Item`."""
    return Item(*row)


def move_from(row: tuple[Any, ...]) -> Move:
    """A move from a row whose columns are in the order of `Move`."""
    return Move(*(*row[:8], bool(row[8]), *row[9:]))

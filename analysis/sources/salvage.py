"""The careful way through a log file: usable lines are rewritten as clean NDJSON, the others are set aside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from analysis.sources.entries import decode_item, find_shape, is_time, judge, prune, read_items, unwrap
from analysis.sources.ledger import Reject
from analysis.sources.streams import DAMAGE, Inspection, describe_damage, open_unpacked, read_lines

# After pruning; the longest real entries are 256 kB before they are split.
_LONGEST_ENTRY = 15 << 20
_REJECT_BYTES = 8_192


@dataclass
class Salvaged:
    """What was set aside while a file was rewritten; `damage` says why its end was not reached, if it was not."""

    rejects: list[Reject] = field(default_factory=list)
    damage: str = ""


class _Numbered(msgspec.Struct):
    line_no: int = msgspec.field(name="_line")


class _PayloadGlimpse(msgspec.Struct):
    method: str | None = msgspec.field(name="methodName", default=None)


class _Glimpse(msgspec.Struct):
    """The few fields that tell a good line; reading only these is several times as fast as reading all."""

    timestamp: str | None = None
    payload: _PayloadGlimpse | None = msgspec.field(name="protoPayload", default=None)


def rewrite(found: Inspection, target: Path) -> Salvaged:
    """Write the usable entries of a file to `target`, one a line, each with its position as `_line`."""
    salvaged = Salvaged()
    with target.open("wb") as lines:
        try:
            with open_unpacked(found.path) as stream:
                for item in read_items(stream, find_shape(found.head)):
                    entry = None if item.problem else unwrap(item.value)
                    problem = item.problem or judge(entry)
                    line = b""
                    if entry is not None and not problem:
                        line, problem = _encode(item.position, entry)
                    if problem:
                        salvaged.rejects.append(Reject(item.position, problem, item.text[:_REJECT_BYTES]))
                    else:
                        lines.write(line)
        except DAMAGE as error:
            salvaged.damage = describe_damage(error)
    return salvaged


def find_bad_lines(path: Path) -> list[Reject] | None:
    """The unusable lines of an NDJSON file; None if one of them is an envelope, which only `rewrite` can open."""
    glimpse = msgspec.json.Decoder(_Glimpse)
    rejects = []
    with open_unpacked(path) as stream:
        for line_no, line in enumerate(read_lines(stream), start=1):
            try:
                seen = glimpse.decode(line)
                if seen.payload and seen.payload.method and is_time(seen.timestamp):
                    continue
            except (ValueError, RecursionError):
                if not line.strip():
                    continue
            item = decode_item(line_no, line)
            if not item.problem and unwrap(item.value) is not item.value:
                return None
            if problem := item.problem or judge(item.value):
                rejects.append(Reject(line_no, problem, line[:_REJECT_BYTES]))
    return rejects


def find_rewritten(rewritten: Path, problems: Sequence[tuple[int, str]]) -> list[Reject]:
    """The rejects for lines of a rewritten file that turned out to be unusable later."""
    reasons = dict(problems)
    return [
        Reject(line_no, reasons[line_no], line[:_REJECT_BYTES])
        for line_no, line in _numbered(rewritten)
        if line_no in reasons
    ]


def _numbered(rewritten: Path) -> Iterator[tuple[int, bytes]]:
    decoder = msgspec.json.Decoder(_Numbered)
    with rewritten.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line).line_no, line


def _encode(position: int, entry: dict[str, Any]) -> tuple[bytes, str]:
    try:
        line = msgspec.json.encode({"_line": position, **prune(entry)}) + b"\n"
    except ValueError:
        # A lone surrogate, which JSON can spell and UTF-8 cannot.
        return b"", "not UTF-8"
    return (line, "") if len(line) <= _LONGEST_ENTRY else (b"", "too long")

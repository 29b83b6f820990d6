"""Does the plan still fit the evidence? A move that was approved for another folder than today's is not carried out."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.model import Analysis, Subfolder
from planner.candidates import HEATS, ISOLATIONS, merged
from planner.errors import PlanStale
from planner.plan import Move, Plan

BYTES_SHARE = 0.2


@dataclass(frozen=True)
class Drift:
    """One way in which a folder is not the one that was planned for."""

    phase: int
    use_case: str
    kind: str  # gone, reader, writer, temperature, isolation, size
    message: str


def check(plan: Plan, analysis: Analysis, *, phase: int | None = None, bytes_share: float = BYTES_SHARE) -> list[Drift]:
    """Every drift of the moves (of one phase, or of all) beyond tolerance; nothing where the evidence is the same.

    Not a drift: fewer consumers, a colder or more isolated folder, growth within `bytes_share` of the planned bytes.
    """
    if analysis.bucket != plan.source_bucket:
        message = f"the analysis is of {analysis.bucket}, the plan of {plan.source_bucket}"
        return [Drift(0, "", "gone", message)]
    if analysis.evidence_digest == plan.evidence.digest:
        return []
    found: list[Drift] = []
    for number, move in _moving(plan, phase):
        subfolder = _subfolder(analysis, move)
        if subfolder is None:
            found.append(Drift(number, move.use_case, "gone", f"{move.migration.source_path} holds nothing any more"))
            continue
        found += [
            Drift(number, move.use_case, kind, message) for kind, message in _differences(move, subfolder, bytes_share)
        ]
    return found


def require_fresh(
    plan: Plan, analysis: Analysis, *, phase: int | None = None, bytes_share: float = BYTES_SHARE
) -> None:
    """Raise PlanStale where `check` finds anything."""
    if drifts := check(plan, analysis, phase=phase, bytes_share=bytes_share):
        first = "; ".join(f"{drift.use_case}: {drift.message}" for drift in drifts[:3])
        more = f" and {len(drifts) - 3} more" if len(drifts) > 3 else ""
        raise PlanStale(f"the plan does not fit the evidence any more ({first}{more})", "generate and approve it again")


def _moving(plan: Plan, phase: int | None) -> Iterable[tuple[int, Move]]:
    for each in plan.phases:
        if phase is None or each.phase == phase:
            yield from ((each.phase, move) for move in each.moves if move.action == "move")


def _subfolder(analysis: Analysis, move: Move) -> Subfolder | None:
    path = move.migration.source_prefix
    parts = [each for each in analysis.subfolders if each.prefix.startswith(path) and each.prefix]
    exact = [each for each in parts if each.prefix == path]
    if exact:
        return exact[0]
    if parts:
        return merged(parts, path)
    around = [each for each in analysis.subfolders if each.prefix and path.startswith(each.prefix)]
    return max(around, key=lambda each: len(each.prefix), default=None)


def _differences(move: Move, subfolder: Subfolder, bytes_share: float) -> Iterable[tuple[str, str]]:
    readers = [use.name for use in subfolder.readers if use.name not in move.readers]
    writers = [use.name for use in subfolder.writers if use.name not in move.writers]
    if readers:
        yield "reader", f"read by {', '.join(readers)}, which the plan does not know"
    if writers:
        yield "writer", f"written by {', '.join(writers)}, which the plan does not know"
    if _rank(HEATS, subfolder.temperature) > _rank(HEATS, move.temperature):
        yield "temperature", f"was {move.temperature}, is {subfolder.temperature}"
    if _rank(ISOLATIONS, subfolder.isolation) > _rank(ISOLATIONS, move.isolation):
        yield "isolation", f"was {move.isolation}, is {subfolder.isolation}"
    if abs(subfolder.bytes - move.bytes) > bytes_share * move.bytes:
        yield "size", f"held {move.bytes} bytes, holds {subfolder.bytes}"


def _rank(order: tuple[str, ...], word: str) -> int:
    return order.index(word) if word in order else len(order)

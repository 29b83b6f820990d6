"""The priority report: what a plan says, for whoever has to decide on it.

`render_markdown(plan)` and `render_html(plan)`; `code_url` turns lines of code into links, for example
`https://example.com/repo/blob/main/{file}#L{line}`.
"""

from collections.abc import Iterable, Iterator
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from analysis.whole_files import write_whole
from planner.plan import CodeChange, Factor, Move, Phase, Plan
from planner.planfile import approval_problems
from planner.tiers import PRIORITIES
from thermocline.reporting import pages
from thermocline.reporting.lifecycle_words import lifecycle_words
from thermocline.reporting.pages import MarkdownText, code, code_address, link

IN_FULL = 200  # moves that are shown in full, the best ranks first; the ranking names all
PRIORITY_MEANING = {
    "HIGH": "Cold and isolated: the most saved for the least risk.",
    "MEDIUM": "Isolated but in regular use, or cold but shared: worth moving once the cold data is out of the way.",
    "LOW": "In daily use, entangled, or not known well enough: little to gain for what it takes.",
}
TIER_MEANING = {
    1: "cold and isolated",
    2: "warm and isolated, or cold and shared",
    3: "hot and isolated, or warm and shared",
    4: "stays in the bucket for now",
}
PHASE_MEANING = {
    1: "The most saved for the least risk: start here.",
    2: "Looked up now and then: few consumers have to be pointed to the new place.",
    3: "Good benefits, moderate risk: users are regular and known, so that they can be told.",
    4: "Little to save, much to coordinate: only with the owners, when earlier phases have shown the way.",
    5: "Nothing is moved; each says what would have to change first.",
}


def write_priority(plan: Plan, folder: Path, *, code_url: str | None = None) -> list[Path]:
    """Write `priority.html` and `priority.md` into an existing folder."""
    page, document = folder / "priority.html", folder / "priority.md"
    write_whole({page: render_html(plan, code_url=code_url), document: render_markdown(plan, code_url=code_url)})
    return [page, document]


class PhaseSum(NamedTuple):
    """What one phase amounts to; money in US dollars."""

    phase: Phase
    moving: tuple[Move, ...]
    staying: tuple[Move, ...]
    objects: int
    bytes: int
    monthly_now_usd: float
    monthly_after_usd: float
    one_off_usd: float
    problems: tuple[str, ...]  # why it may not be carried out yet; empty when it is approved
    month: int  # in which it can be carried out, at one phase a month; 0 where nothing moves

    @property
    def saving_usd(self) -> float:
        """A month, once everything has moved."""
        return self.monthly_now_usd - self.monthly_after_usd

    @property
    def break_even_months(self) -> float | None:
        """Until the saving has paid for the move; None where it never does."""
        return self.one_off_usd / self.saving_usd if self.saving_usd > 0 else None

    @property
    def observe_days(self) -> int:
        """How long the old places have to be quiet, at least."""
        return max((move.migration.observe_days for move in self.moving), default=0)

    @property
    def cleanup_month(self) -> int:
        """The first month in which the old places can have been quiet for long enough."""
        return self.month + ceil(self.observe_days / 30)

    @property
    def people(self) -> list[str]:
        """Everybody who reads or writes what moves, programs and persons."""
        return list(dict.fromkeys(name for move in self.moving for name in (*move.writers, *move.readers)))

    @property
    def meaning(self) -> str:
        """What kind of phase it is, in a sentence."""
        return PHASE_MEANING.get(self.phase.phase, "")

    @property
    def state(self) -> str:
        """`approved`, `waits for approval`, or `nothing to approve`."""
        if not self.moving:
            return "nothing to approve"
        return "waits for approval" if self.problems else "approved"


def render_html(plan: Plan, *, code_url: str | None = None) -> str:
    """One page that is complete in itself."""
    return pages.render_html("priority.html.j2", **_values(plan, code_url))


def render_markdown(plan: Plan, *, code_url: str | None = None) -> str:
    """The same as a Markdown document."""
    return pages.render_markdown("priority.md.j2", code_link=_code_linker(code_url), **_values(plan, code_url))


def summarise_phases(plan: Plan) -> list[PhaseSum]:
    """One line a phase, in order."""
    months = count(1)
    return [_phase_sum(plan, phase, months) for phase in plan.phases]


def _phase_sum(plan: Plan, phase: Phase, months: Iterator[int]) -> PhaseSum:
    moving = tuple(move for move in phase.moves if move.action == "move")
    return PhaseSum(
        phase=phase,
        moving=moving,
        staying=tuple(move for move in phase.moves if move.action != "move"),
        objects=sum(move.objects for move in moving),
        bytes=sum(move.bytes for move in moving),
        monthly_now_usd=sum(move.cost.monthly_now_usd for move in moving),
        monthly_after_usd=sum(move.cost.monthly_after_usd for move in moving),
        one_off_usd=sum(move.cost.one_off_usd for move in moving),
        problems=tuple(approval_problems(plan, phase.phase)) if moving else (),
        month=next(months) if moving else 0,
    )


def _values(plan: Plan, code_url: str | None) -> dict[str, Any]:
    moves = sorted(plan.moves(), key=lambda move: move.rank)
    sums = summarise_phases(plan)
    moving = [move for move in moves if move.action == "move"]
    tiers = [(tier, TIER_MEANING.get(tier, ""), [m for m in moves if m.tier == tier]) for tier in sorted(PRIORITIES)]
    priorities = [
        (name, meaning, [move for move in moves if move.priority == name]) for name, meaning in PRIORITY_MEANING.items()
    ]
    return {
        "plan": plan,
        "in_full": IN_FULL,
        "sums": sums,
        "moves": moves,
        "moving": moving,
        "priorities": [entry for entry in priorities if entry[2]],
        "tiers": [entry for entry in tiers if entry[2]],
        "total_bytes": sum(move.bytes for move in moves),
        "now": sum(move.cost.monthly_now_usd for move in moves),
        "now_moving": sum(move.cost.monthly_now_usd for move in moving),
        "after": sum(move.cost.monthly_after_usd for move in moving),
        "one_off": sum(move.cost.one_off_usd for move in moving),
        "buckets": _buckets(moving),
        "colder": sum(move.bytes for move in moving if move.migration.storage_class != "STANDARD"),
        "grants": sum(len(members[0].migration.settings.iam) for _, members in _buckets(moving)),
        "alone": sum(len(members) == 1 for _, members in _buckets(moving)),
        "kinds": kinds,
        "changes": sum(change.change for move in moving for change in move.code_changes),
        "lifecycle": lifecycle_words,
        "sites": sites,
        "full": full,
        "address": lambda file, line: code_address(code_url, file, line),
    }


def kinds(move: Move) -> str:
    """`parquet 67%, json 33%`: which files these are, by their number; empty where no inventory tells."""
    whole = sum(move.formats.values())
    shares = {name: round(100 * objects / whole) for name, objects in move.formats.items()}
    return ", ".join(f"{name} {share}%" for name, share in shares.items() if share)


def sites(move: Move) -> list[tuple[str, list[tuple[CodeChange, str]]]]:
    """Where code and, apart from it, documents speak of the folder: each line once, with what code does there."""
    found: dict[str, dict[tuple[str, int], tuple[CodeChange, list[str]]]] = {"In the code": {}, "In documents": {}}
    for change in move.code_changes:
        lines = found["In the code" if change.change else "In documents"]
        _, words = lines.setdefault((change.file, change.line), (change, []))
        if change.change and (what := f"{change.role}, {change.via}") not in words:
            words.append(what)
    return [
        (title, [(change, "; ".join(words)) for change, words in lines.values()])
        for title, lines in found.items()
        if lines
    ]


def full(factor: Factor, move: Move) -> float:
    """The points that a factor can give at most."""
    return 100 * factor.weight / sum(other.weight for other in move.score.factors)


def _buckets(moving: Iterable[Move]) -> list[tuple[str, list[Move]]]:
    """Target buckets in the order in which they are first needed, with the moves that go there."""
    found: dict[str, list[Move]] = {}
    for move in moving:
        found.setdefault(move.migration.target_bucket or "", []).append(move)
    return list(found.items())


def _code_linker(code_url: str | None) -> Any:
    def code_link(file: str, line: int) -> MarkdownText:
        return link(code(f"{file}:{line}"), code_address(code_url, file, line))

    return code_link

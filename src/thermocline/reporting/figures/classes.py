"""What each subfolder costs a month now, by storage class."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis.model import ROOT
from planner.money import money
from thermocline.reporting.figures.canvas import bare, house_style, sheet, shorten
from thermocline.reporting.palette import light, storage_class_role

CLASSES = ("STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE")


class ClassCost(NamedTuple):
    """Bytes of one subfolder in one storage class, and what they cost a month in US dollars."""

    subfolder: str
    storage_class: str
    bytes: int
    monthly_usd: float


def class_costs(subfolders: Sequence[str], costs: Iterable[ClassCost]) -> Figure:
    """One bar a subfolder in the order given, divided by storage class, with its sum at the end."""
    sums: dict[str, dict[str, float]] = {name: {} for name in subfolders}
    for cost in costs:
        if cost.subfolder in sums:
            bar = sums[cost.subfolder]
            bar[cost.storage_class] = bar.get(cost.storage_class, 0.0) + cost.monthly_usd
    present = {storage_class for bar in sums.values() for storage_class in bar}
    order = [name for name in CLASSES if name in present] + sorted(present - set(CLASSES))
    height = 0.27 * max(len(subfolders), 1) + 0.4
    widest = max((sum(bar.values()) for bar in sums.values()), default=0.0) or 1.0
    with house_style():
        figure = sheet(height, left=0.27, right=0.91, top=1, bottom=0.36 / height)
        axes = figure.add_subplot()
        bare(axes)
        axes.set_xlim(0, widest)
        axes.set_ylim(max(len(subfolders), 1) - 0.5, -0.5)
        axes.set_xticks([])
        for row, name in enumerate(subfolders):
            at = 0.0
            for storage_class in order:
                amount = sums[name].get(storage_class, 0.0)
                if amount:
                    axes.barh(
                        row, amount, left=at, height=0.6, color=light(storage_class_role(storage_class)), linewidth=0
                    )
                    at += amount
            axes.text(at + widest * 0.008, row, money(at), va="center", color=light("muted"), fontsize=8)
        axes.set_yticks(range(len(subfolders)), [shorten(name or ROOT, 36) for name in subfolders])
        figure.legend(
            handles=[Patch(facecolor=light(storage_class_role(name)), label=name.capitalize()) for name in order],
            loc="lower left", bbox_to_anchor=(0.27, 0), ncols=max(len(order), 1), frameon=False,
            handlelength=1, handleheight=1, borderpad=0, borderaxespad=0, columnspacing=1.6,
        )  # fmt: skip
    return figure

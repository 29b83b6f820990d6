"""How old what is read is: reads of dated data by the days between its date and the read."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis.model import ROOT
from thermocline.reporting.figures.canvas import bare, house_style, sheet, shorten
from thermocline.reporting.palette import light
from thermocline.reporting.words import number

# Lower bounds in days, and how each group is called.
AGE_GROUPS = (
    (0, "same day or next"),
    (2, "2–7 days"),
    (8, "8–30 days"),
    (31, "1–3 months"),
    (91, "3–12 months"),
    (366, "older"),
)


class ReadAge(NamedTuple):
    """Reads of one subfolder at one age in days; data read before its own date counts as age 0."""

    subfolder: str
    age_days: int
    reads: int


def age_at_read(subfolders: Sequence[str], ages: Iterable[ReadAge]) -> Figure:
    """One bar a subfolder, divided into the shares of its reads by age."""
    counts = {name: [0] * len(AGE_GROUPS) for name in subfolders}
    for entry in ages:
        if entry.subfolder in counts:
            counts[entry.subfolder][age_group(entry.age_days)] += entry.reads
    height = 0.3 * max(len(subfolders), 1) + 0.6
    with house_style():
        figure = sheet(height, left=0.27, right=0.91, top=1 - 0.15 / height, bottom=0.42 / height)
        axes = figure.add_subplot()
        bare(axes)
        axes.set_xlim(0, 1)
        axes.set_ylim(max(len(subfolders), 1) - 0.4, -0.6)
        axes.set_xticks([])
        for row, name in enumerate(subfolders):
            total, at = sum(counts[name]), 0.0
            for group, reads in enumerate(counts[name]):
                if reads:
                    axes.barh(
                        row, reads / total, left=at, height=0.62,
                        color=light(f"age-{group}"), edgecolor=light("paper"), linewidth=0.8,
                    )  # fmt: skip
                    at += reads / total
            axes.text(1.01, row, number(total), va="center", color=light("muted"), fontsize=8)
        axes.text(1.01, -0.62, "reads", va="bottom", color=light("muted"), fontsize=7.5)
        axes.set_yticks(range(len(subfolders)), [shorten(name or ROOT, 36) for name in subfolders])
        patches = [Patch(facecolor=light(f"age-{group}"), label=label) for group, (_, label) in enumerate(AGE_GROUPS)]
        figure.legend(
            handles=patches, loc="lower left", bbox_to_anchor=(0.27, 0), ncols=6, frameon=False, fontsize=7.5,
            handlelength=1, handleheight=0.9, borderpad=0, borderaxespad=0, columnspacing=1.2,
        )  # fmt: skip
    return figure


def age_group(days: int) -> int:
    """The index into AGE_GROUPS of an age."""
    return max(sum(days >= bound for bound, _ in AGE_GROUPS) - 1, 0)

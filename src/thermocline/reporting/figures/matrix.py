"""Who touches what: consumers down, subfolders across; discs read, squares write, crosses delete."""

from collections.abc import Iterable, Sequence
from math import cos, radians, sin
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.model import ROOT
from thermocline.reporting.figures.canvas import WIDTH, bare, house_style, sheet, shorten
from thermocline.reporting.palette import light

ROW = 0.25  # inches
LEFT = 0.3  # of the width, for the consumers' names
SLOPE = 50  # degrees, of the subfolders' names
LETTER = 0.075  # inches of a name's length
MARKS = {  # role: (marker, role of the colour, offset within the cell)
    "reader": ("o", "read-1", -0.3),
    "writer": ("s", "write-1", 0.3),
    "deleter": ("x", "hot", 0.0),
}


class Touch(NamedTuple):
    """One consumer in one role at one subfolder, on so many of the days covered."""

    consumer: str
    subfolder: str
    role: str
    days: int


def matrix(consumers: Sequence[str], subfolders: Sequence[str], touches: Iterable[Touch], coverage_days: int) -> Figure:
    """Marks grow with the share of the covered days."""
    rows = {name: row for row, name in enumerate(consumers)}
    columns = {name: column for column, name in enumerate(subfolders)}
    names = [shorten(name or ROOT, 30) for name in subfolders]
    reach = LETTER * max((len(name) for name in names), default=0)
    head = reach * sin(radians(SLOPE)) + 0.2
    height = ROW * max(len(consumers), 1) + head + 0.36
    right = 1 - reach * cos(radians(SLOPE)) / WIDTH
    with house_style():
        figure = sheet(height, left=LEFT, right=right, top=1 - head / height, bottom=0.36 / height)
        axes = figure.add_subplot()
        bare(axes)
        axes.set_xlim(-0.5, max(len(subfolders), 1) - 0.5)
        axes.set_ylim(max(len(consumers), 1) - 0.5, -0.5)
        for row in range(len(consumers)):
            axes.axhline(row, color=light("track"), linewidth=6, zorder=0)
        for column in range(len(subfolders) + 1):
            axes.axvline(column - 0.5, color=light("line"), linewidth=0.5, zorder=0)
        for role, (marker, colour, offset) in MARKS.items():
            places = [
                (columns[touch.subfolder] + offset, rows[touch.consumer], _area(touch.days, coverage_days))
                for touch in touches
                if touch.role == role and touch.consumer in rows and touch.subfolder in columns
            ]
            if places:
                x, y, areas = zip(*sorted(places), strict=True)
                edge = {"linewidths": 1.1} if marker == "x" else {"linewidths": 0}
                axes.scatter(x, y, s=areas, marker=marker, c=light(colour), zorder=2, **edge)
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(names)), names, rotation=SLOPE, ha="left", rotation_mode="anchor")
        axes.set_yticks(range(len(consumers)), [shorten(name, 40) for name in consumers])
        handles = [
            Line2D([], [], marker=marker, color="none", markeredgecolor=light(colour), markersize=6, label=label)
            if marker == "x"
            else Line2D(
                [], [], marker=marker, color="none", markerfacecolor=light(colour), markeredgewidth=0, label=label
            )
            for (marker, colour, _), label in zip(MARKS.values(), ("reads", "writes", "deletes"), strict=True)
        ]
        figure.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(LEFT, 0), ncols=3, frameon=False, fontsize=8,
            borderpad=0, borderaxespad=0, handletextpad=0.2, columnspacing=1.2,
        )  # fmt: skip
        figure.text(
            0.995, 0, "the larger the mark, the more days", ha="right", va="bottom", fontsize=7.5, color=light("muted")
        )
    return figure


def _area(days: int, coverage_days: int) -> float:
    """Of a mark, in square points: from a day to every day."""
    return 14 + 40 * min(days / max(coverage_days, 1), 1.0)

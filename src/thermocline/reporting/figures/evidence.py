"""Which days the logs cover: one row a log type, filled where there is an event."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from thermocline.reporting.figures.canvas import bare, house_style, sheet
from thermocline.reporting.figures.shapes import month_ticks, runs_of, tiles
from thermocline.reporting.palette import light


def coverage(covered: Mapping[str, Iterable[date]], first: date, last: date) -> Figure:
    """`covered` maps a log type to its days; empty days stay visible as gaps in the bar."""
    days = (last - first).days + 1
    height = 0.24 * max(len(covered), 1) + 0.3
    with house_style():
        figure = sheet(height, left=0.27, right=0.995, top=1, bottom=0.28 / height)
        axes = figure.add_subplot()
        bare(axes)
        axes.set_xlim(0, days)
        axes.set_ylim(max(len(covered), 1), 0)
        for row, there in enumerate(covered.values()):
            columns = sorted({(day - first).days for day in there if first <= day <= last})
            axes.add_patch(PathPatch(tiles([(row, 0, days, (0.2, 0.8))]), facecolor=light("track"), linewidth=0))
            runs = [(row, start, end, (0.2, 0.8)) for start, end in runs_of(columns)]
            axes.add_patch(PathPatch(tiles(runs), facecolor=light("read-1"), linewidth=0))
        axes.set_yticks([row + 0.5 for row in range(len(covered))], list(covered))
        month_ticks(axes, first, last, 1)
    return figure


def missing_days(there: Iterable[date], first: date, last: date) -> list[date]:
    """The days of a window that are not there."""
    found = set(there)
    window = ((first + timedelta(days=offset)) for offset in range((last - first).days + 1))
    return [day for day in window if day not in found]

"""When each folder is used: one row a folder, one column a day or a week; reads above, writes below."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch

from analysis.model import ROOT
from thermocline.reporting.figures.canvas import bare, house_style, sheet, shorten
from thermocline.reporting.figures.shapes import month_ticks, runs_of, tiles
from thermocline.reporting.palette import light
from thermocline.reporting.words import number

LEVELS = (1, 10, 100, 1000)  # events; the lower bound of each shade
DAYS_SHOWN_SINGLY = 190
READ_BAND = (0.08, 0.58)  # of a row's height, from its top
WRITE_BAND = (0.62, 0.92)
ROW = 0.24  # inches


class DayOfUse(NamedTuple):
    """How often a subfolder was read and written on one UTC day."""

    subfolder: str
    day: date
    reads: int
    writes: int


def heatmap(
    subfolders: Sequence[str], use: Iterable[DayOfUse], first: date, last: date, gaps: Iterable[date] = ()
) -> Figure:
    """Rows in the order of `subfolders`; `gaps` are days without logs, which are hatched and mean nothing about use."""
    days = (last - first).days + 1
    width = 1 if days <= DAYS_SHOWN_SINGLY else 7
    columns = -(-days // width)
    cells = _gather(subfolders, use, first, width, columns)
    height = ROW * max(len(subfolders), 1) + 0.85
    with house_style({"hatch.linewidth": 0.5}):
        figure = sheet(height, left=0.27, right=0.995, top=1 - 0.05 / height, bottom=0.78 / height)
        axes = figure.add_subplot()
        bare(axes)
        axes.set_xlim(0, columns)
        axes.set_ylim(max(len(subfolders), 1), 0)
        for row in range(len(subfolders)):
            axes.add_patch(PathPatch(tiles([(row, 0, columns, (0.08, 0.92))]), facecolor=light("track"), linewidth=0))
        missing = sorted({(day - first).days // width for day in gaps if first <= day <= last})
        strips = [(0, column, column + 1, (0.0, float(max(len(subfolders), 1)))) for column in missing]
        if strips:
            patch = PathPatch(tiles(strips), facecolor="none", edgecolor=light("muted"), hatch="////", linewidth=0)
            axes.add_patch(patch)
        _paint(axes, cells)
        axes.set_yticks(
            [row + 0.5 for row in range(len(subfolders))], [shorten(name or ROOT, 36) for name in subfolders]
        )
        month_ticks(axes, first, last, width)
        _legend(figure, width, gaps=bool(strips))
    return figure


def _gather(
    subfolders: Sequence[str], use: Iterable[DayOfUse], first: date, width: int, columns: int
) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """(kind, level) → the (row, column) cells to paint in it."""
    rows = {name: row for row, name in enumerate(subfolders)}
    sums: dict[tuple[str, int, int], int] = {}
    for entry in use:
        column = (entry.day - first).days // width
        if entry.subfolder not in rows or not 0 <= column < columns:
            continue
        for kind, events in (("read", entry.reads), ("write", entry.writes)):
            if events:
                key = (kind, rows[entry.subfolder], column)
                sums[key] = sums.get(key, 0) + events
    cells: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for (kind, row, column), events in sorted(sums.items()):
        cells.setdefault((kind, level(events)), []).append((row, column))
    return cells


def level(events: int) -> int:
    """Which of the four shades stands for this many events: 1 to 4."""
    return sum(events >= bound for bound in LEVELS)


def _paint(axes: Axes, cells: dict[tuple[str, int], list[tuple[int, int]]]) -> None:
    """Neighbouring days of one shade make one bar."""
    for (kind, shade), places in sorted(cells.items()):
        band = READ_BAND if kind == "read" else WRITE_BAND
        spans = [
            (row, start + 0.06, end - 0.06, band)
            for row in sorted({row for row, _ in places})
            for start, end in runs_of(column for there, column in places if there == row)
        ]
        axes.add_patch(PathPatch(tiles(spans), facecolor=light(f"{kind}-{shade}"), linewidth=0))


def _legend(figure: Figure, width: int, *, gaps: bool) -> None:
    unit = "day" if width == 1 else "week"
    labels = [f"≥ {number(bound)}" for bound in LEVELS]
    for kind, at in (("read", 0.27), ("write", 0.62)):
        figure.legend(
            handles=[Patch(facecolor=light(f"{kind}-{shade}"), label=label) for shade, label in enumerate(labels, 1)],
            title=f"{kind}s a {unit}", loc="lower left", bbox_to_anchor=(at, 0), ncols=4, frameon=False,
            handlelength=1, handleheight=0.8, borderpad=0, borderaxespad=0, columnspacing=0.9, alignment="left",
            fontsize=7.5, title_fontsize=7.5,
        )  # fmt: skip
    if gaps:
        figure.legend(
            handles=[Patch(facecolor="none", edgecolor=light("muted"), hatch="////", linewidth=0, label="no logs")],
            loc="lower left", bbox_to_anchor=(0, 0), frameon=False, borderpad=0, borderaxespad=0, fontsize=7.5,
        )  # fmt: skip

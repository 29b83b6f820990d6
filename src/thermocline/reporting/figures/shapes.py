"""Shapes that several figures draw: many rectangles in one path, and a scale of months."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from matplotlib.axes import Axes
from matplotlib.path import Path

from thermocline.reporting.palette import light

# Row, left, right, and the (top, bottom) of the band within the row.
Span = tuple[int, float, float, tuple[float, float]]


def tiles(spans: Iterable[Span]) -> Path:
    """One path of rectangles: an SVG a tenth as large as with one path for each."""
    vertices: list[tuple[float, float]] = []
    codes: list[Any] = []
    for row, left, right, (top, bottom) in spans:
        corners = [
            (left, row + top),
            (right, row + top),
            (right, row + bottom),
            (left, row + bottom),
            (left, row + top),
        ]
        vertices += corners
        codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(vertices, codes)


def runs_of(columns: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbouring whole numbers as half-open runs: 1, 2, 3, 7 → (1, 4), (7, 8)."""
    runs: list[tuple[int, int]] = []
    for column in columns:
        if runs and runs[-1][1] == column:
            runs[-1] = (runs[-1][0], column + 1)
        else:
            runs.append((column, column + 1))
    return runs


def month_ticks(axes: Axes, first: date, last: date, width: int) -> None:
    """Name the months below columns of `width` days, and rule a line where each starts."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    starts = [day for day in days if day.day == 1]
    step = max(1, len(starts) // 12)
    # The month that the window begins in is named too, unless the next one's name would run into it.
    if step == 1 and (not starts or (starts[0] - first).days > len(days) // 9):
        starts.insert(0, first)
    ticks = [
        ((day - first).days / width, f"{day:%b %Y}" if day.month == 1 or day == starts[0] else f"{day:%b}")
        for day in starts
    ]
    axes.set_xticks([at for at, _ in ticks[::step]], [label for _, label in ticks[::step]], ha="left")
    for at, _ in ticks[::step]:
        axes.axvline(at, color=light("line"), linewidth=0.6, zorder=0)

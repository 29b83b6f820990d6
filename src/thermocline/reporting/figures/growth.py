"""How the bucket grew: bytes that are still there, by the month they were created in."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from thermocline.reporting.figures.canvas import bare, house_style, sheet
from thermocline.reporting.palette import TEMPERATURES, light
from thermocline.reporting.words import size

UNIT_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Creation(NamedTuple):
    """Bytes created in one month (its first day), by the temperature of the subfolder they lie in."""

    month: date
    temperature: str
    bytes: int


def growth(creations: Iterable[Creation]) -> Figure:
    """Stacked steps, cumulated; the coldest at the bottom."""
    by_month: dict[date, dict[str, int]] = {}
    for entry in creations:
        sums = by_month.setdefault(entry.month.replace(day=1), {})
        sums[entry.temperature] = sums.get(entry.temperature, 0) + entry.bytes
    months = _calendar(min(by_month), max(by_month)) if by_month else []
    with house_style():
        figure = sheet(2.7, left=0.085, right=0.995, top=0.96, bottom=0.2)
        axes = figure.add_subplot()
        bare(axes, keep=("bottom",))
        floor, top, present = [0.0] * len(months), 0.0, []
        for temperature in TEMPERATURES:
            running, ceiling = 0, []
            for position, month in enumerate(months):
                running += by_month.get(month, {}).get(temperature, 0)
                ceiling.append(floor[position] + running)
            if running:
                edges = range(len(months) + 1)
                axes.stairs(ceiling, edges, baseline=floor, fill=True, facecolor=light(temperature), linewidth=0)
                present.append(temperature)
                floor = ceiling
                top = max(top, ceiling[-1])
        if not months:
            axes.text(0.5, 0.5, "No creation dates in the inventory", ha="center", color=light("muted"))
        _scales(axes, months, top)
        figure.legend(
            handles=[Patch(facecolor=light(name), label=name) for name in present],
            loc="lower left", bbox_to_anchor=(0.085, 0), ncols=4, frameon=False,
            handlelength=1, handleheight=1, borderpad=0, borderaxespad=0, columnspacing=1.6,
        )  # fmt: skip
    return figure


def _calendar(first: date, last: date) -> list[date]:
    """The first day of every month from `first` to `last`."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [date(first.year + (first.month - 1 + i) // 12, (first.month - 1 + i) % 12 + 1, 1) for i in range(count)]


def _scales(axes: Axes, months: list[date], top: float) -> None:
    axes.set_xlim(0, max(len(months), 1))
    axes.set_ylim(0, top * 1.05 or 1)
    ticks = byte_ticks(top)
    axes.set_yticks(ticks, [size(tick).replace(".0 ", " ") for tick in ticks], color=light("muted"))
    for tick in ticks[1:]:
        axes.axhline(tick, color=light("line"), linewidth=0.6, zorder=0)
    yearly = len(months) > 18
    labels = [
        (position, f"{month:%Y}" if yearly else f"{month:%b %Y}")
        for position, month in enumerate(months)
        if month.month == 1 or not yearly
    ]
    step = max(1, -(-len(labels) // 10))
    axes.set_xticks([at for at, _ in labels[::step]], [label for _, label in labels[::step]], ha="left")


def byte_ticks(top: float) -> list[float]:
    """Three to six round values in binary units from 0 to `top`."""
    if top <= 0:
        return [0]
    unit = 1024 ** max(power for power in range(6) if top >= 1024**power or power == 0)
    step = next((step for step in UNIT_STEPS if top / (unit * step) <= 5), UNIT_STEPS[-1]) * unit
    if top < 1024 * unit and top / step < 2:
        step /= 2
    return [index * float(step) for index in range(int(top / step) + 1)]

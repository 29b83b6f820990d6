"""What is in the bucket: area is bytes, colour is temperature."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch, Rectangle
from matplotlib.textpath import TextPath

from analysis.model import ROOT
from thermocline.reporting.figures.canvas import WIDTH, house_style, sheet, shorten
from thermocline.reporting.palette import TEMPERATURES, light
from thermocline.reporting.words import size

HEIGHT = 4.2
REST_SHARE = 0.004  # what is smaller than this share of the bucket is drawn together, by temperature


class Holding(NamedTuple):
    """A subfolder, its bytes and its temperature."""

    subfolder: str
    bytes: int
    temperature: str


class Box(NamedTuple):
    """A rectangle in the unit of the sheet that was divided."""

    x: float
    y: float
    width: float
    height: float


def treemap(holdings: Sequence[Holding]) -> Figure:
    """Rectangles in proportion to bytes; an empty bucket gives a sheet that says so."""
    shown, rest = _fold(holdings)
    with house_style():
        figure = sheet(HEIGHT, bottom=0.075)
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(HEIGHT, 0)
        boxes = divide([holding.bytes for holding in shown], Box(0, 0, WIDTH, HEIGHT))
        for holding, box in zip(shown, boxes, strict=True):
            _tile(axes, holding, box)
        if not shown:
            axes.text(WIDTH / 2, HEIGHT / 2, "No objects in the inventory", ha="center", color=light("muted"))
        if rest:
            figure.text(1, 0, rest, ha="right", va="bottom", fontsize=7.5, color=light("muted"))
        present = [name for name in TEMPERATURES if any(holding.temperature == name for holding in shown)]
        figure.legend(
            handles=[Patch(facecolor=light(name), label=name) for name in present],
            loc="lower left", bbox_to_anchor=(0, 0), ncols=4, frameon=False, handlelength=1, handleheight=1,
            borderpad=0, borderaxespad=0, columnspacing=1.6,
        )  # fmt: skip
    return figure


def _fold(holdings: Sequence[Holding]) -> tuple[list[Holding], str]:
    """The holdings worth a rectangle, largest first, and a sentence about the others."""
    total = sum(holding.bytes for holding in holdings)
    ordered = sorted(
        (holding for holding in holdings if holding.bytes > 0), key=lambda item: (-item.bytes, item.subfolder)
    )
    drawn = [holding for holding in ordered if holding.bytes >= total * REST_SHARE]
    small = ordered[len(drawn) :]
    left_out = len(holdings) - len(ordered)
    bytes_left_out = 0
    for temperature in TEMPERATURES:
        alike = [holding for holding in small if holding.temperature == temperature]
        together = Holding(f"{len(alike)} others", sum(holding.bytes for holding in alike), temperature)
        if alike and together.bytes >= total * REST_SHARE:
            drawn.append(together)
        else:
            left_out += len(alike)
            bytes_left_out += together.bytes
    drawn.sort(key=lambda holding: -holding.bytes)
    words = f"too small to draw: {left_out} subfolder{'s' if left_out > 1 else ''}, {size(bytes_left_out)}"
    return drawn, words if left_out else ""


def _tile(axes: Axes, holding: Holding, box: Box) -> None:
    axes.add_patch(
        Rectangle(
            (box.x, box.y), box.width, box.height,
            facecolor=light(holding.temperature), edgecolor=light("paper"), linewidth=2.5,
        )
    )  # fmt: skip
    name = _fitting(holding.subfolder or ROOT, 72 * box.width - 14)
    if not name or 72 * box.height < 22:
        return
    colour = light(f"on-{holding.temperature}")
    axes.text(box.x + 0.1, box.y + 0.1, name, va="top", color=colour, fontweight="bold", clip_on=True)
    if 72 * box.height >= 34:
        axes.text(box.x + 0.1, box.y + 0.27, size(holding.bytes), va="top", color=colour, fontsize=8, clip_on=True)


def _fitting(name: str, points: float) -> str:
    """As much of the name as the bold type of the tiles sets in this width; nothing where that would say nothing."""
    bold = FontProperties(family="DejaVu Sans", weight="bold", size=8.5)
    for letters in range(min(len(name), int(points / 4)), min(len(name), 6) - 1, -1):
        text = shorten(name, letters)
        if TextPath((0, 0), text, prop=bold).get_extents().width <= points:
            return text
    return ""


def divide(weights: Sequence[float], box: Box) -> list[Box]:
    """Squarified treemap (Bruls, Huizing, van Wijk): boxes in the order of `weights`, falling and positive."""
    if not weights:
        return []
    scale = box.width * box.height / sum(weights)
    areas = [weight * scale for weight in weights]
    boxes: list[Box] = []
    while areas:
        side = min(box.width, box.height)
        row = 1
        while row < len(areas) and _worst(areas[: row + 1], side) <= _worst(areas[:row], side):
            row += 1
        laid, box = _lay(areas[:row], box)
        boxes += laid
        areas = areas[row:]
    return boxes


def _worst(row: Sequence[float], side: float) -> float:
    """The worst ratio of the sides of any box, were this row laid along `side`."""
    total = sum(row)
    return max(side * side * max(row) / total**2, total**2 / (side * side * min(row)))


def _lay(row: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """The row's boxes along the shorter side of `box`, and what is left of it."""
    total = sum(row)
    laid: list[Box] = []
    if box.width >= box.height:
        width, at = total / box.height, box.y
        for area in row:
            laid.append(Box(box.x, at, width, area / width))
            at += area / width
        return laid, Box(box.x + width, box.y, max(box.width - width, 0.0), box.height)
    height, at = total / box.width, box.x
    for area in row:
        laid.append(Box(at, box.y, area / height, height))
        at += area / height
    return laid, Box(box.x, box.y + height, box.width, max(box.height - height, 0.0))

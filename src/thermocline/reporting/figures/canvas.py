"""What every figure shares: its paper, its type, and how it becomes bytes that are equal for equal input.

Figures are built without pyplot, so nothing here depends on state that another drawing left behind.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thermocline.reporting.palette import ROLE_BY_COLOUR, light
from thermocline.reporting.words import visible

WIDTH = 9.6  # inches; the page's column at 100 dpi
DPI = 150

SVG = "{http://www.w3.org/2000/svg}"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
ElementTree.register_namespace("", SVG[1:-1])

STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": light("ink"),
    "axes.labelcolor": light("muted"),
    "axes.edgecolor": light("line"),
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "xtick.color": light("muted"),
    "ytick.color": light("ink"),
    "xtick.labelsize": 8,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": light("paper"),
    "svg.hashsalt": "thermocline",
    "text.parse_math": False,  # names of folders may hold dollar signs
    "axes.unicode_minus": False,
}


@contextmanager
def house_style(more: Any = None) -> Iterator[None]:
    """Draw and save in our own style whatever the user's matplotlibrc says."""
    with mpl.rc_context(), warnings.catch_warnings():
        # Names may be written in scripts that the font lacks: the page shows them with the reader's fonts, a PNG a box.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        mpl.rcParams.update(more or {})
        yield


def sheet(height: float, *, left: float = 0.0, right: float = 1.0, bottom: float = 0.0, top: float = 1.0) -> Figure:
    """An empty figure of the house width and `height` inches; the margins are shares of the sheet."""
    figure = Figure(figsize=(WIDTH, height))
    figure.subplots_adjust(left=left, right=right, bottom=bottom, top=top)
    return figure


def bare(axes: Axes, *, keep: tuple[str, ...] = ()) -> None:
    """Take away the frame, except the named sides."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in keep)


def shorten(name: str, width: int) -> str:
    """`name` in at most `width` characters; the end of a path says more than its middle."""
    name = visible(name)  # an SVG with a control character in it is no SVG
    if len(name) <= width:
        return name
    head = (width - 1) // 3
    return f"{name[:head]}…{name[-(width - 1 - head) :]}"


def to_png(figure: Figure) -> bytes:
    """The figure in light colours, as a PNG without a date or a version in it."""
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def to_svg(figure: Figure) -> str:
    """The figure in light colours, as a file of its own; letters become outlines, so that it looks alike everywhere."""
    return re.sub(r' d="[^"]*"', lambda found: _shorter(found[0]), _render(figure, "path"))


def to_inline_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as an `<svg>` element for the page: real text, colours by variable, own ids, a text alternative."""
    root = ElementTree.fromstring(_render(figure, "none"))  # noqa: S314 - matplotlib has just written and escaped it
    if (metadata := root.find(f"{SVG}metadata")) is not None:
        root.remove(metadata)
    referenced = {
        match
        for element in root.iter()
        for value in element.attrib.values()
        for match in re.findall(r"^#(.+)|url\(#([^)]+)\)", value)
    }
    targets = {part for match in referenced for part in match if part}
    for element in root.iter():
        element.tail = (element.tail or "").strip() or "\n"
        if element.tag != f"{SVG}text" and element.text and not element.text.strip():
            element.text = "\n"
        _adapt(element, name, targets)
    del root.attrib["width"], root.attrib["height"]
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"}
    for position, (tag, words) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{SVG}{tag}", {"id": f"{name}-{tag}"})
        element.text = visible(words)
        root.insert(position, element)
    return ElementTree.tostring(root, encoding="unicode")


def _adapt(element: ElementTree.Element, name: str, targets: set[str]) -> None:
    """Give one element of a drawing the page's colours, type and id space."""
    if (identifier := element.attrib.pop("id", None)) in targets:
        element.set("id", f"{name}-{identifier}")
    for key, value in list(element.attrib.items()):
        if key == "d":
            element.set(key, _shorter(value))
        elif key == XLINK_HREF:
            del element.attrib[key]
            element.set("href", f"#{name}-{value[1:]}")
        elif key in {"style", "clip-path", "fill", "stroke"}:
            owned = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", value)
            coloured = re.sub(r"#[0-9a-f]{6}\b", _variable, owned)
            element.set(key, coloured.replace("'DejaVu Sans'", "var(--type)"))


def _render(figure: Figure, fonttype: str) -> str:
    buffer = io.StringIO()
    with house_style({"svg.fonttype": fonttype}):
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format="svg", metadata=metadata)
    return buffer.getvalue()


def _shorter(path: str) -> str:
    """Coordinates to a hundredth of a point: half the bytes, and nobody sees it."""
    return re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), path)


def _variable(found: re.Match[str]) -> str:
    role = ROLE_BY_COLOUR.get(found[0])
    return f"var(--{role})" if role else found[0]

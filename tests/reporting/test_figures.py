"""Figures against drawings kept as baselines, without their letters, so that no font decides.

`THERMOCLINE_BASELINES=write pytest tests/reporting/test_figures.py` draws the baselines anew; look at them before
committing.
"""

import io
import os
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from thermocline.reporting.figures.ages import AGE_GROUPS, ReadAge, age_at_read, age_group
from thermocline.reporting.figures.canvas import house_style, shorten, to_inline_svg, to_png, to_svg
from thermocline.reporting.figures.classes import ClassCost, class_costs
from thermocline.reporting.figures.evidence import coverage, missing_days
from thermocline.reporting.figures.growth import Creation, byte_ticks, growth
from thermocline.reporting.figures.heatmap import DayOfUse, heatmap, level
from thermocline.reporting.figures.matrix import Touch, matrix
from thermocline.reporting.figures.shapes import runs_of
from thermocline.reporting.figures.treemap import Box, Holding, divide, treemap
from thermocline.reporting.pictures import most

GIB = 1024**3
FIRST, LAST = date(2026, 7, 4), date(2026, 10, 31)
NAMES = ["archives", "imports/seed", "exports", "staging", "unlogged"]
TEMPERATURES = ["cold", "warm", "hot", "hot", "unknown"]
BASELINES = Path(__file__).parent / "baselines"
# Of 255, over all pixels: other antialiasing stays far below, a missing bar far above.
TOLERANCE = 1.5


def a_treemap() -> Figure:
    return treemap(
        [
            Holding(*row)
            for row in zip(NAMES, [300 * GIB, 80 * GIB, 60 * GIB, 20 * GIB, 90 * GIB], TEMPERATURES, strict=True)
        ]
    )


def a_heatmap() -> Figure:
    use = [DayOfUse("exports", FIRST + timedelta(days=n), 10 ** (n % 4), 5) for n in range(120)]
    use += [DayOfUse("imports/seed", FIRST + timedelta(days=n), 200, 0) for n in range(0, 120, 7)]
    return heatmap(NAMES, use, FIRST, LAST, [date(2026, 8, 20), date(2026, 8, 21)])


def a_long_heatmap() -> Figure:
    use = [DayOfUse("exports", FIRST - timedelta(days=n), 3, n % 2) for n in range(0, 400, 5)]
    return heatmap(NAMES, use, FIRST - timedelta(days=400), LAST)


def an_age_figure() -> Figure:
    return age_at_read(
        NAMES[:3], [ReadAge(name, days, 10 + days % 7) for name in NAMES[:3] for days in (0, 1, 5, 20, 60, 200, 500)]
    )


def a_matrix() -> Figure:
    touches = [Touch("import_job", "exports", "reader", 120), Touch("import_job", "imports/seed", "writer", 9)]
    touches += [Touch("analyst@example.com", "archives", "reader", 2), Touch("cleaner", "staging", "deleter", 60)]
    return matrix(["import_job", "cleaner", "analyst@example.com"], NAMES, touches, 120)


def a_growth() -> Figure:
    months = [date(2024 + number // 12, number % 12 + 1, 1) for number in range(0, 34, 2)]
    return growth([Creation(month, name, 5 * GIB) for month in months for name in ("cold", "hot")])


def a_class_figure() -> Figure:
    classes = ["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "TEPID"]
    return class_costs(
        NAMES, [ClassCost(name, one, GIB, n + 0.5) for n, name in enumerate(NAMES) for one in classes[: n + 1]]
    )


def a_coverage() -> Figure:
    every = [FIRST + timedelta(days=offset) for offset in range(120)]
    return coverage(
        {"data read": every[:30] + every[35:], "data write": every, "admin activity": every[::11]}, FIRST, LAST
    )


FIGURES: dict[str, Callable[[], Figure]] = {
    "treemap": a_treemap,
    "heatmap": a_heatmap,
    "heatmap-weeks": a_long_heatmap,
    "ages": an_age_figure,
    "matrix": a_matrix,
    "growth": a_growth,
    "classes": a_class_figure,
    "coverage": a_coverage,
}


def without_letters(figure: Figure) -> "np.ndarray":
    for text in figure.findobj(Text):
        text.set_visible(False)
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, format="png", dpi=50)
    return np.asarray(Image.open(buffer).convert("RGB"), dtype=np.int16)


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_looks_like_its_baseline(name: str) -> None:
    drawn, file = without_letters(FIGURES[name]()), BASELINES / f"{name}.png"
    if os.environ.get("THERMOCLINE_BASELINES") == "write":
        Image.fromarray(drawn.astype(np.uint8)).save(file, optimize=True)
    kept = np.asarray(Image.open(file).convert("RGB"), dtype=np.int16)

    assert drawn.shape == kept.shape
    assert float(np.abs(drawn - kept).mean()) < TOLERANCE


def test_a_missing_bar_is_further_from_its_baseline_than_the_tolerance() -> None:
    costs = [ClassCost(name, "STANDARD", GIB, 2.0) for name in NAMES]
    whole, lacking = without_letters(class_costs(NAMES, costs)), without_letters(class_costs(NAMES, costs[:-1]))

    assert float(np.abs(whole - lacking).mean()) > TOLERANCE


@pytest.mark.parametrize("name", FIGURES)
def test_drawing_twice_gives_equal_bytes(name: str) -> None:
    one, two = FIGURES[name](), FIGURES[name]()

    assert to_svg(one) == to_svg(two)
    assert to_inline_svg(one, "x", "t", "d") == to_inline_svg(two, "x", "t", "d")
    assert to_png(one) == to_png(two)


def test_a_users_own_matplotlib_settings_change_nothing() -> None:
    import matplotlib as mpl

    before = to_svg(a_class_figure())
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.hashsalt": "other"}):
        assert to_svg(a_class_figure()) == before


def test_many_small_subfolders_take_their_room_in_the_treemap_together() -> None:
    small = [Holding(f"s{number:03d}", GIB, "cold") for number in range(300)]
    figure = treemap([Holding("large", 100 * GIB, "hot"), *small, Holding("tiny", GIB // 10, "warm")])
    tiles = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    areas = {tile.get_facecolor(): tile.get_width() * tile.get_height() for tile in tiles}
    words = [text.get_text() for text in figure.findobj(Text)]

    assert len(areas) == 2
    assert min(areas.values()) / sum(areas.values()) == pytest.approx(100 / 400, abs=0.001)
    assert "300 others" in words
    assert "too small to draw: 1 subfolder, 102.4 MiB" in words


def test_a_picture_of_some_says_which() -> None:
    names = [f"n{number:02d}" for number in range(50)]
    chosen, sentence = most(names, {"n49": 9, "n48": 8}, "busiest")

    assert len(chosen) == 40
    assert chosen[-2:] == ["n48", "n49"], "in the order of the report"
    assert sentence == "The 40 busiest of 50 subfolders."
    assert most(names[:40], {}, "busiest") == (names[:40], "")


@pytest.mark.parametrize("seed", range(5))
def test_a_treemap_divides_its_sheet_without_gap_or_overlap(seed: int) -> None:
    rng = random.Random(seed)
    weights = sorted((rng.paretovariate(1.1) for _ in range(rng.randint(1, 40))), reverse=True)
    boxes = divide(weights, Box(0, 0, 9.6, 4.2))

    assert len(boxes) == len(weights)
    scale = 9.6 * 4.2 / sum(weights)
    for box, weight in zip(boxes, weights, strict=True):
        assert box.width * box.height == pytest.approx(weight * scale)
        assert box.x >= -1e-9
        assert box.x + box.width <= 9.6 + 1e-6
        assert box.y >= -1e-9
        assert box.y + box.height <= 4.2 + 1e-6
    for index, a in enumerate(boxes):
        for b in boxes[index + 1 :]:
            across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
            down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
            assert across <= 1e-6 or down <= 1e-6


def test_events_map_to_four_shades() -> None:
    assert [level(events) for events in (1, 9, 10, 99, 100, 999, 1000, 10**9)] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_ages_fall_into_the_group_that_holds_them() -> None:
    assert [age_group(days) for days in (0, 1, 2, 7, 8, 30, 31, 90, 91, 365, 366, 9999)] == [
        0,
        0,
        1,
        1,
        2,
        2,
        3,
        3,
        4,
        4,
        5,
        5,
    ]
    assert len(AGE_GROUPS) == 6


def test_runs_and_missing_days() -> None:
    assert runs_of([1, 2, 3, 7]) == [(1, 4), (7, 8)]
    assert missing_days([FIRST], FIRST, FIRST + timedelta(days=2)) == [
        FIRST + timedelta(days=1),
        FIRST + timedelta(days=2),
    ]


@pytest.mark.parametrize("top", [0, 1, 700, 5 * 1024, 940 * GIB, 1.2 * 1024**4, 3 * 1024**5])
def test_byte_scales_have_few_round_steps(top: float) -> None:
    ticks = byte_ticks(top)
    assert ticks[0] == 0
    assert ticks[-1] <= top
    assert len(ticks) <= 6


def test_long_names_keep_both_ends() -> None:
    short = shorten("export/cloudsql_recommendation_tables_to_bigquery", 24)
    assert len(short) == 24
    assert short.startswith("export/")
    assert short.endswith("_to_bigquery")

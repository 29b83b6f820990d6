"""The pages as a browser shows them: nothing loaded or run, readable in light, dark, print and on small screens."""

from pathlib import Path

import pytest

from chromium import Browser
from report_folder import Reports, make_reports
from small_catalogue import GIB, Folder

PAGES = ("access-patterns", "priority")
SAMPLES = Path(__file__).parents[2] / "reports" / "sample"

# Every visible piece of HTML text with a contrast below 4.5 against the nearest opaque background.
PALE_TEXT = """
(() => {
  const channel = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const luminance = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const pale = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest('svg')) continue;
    const a = luminance(parse(getComputedStyle(element).color)), b = luminance(ground(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) pale.push([node.textContent.trim().slice(0, 40), ratio]);
  }
  return pale;
})()
"""

# Structure that assistive technology lives on; everything in the lists is a fault.
FAULTS = """
(() => {
  const levels = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]));
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  return {
    language: document.documentElement.lang === 'en' ? [] : [document.documentElement.lang],
    titles: levels.filter(level => level === 1).length === 1 ? [] : levels,
    skipped: levels.filter((level, at) => at > 0 && level > levels[at - 1] + 1),
    ids: ids.filter((id, at) => ids.indexOf(id) !== at),
    drawings: [...document.querySelectorAll('svg')].filter(svg => svg.getAttribute('role') !== 'img'
      || !svg.querySelector('title')?.textContent || !svg.querySelector('desc')?.textContent).length ? ['svg'] : [],
    headers: [...document.querySelectorAll('th')].filter(th => !th.scope).map(th => th.textContent),
    tables: [...document.querySelectorAll('table')]
      .filter(table => !table.tHead || !table.closest('[aria-label]')).map(table => table.innerText),
    links: [...document.querySelectorAll('a[href^="#"]')].filter(a => !document.getElementById(a.hash.slice(1)))
      .map(a => a.hash),
    landmarks: ['main', 'header', 'footer'].filter(name => !document.querySelector(name)),
  };
})()
"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_complains_about_nothing(browser: Browser, reports: Reports, name: str) -> None:
    seen = browser.look(reports.page(name))

    assert seen.requests == [reports.page(name).resolve().as_uri()]
    assert seen.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_text_contrasts_with_its_ground(browser: Browser, reports: Reports, name: str, scheme: str) -> None:
    assert browser.look(reports.page(name), PALE_TEXT, scheme=scheme).value == []


@pytest.mark.parametrize("name", PAGES)
def test_structure_is_sound(browser: Browser, reports: Reports, name: str) -> None:
    faults = browser.look(reports.page(name), FAULTS).value

    assert {kind: found for kind, found in faults.items() if found} == {}


@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("page", sorted(SAMPLES.glob("*.html")), ids=lambda page: page.stem)
def test_no_page_is_wider_than_its_window(browser: Browser, page: Path, width: int) -> None:
    assert browser.look(page, "document.documentElement.scrollWidth", width=width).value <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", sorted(SAMPLES.glob("*.html")), ids=lambda page: page.stem)
def test_the_committed_samples_hold_up_too(browser: Browser, page: Path, scheme: str) -> None:
    assert browser.look(page, PALE_TEXT, scheme=scheme).value == []
    assert {kind: found for kind, found in browser.look(page, FAULTS).value.items() if found} == {}


def test_figures_follow_the_colour_scheme(browser: Browser, reports: Reports) -> None:
    colour = "getComputedStyle(document.querySelector('#heatmap-title').parentElement.querySelector('text')).fill"
    ground = "getComputedStyle(document.body).backgroundColor"
    page = reports.page("access-patterns")
    light = browser.look(page, f"[{colour}, {ground}]", scheme="light").value
    dark = browser.look(page, f"[{colour}, {ground}]", scheme="dark").value

    assert light[1] == "rgb(255, 255, 255)"
    assert sum(int(part) for part in dark[1][4:-1].split(",")) < 150
    assert light[0] != dark[0]


@pytest.mark.parametrize("name", PAGES)
def test_print_is_black_on_white_whatever_the_screen_prefers(browser: Browser, reports: Reports, name: str) -> None:
    ground = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    seen = browser.look(reports.page(name), ground, scheme="dark", media="print", pdf=True)

    assert seen.value == ["rgb(255, 255, 255)", "rgb(29, 39, 48)"]
    assert seen.pdf.startswith(b"%PDF")


def test_folded_parts_are_printed(browser: Browser, reports: Reports) -> None:
    height = (
        "[...document.querySelectorAll('details')].map(d => d.scrollHeight - d.querySelector('summary').offsetHeight)"
    )
    heights = browser.look(reports.page("access-patterns"), height, media="print").value

    assert len(heights) >= 4
    assert all(height > 20 for height in heights)


def test_a_screenshot_is_no_blank_sheet(browser: Browser, reports: Reports) -> None:
    seen = browser.look(reports.page("access-patterns"), screenshot=True)

    assert colours_of(seen.screenshot) > 50


def colours_of(png: bytes) -> int:
    """How many different colours a picture has."""
    import io

    from PIL import Image

    return len(Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 24) or [])


HOSTILE = [
    "<script>document.title='owned'</script>",
    "\"><img src=x onerror=document.title='owned'>",
    "</svg><svg onload=document.title='owned'>",
    "</title></style><script>document.title='owned'</script>",
    "{{ 7*7 }}{% raw %}",
    "javascript:document.title='owned'",
    "' onmouseover='document.title=1",
    "a`b|c\\d_e*f[g](http://x)",
    "日本語 \u202eגדול\u2028 \x1b[31m",
    "$\\frac{x}{y}$ #1d2730 url(#x)",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    folders = [
        Folder(name, (index + 1) * GIB, "cold", pattern="manual archive", reads={3: 4, 9: 4}, writes={2: 5},
               reader=HOSTILE[(index + 1) % len(HOSTILE)], writer=HOSTILE[(index + 2) % len(HOSTILE)])
        for index, name in enumerate(HOSTILE)
    ]  # fmt: skip
    return make_reports(tmp_path_factory.mktemp("hostile"), folders)


@pytest.mark.parametrize("name", PAGES)
def test_hostile_names_stay_text(browser: Browser, hostile: Reports, name: str) -> None:
    inside = """({
      title: document.title,
      active: document.querySelectorAll('script, img, iframe, object, embed, link, form').length,
      handlers: [...document.querySelectorAll('*')]
        .filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length,
      addresses: [...document.querySelectorAll('[href]')]
        .map(e => e.getAttribute('href')).filter(h => !h.startsWith('#')),
      text: document.body.innerText,
    })"""
    page = hostile.page(name)
    seen = browser.look(page, inside)

    assert "owned" not in seen.value["title"]
    assert (seen.value["active"], seen.value["handlers"], seen.value["addresses"]) == (0, 0, [])
    assert seen.requests == [page.resolve().as_uri()]
    assert seen.complaints == []
    for text in ("<script>document.title='owned'</script>", "{{ 7*7 }}", "onerror=document.title"):
        assert text in seen.value["text"]


def test_hostile_names_do_not_break_the_markdown(hostile: Reports) -> None:
    document = (hostile.folder / "access-patterns.md").read_text("utf-8")
    tables = [part for part in document.split("\n\n") if part.startswith("| ")]
    assert len(tables) > 5
    for table in tables:
        cells = {len(row.replace("\\|", "").split("|")) for row in table.splitlines()}

        assert len(cells) == 1, "a name opened a cell of its own"
    outside_code = [part for line in document.splitlines() for part in line.split("`")[::2]]
    assert not any("<script" in part.replace("\\<", "") for part in outside_code)


def test_a_page_without_a_browser_is_one_file(reports: Reports) -> None:
    assert sorted(path.name for path in Path(reports.folder).iterdir()) == [
        "access-patterns.html", "access-patterns.md", "figures", "priority.html", "priority.md",
    ]  # fmt: skip

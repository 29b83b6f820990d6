"""From values to pages: templates that escape whatever they are given, for HTML and for Markdown.

Names of folders, principals and objects come from strangers. In HTML everything is escaped and the page's own policy
forbids scripts and network; in Markdown everything is escaped that could become markup.
"""

import re
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis.model import ROOT
from analysis.words import plural
from planner.money import money
from thermocline.reporting import words
from thermocline.reporting.palette import css_variables

FORMATTERS = {
    "size": words.size,
    "number": words.number,
    "money": money,
    "day": words.day,
    "minute": words.minute,
    "duration": words.duration,
    "share": words.share,
    "plural": plural,
    "joined": words.joined,
    "months": words.months,
    "payoff": words.payoff,
    "capfirst": words.capfirst,
}


class MarkdownText(str):
    """Markdown that we wrote ourselves and that needs no escaping."""

    __slots__ = ()


def render_html(template: str, **values: Any) -> str:
    """A whole page. `template` is a file in reporting/templates."""
    return _html().get_template(template).render(**values)


def render_markdown(template: str, **values: Any) -> str:
    """A whole document that ends with one newline and has no runs of blank lines."""
    text = _markdown().get_template(template).render(**values)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@cache
def _html() -> Environment:
    environment = Environment(
        loader=PackageLoader("thermocline.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: (
            words.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
    )
    own = {"prose": prose_html, "breakable": breakable, "day": day_html, "minute": minute_html, "size": size_html}
    environment.filters |= FORMATTERS | own
    environment.globals["style"] = Markup(_stylesheet())  # noqa: S704 - our own file
    return environment


@cache
def _markdown() -> Environment:
    environment = Environment(
        loader=PackageLoader("thermocline.reporting"),
        autoescape=False,  # noqa: S701 - Markdown has its own escaping, applied to every value by `finalize`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= FORMATTERS | {"code": code, "link": link, "prose": prose_markdown, "trusted": MarkdownText}
    return environment


def _stylesheet() -> str:
    text = files("thermocline.reporting").joinpath("templates", "style.css").read_text(encoding="utf-8")
    return text.replace("/*light*/", css_variables("light")).replace("/*dark*/", css_variables("dark"))


def _finalize(value: Any) -> Any:
    return value if isinstance(value, MarkdownText) else escape_markdown(str(value))


def escape_markdown(text: str) -> MarkdownText:
    """Text that Markdown shows as it is, on one line. Underscores within words stay: they mean nothing there."""
    line = words.visible(text)
    escaped = re.sub(r"([\\`*\[\]<>|~$&])", r"\\\1", line)
    escaped = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", escaped)
    escaped = re.sub(r"^(\s*\d+)([.)])(?=\s)", r"\1\\\2", escaped)
    return MarkdownText(re.sub(r"^(\s*)([#+\-=])", r"\1\\\2", escaped))


def code(text: str) -> MarkdownText:
    """Text as a code span, whatever it contains; pipes are escaped for tables."""
    line = words.visible(text) or ROOT
    fence = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    pad = " " if "`" in line else ""
    return MarkdownText(f"{fence}{pad}{line.replace('|', chr(92) + '|')}{pad}{fence}")


def prose_html(text: str) -> Markup:
    """A sentence of ours, in which `backticks` mark code."""
    parts = _spans(words.visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(breakable(part)) if odd else escape(part) for odd, part in parts
    )


def prose_markdown(text: str) -> MarkdownText:
    """A sentence of ours, in which `backticks` mark code."""
    return MarkdownText("".join(code(part) if odd else escape_markdown(part) for odd, part in _spans(text)))


def breakable(text: str) -> Markup:
    """A name that may be broken behind a slash, an underscore or an at sign before it is broken anywhere."""
    return Markup(re.sub(r"([/_@])", r"\1<wbr>", str(escape(words.visible(text)))))  # noqa: S704 - escaped first


def day_html(moment: date | datetime | None) -> Markup:
    """A day that is never broken over two lines."""
    return Markup("<time>{}</time>").format(words.day(moment))


def size_html(count: float | None) -> str:
    """A size whose unit stays on its number's line."""
    return words.size(count).replace(" ", "\N{NO-BREAK SPACE}")


def minute_html(moment: datetime) -> Markup:
    """A moment that is never broken over two lines."""
    return Markup("<time>{}</time>").format(words.minute(moment))


def _spans(text: str) -> list[tuple[int, str]]:
    """(1 for code, else 0; text), in order. Where backticks do not pair up, they are letters like others."""
    parts = text.split("`")
    return [(number % 2, part) for number, part in enumerate(parts)] if len(parts) % 2 else [(0, text)]


def link(text: MarkdownText, address: str | None) -> MarkdownText:
    """A link around text that is Markdown already; without an address just the text."""
    return MarkdownText(f"[{text}]({address})") if address else text


def code_address(template: str | None, file: str, line: int) -> str | None:
    """Where a line of code can be read, from a template with {file} and {line}; only web addresses are followed."""
    if not template or not re.match(r"https?://", template):
        return None
    return template.replace("{file}", quote(file)).replace("{line}", str(line))

"""How numbers are spoken of, and what Markdown makes of names."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.words import plural
from planner.money import money
from thermocline.reporting.lifecycle_words import lifecycle_words
from thermocline.reporting.pages import code, escape_markdown, prose_html, prose_markdown
from thermocline.reporting.palette import ROLE_BY_COLOUR, ROLES, TEMPERATURES, Shade
from thermocline.reporting.words import duration, joined, months, payoff, share, size


def test_sizes_are_binary() -> None:
    assert [size(count) for count in (0, 1023, 1024, 1536, 1024**2 - 1, 5 * 1024**4, None)] == [
        "0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "5.0 TiB", "–",
    ]  # fmt: skip


def test_money_never_rounds_something_to_nothing() -> None:
    assert [money(amount) for amount in (0, 0.004, 0.5, 12.345, 1234.5, -3, None)] == [
        "$0.00", "<$0.01", "$0.50", "$12.35", "$1,234", "−$3.00", "–",
    ]  # fmt: skip


def test_shares_never_round_to_none_or_all() -> None:
    assert [share(part, 1000) for part in (0, 1, 500, 999, 1000)] == ["0%", "<1%", "50%", ">99%", "100%"]


def test_words_for_counts_and_times() -> None:
    assert plural(1, "day") == "1 day"
    assert plural(2500, "day") == "2,500 days"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert [months(None), months(0), months(0.4), months(1.2), months(7.6)] == [
        "never", "at once", "less than a month", "1 month", "8 months",
    ]  # fmt: skip
    assert [payoff(None), payoff(0), payoff(3)] == [
        "never pays for itself",
        "costs nothing",
        "pays for itself in 3 months",
    ]
    assert [duration(timedelta(seconds=seconds)) for seconds in (3, 150, 7500, 300000)] == [
        "3 s",
        "2 min",
        "2 h 5 min",
        "3 days",
    ]


def test_lifecycle_rules_become_sentences() -> None:
    rules = [
        {
            "action": {"type": "SetStorageClass", "storageClass": "COLDLINE"},
            "condition": {"age": 30, "matchesStorageClass": ["STANDARD"]},
        },
        {"action": {"type": "Delete"}, "condition": {"daysSinceCustomTime": 730}},
    ]
    assert lifecycle_words({"rule": rules}) == [
        "from Standard to Coldline 30 days after creation",
        "delete 730 days after the custom time",
    ]
    twins = [{"action": {"type": "Delete"}, "condition": {clock: 90}} for clock in ("age", "daysSinceCustomTime")]
    assert lifecycle_words({"rule": twins}) == ["delete 90 days after creation or the custom time"]
    both = {"action": {"type": "Delete"}, "condition": {"age": 90, "daysSinceCustomTime": 30}}
    assert lifecycle_words({"rule": [both]}) == ["delete 90 days after creation and 30 days after the custom time"]


@given(st.text())
def test_any_name_stays_on_its_line_and_inside_its_code_span(name: str) -> None:
    span = code(name)
    fence = len(span) - len(span.lstrip("`"))
    inner = span[fence:-fence]
    assert "\n" not in span
    assert "\r" not in span
    assert "`" * fence not in inner
    assert "|" not in inner.replace("\\|", "")


@given(st.text())
def test_no_sentence_becomes_markup(text: str) -> None:
    for escaped in (escape_markdown(text), prose_markdown(text)):
        assert "\n" not in escaped
    plain = escape_markdown(text)
    for sign in "<[*`|":
        assert all(plain[at - 1] == "\\" for at in range(len(plain)) if plain[at] == sign)


def test_backticks_of_our_sentences_become_code_and_nothing_else() -> None:
    assert prose_html("run `a <b>` now & then") == "run <code>a &lt;b&gt;</code> now &amp; then"
    assert prose_html("one ` alone <i>") == "one ` alone &lt;i&gt;"
    assert prose_markdown("run `x|y` *now*") == r"run `x\|y` \*now\*"


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", Shade._fields)
def test_text_is_readable_on_whatever_it_stands_on(scheme: str) -> None:
    def colour(role: str) -> str:
        return str(getattr(ROLES[role], scheme))

    for text, ground in [("ink", "paper"), ("muted", "paper"), ("link", "paper"), ("ink", "panel"), ("ink", "track")]:
        assert contrast(colour(text), colour(ground)) >= 4.5, (text, ground)
    for temperature in TEMPERATURES:
        assert contrast(colour(f"on-{temperature}"), colour(temperature)) >= 4.5, temperature
        assert contrast(colour(temperature), colour("paper")) >= (1.9 if temperature == "warm" else 2.5), temperature
    for band in ("read", "write"):
        # A single read of a cold folder is what the heatmap is looked at for.
        steps = [contrast(colour(f"{band}-{level}"), colour("track")) for level in (1, 2, 3, 4)]
        assert steps == sorted(steps)
        assert steps[0] >= 3, band


def test_every_light_colour_names_one_role() -> None:
    assert len(ROLE_BY_COLOUR) == len(ROLES)

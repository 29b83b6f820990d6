"""What must not matter does not matter: names, the cut and order of log files, duplicates, the calendar."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import scenarios
from analysis.model import Analysis
from scenario_play import play

TOLD = ("external-import", "sensor-polls-one-object", "own-scanner")
ONSETS = "bdfgklmnprstvz"
# No shrinking: a play takes a second, and the seed printed is enough to look into a failure.
few = settings(max_examples=2, deadline=None, phases=[Phase.generate])


def path_of(name: str) -> Path:
    return scenarios.SCENARIOS / f"{name}.yaml"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Analysis]:
    """What is said of a scenario as it is written; played once."""

    @cache
    def once(name: str) -> Analysis:
        return play(scenarios.load(path_of(name)), tmp_path_factory.mktemp("told"))

    return once


def verdicts(analysis: Analysis) -> list[tuple[Any, ...]]:
    """Everything that is said of a bucket's subfolders, without names and dates."""
    return [
        (
            one.temperature,
            one.temperature_confidence,
            one.isolation,
            one.pattern,
            one.objects,
            one.bytes,
            sorted(one.flags),
            one.read_days,
            one.write_days,
            one.read_events,
            one.write_events,
            one.hot_until_age_days,
            [
                (use.kind, use.role, use.agent, use.days, use.events)
                for use in (*one.readers, *one.writers, *one.others)
            ],
        )
        for one in analysis.subfolders
    ]


@pytest.mark.parametrize("name", TOLD)
@few
@given(seed=st.integers(0, 10_000), files=st.integers(2, 6), one_by_one=st.booleans())
def test_cut_order_and_duplicates_of_log_files_change_nothing(
    name: str,
    seed: int,
    files: int,
    one_by_one: bool,
    told: Callable[[str], Analysis],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    scenario = scenarios.load(path_of(name))
    whole = told(name)
    cut = play(scenario, tmp_path_factory.mktemp("cut"), files=files, seed=seed, duplicates=0.3, one_by_one=one_by_one)
    assert verdicts(cut) == verdicts(whole)
    assert cut.evidence_digest == whole.evidence_digest


@pytest.mark.parametrize("name", TOLD)
@few
@given(seed=st.integers(0, 10_000))
def test_renaming_everything_changes_nothing(
    name: str, seed: int, told: Callable[[str], Analysis], tmp_path_factory: pytest.TempPathFactory
) -> None:
    scenario = scenarios.load(path_of(name), words=renaming(path_of(name), seed))
    renamed = play(scenario, tmp_path_factory.mktemp("renamed"))
    assert not {one.name for one in renamed.subfolders} & {one.name for one in told(name).subfolders}
    # Subfolders are listed by name, so only their order may differ.
    assert sorted(verdicts(renamed), key=repr) == sorted(verdicts(told(name)), key=repr)


def renaming(path: Path, seed: int) -> Any:
    """A function that gives every folder and file stem of a scenario another name, the same everywhere."""
    rng = random.Random(seed)
    text = path.read_text(encoding="utf-8")
    places = re.findall(r"^  - (?:\S+ [a-z-]+ )?(\S+?)[, ]", text, flags=re.MULTILINE)
    words = {word for place in places for word in re.findall(r"[a-z_]{2,}(?=[^{}]*?(?:/|-|_|\{|\.|\d|$))", place)}
    words -= {"everything", "prod", *re.findall(r"\{([a-z]+)", text), *re.findall(r"\.([a-z]+)\b", text)}
    new = {
        word: "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(4)) for word in sorted(words)
    }
    pattern = re.compile(
        r"(?<![a-z{.])(" + "|".join(sorted(map(re.escape, new), key=len, reverse=True)) + r")(?![a-z}])"
    )

    def rename(whole: str) -> str:
        head, _, body = whole.partition("objects:") if "objects:" in whole else whole.partition("traffic:")
        body, _, _ = body.partition("expect:")
        start = "objects:" if "objects:" in whole else "traffic:"
        lines = [_rename_line(line, pattern, new) for line in body.splitlines()]
        return f"{head}{start}{chr(10).join(lines)}\n"

    return rename


def _rename_line(line: str, pattern: re.Pattern[str], new: dict[str, str]) -> str:
    """Traffic lines keep who does what when; only what is touched gets another name."""
    found = re.match(r"^(  - (?:\S+ (?:reads|writes|deletes|probes|copies) )?)(\S+)(.*)$", line)
    if not found or found[2] == "everything" or ":" in found[1]:
        return line
    return f"{found[1]}{pattern.sub(lambda m: new[m[1]], found[2])}{found[3]}"


@pytest.mark.parametrize("name", TOLD)
@few
@given(days=st.integers(-2_000, 2_000))
def test_another_time_changes_nothing(
    name: str, days: int, told: Callable[[str], Analysis], tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Whole weeks, so that weekends stay weekends.
    shifted = scenarios.END + timedelta(days=7 * (days // 7))
    later = play(scenarios.load(path_of(name), end=shifted), tmp_path_factory.mktemp("later"))
    assert later.as_of == shifted
    assert verdicts(later) == verdicts(told(name))

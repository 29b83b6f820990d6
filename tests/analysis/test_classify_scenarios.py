"""Every scenario in tests/scenarios must come out as it says; what is called certain must be right."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import scenarios
from analysis.classify.analyze import gather, keep
from analysis.classify.facts import Facts
from analysis.classify.store import latest_analysis
from analysis.classify.temperature import judge_heat
from analysis.classify.thresholds import Thresholds
from analysis.model import Analysis, Subfolder, confidence_word
from scenario_play import filled

PATHS = scenarios.scenario_paths()


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_scenario_comes_out_as_it_says(path: Path, tmp_path: Path) -> None:
    scenario = scenarios.load(path)
    with filled(scenario, tmp_path) as (catalogue, settings):
        found_facts = gather(catalogue.connection, scenario.bucket, settings, None, None)
        keep(catalogue, found_facts, settings)
        analysis = latest_analysis(catalogue, scenario.bucket)
    found = {subfolder.name: subfolder for subfolder in analysis.subfolders}
    problems = []
    for name, expected in scenario.expect.items():
        if name not in found:
            problems.append(f"no subfolder {name!r}, only {sorted(found)}")
            continue
        problems += [f"{name}: {problem}" for problem in differences(found[name], expected)]
    problems += whole_bucket_differences(scenario.raw, analysis)
    problems += [problem for one in found_facts.facts for problem in overconfidence(one, settings.thresholds)]
    shown = "\n".join(f"{s.name}: {rule.sentence}" for s in analysis.subfolders[:6] for rule in s.rules)
    assert not problems, f"{scenario.says}\n" + "\n".join(problems) + f"\n\n{shown}"


def differences(found: Subfolder, expected: dict[str, Any]) -> list[str]:
    """What a subfolder lacks of what a scenario demands."""
    checks: dict[str, Callable[[Any], tuple[Any, bool]]] = {
        "temperature": lambda v: (found.temperature, found.temperature == v),
        "isolation": lambda v: (found.isolation, found.isolation == v),
        "pattern": lambda v: (found.pattern, found.pattern == v),
        "assessment": lambda v: (found.assessment, v in found.assessment),
        "objects": lambda v: (found.objects, found.objects == v),
        "read_days_30": lambda v: (found.read_days_30, found.read_days_30 == v),
        "hot_until": lambda v: (found.hot_until_age_days, found.hot_until_age_days == v),
        "confidence": lambda v: (found.temperature_confidence, confidence_word(found.temperature_confidence) == v),
        "not_confidence": lambda v: (found.temperature_confidence, confidence_word(found.temperature_confidence) != v),
        "flags": lambda v: (sorted(found.flags), set(v) <= found.flags),
        "without_flags": lambda v: (sorted(found.flags), not set(v) & found.flags),
        "says": lambda v: (found.reasons, any(v in reason for reason in found.reasons)),
        "readers": lambda v: (_principals(found.readers), _principals(found.readers) == v),
        "writers": lambda v: (_principals(found.writers), _principals(found.writers) == v),
        "reader_count": lambda v: (len(found.readers), len(found.readers) == v),
        "reader_kinds": lambda v: (
            [u.kind for u in found.readers],
            sorted({u.kind for u in found.readers}) == sorted(v),
        ),
        "writer_kinds": lambda v: (
            [u.kind for u in found.writers],
            sorted({u.kind for u in found.writers}) == sorted(v),
        ),
        "breakers": lambda v: (list(found.isolation_breakers), list(found.isolation_breakers) == v),
        "others": lambda v: ([u.kind for u in found.others], set(v) <= {u.kind for u in found.others}),
        "names": lambda v: (names := sorted({u.name for u in (*found.readers, *found.writers)}), names == sorted(v)),
        "workloads": lambda v: (_workloads(found), _workloads(found) == sorted(v)),
    }
    problems = []
    for key, value in expected.items():
        shown, holds = checks[key](value)
        if not holds:
            problems.append(f"{key} should be {value!r}, is {shown!r}")
    return problems


def overconfidence(facts: Facts, thresholds: Thresholds) -> list[str]:
    """Verdicts called certain on a part of the logs that all of the logs refute."""
    problems = []
    whole = judge_heat(facts, thresholds)
    for days in (75, 45, 33):
        heat = judge_heat(recent_part(facts, days), thresholds)
        certain = confidence_word(heat.confidence) == "high"
        if certain and heat.temperature != whole.temperature:
            problems.append(
                f"{facts.name}: certain of {heat.temperature} from {days} days, {whole.temperature} from all"
            )
    return problems


def recent_part(facts: Facts, days: int) -> Facts:
    """The same folder as seen by somebody whose logs begin so many days ago."""
    first = facts.as_of - timedelta(days=days - 1)
    mask = (1 << days) - 1
    coverage = replace(
        facts.coverage,
        read_days=frozenset(day for day in facts.coverage.read_days if day >= first),
        write_days=frozenset(day for day in facts.coverage.write_days if day >= first),
        gaps=tuple(gap for gap in facts.coverage.gaps if gap[0] >= first),
    )
    uses = tuple(replace(use, day_bits=use.day_bits & mask) for use in facts.uses if use.day_bits & mask)
    created = 0 if facts.writes else facts.created_while_logged
    return replace(facts, coverage=coverage, uses=uses, created_while_logged=created)


def _principals(uses: Any) -> list[str]:
    return sorted({use.principal for use in uses})


def _workloads(found: Subfolder) -> list[str]:
    return sorted({use.workload for use in (*found.readers, *found.writers) if use.workload})


def whole_bucket_differences(raw: dict[str, Any], analysis: Analysis) -> list[str]:
    """What the bucket as a whole lacks: boundaries, templates, listers, contradictions."""
    problems = []
    names = [subfolder.name for subfolder in analysis.subfolders]
    if "subfolders" in raw and names != sorted(raw["subfolders"]):
        problems.append(f"subfolders should be {sorted(raw['subfolders'])}, are {names}")
    for name, template in raw.get("templates", {}).items():
        if (found := analysis.find(name).template) != template:
            problems.append(f"template of {name} should be {template}, is {found}")
    listers = {use.principal for use in analysis.listers}
    if missing := set(raw.get("listers", ())) - listers:
        problems.append(f"listers {sorted(missing)} are missing, there are {sorted(listers)}")
    kinds = {contradiction.kind for contradiction in analysis.contradictions}
    if missing := set(raw.get("contradictions", ())) - kinds:
        problems.append(f"contradictions {sorted(missing)} are missing, there are {sorted(kinds)}")
    return problems

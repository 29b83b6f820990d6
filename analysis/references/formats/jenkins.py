"""Pipelines of Jenkins: the scripts of their steps, and the variables that their environment blocks set."""

import re
from collections.abc import Iterator

from analysis.references.text import Text, literal

_SET = re.compile(
    r"(?:^|[{;])\s*(?:def\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<quote>[\"'])(?P<value>[^\"'\n]*)(?P=quote)", re.MULTILINE
)
_STEP = re.compile(
    r"\b(?:sh|bash|bat|powershell)\b\s*\(?\s*(?:[^\"'()\n]*script\s*:\s*)?"
    r"(?:\"\"\"(?P<long>.*?)\"\"\"|'''(?P<plain>.*?)'''"
    r"|\"(?P<double>(?:[^\"\\\n]|\\.)*)\"|'(?P<single>[^'\n]*)')",
    re.DOTALL,
)
_OWNED = re.compile(r"\$\{(?:env|params)\.(\w+)\}")


def variables(text: Text) -> dict[str, Text]:
    """What the pipeline sets for its steps."""
    return {match["name"]: text.cut(*match.span("value")) for match in _SET.finditer(text.flat)}


def steps(text: Text) -> Iterator[Text]:
    """The scripts that its steps hand to a shell."""
    for match in _STEP.finditer(text.flat):
        name = next(name for name in ("long", "plain", "double", "single") if match[name] is not None)
        step = text.cut(*match.span(name))
        yield step.replace_spans(
            [(owned.start(), owned.end(), literal("${" + owned[1] + "}")) for owned in _OWNED.finditer(step.flat)]
        )

"""Batch files and PowerShell scripts, written as the shell lines that do the same; what has no such line stays."""

import re
from collections.abc import Callable

from analysis.references.text import Text, literal

# What is replaced line by line, and by what; the groups `name` and `rest` are kept where they stand.
_BATCH = re.compile(
    r"(?P<comment>^\s*(?:rem\b|::).*$)|(?P<set>^\s*@?set\s+(?:/\w\s+)?)(?=\w+=)|(?P<call>^\s*@?call\s+)|(?P<at>^\s*@)"
    r"|%%~?\w*?(?P<loop>[A-Za-z])\b|%~?(?P<name>[A-Za-z_]\w*)(?::[^%]*)?%|(?P<caret>\^$)|(?P<slash>\\(?!$))",
    re.IGNORECASE | re.MULTILINE,
)
_POWERSHELL = re.compile(
    r"(?P<comment>^\s*#.*$)|(?P<set>(?:\[[\w.\[\]]+\]\s*)?\$(?:\w+:)?)(?=\w+\s*=[^=])|(?P<equals>(?<=\w)\s*=\s*(?=[\"']))"
    r"|\$\{?env:(?P<name>\w+)\}?|\$\((?P<inner>[^()]*)\)|(?P<call>^\s*&\s*)|(?P<caret>`$)|(?P<slash>\\(?!$))",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED = re.compile(r"^(?P<before>\s*@?set\s+\")(?=\w+=)[^\"\n]*(?P<after>\"[ \t]*)$", re.IGNORECASE | re.MULTILINE)
_KEPT = re.compile(
    r"^(?P<before>\s*\$\w+\s*=\s*[\"'])(?P<command>(?:gsutil|gcloud|bq)\b[^\n]*?)(?P<after>[\"'][ \t;]*(?:#[^\n]*)?)$",
    re.MULTILINE,
)


def as_shell(text: Text, path: str) -> Text:
    """The script as shell; lines keep their numbers, names their places."""
    powershell = path.lower().endswith(".ps1")
    text = _bare(text, _KEPT if powershell else _QUOTED)  # a command that is kept in a variable is run from there
    return _replaced(text, _POWERSHELL if powershell else _BATCH, _written)


def _bare(text: Text, pattern: re.Pattern[str]) -> Text:
    """The text without what `pattern` calls `before` and `after`."""
    spans = [match.span(name) for match in pattern.finditer(text.flat) for name in ("before", "after")]
    return text.replace_spans([(start, end, Text()) for start, end in spans])


def _written(match: re.Match[str]) -> str:
    found = match.groupdict()
    if found.get("equals"):
        return "="
    if found["caret"]:
        return "\\"
    if found["slash"]:
        return "/"
    name = found.get("loop") or found.get("name") or found.get("inner")
    return "${" + re.sub(r"\W", "_", name.strip("$ ")) + "}" if name else ""


def _replaced(text: Text, pattern: re.Pattern[str], write: Callable[[re.Match[str]], str]) -> Text:
    spans = [
        (match.start(), match.end(), literal(write(match), text.cut(match.start(), match.end()).first_line))
        for match in pattern.finditer(text.flat)
    ]
    return text.replace_spans(spans) if spans else text

"""Nextflow: what a pipeline reads as files and publishes, with its parameters put in."""

import re

from analysis.references.locations import embedded, located
from analysis.references.model import Role, Site
from analysis.references.program import Program
from analysis.references.text import Text, hole

_USE = re.compile(
    r"\b(?P<call>publishDir|storeDir|workDir|copyTo|moveTo|fromPath|fromFilePairs|files?)\b\s*[=(]?\s*\[?\s*(?:path\s*:\s*)?"
    r"(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|params\.(?P<name>\w+))"
)
_READS = ("fromPath", "fromFilePairs", "file", "files")
_PARAMETER = re.compile(
    r"^\s*(?:params\.)?(?P<name>\w+)\s*=\s*(?P<quote>[\"'])(?P<value>[^\"'\n]*)(?P=quote)", re.MULTILINE
)
_BLOCK = re.compile(r"\bparams\s*\{[^{}]*\}")
_PUT_IN = re.compile(r"\$\{params\.(?P<braced>\w+)\}|\$params\.(?P<plain>\w+)|\$\{[^{}]*\}|\$\w+")


def scan_pipeline(program: Program, path: str) -> None:
    """Record what one pipeline touches; addresses of parameters that nothing uses are references."""
    text = program.file_text(path)
    known = _parameters(program, path)
    for match in _USE.finditer(text.flat):
        group = next(name for name in ("double", "single", "name") if match[name] is not None)
        value = known.get(match["name"], Text()) if group == "name" else _filled(text.cut(*match.span(group)), known)
        place = located(value)
        if place is not None:
            role: Role = "read" if match["call"] in _READS else "write"
            site = Site(path, text.flat.count("\n", 0, match.start()) + 1)
            program.record(
                role, place.bucket, place.prefix, site, match["call"], 0.8, workload=program.script_name(path)
            )
    for line in text.lines():
        if line.flat.lstrip().startswith("params."):
            for _, _, place in embedded(line):
                site = line.first_line or Site(path, 1)
                program.record("reference", place.bucket, place.prefix, site, "params", 0.7)


def _parameters(program: Program, path: str) -> dict[str, Text]:
    """Parameters that the pipeline sets, before those of the configuration beside or above it."""
    found: dict[str, Text] = {}
    config = program.nearest("nextflow.config", path)
    for file in (path, config) if config else (path,):
        text = program.file_text(file)
        parts = [text] if file == path else [text.cut(*block.span()) for block in _BLOCK.finditer(text.flat)]
        for part in parts:
            for match in _PARAMETER.finditer(part.flat):
                if file != path or match.group().lstrip().startswith("params."):
                    found.setdefault(match["name"], part.cut(*match.span("value")))
    return found


def _filled(text: Text, known: dict[str, Text]) -> Text:
    spans = []
    for match in _PUT_IN.finditer(text.flat):
        name = match["braced"] or match["plain"]
        spans.append((match.start(), match.end(), known.get(name) or hole(name or "value")))
    return text.replace_spans(spans)

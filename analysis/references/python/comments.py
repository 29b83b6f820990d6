"""Comments and docstrings of Python files: they name paths too, as documents do."""

import ast
import re
from collections.abc import Collection

from analysis.references.locations import embedded, located
from analysis.references.model import Site
from analysis.references.program import Program
from analysis.references.python.survey import survey
from analysis.references.text import literal

_ADDRESS = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]/[^\s{}%$<>]+")
_COMMENT = re.compile(r"(?:^|\s)#(?P<text>.*)$")


def scan_comments(program: Program, path: str) -> None:
    """Record the addresses in comments and docstrings of one file as documents."""
    content = program.checkout.text(path)
    if "gs://" not in content and "storage.googleapis" not in content:
        return
    for number, line in enumerate(content.split("\n"), 1):
        if ("gs://" in line or "googleapis" in line) and (match := _COMMENT.search(line)):
            _record(program, match["text"], Site(path, number))
    for node in survey(program, path).documented:
        text = ast.get_docstring(node, clean=False)
        if text and "gs://" in text:
            start = node.body[0].lineno
            for offset, line in enumerate(text.split("\n")):
                _record(program, line, Site(path, start + offset))


def scan_strings(program: Program, path: str) -> None:
    """Record the addresses in the strings of a test: it names them, and touches no bucket of the platform."""
    content = program.checkout.text(path)
    if "gs://" not in content and "storage.googleapis" not in content:
        return
    for node in survey(program, path).addresses:
        site = Site(path, node.lineno)
        for _, _, place in embedded(literal(str(node.value), site, column=node.col_offset)):
            program.record("reference", place.bucket, place.prefix, site, "test", 0.5)


def scan_addresses(program: Program, path: str, told: Collection[int]) -> None:
    """Record strings that are addresses and that nothing followed: where they lead is not known, but they are there."""
    if "gs://" not in program.checkout.text(path):
        return
    for node in survey(program, path).addresses:
        if _ADDRESS.fullmatch(str(node.value)):
            site = Site(path, node.lineno)
            place = located(literal(str(node.value), site, column=node.col_offset))
            if place is not None and node.lineno not in told:
                program.record("reference", place.bucket, place.prefix, site, "address", 0.5)


def _record(program: Program, text: str, site: Site) -> None:
    for _, _, place in embedded(literal(text, site)):
        program.record("reference", place.bucket, place.prefix, site, "comment", 0.5, kind="document")

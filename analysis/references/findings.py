"""Code that a migration trips over though it names no path: assumptions on depth, and constants defined twice."""

import ast
import re
from collections.abc import Iterator

from analysis.references.locations import located
from analysis.references.model import Finding, Site
from analysis.references.program import Program
from analysis.references.text import Text

_MINIMUM_INDEX = 2
_SPLITS = re.compile(r"split\(\s*['\"]/['\"]")


def findings(program: Program) -> list[Finding]:
    """Everything found, by kind and place."""
    found = list(_twice(program))
    for file in program.checkout.of("python"):
        if "/" in program.checkout.text(file.path) and not program.checkout.is_test(file.path):
            tree = program.tree(file.path) if _SPLITS.search(program.checkout.text(file.path)) else None
            if tree is not None:
                found.extend(_depths(tree, file.path))
    return sorted(found, key=lambda one: (one.kind, one.site))


def _depths(tree: ast.Module, file: str) -> Iterator[Finding]:
    """`len(path.split("/")) == 4` and `path.split("/")[3]`: the number of folders is taken for granted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(_split_length(side) for side in (node.left, *node.comparators)):
            yield _depth(file, node)
        elif isinstance(node, ast.Subscript) and _is_split(node.value):
            index = node.slice
            if isinstance(index, ast.Constant) and isinstance(index.value, int) and index.value >= _MINIMUM_INDEX:
                yield _depth(file, node)


def _depth(file: str, node: ast.expr) -> Finding:
    message = f"{file}:{node.lineno} counts the folders of a path ({ast.unparse(node)[:80]}): another depth breaks it"
    return Finding("path-depth", message, Site(file, node.lineno))


def _split_length(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "len"
        and len(node.args) == 1
        and _is_split(node.args[0])
    )


def _is_split(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("split", "rsplit")
        and len(node.args) >= 1
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == "/"
    )


def _twice(program: Program) -> Iterator[Finding]:
    """A bucket's name under one constant name in several modules: each of them has to change."""
    sites: dict[tuple[str, str], set[Site]] = {}
    for machine in {id(machine): machine for machine in program.entered.values()}.values():
        for module in machine.modules.values():
            for name, value in module.names.items():
                if isinstance(value, Text) and name.isupper() and _names_bucket(name, value):
                    site = value.first_line
                    if site is not None and site.file == module.file and not program.checkout.is_test(site.file):
                        sites.setdefault((name, value.pattern), set()).add(site)
    for (name, pattern), places in sites.items():
        if len({site.file for site in places}) > 1:
            first, *others = sorted(places)
            where = ", ".join(f"{site.file}:{site.line}" for site in others)
            message = f"{name} = {pattern} is defined in {first.file}:{first.line} and again in {where}"
            yield Finding("constant-defined-twice", message, first, tuple(others))


def _names_bucket(name: str, value: Text) -> bool:
    return located(value) is not None or ("BUCKET" in name and "/" not in value.flat and len(value.flat) > 2)

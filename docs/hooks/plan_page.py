"""Writes reference/plan.md and plan.schema.json from the types of the plan."""
# ruff: noqa: INP001 - hooks are loaded by path

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

HEAD = """# Plan

`plan.json` is what `plan generate` writes, people approve and `execute` carries out. It is canonical JSON: equal
evidence and configuration make equal bytes. [plan.schema.json](plan.schema.json) is its JSON Schema. Both are made from
the code.

Bytes are whole numbers, money is US dollars in list prices, ages are days, times are UTC. Unknown fields are refused.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    from planner.schema import schema_text

    files.append(File.generated(config, "reference/plan.schema.json", content=schema_text()))
    files.append(File.generated(config, "reference/plan.md", content=HEAD + "\n".join(page())))
    return files


def page() -> Iterator[str]:
    """The page's lines: every struct, the plan first, the others where they are met."""
    from planner.plan import Plan

    waiting: list[type[msgspec.Struct]] = [Plan]
    seen: set[type[msgspec.Struct]] = set()
    while waiting:
        struct = waiting.pop(0)
        if struct in seen:
            continue
        seen.add(struct)
        yield f"\n## {struct.__name__}\n"
        yield inspect.cleandoc(struct.__doc__ or "") + "\n"
        yield "| Field | Type | Default |\n|---|---|---|"
        inner: list[type[msgspec.Struct]] = []
        for field in msgspec.structs.fields(struct):
            found = structs_in(field.type)
            inner += found
            yield f"| `{field.encode_name}` | {linked(field.type, found)} | {default_of(field)} |"
        waiting = inner + waiting


def structs_in(kind: Any) -> list[type[msgspec.Struct]]:
    if isinstance(kind, type) and not hasattr(kind, "__origin__") and issubclass(kind, msgspec.Struct):
        return [kind]
    return [found for part in getattr(kind, "__args__", ()) for found in structs_in(part)]


def linked(kind: Any, found: list[type[msgspec.Struct]]) -> str:
    text = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__origin__") else str(kind)
    text = re.sub(r"\b(?:typing|datetime|planner(?:\.\w+)*)\.(?=\w)", "", text)
    text = text.replace("None", "null").replace("|", "\\|").replace("[", "\\[")
    for struct in found:
        text = text.replace(struct.__name__, f"[{struct.__name__}](#{struct.__name__.lower()})")
    return text


def default_of(field: Any) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct):
        return "its defaults"
    return "" if value in (None, (), [], {}, "") else f"`{value}`"

"""Writes reference/python.md from the functions and classes that notebooks import."""
# ruff: noqa: INP001 - hooks are loaded by path

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

HEAD = """# Python

What notebooks and scripts import. [Explore in notebooks](../how-to/notebooks.md) shows it in use. This page is made
from the code.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, "reference/python.md", content=HEAD + "\n".join(page())))
    return files


def page() -> Iterator[str]:
    """The page's lines."""
    from analysis import model
    from analysis.catalogue import Catalogue
    from analysis.classify.analyze import analyze
    from analysis.classify.store import latest_analysis, read_analysis
    from analysis.settings import load_settings
    from planner import planfile
    from planner.generate import generate

    yield "\n## analysis.catalogue.Catalogue\n"
    yield inspect.cleandoc(Catalogue.__doc__ or "") + "\n"
    for name, member in vars(Catalogue).items():
        function = member.__func__ if isinstance(member, classmethod) else member
        if not name.startswith("_") and inspect.isfunction(inspect.unwrap(function)):
            yield from function_lines(f"Catalogue.{name}", inspect.unwrap(function), 3)
    yield "\n## analysis.model\n"
    for name, kind in vars(model).items():
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            yield f"\n### {name}\n\n{inspect.cleandoc(kind.__doc__ or '')}\n"
            yield "| Field | Type |\n|---|---|"
            yield from (f"| `{field.name}` | `{type_text(field.type)}` |" for field in dataclasses.fields(kind))
    yield "\n## analysis.settings\n"
    yield from function_lines("load_settings", load_settings, 3)
    yield "\n## analysis.classify\n"
    for function in (analyze, latest_analysis, read_analysis):
        yield from function_lines(f"{function.__module__}.{function.__name__}", function, 3)
    yield "\n## planner.generate\n"
    yield from function_lines("generate", generate, 3)
    yield "\n## planner.planfile\n"
    for name, function in vars(planfile).items():
        if inspect.isfunction(function) and not name.startswith("_") and function.__module__ == planfile.__name__:
            yield from function_lines(name, function, 3)


def function_lines(name: str, function: Any, level: int) -> Iterator[str]:
    yield f"\n{'#' * level} {name}\n\n```python\n{name}{inspect.signature(function)}\n```\n"
    yield inspect.cleandoc(function.__doc__ or "") + "\n"


def type_text(kind: Any) -> str:
    text = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
    if not isinstance(kind, str) and hasattr(kind, "__args__"):
        text = str(kind)
    return text.replace("datetime.", "").replace("typing.", "").replace("analysis.model.", "").replace("|", "\\|")

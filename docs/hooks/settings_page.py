"""Writes reference/configuration.md from the frozen types that settings and use cases are parsed into."""
# ruff: noqa: INP001 - hooks are loaded by path

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

HEAD = """# Settings

All settings have defaults; no file is needed. `thermocline.toml` in the working directory is read if it is there, or
the file that `--settings` names. Options on the command line win. An unknown key is an error that names the file, the
key and its nearest match.

This page is made from the types that the file is parsed into.
"""
FIELD = re.compile(r"^    (\w+): [^#]*?(?:#\s*(.*))?$")
COMMENT = re.compile(r"^    #\s*(.*)$")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, "reference/configuration.md", content=HEAD + "\n".join(page())))
    return files


def page() -> Iterator[str]:
    """The page's lines: the file's own tables, then the planner's."""
    from analysis.classify.thresholds import SubfolderLimits, Thresholds
    from analysis.settings import ConsumerSettings, Settings, SubfolderOverride
    from executor.settings import ExecutorSettings
    from planner.config_file import MappedTarget, Mappings, UseCase
    from planner.settings import PlannerSettings

    yield from struct_lines("At the top", Settings, skip={"thresholds", "subfolders", "subfolder", "consumers"})
    yield from struct_lines("[thresholds]", Thresholds)
    yield from struct_lines("[subfolders]", SubfolderLimits)
    yield from struct_lines("[[subfolder]]", SubfolderOverride)
    yield from struct_lines("[consumers]", ConsumerSettings)
    yield from struct_lines("[planner]", PlannerSettings)
    for name, inner in nested(PlannerSettings):
        yield from struct_lines(f"[planner.{name}]", inner)
    yield from struct_lines("[executor]", ExecutorSettings)
    yield from sink_lines()
    yield from struct_lines("migration_configs.yaml", UseCase)
    yield "\n[Migration, state by state](../migrating.md) says what each key does.\n"
    yield from struct_lines("bucket_mappings.yaml", Mappings)
    yield "\nA target is a bucket's name, or in full:\n"
    yield from struct_lines("A mapping in full", MappedTarget)


def sink_lines() -> Iterator[str]:
    """`[[references.sink]]`: the keys as the built-in table's own head explains them."""
    from importlib.resources import files

    from analysis.references import sinks

    table = files("analysis.references").joinpath("data/sinks.toml").read_text(encoding="utf-8")
    head = [line.removeprefix("#").removeprefix(" ") for line in table.partition("\n[[sink]]")[0].splitlines()]
    yield "\n## [[references.sink]]\n"
    yield "Calls of your own code or libraries that touch a bucket, for `references`, `ingest code` and `patch`:\n"
    example = (sinks.__doc__ or "").partition("\n\n")[2].strip()
    yield from (
        "```toml",
        example,
        "```",
        "",
        "```text",
        *(line for line in head if not line.startswith("----")),
        "```",
    )


def nested(struct: type[msgspec.Struct]) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    for field in msgspec.structs.fields(struct):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield field.name, field.type


def struct_lines(
    title: str, struct: type[msgspec.Struct], skip: frozenset[str] | set[str] = frozenset()
) -> Iterator[str]:
    """One table of the file: key, type, default, and the comment beside it in the code."""
    yield f"\n## {title}\n"
    yield inspect.cleandoc(struct.__doc__ or "") + "\n"
    notes = comments(struct)
    yield "| Key | Type | Default | Note |\n|---|---|---|---|"
    for field in msgspec.structs.fields(struct):
        if field.name not in skip:
            note = notes.get(field.name, "").replace("|", "\\|")
            yield f"| `{field.name}` | {type_name(field.type)} | {default_of(field)} | {note} |"


def comments(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Field → its trailing comment, or the comment line above its group."""
    found: dict[str, str] = {}
    above = ""
    for line in inspect.getsource(struct).splitlines():
        if heading := COMMENT.match(line):
            above = heading[1]
        elif field := FIELD.match(line):
            found[field[1]] = field[2] or above
        elif not line.strip():
            above = ""
    return found


def type_name(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return f"table `{kind.__name__}`"
    text = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__origin__") else str(kind)
    text = re.sub(r"\b(?:typing|planner(?:\.\w+)*)\.(?=\w)", "", text)
    text = re.sub(r"^Optional\[(.*)\]$", r"\1 | None", text)
    return text.replace("|", "\\|").replace("NoneType", "none").replace("None", "none")


def default_of(field: Any) -> str:
    if field.default is not msgspec.NODEFAULT:
        value = field.default
    elif field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    else:
        return "required"
    if isinstance(value, msgspec.Struct):
        return "see below"
    return "" if value in (None, (), [], {}, "") else f"`{value}`"

"""Writes reference/cli.md from the commands themselves."""
# ruff: noqa: INP001 - hooks are loaded by path

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

EXIT_CODES = (
    ("0", "done"),
    ("1", "error"),
    ("2", "usage, or a plan or configuration that is not valid"),
    ("3", "partly done; the same command resumes"),
    ("4", "validation mismatch"),
    ("5", "approval needed"),
    ("6", "the plan is stale, or its folder has drifted"),
    ("11", "locked by another run"),
    ("130", "interrupted"),
)
HEAD = """# Commands

This page is made from the commands themselves. `thermocline COMMAND --help` says the same.

Results go to stdout, progress and diagnostics to stderr. `--json` gives data for scripts. `NO_COLOR` is honoured.
Shell completion: `thermocline --install-completion`.

"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, "reference/cli.md", content=HEAD + "\n".join(page())))
    return files


def page() -> Iterator[str]:
    """The page's lines."""
    from thermocline.cli.app import COMMANDS, load_command

    yield "| Exit code | Meaning |\n|---|---|"
    yield from (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES)
    panel = ""
    for name, line in COMMANDS.items():
        if line.panel != panel:
            panel = line.panel
            yield f"\n## {panel}\n"
        yield from command_lines(f"thermocline {name}", load_command(name), 3)


def command_lines(path: str, command: Any, level: int) -> Iterator[str]:
    """One command, and the commands below it."""
    yield f"\n{'#' * level} {path.removeprefix('thermocline ')}\n"
    text, examples = split_examples(inspect.cleandoc(command.help or ""))
    yield f"{text}\n"
    below = getattr(command, "commands", {})
    if not below:
        arguments = " ".join(
            usage(parameter) for parameter in command.params if parameter.param_type_name == "argument"
        )
        yield f"```console\n{path} [OPTIONS] {arguments}".rstrip() + "\n```\n"
    if examples:
        yield "For example:\n\n```console\n" + "\n".join(examples) + "\n```\n"
    rows = [option_row(parameter) for parameter in command.params if shown(parameter)]
    if rows:
        yield "| Parameter | Default | Meaning |\n|---|---|---|"
        yield from rows
    for name, inner in below.items():
        yield from command_lines(f"{path} {name}", inner, level + 1)


def split_examples(text: str) -> tuple[str, list[str]]:
    """The prose, and the command lines of its `Example:` part."""
    prose, _, rest = re.sub(r"\bExamples:\s", "Example: ", text).partition("Example: ")
    flat = " ".join(rest.replace("\b", " ").split())
    examples = [f"thermocline {part.strip()}" for part in flat.split("thermocline ")[1:]]
    return prose.replace("\b", "").replace("\f", "").strip(), examples


def shown(parameter: Any) -> bool:
    return parameter.name not in {"help", "install_completion", "show_completion"} and not getattr(
        parameter, "hidden", False
    )


def usage(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name.upper()).strip("[]")
    return name if parameter.required else f"[{name}]"


def option_row(parameter: Any) -> str:
    names = (parameter.metavar or parameter.name.upper()).strip("[]")
    if parameter.param_type_name == "option":
        metavar = "" if parameter.is_flag else f" {parameter.metavar or kind_of(parameter)}"
        names = ", ".join(parameter.opts) + metavar
    default = parameter.default
    if callable(default) or default in (None, False, (), [], "") or parameter.required:
        default = "required" if parameter.required else ""
    meaning = " ".join((getattr(parameter, "help", "") or "").split())
    return f"| `{names}` | {f'`{default}`' if default not in ('', 'required') else default} | {cell(meaning)} |"


def kind_of(parameter: Any) -> str:
    names = {"str": "TEXT", "int": "INTEGER", "float": "NUMBER", "Path": "FILE"}
    annotation = parameter.type_descriptor.annotation
    return names.get(getattr(annotation, "__name__", ""), "VALUE")


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")

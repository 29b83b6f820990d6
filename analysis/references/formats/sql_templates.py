"""Templates of dbt, Dataform and others in SQL files: what `{% set %}`, macros' defaults, `var` and `js` blocks tell.

`render` puts in what the project says; what only a run knows is a hole.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.references.formats import jinja, structured
from analysis.references.python import environment
from analysis.references.python.values import Table, Value
from analysis.references.text import Text, hole

if TYPE_CHECKING:
    from analysis.references.program import Program

# Bounded, so that braces that never close cost no more than others.
_TAG = re.compile(
    r"\{\{-?(?P<expression>.{0,800}?)-?\}\}|\{%-?(?P<statement>.{0,800}?)-?%\}|\{#.{0,4000}?#\}", re.DOTALL
)
_SET = re.compile(r"\s*set\s+(?P<name>\w+)\s*=\s*(?P<value>.+?)\s*$", re.DOTALL)
_MACRO = re.compile(r"\s*macro\s+\w+\s*\((?P<parameters>.*)\)\s*$", re.DOTALL)
_DEFAULT = re.compile(r"\b(?P<name>\w+)\s*=\s*(?P<value>'[^']*'|\"[^\"]*\")")
_STRING = re.compile(r"'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"")
_CALL = re.compile(r"(?P<function>\w+)\s*\(\s*['\"](?P<name>[^'\"]*)['\"]\s*(?:,\s*(?P<default>.+?))?\)\s*$", re.DOTALL)
_FILTER = re.compile(r"\s*\|\s*(?:trim|lower|upper|string|safe|e|escape)\s*$")
_BLOCK = re.compile(
    r"^[ \t]*js\s*\{(?P<body>.{0,8000}?)^[ \t]*\}|^[ \t]*js\s*\{(?P<line>[^\n]*)\}[ \t]*$", re.DOTALL | re.MULTILINE
)
_CONSTANT = re.compile(
    r"\b(?:const|let|var)\s+(?P<name>\w+)\s*=\s*(?:'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\"|`(?P<raw>[^`]*)`)"
)
_PUT_IN = re.compile(r"\$\{(?P<name>[\w.]+)\}")
MAXIMUM_NAMES = 500


def render(program: "Program", path: str) -> Text:
    """The text of a file with what its project puts in."""
    text = program.file_text(path)
    if "${" in text.flat and path.endswith((".sqlx", ".sql")):
        text = _dataform(program, text)
    if "{{" not in text.flat and "{%" not in text.flat and "{#" not in text.flat:
        return text
    known: dict[str, Text] = {}
    spans = []
    for match in _TAG.finditer(text.flat):
        inner = Text()
        if match["expression"] is not None:
            expression = text.cut(*match.span("expression"))
            inner = _value(program, expression, known) or jinja.plain_expression(expression.flat, program.env)
        elif match["statement"] is not None and len(known) < MAXIMUM_NAMES:
            _statement(program, text.cut(*match.span("statement")), known)
        spans.append((match.start(), match.end(), inner))
    return text.replace_spans(spans)


def _statement(program: "Program", statement: Text, known: dict[str, Text]) -> None:
    """What a `set`, or the head of a macro with its defaults, makes known."""
    if match := _SET.match(statement.flat):
        value = _value(program, statement.cut(*match.span("value")), known)
        if value is not None:
            known[match["name"]] = value
    elif match := _MACRO.match(statement.flat):
        for default in _DEFAULT.finditer(statement.flat, match.start("parameters")):
            start, end = default.span("value")
            known[default["name"]] = statement.cut(start + 1, end - 1)


def _value(program: "Program", expression: Text, known: Mapping[str, Text]) -> Text | None:
    """Strings, names and calls of `var` joined by `~` or `+`; None where no part is known."""
    while match := _FILTER.search(expression.flat):
        expression = expression.cut(0, match.start())
    parts: list[Text | None] = [_part(program, part.strip(), known) for part in _terms(expression)]
    if not any(part is not None for part in parts):
        return None
    whole = Text()
    for part, written in zip(parts, _terms(expression), strict=True):
        here = part if part is not None else jinja.plain_expression(written.flat, program.env)
        whole = whole + here
    return whole


def _terms(expression: Text) -> list[Text]:
    """What stands between `~` and `+`, outside of strings and brackets."""
    parts, start, depth, quote = [], 0, 0, ""
    for index, character in enumerate(expression.flat):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character in "~+" and depth == 0:
            parts.append(expression.cut(start, index))
            start = index + 1
    return [*parts, expression.cut(start)]


def _part(program: "Program", term: Text, known: Mapping[str, Text]) -> Text | None:
    if match := _STRING.fullmatch(term.flat):
        return term.cut(1, len(term.flat) - 1)
    if term.flat in known:
        return known[term.flat]
    match = _CALL.match(term.flat)
    if match is None or match["function"] not in ("var", "env_var"):
        return None
    if environment.names_environment(match["name"]) and (here := environment.current(program.env)):
        return here
    stored = _variables(program) if match["function"] == "var" else program.deployed
    if match["name"] in stored:
        return stored[match["name"]]
    default = term.cut(*match.span("default")) if match["default"] else None
    return _value(program, default, known) if default is not None else hole(match["name"])


def _variables(program: "Program") -> dict[str, Text]:
    """`vars` of the checkout's projects of dbt and Dataform."""
    if program.project_variables is None:
        program.project_variables = {}
        for name in ("dbt_project.yml", "dbt_project.yaml", "workflow_settings.yaml", "dataform.json"):
            for path in program.checkout.by_name.get(name, ()):
                value = structured.load(program, path)
                _collect(value.entries.get("vars") if isinstance(value, Table) else None, program.project_variables, 0)
    return program.project_variables


def _collect(value: Value | None, found: dict[str, Text], depth: int) -> None:
    for name, entry in value.entries.items() if isinstance(value, Table) and depth < 4 else ():
        if isinstance(entry, Text):
            found.setdefault(str(name), entry)
        _collect(entry, found, depth + 1)


def _dataform(program: "Program", text: Text) -> Text:
    """`${name}` of a Dataform file: constants of its `js` block and of the project's includes, variables."""
    known: dict[str, Text] = dict(_variables(program))
    for path in (path for path in program.checkout.files if "/includes/" in f"/{path}" and path.endswith(".js")):
        known.update(_constants(program.file_text(path)))
    for block in _BLOCK.finditer(text.flat):
        known.update(_constants(text.cut(block.start(), block.end())))
    spans = [
        (match.start(), match.end(), known[name])
        for match in _PUT_IN.finditer(text.flat)
        if (name := match["name"].rpartition(".")[2]) in known
    ]
    return text.replace_spans(spans)


def _constants(text: Text) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for match in _CONSTANT.finditer(text.flat):
        kind = next(kind for kind in ("single", "double", "raw") if match[kind] is not None)
        value = text.cut(*match.span(kind))
        spans = [(m.start(), m.end(), found[m["name"]]) for m in _PUT_IN.finditer(value.flat) if m["name"] in found]
        found[match["name"]] = value.replace_spans(spans)
    return found

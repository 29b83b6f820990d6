"""Templates that the scheduler renders: `{{ params.x }}` becomes its default, what only a run knows becomes a hole."""

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.references.python import environment
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Constant,
    Function,
    Product,
    Table,
    Value,
    alternatives,
    as_text,
)
from analysis.references.text import HOLE, Piece, Text, hole

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

# Bounded, so that braces that never close cost no more than others.
_TAG = re.compile(r"\{\{(?P<expression>.{0,800}?)\}\}|\{%.{0,800}?%\}|\{#.{0,4000}?#\}", re.DOTALL)
_PARAMETER = re.compile(
    r"^\s*-?\s*(?:dag_run\.conf|params|context\.params)(?:\.(?P<name>\w+)|\[['\"](?P<key>\w+)['\"]\]|\.get\(\s*['\"](?P<got>\w+)['\"])"
)
_MACRO = re.compile(r"^\s*-?\s*(?P<name>[A-Za-z_]\w*)\s*(?:\(\s*\))?\s*-?\s*$")
_INCLUDE = re.compile(r"^\s*\{%-?\s*include\s+['\"](?P<file>[^'\"]+)['\"]\s*-?%\}\s*$")
_FILE = re.compile(r"^[\w./{}\x00-]+\.(?:sql|hql|json|ya?ml|sh|bash)\s*$")
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(slots=True)
class Context:
    """What a template may ask for: the parameters of the task and of its DAG."""

    machine: "Machine"
    arguments: Arguments | None
    frame: Frame

    def parameters(self) -> list[Table]:
        found = []
        if self.arguments is not None:
            found.append(self.arguments.get("params"))
        files = {self.frame.module.file, *(site.file for site in self.frame.calls)}
        found.extend(
            dag.arguments.get("params") for dag in reversed(self.machine.dags) if dag.arguments.site.file in files
        )
        return [
            option
            for value in found
            if value is not None
            for option in alternatives(value)
            if isinstance(option, Table)
        ]

    def macro(self, name: str) -> Text | None:
        """What a macro or variable that the DAG defines for its templates stands for."""
        files = {self.frame.module.file, *(site.file for site in self.frame.calls)}
        for dag in reversed(self.machine.dags):
            table = dag.arguments.get("user_defined_macros")
            if dag.arguments.site.file not in files or not isinstance(table, Table) or name not in table.entries:
                continue
            value = table.entries[name]
            if isinstance(value, Function):
                value = self.machine.invoke(value, [], {}, self.frame, None)
            return as_text(value) if isinstance(value, Text) else None
        return None

    def evaluated(self, expression: str) -> Text | None:
        """What an expression in Python's own form is worth, where that is a string."""
        try:
            tree = ast.parse(expression.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        value = self.machine.evaluate(tree.body, self.frame)
        return as_text(value) if all(isinstance(option, Text) for option in alternatives(value)) else None

    def lookup(self, name: str) -> Value | None:
        for table in self.parameters():
            if name in table.entries:
                return parameter_default(table.entries[name])
        return None


def parameter_default(value: Value) -> Value:
    """`Param("x", type=…)` is worth "x"."""
    if isinstance(value, Product) and value.path.rpartition(".")[2] == "Param":
        default = value.arguments.get("default", 0)
        return default if default is not None else Constant(None)
    return value


def render(text: Text, context: Context) -> Text:
    """The string after the scheduler's rendering."""
    flat = text.flat
    if "{{" not in flat and "{%" not in flat:
        return text
    spans = [(match.start(), match.end(), _tag(match["expression"], context)) for match in _TAG.finditer(flat)]
    return text.replace_spans(spans)


def _tag(expression: str | None, context: Context) -> Text:
    if expression is None:
        return Text()
    match = _PARAMETER.match(expression)
    if match:
        name = match["name"] or match["key"] or match["got"]
        value = context.lookup(name)
        if value is not None and not isinstance(value, Constant):
            inner = as_text(value)
            return inner if "{{" not in inner.flat else hole(name)
        env = environment.current(context.machine.env) if environment.names_environment(name) else None
        return env or hole(name)
    if "xcom_pull" in expression and (pulled := context.evaluated(expression)) is not None:
        return pulled
    macro = _MACRO.match(expression)
    found = context.macro(macro["name"]) if macro else None
    return found if found is not None else plain_expression(expression, context.machine.env)


# Bounded, so that braces that never close cost no more than others.
_TAG = re.compile(r"\{\{(?P<expression>.{0,800}?)\}\}|\{%.{0,800}?%\}|\{#.{0,4000}?#\}", re.DOTALL)


def alone(text: Text, env: str | None) -> Text:
    """Jinja of dbt and of others, without its surroundings: the environment's name, and holes."""
    flat = text.flat
    if "{{" not in flat and "{%" not in flat and "{#" not in flat:
        return text
    spans = []
    for match in _TAG.finditer(flat):
        expression = match["expression"]
        inner = plain_expression(expression, env) if expression is not None else Text()
        spans.append((match.start(), match.end(), inner))
    return text.replace_spans(spans)


def plain_expression(expression: str, env: str | None) -> Text:
    """An expression of which only the words are known: the environment's name, or a hole called like the expression."""
    words = _WORD.findall(expression)
    label = expression.strip()[:60].replace(HOLE, "")
    quoted = re.match(r"^\s*['\"]([^'\"]*)['\"]\s*$", expression)
    if quoted:
        return Text((Piece(quoted[1]),))
    if (
        env
        and words
        and any(environment.names_environment(word) for word in words[-2:])
        and "(" not in expression.replace("env_var(", "").replace("get(", "")
    ):
        return environment.current(env) or hole(label)
    if words[:2] == ["target", "name"] and env:
        return environment.current(env) or hole(label)
    return hole(label)


def query_file(text: Text, context: Context) -> bool:
    """A file of the checkout named by an argument (`sql="dir/query.sql"`, `{% include 'query.sql' %}`) is scanned with
    the task's parameters; True where it holds a reference.
    """
    match = _INCLUDE.match(text.flat)
    name = match["file"] if match else text.flat.strip()
    if not match and (len(name) > 200 or not _FILE.match(name)):
        return False
    return context.machine.program.template_file(name, context)

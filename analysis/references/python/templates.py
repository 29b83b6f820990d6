"""Templates that the scanned code renders itself: string.Template and jinja2."""

import re
from typing import TYPE_CHECKING

from analysis.references.formats import jinja
from analysis.references.python.frames import Frame
from analysis.references.python.values import Arguments, Member, Product, Table, Value, alternatives, as_text
from analysis.references.text import Text, hole

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_DOLLAR = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<named>[A-Za-z_]\w*))")
_BRACES = re.compile(r"\{\{\s*(?P<name>[A-Za-z_]\w*)(?P<rest>[^}]{0,300}?)\s*\}\}")


def call_method(machine: "Machine", callee: Member, arguments: Arguments, frame: Frame) -> Value | None:
    """`Template(text).substitute(…)` and `Template(text).render(…)`; None for anything else."""
    owner = callee.owner
    if not isinstance(owner, Product) or callee.name not in ("substitute", "safe_substitute", "render"):
        return None
    text = _source(machine, owner, frame)
    if text is None:
        return None
    names = _names(arguments)
    if callee.name == "render":
        return _filled(text, _BRACES, names, machine.env)
    return _filled(text, _DOLLAR, names, machine.env)


def _source(machine: "Machine", owner: Product, frame: Frame) -> Text | None:
    """The text of a template: given in place, or the file of the checkout that a loader finds by its name."""
    last = owner.path.rpartition(".")[2]
    first = owner.arguments.get("template", 0) or owner.arguments.get("source", 0) or owner.arguments.get("name", 0)
    if first is None or last not in ("Template", "from_string", "get_template"):
        return None
    text = as_text(first)
    if last == "get_template":
        path = machine.program.nearest(text.flat.lstrip("./"), frame.module.file) if text.known and text.flat else None
        return machine.program.file_text(path) if path else None
    return text


def _names(arguments: Arguments) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for value in arguments.positional:
        for option in alternatives(value):
            if isinstance(option, Table):
                found.update({str(key): entry for key, entry in option.entries.items()})
    return {**found, **arguments.keywords}


def _filled(text: Text, pattern: re.Pattern[str], names: dict[str, Value], env: str | None) -> Text:
    spans = []
    for match in pattern.finditer(text.flat):
        groups = match.groupdict()
        name = groups.get("name") or groups.get("braced") or groups.get("named") or ""
        value = names.get(name)
        if value is not None and not (groups.get("rest") or "").strip().startswith((".", "[", "(")):
            spans.append((match.start(), match.end(), as_text(value)))
        else:
            expression = f"{name}{groups.get('rest') or ''}"
            spans.append((match.start(), match.end(), jinja.plain_expression(expression, env) if name else hole()))
    return text.replace_spans(spans)

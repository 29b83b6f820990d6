"""Files of the checkout that the scanned code opens itself: configuration it loads, queries and templates it reads."""

from typing import TYPE_CHECKING

from analysis.references.formats import structured
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Member,
    PathValue,
    Product,
    Unknown,
    Value,
    alternatives,
    either,
)
from analysis.references.text import Text

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

# What holds statements is read as text; data and configuration are loaded by their own parsers or stay unknown.
_TEXTS = (".sql", ".sql.j2", ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".txt", ".hql", ".ddl", ".sh")
MAXIMUM_CHARACTERS = 60_000
_OPENS = ("builtins.open", "io.open", "codecs.open", "pathlib.Path.open", "smart_open.open")


def load(machine: "Machine", arguments: Arguments, frame: Frame) -> Value:
    """`yaml.safe_load(handle)`, `json.load(handle)`: the file of the checkout that was opened."""
    for option in alternatives(arguments.positional[0]) if arguments.positional else ():
        source = option
        if isinstance(source, Text) and not source.known:
            continue
        if isinstance(source, Product | Member):
            source = _name_of(source)
        path = structured.opened(machine.program, source, frame.module.file)
        found = structured.load(machine.program, path) if path else None
        if found is not None:
            return found
    return Unknown("file")


def _name_of(handle: Product | Member) -> Value:
    """The name under which a handle, or the text read from it, was opened."""
    owner: Value = handle
    while isinstance(owner, Member | Product):
        if isinstance(owner, Member):
            owner = owner.owner
        elif isinstance(owner.callee, Member):
            owner = owner.callee.owner
        else:
            return owner.arguments.get("file", 0) or Unknown()
    return owner


def call_method(machine: "Machine", callee: Member, _: Arguments, frame: Frame) -> Value | None:
    """`open(name).read()` and `Path(name).read_text()` of a query or template; None for anything else."""
    if callee.name == "read" and isinstance(callee.owner, Product) and callee.owner.path in _OPENS:
        name = _name_of(callee.owner)
    elif callee.name == "read_text" and isinstance(callee.owner, PathValue):
        name = callee.owner
    else:
        return None
    found = [_content(machine, option, frame) for option in alternatives(name)]
    known: list[Value] = [text for text in found if text is not None]
    return either(known) if known else None


def _content(machine: "Machine", name: Value, frame: Frame) -> Text | None:
    path = structured.opened(machine.program, name, frame.module.file)
    if path is None or not path.endswith(_TEXTS) or len(machine.program.checkout.text(path)) > MAXIMUM_CHARACTERS:
        return None
    return machine.program.file_text(path)

"""Recording a reference: templates rendered, the workload named, addresses told from other strings."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.references.formats import jinja
from analysis.references.locations import located
from analysis.references.model import Role, Site
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Value,
    as_text,
    texts,
)
from analysis.references.text import Text

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine


def touch(
    machine: "Machine",
    role: Role,
    bucket: Text,
    prefix: Text,
    site: Site,
    via: str,
    frame: Frame,
    *,
    arguments: Arguments | None = None,
    confidence: float = 0.95,
) -> None:
    """Record one reference."""
    context = jinja.Context(machine, arguments, frame)
    machine.program.record(
        role,
        jinja.render(bucket, context),
        jinja.render(prefix, context),
        told_at(site, arguments.end, prefix, bucket) if arguments is not None and arguments.end else site,
        via,
        confidence,
        workload=workload(machine, arguments, frame),
    )


NEAR = 3  # lines below its first line at which an argument is still found at a glance


def told_at(site: Site, end: int, *written: Text) -> Site:
    """The line on which a reader looks for a command that ends on line `end`: its first, or the one its address is
    written on where that is further down.
    """
    for text in written:
        lines = [piece.site.line for piece in text.pieces if piece.site is not None and piece.site.file == site.file]
        below = [line for line in lines if site.line < line <= end]
        if below:
            return site._replace(line=below[0]) if below[0] - site.line > NEAR else site
    return site


def told_in(arguments: Arguments, keys: Sequence[str]) -> Site:
    """The same for what a call takes from a description that it holds: the line of the last of `keys`."""
    node, site = arguments.node, arguments.site
    if node is None or not keys or (node.end_lineno or 0) - site.line <= NEAR:
        return site
    lines = [one.lineno for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value == keys[-1]]
    return site._replace(line=lines[0]) if lines and lines[0] - site.line > NEAR else site


def workload(machine: "Machine", arguments: Arguments | None, frame: Frame) -> str:
    """The DAG or script that runs this."""
    del arguments
    if machine.workload:
        return machine.workload
    for dag in reversed(machine.dags):
        name = dag.arguments.get("dag_id", 0)
        if dag.arguments.site.file in (frame.module.file, *(site.file for site in frame.calls)) and name is not None:
            return as_text(name).pattern
    entry = frame.calls[0].file if frame.calls else frame.module.file
    return machine.program.script_name(entry)


def addresses(
    machine: "Machine",
    role: Role,
    value: Value | None,
    site: Site,
    via: str,
    frame: Frame,
    *,
    arguments: Arguments | None = None,
    confidence: float = 0.95,
) -> bool:
    """Record every address that `value` holds; False where it holds none."""
    context = jinja.Context(machine, arguments, frame)
    found = False
    for text in texts(value):
        for part in _brace_list(jinja.render(text, context)):
            place = located(part)
            if place is not None:
                touch(
                    machine,
                    role,
                    place.bucket,
                    place.prefix,
                    site,
                    via,
                    frame,
                    arguments=arguments,
                    confidence=confidence,
                )
                found = True
    return found


def _brace_list(text: Text) -> list[Text]:
    """`gs://a/x,gs://a/y` is two addresses."""
    return text.split(",") if text.flat.count("gs://") > 1 and ",gs://" in text.flat else [text]

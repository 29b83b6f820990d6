"""Recording a reference: templates rendered, the workload named, addresses told from other strings."""

from typing import TYPE_CHECKING

from analysis.references import jinja
from analysis.references.frames import Frame
from analysis.references.locations import located
from analysis.references.model import Role, Site
from analysis.references.text import Text
from analysis.references.values import (
    Arguments,
    Value,
    as_text,
    texts,
)

if TYPE_CHECKING:
    from analysis.references.machine import Machine


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
        site,
        via,
        confidence,
        workload=workload(machine, arguments, frame),
    )


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

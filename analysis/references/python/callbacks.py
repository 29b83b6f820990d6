"""Arguments that a library passes to a function it was given."""

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Function,
    Items,
    Member,
    Method,
    Table,
    Unknown,
    Value,
    either,
)

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

MAPS = ("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async")
MAXIMUM_CALLS = 12  # within each other, through decorated functions
MAXIMUM_MAPPED = 20


def callback_arguments(
    machine: "Machine", path: str, callee: Function | Method, arguments: Arguments, frame: Frame
) -> tuple[list[Value], dict[str, Value]]:
    """What a library passes to a function it was given: Airflow's op_args and op_kwargs, a pool's items."""
    last = path.rpartition(".")[2]
    if last in MAPS and len(arguments.positional) > 1:
        values, _ = machine.iterate(arguments.positional[1], frame)
        value = either(values) if values else Unknown()
        if last.startswith("starmap") and isinstance(value, Items):
            return value.values, {}
        return [value], {}
    if last in (
        "submit",
        "run_in_executor",
        "to_thread",
        "apply_async",
        "Thread",
        "Process",
        "retry_call",
        "delayed",
        "apply",
    ):
        position = next((index for index, value in enumerate(arguments.positional) if value is callee), -1)
        extra = arguments.get("args") or arguments.get("fargs")
        keywords = arguments.get("kwargs")
        passed = (
            extra.values if isinstance(extra, Items) else arguments.positional[position + 1 :] if position >= 0 else []
        )
        named = {str(key): value for key, value in keywords.entries.items()} if isinstance(keywords, Table) else {}
        own = {
            key: value
            for key, value in arguments.keywords.items()
            if key not in ("target", "args", "kwargs", "name", "daemon")
        }
        return list(passed), {**named, **own}
    op_args, op_kwargs = arguments.get("op_args"), arguments.get("op_kwargs")
    keywords_passed = (
        {str(key): value for key, value in op_kwargs.entries.items()} if isinstance(op_kwargs, Table) else {}
    )
    templates = arguments.get("templates_dict")
    if templates is not None:
        keywords_passed.setdefault("templates_dict", templates)
    return list(op_args.values) if isinstance(op_args, Items) else [], keywords_passed


def call_method(machine: "Machine", callee: Member, arguments: Arguments, frame: Frame) -> Value | None:
    """Calls through what a decorator made of a function: tasks of Airflow, Prefect, Celery and Ray."""
    owner, name = callee.owner, callee.name
    if not isinstance(owner, Function | Method) or len(frame.calls) > MAXIMUM_CALLS:
        return None
    if name in ("override", "options", "with_options"):
        return owner
    if name == "partial":
        function = owner.function if isinstance(owner, Method) else owner
        bound = replace(function, defaults={**function.defaults, **arguments.keywords})
        return replace(owner, function=bound) if isinstance(owner, Method) else bound
    if name in ("delay", "remote", "submit"):
        return machine.call(owner, arguments, frame, None)
    if name in ("expand", "map"):
        positional = [_each(machine, value, frame) for value in arguments.positional]
        keywords = {key: _each(machine, value, frame) for key, value in arguments.keywords.items()}
        return Items([machine.call(owner, replace(arguments, positional=positional, keywords=keywords), frame, None)])
    if name == "expand_kwargs" and arguments.positional:
        tables = [table for table in machine.iterate(arguments.positional[0], frame)[0] if isinstance(table, Table)]
        for table in tables[:MAXIMUM_MAPPED]:
            keywords = {str(key): value for key, value in table.entries.items()}
            machine.call(owner, replace(arguments, positional=[], keywords=keywords), frame, None)
        return Items([], complete=False)
    return None


def _each(machine: "Machine", value: Value, frame: Frame) -> Value:
    """One of the values that a task is mapped over."""
    values, _ = machine.iterate(value, frame)
    return either(values) if values else Unknown()

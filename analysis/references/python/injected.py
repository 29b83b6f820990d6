"""Parameters that sacred fills in: what the functions of an experiment's configuration set, by name."""

from typing import TYPE_CHECKING

from analysis.references.python import statements
from analysis.references.python.attributes import path_of
from analysis.references.python.frames import Frame
from analysis.references.python.values import Arguments, Constant, Function, Member, Table, Value

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_EXPERIMENTS = ("sacred.Experiment.", "sacred.Ingredient.")
_FILLED = ("capture", "main", "automain", "command", "pre_run_hook", "post_run_hook")


def register(machine: "Machine", function: Function, frame: Frame) -> None:
    """Execute a function of the configuration: every name that it sets is a parameter of the experiment. The main
    function runs as soon as the script has defined it.
    """
    uses = _uses(function)
    if "automain" in uses and frame.module.name == "__main__":
        machine.invoke(function, [], {}, frame, None)
    if "config" in uses:
        inner = Frame(function.module, {}, function.closure, function, frame.calls)
        statements.execute(machine, function.node.body, inner)  # type: ignore[arg-type]
        machine.injected.update(inner.names)


def call_method(machine: "Machine", callee: Member, arguments: Arguments, _: Frame) -> Value | None:
    """`ex.add_config(bucket="lake")` and `ex.add_config({"bucket": "lake"})`; None for any other method."""
    if not path_of(callee).startswith(_EXPERIMENTS) or callee.name != "add_config":
        return None
    for table in arguments.positional:
        if isinstance(table, Table):
            machine.injected.update({str(key): value for key, value in table.entries.items()})
    machine.injected.update(arguments.keywords)
    return Constant(None)


def parameter(machine: "Machine", function: Function, name: str) -> Value | None:
    """What the configuration holds for a parameter that a call did not give; None where nobody fills it in."""
    return machine.injected.get(name) if _uses(function) & set(_FILLED) else None


def _uses(function: Function) -> set[str]:
    """What the decorators of an experiment make of a function."""
    paths = [path_of(decorator) for decorator in function.decorators]
    return {path.rpartition(".")[2] for path in paths if path.startswith(_EXPERIMENTS)}

"""Parameters and their values when a function is called."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.references.python import commandline, composed
from analysis.references.python.values import (
    Arguments,
    Function,
    Items,
    Member,
    Product,
    Table,
    Value,
)

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine


def bind(
    machine: "Machine", function: Function, positional: Sequence[Value], keywords: dict[str, Value]
) -> dict[str, Value]:
    """Parameters with their values: passed, default, or a hole called like the parameter."""
    spec = function.node.args
    names: dict[str, Value] = {}
    parameters = [*spec.posonlyargs, *spec.args]
    for parameter, value in zip(parameters, positional, strict=False):
        names[parameter.arg] = value
    if spec.vararg:
        rest = list(positional[len(parameters) :])
        names[spec.vararg.arg] = Items(rest, complete=bool(rest))
    extra: dict[object, Value] = {}
    known = {parameter.arg for parameter in [*parameters, *spec.kwonlyargs]}
    for key, value in keywords.items():
        if key in known:
            names[key] = value
        else:
            extra[key] = value
    if spec.kwarg:
        names[spec.kwarg.arg] = Table(extra)
    for parameter in [*parameters, *spec.kwonlyargs]:
        if parameter.arg not in names:
            default = function.defaults.get(parameter.arg)
            if not names and function.decorators and (handed := composed.parameter(machine, function)) is not None:
                default = handed
            names[parameter.arg] = commandline.parameter_value(machine, function, parameter, default)
    return names


def mapped(path: str, callee: Value, arguments: Arguments) -> tuple[str, Arguments]:
    """`Operator.partial(a=1).expand(b=[…])` is a call of the operator with both."""
    if isinstance(callee, Member) and callee.name in ("expand", "expand_kwargs") and isinstance(callee.owner, Product):
        first = callee.owner
        if first.path.endswith(".partial"):
            keywords = {**first.arguments.keywords, **arguments.keywords}
            return first.path.removesuffix(".partial"), Arguments([], keywords, first.arguments.site)
    return path, arguments


def parents(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return [".".join(parts[: index + 1]) for index in range(len(parts))]

"""What a branch may assume: the alternatives of a name for which its condition holds."""

import ast
from typing import TYPE_CHECKING

from analysis.references.python import operators
from analysis.references.python.frames import Frame
from analysis.references.python.values import Constant, Either, Unknown, Value, alternatives, either
from analysis.references.text import Text

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

Assumed = tuple[dict[str, Value], dict[str, Value]]

# Nodes whose evaluation acts on nothing, so that it may be repeated.
_HARMLESS = (
    ast.Name, ast.Attribute, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Tuple, ast.List, ast.Set,
    ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context,
)  # fmt: skip
_HARMLESS_CALLS = {"startswith", "endswith", "lower", "upper", "strip", "str", "isinstance", "len"}
MAXIMUM_NAMES = 3


def assumed(machine: "Machine", test: ast.expr, frame: Frame, known: bool | None) -> Assumed:
    """Names of a condition in the branch where it holds, and in the one where it does not.

    A condition that was decided (`known`) and is now doubted holds for other values than those known.
    """
    if known is not None:
        other: dict[str, Value] = {name: Unknown(name) for name in _names(test) if _plain(frame.lookup(name))}
        return ({}, other) if known else (other, {})
    then: dict[str, Value] = {}
    otherwise: dict[str, Value] = {}
    for name in _names(test)[:MAXIMUM_NAMES]:
        value = frame.lookup(name)
        if isinstance(value, Either) and _harmless(test):
            held = [(option, _truth(machine, test, frame, name, option)) for option in value.options]
            then[name] = either([option for option, truth in held if truth is not False]) if held else value
            otherwise[name] = either([option for option, truth in held if truth is not True]) if held else value
    return then, otherwise


def may_differ(machine: "Machine", test: ast.expr, frame: Frame) -> bool:
    """Whether another run could decide a condition differently: not where the environment of the scan decides it."""
    values = [
        machine.evaluate(node, frame)
        for node in ast.walk(test)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    ]
    return not any(
        piece.environment
        for value in values
        for option in alternatives(value)
        if isinstance(option, Text)
        for piece in option.pieces
    )


def _truth(machine: "Machine", test: ast.expr, frame: Frame, name: str, value: Value) -> bool | None:
    with frame.assuming({name: value}):
        return operators.truth(machine.evaluate(test, frame))


def _names(test: ast.expr) -> list[str]:
    return list(dict.fromkeys(node.id for node in ast.walk(test) if isinstance(node, ast.Name)))


def _plain(value: Value | None) -> bool:
    return value is not None and all(isinstance(option, Text | Constant) for option in alternatives(value))


def _harmless(test: ast.expr) -> bool:
    return all(
        isinstance(node, _HARMLESS) or (isinstance(node, ast.Call) and _called(node) in _HARMLESS_CALLS)
        for node in ast.walk(test)
    )


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")

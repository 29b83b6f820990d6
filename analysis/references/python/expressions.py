"""Expressions: from a node of the syntax tree to the value it stands for."""

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from analysis.references.python import attributes, conditions, operators
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    MAXIMUM_ITEMS,
    Arguments,
    Constant,
    Either,
    External,
    Function,
    Items,
    Table,
    Unknown,
    Value,
    alternatives,
    either,
)
from analysis.references.text import HOLE, Text, Use, hole, literal, used

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine


def evaluate(machine: "Machine", node: ast.expr, frame: Frame) -> Value:
    """The value of an expression. Raises BudgetSpent when the work allowed for this entry is used up."""
    machine.step(frame, node)
    act = _ACTS.get(type(node))
    return act(machine, node, frame) if act else Unknown()


def _constant(_: "Machine", node: ast.Constant, frame: Frame) -> Value:
    if isinstance(node.value, str):
        lines = (node.end_lineno or node.lineno) - node.lineno
        newlines = node.value.count("\n")
        multiline = 0 < newlines <= lines
        return literal(node.value, frame.site(node), multiline=multiline, column=node.col_offset)
    return Constant(node.value)


def _joined(machine: "Machine", node: ast.JoinedStr, frame: Frame) -> Value:
    parts: list[Value] = []
    line = node.lineno
    multiline = (node.end_lineno or line) > line
    number = 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text = str(part.value)
            site = frame.site(node)._replace(line=line)
            parts.append(literal(text, site, multiline=multiline and "\n" in text, column=node.col_offset, part=number))
            number += 1
            line += text.count("\n") if multiline else 0
        elif isinstance(part, ast.FormattedValue):
            parts.append(_formatted(machine, part, frame))
    return operators.concatenate(parts)


def _formatted(machine: "Machine", node: ast.FormattedValue, frame: Frame) -> Value:
    value = evaluate(machine, node.value, frame)
    if node.format_spec is not None and (shown := _counted(value, node.format_spec)) is not None:
        return shown
    if node.format_spec is not None and not all(isinstance(option, Text) for option in alternatives(value)):
        return (
            value
            if isinstance(value, Constant) and isinstance(value.value, str)
            else hole(ast.unparse(node.value)[:60])
        )
    return either([_shown(option, node) for option in alternatives(value)])


def _counted(value: Value, spec: ast.expr) -> Value | None:
    """A known number as `:02` writes it; None for anything else."""
    options = alternatives(value)
    layout = "".join(str(part.value) if isinstance(part, ast.Constant) else "?" for part in getattr(spec, "values", []))
    if not re.fullmatch(r"0?\d{0,2}d?", layout):
        return None
    numbers = [option.value for option in options if isinstance(option, Constant) and type(option.value) is int]
    return either([literal(format(number, layout)) for number in numbers]) if len(numbers) == len(options) else None


def _shown(option: Value, node: ast.FormattedValue) -> Value:
    if isinstance(option, Unknown) and not option.label and isinstance(node.value, ast.Name | ast.Attribute):
        return Unknown(ast.unparse(node.value)[:60])
    return option


def _name(machine: "Machine", node: ast.Name, frame: Frame) -> Value:
    found = frame.lookup(node.id)
    if found is not None:
        return _traced(machine, found, node, node.id, frame)
    if node.id in machine.builtin_names:
        return External(f"builtins.{node.id}")
    star = machine.from_star(frame.module, node.id)
    return star if star is not None else Unknown(node.id)


def _attribute(machine: "Machine", node: ast.Attribute, frame: Frame) -> Value:
    found = attributes.attribute(machine, evaluate(machine, node.value, frame), node.attr, frame)
    return _traced(machine, found, node, node.attr, frame)


def _traced(machine: "Machine", value: Value, node: ast.expr, name: str, frame: Frame) -> Value:
    """The value, and for a patch the name that it came through."""
    if not machine.program.tracing or not isinstance(value, Text | Either):
        return value
    use = Use(frame.module.file, node.lineno, node.col_offset, name)
    return either([used(option, use) if isinstance(option, Text) else option for option in alternatives(value)])


def _binary(machine: "Machine", node: ast.BinOp, frame: Frame) -> Value:
    # A long chain of `a + b + c` nests to the left; walking it in a loop keeps the stack flat.
    if isinstance(node.op, ast.Add):
        parts: list[ast.expr] = []
        current: ast.expr = node
        while isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add):
            parts.append(current.right)
            current = current.left
        value = evaluate(machine, current, frame)
        for part in reversed(parts):
            value = operators.add(value, evaluate(machine, part, frame))
        return value
    left, right = evaluate(machine, node.left, frame), evaluate(machine, node.right, frame)
    if isinstance(node.op, ast.Mod):
        return operators.percent(left, right)
    if isinstance(node.op, ast.Div):
        return operators.divide(left, right)
    if isinstance(node.op, ast.BitOr) and isinstance(left, Table) and isinstance(right, Table):
        return Table({**left.entries, **right.entries}, [*left.others, *right.others])
    return Unknown()


def _boolean(machine: "Machine", node: ast.BoolOp, frame: Frame) -> Value:
    stops = isinstance(node.op, ast.Or)
    options: list[Value] = []
    for part in node.values:
        value = evaluate(machine, part, frame)
        known = operators.truth(value)
        if known is stops:
            return either([*options, value])
        if known is None:
            options.append(value)
    if stops and not _unknown(value):
        # `os.environ.get("X") or "default"`: what is not known at all says less than the default.
        options = [option for option in options if not _unknown(option)]
    return either([*options, value]) if options else value


def _unknown(value: Value) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, Text) and value.flat == HOLE)


def _unary(machine: "Machine", node: ast.UnaryOp, frame: Frame) -> Value:
    value = evaluate(machine, node.operand, frame)
    if isinstance(node.op, ast.Not):
        known = operators.truth(value)
        return Unknown() if known is None else Constant(not known)
    if isinstance(node.op, ast.USub) and isinstance(value, Constant) and isinstance(value.value, int):
        return Constant(-value.value)
    return Unknown()


def _compare(machine: "Machine", node: ast.Compare, frame: Frame) -> Value:
    left = evaluate(machine, node.left, frame)
    results: list[bool | None] = []
    for operator, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(machine, comparator, frame)
        results.append(operators.compare(left, operator, right))
        left = right
    if False in results:
        return Constant(False)
    return Unknown() if None in results else Constant(True)


def _conditional(machine: "Machine", node: ast.IfExp, frame: Frame) -> Value:
    known = operators.truth(evaluate(machine, node.test, frame))
    if known is True:
        return evaluate(machine, node.body, frame)
    if known is False:
        return evaluate(machine, node.orelse, frame)
    then, otherwise = conditions.assumed(machine, node.test, frame, known)
    return either([_assuming(machine, node.body, frame, then), _assuming(machine, node.orelse, frame, otherwise)])


def _assuming(machine: "Machine", node: ast.expr, frame: Frame, assumed: dict[str, Value]) -> Value:
    with frame.assuming(assumed):
        return evaluate(machine, node, frame)


def _items(machine: "Machine", node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> Value:
    values: list[Value] = []
    complete = True
    for element in node.elts[:MAXIMUM_ITEMS]:
        if isinstance(element, ast.Starred):
            inner = evaluate(machine, element.value, frame)
            if isinstance(inner, Items):
                values.extend(inner.values)
                complete = complete and inner.complete
            else:
                complete = False
        else:
            values.append(evaluate(machine, element, frame))
    return Items(values, complete and len(node.elts) <= MAXIMUM_ITEMS)


def _dict(machine: "Machine", node: ast.Dict, frame: Frame) -> Value:
    table = Table({})
    for key, value_node in zip(node.keys, node.values, strict=True):
        value = evaluate(machine, value_node, frame)
        if key is None:
            if isinstance(value, Table):
                table.entries.update(value.entries)
                table.others.extend(value.others)
            else:
                table.others.append(Unknown())
            continue
        attributes.put(table, evaluate(machine, key, frame), value)
    return table


def _subscript(machine: "Machine", node: ast.Subscript, frame: Frame) -> Value:
    owner = evaluate(machine, node.value, frame)
    if isinstance(node.slice, ast.Slice):
        bounds = [
            evaluate(machine, bound, frame) if bound else Constant(None)
            for bound in (node.slice.lower, node.slice.upper)
        ]
        stepped = node.slice.step is not None
        return either(
            [attributes.sliced(option, bounds[0], bounds[1], stepped=stepped) for option in alternatives(owner)]
        )
    found = attributes.subscript(machine, owner, evaluate(machine, node.slice, frame), frame)
    named = node.value
    return _traced(machine, found, named, named.id, frame) if isinstance(named, ast.Name) else found


def _call(machine: "Machine", node: ast.Call, frame: Frame) -> Value:
    callee = evaluate(machine, node.func, frame)
    return machine.call(callee, arguments(machine, node, frame), frame, node)


def arguments(machine: "Machine", node: ast.Call, frame: Frame) -> Arguments:
    """The evaluated arguments of a call; its site is the line of the called name."""
    name = node.func
    line = (name.end_lineno or node.lineno) if isinstance(name, ast.Attribute) else node.lineno
    result = Arguments([], {}, frame.site(node)._replace(line=line), node=node)
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            inner = evaluate(machine, argument.value, frame)
            if isinstance(inner, Items):
                result.positional.extend(inner.values)
            if not isinstance(inner, Items) or not inner.complete:
                result.complete = False
        else:
            result.positional.append(evaluate(machine, argument, frame))
    for keyword in node.keywords:
        value = evaluate(machine, keyword.value, frame)
        if keyword.arg is not None:
            result.keywords[keyword.arg] = value
            result.lines[keyword.arg] = keyword.value.lineno
            continue
        for option in alternatives(value):
            if isinstance(option, Table):
                for key, entry in option.entries.items():
                    result.keywords.setdefault(str(key), entry)
                result.complete = result.complete and not option.others
            else:
                result.complete = False
    return result


def _comprehension(machine: "Machine", node: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame) -> Value:
    values: list[Value] = []
    complete = _generate(
        machine, node.generators, frame, lambda inner: values.append(evaluate(machine, node.elt, inner))
    )
    return Items(values, complete)


def _dict_comprehension(machine: "Machine", node: ast.DictComp, frame: Frame) -> Value:
    table = Table({})

    def collect(inner: Frame) -> None:
        attributes.put(table, evaluate(machine, node.key, inner), evaluate(machine, node.value, inner))

    _generate(machine, node.generators, frame, collect)
    return table


def _generate(
    machine: "Machine", generators: list[ast.comprehension], frame: Frame, collect: Callable[[Frame], None]
) -> bool:
    """Run `collect` for every combination of the loops; True where all of them are known."""
    inner = Frame(frame.module, {}, frame, frame.function, frame.calls, own=frame.own)
    return _loop(machine, generators, inner, collect)


def _loop(
    machine: "Machine", generators: list[ast.comprehension], frame: Frame, collect: Callable[[Frame], None]
) -> bool:
    if not generators:
        collect(frame)
        return True
    first, rest = generators[0], generators[1:]
    values, complete = machine.iterate(evaluate(machine, first.iter, frame), frame)
    for value in values[:MAXIMUM_ITEMS]:
        machine.assign(first.target, value, frame)
        conditions = [operators.truth(evaluate(machine, condition, frame)) for condition in first.ifs]
        if False in conditions:
            continue
        complete = complete and None not in conditions
        complete = _loop(machine, rest, frame, collect) and complete
    return complete


def _lambda(_: "Machine", node: ast.Lambda, frame: Frame) -> Value:
    return Function(node, frame.module, frame)


def _named(machine: "Machine", node: ast.NamedExpr, frame: Frame) -> Value:
    value = evaluate(machine, node.value, frame)
    machine.assign(node.target, value, frame)
    return value


def _await(machine: "Machine", node: ast.Await, frame: Frame) -> Value:
    return evaluate(machine, node.value, frame)


def _yield(machine: "Machine", node: ast.Yield, frame: Frame) -> Value:
    frame.yielded.append(evaluate(machine, node.value, frame) if node.value else Constant(None))
    return Unknown()


def _yield_from(machine: "Machine", node: ast.YieldFrom, frame: Frame) -> Value:
    values, _ = machine.iterate(evaluate(machine, node.value, frame), frame)
    frame.yielded.extend(values)
    return Unknown()


def _starred(machine: "Machine", node: ast.Starred, frame: Frame) -> Value:
    return evaluate(machine, node.value, frame)


_ACTS: dict[type[ast.expr], Callable[["Machine", Any, Frame], Value]] = {
    ast.Constant: _constant,
    ast.JoinedStr: _joined,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
    ast.Dict: _dict,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Starred: _starred,
}

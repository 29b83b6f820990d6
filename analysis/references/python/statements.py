"""Statements: what executing a block does to the names around it.

A branch whose condition is not known is taken both ways, and what it leaves behind is merged. `Flow` tells how a block
ends: running on, leaving the function, or leaving the loop.
"""

import ast
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from analysis.references.python import attributes, conditions, operators
from analysis.references.python.frames import Frame, merge_names
from analysis.references.python.values import (
    Class,
    Constant,
    Function,
    Instance,
    Items,
    Product,
    Table,
    Unknown,
    Value,
    alternatives,
    from_one_of,
    one_of,
)

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine


# Names of an object, the one that was written, and what it stood for.
Write = tuple[dict[str, Value], str, Value | None]


class Flow(Enum):
    ON = "runs on"
    LOOP = "leaves the turn of the loop"
    STOP = "leaves the function"


def execute(machine: "Machine", body: Sequence[ast.stmt], frame: Frame) -> Flow:
    """Execute a block; ends early where it returns, raises, breaks or continues."""
    covered = machine.program.covered[frame.module.file]
    for statement in body:
        machine.step(frame, statement)
        covered.add(statement.lineno)
        act = _ACTS.get(type(statement))
        flow = act(machine, statement, frame) if act else Flow.ON
        if flow is not Flow.ON:
            return flow
    return Flow.ON


def _expression(machine: "Machine", node: ast.Expr, frame: Frame) -> Flow:
    machine.evaluate(node.value, frame)
    return Flow.ON


def _assign(machine: "Machine", node: ast.Assign, frame: Frame) -> Flow:
    value = machine.evaluate(node.value, frame)
    for target in node.targets:
        assign(machine, target, value, frame)
    return Flow.ON


def _annotated(machine: "Machine", node: ast.AnnAssign, frame: Frame) -> Flow:
    if node.value is not None:
        assign(machine, node.target, machine.evaluate(node.value, frame), frame)
    return Flow.ON


def _augmented(machine: "Machine", node: ast.AugAssign, frame: Frame) -> Flow:
    right = machine.evaluate(node.value, frame)
    left = machine.evaluate(node.target, frame)
    if isinstance(node.op, ast.Add):
        if isinstance(left, Items):
            values, complete = machine.iterate(right, frame)
            left.values.extend(values[:500])
            left.complete = left.complete and complete
            return Flow.ON
        assign(machine, node.target, operators.add(left, right), frame)
    elif isinstance(node.op, ast.Mod):
        assign(machine, node.target, operators.percent(left, right), frame)
    elif isinstance(node.op, ast.Div):
        assign(machine, node.target, operators.divide(left, right), frame)
    else:
        assign(machine, node.target, Unknown(), frame)
    return Flow.ON


def assign(machine: "Machine", target: ast.expr, value: Value, frame: Frame) -> None:
    """Bind `value` to whatever stands left of the equals sign."""
    if isinstance(target, ast.Name):
        frame.store(target.id, value)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(machine, target.elts, value, frame)
    elif isinstance(target, ast.Attribute):
        owner = machine.evaluate(target.value, frame)
        for option in alternatives(owner):
            if isinstance(option, Instance | Product | Class):
                machine.writes.append((option.names, target.attr, option.names.get(target.attr)))
                option.names[target.attr] = value
            elif isinstance(option, Table):
                option.entries[target.attr] = value
        machine.attribute_set(owner, target.attr, value, frame.site(target), frame)
    elif isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
        owner = machine.evaluate(target.value, frame)
        key = machine.evaluate(target.slice, frame)
        for option in alternatives(owner):
            attributes.put(option, key, value)
            machine.item_set(option, key, value)
    elif isinstance(target, ast.Starred):
        values, complete = machine.iterate(value, frame)
        assign(machine, target.value, Items(values, complete), frame)


def _unpack(machine: "Machine", targets: list[ast.expr], value: Value, frame: Frame) -> None:
    rows = [
        option for option in alternatives(value) if isinstance(option, Items) and len(option.values) == len(targets)
    ]
    if rows and not any(isinstance(target, ast.Starred) for target in targets):
        for index, target in enumerate(targets):
            assign(machine, target, from_one_of(rows, [row.values[index] for row in rows]), frame)
        return
    if isinstance(value, Items) and any(isinstance(target, ast.Starred) for target in targets):
        star = next(index for index, target in enumerate(targets) if isinstance(target, ast.Starred))
        after = len(targets) - star - 1
        end = len(value.values) - after
        pieces: list[Value] = [*value.values[:star], Items(value.values[star:end], value.complete), *value.values[end:]]
        for target, piece in zip(targets, pieces, strict=False):
            inner = target.value if isinstance(target, ast.Starred) else target
            assign(machine, inner, piece, frame)
        return
    for index, target in enumerate(targets):
        name = target.id if isinstance(target, ast.Name) else ""
        element = attributes.element(value, index)
        assign(machine, target, element if element is not None else Unknown(name), frame)


def _if(machine: "Machine", node: ast.If, frame: Frame) -> Flow:
    if _is_main_guard(node.test):
        return execute(machine, node.body if frame.module.name == "__main__" else node.orelse, frame)
    if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return execute(machine, node.body, frame)
    known = operators.truth(machine.evaluate(node.test, frame))
    if known is not None and not (frame.again and conditions.may_differ(machine, node.test, frame)):
        return execute(machine, node.body if known else node.orelse, frame)
    assumed = conditions.assumed(machine, node.test, frame, known)
    return branches(machine, [node.body, node.orelse], frame, assumed)


def _is_main_guard(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare) or len(test.comparators) != 1:
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def branches(
    machine: "Machine",
    bodies: Sequence[Sequence[ast.stmt]],
    frame: Frame,
    assumed: Sequence[dict[str, Value]] = (),
) -> Flow:
    """Take every branch from the same start, then merge what those that run on leave behind. `assumed` are names that
    stand for less in a branch than before it.
    """
    start = dict(frame.names)
    left: dict[int, dict[str, Value]] = {}
    flows: list[Flow] = []
    written: list[list[Write]] = []
    before, machine.writes = machine.writes, []
    for number, body in enumerate(bodies):
        frame.names.clear()
        frame.names.update(start)
        frame.names.update(assumed[number] if assumed else {})
        flow = execute(machine, body, frame)
        flows.append(flow)
        written.append(_taken_back(machine.writes))
        machine.writes = []
        if flow is Flow.ON:
            left[number] = dict(frame.names)
    machine.writes = before
    undecided = object()
    _merge_writes(machine, written, undecided)
    if left:
        merge_names(frame.names, left, undecided)
        return Flow.ON
    return Flow.LOOP if Flow.LOOP in flows else Flow.STOP


def _taken_back(writes: list[Write]) -> list[Write]:
    """What a branch left in attributes of objects, which get back what they held before it."""
    first: dict[tuple[int, str], Write] = {}
    for names, key, earlier in writes:
        first.setdefault((id(names), key), (names, key, earlier))
    left: list[Write] = [(names, key, names.get(key)) for names, key, _ in first.values()]
    for names, key, earlier in first.values():
        if earlier is None:
            names.pop(key, None)
        else:
            names[key] = earlier
    return left


def _merge_writes(machine: "Machine", written: list[list[Write]], undecided: object) -> None:
    """Attributes after branches of which one was taken."""
    places = {(id(names), key): (names, key) for writes in written for names, key, _ in writes}
    found = [{(id(names), key): value for names, key, value in writes} for writes in written]
    for place, (names, key) in places.items():
        earlier = names.get(key)
        values = {number: branch.get(place, earlier) for number, branch in enumerate(found)}
        machine.writes.append((names, key, earlier))
        names[key] = one_of({number: value for number, value in values.items() if value is not None}, undecided)


def _for(machine: "Machine", node: ast.For | ast.AsyncFor, frame: Frame) -> Flow:
    values, complete = machine.iterate(machine.evaluate(node.iter, frame), frame)
    if not values and frame.again:
        values, complete = [Unknown()], False
    before = dict(frame.names)
    if len(values) > machine.loop_turns:
        turns = f"a loop over {len(values)} values, followed for {machine.loop_turns}"
        machine.program.give_up(frame.module.file, node.lineno, turns)
    for value in values[: machine.loop_turns]:
        assign(machine, node.target, value, frame)
        flow = execute(machine, node.body, frame)
        if flow is Flow.STOP and complete and len(values) == 1:
            return flow
    if not complete:
        merge_names(frame.names, {0: before, 1: dict(frame.names)}, object())
    return execute(machine, node.orelse, frame)


def _while(machine: "Machine", node: ast.While, frame: Frame) -> Flow:
    if operators.truth(machine.evaluate(node.test, frame)) is False and not frame.again:
        return execute(machine, node.orelse, frame)
    before = dict(frame.names)
    execute(machine, node.body, frame)
    merge_names(frame.names, {0: before, 1: dict(frame.names)}, object())
    return Flow.ON


def _with(machine: "Machine", node: ast.With | ast.AsyncWith, frame: Frame) -> Flow:
    for item in node.items:
        value = machine.enter(machine.evaluate(item.context_expr, frame), frame)
        if item.optional_vars is not None:
            assign(machine, item.optional_vars, value, frame)
    return execute(machine, node.body, frame)


def _try(machine: "Machine", node: ast.Try, frame: Frame) -> Flow:
    paths = [[*node.body, *node.orelse], *([*handler.body] for handler in node.handlers)]
    for handler in node.handlers:
        if handler.name:
            frame.names.setdefault(handler.name, Unknown(handler.name))
    flow = branches(machine, paths, frame) if node.handlers else execute(machine, paths[0], frame)
    final = execute(machine, node.finalbody, frame)
    return final if final is not Flow.ON else flow


def _match(machine: "Machine", node: ast.Match, frame: Frame) -> Flow:
    subject = machine.evaluate(node.subject, frame)
    possible: list[Sequence[ast.stmt]] = []
    exhaustive = False
    for case in node.cases:
        known = _pattern(machine, case.pattern, subject, frame)
        if known is False:
            continue
        possible.append(case.body)
        if known is True and case.guard is None:
            exhaustive = True
            break
    return branches(machine, possible if exhaustive else [*possible, []], frame)


def _pattern(machine: "Machine", pattern: ast.pattern, subject: Value, frame: Frame) -> bool | None:
    if isinstance(pattern, ast.MatchValue):
        return operators.equal(subject, machine.evaluate(pattern.value, frame))
    if isinstance(pattern, ast.MatchOr):
        found = {_pattern(machine, option, subject, frame) for option in pattern.patterns}
        return True if True in found else (None if None in found else False)
    if isinstance(pattern, ast.MatchAs):
        if pattern.name:
            frame.store(pattern.name, subject)
        return True if pattern.pattern is None else _pattern(machine, pattern.pattern, subject, frame)
    return None


def _function(machine: "Machine", node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> Flow:
    function = Function(node, frame.module, frame if frame.names is not frame.module.names else None)
    parameters = [*node.args.posonlyargs, *node.args.args]
    for parameter, default in zip(reversed(parameters), reversed(node.args.defaults), strict=False):
        function.defaults[parameter.arg] = machine.evaluate(default, frame)
    for parameter, keyword_default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if keyword_default is not None:
            function.defaults[parameter.arg] = machine.evaluate(keyword_default, frame)
    machine.function_defined(function)
    frame.store(node.name, function)
    function.decorators = [machine.evaluate(decorator, frame) for decorator in node.decorator_list]
    frame.store(node.name, machine.decorated(function, frame))
    return Flow.ON


def _class(machine: "Machine", node: ast.ClassDef, frame: Frame) -> Flow:
    cls = Class(node, frame.module, [machine.evaluate(base, frame) for base in node.bases], {})
    cls.decorators = [machine.evaluate(decorator, frame) for decorator in node.decorator_list]
    parent = frame if frame.names is not frame.module.names else None
    inner = Frame(frame.module, cls.names, parent, calls=frame.calls)
    frame.store(node.name, cls)
    execute(machine, node.body, inner)
    for value in cls.names.values():
        if isinstance(value, Function) and value.owner is None:
            value.owner = cls
            value.closure = parent
    machine.class_defined(cls)
    frame.store(node.name, machine.wrapped(cls, cls.decorators, frame))
    return Flow.ON


def _return(machine: "Machine", node: ast.Return, frame: Frame) -> Flow:
    frame.returned.append(machine.evaluate(node.value, frame) if node.value else Constant(None))
    return Flow.STOP


def _raise(machine: "Machine", node: ast.Raise, frame: Frame) -> Flow:
    if node.exc is not None:
        machine.evaluate(node.exc, frame)
    return Flow.STOP


def _leave_turn(_: "Machine", __: ast.stmt, ___: Frame) -> Flow:
    return Flow.LOOP


def _import(machine: "Machine", node: ast.Import, frame: Frame) -> Flow:
    for alias in node.names:
        machine.import_name(alias.name, alias.asname, frame)
    return Flow.ON


def _import_from(machine: "Machine", node: ast.ImportFrom, frame: Frame) -> Flow:
    for alias in node.names:
        machine.import_from(node.module or "", node.level, alias.name, alias.asname, frame)
    return Flow.ON


def _global(_: "Machine", node: ast.Global, frame: Frame) -> Flow:
    frame.globals_declared.update(node.names)
    return Flow.ON


def _assert(machine: "Machine", node: ast.Assert, frame: Frame) -> Flow:
    machine.evaluate(node.test, frame)
    return Flow.ON


_ACTS: dict[type[ast.stmt], Callable[["Machine", Any, Frame], Flow]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: _leave_turn,
    ast.Continue: _leave_turn,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Assert: _assert,
}

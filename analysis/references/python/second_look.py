"""Code behind conditions that were decided: a default of an option, an empty variable, a mode of another run.

A function whose lines were not all executed is executed once more with the arguments it was called with, both ways
wherever a condition was decided by anything but the environment. Only what stands on lines that were not executed
before is told then.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.references.model import Site
from analysis.references.python import statements
from analysis.references.python.frames import Frame, Module
from analysis.references.python.values import Function, Value

if TYPE_CHECKING:
    from analysis.references.program import Program
    from analysis.references.python.machine import Machine

MAXIMUM_CALLS = 2  # of one function that are kept
_SAYS = re.compile(r"print$|exit$|log\w*\.|\.(?:info|debug|warning|error|exception|append|secho|echo)$|usage")
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.AsyncFor, ast.AsyncWith)  # their lines act
_SILENT = (ast.Raise, *_DEFINES, *_BLOCKS)
Body = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function, to be executed once more."""

    machine: "Machine"
    function: Function
    positional: tuple[Value, ...]
    keywords: dict[str, Value]
    frame: Frame

    @property
    def site(self) -> Site:
        return Site(self.function.module.file, self.function.node.lineno)

    def again(self) -> None:
        self.machine.run(self.function, self.positional, self.keywords, self.frame, self.site, again=True)


@dataclass(frozen=True, slots=True)
class Execution:
    """The execution of a module, to be done once more."""

    machine: "Machine"
    module: Module

    @property
    def site(self) -> Site:
        return Site(self.module.file, 1)

    def again(self) -> None:
        body = [statement for statement in self.module.tree.body if not isinstance(statement, _DEFINES)]
        frame = Frame(self.module, dict(self.module.names), again=True)
        statements.execute(self.machine, body, frame)


def remember(
    machine: "Machine", function: Function, positional: Sequence[Value], keywords: dict[str, Value], frame: Frame
) -> None:
    """Keep a call, so that the function can be executed once more."""
    key = (function.module.file, function.node.lineno)
    kept = machine.program.calls.setdefault(key, [])
    if len(kept) < MAXIMUM_CALLS:
        kept.append(Call(machine, function, tuple(positional), dict(keywords), frame))


def remember_module(machine: "Machine", module: Module) -> None:
    """Keep the execution of a module, so that it can be done once more."""
    machine.program.calls.setdefault((module.file, 0), []).append(Execution(machine, module))


def missed(program: "Program", path: str) -> list[int]:
    """Lines of the functions of a file that were called and not executed to their ends; 0 is the module itself."""
    tree = program.tree(path)
    covered = program.covered.get(path)
    if tree is None or not covered:
        return []
    found: list[int] = []
    for body in _bodies(program, path, tree):
        entered = isinstance(body, ast.Module) or body.body[0].lineno in covered
        if entered and any(statement.lineno not in covered and _acts(statement) for statement in _own(body.body)):
            found.append(getattr(body, "lineno", 0))
    return found


def not_executed(program: "Program", paths: Sequence[str]) -> dict[str, set[int]]:
    """Every line of these files on which no executed statement stands."""
    result: dict[str, set[int]] = {}
    for path in paths:
        tree, covered = program.tree(path), program.covered.get(path, set())
        if tree is not None:
            executed = {
                line
                for body in _bodies(program, path, tree)
                for statement in _own(body.body)
                if statement.lineno in covered
                for line in _written(statement)
            }
            result[path] = set(range(1, len(program.lines(path)) + 1)) - executed
    return result


def _acts(statement: ast.stmt) -> bool:
    """Whether a statement itself may do more than say something and leave."""
    if isinstance(statement, _SILENT):
        return False
    called = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return any(not _SAYS.search(ast.unparse(function)) for function in called)


def _bodies(program: "Program", path: str, tree: ast.Module) -> list[Body]:
    """The module and all its functions; found once for each file, by its statements alone."""
    found = program.bodies.get(path)
    if found is None:
        found = program.bodies[path] = [tree]
        waiting: list[Sequence[ast.stmt]] = [tree.body]
        while waiting:
            for statement in waiting.pop():
                if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                    found.append(statement)
                waiting.extend(_blocks(statement))
        found.sort(key=lambda body: getattr(body, "lineno", 0))
    return found


def _own(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a body and of the blocks inside it, not of functions and classes defined in it."""
    for statement in statements:
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for block in _blocks(statement):
                yield from _own(block)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(statement, name, None):
            yield block
    for inner in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield inner.body


def _written(statement: ast.stmt) -> range:
    """Lines of a statement itself, without those of the blocks inside it."""
    first = next((block[0].lineno for block in _blocks(statement)), None)
    end = statement.end_lineno or statement.lineno
    return range(statement.lineno, max(first, statement.lineno + 1) if first else end + 1)

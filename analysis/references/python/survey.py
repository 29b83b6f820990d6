"""What one walk through a Python file finds: names that it calls, strings with addresses, what may have a docstring."""

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.references.program import Program


# Fields without code below them: a third of the walk would go into names, contexts and operators.
_LEAVES = {"id", "attr", "ctx", "op", "ops", "arg", "name", "names", "module", "level", "kind", "type_comment"}
_BELOW = {
    kind: tuple(name for name in kind._fields if name not in _LEAVES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
# A tuple: a union is looked through anew for every node.
_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(slots=True)
class Survey:
    called: set[str] = field(default_factory=set)
    addresses: list[ast.Constant] = field(default_factory=list)  # strings with `://`
    documented: list[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = field(default_factory=list)


def survey(program: "Program", path: str) -> Survey:
    """The survey of a file; made once. Of a file that cannot be parsed it is empty."""
    found = program.surveys.get(path)
    if found is None:
        tree = program.tree(path)
        found = program.surveys[path] = _walked(tree) if tree is not None else Survey()
    return found


def _walked(tree: ast.Module) -> Survey:
    found = Survey()
    waiting: list[Any] = [tree]  # nodes, and what stands beside them in their fields
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                found.called.add(node.func.id)
            elif isinstance(node.func, ast.Attribute):
                found.called.add(node.func.attr)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and "://" in node.value:
                found.addresses.append(node)
            continue
        elif isinstance(node, _DOCUMENTED):
            found.documented.append(node)
        for name in _BELOW.get(type(node), ()):
            value = getattr(node, name)
            if isinstance(value, list):
                waiting += value
            else:
                waiting.append(value)
    found.addresses.sort(key=lambda node: (node.lineno, node.col_offset))
    return found

"""What one walk through a Python file finds: names that it calls, strings with addresses, what may have a docstring."""

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.references.program import Program


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
    waiting: list[ast.AST] = [tree]
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
        elif isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.documented.append(node)
        for value in node.__dict__.values():
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list):
                waiting.extend(item for item in value if isinstance(item, ast.AST))
    found.addresses.sort(key=lambda node: (node.lineno, node.col_offset))
    return found

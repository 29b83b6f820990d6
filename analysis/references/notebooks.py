"""Notebooks as Python modules whose lines are those of the .ipynb file."""

import ast
import json


def parse(content: str) -> ast.Module:
    """The code cells of a notebook as one module. Raises ValueError and SyntaxError where it is none."""
    notebook = json.loads(content)
    if not isinstance(notebook, dict):
        raise ValueError("not a notebook")
    raw = content.split("\n")
    lines: list[str] = []
    numbers: list[int] = [1]
    position = 0
    cells = notebook.get("cells", [])
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", [])
        written = source.splitlines(keepends=True) if isinstance(source, str) else source
        if not isinstance(written, list) or not all(isinstance(line, str) for line in written):
            raise ValueError("a cell holds no text")
        for line in written:
            needle = json.dumps(line, ensure_ascii=False)[1:-1]
            position = _next(raw, needle, position)
            lines.append(_python(line.rstrip("\n")))
            numbers.append(position + 1)
    tree = ast.parse(_closed(lines))
    for node in ast.walk(tree):
        for name in ("lineno", "end_lineno"):
            number = getattr(node, name, None)
            if number is not None:
                setattr(node, name, numbers[min(number, len(numbers) - 1)])
    return tree


def _closed(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _next(raw: list[str], needle: str, position: int) -> int:
    for number in range(position, min(position + 2000, len(raw))):
        if needle in raw[number]:
            return number
    return position


def _python(line: str) -> str:
    """Magics and shell lines of a cell; a shell line becomes the call that runs it."""
    stripped = line.lstrip()
    indent = line[: len(line) - len(stripped)]
    if stripped.startswith("!"):
        return f"{indent}get_ipython().system({stripped[1:]!r})"
    if stripped.startswith("%"):
        return f"{indent}pass"
    return line

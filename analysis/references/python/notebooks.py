"""Notebooks as Python modules whose lines are those of the .ipynb file."""

import ast
import json
import re


def parse(content: str) -> tuple[ast.Module, list[int]]:
    """The code cells of a notebook as one module, and the lines of the cells that are no Python.

    Line numbers are those of the .ipynb file. Raises ValueError where it is no notebook.
    """
    notebook = json.loads(content)
    if not isinstance(notebook, dict):
        raise ValueError("not a notebook")
    raw = content.split("\n")
    body: list[ast.stmt] = []
    broken: list[int] = []
    position = 0
    cells = notebook.get("cells", [])
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", [])
        written = source.splitlines(keepends=True) if isinstance(source, str) else source
        if not isinstance(written, list) or not all(isinstance(line, str) for line in written):
            raise ValueError("a cell holds no text")
        numbers: list[int] = []
        for line in written:
            position = _next(raw, json.dumps(line, ensure_ascii=False)[1:-1], position)
            numbers.append(position + 1)
        try:
            body.extend(_statements([line.rstrip("\n") for line in written], numbers))
        except SyntaxError:
            broken.append(numbers[0] if numbers else 1)
    return ast.Module(body, []), broken


def _statements(written: list[str], numbers: list[int]) -> list[ast.stmt]:
    """One cell's statements, with the lines of the file."""
    magic = next((line for line in written if line.strip()), "")
    if magic.startswith("%%"):
        if magic.split()[0].strip("%") in ("bash", "sh", "script"):
            written = [_call("\n".join(written[1:]), whole=True)]
        elif magic.startswith(("%%time", "%%capture", "%%prun")):
            written = ["" if line is magic else _python(line) for line in written]
        else:
            return []
    else:
        written = [_python(line) for line in written]
    tree = ast.parse("\n".join(written) + "\n")
    for node in ast.walk(tree):
        for name in ("lineno", "end_lineno"):
            number = getattr(node, name, None)
            if number is not None:
                setattr(node, name, numbers[min(number, len(numbers)) - 1])
    return tree.body


def _next(raw: list[str], needle: str, position: int) -> int:
    for number in range(position, min(position + 2000, len(raw))):
        if needle in raw[number]:
            return number
    return position


_ASSIGNED = re.compile(r"^(?P<target>\s*[\w, ]+=\s*)!(?P<command>.*)$")
_PUT_IN = re.compile(r"(?<!\{)\{(?P<braced>[A-Za-z_][\w.\[\]'\"]*)\}|\$(?P<named>[A-Za-z_]\w*)")


def _python(line: str) -> str:
    """Magics and shell lines of a cell; a shell line becomes the call that runs it."""
    stripped = line.lstrip()
    indent = line[: len(line) - len(stripped)]
    if stripped.startswith("!"):
        return indent + _call(stripped.lstrip("!"))
    if assigned := _ASSIGNED.match(line):
        return f"{assigned['target']}{_call(assigned['command'])}"
    if stripped.startswith(("%", "?")):
        return f"{indent}pass"
    return line[: len(line.rstrip()) - 1] if line.rstrip().endswith("?") and "#" not in line else line


def _call(command: str, *, whole: bool = False) -> str:
    """`get_ipython().system(…)` of a command, with Python's variables put in."""
    if whole:
        return f"get_ipython().system({command!r})"
    parts, position = [], 0
    for match in _PUT_IN.finditer(command):
        parts.append(repr(command[position : match.start()]))
        parts.append(f"str({match['braced'] or match['named']})")
        position = match.end()
    parts.append(repr(command[position:]))
    return f"get_ipython().system({' + '.join(parts)})"

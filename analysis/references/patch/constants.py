"""A new constant beside a shared one, and the names that must change to it."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analysis.references.checkout import script_root
from analysis.references.patch.edits import NOTEBOOK, Edit, NotFound, Sources, apply
from analysis.references.patch.moves import FolderMove, bucket_pair
from analysis.references.text import Piece, Use


@dataclass(slots=True)
class Imports:
    """Names that a file needs from another, and names that it may no longer need."""

    needed: set[tuple[str, str]] = field(default_factory=set)  # (module, name)
    doubtful: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Renaming:
    """What using another constant takes: new definitions, changed names, imports."""

    edits: list[Edit] = field(default_factory=list)
    imports: dict[str, Imports] = field(default_factory=dict)
    settings: list[str] = field(default_factory=list)  # environment variables that the new constants read


_Owner = ast.ClassDef | None


@dataclass(frozen=True, slots=True)
class _Definition:
    file: str
    name: str
    start: int
    end: int
    source: str
    after: int  # where a definition beside it goes
    indent: str = ""
    variable: str = ""  # the environment variable that fills a field of settings


def rename_use(sources: Sources, move: FolderMove, piece: Piece, new_literal: str, chosen: int) -> Renaming:
    """Let use number `chosen` of `piece` read a new constant whose literal is `new_literal`.

    Raises NotFound where a name on the way is no module constant.
    """
    result = Renaming()
    use = piece.uses[chosen]
    if use.file.endswith(NOTEBOOK):
        return _in_notebook(sources, move, piece, new_literal, chosen)
    made: dict[str, str] = {}
    place = ""
    for index in range(chosen + 1):
        definition = _definition(sources, piece, index)
        new_name = _new_name(definition.name, move)
        text, variables = _copied(sources, move, definition, piece, new_literal if index == 0 else None, made)
        made[definition.name] = new_name
        text = re.sub(rf"^{re.escape(definition.name)}\b", new_name, text)
        if not re.search(rf"^{definition.indent}{re.escape(new_name)}\b", sources.text(definition.file), re.MULTILINE):
            text = f"{sources.line_end(definition.file)}{definition.indent}{text}"
            result.edits.append(Edit(definition.file, definition.after, definition.after, text))
        result.settings.extend(variables or [definition.variable] * bool(definition.variable))
        _import_into(sources, result, piece.uses[index - 1] if index else None, definition, place, made)
        place = definition.file
    if use.name != definition.name and not _alias(sources, definition.name, use.name):
        raise NotFound
    result.edits.append(sources.name(use.file, use.line, use.column, use.name, made[definition.name]))
    if use.file != definition.file:
        imports = result.imports.setdefault(use.file, Imports())
        if not _attribute(sources, use):
            imports.needed.add((_module_name(sources, use.file, definition.file), made[definition.name]))
            imports.doubtful.add(use.name)
    return result


# A line of a cell, as a notebook's file holds it: a string with the name that it assigns.
_CELL_LINE = re.compile(r'(?P<line>\s*"(?P<name>[A-Za-z_]\w*)\s*(?::[^=\n]*)?=(?!=)[^\r\n]*?)(?:\\n",|")(?P<end>\r?\n)')


def _in_notebook(sources: Sources, move: FolderMove, piece: Piece, new_literal: str, chosen: int) -> Renaming:
    """A new line before the one of the constant, in its own cell, and its name in the line of the use."""
    use = piece.uses[chosen]
    literal = sources.replace(piece, piece.text, new_literal)
    start = sources.offset(use.file, piece.site.line if piece.site else 1)
    line = _CELL_LINE.match(sources.text(use.file), start)
    if chosen or literal.file != use.file or line is None or line["name"] != use.name:
        raise NotFound("this name of a notebook is changed by hand")
    new_name = _new_name(use.name, move)
    name = Edit(use.file, line.start("name"), line.end("name"), new_name)
    copied = apply(line["line"], [_within(one, start) for one in (name, literal)]) + '\\n",' + line["end"]
    return Renaming([Edit(use.file, start, start, copied), sources.only_name(use.file, use.line, use.name, new_name)])


def _within(edit: Edit, start: int) -> Edit:
    return Edit(edit.file, edit.start - start, edit.end - start, edit.text)


def _alias(sources: Sources, name: str, alias: str) -> bool:
    """Whether some file imports `name` under another name."""
    pattern = re.compile(rf"\b{re.escape(name)}\s+as\s+{re.escape(alias)}\b")
    return any(pattern.search(sources.text(file.path)) for file in sources.checkout.of("python"))


def _import_into(
    sources: Sources, result: Renaming, use: Use | None, definition: _Definition, place: str, made: dict[str, str]
) -> None:
    """A copied definition needs the constant before it."""
    if use is None or not place or place == definition.file or _attribute(sources, use):
        return
    earlier = list(made.values())[-2]
    imports = result.imports.setdefault(definition.file, Imports())
    imports.needed.add((_module_name(sources, definition.file, place), earlier))


def _attribute(sources: Sources, use: Use) -> bool:
    start = sources.offset(use.file, use.line, use.column)
    return not sources.text(use.file)[start:].startswith(use.name)


def _definition(sources: Sources, piece: Piece, index: int) -> _Definition:
    """The module constant that use number `index` names: the statement with the literal, or with the use before."""
    if index == 0:
        if piece.site is None or piece.column < 0:
            raise NotFound
        file, line = piece.site.file, piece.site.line
    else:
        before = piece.uses[index - 1]
        file, line = before.file, before.line
    for node, owner in _statements(sources.tree(file).body):
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
            if isinstance(node, ast.AnnAssign):
                target = node.target
            if isinstance(target, ast.Name):
                return _found(sources, file, node, target.id, owner)
    raise NotFound


def _statements(body: Sequence[ast.stmt], owner: ast.ClassDef | None = None) -> Iterator[tuple[ast.stmt, _Owner]]:
    """The statements of a module and of its classes' bodies."""
    for node in body:
        yield node, owner
        if isinstance(node, ast.ClassDef):
            yield from _statements(node.body, node)


def _found(sources: Sources, file: str, node: ast.stmt, name: str, owner: _Owner) -> _Definition:
    start, end = _span(sources, file, node)
    text = sources.text(file)[start:end]
    if owner is None:
        return _Definition(file, name, start, end, text, _line_end(sources, file, end))
    bases = {ast.unparse(base).rpartition(".")[2] for base in (*owner.bases, *owner.decorator_list)}
    if any(base.startswith("Enum") or base.endswith("Enum") for base in bases):
        raise NotFound(f"{owner.name} is an enumeration: a member beside {name} has to be chosen by hand")
    # A field goes last, so that arguments given by position keep their meaning.
    fields = [one for one in owner.body if isinstance(one, ast.AnnAssign)]
    last = fields[-1] if isinstance(node, ast.AnnAssign) else node
    if isinstance(node, ast.AnnAssign) and _inherited(sources, owner.name):
        raise NotFound(f"{owner.name} has subclasses: a field beside {name} has to be added by hand")
    variable = name.upper() if any("Settings" in base for base in bases) else ""
    indent = sources.text(file)[sources.offset(file, node.lineno) : start]
    if indent.strip():
        raise NotFound(f"{owner.name} stands on one line")
    after = _line_end(sources, file, _span(sources, file, last)[1])
    return _Definition(file, name, start, end, text, after, indent, variable)


def _line_end(sources: Sources, file: str, position: int) -> int:
    """The end of the line of a position: a comment stays beside what it is about."""
    match = re.compile(r"[^\r\n]*").match(sources.text(file), position)
    return match.end() if match else position


def _span(sources: Sources, file: str, node: ast.stmt) -> tuple[int, int]:
    start = sources.offset(file, node.lineno, node.col_offset)
    return start, sources.offset(file, node.end_lineno or node.lineno, node.end_col_offset or 0)


def _inherited(sources: Sources, name: str) -> bool:
    pattern = re.compile(rf"^\s*class\s+\w+\([^)]*\b{re.escape(name)}\b", re.MULTILINE)
    return any(pattern.search(sources.text(file.path)) for file in sources.checkout.of("python"))


def _copied(
    sources: Sources,
    move: FolderMove,
    definition: _Definition,
    piece: Piece,
    new_literal: str | None,
    made: dict[str, str],
) -> tuple[str, list[str]]:
    """The definition's source for the new constant, and environment variables that it reads by a new name."""
    text = definition.source
    variables: list[str] = []
    if new_literal is not None:
        edit = sources.replace(piece, piece.text, new_literal)
        if not definition.start <= edit.start < definition.end:
            raise NotFound
        text = text[: edit.start - definition.start] + new_literal + text[edit.end - definition.start :]
        text, variables = _own_variable(_other_environments(text, move), piece)
    for old, new in made.items():
        text = re.sub(rf"\b{re.escape(old)}\b", new, text)
    return text, variables


_LOOKUP = re.compile(
    r"(?P<call>(?:environ\.get|getenv|environ\.setdefault|config)\(\s*['\"])(?P<name>\w+)(?P<close>['\"])"
)


def _other_environments(text: str, move: FolderMove) -> str:
    """The bucket's name for other environments, beside the one of the scan."""
    source, target = bucket_pair(move)
    if "{env}" not in source:
        return text
    pattern = re.escape(source).replace(re.escape("{env}"), r"(?P<env>[A-Za-z0-9]+)")
    return re.sub(rf"(?<![\w.-]){pattern}(?![\w.-])", lambda match: target.replace("{env}", match["env"]), text)


def _own_variable(text: str, piece: Piece) -> tuple[str, list[str]]:
    """An environment variable that could override the old constant must not override the new one."""
    match = _LOOKUP.search(text)
    if match is None or piece.text == match["name"]:
        return text, []
    marker = f"{match['call']}@@{match['close']}"
    return text[: match.start()] + marker + text[match.end() :], [match["name"]]


def _new_name(old: str, move: FolderMove) -> str:
    """A name for the constant of the target bucket, in the manner of the old one."""
    stem = bucket_pair(move)[1].replace("{env}", "")
    words = [word for word in re.split(r"[^A-Za-z0-9]+", stem) if word and word.lower() != "bucket"]
    lead = "_".join(words) or move.use_case
    tail = re.search(r"(?:GCS_)?BUCKET.*$", old, re.IGNORECASE)
    name = f"{lead}_{tail.group() if tail else old}"
    name = re.sub(r"\W", "_", name)
    private = "_" if old.startswith("_") else ""
    return private + (name.upper() if old.upper() == old else name.lower())


def finish_variables(edits: list[Edit]) -> list[Edit]:
    """The placeholder for a new environment variable, by the name of the constant that reads it."""
    result = []
    for edit in edits:
        match = re.match(r"\s*(?P<name>\w+)", edit.text)
        text = edit.text.replace("@@", match["name"].upper()) if match and "@@" in edit.text else edit.text
        result.append(Edit(edit.file, edit.start, edit.end, text))
    return result


def _module_name(sources: Sources, importer: str, defining: str) -> str:
    """How `importer` imports from `defining`: as it does already, else from its script root."""
    dotted = defining.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for match in re.finditer(r"^\s*from\s+(\.*[\w.]*)\s+import\b", sources.text(importer), re.MULTILINE):
        name = match[1].lstrip(".")
        if name and (dotted == name or dotted.endswith("." + name)):
            return match[1]
    root = script_root(importer).replace("/", ".")
    return dotted.removeprefix(root + ".") if root else dotted

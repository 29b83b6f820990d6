"""What an edit cannot know: who overrides a default, what a generator writes again, who else uses a name."""

import ast
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from analysis.references.patch.edits import Edit, Sources
from analysis.references.text import Piece, Use

_GENERATED = re.compile(
    r"@generated\b|\bdo not (?:edit|modify)\b|\b(?:auto-?|automatically )generated\b|\bgenerated (?:by|from)\b",
    re.IGNORECASE,
)
_HEAD = 10  # lines that may say so
_OVERRIDES = {
    "Variable.get": "the Airflow variable {name} overrides this default where it is set",
    "Variable.setdefault": "the Airflow variable {name} overrides this default where it is set",
    "Param": "a run's own parameters override this default",
    "environ.get": "the environment variable {name} overrides this default where it is set",
    "environ.setdefault": "the environment variable {name} overrides this default where it is set",
    "getenv": "the environment variable {name} overrides this default where it is set",
    "add_argument": "callers that pass {name} override this default",
    "option": "callers that pass {name} override this default",
    "Option": "callers of the command override this default",
    "Argument": "callers of the command override this default",
}
_BEFORE = (  # what stands before a literal, in languages without a syntax tree here
    (re.compile(r"\$\{(\w+):?-[^}\n]*$"), "the environment variable {name} overrides this default where it is set"),
    (
        re.compile(r"\benv_var\(\s*['\"](\w+)['\"]\s*,\s*['\"][^'\"\n]*$"),
        "the environment variable {name} is set there",
    ),
    (re.compile(r"\bvar\(\s*['\"](\w+)['\"]\s*,\s*['\"][^'\"\n]*$"), "the dbt variable {name} overrides this default"),
)
_TERRAFORM = re.compile(r'^(\w+)\s+"?(\w*)', re.MULTILINE)
_CREATE = re.compile(r"\bCREATE\b[^;]*?\bFUNCTION\s+(?:IF\s+NOT\s+EXISTS\s+)?([^\s(]+)", re.IGNORECASE)


def generated(text: str) -> bool:
    """Whether a file says at its head that a program writes it: an edit would be lost."""
    return bool(_GENERATED.search("\n".join(text.split("\n", _HEAD)[:_HEAD])))


def overridden(sources: Sources, edit: Edit) -> str:
    """Who may override the default that an edit changes; empty where nobody is known to."""
    if edit.file.endswith(".py"):
        return _python_default(sources, edit)
    before = sources.text(edit.file)[: edit.start]
    if edit.file.endswith(".tf"):
        blocks = list(_TERRAFORM.finditer(before))
        if blocks and blocks[-1][1] == "variable":
            return f"the Terraform variable {blocks[-1][2]} is overridden where a value is set (tfvars, -var)"
    for pattern, what in _BEFORE:
        if match := pattern.search(before):
            return what.format(name=match[1])
    return ""


def _python_default(sources: Sources, edit: Edit) -> str:
    for node in sources.around(edit.file, edit.start):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
            for call, what in _OVERRIDES.items():
                if name == call or name.endswith("." + call):
                    return what.format(name=ast.unparse(node.args[0]) if node.args else "")
        elif isinstance(node, ast.keyword) and node.arg == "params":
            return "a run's own parameters override this default"
        elif isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
            for field in node.body:
                inside = isinstance(field, ast.AnnAssign) and sources.holds(edit.file, field, edit.start)
                if inside and isinstance(field, ast.AnnAssign) and any("Settings" in base for base in bases):
                    name = ast.unparse(field.target).upper()
                    return f"the environment variable {name} overrides this default where it is set"
    return ""


def function_of(text: str, line: int) -> tuple[int, str]:
    """The line and the name of the CREATE FUNCTION that a line belongs to; the line itself, and no name, if unknown."""
    before = "\n".join(text.split("\n")[:line])
    found = list(_CREATE.finditer(before))
    if not found:
        return line, ""
    return before.count("\n", 0, found[-1].start()) + 1, "" if "{" in found[-1][1] else found[-1][1]


def used_elsewhere(sources: Sources, piece: Piece, known: AbstractSet[Use]) -> Iterator[tuple[str, int]]:
    """Where the code uses a constant for something that is no reference: a log line, a call that was not followed."""
    if piece.site is None or not piece.uses or not piece.uses[0].name.isupper():
        return
    name, home = piece.uses[0].name, piece.site.file
    traced = {(use.file, use.line) for use in known if use.name == name}
    for file in sources.checkout.of("python"):
        if name not in sources.text(file.path):
            continue
        nodes = list(ast.walk(sources.tree(file.path)))
        imported = any(isinstance(node, ast.alias) and node.name == name for node in nodes)
        if file.path != home and not imported:
            continue
        for node in nodes:
            read = isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
            if read and isinstance(node, ast.Name) and (file.path, node.lineno) not in traced:
                yield file.path, node.lineno

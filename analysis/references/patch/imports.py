"""Imports after names changed: a new name beside the old one, or in its place at the old one's last use."""

import libcst as cst
import libcst.helpers
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor

from analysis.references.patch.constants import Imports


def with_imports(source: str, imports: Imports) -> str:
    """The module with the imports it needs; formatting of everything else is kept."""
    tree = cst.parse_module(source)
    used = _Names()
    tree.visit(used)
    editor = _Editor(imports, used.names)
    tree = tree.visit(editor)
    context = CodemodContext()
    for module, name in sorted(imports.needed - editor.done):
        dots = len(module) - len(module.lstrip("."))
        AddImportsVisitor.add_needed_import(context, module.lstrip("."), name, relative=dots)
    return AddImportsVisitor(context).transform_module(tree).code


class _Names(cst.CSTVisitor):
    """Names that are used outside of imports."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_ImportFrom(self, _: cst.ImportFrom) -> bool:  # noqa: N802 - named by libcst
        return False

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - named by libcst
        self.names.add(node.value)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:  # noqa: N802 - named by libcst
        self.names.add(node.raw_value)  # a name in __all__ is used


class _Editor(cst.CSTTransformer):
    """Puts new names into the import that brought the old one."""

    def __init__(self, imports: Imports, used: set[str]) -> None:
        super().__init__()
        self._imports = imports
        self._used = used
        self.done: set[tuple[str, str]] = set()

    def leave_ImportFrom(  # noqa: N802 - named by libcst
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        module = _module(original_node)
        new = [name for needed, name in sorted(self._imports.needed) if needed == module]
        old = [alias for alias in updated_node.names if self._last_use(alias)]
        if not new and not old:
            return updated_node
        self.done |= {(module, name) for name in new}
        present = {_bound(alias) for alias in updated_node.names}
        added = [cst.ImportAlias(cst.Name(name)) for name in new if name not in present]
        names: list[cst.ImportAlias] = []
        for alias in updated_node.names:
            if alias in old:
                names.extend(added)
                added = []
            else:
                names.append(alias)
        # In the order of a sorted list, new names go where they belong.
        ordered = sorted(updated_node.names, key=_bound) == list(updated_node.names)
        names.extend(added)
        if not names:
            return cst.RemoveFromParent()
        return updated_node.with_changes(
            names=_separated(sorted(names, key=_bound) if ordered else names, updated_node)
        )

    def _last_use(self, alias: cst.ImportAlias) -> bool:
        return _bound(alias) in self._imports.doubtful and _bound(alias) not in self._used


def _separated(names: list[cst.ImportAlias], node: cst.ImportFrom) -> list[cst.ImportAlias]:
    """The names with the commas of the import they come from: its first one between, its last one at the end."""
    old = list(node.names) if not isinstance(node.names, cst.ImportStar) else []
    between = old[0].comma if len(old) > 1 else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    last = old[-1].comma if old else cst.MaybeSentinel.DEFAULT
    return [name.with_changes(comma=between if index < len(names) - 1 else last) for index, name in enumerate(names)]


def _bound(alias: cst.ImportAlias) -> str:
    name = alias.asname.name if alias.asname else alias.name
    return name.value if isinstance(name, cst.Name) else ""


def _module(node: cst.ImportFrom) -> str:
    dots = "." * len(node.relative)
    return dots + (cst.helpers.get_full_name_for_node(node.module) or "" if node.module else "")

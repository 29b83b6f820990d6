"""Where names live during a symbolic execution."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from analysis.references.model import Site
from analysis.references.python.values import Class, Function, Value, one_of


@dataclass(slots=True, eq=False)
class Module:
    """A source file being executed in one process."""

    file: str  # relative to the checkout
    tree: ast.Module
    name: str  # dotted, or __main__
    names: dict[str, Value] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    executed: bool = False
    version: int = 0  # counts what was stored in it, so that nothing read from it is taken for unchanged


@dataclass(slots=True, eq=False)
class Frame:
    """One activation: of a module, a class body or a function."""

    module: Module
    names: dict[str, Value]
    parent: "Frame | None" = None  # enclosing function, for closures
    function: Function | None = None
    calls: tuple[Site, ...] = ()  # how this activation was reached
    returned: list[Value] = field(default_factory=list)
    yielded: list[Value] = field(default_factory=list)
    own: "Value | None" = None  # self or cls
    globals_declared: set[str] = field(default_factory=set)
    again: bool = False  # executed once more, for what lies behind conditions that were decided

    def lookup(self, name: str) -> Value | None:
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.parent
        return self.module.names.get(name)

    def store(self, name: str, value: Value) -> None:
        if name in self.globals_declared:
            self.module.names[name] = value
            self.module.version += 1
            return
        self.names[name] = value
        if self.names is self.module.names:
            self.module.version += 1

    @contextmanager
    def assuming(self, names: dict[str, Value]) -> Iterator[None]:
        """The frame with some names standing for something else for a while."""
        before = {name: self.names.get(name) for name in names}
        self.names.update(names)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del self.names[name]
                else:
                    self.names[name] = value

    def site(self, node: ast.AST) -> Site:
        return Site(self.module.file, getattr(node, "lineno", 1))


def merge_names(base: dict[str, Value], outcomes: dict[int, dict[str, Value]], undecided: object) -> None:
    """What is known after one of several outcomes of `undecided`, put back into `base`; what one of them leaves in two
    names belongs together.
    """
    merged: dict[str, Value] = {}
    for key in dict.fromkeys(key for names in outcomes.values() for key in names):
        values = {number: names[key] for number, names in outcomes.items() if key in names}
        first = next(iter(values.values()))
        same = all(value is first for value in values.values())
        merged[key] = first if same else one_of(values, undecided)
    base.clear()
    base.update(merged)

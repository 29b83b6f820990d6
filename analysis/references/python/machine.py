"""One symbolic process: its modules, the calls between its functions, and the work it may still do.

Nothing of the checkout is ever imported or run: names are bound to values of `values.py`, and a call of a library ends
in the sink table. The work is counted in evaluated nodes, so that a scan gives up at the same place on every machine.
"""

import ast
import builtins
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from analysis.references import recording
from analysis.references.model import Site
from analysis.references.python import (
    argument_parsers,
    binding,
    callbacks,
    commandline,
    composed,
    environment,
    expressions,
    externals,
    fields,
    file_systems,
    handed_over,
    injected,
    interoperable,
    memory,
    methods,
    opened,
    parsing,
    second_look,
    statements,
    storage,
    templates,
    touches,
)
from analysis.references.python.attributes import class_member, decorator_words, external_base, path_of
from analysis.references.python.frames import Frame, Module
from analysis.references.python.values import (
    MAXIMUM_ITEMS,
    Arguments,
    Class,
    Constant,
    Either,
    External,
    Function,
    Instance,
    Items,
    Member,
    Method,
    ModuleValue,
    PathValue,
    Product,
    Table,
    Unknown,
    Value,
    alternatives,
    either,
)
from analysis.references.text import Text, hole

if TYPE_CHECKING:
    from analysis.references.program import Program

MAXIMUM_DEPTH = 24
MAXIMUM_RECURSION = 2
MAXIMUM_MADE = 2  # objects of one class that are kept for methods nobody called


class BudgetSpent(Exception):
    """The work allowed for one entry point is used up."""


@dataclass(slots=True, eq=False)
class Process:
    """How a script was started: its words after the script's name (None: not known), and its environment variables."""

    words: list[Text] | None = None
    environment: dict[str, Value] = field(default_factory=dict)
    options: dict[str, Value] = field(default_factory=dict)  # given by name, not as words


class Machine:
    """Executes modules of one script root symbolically."""

    builtin_names = frozenset(dir(builtins))
    loop_turns = 200

    def __init__(self, program: "Program", root: str, process: Process, workload: str = "") -> None:
        self.program = program
        self.root = root
        self.process = process
        self.workload = workload
        self.modules: dict[str, Module] = {}
        self.steps_left = 0
        self.dags: list[Product] = []
        self.instances: dict[int, Instance] = {}
        # Results of earlier calls; each keeps its function alive, whose identity is part of the key.
        self.remembered: dict[Hashable, tuple[Value, Function]] = {}
        self.writes: list[statements.Write] = []  # to attributes of objects, in the branch being executed
        # Attributes whose setting methods were run; each keeps its object alive, whose identity is part of the key.
        self.prepared: dict[tuple[int, str], Instance] = {}
        self.injected: dict[str, Value] = {}  # parameters that a library fills in by name
        self.handed_over: dict[tuple[str, str], Value] = {}  # by task and key, what it left for others
        self.task = ""  # whose callable is being executed
        self.commands: list[Function] = []  # click and typer commands, in order of definition

    @property
    def env(self) -> str | None:
        return self.program.env

    def step(self, frame: Frame, node: ast.AST) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise BudgetSpent(f"{frame.module.file}:{getattr(node, 'lineno', 1)}")

    def evaluate(self, node: ast.expr, frame: Frame) -> Value:
        return expressions.evaluate(self, node, frame)

    def assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        statements.assign(self, target, value, frame)

    # ---- modules

    def module(self, file: str, name: str) -> Module | None:
        """The module of a file, executed once per process; None where the file cannot be parsed."""
        if file in self.modules:
            return self.modules[file]
        tree = self.program.tree(file)
        if tree is None:
            return None
        module = Module(file, tree, name)
        self.modules[file] = module
        statements.execute(self, tree.body, Frame(module, module.names))
        module.executed = True
        second_look.remember_module(self, module)
        self.program.executed.add(file)
        return module

    def import_name(self, dotted: str, alias: str | None, frame: Frame) -> None:
        """`import a.b` or `import a.b as alias`."""
        head = dotted.partition(".")[0]
        for part in binding.parents(dotted):
            found = self._find(part, 0, frame)
            if found is None:
                frame.store(alias or head, External(dotted if alias else head))
                return
        target = found if alias else self._find(head, 0, frame)
        frame.store(alias or head, ModuleValue(target) if target else External(dotted if alias else head))

    def import_from(self, dotted: str, level: int, name: str, alias: str | None, frame: Frame) -> None:
        """`from dotted import name as alias`."""
        module = self._find(dotted, level, frame)
        if module is None:
            if name != "*":
                frame.store(alias or name, External(f"{dotted}.{name}" if dotted else name))
            return
        if name == "*":
            for key, value in list(module.names.items()):
                if not key.startswith("_"):
                    frame.store(key, value)
            return
        if name in module.names:
            frame.store(alias or name, module.names[name])
            return
        submodule = self._find(f"{dotted}.{name}" if dotted else name, level, frame)
        frame.store(alias or name, ModuleValue(submodule) if submodule else self._later(module, name))

    def _later(self, module: Module, name: str) -> Value:
        return Unknown(name) if module.executed else External(f"{module.name}.{name}")

    def _find(self, dotted: str, level: int, frame: Frame) -> Module | None:
        file = self.program.find_module(dotted, level, frame.module.file, self.root)
        return self.module(file, dotted) if file else None

    def module_attribute(self, module: Module, name: str) -> Value:
        if name in module.names:
            return module.names[name]
        file = self.program.submodule(module.file, name)
        found = self.module(file, f"{module.name}.{name}") if file else None
        return ModuleValue(found) if found else Unknown(name)

    def from_star(self, module: Module, name: str) -> Value | None:
        """Names that a frame does not hold: those that Python gives every module."""
        if name == "__file__":
            return PathValue(hole("__file__")).text
        if name == "__name__":
            from analysis.references.text import literal

            return literal(module.name)
        return None

    # ---- definitions

    def function_defined(self, function: Function) -> None:
        function.module.functions.append(function)

    def class_defined(self, cls: Class) -> None:
        cls.module.classes.append(cls)

    def decorator_names(self, function: Function) -> set[str]:
        return decorator_words(function)

    def decorated(self, function: Function, frame: Frame) -> Value:
        """What a name is bound to after its decorators; commands of click and typer are remembered."""
        commandline.register(self, function)
        injected.register(self, function, frame)
        return self.wrapped(function, function.decorators, frame)

    def wrapped(self, thing: Function | Class, decorators: Sequence[Value], frame: Frame) -> Value:
        """A function or class after the decorators that the checkout itself defines."""
        result: Value = thing
        for decorator in reversed(decorators):
            if isinstance(decorator, Function | Method):
                made = self.call(decorator, Arguments([result], {}, frame.site(thing.node)), frame, None)
                result = made if isinstance(made, Function | Class | Instance) else result
        return result

    # ---- calls

    def call(self, callee: Value, arguments: Arguments, frame: Frame, node: ast.Call | None) -> Value:
        """The value of a call; libraries meet the sink table."""
        if isinstance(callee, Either):
            return either([self.call(option, arguments, frame, node) for option in callee.options])
        if isinstance(callee, Function):
            special = commandline.call_command(self, callee, arguments, frame)
            if special is not None:
                return special
            return self.invoke(callee, arguments.positional, arguments.keywords, frame, arguments)
        if isinstance(callee, Method):
            return self.invoke(
                callee.function, [callee.owner, *arguments.positional], arguments.keywords, frame, arguments
            )
        if isinstance(callee, Class):
            return self.instantiate(callee, arguments, frame)
        if isinstance(callee, Instance):
            method = class_member(callee.cls, "__call__")
            if isinstance(method, Function):
                return self.invoke(method, [callee, *arguments.positional], arguments.keywords, frame, arguments)
        if isinstance(callee, Product) and callee.path == "functools.partial" and callee.arguments.positional:
            partly = callee.arguments
            given = [*partly.positional[1:], *arguments.positional]
            more = replace(arguments, positional=given, keywords={**partly.keywords, **arguments.keywords})
            return self.call(partly.positional[0], more, frame, node)
        return self._call_library(callee, arguments, frame)

    def _call_library(self, callee: Value, arguments: Arguments, frame: Frame) -> Value:
        known = self._known_library(callee, arguments, frame)
        if known is not None:
            return known
        path, arguments = self._constructed(callee, arguments) or (path_of(callee), arguments)
        path, arguments = binding.mapped(path, callee, arguments)
        returned = touches.library_call(self, path, callee, arguments, frame)
        mapped = self._hand_on(path, arguments, frame)
        if returned is not None:
            handed_over.hand_over(self, handed_over.task_of(arguments), handed_over.RETURNED, returned)
            return returned
        if mapped and path.rpartition(".")[2] in callbacks.MAPS:
            return Items(mapped, complete=False)
        if isinstance(callee, Member) and isinstance(callee.owner, Instance) and callee.name == "__init__":
            callee.owner.names.update(arguments.keywords)
        product = Product(path, arguments, callee=callee)
        if path.rpartition(".")[2] == "DAG":
            self.dags.append(product)
        return product

    def _constructed(self, callee: Value, arguments: Arguments) -> tuple[str, Arguments] | None:
        """`super().__init__(…)` of a class that extends a library's: that one, called where the object was made."""
        owner = callee.owner if isinstance(callee, Member) and callee.name == "__init__" else None
        if not isinstance(owner, Instance) or owner.made is None or not touches.is_operator(owner.cls):
            return None
        made = replace(arguments, site=owner.made.site, node=owner.made.node, lines=owner.made.lines)
        return external_base(owner.cls) or "__init__", made

    def _known_library(self, callee: Value, arguments: Arguments, frame: Frame) -> Value | None:
        """The result of a function or method that is modelled; None for all others."""
        if isinstance(callee, Product) and callee.path.endswith("typer.Typer"):
            return commandline.run_application(self, frame)
        if isinstance(callee, Product | Member) and (told := environment.read(self, callee, arguments)) is not None:
            return told
        if isinstance(callee, External):
            functions = (
                composed.call,
                externals.call,
                parsing.call,
                commandline.run_library,
                storage.construct,
                interoperable.construct,
                file_systems.construct,
            )
            return next((r for act in functions if (r := act(self, callee.path, arguments, frame)) is not None), None)
        if isinstance(callee, Member):
            touches.path_method(self, callee, arguments, frame)
            found = (act(self, callee, arguments, frame) for act in _METHODS)
            return next((result for result in found if result is not None), None)
        return None

    def _hand_on(self, path: str, arguments: Arguments, frame: Frame) -> list[Value]:
        """Functions handed to a library are called by it, with arguments we may know; what they return."""
        found: list[Value] = []
        for value in arguments.everything():
            found.extend(
                self._called_back(path, option, arguments, frame)
                for option in alternatives(value)
                if isinstance(option, Function | Method) and len(frame.calls) < MAXIMUM_DEPTH
            )
        return found

    def _called_back(self, path: str, callee: Function | Method, arguments: Arguments, frame: Frame) -> Value:
        positional, keywords = callbacks.callback_arguments(self, path, callee, arguments, frame)
        owner = [callee.owner] if isinstance(callee, Method) else []
        function = callee.function if isinstance(callee, Method) else callee
        before, self.task = self.task, handed_over.task_of(arguments) or self.task
        result = self.invoke(function, [*owner, *positional], keywords, frame, arguments)
        handed_over.hand_over(self, handed_over.task_of(arguments), handed_over.RETURNED, result)
        self.task = before
        return result

    def invoke(
        self,
        function: Function,
        positional: Sequence[Value],
        keywords: dict[str, Value],
        frame: Frame,
        arguments: Arguments | None,
    ) -> Value:
        """The value that a function of the checkout returns for these arguments."""
        self.program.called.add((function.module.file, function.node.lineno))
        site = arguments.site if arguments else Site(function.module.file, function.node.lineno)
        depth = len(frame.calls)
        if depth >= MAXIMUM_DEPTH or frame.calls.count(site) >= MAXIMUM_RECURSION:
            return Unknown(function.name)
        key = memory.key_of(self, function, positional, keywords, frame)
        if key is not None and key in self.remembered:
            return self.remembered[key][0]
        result = self.run(function, positional, keywords, frame, site)
        if key is not None and memory.worth_keeping(result):
            self.remembered[key] = (result, function)
        return result

    def run(
        self,
        function: Function,
        positional: Sequence[Value],
        keywords: dict[str, Value],
        frame: Frame,
        site: Site,
        *,
        again: bool = False,
    ) -> Value:
        """Execute a function's body; `again` once more, for what lies behind its decided conditions."""
        if not again:
            second_look.remember(self, function, positional, keywords, frame)
        given = [*function.bound, *positional]
        names = binding.bind(self, function, given, keywords)
        parent = function.closure
        inner = Frame(
            function.module,
            names,
            parent,
            function,
            (*frame.calls, site),
            own=given[0] if given else None,
            again=again,
        )
        if isinstance(function.node, ast.Lambda):
            return self.evaluate(function.node.body, inner)
        statements.execute(self, function.node.body, inner)
        if inner.yielded:
            return Items(inner.yielded[:MAXIMUM_ITEMS], complete=len(inner.yielded) <= MAXIMUM_ITEMS)
        return either(inner.returned) if inner.returned else Constant(None)

    def instantiate(self, cls: Class, arguments: Arguments, frame: Frame) -> Value:
        """A new object of a class of the checkout."""
        instance = Instance(cls, made=arguments)
        base = external_base(cls)
        last = base.rpartition(".")[2]
        if last.endswith("Enum") and arguments.positional:
            return arguments.positional[0]
        self.instances[id(cls)] = instance
        made = self.program.made.setdefault((cls.module.file, cls.node.lineno), [])
        if len(made) < MAXIMUM_MADE:
            made.append((self, instance))
        self.program.instantiated.add((cls.module.file, cls.node.lineno))
        constructor = class_member(cls, "__init__")
        if isinstance(constructor, Function):
            self.invoke(constructor, [instance, *arguments.positional], arguments.keywords, frame, arguments)
        else:
            fields.fill_fields(self, instance, arguments, frame)
            if base:
                touches.library_call(self, base, instance, arguments, frame)
                self._hand_on(base, arguments, frame)
        after = class_member(cls, "__post_init__")
        if isinstance(after, Function):
            self.invoke(after, [instance], {}, frame, arguments)
        touches.commands_of(self, cls.node.name, arguments, frame)
        for name in ("execute", "poke"):
            runs = class_member(cls, name)
            if isinstance(runs, Function) and touches.is_operator(cls):
                instance.names.update(
                    {key: value for key, value in arguments.keywords.items() if key not in instance.names}
                )
                self.invoke(runs, [instance, Unknown("context")], {}, frame, arguments)
        return instance

    def super_attribute(self, name: str, frame: Frame) -> Value:
        """`super().name` inside a method."""
        function = frame.function
        if function is None or function.owner is None or frame.own is None:
            return Unknown(name)
        for base in function.owner.bases:
            for option in alternatives(base):
                if isinstance(option, Class):
                    found = class_member(option, name)
                    if isinstance(found, Function):
                        return Method(found, frame.own)
                    if found is not None:
                        return found
        return Member(frame.own, name)

    # ---- what other modules ask for

    def iterate(self, value: Value, frame: Frame) -> tuple[list[Value], bool]:
        """What iterating over `value` yields, and whether that is all of it."""
        result: list[Value] = []
        complete = True
        for option in alternatives(value):
            values, all_of_it = self._iterate(option, frame)
            result.extend(values)
            complete = complete and all_of_it
        return result[:MAXIMUM_ITEMS], complete and len(result) <= MAXIMUM_ITEMS

    def _iterate(self, value: Value, frame: Frame) -> tuple[list[Value], bool]:
        if isinstance(value, Items):
            return value.values or ([] if value.complete else [Unknown()]), value.complete
        if isinstance(value, Table):
            keys = methods.table_keys(value)
            return keys.values or [Unknown()], keys.complete and bool(keys.values)
        if isinstance(value, Class) and external_base(value).endswith("Enum"):
            members: list[Value] = [
                entry
                for name, entry in value.names.items()
                if not name.startswith("_") and isinstance(entry, Text | Constant)
            ]
            return members, True
        if isinstance(value, Instance):
            method = class_member(value.cls, "__iter__")
            if isinstance(method, Function):
                return self.iterate(self.invoke(method, [value], {}, frame, None), frame)
        return [Unknown()], False

    def enter(self, value: Value, frame: Frame) -> Value:
        """What `with value as …` binds."""
        if isinstance(value, Instance):
            method = class_member(value.cls, "__enter__")
            if isinstance(method, Function):
                return self.invoke(method, [value], {}, frame, None)
        if isinstance(value, Items) and value.values:  # a context manager written as a generator
            return value.values[0]
        return value

    def attribute_set(self, owner: Value, name: str, value: Value, site: Site, frame: Frame) -> None:
        """`owner.name = value` on a library's object: a few of them name objects to read."""
        if name in ("source_uris", "sourceUris"):
            recording.addresses(self, "read", value, site, f"{path_of(owner).rpartition('.')[2]}.{name}", frame)
        elif name in ("destination_uris", "destinationUris"):
            recording.addresses(self, "write", value, site, f"{path_of(owner).rpartition('.')[2]}.{name}", frame)

    def item_set(self, owner: Value, key: Value, value: Value) -> None:
        """`os.environ[key] = value`."""
        if isinstance(owner, External) and owner.path == "os.environ" and isinstance(key, Text) and key.known:
            self.process.environment[key.flat] = value


_METHODS = (
    methods.call_method,
    callbacks.call_method,
    handed_over.call_method,
    injected.call_method,
    storage.call_method,
    interoperable.call_method,
    file_systems.call_method,
    argument_parsers.call_method,
    parsing.call_method,
    opened.call_method,
    templates.call_method,
)

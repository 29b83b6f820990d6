"""How scripts read the words they were started with: argparse, click, typer, fire, absl, sys.argv."""

import ast
from typing import TYPE_CHECKING

from analysis.references import environment
from analysis.references.attributes import class_member, path_of
from analysis.references.frames import Frame, Module
from analysis.references.text import HOLE, Text, literal
from analysis.references.values import (
    Arguments,
    Class,
    Constant,
    External,
    Function,
    Items,
    Member,
    Product,
    Table,
    Unknown,
    Value,
    as_text,
    either,
)

if TYPE_CHECKING:
    from analysis.references.machine import Machine

_COMMANDS = ("command", "callback", "group")


class Words:
    """Words of a command line as options and plain words."""

    def __init__(self, words: list[Text] | None, flags: frozenset[str] = frozenset()) -> None:
        self.known = words is not None
        self.options: dict[str, list[Text]] = {}
        self.plain: list[Text] = []
        rest = list(words or [])
        while rest:
            word = rest.pop(0)
            flat = word.flat
            if flat.startswith("-") and len(flat) > 1 and not flat.lstrip("-").replace(".", "").isdigit():
                name, equals, _ = flat.lstrip("-").partition("=")
                name = name.replace("-", "_")
                values = self.options.setdefault(name, [])
                if equals:
                    values.append(word.cut(flat.index("=") + 1))
                elif name not in flags:
                    while rest and not rest[0].flat.startswith("-"):
                        values.append(rest.pop(0))
                        if len(values) > 200:
                            break
            else:
                self.plain.append(word)

    def option(self, *names: str) -> list[Text] | None:
        for name in names:
            found = self.options.get(name.lstrip("-").replace("-", "_"))
            if found is not None:
                return found
        return None


def register(machine: "Machine", function: Function) -> None:
    """Remember a function that click or typer made a command."""
    if _is_command(function):
        machine.commands.append(function)


def _is_command(function: Function) -> bool:
    for decorator in function.decorators:
        path = path_of(decorator)
        if path.rpartition(".")[2] in _COMMANDS and (
            "click" in path or "yper" in path or "app." in path or "cli." in path or path.startswith("?")
        ):
            return True
        if (
            isinstance(decorator, Product | Member)
            and isinstance(_root(decorator), Function)
            and path.rpartition(".")[2] in _COMMANDS
        ):
            return True
    return False


def _root(value: Value) -> Value:
    while isinstance(value, Member):
        value = value.owner
    return value


def call_command(machine: "Machine", function: Function, arguments: Arguments, frame: Frame) -> Value | None:
    """Calling a command without arguments reads them from the command line."""
    if arguments.positional or arguments.keywords or not function.decorators or not _is_command(function):
        return None
    group = any(path_of(decorator).rpartition(".")[2] == "group" for decorator in function.decorators)
    run_commands(machine, [function] if not group else [function, *_others(machine, function)], frame, grouped=group)
    return Constant(None)


def _others(machine: "Machine", function: Function) -> list[Function]:
    return [command for command in machine.commands if command is not function]


def run_commands(machine: "Machine", commands: list[Function], frame: Frame, *, grouped: bool) -> None:
    """Run the command that the words name; every one where they name none."""
    words = list(machine.process.words) if machine.process.words is not None else None
    chosen = commands
    if words and (grouped or len(commands) > 1):
        for index, word in enumerate(words):
            named = [command for command in commands if word.flat.replace("-", "_") == command_name(command)]
            if named:
                chosen, words = named, words[:index] + words[index + 1 :]
                break
    for command in chosen:
        machine.invoke(command, [], _parameters(machine, command, words), frame, None)


def command_name(function: Function) -> str:
    for decorator in function.decorators:
        if isinstance(decorator, Product) and path_of(decorator).rpartition(".")[2] == "command":
            name = decorator.arguments.get("name", 0)
            if isinstance(name, Text):
                return name.flat.replace("-", "_")
    return function.name


def _parameters(machine: "Machine", function: Function, words: list[Text] | None) -> dict[str, Value]:
    """Values of a command's parameters, from click's decorators or from typer's annotations and names."""
    spec = function.node.args
    parameters = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
    declared = _click_options(function)
    flags = frozenset(
        parameter.arg
        for parameter in parameters
        if isinstance(parameter.annotation, ast.Name) and parameter.annotation.id == "bool"
    )
    given = Words(words, flags)
    plain = list(given.plain)
    result: dict[str, Value] = {}
    for parameter in parameters:
        name = parameter.arg
        names, default, positional = declared.get(name) or _typer_option(function, parameter)
        found = given.option(*names)
        if found:
            result[name] = found[0] if len(found) == 1 else Items(list[Value](found))
        elif positional and plain:
            result[name] = plain.pop(0)
        elif default is not None and default != Constant(None) and not _ellipsis(default):
            result[name] = default
        elif name in machine.process.options:
            result[name] = machine.process.options[name]
        elif default is not None and _ellipsis(default):
            result[name] = environment.known_name(machine, name) or Unknown(name)
    return result


def _ellipsis(value: Value) -> bool:
    return isinstance(value, Constant) and value.value is Ellipsis


def _click_options(function: Function) -> dict[str, tuple[list[str], Value | None, bool]]:
    result: dict[str, tuple[list[str], Value | None, bool]] = {}
    for decorator in function.decorators:
        if not isinstance(decorator, Product):
            continue
        kind = path_of(decorator).rpartition(".")[2]
        if kind not in ("option", "argument"):
            continue
        names = [as_text(value).flat for value in decorator.arguments.positional]
        own = [name for name in names if not name.startswith("-")]
        longest = max((name.partition("/")[0] for name in names), key=len, default="")
        parameter = own[0] if own else longest.lstrip("-").replace("-", "_")
        default = decorator.arguments.get("default")
        result[parameter.lower()] = ([*names, parameter], default, kind == "argument")
    return result


def _typer_option(function: Function, parameter: ast.arg) -> tuple[list[str], Value | None, bool]:
    default = function.defaults.get(parameter.arg)
    names = [parameter.arg]
    positional = default is None
    if isinstance(default, Product) and default.path.rpartition(".")[2] in ("Option", "Argument"):
        names.extend(as_text(value).flat for value in default.arguments.positional[1:])
        positional = default.path.endswith("Argument")
        default = default.arguments.get("default", 0)
    elif isinstance(parameter.annotation, ast.Subscript):
        source = ast.unparse(parameter.annotation)
        positional = "Argument(" in source or (default is None and "Option(" not in source)
        names.extend(
            node.value
            for node in ast.walk(parameter.annotation)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("-")
        )
    return names, default, positional


def parameter_value(machine: "Machine", function: Function, parameter: ast.arg, default: Value | None) -> Value:
    """What a parameter that was not passed stands for."""
    if isinstance(default, Product) and default.path.rpartition(".")[2] in (
        "Option",
        "Argument",
        "Depends",
        "Body",
        "Query",
    ):
        default = default.arguments.get("default", 0)
    if default is not None and not _ellipsis(default):
        env = environment.known_name(machine, parameter.arg)
        return env if env is not None and isinstance(default, Text) else default
    del function
    return environment.known_name(machine, parameter.arg) or Unknown(parameter.arg)


# ---- argparse, typer.run, fire, absl, sys.argv


def call_method(machine: "Machine", callee: Member, arguments: Arguments) -> Value | None:
    """Methods of parsers and of typer applications; None for anything else."""
    owner = callee.owner
    if isinstance(owner, Product) and _is_parser(owner):
        return _parser_method(machine, owner, callee.name, arguments)
    return None


def _is_parser(product: Product) -> bool:
    last = product.path.rpartition(".")[2]
    return last in (
        "ArgumentParser",
        "add_parser",
        "add_argument_group",
        "add_mutually_exclusive_group",
        "add_subparsers",
        "ArgParser",
        "_AddArgument",
        "OptionParser",
        "parser",
        "PipelineArgumentParser",
    )


def _parser_method(machine: "Machine", parser: Product, name: str, arguments: Arguments) -> Value | None:
    if name in ("add_argument", "add_value_provider_argument", "add_option", "add_arg", "add"):
        _declared(parser).append(arguments)
        return Constant(None)
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        group = Product(f"{parser.path}.{name}", arguments)
        group.names["__parser__"] = parser
        return group
    if name == "add_subparsers":
        group = Product(f"{parser.path}.{name}", arguments)
        group.names["__parser__"] = parser
        return group
    if name == "add_parser":
        child = Product(f"{parser.path}.{name}", arguments)
        children = _top(parser).names.setdefault("__children__", Items([]))
        if isinstance(children, Items):
            children.values.append(child)
        return child
    if name == "set_defaults":
        _top(parser).names["__defaults__"] = Table(dict(arguments.keywords))
        parser.names["__own_defaults__"] = Table(dict(arguments.keywords))
        return Constant(None)
    if name in ("parse_args", "parse_known_args", "parse_known_intermixed_args"):
        namespace = _namespace(machine, parser, arguments)
        return Items([namespace, Items([], complete=False)]) if "known" in name else namespace
    return None


def _declared(parser: Product) -> list[Arguments]:
    parent = parser.names.get("__parser__")
    if isinstance(parent, Product) and not parser.path.endswith("add_parser"):
        return _declared(parent)
    holder = parser.names.get("__declared__")
    if not isinstance(holder, Items):
        holder = parser.names["__declared__"] = Items([])
    return _ArgumentList(holder)


class _ArgumentList(list[Arguments]):
    """Declarations kept inside a value of the parser, so that they live and die with it."""

    def __init__(self, holder: Items) -> None:
        super().__init__(value.arguments for value in holder.values if isinstance(value, Product))
        self._holder = holder

    def append(self, arguments: Arguments) -> None:
        self._holder.values.append(Product("argparse.argument", arguments))
        super().append(arguments)


def _top(parser: Product) -> Product:
    parent = parser.names.get("__parser__")
    return _top(parent) if isinstance(parent, Product) else parser


def _namespace(machine: "Machine", parser: Product, arguments: Arguments) -> Product:
    result = Product("argparse.Namespace", arguments)
    words = machine.process.words
    passed = arguments.get("args", 0)
    if isinstance(passed, Items) and passed.complete:
        words = [as_text(word) for word in passed.values]
    defaults = _top(parser).names.get("__defaults__")
    if isinstance(defaults, Table):
        result.names.update({str(key): value for key, value in defaults.entries.items()})
    children = parser.names.get("__children__")
    declared = list(_declared(parser))
    if isinstance(children, Items):
        declared.extend(_chosen(children, words, result))
        if words is not None:
            names = {_command_word(child) for child in children.values if isinstance(child, Product)}
            words = [word for word in words if word.flat not in names]
    flags = frozenset(
        _dest(one) for one in declared if as_text(one.get("action") or literal("")).flat.startswith("store_")
    )
    given = Words(words, flags)
    plain = list(given.plain)
    for one in declared:
        _fill(machine, result, one, given, plain)
    return result


def _command_word(child: Product) -> str:
    return as_text(child.arguments.get("name", 0) or Unknown()).flat


def _chosen(children: Items, words: list[Text] | None, result: Product) -> list[Arguments]:
    options = [child for child in children.values if isinstance(child, Product)]
    spoken = {word.flat for word in words or []}
    chosen = [child for child in options if _command_word(child) in spoken] or options
    result.names["command"] = either([as_text(child.arguments.get("name", 0) or Unknown()) for child in chosen])
    for child in chosen:
        own = child.names.get("__own_defaults__")
        if isinstance(own, Table):
            for key, value in own.entries.items():
                earlier = result.names.get(str(key)) if len(chosen) > 1 and child is not chosen[0] else None
                result.names[str(key)] = either([earlier, value]) if earlier is not None else value
    return [one for child in chosen for one in _declared(child)]


def _dest(one: Arguments) -> str:
    dest = one.get("dest")
    if dest is not None:
        return as_text(dest).flat
    names = [as_text(value).flat for value in one.positional]
    long = [name for name in names if name.startswith("--")] or names
    return long[0].lstrip("-").replace("-", "_") if long else ""


def _fill(machine: "Machine", result: Product, one: Arguments, given: Words, plain: list[Text]) -> None:
    dest = _dest(one)
    names = [as_text(value).flat for value in one.positional]
    action = as_text(one.get("action") or literal("")).flat
    many = as_text(one.get("nargs") or literal("")).flat in ("+", "*") or action == "append"
    if names and not names[0].startswith("-"):
        found: list[Text] | None = list(plain) if many else plain[:1]
        del plain[: len(found or [])]
    else:
        found = given.option(*names)
    if found:
        values = [_converted(machine, one, word, dest) for word in found]
        result.names[dest] = Items(values) if many else values[0]
    elif dest in machine.process.options:
        result.names[dest] = machine.process.options[dest]
    elif action in ("store_true", "store_false"):
        result.names[dest] = Constant((found is not None) is (action == "store_true")) if given.known else Unknown(dest)
    else:
        result.names[dest] = _missing(machine, dest, one.get("default"))


def _missing(machine: "Machine", dest: str, default: Value | None) -> Value:
    env = environment.known_name(machine, dest)
    if env is not None:
        return env
    return Unknown(dest) if default is None or default == Constant(None) else default


def _converted(machine: "Machine", one: Arguments, word: Text, dest: str) -> Value:
    """A word of the command line through its `type=`; an unknown word for the environment is the one of the scan."""
    if word.flat == HOLE and (env := environment.known_name(machine, dest)) is not None:
        return env
    kind = one.get("type")
    if isinstance(kind, External | Function) and path_of(kind) not in (
        "builtins.str",
        "builtins.int",
        "builtins.float",
    ):
        frame = Frame(Module(one.site.file, ast.Module([], []), "argparse"), {})
        found = machine.call(kind, Arguments([word], {}, one.site), frame, None)
        return word if isinstance(found, Product | Unknown) else found
    return word


def run_library(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> Value | None:
    """`typer.run(f)`, `fire.Fire(x)`, `app.run(main)`; None for any other name."""
    last = path.rpartition(".")[2]
    first = arguments.positional[0] if arguments.positional else arguments.get("component")
    if path == "typer.run" and isinstance(first, Function):
        run_commands(machine, [first], frame, grouped=False)
        return Constant(None)
    if last == "Fire" and path.startswith("fire"):
        _fire(machine, first, frame)
        return Constant(None)
    if path == "typer.Typer" and machine.commands and not arguments.positional:
        return None
    if path == "absl.app.run" and isinstance(first, Function):
        machine.invoke(first, [Items(list[Value](machine.process.words or []))], {}, frame, arguments)
        return Constant(None)
    if path.startswith("absl.flags.DEFINE_"):
        return _absl_flag(machine, arguments)
    return None


def run_application(machine: "Machine", frame: Frame) -> Value:
    """`app()` of a typer application: its commands."""
    run_commands(machine, list(machine.commands), frame, grouped=len(machine.commands) > 1)
    return Constant(None)


def _absl_flag(machine: "Machine", arguments: Arguments) -> Value:
    name = as_text(arguments.get("name", 0) or Unknown()).flat
    found = Words(machine.process.words).option(name)
    default = arguments.get("default", 1)
    value: Value = (
        found[0] if found else default if default is not None and default != Constant(None) else Unknown(name)
    )
    machine.process.options[name] = value
    flag = Product("absl.flags.Flag", arguments)
    flag.names["value"] = value
    return flag


def _fire(machine: "Machine", target: Value | None, frame: Frame) -> None:
    words = list(machine.process.words or [])
    if target is None:
        functions = {function.name: function for function in frame.module.functions if function.owner is None}
        target = Table(dict(functions))
    if isinstance(target, Table):
        named = [
            value
            for key, value in target.entries.items()
            if words and str(key).replace("-", "_") == words[0].flat.replace("-", "_")
        ]
        for value in named or list(target.entries.values()):
            _fire_one(machine, value, words[1:] if named else words, frame)
        return
    _fire_one(machine, target, words, frame)


def _fire_one(machine: "Machine", target: Value, words: list[Text], frame: Frame) -> None:
    known = words if machine.process.words is not None else None
    if isinstance(target, Function):
        machine.invoke(target, [], _parameters(machine, target, known), frame, None)
    elif isinstance(target, Class):
        constructor = class_member(target, "__init__")
        keywords = {}
        if isinstance(constructor, Function):
            keywords = _parameters(machine, constructor, known)
            keywords.pop("self", None)
        site = frame.site(target.node)
        instance = machine.instantiate(target, Arguments([], keywords, site), frame)
        named = [target.names.get(word.flat.replace("-", "_")) for word in words]
        methods = [value for value in named if isinstance(value, Function)]
        for method in methods:
            parameters = _parameters(machine, method, known)
            parameters.pop("self", None)
            machine.invoke(method, [instance], parameters, frame, None)


__all__ = [
    "External",
    "Words",
    "call_command",
    "call_method",
    "parameter_value",
    "register",
    "run_application",
    "run_commands",
    "run_library",
]

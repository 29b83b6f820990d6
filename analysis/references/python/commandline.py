"""How scripts read the words they were started with: argparse, click, typer, fire, absl, sys.argv."""

import ast
from typing import TYPE_CHECKING

from analysis.references.python import environment, injected
from analysis.references.python.attributes import class_member, path_of
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Class,
    Constant,
    Function,
    Items,
    Member,
    Product,
    Table,
    Unknown,
    Value,
    as_text,
)
from analysis.references.shells.words import Words
from analysis.references.text import Text

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_COMMANDS = ("command", "callback", "group")


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
    if (filled := injected.parameter(machine, function, parameter.arg)) is not None:
        return filled
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
    return environment.known_name(machine, parameter.arg) or Unknown(parameter.arg)


# ---- argparse, typer.run, fire, absl, sys.argv


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
    if "flags.DEFINE_" in path:  # absl's, and those of TensorFlow before it
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

"""argparse and what looks like it: declared options, and the namespace that a command line fills."""

import ast
from typing import TYPE_CHECKING

from analysis.references.python import environment
from analysis.references.python.attributes import path_of
from analysis.references.python.frames import Frame, Module
from analysis.references.python.values import (
    Arguments,
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
from analysis.references.shells.words import Words
from analysis.references.text import HOLE, Text, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine


def call_method(machine: "Machine", callee: Member, arguments: Arguments, _: Frame) -> Value | None:
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
        _top(parser).names["__dest__"] = arguments.get("dest") or literal("command")
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
        declared.extend(_chosen(parser, children, words, result))
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


def _chosen(parser: Product, children: Items, words: list[Text] | None, result: Product) -> list[Arguments]:
    options = [child for child in children.values if isinstance(child, Product)]
    spoken = {word.flat for word in words or []}
    chosen = [child for child in options if _command_word(child) in spoken] or options
    result.names[as_text(_top(parser).names.get("__dest__") or literal("command")).flat] = either(
        [as_text(child.arguments.get("name", 0) or Unknown()) for child in chosen]
    )
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

"""Configuration that hydra and OmegaConf compose of YAML files of the checkout, their `${…}` filled in."""

import re
from typing import TYPE_CHECKING

from analysis.references.formats import structured
from analysis.references.python import environment, opened
from analysis.references.python.attributes import path_of
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Constant,
    Function,
    Items,
    Product,
    Table,
    Unknown,
    Value,
    as_text,
    texts,
)
from analysis.references.text import Text, hole, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_FILLED = re.compile(r"\$\{(?:(?P<resolver>[\w.]+):(?P<words>[^${}]*)|(?P<path>[\w.\-\[\]]+))\}")
MAXIMUM_DEPTH = 12
_OVERRIDE = re.compile(r"\+{0,2}(?P<path>[\w.]+)=(?P<value>.*)", re.DOTALL)


def call(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> Value | None:
    """The result of a function of hydra or OmegaConf; None for any other."""
    name = path.rpartition(".")[2]
    first = arguments.positional[0] if arguments.positional else None
    if path.startswith("hydra") and name == "compose":
        return _read(machine, "", arguments.get("config_name", 0), frame.module.file)
    if path.startswith("hydra") and name in ("instantiate", "call") and isinstance(first, Table):
        return _instantiate(machine, first, arguments, frame)
    if name == "Dynaconf":
        return _dynamic(machine, arguments, frame)
    if "OmegaConf" not in path:
        return None
    if name == "load":
        loaded = opened.load(machine, arguments, frame)
        return filled(machine, loaded) if isinstance(loaded, Table) else loaded
    if name in ("create", "to_container", "structured", "to_object"):
        return first if first is not None else Table({})
    if name in ("merge", "unsafe_merge"):
        tables = [value for value in arguments.positional if isinstance(value, Table)]
        return filled(machine, _merged(*tables))
    return None


def _dynamic(machine: "Machine", arguments: Arguments, frame: Frame) -> Value | None:
    """`Dynaconf(settings_files=[…])`: the section of the environment over the default one, keys in either case."""
    parts: list[Table] = []
    for name in texts(arguments.get("settings_files") or arguments.get("settings_file")):
        path = structured.opened(machine.program, name, frame.module.file)
        table = structured.load(machine.program, path) if path else None
        if isinstance(table, Table):
            sections = [table, table.entries.get("default"), table.entries.get(machine.env or "")]
            parts.extend(section for section in sections if isinstance(section, Table))
    merged = _merged(*parts)
    return Table({spelt: value for key, value in merged.entries.items() for spelt in (str(key), str(key).upper())})


def parameter(machine: "Machine", function: Function) -> Value | None:
    """What `@hydra.main(config_path=…, config_name=…)` hands to a function; None where it is no such function."""
    for decorator in function.decorators:
        if isinstance(decorator, Product) and path_of(decorator) == "hydra.main":
            folder = as_text(decorator.arguments.get("config_path", 0) or literal("."))
            name = decorator.arguments.get("config_name", 1)
            return _read(machine, folder.flat, name, function.module.file)
    return None


def _read(machine: "Machine", folder: str, name: Value | None, importer: str) -> Value | None:
    stem = as_text(name or literal("config")).flat.removesuffix(".yaml")
    tail = f"{folder.lstrip('./')}/{stem}.yaml".lstrip("/")
    path = machine.program.nearest(tail, importer)
    table = structured.load(machine.program, path) if path else None
    if path is None or not isinstance(table, Table):
        return None
    composed = _composed(machine, path.rpartition("/")[0], table, 0)
    for word in machine.process.words or ():
        match = _OVERRIDE.fullmatch(word.flat)
        if match:
            _put(composed, match["path"].split("."), word.cut(match.start("value")))
    return filled(machine, composed)


def _composed(machine: "Machine", folder: str, table: Table, depth: int) -> Table:
    """A file with those that its list of defaults names, each below the name of its group."""
    defaults = table.entries.get("defaults")
    own = Table({key: value for key, value in table.entries.items() if key != "defaults"})
    if not isinstance(defaults, Items) or depth > MAXIMUM_DEPTH:
        return own
    parts: list[Table] = []
    for default in defaults.values:
        pairs = default.entries.items() if isinstance(default, Table) else [("", default)]
        for key, value in pairs:
            group = str(key).rpartition(" ")[2]  # after `override` and `optional`
            name = as_text(value).flat.removesuffix(".yaml")
            path = "/".join(part for part in (folder, group, f"{name}.yaml") if part)
            inner = structured.load(machine.program, path) if path in machine.program.checkout.files else None
            if isinstance(inner, Table):
                below = _composed(machine, path.rpartition("/")[0], inner, depth + 1)
                everywhere = "@package _global_" in machine.program.checkout.text(path)[:200]
                parts.append(_nested(group.split("/"), below) if group and not everywhere else below)
    return _merged(*parts, own)


def _nested(keys: list[str], table: Table) -> Table:
    for key in reversed(keys):
        table = Table({key: table})
    return table


def _merged(*tables: Table) -> Table:
    """Later tables over earlier ones, entry by entry."""
    result = Table({})
    for table in tables:
        for key, value in table.entries.items():
            known = result.entries.get(key)
            both = isinstance(known, Table) and isinstance(value, Table)
            result.entries[key] = _merged(known, value) if both else value  # type: ignore[arg-type]
        result.others.extend(table.others)
    return result


def _put(table: Table, keys: list[str], value: Text) -> None:
    for key in keys[:-1]:
        inner = table.entries.setdefault(key, Table({}))
        if not isinstance(inner, Table):
            return
        table = inner
    table.entries[keys[-1]] = value


def filled(machine: "Machine", root: Table) -> Table:
    """A table whose strings have their `${…}` replaced by what they name."""
    result = _filled(machine, root, root, 0)
    return result if isinstance(result, Table) else root


def _filled(machine: "Machine", value: Value, root: Table, depth: int) -> Value:
    if depth > MAXIMUM_DEPTH:
        return value
    if isinstance(value, Table):
        entries = {key: _filled(machine, entry, root, depth + 1) for key, entry in value.entries.items()}
        return Table(entries, value.others, value.fallback)
    if isinstance(value, Items):
        return Items([_filled(machine, entry, root, depth + 1) for entry in value.values], value.complete)
    if not isinstance(value, Text) or "${" not in value.flat:
        return value
    spans = []
    for match in _FILLED.finditer(value.flat):
        named = _named(machine, match, root, depth)
        if match.span() == (0, len(value.flat)):
            return named
        spans.append((*match.span(), as_text(named)))
    return value.replace_spans(spans)


def _named(machine: "Machine", match: re.Match[str], root: Table, depth: int) -> Value:
    if match["resolver"]:
        name, _, default = match["words"].partition(",")
        if not match["resolver"].endswith("env"):
            return hole(match["resolver"])
        return environment.variable(machine, literal(name.strip()), literal(default.strip()) if default else None)
    found: Value = root
    for key in match["path"].split("."):
        found = found.entries.get(key, Unknown(key)) if isinstance(found, Table) else Unknown(key)
    if isinstance(found, Unknown | Constant):
        return hole(match["path"]) if isinstance(found, Unknown) else as_text(found)
    return _filled(machine, found, root, depth + 1)


def _instantiate(machine: "Machine", table: Table, arguments: Arguments, frame: Frame) -> Value | None:
    """`instantiate(cfg.loader, **more)`: the class or function that `_target_` names, called with the other entries."""
    target = as_text(table.entries.get("_target_", Unknown()))
    module, _, name = target.flat.rpartition(".")
    if not target.known or not module:
        return None
    found = Frame(frame.module, {}, calls=frame.calls)
    machine.import_from(module, 0, name, None, found)
    entries = {str(key): value for key, value in table.entries.items() if not str(key).startswith("_")}
    given = Arguments(arguments.positional[1:], {**entries, **arguments.keywords}, arguments.site)
    return machine.call(found.names[name], given, frame, None)

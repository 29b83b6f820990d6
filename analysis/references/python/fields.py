"""Fields of dataclasses, pydantic models, settings classes and named tuples."""

from typing import TYPE_CHECKING

from analysis.references.python import environment, externals
from analysis.references.python.attributes import class_member, external_base
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Class,
    External,
    Function,
    Instance,
    Product,
    Table,
    Unknown,
    Value,
    alternatives,
)
from analysis.references.text import Text, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine


def fill_fields(machine: "Machine", instance: Instance, arguments: Arguments, frame: Frame) -> None:
    """Fields of a dataclass, a pydantic model, a settings class or a NamedTuple."""
    import ast

    cls = instance.cls
    settings = external_base(cls).endswith("Settings")
    before = _prefix(cls) if settings else ""
    fields = _fields(cls)
    for name, value in zip(fields, arguments.positional, strict=False):
        instance.names[name] = value
    for name in fields:
        if name in arguments.keywords or name in instance.names:
            continue
        default = class_member(cls, name)
        if isinstance(default, Product) and _declares(default):
            default = _field_default(machine, default, frame)
        if settings:
            instance.names[name] = environment.variable(machine, literal((before + name).upper()), default)
        elif default is not None:
            instance.names[name] = default
        else:
            instance.names[name] = environment.known_name(machine, name) or Unknown(name)
    instance.names.update(arguments.keywords)
    del ast


def _prefix(cls: Class) -> str:
    """What the variables of a settings class begin with: `env_prefix` of its `model_config` or inner `Config`."""
    config = class_member(cls, "model_config") or class_member(cls, "Config")
    if isinstance(config, Product):
        config = Table(dict(config.arguments.keywords))
    names = config.entries if isinstance(config, Table) else config.names if isinstance(config, Class) else {}
    found = names.get("env_prefix")
    return found.flat if isinstance(found, Text) and found.known else ""


def _declares(product: Product) -> bool:
    """Whether a class attribute's value only describes the attribute."""
    last = product.path.rpartition(".")[2]
    return last in ("Field", "field", "attrib", "ib") or (last.endswith("Parameter") and "luigi" in product.path)


def _field_default(machine: "Machine", field: Product, frame: Frame) -> Value | None:
    default = field.arguments.get("default", 0)
    factory = field.arguments.get("default_factory")
    if isinstance(factory, Function):
        return machine.invoke(factory, [], {}, frame, field.arguments)
    if isinstance(factory, External):
        return externals.call(machine, factory.path, Arguments([], {}, field.arguments.site), frame)
    name = field.arguments.get("env") or field.arguments.get("alias") or field.arguments.get("validation_alias")
    if isinstance(name, Text):
        return environment.variable(machine, name, default)
    return default


def _fields(cls: Class) -> list[str]:
    import ast

    names: list[str] = []
    for base in cls.bases:
        for option in alternatives(base):
            if isinstance(option, Class):
                names.extend(_fields(option))
    names.extend(
        statement.target.id
        for statement in cls.node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    )
    names.extend(name for name, value in cls.names.items() if isinstance(value, Product) and _declares(value))
    return list(dict.fromkeys(names))

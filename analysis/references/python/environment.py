"""What the surroundings of a process tell it: environment variables, and the name of the environment itself."""

import re
from typing import TYPE_CHECKING

from analysis.references.python.values import (
    Arguments,
    Constant,
    Items,
    Member,
    Product,
    Unknown,
    Value,
    alternatives,
    either,
)
from analysis.references.text import HOLE, Piece, Text

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_ENVIRONMENT_NAME = re.compile(
    r"^(?:[a-z0-9]+_)*?(?:env|environment|stage|deployment_environment|deploy_env)(?:_(?:short|long|code|suffix|id|type))?(?:_name)?$",
    re.IGNORECASE,
)
_NOT_THE_ENVIRONMENT = re.compile(r"virtual|conda|python|venv|_os_", re.IGNORECASE)

_LEFT_OPEN = (Constant(None), Text())  # defaults of a variable that is to be set by whoever runs the process

# readers of the environment: objects that are called, or whose `str` is, with a variable's name
_READERS = (
    "environ.Env",
    "environ.FileAwareEnv",
    "environs.Env",
    "environs.EnvParser",
    "decouple.Config",
    "decouple.AutoConfig",
    "starlette.config.Config",
)
_CONVERTED = ("str", "url", "path", "get_value", "__call__", "get")


def names_environment(name: str) -> bool:
    """Whether a variable, parameter or option of this name holds the name of the environment (dev, prod …)."""
    return bool(_ENVIRONMENT_NAME.match(name.replace("-", "_"))) and not _NOT_THE_ENVIRONMENT.search(name)


def current(env: str | None) -> Text | None:
    """The environment's name as a value that compares equal to its synonyms."""
    return Text((Piece(env, environment=True),)) if env else None


def known_name(machine: "Machine", name: str) -> Value | None:
    """The environment's name where `name` asks for it."""
    return current(machine.env) if name and names_environment(name) else None


def variable(machine: "Machine", key: Value, default: Value | None) -> Value:
    """An environment variable: what the process was started with, else the environment's name, what the checkout's
    deployment files set, the default, or a hole with the variable's name.
    """
    found = [_variable(machine, option, default) for option in alternatives(key)]
    return either(found)


def _variable(machine: "Machine", key: Value, default: Value | None) -> Value:
    name = key.flat if isinstance(key, Text) and key.known else ""
    if name in machine.process.environment:
        return machine.process.environment[name]
    if (env := known_name(machine, name)) is not None:
        return env
    deployed = machine.program.deployed.get(name)
    if deployed is not None:
        return deployed
    if default is not None and not isinstance(default, Unknown) and default not in _LEFT_OPEN:
        return default
    return Unknown(name)


def read(machine: "Machine", callee: Value, arguments: Arguments) -> Value | None:
    """`env("BUCKET", default="lake")` and `env.str("BUCKET", "lake")` of a reader of the environment; else None."""
    reader = callee.owner if isinstance(callee, Member) and callee.name in _CONVERTED else callee
    if not isinstance(reader, Product) or not reader.path.endswith(_READERS) or not arguments.positional:
        return None
    key, *rest = arguments.positional
    given = next((value for value in rest if isinstance(value, Text)), None)
    default = arguments.get("default") or given
    if default is None and isinstance(key, Text) and isinstance(scheme := reader.arguments.get(key.flat), Items):
        default = scheme.values[-1] if scheme.values else None  # `Env(BUCKET=(str, "lake"))`
    return variable(machine, key, default)


def settle(text: Text, env: str | None) -> Text:
    """Placeholders left in a string, `{env}` and `${ENV}`: the environment's name, or a hole for anything else."""
    flat = text.flat
    if "{" not in flat and "$" not in flat:
        return text
    spans = []
    for match in _PLACEHOLDER.finditer(flat):
        name = match["name"] or match["shell"] or match["word"] or ""
        here = current(env) if names_environment(name) else None
        spans.append((match.start(), match.end(), here or Text((Piece(HOLE, label=name),))))
    return text.replace_spans(spans) if spans else text


_PLACEHOLDER = re.compile(
    r"\$\{(?P<shell>\w+)(?::?[-=?+][^}]*)?\}|\$(?P<word>[A-Za-z_]\w*)|\$\([^)]*\)|\{\{.{0,300}?\}\}|\{%.{0,300}?%\}|\{(?P<name>[^{}/]*)\}"
)

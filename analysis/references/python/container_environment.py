"""Environment variables that a call hands to what it starts."""

from analysis.references.python.values import (
    Arguments,
    Items,
    Product,
    Table,
    Value,
    alternatives,
    as_text,
)


def handed_on(arguments: Arguments) -> dict[str, Value]:
    """Environment variables that a call hands to what it starts: a dict, or a list of name and value pairs."""
    found: dict[str, Value] = {}
    for key in ("env", "env_vars", "environment", "envs", "environment_variables", "env_variables", "variables"):
        for option in alternatives(value) if (value := arguments.get(key)) is not None else ():
            found.update(_pairs(option))
    for key in ("overrides", "container_overrides", "job", "pod_override", "full_pod_spec", "body"):
        value = arguments.get(key)
        if value is not None:
            found.update(_deep_pairs(value, 0))
    return found


def _deep_pairs(value: Value, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for option in alternatives(value):
        if isinstance(option, Table) and depth < 8:
            for key, inner in option.entries.items():
                found.update(_pairs(inner) if key in ("env", "environment") else _deep_pairs(inner, depth + 1))
        elif isinstance(option, Items) and depth < 8:
            for inner in option.values:
                found.update(_deep_pairs(inner, depth + 1))
        elif isinstance(option, Product) and depth < 8:
            for key, inner in option.arguments.keywords.items():
                found.update(_pairs(inner) if key == "env" else _deep_pairs(inner, depth + 1))
    return found


def _pairs(value: Value) -> dict[str, Value]:
    if isinstance(value, Table):
        return {key: entry for key, entry in value.entries.items() if isinstance(key, str)}
    found: dict[str, Value] = {}
    for item in value.values if isinstance(value, Items) else []:
        name, entry = _pair(item)
        if name is not None and entry is not None:
            found[name] = entry
    return found


def _pair(item: Value) -> tuple[str | None, Value | None]:
    get = item.entries.get if isinstance(item, Table) else item.arguments.get if isinstance(item, Product) else None
    if get is None:
        return None, None
    name, value = get("name"), get("value")
    if isinstance(item, Product):  # V1EnvVar("NAME", "value")
        name, value = item.arguments.get("name", 0), item.arguments.get("value", 1)
    return (as_text(name).flat if name is not None else None), value

"""Operators and comparisons on symbolic values: joining, formatting, and what is true."""

import ast
import re
from collections.abc import Callable, Sequence
from itertools import islice, product
from math import prod

from analysis.references.python.values import (
    LEFT_OUT,
    MAXIMUM_ALTERNATIVES,
    Constant,
    Either,
    Items,
    PathValue,
    Table,
    Unknown,
    Value,
    alternatives,
    as_text,
    either,
    label_of,
)
from analysis.references.text import HOLE, Text, chained, hole, literal

# Names that deployments use for one and the same environment.
_SAME_ENVIRONMENT = (
    {"prod", "production", "prd", "live", "p"},
    {"stg", "staging", "stage", "stag", "preprod", "preproduction", "pre-prod", "s"},
    {"dev", "development", "develop", "d"},
    {"test", "testing", "tst", "qa"},
)


def same_environment(one: str, other: str) -> bool:
    """Whether two words mean the same environment."""
    one, other = one.lower(), other.lower()
    return one == other or any(one in names and other in names for names in _SAME_ENVIRONMENT)


def concatenate(values: Sequence[Value]) -> Value:
    """The string made of these values, for every combination of their alternatives."""
    found = combinations(values)
    return _joined(found[0]) if len(found) == 1 else either([_joined(one) for one in found])


def combinations(values: Sequence[Value]) -> list[tuple[Value, ...]]:
    """Every combination of the alternatives of `values`; past the limit, one in which what varies is left out."""
    options = [alternatives(value) for value in values]
    count = prod(len(option) for option in options)
    if count <= MAXIMUM_ALTERNATIVES:
        return list(product(*options))
    rest = tuple(option[0] if len(option) == 1 else Unknown(LEFT_OUT) for option in options)
    return [*islice(product(*options), MAXIMUM_ALTERNATIVES - 1), rest]


def _joined(values: Sequence[Value]) -> Text:
    return chained(as_text(value) for value in values)


def add(left: Value, right: Value) -> Value:
    if isinstance(left, Items) and isinstance(right, Items):
        return Items([*left.values, *right.values], left.complete and right.complete)
    if isinstance(left, Items) or isinstance(right, Items):
        known = [value for side in (left, right) if isinstance(side, Items) for value in side.values]
        return Items(known, complete=False)
    if isinstance(left, Constant) and isinstance(right, Constant):
        return _arithmetic(left, right, lambda a, b: a + b)
    if _stringlike(left) or _stringlike(right):
        return concatenate([left, right])
    if isinstance(left, Either) or isinstance(right, Either):
        return either([add(a, b) for a in alternatives(left)[:6] for b in alternatives(right)[:6]])
    return Unknown(label_of(left) or label_of(right))


def _stringlike(value: Value) -> bool:
    return any(isinstance(option, Text) for option in alternatives(value))


def _arithmetic(left: Constant, right: Constant, act: Callable[[float, float], float]) -> Value:
    if isinstance(left.value, int | float) and isinstance(right.value, int | float):
        try:
            return Constant(act(left.value, right.value))
        except (ArithmeticError, ValueError):
            return Unknown()
    return Unknown()


def divide(left: Value, right: Value) -> Value:
    """`/`: joins paths, and divides numbers nobody needs."""
    for option in alternatives(left):
        if isinstance(option, PathValue):
            return either([join_path(option, part) for part in alternatives(right)])
    if isinstance(right, PathValue):
        return join_path(PathValue(as_text(left)), right)
    return Unknown(label_of(left))


def join_path(path: PathValue, part: Value) -> PathValue:
    return PathValue(join_paths([path.text, as_text(part)]))


def join_paths(parts: Sequence[Text]) -> Text:
    """os.path.join: an absolute part starts again, one slash between parts."""
    result = Text()
    for part in parts:
        if part.flat.startswith("/") or "://" in part.flat[:12]:
            result = part
        elif not result.flat or result.flat.endswith("/"):
            result = result + part
        else:
            result = result + literal("/") + part
    return result


_PERCENT = re.compile(
    r"%(?:\((?P<key>[^)]*)\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<kind>[diouxXeEfFgGcrsa%])"
)


def percent(left: Value, right: Value) -> Value:
    """`"…%s…" % values`."""
    if isinstance(left, Either) or isinstance(right, Either):
        return either([percent(a, b) for a, b in combinations([left, right])])
    if not isinstance(left, Text):
        return Unknown(label_of(left))
    positional = right.values if isinstance(right, Items) else [right]
    named = right.entries if isinstance(right, Table) else {}
    parts: list[Value] = []
    index = position = 0
    for match in _PERCENT.finditer(left.flat):
        parts.append(left.cut(position, match.start()))
        position = match.end()
        if match["kind"] == "%":
            parts.append(literal("%"))
        elif match["key"] is not None:
            parts.append(named.get(match["key"], Unknown(match["key"])))
        else:
            parts.append(positional[index] if index < len(positional) else Unknown())
            index += 1
    return concatenate([*parts, left.cut(position)])


_FIELD = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}!:]*)(?:![rsa])?(?::(?P<spec>[^{}]*(?:\{[^{}]*\}[^{}]*)*))?\}")


def format_text(
    text: Text, positional: Sequence[Value], named: dict[str, Value], rest: Callable[[Value, str], Value]
) -> Value:
    """`text.format(*positional, **named)`; `rest` looks up `.name` and `[key]` after a field."""
    parts: list[Value] = []
    index = position = 0
    for match in _FIELD.finditer(text.flat):
        parts.append(text.cut(position, match.start()))
        position = match.end()
        if match["name"] is None:
            parts.append(literal(match.group()[0]))
            continue
        name, *keys = re.split(r"[.\[]", match["name"].replace("]", ""))
        if not name:
            value: Value = positional[index] if index < len(positional) else Unknown()
            index += 1
        elif name.isdigit():
            value = positional[int(name)] if int(name) < len(positional) else Unknown()
        else:
            value = named.get(name, Unknown(name))
        for key in keys:
            value = rest(value, key)
        if match["spec"] and "%" in match["spec"]:
            value = hole("date")
        parts.append(value)
    return concatenate([*parts, text.cut(position)])


def truth(value: Value) -> bool | None:
    """What `bool(value)` is, None where it depends."""
    if isinstance(value, Constant):
        return bool(value.value)
    if isinstance(value, Text):
        return None if value.flat == HOLE else bool(value.flat)
    if isinstance(value, Items):
        return bool(value.values) if value.complete else None
    if isinstance(value, Table):
        return True if value.entries else None
    if isinstance(value, Either):
        found = {truth(option) for option in value.options}
        return found.pop() if len(found) == 1 else None
    if isinstance(value, Unknown):
        return None
    return None if type(value).__name__ in ("Member", "Product", "External") else True


def equal(left: Value, right: Value) -> bool | None:
    """What `left == right` is, None where it depends."""
    if isinstance(left, Either) or isinstance(right, Either):
        found = {equal(a, b) for a in alternatives(left) for b in alternatives(right)}
        return found.pop() if len(found) == 1 else None
    if isinstance(left, Text) and isinstance(right, Text):
        if not (left.known and right.known):
            return None
        if _environment(left) or _environment(right):
            return same_environment(left.flat, right.flat)
        return left.flat == right.flat
    if isinstance(left, Constant) and isinstance(right, Constant):
        return left.value == right.value
    if isinstance(left, Text | Constant) and isinstance(right, Text | Constant):
        text = left if isinstance(left, Text) else right
        return None if isinstance(text, Text) and not text.known else False
    return None


def _environment(text: Text) -> bool:
    return len(text.pieces) == 1 and text.pieces[0].environment


def contains(container: Value, item: Value) -> bool | None:
    """What `item in container` is, None where it depends."""
    if isinstance(container, Items) and container.complete:
        found = {equal(value, item) for value in container.values}
        return True if True in found else (None if None in found else False)
    if isinstance(container, Table) and not container.others and isinstance(item, Text) and item.known:
        return item.flat in container.entries or (None if _environment(item) else False)
    if isinstance(container, Text) and isinstance(item, Text) and container.known and item.known:
        return item.flat in container.flat
    return None


def compare(left: Value, operator: ast.cmpop, right: Value) -> bool | None:
    """The truth of one comparison, None where it depends."""
    found: bool | None = None
    if isinstance(operator, ast.Eq | ast.Is):
        found = equal(left, right)
    elif isinstance(operator, ast.NotEq | ast.IsNot):
        same = equal(left, right)
        found = None if same is None else not same
    elif isinstance(operator, ast.In):
        found = contains(right, left)
    elif isinstance(operator, ast.NotIn):
        inside = contains(right, left)
        found = None if inside is None else not inside
    return found

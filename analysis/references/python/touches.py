"""Where a call of a library touches a bucket: the sink table, and a careful guess where it knows nothing."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from analysis.references import guesses, recording
from analysis.references.formats import jinja, sql
from analysis.references.locations import Location, plain_path
from analysis.references.model import Role
from analysis.references.python import file_systems, json_interface
from analysis.references.python.attributes import external_base
from analysis.references.python.frames import Frame
from analysis.references.python.storage import open_role
from analysis.references.python.values import (
    Arguments,
    Blob,
    Bucket,
    Class,
    Constant,
    Either,
    Function,
    Items,
    Member,
    Method,
    PathValue,
    Product,
    Table,
    Value,
    alternatives,
    as_text,
    texts,
)
from analysis.references.shells import commands
from analysis.references.sinks import Argument, Sink
from analysis.references.text import HOLE, Text, hole, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

MAXIMUM_INSIDE = 60  # lists, tables and calls of one argument that are looked into for strings
_OPERATOR = re.compile(r"(?:Operator|Sensor|Trigger|Transfer)(?:V\d+)?$")


def library_call(machine: "Machine", path: str, callee: Value, arguments: Arguments, frame: Frame) -> Value | None:
    """Record what a call of a library touches; the value it returns where the table knows it."""
    if guesses.silent(path):
        return None
    returned: Value | None = None
    matched = False
    arguments.owner = callee.owner if isinstance(callee, Member) else None
    for sink in machine.program.sinks.find(path):
        touched, value = _apply(machine, sink, path, arguments, frame)
        matched = matched or touched
        returned = value if value is not None else returned
    if not any(_tells(value, 0) for value in arguments.everything()) and not isinstance(callee, Member):
        return returned
    matched = json_interface.touched(machine, path, arguments, frame) or matched
    queried = _queries(machine, path, arguments, frame)
    commanded = commands_of(machine, path.rpartition(".")[2], arguments, frame)
    on_path = isinstance(callee, Member) and isinstance(callee.owner, PathValue)
    if not (on_path or matched or queried or commanded):
        guesses.guess(machine, path, arguments, frame)
    elif commanded and not (on_path or matched or queried):
        guesses.guess_descriptions(machine, path.rpartition(".")[2], arguments, frame)
    return returned


def _tells(value: Value, depth: int) -> bool:
    """Whether an argument may hold an address, a query or a command: most hold neither."""
    if isinstance(value, Text):
        return len(value.flat) > 3
    if isinstance(value, Either):
        return any(_tells(option, depth) for option in value.options)
    if isinstance(value, Items):
        return depth < 4 and any(_tells(item, depth + 1) for item in value.values)
    if isinstance(value, Table):
        return depth < 4 and any(_tells(item, depth + 1) for item in value.entries.values())
    return isinstance(value, Product | PathValue | Blob | Bucket | Function | Method)


def is_operator(cls: Class) -> bool:
    """Whether Airflow runs objects of this class by itself."""
    return bool(_OPERATOR.search(external_base(cls)) or _OPERATOR.search(cls.node.name))


def _apply(machine: "Machine", sink: Sink, path: str, arguments: Arguments, frame: Frame) -> tuple[bool, Value | None]:
    via = ".".join(path.split(".")[-2:]) if "." in sink.call.strip(".") else path.rpartition(".")[2]
    if sink.if_true and as_text(arguments.get(sink.if_true) or literal("False")).flat != "True":
        return False, None
    if sink.first and as_text(arguments.get("key", 0) or literal("")).flat not in sink.first:
        return False, None
    role = _mode_role(sink, arguments)
    touched = False
    for argument in sink.uri:
        site = recording.told_in(arguments, argument.keys)
        value = _argument(arguments, argument)
        touched = recording.addresses(machine, role, value, site, via, frame, arguments=arguments) or touched
    if sink.remote and not touched:
        touched = _somewhere(machine, sink, role, via, arguments, frame)
    plain = (*sink.path, *(sink.uri if not touched and file_systems.given(arguments) else ()))
    for argument in plain:
        for text in texts(_argument(arguments, argument)):
            place = plain_path(jinja.render(text, jinja.Context(machine, arguments, frame)))
            if place is not None:
                recording.touch(
                    machine, role, place.bucket, place.prefix, arguments.site, via, frame, arguments=arguments
                )
                touched = True
        if touched:
            break
    places = [] if touched and sink.uri else _places(sink, arguments)
    for place in places:
        recording.touch(machine, role, place.bucket, place.prefix, arguments.site, via, frame, arguments=arguments)
    return touched or bool(places), _returned(sink, arguments, places)


def _somewhere(machine: "Machine", sink: Sink, role: Role, via: str, arguments: Arguments, frame: Frame) -> bool:
    """A cluster reads or writes where nobody can tell: a value that begins with an unknown part."""
    if _no_files(arguments.owner):
        return False
    found = False
    for argument in sink.uri:
        for text in texts(_argument(arguments, argument)):
            if text.flat.startswith(HOLE) and "://" not in text.flat:
                whole = text if text.flat.strip(HOLE) else hole("path")
                recording.touch(machine, role, hole("bucket"), whole, arguments.site, via, frame, arguments=arguments)
                found = True
        if found:
            break
    return found


_NO_FILES = re.compile(
    r"bigquery|jdbc|kafka|mongo|snowflake|redshift|cassandra|elasticsearch|pubsub|rate$|socket$", re.IGNORECASE
)


def _no_files(owner: Value | None) -> bool:
    """`spark.read.format("jdbc").option(…).load(…)`: the chain of calls names a source that holds no files."""
    for _ in range(20):
        if isinstance(owner, Member):
            owner = owner.owner
            continue
        if not isinstance(owner, Product):
            return False
        if owner.path.endswith(".format") and any(
            _NO_FILES.search(t.flat) for t in texts(owner.arguments.get("source", 0))
        ):
            return True
        owner = owner.callee
    return False


def _mode_role(sink: Sink, arguments: Arguments) -> Role:
    if sink.mode is None:
        return sink.role
    return open_role(_argument(arguments, sink.mode))


def _places(sink: Sink, arguments: Arguments) -> list[Location]:
    handles = [
        handle for argument in sink.handle for handle in alternatives(_argument(arguments, argument) or Constant(None))
    ]
    found = [Location(handle.bucket, handle.name) for handle in handles if isinstance(handle, Blob)]
    if found:
        return found
    buckets: list[Text] = [handle.name for handle in handles if isinstance(handle, Bucket)]
    if not buckets:
        buckets = next((values for argument in sink.bucket if (values := texts(_argument(arguments, argument)))), [])
    if sink.alone:
        paths = next((values for argument in sink.alone if (values := texts(_argument(arguments, argument)))), [])
        paths = paths or [literal("")] if sink.whole else paths
        return [Location(bucket, path) for bucket in buckets or [hole("bucket")] for path in paths]
    if not buckets:
        return []
    prefixes = next((values for argument in sink.prefix if (values := _names(_argument(arguments, argument)))), [])
    if not prefixes:
        if not sink.whole and sink.prefix and arguments.complete:
            return []
        prefixes = [literal("") if arguments.complete else hole("prefix")]
    return [Location(bucket, prefix) for bucket in buckets for prefix in prefixes]


def _names(value: Value | None) -> list[Text]:
    """Object names in an argument; a list whose content is not known is one hole."""
    found = texts(value)
    if not found and isinstance(value, Items) and not value.complete:
        return [hole("names")]
    return found


def _returned(sink: Sink, arguments: Arguments, places: Sequence[Location]) -> Value | None:
    if not sink.returns:
        return None
    rest = hole("name")
    if sink.returns == "names" and places:
        return Items([place.prefix + rest for place in places], complete=False)
    listed = next(
        (values for argument in (*sink.uri, *sink.path) if (values := texts(_argument(arguments, argument)))), []
    )
    return Items([_listed(text, rest) for text in listed], complete=False) if listed else None


def _listed(text: Text, rest: Text) -> Text:
    """A name that a listing returns: one below the folder, or one like the pattern."""
    if "*" in text.flat:
        return text
    return text + rest if text.flat.endswith(("/", HOLE)) or not text.flat else text + literal("/") + rest


def _argument(arguments: Arguments, argument: Argument) -> Value | None:
    value = arguments.owner if argument.name == "self" else arguments.get(argument.name, argument.position)
    for key in argument.keys:
        if value is None:
            return None
        value = _below(value, key)
    return value


def _below(value: Value, key: str) -> Value | None:
    found: list[Value] = []
    for option in alternatives(value):
        if isinstance(option, Items):
            found.extend(inner for item in option.values if (inner := _below(item, key)) is not None)
        elif isinstance(option, Table):
            found.extend(
                option.entries.values() if key == "*" else [option.entries[key]] if key in option.entries else []
            )
        elif isinstance(option, Product):
            inner = option.names.get(key) or option.arguments.get(key)
            found.extend([inner] if inner is not None else [])
        elif isinstance(option, Member):  # of what was made with these words: `bucket.objects`, `block.load`
            inner = _below(option.owner, key)
            found.extend([inner] if inner is not None else [])
    return Items(found) if len(found) > 1 else found[0] if found else None


# ---- queries and commands inside arguments


def _strings(value: Value) -> Iterator[Text]:
    """Every string inside an argument, through lists, dictionaries and calls, each of which is looked into once."""
    waiting: deque[tuple[Value, int]] = deque([(value, 0)])
    seen: set[int] = set()
    while waiting and len(seen) < MAXIMUM_INSIDE:
        holder, depth = waiting.popleft()
        for option in alternatives(holder):
            if isinstance(option, Text):
                yield option
            elif isinstance(option, Items | Table | Product) and depth < 6 and id(option) not in seen:
                seen.add(id(option))
                waiting.extend((inner, depth + 1) for inner in _inside(option))


def _inside(value: Items | Table | Product) -> Sequence[Value]:
    if isinstance(value, Items):
        return value.values
    return value.arguments.everything() if isinstance(value, Product) else [*value.entries.values(), *value.others]


def _queries(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> bool:
    """SQL handed to a library, in place or as the name of a file of the checkout."""
    found = False
    context = jinja.Context(machine, arguments, frame)
    for value in arguments.everything():
        for text in _strings(value):
            if sql.looks_like_sql(text.flat):
                for role, place, site, via in sql.touches(jinja.render(text, context)):
                    recording.touch(
                        machine,
                        role,
                        place.bucket,
                        place.prefix,
                        site or arguments.site,
                        via,
                        frame,
                        arguments=arguments,
                    )
                    found = True
            else:
                found = jinja.query_file(text, context) or found
    del path
    return found


def commands_of(machine: "Machine", name: str, arguments: Arguments, frame: Frame) -> bool:
    """Commands handed to a library: storage tools are touches, scripts are started with their words."""
    return commands.found_in_call(machine, name, arguments, frame)


# ---- paths of pathlib's kind on a cloud address

_PATH_METHODS: dict[Role, str] = {
    "read": "read_text read_bytes exists is_file is_dir stat download_to copy copytree copy_into",
    "write": "write_text write_bytes upload_from mkdir touch",
    "delete": "unlink rmtree rmdir rename replace move move_into",
    "list": "glob rglob iterdir walk",
}
_PATH_ROLES: dict[str, Role] = {name: role for role, names in _PATH_METHODS.items() for name in names.split()}
_TO_ANOTHER = {"copy", "copytree", "copy_into", "rename", "replace", "move", "move_into"}


def path_method(machine: "Machine", callee: Member, arguments: Arguments, frame: Frame) -> None:
    """Record what a method of a path on a cloud address does; it returns what methods.py says."""
    owner, name = callee.owner, callee.name
    if not isinstance(owner, PathValue):
        return
    role = open_role(arguments.get("mode", 0)) if name == "open" else _PATH_ROLES.get(name)
    if role is not None:
        recording.addresses(machine, role, owner, arguments.site, f"Path.{name}", frame)
    if name in _TO_ANOTHER:
        target = arguments.positional[0] if arguments.positional else next(iter(arguments.keywords.values()), None)
        recording.addresses(machine, "write", target, arguments.site, f"Path.{name}", frame)

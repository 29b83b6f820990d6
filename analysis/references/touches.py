"""Where a call of a library touches a bucket: the sink table, and a careful guess where it knows nothing."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from analysis.references import commands, jinja, sql
from analysis.references.attributes import external_base, path_of
from analysis.references.frames import Frame
from analysis.references.locations import Location, located, plain_path
from analysis.references.model import Role, Site
from analysis.references.sinks import Argument, Sink
from analysis.references.text import Text, hole, join, literal
from analysis.references.values import (
    Arguments,
    Blob,
    Bucket,
    Class,
    Constant,
    Function,
    Instance,
    Items,
    Method,
    PathValue,
    Product,
    Table,
    Value,
    alternatives,
    as_text,
    texts,
)

if TYPE_CHECKING:
    from analysis.references.machine import Machine

_OPERATOR = re.compile(r"(?:Operator|Sensor|Trigger|Transfer)(?:V\d+)?$")
_SILENT = re.compile(
    r"(?:^|\.)(?:print|log|info|debug|warning|warn|error|exception|critical|format|append|echo|secho|xcom_push|xcom_pull|urlparse|urlsplit|Exception|\w+Error|Field|field)$"
)
_WRITES = re.compile(
    r"^(?:dest|destination|target|output|out|sink|dst|export|to|write|upload|save|report)(?:_|$)|(?:_|^)(?:output|destination|dest|target)(?:_|$)",
    re.IGNORECASE,
)
_READS = re.compile(
    r"^(?:source|src|input|in|from|load|import|read|download)(?:_|$)|(?:_|^)(?:input|source|src)(?:_|$)", re.IGNORECASE
)
_NAME_ROLES: tuple[tuple[re.Pattern[str], Role], ...] = (
    (re.compile(r"delete|remove|purge|clean|(?:^|_)rm(?:_|$)|unlink", re.IGNORECASE), "delete"),
    (re.compile(r"(?:^|_)list|exists?(?:_|$)|glob|walk|(?:^|_)ls(?:_|$)", re.IGNORECASE), "list"),
    (
        re.compile(
            r"to_?gcs|to_?bucket|to_?storage|write|export|upload|save|dump|(?:^|_)put|store|publish|send|unload|archive",
            re.IGNORECASE,
        ),
        "write",
    ),
    (
        re.compile(
            r"gcs_?to|from_?gcs|read|load|download|import|fetch|(?:^|_)get|open|ingest|sensor|scan", re.IGNORECASE
        ),
        "read",
    ),
)


def library_call(machine: "Machine", path: str, callee: Value, arguments: Arguments, frame: Frame) -> Value | None:
    """Record what a call of a library touches; the value it returns where the table knows it."""
    if _SILENT.search(path):
        return None
    returned: Value | None = None
    matched = False
    for sink in machine.program.sinks.find(path):
        touched, value = _apply(machine, sink, path, arguments, frame)
        matched = matched or touched
        returned = value if value is not None else returned
    queried = _queries(machine, path, arguments, frame)
    commanded = commands_of(machine, path.rpartition(".")[2], arguments, frame)
    if isinstance(callee, Member_types) and isinstance(callee.owner, PathValue):
        matched = _cloud_path(machine, callee.owner, callee.name, arguments, frame) or matched
    if not (matched or queried or commanded):
        _guess(machine, path, arguments, frame)
    return returned


def is_operator(cls: Class) -> bool:
    """Whether Airflow runs objects of this class by itself."""
    return bool(_OPERATOR.search(external_base(cls)) or _OPERATOR.search(cls.node.name))


def touch(
    machine: "Machine",
    role: Role,
    bucket: Text,
    prefix: Text,
    site: Site,
    via: str,
    frame: Frame,
    *,
    arguments: Arguments | None = None,
    confidence: float = 0.95,
) -> None:
    """Record one reference."""
    context = jinja.Context(machine, arguments, frame)
    machine.program.record(
        role,
        jinja.render(bucket, context),
        jinja.render(prefix, context),
        site,
        via,
        confidence,
        workload=workload(machine, arguments, frame),
    )


def workload(machine: "Machine", arguments: Arguments | None, frame: Frame) -> str:
    """The DAG or script that runs this."""
    del arguments
    if machine.workload:
        return machine.workload
    for dag in reversed(machine.dags):
        name = dag.arguments.get("dag_id", 0)
        if dag.arguments.site.file in (frame.module.file, *(site.file for site in frame.calls)) and name is not None:
            return as_text(name).pattern
    entry = frame.calls[0].file if frame.calls else frame.module.file
    return machine.program.script_name(entry)


def addresses(
    machine: "Machine",
    role: Role,
    value: Value | None,
    site: Site,
    via: str,
    frame: Frame,
    *,
    arguments: Arguments | None = None,
    confidence: float = 0.95,
) -> bool:
    """Record every address that `value` holds; False where it holds none."""
    context = jinja.Context(machine, arguments, frame)
    found = False
    for text in texts(value):
        for part in _brace_list(jinja.render(text, context)):
            place = located(part)
            if place is not None:
                touch(
                    machine,
                    role,
                    place.bucket,
                    place.prefix,
                    site,
                    via,
                    frame,
                    arguments=arguments,
                    confidence=confidence,
                )
                found = True
    return found


def _brace_list(text: Text) -> list[Text]:
    """`gs://a/x,gs://a/y` is two addresses."""
    return text.split(",") if text.flat.count("gs://") > 1 and ",gs://" in text.flat else [text]


def _apply(machine: "Machine", sink: Sink, path: str, arguments: Arguments, frame: Frame) -> tuple[bool, Value | None]:
    via = ".".join(path.split(".")[-2:]) if "." in sink.call.strip(".") else path.rpartition(".")[2]
    if sink.if_true and as_text(arguments.get(sink.if_true) or literal("False")).flat != "True":
        return False, None
    role = _mode_role(sink, arguments)
    touched = False
    for argument in sink.uri:
        touched = (
            addresses(machine, role, _argument(arguments, argument), arguments.site, via, frame, arguments=arguments)
            or touched
        )
    for argument in sink.path:
        for text in texts(_argument(arguments, argument)):
            place = plain_path(jinja.render(text, jinja.Context(machine, arguments, frame)))
            if place is not None:
                touch(machine, role, place.bucket, place.prefix, arguments.site, via, frame, arguments=arguments)
                touched = True
        if touched:
            break
    places = [] if touched and sink.uri else _places(sink, arguments)
    for place in places:
        touch(machine, role, place.bucket, place.prefix, arguments.site, via, frame, arguments=arguments)
    return touched or bool(places), _returned(sink, arguments, places)


def _mode_role(sink: Sink, arguments: Arguments) -> Role:
    from analysis.references.storage import open_role

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
    if sink.alone:
        paths = next((values for argument in sink.alone if (values := texts(_argument(arguments, argument)))), [])
        return [Location(hole("bucket"), path) for path in paths]
    buckets: list[Text] = [handle.name for handle in handles if isinstance(handle, Bucket)]
    if not buckets:
        buckets = next((values for argument in sink.bucket if (values := texts(_argument(arguments, argument)))), [])
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
    return Items([text.cut(0, _star(text)) + rest for text in listed], complete=False) if listed else None


def _star(text: Text) -> int:
    star = text.flat.find("*")
    return star if star >= 0 else len(text.flat)


def _argument(arguments: Arguments, argument: Argument) -> Value | None:
    value = arguments.get(argument.name, argument.position) if argument.name else arguments.get("", argument.position)
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
    return Items(found) if len(found) > 1 else found[0] if found else None


# ---- queries and commands inside arguments


def _strings(value: Value, depth: int = 0) -> Iterator[Text]:
    """Every string inside an argument, through lists and dictionaries."""
    for option in alternatives(value):
        if isinstance(option, Text):
            yield option
        elif isinstance(option, Items) and depth < 6:
            for item in option.values:
                yield from _strings(item, depth + 1)
        elif isinstance(option, Table) and depth < 6:
            for item in (*option.entries.values(), *option.others):
                yield from _strings(item, depth + 1)
        elif isinstance(option, Product) and depth < 6:
            for item in option.arguments.everything():
                yield from _strings(item, depth + 1)


def _queries(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> bool:
    """SQL handed to a library, in place or as the name of a file of the checkout."""
    found = False
    context = jinja.Context(machine, arguments, frame)
    for value in arguments.everything():
        for text in _strings(value):
            if sql.looks_like_sql(text.flat):
                for role, place, site, via in sql.touches(jinja.render(text, context)):
                    touch(
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
    "read": "read_text read_bytes exists is_file stat download_to",
    "write": "write_text write_bytes upload_from mkdir touch",
    "delete": "unlink rmtree rmdir",
    "list": "glob rglob iterdir walk",
}
_PATH_ROLES: dict[str, Role] = {name: role for role, names in _PATH_METHODS.items() for name in names.split()}


def _cloud_path(machine: "Machine", owner: PathValue, name: str, arguments: Arguments, frame: Frame) -> bool:
    from analysis.references.storage import open_role

    role = open_role(arguments.get("mode", 0)) if name == "open" else _PATH_ROLES.get(name)
    return role is not None and addresses(machine, role, owner, arguments.site, f"Path.{name}", frame)


# ---- guesses


def _guess(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> None:
    """A call that the table does not know but that is given an address, or a bucket and a path, by name."""
    name = path.rpartition(".")[2]
    if name[:1] == "?" or _plumbing(arguments):
        return
    for key, value in [
        *((str(index), value) for index, value in enumerate(arguments.positional)),
        *arguments.keywords.items(),
    ]:
        if isinstance(value, Table):
            _guess_table(machine, key, name, value, arguments, frame)
        if isinstance(value, Function | Method | Instance | Table):
            continue
        role = guessed_role(key, name)
        if role is not None:
            addresses(machine, role, value, arguments.site, name, frame, arguments=arguments, confidence=0.6)
    _guess_pairs(machine, name, arguments, frame)


_HANDED_ON = {
    "op_kwargs",
    "env",
    "environment",
    "env_vars",
    "params",
    "conf",
    "default_args",
    "user_defined_macros",
    "templates_dict",
}


def _guess_table(
    machine: "Machine", key: str, name: str, table: Table, arguments: Arguments, frame: Frame, depth: int = 0
) -> None:
    """Addresses inside a job description: the key before each tells what the job does with it."""
    if key in _HANDED_ON or depth > 5:
        return
    for inner, value in table.entries.items():
        if isinstance(value, Table):
            _guess_table(machine, str(inner), name, value, arguments, frame, depth + 1)
        elif isinstance(value, Text | Items):
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(inner))
            role = guessed_role(words, "")
            if role is not None:
                addresses(machine, role, value, arguments.site, name, frame, arguments=arguments, confidence=0.6)


def _plumbing(arguments: Arguments) -> bool:
    return not arguments.positional and not arguments.keywords


def guessed_role(argument: str, call: str) -> Role | None:
    """What a call with this name does with an address in this argument; None where the names say nothing."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", call)
    for pattern, role in _NAME_ROLES[:2]:
        if pattern.search(words):
            return role
    if _WRITES.search(argument):
        return "write"
    if _READS.search(argument):
        return "read"
    return next((role for pattern, role in _NAME_ROLES[2:] if pattern.search(words)), None)


_BUCKET_ARGUMENT = re.compile(r"^(?P<side>.*?)_?(?:gcs_)?bucket(?:_name)?$", re.IGNORECASE)
_PATH_ARGUMENT = re.compile(
    r"(?:object|objects|object_name|prefix|path|blob|blob_name|key|file|filename|file_name|file_path|folder|uri|obj|directory|dir)$",
    re.IGNORECASE,
)


def _guess_pairs(machine: "Machine", name: str, arguments: Arguments, frame: Frame) -> None:
    for key, value in arguments.keywords.items():
        match = _BUCKET_ARGUMENT.match(key)
        if match is None:
            continue
        side = match["side"].strip("_")
        partners = [
            other
            for other in arguments.keywords
            if other != key
            and _PATH_ARGUMENT.search(other)
            and (side in ("", "gcs") or other.startswith(side) or _same_side(side, other))
        ]
        role = guessed_role(partners[0] if partners else key, name)
        if not partners or role is None:
            continue
        for bucket in texts(value):
            for prefix in texts(arguments.keywords[partners[0]]):
                touch(machine, role, bucket, prefix, arguments.site, name, frame, arguments=arguments, confidence=0.6)


def _same_side(side: str, other: str) -> bool:
    return bool((_WRITES.search(side) and _WRITES.search(other)) or (_READS.search(side) and _READS.search(other)))


from analysis.references.values import Member as Member_types  # noqa: E402

__all__ = ["Sequence", "join", "path_of"]

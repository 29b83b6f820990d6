"""A guess where the sink table knows nothing: names of arguments and calls tell what happens to an address."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from analysis.references import recording
from analysis.references.model import Role, Site
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Function,
    Instance,
    Items,
    Member,
    Method,
    Product,
    Table,
    Value,
    alternatives,
    texts,
)
from analysis.references.text import Text

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine


_SILENT = re.compile(
    r"(?:^|\.)(?:print|log|info|debug|warning|warn|error|exception|critical|format|append|echo|secho|xcom_push|xcom_pull"
    r"|urlparse|urlsplit|removeprefix|removesuffix|startswith|endswith|replace|partition|rpartition|write|writelines|Template|Exception|\w+Error|Field|field)$"
)
_WRITES = re.compile(
    r"^template_location$|^(?:dest|destination|target|output|out|sink|dst|export|to|write|upload|save|report|temp|tmp|temporary|staging|stage_location|checkpoint|ckpt|log_dir|logdir|model_dir|pipeline_root)(?:_|$)"
    r"|(?:_|^)(?:outputs?|destinations?|dest|targets?|sinks?|loaders?|temp|tmp|temporary|staging|checkpoint|ckpt|(?:log|model|out|work)_?dir)(?:_|$)",
    re.IGNORECASE,
)
_READS = re.compile(
    r"^gcs_path$|^(?:source|src|input|in|from|load|import|read|download|template|jars?|py_files|archives|artifact_uri|(?:python_)?package_uris?|initialization_actions)(?:_|$)|(?:_|^)(?:inputs?|sources?|src|reads|extractors?|spec_gcs_path|gcs_location|reference_(?:data|table|file)s?|lookups?)(?:_|$)"
    r"|(?:^|_)(?:(?:main|query)_(?:\w+_)?file_uri|(?:python_|jar_)?file_uris|archive_uris)$"
    r"|(?:^|[._:])(?:jars?|init_actions?)(?:_|$)",
    re.IGNORECASE,
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


@lru_cache(maxsize=50_000)
def silent(path: str) -> bool:
    """Whether a call of this name only talks about its arguments."""
    return bool(_SILENT.search(path))


def guess(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> None:
    """A call that the table does not know but that is given an address, or a bucket and a path, by name."""
    name = path.rpartition(".")[2]
    if name[:1] == "?" or _plumbing(arguments):
        return
    for key, value in _named(arguments):
        if isinstance(value, Table):
            _guess_table(machine, key, name, value, arguments, frame)
        if isinstance(value, Table):
            _guess_words(machine, name, value, arguments, frame)
        if isinstance(value, Function | Method | Instance | Table):
            continue
        role = guessed_role(key, name)
        if role is not None:
            here = _spelled(key, name, arguments)
            recording.addresses(machine, role, value, here, name, frame, arguments=arguments, confidence=0.6)
        for text in texts(value):
            _guess_option(machine, text, name, arguments, frame)
    _guess_pairs(machine, name, arguments, frame)


def guess_descriptions(machine: "Machine", name: str, arguments: Arguments, frame: Frame) -> None:
    """What the keys of job descriptions say, also where the job's command was followed: its options went there."""
    for key, value in _named(arguments):
        if isinstance(value, Table) and "options" not in key:
            _guess_table(machine, key, name, value, arguments, frame)


def _named(arguments: Arguments) -> list[tuple[str, Value]]:
    return [*((str(index), value) for index, value in enumerate(arguments.positional)), *arguments.keywords.items()]


_OPTIONS_OBJECT = re.compile(r"(?:Options|Config|Configuration|Settings|Arguments|Args|Spec)$")


def _spelled(key: str, name: str, arguments: Arguments) -> Site:
    """Where an address is handed over: options made for later have nothing but their own lines, and a long call that
    nobody knows is no task of which everybody looks for the first line.
    """
    line = arguments.lines.get(key, 0)
    far = line - arguments.site.line > recording.NEAR and not name.endswith(("Operator", "Sensor"))
    return Site(arguments.site.file, line) if line and (far or _OPTIONS_OBJECT.search(name)) else arguments.site


_OPTION = re.compile(r"--?(?P<name>[A-Za-z][\w-]*)[= ]|(?P<plain>[A-Za-z][\w.-]*) ?= ?(?=gs://)")


def _guess_option(machine: "Machine", text: Text, name: str, arguments: Arguments, frame: Frame) -> None:
    """`--temp_location=gs://…` among the options of a pipeline: it stands where it is written."""
    match = _OPTION.match(text.flat)
    named = re.sub(r"[.-]", "_", match["name"] or match["plain"]) if match else ""
    role = guessed_role(named, "") if named else None
    if match is None or role is None:
        return
    written = text.first_line
    here = written if written and written.file == arguments.site.file else arguments.site
    recording.addresses(machine, role, text.cut(match.end()), here, name, frame, arguments=arguments, confidence=0.6)


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
    for inner, value in (*table.entries.items(), *(("", other) for other in table.others)):
        if isinstance(value, Table):
            _guess_table(machine, str(inner), name, value, arguments, frame, depth + 1)
        elif isinstance(value, Text | Items):
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(inner))
            role = guessed_role(words, "")
            if role is not None:
                recording.addresses(
                    machine, role, value, _written(value, arguments), name, frame, arguments=arguments, confidence=0.6
                )


def _guess_words(
    machine: "Machine", name: str, table: Table, arguments: Arguments, frame: Frame, depth: int = 0
) -> None:
    """Words for a program that is not in the checkout, inside a job description: each says what it is for."""
    for key, value in (*table.entries.items(), *(("", other) for other in table.others)):
        if isinstance(value, Table) and depth < 5 and key not in _HANDED_ON:
            _guess_words(machine, name, value, arguments, frame, depth + 1)
        elif isinstance(value, Items):
            for text in texts(value):
                _guess_option(machine, text, name, arguments, frame)


def _written(value: Text | Items, arguments: Arguments) -> Site:
    """Where an address of a job description is written, if that is in the file of the call."""
    lines = [text.first_line for text in texts(value)]
    here = next((site for site in lines if site and site.file == arguments.site.file), arguments.site)
    return here if here.line >= arguments.site.line else arguments.site


def _plumbing(arguments: Arguments) -> bool:
    return not arguments.positional and not arguments.keywords


def guessed_role(argument: str, call: str) -> Role | None:
    """What a call with this name does with an address in this argument; None where the names say nothing."""
    words, argument = (re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name) for name in (call, argument))
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


# The names under which the client of another cloud takes them.
_OTHER_CLOUD = {"Bucket", "Key"}


def _speaks_to_google(owner: Value | None, depth: int) -> bool:
    """Whether the client of another cloud was made for the compatible interface of this one."""
    while isinstance(owner, Member):
        owner = owner.owner
    if not isinstance(owner, Product) or depth > 3:
        return False
    return any(
        "storage.googleapis.com" in text.flat for value in owner.arguments.everything() for text in texts(value)
    ) or _speaks_to_google(owner.callee, depth + 1)


def _guess_of_owner(machine: "Machine", name: str, arguments: Arguments, frame: Frame) -> None:
    """`Sender(Config(bucket="b")).send(remote_path="a/b")`: the object called knows the bucket, the call the path."""
    paths = [
        (key, text)
        for key, value in arguments.keywords.items()
        if _PATH_ARGUMENT.search(key) and "local" not in key
        for text in texts(value)
        if "/" in text.flat.strip("/") and "://" not in text.flat
    ]
    if not paths:
        return
    for bucket in _buckets_of(arguments.owner, 0):
        for key, path in paths:
            role = guessed_role(key, name)
            if role is not None:
                recording.touch(
                    machine, role, bucket, path, arguments.site, name, frame, arguments=arguments, confidence=0.55
                )


def _buckets_of(owner: Value | None, depth: int) -> list[Text]:
    """Names of buckets that an object, or what it was made with, was constructed with."""
    if not isinstance(owner, Product) or depth > 2:
        return []
    for key, value in owner.arguments.keywords.items():
        if _BUCKET_ARGUMENT.match(key) and (found := texts(value)):
            return found
    return [
        bucket
        for value in owner.arguments.everything()
        for option in alternatives(value)
        for bucket in _buckets_of(option, depth + 1)
    ]


def _guess_pairs(machine: "Machine", name: str, arguments: Arguments, frame: Frame) -> None:
    if arguments.keywords.keys() >= _OTHER_CLOUD and not _speaks_to_google(arguments.owner, 0):
        return
    if not any(_BUCKET_ARGUMENT.match(key) for key in arguments.keywords):
        _guess_of_owner(machine, name, arguments, frame)
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
                recording.touch(
                    machine, role, bucket, prefix, arguments.site, name, frame, arguments=arguments, confidence=0.6
                )


def _same_side(side: str, other: str) -> bool:
    return bool((_WRITES.search(side) and _WRITES.search(other)) or (_READS.search(side) and _READS.search(other)))

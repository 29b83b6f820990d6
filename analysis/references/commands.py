"""Commands: storage tools touch the bucket, and scripts of the checkout are started with the words after their name."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from analysis.references import jinja, shell, sql
from analysis.references.frames import Frame
from analysis.references.locations import Location, located
from analysis.references.model import Role, Site
from analysis.references.text import HOLE, Text, literal
from analysis.references.values import (
    Arguments,
    Items,
    Product,
    Table,
    Value,
    alternatives,
    as_text,
    texts,
)

if TYPE_CHECKING:
    from analysis.references.machine import Machine

Touch = tuple[Role, Location, Site | None, str]

_COMMANDLIKE = re.compile(
    r"\b(?:gsutil|gcloud|bq|edr|rclone|spark-submit|python[\d.]*|curl|wget|gcsfuse|papermill|clickhouse-client|bash|sh|poetry|uv|make)\b|\.py\b|\.sh\b"
)
_PYTHON = re.compile(r"^(?:.*/)?(?:python[\d.]*|pypy3?|ipython)$")
_SCRIPT = re.compile(r"\.(?:py|sh|bash)$")
_LIST_VERBS = {"ls", "du", "list"}
_READ_VERBS = {"cat", "stat", "hash", "describe"}
_REFERENCE_VERBS = {
    "setmeta",
    "rewrite",
    "acl",
    "iam",
    "lifecycle",
    "label",
    "mb",
    "rb",
    "update",
    "cors",
    "defacl",
    "versioning",
    "create",
    "signurl",
}


def touches(command: shell.Command) -> Iterator[Touch]:
    """What one simple command of a storage tool touches."""
    words = command.words
    for index, word in enumerate(words[:6]):
        name = word.flat.rpartition("/")[2]
        rest = words[index + 1 :]
        if name in ("gsutil", "gcloud", "bq", "edr", "rclone", "curl", "wget", "gcsfuse", "hadoop", "hdfs"):
            yield from _TOOLS[name](rest)
            return
        if "clickhouse" in name or name in ("duckdb", "psql", "snowsql"):
            yield from _sql_words(rest, command.stdin)
            return


def _sql_words(words: list[Text], stdin: Text | None) -> Iterator[Touch]:
    for text in [*words, *([stdin] if stdin else [])]:
        if sql.looks_like_sql(text.flat):
            yield from sql.touches(text)


def _plain(words: list[Text], valued: frozenset[str] = frozenset()) -> list[Text]:
    """Words that are no options, nor values of the options named."""
    result, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word.flat.startswith("-") and word.flat != "-":
            skip = word.flat in valued
        else:
            result.append(word)
    return result


def _option(words: list[Text], *names: str) -> Text | None:
    for index, word in enumerate(words):
        for name in names:
            if word.flat == name and index + 1 < len(words):
                return words[index + 1]
            if word.flat.startswith(name + "="):
                return word.cut(len(name) + 1)
    return None


def _place(role: Role, word: Text, via: str) -> Iterator[Touch]:
    place = located(word)
    if place is not None:
        yield role, place, word.first_line, via


def _gsutil(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words, frozenset({"-o", "-h", "-u", "-i"}))
    if plain:
        yield from _copying(plain[0].flat, plain[1:], words, "gsutil")


def _copying(verb: str, targets: list[Text], words: list[Text], tool: str) -> Iterator[Touch]:
    via = f"{tool} {verb}"
    if verb in ("cp", "mv", "rsync", "compose", "move", "copy", "sync"):
        for source in targets[:-1]:
            yield from _place("read", source, via)
            if verb in ("mv", "move"):
                yield from _place("delete", source, via)
        for target in targets[-1:]:
            yield from _place("write", target, via)
    elif verb in ("rm", "delete", "purge"):
        for target in targets:
            yield from _place("delete", target, via)
    elif verb in _LIST_VERBS or verb in _READ_VERBS or verb in _REFERENCE_VERBS:
        role: Role = "list" if verb in _LIST_VERBS else "read" if verb in _READ_VERBS else "reference"
        for target in targets:
            yield from _place(role, target, via)
    del words


def _gcloud(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words, frozenset({"--project", "--account", "--configuration", "--region", "--location"}))
    names = [word.flat for word in plain]
    if names[:1] in (["alpha"], ["beta"]):
        plain, names = plain[1:], names[1:]
    if names[:1] == ["storage"]:
        plain, names = plain[1:], names[1:]
        if names[:1] in (["objects"], ["buckets"], ["folders"]):
            plain, names = plain[1:], names[1:]
        if names:
            yield from _copying(names[0], plain[1:], words, "gcloud storage")
    elif names[:1] == ["sql"] and len(names) > 2:
        role: Role | None = {"export": "write", "import": "read"}.get(names[1])  # type: ignore[assignment]
        for word in plain[2:] if role else []:
            yield from _place(role or "reference", word, f"gcloud sql {names[1]}")
    elif names[:2] == ["transfer", "jobs"]:
        addresses = [word for word in plain[2:] if located(word)]
        for word, part in zip(addresses, ("read", "write"), strict=False):
            yield from _place("read" if part == "read" else "write", word, "gcloud transfer jobs")
    else:
        for word in words:
            value = word.cut(word.flat.find("=") + 1) if word.flat.startswith("--") and "=" in word.flat else word
            yield from _place("reference", value, " ".join(["gcloud", *names[:2]]))


def _bq(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words, frozenset({"--project_id", "--location", "--dataset_id"}))
    verb = plain[0].flat if plain else ""
    role: Role = {"load": "read", "extract": "write", "mk": "read", "mkdef": "read"}.get(verb, "reference")  # type: ignore[assignment]
    for word in words:
        if sql.looks_like_sql(word.flat):
            yield from sql.touches(word)
            continue
        start = word.flat.find("gs://")
        for part in word.cut(start).split(",") if start >= 0 else []:
            yield from _place(role, part, f"bq {verb}".strip())


def _edr(words: list[Text]) -> Iterator[Touch]:
    bucket = _option(words, "--gcs-bucket-name", "--gs-bucket-name")
    path = _option(words, "--bucket-file-path")
    if bucket is not None:
        yield "write", Location(bucket, path or literal("")), (path or bucket).first_line or bucket.first_line, "edr"


def _rclone(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words)
    if not plain:
        return
    remotes = [_remote(word) for word in plain[1:]]
    yield from _copying(plain[0].flat.removesuffix("to"), remotes, words, "rclone")


def _remote(word: Text) -> Text:
    head, colon, _ = word.flat.partition(":")
    if colon and "//" not in word.flat and re.search(r"gcs|gs|google", head):
        return literal("gs://") + word.cut(len(head) + 1)
    return word


def _curl(words: list[Text]) -> Iterator[Touch]:
    writes = any(word.flat in ("-T", "--upload-file", "PUT", "--data-binary", "-XPUT") for word in words)
    for word in words:
        yield from _place("write" if writes else "read", word, "curl")


def _gcsfuse(words: list[Text]) -> Iterator[Touch]:
    plain = _plain(words)
    if plain:
        folder = _option(words, "--only-dir")
        yield "reference", Location(plain[0], folder or literal("")), plain[0].first_line, "gcsfuse"


def _hadoop(words: list[Text]) -> Iterator[Touch]:
    names = [word.flat for word in words]
    if "distcp" in names:
        yield from _copying("cp", _plain(words)[1:], words, "distcp")
        return
    verbs: dict[str, tuple[str, int]] = {
        "-cp": ("cp", 0),
        "-mv": ("mv", 0),
        "-put": ("cp", 0),
        "-get": ("cp", 0),
        "-ls": ("ls", 0),
        "-rm": ("rm", 0),
        "-cat": ("cat", 0),
        "-copyFromLocal": ("cp", 0),
    }
    for name in names:
        if name in verbs:
            yield from _copying(verbs[name][0], _plain(words)[1:], words, "hadoop fs")


_TOOLS = {
    "gsutil": _gsutil,
    "gcloud": _gcloud,
    "bq": _bq,
    "edr": _edr,
    "rclone": _rclone,
    "curl": _curl,
    "wget": _curl,
    "gcsfuse": _gcsfuse,
    "hadoop": _hadoop,
    "hdfs": _hadoop,
}


# ---- scripts


def script_start(words: list[Text], installed: Collection[str] = ()) -> tuple[str, list[Text]] | None:
    """The script that a command starts (a path, `module:` and a dotted name, or an installed script) and its words."""
    flats = [word.flat for word in words]
    if flats and flats[0] in installed:
        return flats[0], words[1:]
    for index, flat in enumerate(flats[:40]):
        if _PYTHON.match(flat) or flat in ("run", "exec") or flat.endswith("spark-submit"):
            rest = index + 1
            while rest < len(flats) and flats[rest].startswith("-"):
                if flats[rest] == "-m" and rest + 1 < len(flats):
                    return f"module:{flats[rest + 1]}", words[rest + 2 :]
                if flats[rest] == "-c":
                    return None
                rest += 1
            if not flat.endswith("spark-submit") and (rest >= len(flats) or not _SCRIPT.search(flats[rest])):
                continue
        if _SCRIPT.search(flat) and not flat.startswith("-"):
            after = words[index + 1 :]
            return flat, after[1:] if after and after[0].flat == "--" else after
    return None


# ---- in calls


def found_in_call(machine: "Machine", name: str, arguments: Arguments, frame: Frame) -> bool:
    """Commands among the arguments of a call: recorded, or queued as starts of scripts."""
    context = jinja.Context(machine, arguments, frame)
    found = False
    directories = [text for text in _all_texts(arguments) if "/" in text.flat and len(text.flat) < 300]
    variables = environment_of(arguments)
    for value in _commands_in(arguments):
        for option in alternatives(value):
            if isinstance(option, Text) and _commandlike(option, machine.program.installed):
                found = (
                    _script(machine, jinja.render(option, context), name, arguments, frame, directories, variables)
                    or found
                )
            elif isinstance(option, Items) and _argv_like(option, machine.program.installed):
                words = [jinja.render(as_text(word), context) for word in option.values]
                found = _command(machine, shell.Command(words), name, arguments, frame, directories, variables) or found
    if not found and not _started_by_image(machine, arguments, frame, variables, context):
        for key in ("arguments", "args", "application_args"):
            words_value = arguments.get(key)
            if isinstance(words_value, Items):
                words = [jinja.render(as_text(word), context) for word in words_value.values]
                found = _unfollowed(machine, words, name, arguments, frame) or found
        return found
    return True


_FIRST_WORDS = ("cmds", "entrypoint", "command")
_LATER_WORDS = ("arguments", "args", "command", "application_args")
_SCRIPT_KEYS = ("main_python_file_uri", "mainPythonFileUri", "application", "py_file", "python_file", "main")


def _commands_in(arguments: Arguments) -> list[Value]:
    """Arguments that may be a command; words given in two arguments are put together."""
    keywords = dict(arguments.keywords)
    first = next((name for name in _FIRST_WORDS if isinstance(keywords.get(name), Items)), None)
    later = next((name for name in _LATER_WORDS if name != first and isinstance(keywords.get(name), Items)), None)
    found: list[Value] = []
    if first and later:
        found.append(_put_together(keywords.pop(first), keywords.pop(later)))
    script = next((name for name in _SCRIPT_KEYS if name in keywords), None)
    if script:
        options = [keywords.pop(name) for name in ("pipeline_options", "options") if name in keywords]
        words = keywords.pop(later) if later in keywords and later else Items([])
        found.append(_put_together(Items([literal("python"), keywords.pop(script)]), words, *map(_as_words, options)))
    for value in (*arguments.positional, *keywords.values()):
        found.extend(_submitted(value, 0))
    return [*arguments.positional, *keywords.values(), *found]


def _put_together(*parts: Value) -> Items:
    return Items([word for part in parts if isinstance(part, Items) for word in part.values])


def _as_words(options: Value) -> Items:
    """`{"input": "x"}` as `--input x`."""
    words: list[Value] = []
    for name, value in options.entries.items() if isinstance(options, Table) else ():
        words.extend([literal(f"--{name}"), value])
    return Items(words)


def _submitted(value: Value, depth: int) -> list[Value]:
    """Job descriptions inside dictionaries: a script and its words, as Dataproc and container runners take them."""
    if depth > 6:
        return []
    if isinstance(value, Items):
        return [found for item in value.values[:50] for found in _submitted(item, depth + 1)]
    if not isinstance(value, Table):
        return []
    script = next((value.entries[name] for name in _SCRIPT_KEYS if name in value.entries), None)
    words = value.entries.get("args") or value.entries.get("arguments") or Items([])
    first = value.entries.get("command")
    found: list[Value] = []
    if isinstance(script, Text) and _SCRIPT.search(script.flat):
        found.append(_put_together(Items([literal("python"), script]), words))
    elif isinstance(first, Items):
        found.append(_put_together(first, words))
    return found + [inner for entry in value.entries.values() for inner in _submitted(entry, depth + 1)]


def _all_texts(arguments: Arguments) -> list[Text]:
    return [text for value in arguments.everything() for text in texts(value) if not isinstance(value, Table | Product)]


def _argv_like(items: Items, installed: Collection[str]) -> bool:
    return any(isinstance(word, Text) and _commandlike(word, installed) for word in items.values)


def _commandlike(text: Text, installed: Collection[str]) -> bool:
    return bool(_COMMANDLIKE.search(text.flat)) or any(name in text.flat for name in installed)


def _script(
    machine: "Machine",
    text: Text,
    name: str,
    arguments: Arguments,
    frame: Frame,
    directories: list[Text],
    variables: dict[str, Value],
) -> bool:
    if "\n" not in text.flat and " " not in text.flat and not _SCRIPT.search(text.flat):
        return False
    known = {key: as_text(value) for key, value in variables.items()}
    found = False
    for command in shell.commands(text, known, machine.env):
        found = _command(machine, command, name, arguments, frame, directories, variables) or found
    return found


def _command(
    machine: "Machine",
    command: shell.Command,
    name: str,
    arguments: Arguments,
    frame: Frame,
    directories: list[Text],
    variables: dict[str, Value],
) -> bool:
    from analysis.references import touches as touching

    found = False
    written = command.words[0].first_line if command.words else None
    here = written if written and written.file == arguments.site.file else arguments.site
    for role, place, _, via in touches(command):
        touching.touch(machine, role, place.bucket, place.prefix, here, f"{name}: {via}", frame, arguments=arguments)
        found = True
    started = script_start(command.words, machine.program.installed)
    if started is None or found:
        return found
    script, words = started
    near = [command.directory] if command.directory else []
    exported: dict[str, Value] = {**variables, **command.variables}
    if machine.program.start(
        script,
        words,
        exported,
        [*near, *directories],
        frame,
        touching.workload(machine, arguments, frame),
        arguments.site,
    ):
        return True
    return _unfollowed(machine, words, name, arguments, frame)


def _unfollowed(machine: "Machine", words: list[Text], name: str, arguments: Arguments, frame: Frame) -> bool:
    """Addresses handed to a script that is not in the checkout: its options' names tell what it does with them."""
    from analysis.references import touches as touching

    found = False
    option = ""
    for given in words:
        word = given
        if word.flat.startswith("--"):
            option, equals, _ = word.flat[2:].partition("=")
            if not equals:
                continue
            word = given.cut(len(option) + 3)
        role = touching.guessed_role(option.replace("-", "_"), "")
        found = (
            touching.addresses(
                machine, role or "reference", word, arguments.site, name, frame, arguments=arguments, confidence=0.6
            )
            or found
        )
        option = ""
    return found


def environment_of(arguments: Arguments) -> dict[str, Value]:
    """Environment variables that a call hands to what it starts: a dict, or a list of name and value pairs."""
    found: dict[str, Value] = {}
    for key in ("env", "env_vars", "environment", "envs", "environment_variables", "env_variables"):
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


def _started_by_image(
    machine: "Machine", arguments: Arguments, frame: Frame, variables: dict[str, Value], context: jinja.Context
) -> bool:
    """A container: the folder called like its image holds the script, its arguments are the script's words."""
    from analysis.references import touches as touching

    image = arguments.get("image") or arguments.get("job_name")
    words_value = arguments.get("arguments") or arguments.get("args") or arguments.get("command")
    if image is None or (words_value is None and not variables):
        return False
    words = (
        [jinja.render(as_text(word), context) for word in words_value.values] if isinstance(words_value, Items) else []
    )
    if any(_SCRIPT.search(word.flat) for word in words):
        return False
    name = as_text(image).flat.rpartition("/")[2].partition(":")[0].partition("@")[0]
    if not name or HOLE in name:
        return False
    workload = touching.workload(machine, arguments, frame)
    return machine.program.start(f"image:{name}", words, variables, [], frame, workload, arguments.site)

"""Pipelines described in YAML and JSON: commands of containers and workflows, operators by class, addresses."""

import ast
import re
from collections.abc import Iterator

from analysis.references import guesses, recording
from analysis.references.formats import jinja, kestra
from analysis.references.formats.sql import looks_like_sql
from analysis.references.formats.sql import touches as sql_touches
from analysis.references.locations import located, plain_path
from analysis.references.model import Role, Site
from analysis.references.program import Program
from analysis.references.python import environment, touches
from analysis.references.python.frames import Frame, Module
from analysis.references.python.machine import Machine, Process
from analysis.references.python.values import Arguments, Items, Table, Value, as_text
from analysis.references.shells import shell, storage_tools
from analysis.references.shells.commands import found_in_call
from analysis.references.shells.shell_words import expand
from analysis.references.text import Text, hole, literal

_COMMANDS = (
    "command", "cmds", "args", "arguments", "run", "script", "entrypoint", "bash_command", "cmd", "commands",
    "before_script", "after_script", "install", "deploy",
)  # fmt: skip
_CLASSES = ("operator", "class", "class_name", "_target_", "operator_class", "task_type")
# Under which a description of a task keeps its arguments.
_BELOW = ("args", "arguments", "kwargs", "params", "parameters", "operator_args")
MAXIMUM_DEPTH = 8
_BUCKET_KEYS = ("bucket", "bucket_name", "gcs_bucket")
_PATH_KEYS = ("prefix", "path", "folder", "object", "blob", "key", "object_name", "key_naming_convention")
_TOOLS = ("gsutil", "gcloud", "bq")
_EXTERNAL = {"location", "external_location", "uri", "uris", "source_uris"}


def scan_structure(program: Program, path: str, value: Value) -> None:
    """Record what one file's content does, and start the scripts that it starts."""
    machine = Machine(program, path.rpartition("/")[0], Process(), program.script_name(path))
    frame = Frame(Module(path, ast.Module([], []), path), {})
    known = _names_of(value, program.env)
    if isinstance(value, Table) and _DOUBLES & value.entries.keys():
        known["$"] = literal("$")
    value = _filled(value, known, program.env, {})
    if isinstance(value, Table) and kestra.is_flow(value):
        kestra.put_in(value)
    for table, keys in _tables(value, (), set()):
        site = _site(table, path)
        arguments = Arguments([], {key: entry for key, entry in table.entries.items() if isinstance(key, str)}, site)
        handled = _operator(machine, arguments, frame) | _step(machine, table, arguments, frame)
        handled |= _commands(machine, table, arguments, frame)
        _pair(machine, [*keys], arguments, frame)
        for key, text in _strings(table):
            if key not in handled:
                _address(machine, [*keys, key], text, path, frame, kestra.role_of(table, key))


_EXPRESSION = re.compile(r"\$\{\{\s*(?P<name>[^}]{1,200}?)\s*\}\}")
# Files with these keys (of builds, of compositions) write `$$` for a `$` that the shell is to see.
_DOUBLES = {"steps", "services"}
_SUBSTITUTED = ("substitutions", "env", "variables")


def _names_of(value: Value, env: str | None) -> dict[str, Text]:
    """Variables that a build or a workflow gives to all its steps."""
    found: dict[str, Text] = {}
    for key in _SUBSTITUTED:
        table = value.entries.get(key) if isinstance(value, Table) else None
        for name, entry in table.entries.items() if isinstance(table, Table) else ():
            if isinstance(entry, Text):
                found[str(name)] = expand(_expressions(entry, found, env), found, env)
    return found


def _expressions(text: Text, known: dict[str, Text], env: str | None) -> Text:
    """`${{ env.NAME }}` of workflows."""
    if "${{" not in text.flat:
        return text
    spans = []
    for match in _EXPRESSION.finditer(text.flat):
        name = match["name"].rpartition(".")[2].strip()
        here = environment.current(env) if environment.names_environment(name) else None
        spans.append((match.start(), match.end(), known.get(name) or here or hole(name)))
    return text.replace_spans(spans)


def _filled(value: Value, known: dict[str, Text], env: str | None, done: dict[int, Value]) -> Value:
    """The same content with what `known` says put in; other variables stay for the shell."""
    if isinstance(value, Text):
        text = _expressions(value, known, env)
        spans = [
            (match.start(), match.end(), known[match["name"]])
            for match in re.finditer(r"\$\{?(?P<name>\w+|\$)\}?", text.flat)
            if match["name"] in known
        ]
        return text.replace_spans(spans) if spans else text
    if not isinstance(value, Items | Table):
        return value
    if id(value) not in done:
        done[id(value)] = value
        if isinstance(value, Items):
            value.values = [_filled(item, known, env, done) for item in value.values]
        else:
            value.entries = {key: _filled(entry, known, env, done) for key, entry in value.entries.items()}
    return value


def _step(machine: Machine, table: Table, arguments: Arguments, frame: Frame) -> set[str]:
    """A step whose image is the tool (Cloud Build), or that uploads by a ready-made action (GitHub)."""
    name, words, entry = table.entries.get("name"), table.entries.get("args"), table.entries.get("entrypoint")
    uses, given = table.entries.get("uses"), table.entries.get("with")
    if isinstance(uses, Text) and "upload-cloud-storage" in uses.flat and isinstance(given, Table):
        target = given.entries.get("destination")
        place = plain_path(target) if isinstance(target, Text) else None
        if place is not None:
            recording.touch(machine, "write", place.bucket, place.prefix, arguments.site, "upload-cloud-storage", frame)
        return {"with"}
    if not isinstance(name, Text) or not isinstance(words, Items):
        return set()
    tool = name.flat.rpartition("/")[2].partition(":")[0]
    first = entry if isinstance(entry, Text) else literal(tool, name.first_line) if tool in _TOOLS else None
    if first is None:
        return set()
    # A shell puts in what it was told itself; other tools get what nobody can tell.
    shell_runs = first.flat.rpartition("/")[2] in ("bash", "sh")
    given_words = [as_text(word) if shell_runs else expand(as_text(word), {}, machine.env) for word in words.values]
    command = shell.Command([first, *given_words], site=name.first_line)
    touched = False
    for role, place, _, via in storage_tools.touches(command):
        recording.touch(machine, role, place.bucket, place.prefix, arguments.site, f"step: {via}", frame)
        touched = True
    if touched:
        return {"args", "entrypoint"}
    found = found_in_call(
        machine,
        machine.workload,
        Arguments([], {"command": Items([first]), "args": Items(list[Value](given_words))}, arguments.site),
        frame,
    )
    return {"args", "entrypoint"} if found else set()


def _tables(value: Value, keys: tuple[str, ...], seen: set[int]) -> Iterator[tuple[Table, tuple[str, ...]]]:
    """Every table once, with the keys that lead to it."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Items):
        for item in value.values:
            yield from _tables(item, keys, seen)
    elif isinstance(value, Table):
        yield value, keys
        for key, entry in value.entries.items():
            yield from _tables(entry, (*keys, str(key)), seen)


def _site(table: Table, path: str) -> Site:
    for entry in table.entries.values():
        for text in (
            [entry]
            if isinstance(entry, Text)
            else [t for t in entry.values if isinstance(t, Text)]
            if isinstance(entry, Items)
            else []
        ):
            if text.first_line:
                return text.first_line
    return Site(path, 1)


def _operator(machine: Machine, arguments: Arguments, frame: Frame) -> set[str]:
    """A task whose class the sink table knows, as YAML factories of DAGs write it."""
    for key in _CLASSES:
        name = arguments.keywords.get(key)
        if isinstance(name, Text) and name.known and machine.program.sinks.find(name.flat):
            rest = {word: value for word, value in arguments.keywords.items() if word != key}
            for word in _BELOW:
                below = rest.get(word)
                rest.update({str(k): v for k, v in below.entries.items()} if isinstance(below, Table) else {})
            lines = [site.line for text in _texts(Table(dict(rest)), 0) if (site := text.first_line)]
            call = Arguments([], rest, arguments.site, end=max(lines, default=0))
            touches.library_call(machine, name.flat, name, call, frame)
            return set(rest)
    return set()


def _texts(value: Value, depth: int) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    inner = value.values if isinstance(value, Items) else value.entries.values() if isinstance(value, Table) else ()
    for one in inner if depth < MAXIMUM_DEPTH else ():
        yield from _texts(one, depth + 1)


def _commands(machine: Machine, table: Table, arguments: Arguments, frame: Frame) -> set[str]:
    present = [key for key in _COMMANDS if key in arguments.keywords]
    if not present:
        return set()
    keywords = {
        key: arguments.keywords[key]
        for key in (*present, "image", "env", "environment", "variables")
        if key in arguments.keywords
    }
    found = found_in_call(machine, machine.workload, Arguments([], keywords, arguments.site), frame)
    del table
    return set(present) if found else set()


def _pair(machine: Machine, keys: list[str], arguments: Arguments, frame: Frame) -> None:
    """`bucket: x` beside `prefix: y`, as settings of pipelines write it."""
    bucket = next((arguments.keywords[key] for key in _BUCKET_KEYS if key in arguments.keywords), None)
    path = next((arguments.keywords[key] for key in _PATH_KEYS if key in arguments.keywords), None)
    if isinstance(bucket, Text) and isinstance(path, Text) and "://" not in path.flat:
        role = role_of_keys(keys) if keys else "reference"
        recording.touch(machine, role, bucket, path, arguments.site, "settings", frame, confidence=0.6)
        machine.program.settings.add(arguments.site)


def _strings(table: Table) -> Iterator[tuple[str, Text]]:
    for key, entry in table.entries.items():
        for text in [entry] if isinstance(entry, Text) else entry.values if isinstance(entry, Items) else []:
            if isinstance(text, Text):
                yield str(key), text


def _address(machine: Machine, keys: list[str], text: Text, path: str, frame: Frame, known: Role | None = None) -> None:
    site = text.first_line or Site(path, 1)
    if looks_like_sql(text.flat):
        for role, found, where, via in sql_touches(jinja.alone(text, machine.env)):
            recording.touch(machine, role, found.bucket, found.prefix, where or site, via, frame, confidence=0.8)
        return
    for part in expand(jinja.alone(text, machine.env), {}, machine.env).split(","):
        place = located(part.strip())
        if place is not None:
            role = known or role_of_keys(keys)
            recording.touch(machine, role, place.bucket, place.prefix, site, keys[-1], frame, confidence=0.7)
            machine.program.settings.add(site)


_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z][A-Z0-9]{3,}")
_ENVIRONMENTS = {"env", "environment", "envs", "env_vars", "envVars", "env_variables", "variables", "substitutions"}


def role_of_keys(keys: list[str]) -> Role:
    """What the keys above an address say about it; the nearest one that says anything.

    A variable of a process says nothing: what the process does with it is told where it does it.
    """
    if _VARIABLE.fullmatch(keys[-1]) or _ENVIRONMENTS.intersection(keys):
        return "reference"
    if len(keys) > 1 and keys[-1] in _EXTERNAL and keys[-2] in ("external", "external_data_configuration"):
        return "read"
    if keys[-2:] == ["objects", "location"]:  # where a build leaves its artifacts
        return "write"
    for key in reversed(keys):
        role = guesses.guessed_role(key.rpartition(".")[2], "")
        if role is not None:
            return role
    return "reference"

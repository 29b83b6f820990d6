"""Commands: storage tools touch the bucket, and scripts of the checkout are started with the words after their name."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from analysis.references import guesses, recording
from analysis.references.formats import jinja
from analysis.references.locations import located
from analysis.references.python import container_environment, inline
from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Items,
    Product,
    Table,
    Value,
    alternatives,
    as_text,
    texts,
)
from analysis.references.shells import shell, storage_tools
from analysis.references.text import HOLE, Text, join, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_COMMANDLIKE = re.compile(
    r"\b(?:gsutil|gcloud|bq|edr|rclone|spark-submit|python[\d.]*|curl|wget|gcsfuse|papermill|clickhouse-client|bash|sh|poetry|uv|make)\b|\.py\b|\.sh\b"
)
_PYTHON = re.compile(r"^(?:.*/)?(?:python[\d.]*|pypy3?|ipython)$")
_SCRIPT = re.compile(r"\.(?:py|sh|bash)$")
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
            if flats[0].endswith("gcloud"):  # what stands before `--` is for gcloud
                own = next((place for place, word in enumerate(after) if word.flat == "--"), len(after))
                return flat, after[own + 1 :]
            return flat, after[1:] if after and after[0].flat == "--" else after
    return None


# ---- in calls


def found_in_call(machine: "Machine", name: str, arguments: Arguments, frame: Frame) -> bool:
    """Commands among the arguments of a call: recorded, or queued as starts of scripts."""
    context = jinja.Context(machine, arguments, frame)
    found = False
    directories = [text for text in _all_texts(arguments) if "/" in text.flat and len(text.flat) < 300]
    variables = container_environment.handed_on(arguments)
    for value in _commands_in(arguments):
        for option in alternatives(value):
            if isinstance(option, Text) and _commandlike(option, machine.program.installed):
                found = (
                    _script(machine, jinja.render(option, context), name, arguments, frame, directories, variables)
                    or found
                )
            elif isinstance(option, Items) and (lines := _lines_of(option)) is not None:
                found = _script(machine, lines, name, arguments, frame, directories, variables) or found
            elif isinstance(option, Items) and _argv_like(option, machine.program.installed):
                words = [jinja.render(as_text(word), context) for word in option.values]
                found = _command(machine, shell.Command(words), name, arguments, frame, directories, variables) or found
    if not found and not _started_by_image(machine, arguments, frame, variables, context):
        for key in ("arguments", "args", "application_args"):
            words_value = arguments.get(key)
            if isinstance(words_value, Items):
                words = [jinja.render(as_text(word), context) for word in words_value.values]
                found = _unfollowed(machine, words, name, arguments, frame, guess=name.endswith("Operator")) or found
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
    if not script and later and "script_path" in keywords:  # Vertex AI: the words may also come when the job runs
        script = "script_path"
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


def _lines_of(items: Items) -> Text | None:
    """The script that a list of command lines is, as continuous integration writes it; None for the words of one."""
    found = [value for value in items.values if isinstance(value, Text)]
    if not found or " " not in found[0].flat.strip() or not _COMMANDLIKE.search("\n".join(one.flat for one in found)):
        return None
    return join(literal("\n"), found)


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
    inner = shell.script_given(command.words)
    if inner is not None and command.site is None:  # a list of words; a script's own was read with the script
        return _script(machine, inner, name, arguments, frame, directories, variables)
    found = acted = False
    written = command.site or (command.words[0].first_line if command.words else None)
    here = written if written and written.file == arguments.site.file else arguments.site
    for role, place, _, via in storage_tools.touches(command):
        at = recording.told_at(here, command.end, place.prefix, place.bucket)
        recording.touch(machine, role, place.bucket, place.prefix, at, f"{name}: {via}", frame, arguments=arguments)
        found = True
        acted = acted or role != "reference"
    if inline.start(machine.program, command, arguments.site.file, recording.workload(machine, arguments, frame)):
        return True
    handed_on = storage_tools.handed_on(command.words)
    started = script_start(command.words, machine.program.installed)
    if started is None or (acted and not handed_on):
        return _unfollowed(machine, handed_on, name, arguments, frame) or found
    script, words = started
    for word in command.words[1:]:
        file = located(word) if word.flat == script else None
        if file is not None:
            at = recording.told_at(here, max(command.end, _end(arguments)), word)
            recording.touch(machine, "read", file.bucket, file.prefix, at, name, frame, arguments=arguments)
    near = [command.directory] if command.directory else []
    exported: dict[str, Value] = {**variables, **command.variables}
    if machine.program.start(
        script,
        words,
        exported,
        [*near, *directories],
        frame,
        recording.workload(machine, arguments, frame),
        arguments.site,
    ):
        return True
    return _unfollowed(machine, words, name, arguments, frame) or found


def _end(arguments: Arguments) -> int:
    return (arguments.node.end_lineno or 0) if arguments.node is not None else 0


def _unfollowed(
    machine: "Machine", words: list[Text], name: str, arguments: Arguments, frame: Frame, *, guess: bool = True
) -> bool:
    """Addresses handed to a script that is not in the checkout: its options' names tell what it does with them."""
    found = False
    option = ""
    for given in words:
        word = given
        if word.flat.startswith("--"):
            option, equals, _ = word.flat[2:].partition("=")
            if not equals:
                continue
            word = given.cut(len(option) + 3)
        role = guesses.guessed_role(option.replace("-", "_"), "") if guess else None
        found = (
            recording.addresses(
                machine,
                role or "reference",
                word,
                recording.told_at(arguments.site, _end(arguments), word),
                name,
                frame,
                arguments=arguments,
                confidence=0.6,
            )
            or found
        )
        option = ""
    return found


def _started_by_image(
    machine: "Machine", arguments: Arguments, frame: Frame, variables: dict[str, Value], context: jinja.Context
) -> bool:
    """A container: the folder called like its image holds the script, its arguments are the script's words."""
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
    workload = recording.workload(machine, arguments, frame)
    return machine.program.start(f"image:{name}", words, variables, [], frame, workload, arguments.site)

"""Addresses written out in files that are not Python: SQL, YAML, Terraform, shell, JavaScript, documents."""

import re
from collections.abc import Callable

from analysis.references.checkout import SourceFile
from analysis.references.ecmascript.touches import ENDINGS
from analysis.references.formats import clients, jenkins, jinja, nextflow, pipelines, sql, sql_templates, structured
from analysis.references.guesses import guessed_role
from analysis.references.locations import embedded
from analysis.references.model import Role, Site
from analysis.references.program import Program, Start
from analysis.references.python import inline
from analysis.references.python.values import as_text
from analysis.references.recording import told_at
from analysis.references.shells import commands, shell, storage_tools, windows
from analysis.references.text import Text, hole, join, literal

_STARTS = re.compile(r"gsutil|gcloud storage|python[\d.]*[\s\"',]|\.py\b|[Oo]perator\b.*\n(?:.*\n){0,12}.*bucket")
_RECIPE = re.compile(r"^(?<!\\\n)(?<!\\\r\n)\t[ \t]*([@+-]+)", re.MULTILINE)  # said to make, at a command's start
_PAIRED = re.compile(r"^\s*(?:-\s*)?(?:gcs_)?bucket(?:_name)?\s*:", re.MULTILINE)
MAXIMUM_DEPTH = 3  # of Makefiles that include one another
_KEY = re.compile(r"^\s*(?:-\s*)?[\"']?(?P<key>[\w.-]+)[\"']?\s*[:=]\s*")


def scan_file(program: Program, file: SourceFile) -> None:
    """Record the addresses of one file."""
    act = _LANGUAGES.get(file.language)
    if act is not None and file.path not in program.rendered:
        act(program, file)


def _sql(program: Program, file: SourceFile) -> None:
    if not _worth(program.checkout.text(file.path)):
        return
    text = sql_templates.render(program, file.path)
    for role, place, site, via in sql.touches(text):
        program.record(
            role,
            place.bucket,
            place.prefix,
            site or Site(file.path, 1),
            via,
            0.9,
            workload=program.script_name(file.path),
        )


def _worth(content: str) -> bool:
    return "://" in content or "/gcs/" in content


def run_shell(program: Program, start: Start) -> None:
    """A shell script that a command starts: its words are $1, $2 …"""
    known = {**program.deployed, **{name: as_text(value) for name, value in start.environment.items()}}
    words = start.words or ()
    known.update({str(number): word for number, word in enumerate(words, 1)})
    known["@"] = known["*"] = join(literal(" "), words)
    sourced = _sourced(program, start.file)
    for command in shell.commands(program.file_text(start.file), known, program.env, sourced=sourced):
        _command(program, command, start.file, start.workload)


def _shell(program: Program, file: SourceFile) -> None:
    if file.path in program.started:
        return
    text = program.file_text(file.path)
    workload = program.script_name(file.path)
    known = dict(program.deployed)
    if file.language == "windows":
        text = windows.as_shell(text, file.path)
    if file.language == "makefile":
        text, known = _makefile(program, file.path, known, 0)
    for command in shell.commands(text, known, program.env, sourced=_sourced(program, file.path)):
        _command(program, command, file.path, workload)


_INCLUDED = re.compile(r"^-?include[ \t]+(?P<names>[^\n#]+)", re.MULTILINE)


def _makefile(program: Program, path: str, known: dict[str, Text], depth: int) -> tuple[Text, dict[str, Text]]:
    """A Makefile as a shell reads it, `$(NAME)` and `$$NAME` as `${NAME}` and `$NAME`, and what its variables are."""
    text = program.file_text(path)
    text = text.replace_spans([(m.start(1), m.end(1), Text()) for m in _RECIPE.finditer(text.flat)])
    spans = [
        (m.start(), m.end(), literal("${" + m[1] + "}" if m[1] else "$", text.cut(m.start(), m.end()).first_line))
        for m in re.finditer(r"\$\((\w+)\)|\$\$", text.flat)
    ]
    text = text.replace_spans(spans)
    for match in _INCLUDED.finditer(text.flat) if depth < MAXIMUM_DEPTH else ():
        for name in match["names"].split():
            there = program.nearest(name.rpartition("}")[2].lstrip("./"), path)
            if there is not None and there != path:
                known = _makefile(program, there, known, depth + 1)[1]
    return text, shell.make_variables(text, known, program.env)


def _jenkins(program: Program, file: SourceFile) -> None:
    text = program.file_text(file.path)
    known = {**program.deployed, **jenkins.variables(text)}
    for step in jenkins.steps(text):
        for command in shell.commands(step, known, program.env):
            _command(program, command, file.path, program.script_name(file.path))


def _sourced(program: Program, importer: str) -> Callable[[str], Text | None]:
    """The text of a script of the checkout that `importer` sources."""

    def find(name: str) -> Text | None:
        tail = name.rpartition("\x00")[2].lstrip("./")
        path = program.nearest(tail, importer) if tail and len(tail) < 200 else None
        return program.file_text(path) if path and path != importer else None

    return find


def _command(program: Program, command: shell.Command, path: str, workload: str) -> None:
    touched = list(storage_tools.touches(command))
    here = _written(command, path)
    handed_on = storage_tools.handed_on(command.words)
    acts = any(role != "reference" for role, *_ in touched)
    started = (not acts or bool(handed_on)) and _start(program, command, path, workload)
    started = inline.start(program, command, path, workload) or started
    if started and not acts:
        return
    for role, place, _, via in touched:
        at = told_at(here, command.end, place.prefix, place.bucket)
        program.record(role, place.bucket, place.prefix, at, via, 0.9, workload=workload)
    if started or command.words[0].flat in ("echo", "printf"):
        return
    option = ""
    for word in handed_on if touched else command.words:
        name, equals, _ = word.flat.removeprefix("--").partition("=")
        option = name if word.flat.startswith("--") else option
        for begin, _, place in embedded(word):
            inner = _INNER_KEY.search(word.flat, max(0, begin - 80), begin)
            named = inner["key"] if inner else option.replace("-", "_")
            program.record(
                guessed_role(named, "") or "reference" if named else "reference",
                place.bucket,
                place.prefix,
                told_at(here, command.end, place.prefix, place.bucket),
                command.words[0].pattern[:40],
                0.6,
                workload=workload,
            )
        option = "" if equals or not word.flat.startswith("--") else option


# The key before an address inside a word: `…?gcsPath=gs://…`, `{"inputFile": "gs://…`, `--output=gs://…`.
_INNER_KEY = re.compile(r"(?:[?&,{\"']|(?:^|\s)-{1,2})(?P<key>[A-Za-z]\w*)[\"']?\s*[=:]\s*[\"']?\Z")


def _written(command: shell.Command, path: str) -> Site:
    """The line of a file on which one of its commands stands."""
    site = command.site or command.words[0].first_line or Site(path, 1)
    return site if site.file == path else Site(path, site.line)


def _start(program: Program, command: shell.Command, path: str, workload: str) -> bool:
    """Start the script of the checkout that a command runs; False where it runs none."""
    started = commands.script_start(command.words, program.installed)
    here = _written(command, path)
    near = [command.directory] if command.directory else []
    return started is not None and program.start(started[0], started[1], command.variables, near, None, workload, here)


def _structured(program: Program, file: SourceFile) -> None:
    """YAML, JSON and settings: the key before an address tells what it is for."""
    content = program.checkout.text(file.path)
    pairs = file.language == "yaml" and _PAIRED.search(content)
    if not (_worth(content) or pairs or _STARTS.search(content)) or file.path.endswith((".lock", "package-lock.json")):
        return
    parsed = file.language in ("yaml", "json") or file.path.endswith(".toml")
    value = structured.load(program, file.path) if parsed else None
    if value is not None:
        pipelines.scan_structure(program, file.path, value)
        for line in program.file_text(file.path).lines() if file.language != "json" else ():
            if line.flat.lstrip().startswith("#"):
                _document_line(program, line, file)
        return
    text = jinja.alone(program.file_text(file.path), program.env)
    keys: list[tuple[int, str]] = []
    in_statement = sql.looks_like_sql(text.flat)
    for line in text.lines():
        flat = line.flat
        stripped = flat.lstrip()
        if stripped.startswith("#"):
            _document_line(program, line, file)
            continue
        indent = len(flat) - len(stripped)
        match = _KEY.match(flat)
        if match:
            keys = [(depth, key) for depth, key in keys if depth < indent]
            keys.append((indent, match["key"]))
        if not _worth(flat) and "gsutil" not in flat:
            continue
        _structured_line(program, line, [key for _, key in keys], file, in_statement=in_statement)


def _structured_line(program: Program, line: Text, keys: list[str], file: SourceFile, *, in_statement: bool) -> None:
    workload = program.script_name(file.path)
    if re.search(r"\b(?:gsutil|gcloud|bq|python[\d.]*)\s", line.flat):
        match = _KEY.match(line.flat)
        body = line.cut(match.end() if match else len(line.flat) - len(line.flat.lstrip(" -"))).strip("\"' ")
        for command in shell.commands(body, dict(program.deployed), program.env):
            _command(program, command, file.path, workload)
        return
    for start, _, place in embedded(line):
        role: Role | None = None
        via = keys[-1] if keys else file.language
        if in_statement:
            role, via = sql.Statements(line.flat).role_at(start)
            if role == "reference":
                role = None
                via = keys[-1] if keys else file.language
        site = line.first_line or Site(file.path, 1)
        if role is None:
            role = pipelines.role_of_keys(keys) if keys else "reference"
            program.settings.add(site)
        program.record(role, place.bucket, place.prefix, site, via, 0.7, workload=workload)


def _plain(program: Program, file: SourceFile) -> None:
    """Other languages: an address is a reference; the words around it are not trusted with a role."""
    if not _worth(program.checkout.text(file.path)):
        return
    text = program.file_text(file.path)
    for line in text.lines():
        if line.flat.lstrip().startswith(("//", "#", "*", "/*")):
            _document_line(program, line, file)
            continue
        if file.path.lower().endswith((*ENDINGS, *clients.ENDINGS)):  # their code was followed
            continue
        for start, _, place in embedded(_interpolated(line)):
            before = line.flat[max(0, start - 60) : start]
            role = guessed_role("", before.rpartition(".")[2]) if "(" in before else None
            program.record(
                role or "reference",
                place.bucket,
                place.prefix,
                line.first_line or Site(file.path, 1),
                file.language,
                0.6,
                workload=program.script_name(file.path),
            )


def _interpolated(line: Text) -> Text:
    """`${…}` of strings as holes."""
    return line.replace_spans([(m.start(), m.end(), hole(m[1])) for m in re.finditer(r"\$\{([^}]*)\}", line.flat)])


def _document(program: Program, file: SourceFile) -> None:
    if _worth(program.checkout.text(file.path)):
        for line in program.file_text(file.path).lines():
            _document_line(program, line, file)


def _document_line(program: Program, line: Text, file: SourceFile) -> None:
    for _, _, place in embedded(line):
        program.record(
            "reference",
            place.bucket,
            place.prefix.strip("*_", left=False),
            line.first_line or Site(file.path, 1),
            "document",
            0.5,
            kind="document",
        )


_LANGUAGES: dict[str, Callable[[Program, SourceFile], None]] = {
    "sql": _sql,
    "shell": _shell,
    "makefile": _shell,
    "windows": _shell,
    "jenkins": _jenkins,
    "docker": _shell,
    "nextflow": lambda program, file: nextflow.scan_pipeline(program, file.path),
    "yaml": _structured,
    "json": _structured,
    "config": _structured,
    "script": _plain,
    "document": _document,
}

"""Terraform: objects, external tables and transfers that it declares, with variables, locals and bucket names put in.

This reads blocks and `key = value` lines, as `terraform fmt` lays them out; expressions are holes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from analysis.references.formats.sql import looks_like_sql
from analysis.references.formats.sql import touches as sql_touches
from analysis.references.guesses import guessed_role
from analysis.references.locations import located
from analysis.references.model import Role, Site
from analysis.references.program import Program
from analysis.references.python import environment
from analysis.references.shells import shell, storage_tools
from analysis.references.text import Text, hole, join, literal

_OPEN = re.compile(r'^\s*(?P<words>[\w-]+(?:\s+"[^"]*")*)\s*(?:=\s*)?\{\s*(?P<rest>.*)$')
_ATTRIBUTE = re.compile(r"^\s*(?P<key>[\w-]+)\s*=\s*(?P<value>.+?)\s*$")
# The text of a string may hold strings of its own in `${…}`; one of several resources has an index.
_STRING = re.compile(
    r'"(?P<text>(?:\$\{[^}]*\}|[^"\\]|\\.)*)"'
    r"|(?P<name>\b(?:var|local|google_[\w]+|data|module)(?:\.[\w-]+)(?:\.[\w-]+|\[[^\]]*\])*)"
)
_INDEX = re.compile(r"\[[^\]]*\]")
_INNER = re.compile(r"\$\$(?=\{)|\$\{(?P<name>[^}]*)\}")
_HEREDOC = re.compile(r"<<[-~]?\s*\"?(?P<word>\w+)\"?\s*$")
_COMMANDS = re.compile(r"\b(?:gsutil|gcloud|bq|rclone|gcsfuse)\s")
_COMMENT = re.compile(r"^\s*(?:#|//)")
_ADDRESS_ROLES: dict[str, Role] = {"source_uris": "read", "destination_uris": "write", "source_uri": "read",
                                   "source_uri_prefix": "reference"}  # fmt: skip
# Blocks that only give values names; what is done with them is said where they are read.
_SETTINGS = {"locals", "variable", "variables", "output", "env", "env_vars", "environment", "environment_variables",
             "env_variables", "module", "labels", "substitutions"}  # fmt: skip
_PAIRS: tuple[tuple[str, str, str, Role], ...] = (
    ("google_storage_bucket_object", "bucket", "name", "write"),
    ("gcs_data_source", "bucket_name", "path", "read"),
    ("gcs_data_sink", "bucket_name", "path", "write"),
    ("google_cloudfunctions_function", "source_archive_bucket", "source_archive_object", "read"),
    ("storage_source", "bucket", "object", "read"),
)
_OBJECTS = (["google_storage_bucket_object"], ["google_storage_bucket"])


@dataclass(slots=True)
class _Block:
    words: list[str]
    line: int
    values: dict[str, list[Text]] = field(default_factory=dict)
    parent: "_Block | None" = None
    children: "list[_Block]" = field(default_factory=list)


def scan_terraform(program: Program) -> None:
    """Record what all Terraform files of the checkout declare."""
    blocks = {file.path: list(_blocks(program, file.path)) for file in program.checkout.of("terraform")}
    known = _names(program, blocks)
    for path, found in blocks.items():
        for block in found:
            for name, value in _variables(block):
                program.deployed.setdefault(name, _settled(value, known, program.env))
            _record(program, path, block, known)


def _variables(block: _Block) -> Iterator[tuple[str, Text]]:
    """Environment variables that a block hands to a container or a function."""
    if block.words[0] == "env" and (names := block.values.get("name")) and (values := block.values.get("value")):
        yield names[0].flat, values[0]
    elif block.words[0] in ("environment_variables", "env_vars", "environment"):
        yield from ((key, values[0]) for key, values in block.values.items())


def _blocks(program: Program, path: str) -> Iterator[_Block]:
    """Every block, inner ones after the values they interrupt; a file of plain values is one block."""
    text = program.file_text(path)
    stack = [_Block([path], 1)]
    finished: list[_Block] = []
    key = ""
    for number, whole, body in _lines(text):
        line, flat = whole, whole.flat
        if body is not None:
            match = _ATTRIBUTE.match(flat)
            key = match["key"] if match else key
            stack[-1].values.setdefault(key or "value", []).append(_filled(body))
            continue
        opened = _OPEN.match(flat)
        if opened:
            inner = _Block(re.findall(r"[\w./-]+", opened["words"]), number, parent=stack[-1])
            stack[-1].children.append(inner)
            stack.append(inner)
            line = line.cut(opened.start("rest"))
            flat = line.flat
        match = _ATTRIBUTE.match(flat)
        if match:
            key = match["key"]
        if key and (strings := list(_values(line.cut(match.start("value")) if match else line))):
            stack[-1].values.setdefault(key, []).extend(strings)
        if match and not flat.rstrip().endswith(("[", "(", ",")):
            key = key if flat.count("[") > flat.count("]") else ""
        for _ in range(_closing(flat)):
            if len(stack) > 1:
                finished.append(stack.pop())
                key = ""
        if len(finished) > 5000:
            break
    yield from [*finished, *stack]


def _lines(text: Text) -> Iterator[tuple[int, Text, Text | None]]:
    """Lines that are no comment, counted from 1; one that opens a here-document with what that holds."""
    lines = enumerate(text.lines(), 1)
    for number, line in lines:
        heredoc = _HEREDOC.search(line.flat)
        if _COMMENT.match(line.flat):
            continue
        body = None
        if heredoc:
            inner = takewhile(lambda one: one[1].flat.strip() != heredoc["word"], lines)  # noqa: B023 - used at once
            body = join(literal("\n"), [whole for _, whole in inner])
        yield number, line, body


def _closing(flat: str) -> int:
    """Closing braces of the line that no brace on it opened."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", flat)
    return max(bare.count("}") - bare.count("{"), 0)


def _values(value: Text) -> Iterator[Text]:
    for match in _STRING.finditer(value.flat):
        if match["name"]:
            yield hole(_INDEX.sub("", match["name"]), value.first_line)
        else:
            inner = value.cut(match.start("text"), match.end("text"))
            escapes = [(m.start(), m.end(), Text()) for m in re.finditer(r"\\(?=\")", inner.flat)]
            yield _filled(inner.replace_spans(escapes))


def _filled(text: Text) -> Text:
    """A template with a hole called like it for each expression; `$${` is a `${` that a shell is to see."""
    spans = [
        (m.start(), m.end(), literal("$") if m["name"] is None else hole(_INDEX.sub("", m["name"]).strip()))
        for m in _INNER.finditer(text.flat)
    ]
    return text.replace_spans(spans)


def _names(program: Program, blocks: dict[str, list[_Block]]) -> dict[str, Text]:
    """What `var.x`, `local.x` and `google_storage_bucket.x.name` stand for."""
    known: dict[str, Text] = {}
    for path, found in blocks.items():
        for block in found:
            if block.words[0] == "variable" and len(block.words) > 1 and (values := block.values.get("default")):
                known.setdefault(f"var.{block.words[1]}", values[0])
            elif block.words[0] == "locals":
                known.update({f"local.{key}": values[0] for key, values in block.values.items()})
            elif block.words[:2] == ["resource", "google_storage_bucket"] and (values := block.values.get("name")):
                for attribute in ("name", "id"):
                    known[f"google_storage_bucket.{block.words[2]}.{attribute}"] = values[0]
            elif (
                block.words[0] in ("resource", "data")
                and block.words[1:2] in _OBJECTS
                and (values := block.values.get("name"))
            ):
                data = "data." if block.words[0] == "data" else ""
                for attribute in ("name", "output_name"):
                    known[f"{data}{block.words[1]}.{block.words[2]}.{attribute}"] = values[0]
                if buckets := block.values.get("bucket"):
                    known[f"{data}{block.words[1]}.{block.words[2]}.bucket"] = buckets[0]
            elif path.endswith(".tfvars") and (program.env is None or program.env in path):
                known.update({f"var.{key}": values[0] for key, values in block.values.items()})
    return known


def _settled(text: Text, known: dict[str, Text], env: str | None, depth: int = 0) -> Text:
    parts = Text()
    for piece in text.pieces:
        value = known.get(piece.label) if piece.hole else None
        if value is not None and depth < 5:
            parts = parts + _settled(value, known, env, depth + 1)
        elif piece.hole and environment.names_environment(piece.label.rpartition(".")[2]):
            parts = parts + (environment.current(env) or hole(piece.label))
        else:
            parts = parts + Text((piece,))
    return parts


def _chosen(source: _Block) -> list[Text]:
    """The prefixes that the conditions beside a transfer's source leave; everything without them."""
    beside = source.parent.children if source.parent else []
    found = [text for block in beside if block.words[0] == "object_conditions" for text in
             block.values.get("include_prefixes", ())]  # fmt: skip
    return found or [literal("")]


def _record(program: Program, path: str, block: _Block, known: dict[str, Text]) -> None:
    kind = block.words[1] if block.words[0] in ("resource", "data") and len(block.words) > 1 else block.words[0]
    for name, bucket_key, path_key, role in _PAIRS:
        if kind == name and (buckets := block.values.get(bucket_key)):
            paths = block.values.get(path_key) or [literal("")]
            bucket = _settled(buckets[0], known, program.env)
            for prefix in _chosen(block) if name == "gcs_data_source" and path_key not in block.values else paths[:1]:
                settled = _settled(prefix, known, program.env)
                program.record(role, bucket, settled, Site(path, block.line), kind, 0.9, workload="terraform")
            return
    for key, values in block.values.items():
        for value in values:
            settled = _settled(value, known, program.env)
            if _COMMANDS.search(settled.flat) or looks_like_sql(settled.flat):
                _run(program, path, settled)
                continue
            place = located(settled)
            if place is not None:
                site = value.first_line or Site(path, block.line)
                role = _ADDRESS_ROLES.get(key) or (kind not in _SETTINGS and guessed_role(key, "")) or "reference"
                program.record(role, place.bucket, place.prefix, site, f"{kind}.{key}", 0.7, workload="terraform")


def _run(program: Program, path: str, text: Text) -> None:
    """Commands and queries that machines, containers and provisioners are given."""
    if looks_like_sql(text.flat) and not _COMMANDS.search(text.flat):
        for role, place, site, via in sql_touches(text):
            program.record(role, place.bucket, place.prefix, site or Site(path, 1), via, 0.9, workload="terraform")
        return
    for command in shell.commands(text, {}, program.env):
        for role, place, _, via in storage_tools.touches(command):
            site = command.site if command.site is not None and command.site.file == path else Site(path, 1)
            program.record(role, place.bucket, place.prefix, site, via, 0.9, workload="terraform")

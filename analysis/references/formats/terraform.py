"""Terraform: objects, external tables and transfers that it declares, with variables, locals and bucket names put in.

This reads blocks and `key = value` lines, as `terraform fmt` lays them out; expressions are holes.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from analysis.references.formats import modules
from analysis.references.formats.modules import Block
from analysis.references.formats.sql import looks_like_sql
from analysis.references.formats.sql import touches as sql_touches
from analysis.references.guesses import guessed_role
from analysis.references.locations import located
from analysis.references.model import Role, Site
from analysis.references.program import Program
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
    ("backend gcs", "bucket", "prefix", "write"),
    ("remote state", "bucket", "prefix", "read"),
)


def scan_terraform(program: Program) -> None:
    """Record what all Terraform files of the checkout declare, a module's as often as it is called."""
    blocks = {file.path: list(_blocks(program, file.path)) for file in program.checkout.of("terraform")}
    for folder, known in modules.scopes(program, blocks):
        for path in [path for path in blocks if path.rpartition("/")[0] == folder]:
            for block in blocks[path]:
                for name, value in _variables(block):
                    program.deployed.setdefault(name, modules.settled(value, known, program.env))
                _record(program, path, block, known)


def _variables(block: Block) -> Iterator[tuple[str, Text]]:
    """Environment variables that a block hands to a container or a function."""
    if block.words[0] == "env" and (names := block.values.get("name")) and (values := block.values.get("value")):
        yield names[0].flat, values[0]
    elif block.words[0] in ("environment_variables", "env_vars", "environment"):
        yield from ((key, values[0]) for key, values in block.values.items())


def _blocks(program: Program, path: str) -> Iterator[Block]:
    """Every block, inner ones after the values they interrupt; a file of plain values is one block."""
    text = program.file_text(path)
    stack = [Block([path], 1)]
    finished: list[Block] = []
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
            inner = Block(re.findall(r"[\w./-]+", opened["words"]), number, parent=stack[-1])
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


def _chosen(source: Block) -> list[Text]:
    """The prefixes that the conditions beside a transfer's source leave; everything without them."""
    beside = source.parent.children if source.parent else []
    found = [text for block in beside if block.words[0] == "object_conditions" for text in
             block.values.get("include_prefixes", ())]  # fmt: skip
    return found or [literal("")]


def _kind(block: Block) -> str:
    """The type of a resource, or what else a block is; where the state of Terraform itself lies is told apart."""
    first, *rest = block.words
    if first in ("resource", "data") and rest:
        return rest[0]
    if first == "backend" and rest:
        return f"backend {rest[0]}"
    above = block.parent
    if first == "config" and above and above.words[:2] == ["data", "terraform_remote_state"]:
        return "remote state" if [text.flat for text in above.values.get("backend", ())] == ["gcs"] else first
    return first


def _record(program: Program, path: str, block: Block, known: dict[str, Text]) -> None:
    kind = _kind(block)
    for name, bucket_key, path_key, role in _PAIRS:
        if kind == name and (buckets := block.values.get(bucket_key)):
            paths = block.values.get(path_key) or [literal("")]
            bucket = modules.settled(buckets[0], known, program.env)
            for prefix in _chosen(block) if name == "gcs_data_source" and path_key not in block.values else paths[:1]:
                settled = modules.settled(prefix, known, program.env)
                program.record(role, bucket, settled, Site(path, block.line), kind, 0.9, workload="terraform")
            return
    for key, values in block.values.items():
        for value in values:
            settled = modules.settled(value, known, program.env)
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

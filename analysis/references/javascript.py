"""JavaScript and TypeScript: the storage client's chains, and addresses written out."""

import re
from collections.abc import Iterator

from analysis.references.locations import embedded
from analysis.references.model import Role, Site
from analysis.references.program import Program
from analysis.references.text import Text, hole

_STRING = r"(?P<{0}>'[^'\n]*'|\"[^\"\n]*\"|`[^`]*`|[A-Za-z_$][\w$.]*)"
_BUCKET = re.compile(r"\.bucket\(\s*" + _STRING.format("bucket") + r"\s*\)")
_NAMED = re.compile(
    r"(?:const|let|var)\s+(?P<name>[\w$]+)\s*=\s*[^;\n]*?\.bucket\(\s*" + _STRING.format("bucket") + r"\s*\)\s*;?\s*$",
    re.MULTILINE,
)
_CONSTANT = re.compile(r"(?:const|let|var)\s+(?P<name>[\w$]+)\s*=\s*(?P<value>'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`)")
_FILE = re.compile(
    r"(?P<owner>\.bucket\(\s*(?:'[^'\n]*'|\"[^\"\n]*\"|`[^`]*`|[\w$.]+)\s*\)|\b[\w$]+)\s*\.(?P<call>file|getFiles|upload|deleteFiles)\("
    r"(?P<argument>[^()]*(?:\([^()]*\)[^()]*)*)\)(?:\s*\.(?P<method>[A-Za-z]+))?"
)
_FETCH = re.compile(r"\b(?:fetch|axios|axios\.get|got|request|get|load\w*|read\w*)\(\s*['\"`]?$")
_METHODS: dict[str, Role] = {
    "save": "write", "createWriteStream": "write", "download": "read", "createReadStream": "read", "delete": "delete",
    "exists": "read", "getMetadata": "read", "copy": "read", "move": "read", "getSignedUrl": "read",
}  # fmt: skip
_CALLS: dict[str, Role] = {"getFiles": "list", "upload": "write", "deleteFiles": "delete"}


def touches(program: Program, path: str) -> Iterator[tuple[Role, Text, Text, Site, str]]:
    """Calls of the storage client and addresses: (role, bucket, path, site, via)."""
    text = program.file_text(path)
    flat = text.flat
    constants = {
        match["name"]: text.cut(match.start("value") + 1, match.end("value") - 1) for match in _CONSTANT.finditer(flat)
    }
    named = {match["name"]: _value(text, match, "bucket", constants) for match in _NAMED.finditer(flat)}
    for match in _FILE.finditer(flat):
        inline = _BUCKET.search(match["owner"])
        if inline is None and match["owner"] not in named:
            continue
        bucket = (
            named.get(match["owner"])
            if inline is None
            else _value(text, inline, "bucket", constants, match.start("owner"))
        )
        acts = _CALLS.get(match["call"]) or _METHODS.get(match["method"] or "")
        if bucket is None or acts is None:
            continue
        site = text.cut(match.start("call"), match.end("call")).first_line or Site(path, 1)
        yield (
            acts,
            bucket,
            _object(text, match, constants),
            site,
            f"{match['call']}.{match['method'] or ''}".rstrip("."),
        )
    filled = interpolated(text)
    for start, _, place in embedded(filled):
        before = filled.flat[:start].rpartition("\n")[2]
        if not before.lstrip().startswith(("//", "*")):
            site = place.bucket.first_line or place.prefix.first_line or Site(path, flat.count("\n", 0, start) + 1)
            role: Role = "read" if _FETCH.search(before) else "reference"
            yield role, place.bucket, place.prefix, site, "address"


def _object(text: Text, match: re.Match[str], constants: dict[str, Text]) -> Text:
    start, argument = match.start("argument"), match["argument"]
    key = r"(?:prefix|destination)\s*:\s*" if match["call"] != "file" else r"\s*"
    found = re.search(key + r"(?P<path>'[^'\n]*'|\"[^\"\n]*\"|`[^`]*`|[A-Za-z_$][\w$.]*)", argument)
    return _value(text, found, "path", constants, start) if found else hole("path") if argument else Text()


def _value(text: Text, match: re.Match[str], group: str, constants: dict[str, Text], shift: int = 0) -> Text:
    raw = match[group]
    if raw[:1] in "'\"`":
        inner = text.cut(shift + match.start(group) + 1, shift + match.end(group) - 1)
        return interpolated(inner, constants)
    return constants.get(raw, hole(raw))


def interpolated(text: Text, constants: dict[str, Text] | None = None) -> Text:
    """`${…}` of template strings: constants put in, anything else a hole."""
    known = constants or {}
    found = re.finditer(r"\$\{([^}]*)\}", text.flat)
    spans = [(match.start(), match.end(), known.get(match[1].strip(), hole(match[1]))) for match in found]
    return text.replace_spans(spans)

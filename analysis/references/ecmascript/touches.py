"""Calls of the storage clients of JavaScript, and addresses written out."""

import re
from collections.abc import Iterator

from analysis.references.ecmascript.nodes import Node
from analysis.references.ecmascript.syntax import read
from analysis.references.ecmascript.tokens import LONGEST_LINE
from analysis.references.ecmascript.values import (
    MAXIMUM_WORK,
    Context,
    Evaluator,
    Handle,
    Scripts,
    called_name,
    looks_like_bucket,
    site_of,
)
from analysis.references.formats import sql
from analysis.references.guesses import guessed_role
from analysis.references.locations import embedded
from analysis.references.model import Role, Site
from analysis.references.program import Program
from analysis.references.text import HOLE, Text, hole

ENDINGS = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".jsx", ".tsx")
_WORTH = re.compile(
    r"gs://|storage\.(?:googleapis|cloud)|/gcs/|\.bucket\(|[bB]ucket|createWriteStream|getFiles|\.file\(|getStorage|"
    r"storageBucket|firebase|google-cloud"
)
_FILE: dict[str, tuple[Role, ...]] = {
    "save": ("write",), "createWriteStream": ("write",), "createResumableUpload": ("write",),
    "generateSignedPostPolicyV4": ("write",), "generateSignedPostPolicyV2": ("write",),
    "download": ("read",), "createReadStream": ("read",), "exists": ("read",), "get": ("read",),
    "getMetadata": ("read",), "getSignedUrl": ("read",), "delete": ("delete",), "getBytes": ("read",),
    "put": ("write",), "putString": ("write",), "putFile": ("write",), "getDownloadURL": ("read",),
    "getFile": ("read",), "listAll": ("list",), "list": ("list",),
    "copy": ("read", "write"), "move": ("read", "write", "delete"), "rename": ("read", "write", "delete"),
    "moveFileAtomic": ("read", "write", "delete"),
}  # fmt: skip
_BUCKET: dict[str, Role] = {
    "getFiles": "list", "getFilesStream": "list", "upload": "write", "deleteFiles": "delete", "combine": "write",
}  # fmt: skip
_FIREBASE: dict[str, Role] = {
    "uploadBytes": "write", "uploadBytesResumable": "write", "uploadString": "write", "getDownloadURL": "read",
    "getBytes": "read", "getBlob": "read", "getStream": "read", "deleteObject": "delete", "listAll": "list",
}  # fmt: skip
_WITH_FILE: dict[str, Role] = {
    "load": "read", "createLoadJob": "read", "import": "read", "extract": "write", "createExtractJob": "write",
    "export": "write",
}  # fmt: skip
_TRANSFER: dict[str, Role] = {
    "downloadManyFiles": "read", "downloadFileInChunks": "read", "uploadManyFiles": "write",
    "uploadFileInChunks": "write",
}  # fmt: skip
_FETCH = re.compile(r"^(?:fetch|axios|get|got|request|load\w*|read\w*|download\w*)\($", re.IGNORECASE)
_CLIENT = re.compile(r"google-cloud/storage|firebase|\bnew Storage\(")

Touch = tuple[Role, Text, Text, Site, str, float]


def scan_scripts(program: Program) -> None:
    """Record what the scripts of a checkout touch."""
    scripts = scripts_of(program)
    for path in scripts.sources:
        workload = program.script_name(path)
        for role, bucket, prefix, site, via, confidence in touches(scripts, path):
            program.record(role, bucket, prefix, site, via, confidence, workload=workload)


def scripts_of(program: Program) -> Scripts:
    """Every script of the checkout that may touch a bucket, and those that it imports from."""
    scripts = Scripts(program)
    worth: list[str] = []
    for file in program.checkout.of("script"):
        if not file.path.endswith(ENDINGS):
            continue
        content = program.checkout.text(file.path)
        if max(map(len, content.split("\n")), default=0) > LONGEST_LINE:
            if _WORTH.search(content):
                program.give_up(file.path, 1, "written by a bundler, not followed")
            continue
        if _WORTH.search(content) or len(content) < 4000:
            worth.append(file.path)
    for path in worth[:2000]:
        source = read(path, program.checkout.text(path))
        scripts.sources[path] = source
        for name in {function.name for function in source.functions if function.name}:
            scripts.named[name] = scripts.named.get(name, 0) + 1
        for call in source.calls:
            if name := called_name(call):
                scripts.callers.setdefault(name, []).append((source, call))
    scripts.default = _default_bucket(scripts)
    return scripts


def _default_bucket(scripts: Scripts) -> Text | None:
    """The bucket that an application is initialised with."""
    for source in scripts.sources.values():
        for node in source.settings.get("storageBucket", ()):
            for text in Evaluator(scripts, source).texts(node, {}):
                if text.flat.replace(HOLE, ""):
                    return text
    return None


def touches(scripts: Scripts, path: str) -> Iterator[Touch]:
    """What one script touches: role, bucket, path, site, via, confidence."""
    source = scripts.sources.get(path)
    if source is None:
        return
    scripts.work = 0
    here = Evaluator(scripts, source)
    seen: set[int] = set()
    speaks = bool(_CLIENT.search(scripts.program.checkout.text(path)))
    for call in source.calls:
        if id(call) in seen or call.owner is None:
            continue
        seen.add(id(call))
        if not _may_touch(call):
            continue
        for context in here.contexts(call.at):
            yield from _call(here, call, context, speaks=speaks)
    yield from _addresses(here)
    if scripts.work > MAXIMUM_WORK:
        scripts.program.give_up(path, 1, "too much work, stopped")


def _may_touch(call: Node) -> bool:
    name = called_name(call)
    return name in _FILE or name in _BUCKET or name in _FIREBASE or name in _WITH_FILE or name in _TRANSFER


def _call(here: Evaluator, call: Node, context: Context, *, speaks: bool) -> Iterator[Touch]:
    callee = call.owner
    if callee is None:
        return
    name = callee.text
    site = site_of(here.text, here.source.path, callee.at)
    if callee.kind == "name":
        yield from _with_handle(here, call, context, _FIREBASE.get(name), site)
        return
    if callee.kind != "member" or callee.owner is None:
        return
    found = False
    for value in here.values(callee.owner, context):
        if isinstance(value, Handle):
            found = True
            yield from _on_handle(here, value, call, context, site)
    if found:
        return
    if name in _TRANSFER:
        yield from _transfer(here, call, context, site)
    elif name in _WITH_FILE:
        yield from _with_handle(here, call, context, _WITH_FILE[name], site)
    elif speaks or looks_like_bucket(callee.owner):
        yield from _on_handles_from_elsewhere(here, call, callee.owner, context, site)


def _on_handles_from_elsewhere(
    here: Evaluator, call: Node, owner: Node, context: Context, site: Site
) -> Iterator[Touch]:
    """Buckets that come from where we cannot see: known by their name, or by `.file(path)` before the method."""
    name = called_name(call)
    if name in ("getFiles", "deleteFiles", "upload") and looks_like_bucket(owner):
        yield from _on_handle(here, Handle(hole("bucket")), call, context, site)
    elif name in _FILE and owner.kind == "call" and called_name(owner) == "file" and len(owner.items) == 1:
        for text in here.texts(owner.items[0], context):
            yield from _on_handle(here, Handle(hole("bucket"), text), call, context, site)


def _on_handle(here: Evaluator, handle: Handle, call: Node, context: Context, site: Site) -> Iterator[Touch]:
    name = called_name(call)
    if handle.path is None:
        role = _BUCKET.get(name)
        if role is None:
            return
        for text in _in_bucket(here, name, call, context):
            yield role, handle.bucket, text, site, f"Bucket.{name}", 0.9
        if name == "combine" and call.items:
            for value in here.values(call.items[0], context):
                for one in here.elements(value, context, 0):
                    path = one.path if isinstance(one, Handle) else one if isinstance(one, Text) else None
                    if path is not None:
                        yield "read", handle.bucket, path, site, "Bucket.combine", 0.9
        return
    if handle.listing:
        return
    roles = _FILE.get(name, ())
    if name == "getSignedUrl" and any(
        text.flat in ("write", "resumable", "delete") for text in here.option(call, "action", context)
    ):
        roles = ("delete",) if here.option(call, "action", context)[0].flat == "delete" else ("write",)
    for role in roles:
        if role == "write" and len(roles) > 1:
            yield from _target(here, handle, call, context, site, name)
        else:
            yield role, handle.bucket, handle.path, site, f"File.{name}", 0.9


def _target(here: Evaluator, handle: Handle, call: Node, context: Context, site: Site, name: str) -> Iterator[Touch]:
    """Where a copy goes: a path in the same bucket, another object, or another bucket."""
    for value in here.values(call.items[0], context) if call.items else []:
        if isinstance(value, Handle):
            path = value.path if value.path is not None else handle.path
            yield "write", value.bucket, path or Text(), site, f"File.{name}", 0.9
        elif isinstance(value, Text):
            places = [place for _, _, place in embedded(value)] if value.flat.startswith("gs://") else []
            bucket, path = (places[0].bucket, places[0].prefix) if places else (handle.bucket, value)
            yield "write", bucket, path, site, f"File.{name}", 0.9


def _in_bucket(here: Evaluator, name: str, call: Node, context: Context) -> list[Text]:
    if name == "upload":
        found = here.option(call, "destination", context)
        if found and found[0].flat:
            return found
        known = list(here.texts(call.items[0], context)) if call.items else []
        return [text.cut(text.flat.rfind("/") + 1) for text in known] or [hole("file")]
    if name == "combine":
        values = here.values(call.items[1], context) if len(call.items) > 1 else []
        paths = [one.path if isinstance(one, Handle) else one for one in values]
        return [path for path in paths if isinstance(path, Text)] or [hole("file")]
    return here.option(call, "prefix", context)


def _with_handle(here: Evaluator, call: Node, context: Context, role: Role | None, site: Site) -> Iterator[Touch]:
    """A function or method that is handed an object: `uploadBytes(ref)`, `table.load(file)`."""
    for item in call.items if role is not None else ():
        for value in here.values(item, context):
            if role is not None and isinstance(value, Handle) and value.path is not None and not value.listing:
                yield role, value.bucket, value.path, site, called_name(call), 0.9


def _transfer(here: Evaluator, call: Node, context: Context, site: Site) -> Iterator[Touch]:
    name = called_name(call)
    owner = call.owner.owner if call.owner is not None else None
    made = [owner] if owner is not None and owner.kind == "call" else []
    if owner is not None and owner.kind == "name":
        made = [one.value for one in here.binding(owner.text, owner.at) if one.value is not None]
    for node in made:
        for value in here.values(node.items[0], context) if node.items else []:
            if isinstance(value, Handle):
                paths = here.option(call, "prefix", context)
                if not paths[0].flat and name.startswith("download") and call.items:
                    given = [text for one in here.values(call.items[0], context) for text in
                             ([one] if isinstance(one, Text) else here.elements(one, context, 0))]  # fmt: skip
                    paths = [text for text in given if isinstance(text, Text)] or paths
                for path in paths:
                    yield _TRANSFER[name], value.bucket, path, site, name, 0.9


def _addresses(here: Evaluator) -> Iterator[Touch]:
    for node, key in here.source.strings:
        written = node.text if node.kind == "string" else "".join(item.text for item in node.items)
        if "://" not in written and "/gcs/" not in written:
            continue
        if sql.looks_like_sql(written):
            yield from _queries(here, node)
            continue
        if "\n" in written or len(written) > 2000:
            continue
        for context in here.contexts(node.at):
            for text in here.texts(node, context):
                for _, _, place in embedded(text):
                    site = site_of(here.text, here.source.path, node.at)
                    called = key.endswith("(")
                    role: Role | None = "read" if _FETCH.match(key) else None
                    if role is None and "gs://" in written:
                        role = guessed_role("" if called else key, key.rstrip("(") if called else "")
                    if key in ("console", "log(", "error(", "warn(", "info("):
                        role = None
                    yield role or "reference", place.bucket, place.prefix, site, "address", 0.7


def _queries(here: Evaluator, node: Node) -> Iterator[Touch]:
    for context in here.contexts(node.at):
        for text in here.texts(node, context):
            for role, place, site, via in sql.touches(text):
                written = site if site is not None and site.file == here.source.path else None
                yield (
                    role,
                    place.bucket,
                    place.prefix,
                    written or site_of(here.text, here.source.path, node.at),
                    via,
                    0.9,
                )

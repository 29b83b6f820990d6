"""The whole checkout as one program: modules and scripts found, processes queued, references collected."""

import ast
import re
import warnings
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from analysis.references import recording
from analysis.references.checkout import Checkout, ancestors
from analysis.references.formats import sql
from analysis.references.locations import located
from analysis.references.model import GivenUp, Kind, Reference, Role, Site
from analysis.references.python import environment, notebooks, python2
from analysis.references.python.frames import Frame
from analysis.references.python.survey import Survey
from analysis.references.python.values import LEFT_OUT, MAXIMUM_ALTERNATIVES, Instance, Value
from analysis.references.sinks import SinkTable
from analysis.references.text import HOLE, Piece, Text, literal
from analysis.references.vaguer import acted_on_in_code, without_vaguer

if TYPE_CHECKING:
    from analysis.references.formats.jinja import Context
    from analysis.references.python.machine import Machine
    from analysis.references.python.second_look import Call, Execution

MAXIMUM_STARTS = 40  # of one script
_STEMS = {"main", "__main__", "run", "app", "job", "script", "entrypoint", "__init__", "cli"}
CERTAIN = 0.85  # from which on a call acts on Cloud Storage whatever its arguments are
_BUCKET_ONLY = re.compile(rf"[*{HOLE}/]*")


@dataclass(frozen=True, slots=True)
class Start:
    """One way in which a script is started."""

    file: str
    words: tuple[Text, ...] | None
    environment: Mapping[str, Value]
    workload: str
    site: Site | None
    function: str = ""  # of an installed script: what it calls
    source: Text | None = None  # Python that stands in a command


@dataclass(frozen=True, slots=True)
class Trace:
    """A reference as the strings it was made of: each piece knows its literal and the names it came through."""

    bucket: Text
    prefix: Text
    role: Role
    site: Site
    via: str
    kind: Kind


@dataclass(slots=True)
class _Draft:
    """A reference while more provenance for it may come."""

    bucket: str
    prefix: str
    role: Role
    site: Site
    via: str
    kind: Kind
    confidence: float
    workload: str
    provenance: dict[Site, None]


@dataclass(slots=True)
class Program:
    """What all processes of one scan share."""

    checkout: Checkout
    sinks: SinkTable
    env: str | None
    deployed: dict[str, Text] = field(default_factory=dict)  # environment variables that deployment files set
    executed: set[str] = field(default_factory=set)
    entered: dict[str, "Machine"] = field(default_factory=dict)  # the last process that started with a file
    called: set[tuple[str, int]] = field(default_factory=set)
    instantiated: set[tuple[str, int]] = field(default_factory=set)
    rendered: set[str] = field(default_factory=set)  # template files that a task was seen to use
    starts: deque[Start] = field(default_factory=deque)
    surveys: dict[str, Survey] = field(default_factory=dict)
    bodies: dict[str, list[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef]] = field(default_factory=dict)
    started: dict[str, set[object]] = field(default_factory=dict)
    given_up: list[GivenUp] = field(default_factory=list)
    drafts: dict[tuple[str, str, str, str, int, str], _Draft] = field(default_factory=dict)
    project_variables: dict[str, Text] | None = None  # of dbt and Dataform, once they were looked up
    settings: set[Site] = field(default_factory=set)  # lines of settings that name an address
    structures: dict[str, Value | None] = field(default_factory=dict)  # YAML, JSON and TOML files already read
    structured_characters: int = 0
    installed: dict[str, str] = field(default_factory=dict)  # console scripts: name -> module:function
    steps_taken: int = 0
    spent: Counter[str] = field(default_factory=Counter)  # entries that used up their allowance, by script root
    covered: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # lines that were executed
    calls: dict[tuple[str, int], list["Call | Execution"]] = field(default_factory=dict)  # a few of each function
    made: dict[tuple[str, int], list[tuple["Machine", Instance]]] = field(default_factory=dict)  # objects of a class
    clouded: dict[str, bool] = field(default_factory=dict)  # whether a file names storage, a warehouse or a scheduler
    worthy: dict[tuple[str, int, int], bool] = field(default_factory=dict)  # whether a function's lines name storage
    default_bucket: Value | None = None  # of an application that names its bucket once
    only: Mapping[str, set[int]] | None = None  # lines that references may stand on, where a scan looks again
    tracing: bool = False  # keep for every reference the strings it was made of, for a patch
    traces: list["Trace"] = field(default_factory=list)
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _trees: dict[str, ast.Module | None] = field(default_factory=dict)
    _found: dict[tuple[str, int, str, str], str | None] = field(default_factory=dict)

    # ---- files

    def tree(self, file: str) -> ast.Module | None:
        """The syntax tree of a file; None, and a note, where it cannot be parsed."""
        if file not in self._trees:
            self._trees[file] = self._parse(file)
        return self._trees[file]

    def _parse(self, file: str) -> ast.Module | None:
        source = self.checkout.files.get(file)
        if source is None:
            return ast.Module([], [])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # invalid escapes in other people's strings
                if source.language == "notebook":
                    tree, broken = notebooks.parse(self.checkout.text(file))
                    for line in broken:
                        self.give_up(file, line, "cannot be parsed: a cell")
                    return tree
                return self._tolerant(file)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.give_up(file, getattr(error, "lineno", None) or 1, f"cannot be parsed: {type(error).__name__}")
            return None

    def _tolerant(self, file: str) -> ast.Module:
        """The tree of a file, without what cannot be parsed of it. Raises SyntaxError where too little can."""
        try:
            return ast.parse(self.checkout.text(file))
        except SyntaxError:
            tree, left_out = python2.parse(self.checkout.text(file))
            if tree is None:
                raise
        for line in left_out:
            self.give_up(file, line, "cannot be parsed: a line")
        return tree

    def lines(self, file: str) -> list[str]:
        """The lines of a file; the notebook's own for a notebook."""
        found = self._lines.get(file)
        if found is None:
            found = self._lines[file] = self.checkout.text(file).split("\n") if file in self.checkout.files else []
        return found

    def find_module(self, dotted: str, level: int, importer: str, root: str) -> str | None:
        """The file that `import dotted` in `importer` means, for a process whose script lies in `root`."""
        key = (dotted, level, importer.rpartition("/")[0], root)
        if key not in self._found:
            self._found[key] = self._find_module(dotted, level, importer, root)
        return self._found[key]

    def _find_module(self, dotted: str, level: int, importer: str, root: str) -> str | None:
        if level:
            folders = ancestors(importer)
            return self.checkout.module_at(folders[min(level - 1, len(folders) - 1)], dotted)
        if not dotted:
            return None
        bases = dict.fromkeys([root, *ancestors(importer)])
        folder = None
        for base in bases:
            for below in (base, f"{base}/src" if base else "src", f"{base}/plugins" if base else "plugins"):
                found = self.checkout.module_at(below, dotted)
                if found in self.checkout.files:
                    return found
                folder = folder or found
        return self._elsewhere(dotted) or folder

    def _elsewhere(self, dotted: str) -> str | None:
        """A module that lies in no folder around: the only one of its name, or a package that is installed."""
        if "." in dotted:
            tails = self.checkout.ending_with(f"{dotted.replace('.', '/')}.py")
            return tails[0] if len(tails) == 1 else None
        packages = [path for path in self.checkout.ending_with(f"{dotted}/__init__.py") if self._installed(path)]
        return packages[0] if len(packages) == 1 else None

    def _installed(self, package: str) -> bool:
        """Whether a package lies in a folder that the checkout installs: beside a pyproject.toml, or in its `src`."""
        base = package.rpartition("/")[0].rpartition("/")[0]
        outer = base.rpartition("/")[0] if base.rpartition("/")[2] in ("src", "lib", "python") else base
        folders = {base, outer}
        return any(
            path.rpartition("/")[0] in folders
            for name in ("pyproject.toml", "setup.py", "setup.cfg")
            for path in self.checkout.by_name.get(name, ())
        )

    def submodule(self, package: str, name: str) -> str | None:
        return self.checkout.module_at(package.rpartition("/")[0], name) if package.endswith("__init__.py") else None

    def script_name(self, file: str) -> str:
        """What a script is called: its file's stem, or its folder where the stem says nothing."""
        folder, _, name = file.rpartition("/")
        stem = name.rpartition(".")[0] or name
        return folder.rpartition("/")[2] if stem in _STEMS and folder else stem

    def give_up(self, file: str, line: int, reason: str) -> None:
        entry = GivenUp(file, line, reason)
        if entry not in self.given_up[-50:]:
            self.given_up.append(entry)

    # ---- processes

    def start(
        self,
        script: str,
        words: Sequence[Text],
        variables: Mapping[str, Value],
        directories: Sequence[Text],
        frame: Frame | None,
        workload: str,
        site: Site,
    ) -> bool:
        """Queue a script of the checkout with the words of a command; False where it is not in the checkout."""
        files = self._scripts(script, directories, frame.module.file if frame else site.file)
        for file in files:
            known = self.started.setdefault(file, set())
            key = (tuple(word.pattern for word in words), tuple(sorted(variables)), workload)
            if key in known:
                continue
            if len(known) >= MAXIMUM_STARTS:
                self.give_up(file, 1, f"started in more than {MAXIMUM_STARTS} ways")
                continue
            known.add(key)
            function = self.installed[script].rpartition(":")[2] if script in self.installed else ""
            self.starts.append(Start(file, tuple(words), dict(variables), workload, site, function))
        return bool(files)

    def _scripts(self, script: str, directories: Sequence[Text], importer: str) -> list[str]:
        if script in self.installed:
            script = f"module:{self.installed[script].partition(':')[0]}"
        kind, _, name = script.rpartition(":") if script.startswith(("module:", "image:")) else ("", "", script)
        if kind == "image":
            return self._by_image(name)
        if kind == "module":
            path = name.replace(".", "/")
            tails = [f"{path}.py", f"{path}/__main__.py"]
        else:
            tails = [name.replace(HOLE, "*").removeprefix("./")]
        candidates = [path for tail in tails for path in self._ending(tail)]
        where = [directory.flat for directory in directories]
        if kind == "module" and len(candidates) > 1:
            candidates = _below(candidates, tails, where) or candidates
        near = self._narrow(candidates, where, importer)
        return near[:1]

    def _ending(self, tail: str) -> list[str]:
        """Scripts whose path ends with the longest known end of `tail`."""
        if tail.startswith(("gs://", "/")) or "*" in tail:
            parts = [part for part in re.split(r"[/]", tail.rpartition("*")[2]) if part]
            for start in range(len(parts)):
                found = self.checkout.ending_with("/".join(parts[start:]))
                if found:
                    return found
            return []
        return self.checkout.ending_with(tail)

    def _narrow(self, candidates: list[str], directories: Sequence[str], importer: str) -> list[str]:
        if len(candidates) <= 1:
            return candidates
        for directory in directories:
            parts = [part for part in directory.replace(HOLE, "/").split("/") if part and part not in (".", "..")]
            for start in range(len(parts)):
                tail = "/".join(parts[start:])
                found = [path for path in candidates if f"/{path}".rpartition("/")[0].endswith("/" + tail)]
                if len(found) == 1:
                    return found
        beside = [path for path in candidates if path.rpartition("/")[0] == importer.rpartition("/")[0]]
        return beside if len(beside) == 1 else []

    def _by_image(self, name: str) -> list[str]:
        spellings = {name, name.replace("-", "_")}
        found = [
            path
            for entry in ("main.py", "__main__.py", "run.py", "app.py", "job.py")
            for path in self.checkout.by_name.get(entry, ())
            if path.rpartition("/")[0].rpartition("/")[2] in spellings
            or path.rpartition("/")[0].rpartition("/")[0].rpartition("/")[2] in spellings
        ]
        return found[:1]

    def template_file(self, name: str, context: "Context") -> bool:
        """Scan a query or script that a task names, with the task's parameters; True where it holds a reference."""
        from analysis.references.formats import jinja

        path = self._template(name.strip(), context.frame.module.file)
        if path is None or (path in self.rendered and not context.parameters()):
            return False
        text = jinja.render(self.file_text(path), context)
        if path.endswith((".sh", ".bash")):
            return self.start(
                path,
                (),
                {},
                (),
                context.frame,
                recording.workload(context.machine, context.arguments, context.frame),
                Site(path, 1),
            )
        if "://" not in text.flat and "/gcs/" not in text.flat:
            return False
        found = False
        workload = recording.workload(context.machine, context.arguments, context.frame)
        for role, place, site, via in sql.touches(text):
            self.record(role, place.bucket, place.prefix, site or Site(path, 1), via, 0.9, workload=workload)
            found = True
        if found:
            self.rendered.add(path)
        return found

    def file_text(self, path: str) -> Text:
        """A file as one Text whose lines know where they stand."""
        pieces, offset = [], 0
        for number, line in enumerate(self.checkout.text(path).replace(HOLE, " ").split("\n"), 1):
            pieces.append(Piece(line + "\n", Site(path, number), offset=offset))
            offset += len(line) + 1
        if pieces:
            pieces[-1] = replace(pieces[-1], text=pieces[-1].text[:-1])
        return Text(tuple(piece for piece in pieces if piece.text))

    def _template(self, name: str, importer: str) -> str | None:
        tail = name.rpartition(HOLE)[2].lstrip("./")
        if not tail or (HOLE in name and "/" not in tail):
            return None
        return self.nearest(tail, importer)

    def nearest(self, tail: str, importer: str) -> str | None:
        """The file of this path in a folder around `importer`, else the only one in the checkout that ends so."""
        for folder in ancestors(importer):
            path = f"{folder}/{tail}" if folder else tail
            if path in self.checkout.files:
                return path
        found = self.checkout.ending_with(tail)
        return found[0] if len(found) == 1 else None

    # ---- references

    def record(
        self,
        role: Role,
        bucket: Text,
        prefix: Text,
        site: Site,
        via: str,
        confidence: float,
        *,
        workload: str = "",
        kind: Kind = "code",
        provenance: Sequence[Site] = (),
    ) -> None:
        """Collect one reference; the same one found twice keeps the provenance of both."""
        if (bucket + prefix).impossible:
            return
        bucket, prefix = _divided(environment.settle(bucket, self.env), environment.settle(prefix, self.env))
        if self.only is not None and site.line not in self.only.get(site.file, ()):
            return
        nowhere = _BUCKET_ONLY.fullmatch(bucket.flat) and _BUCKET_ONLY.fullmatch(prefix.flat)
        # What acts on Cloud Storage for certain is told, wherever it acts.
        if nowhere and (kind != "code" or role == "reference" or confidence < CERTAIN):
            self.give_up(site.file, site.line, f"{via}: neither bucket nor path is known")
            return
        if any(piece.label == LEFT_OUT for piece in (*bucket.pieces, *prefix.pieces)):
            self.give_up(site.file, site.line, f"{via}: more alternatives than {MAXIMUM_ALTERNATIVES}, the rest is `*`")
        if not bucket.known:
            confidence -= 0.25 if _BUCKET_ONLY.fullmatch(bucket.flat) else 0.1
        if _BUCKET_ONLY.fullmatch(prefix.flat) and prefix.flat:
            confidence -= 0.2
        if self.tracing:
            self.traces.append(Trace(bucket, prefix, role, site, via, kind))
        key = (bucket.pattern, prefix.pattern, role, site.file, site.line, kind)
        sites = dict.fromkeys([site, *bucket.sites, *prefix.sites, *provenance])
        draft = self.drafts.get(key)
        if draft is None:
            self.drafts[key] = _Draft(
                bucket.pattern, prefix.pattern, role, site, via, kind, round(confidence, 2), workload, sites
            )
        else:
            draft.provenance.update(sites)
            draft.confidence = max(draft.confidence, round(confidence, 2))

    def told_lines(self) -> dict[str, set[int]]:
        """By file, the lines that a reference stands on, or has a piece of its address from."""
        told: dict[str, set[int]] = {}
        for draft in self.drafts.values():
            for site in draft.provenance:
                told.setdefault(site.file, set()).add(site.line)
        return told

    def references(self) -> list[Reference]:
        """Everything collected, by file and line; a setting that code was seen to use acts where the code does."""
        used = {
            site
            for draft in self.drafts.values()
            if draft.kind == "code" and draft.role != "reference"
            for site in draft.provenance
            if site.file != draft.site.file
        } & self.settings
        found = [
            Reference(
                draft.bucket,
                draft.prefix,
                "reference" if draft.site in used else draft.role,
                draft.site.file,
                draft.site.line,
                draft.via,
                draft.kind,
                draft.confidence,
                draft.workload,
                tuple(sorted(draft.provenance)),
            )
            for draft in self.drafts.values()
        ]
        found = without_vaguer(acted_on_in_code(found))
        return sorted(found, key=lambda one: (one.file, one.line, one.role, one.bucket, one.prefix))


def _below(candidates: list[str], tails: list[str], directories: Sequence[str]) -> list[str]:
    """Files of a module whose path begins in a directory that a command was run in."""
    folders = [directory.rpartition(HOLE)[2].strip("/").split("/") for directory in directories]
    found = []
    for path in candidates:
        base = next(path[: -len(tail)].strip("/") for tail in tails if path.endswith(tail))
        if base and any(base.split("/")[-1:] == folder[-1:] for folder in folders):
            found.append(path)
    return found


def _divided(bucket: Text, prefix: Text) -> tuple[Text, Text]:
    """A bucket argument that holds more: `gs://name`, or `name/folder`; a path that is a whole address."""
    whole = located(prefix) if prefix.flat.startswith(("gs://", "gcs://")) else None
    if whole is not None:
        return whole.bucket, whole.prefix
    if bucket.flat.startswith(("gs://", "gcs://")):
        bucket = bucket.cut(bucket.flat.index("//") + 2)
    if bucket.flat.startswith("projects/_/buckets/"):  # as the newer interfaces name a bucket
        bucket = bucket.cut(len("projects/_/buckets/"))
    cut = bucket.flat.find("/")
    if cut >= 0:
        rest = bucket.cut(cut + 1)
        joined = rest + (literal("/") if rest.flat and not rest.flat.endswith("/") and prefix.flat else Text()) + prefix
        return bucket.cut(0, cut), joined
    return bucket, prefix

"""Files from strangers: whatever is in them, the answer is a result or one clean sentence; never a crash or a hang.

hypothesis writes the files, bounded in CI; `make torture` looks twenty times as long.
"""

import contextlib
import csv
import gzip
import io
import json
import os
import re
import resource
import shlex
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.catalogue import Catalogue
from analysis.errors import AnalysisError
from analysis.references.scan import scan
from analysis.settings import load_settings
from analysis.sources.inventory import ingest_inventory
from analysis.sources.log_files import ingest_logs
from analysis.sources.usage import ingest_usage
from every_command import Line
from executor.credentials import Anonymous
from executor.errors import ExecutorError, MoveRefused
from hand_made_plan import HANDED_OVER, SOURCE, move, plan_of, write_approved
from log_entries import entry
from planner.config_file import load_configs, load_mappings
from planner.errors import PlannerError
from planner.planfile import approve, load, write
from small_catalogue import Folder, write_catalogue
from thermocline.cli.app import run as main
from thermocline.reporting.migration import write_migration
from torture_world import HOSTILE, MOVED, PREFIX, SETTINGS, TARGET, World, required

MakeWorld = Callable[[int], World]
MANY = 20 if os.environ.get("THERMOCLINE_TORTURE") == "full" else 1
BOUNDED: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
PYTHON = st.sampled_from(
    ["import os", "x = f'gs://{", "}/a'", "def f(a, *b):", "    return f(f)", "class A(A):", "while True: pass", "\t",
     "x = x + x", "from . import *", "blob.download_to_filename('x')", "lambda: (yield)", "'''", "\\", "é = 'gs://b/p'",
     "BUCKET = BUCKET or 'gs://b/' * 10**9", "[*range(10**12)]", "eval('gs://')", "@f", "match x:", "    case _: pass"]
)  # fmt: skip

COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FILES = ["a.py", "a.yaml", "a.json", "a.tf", "a.ipynb", "a.sh", "a.sql", "Dockerfile", "a.toml", "README.md"]


@pytest.fixture(autouse=True)
def bounded_memory() -> Iterator[None]:
    """None of these inputs may swell the process; against hanging stands the time limit that each test has."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 600 * 1024, f"memory grew by {grown} KiB"


@required(
    "a plan that is not one: random text, JSON of any shape, nested 100,000 deep, huge numbers", "refused, exit 2"
)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=40 * MANY, **BOUNDED)
def test_any_plan(content: bytes) -> None:
    assert is_clean(refusal(load, "plan.json", content))


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"schema_version": 1e999999}', b"9" * 100_000, b"\xff\xfe", b"{}", b"null"],
)
def test_monstrous_plans(content: bytes) -> None:
    assert is_clean(refusal(load, "plan.json", content))


TEXTS = [
    "../../x", "/etc/x", "", "\x00", "\x1b[2J", "\u202e", "=1+1", "<script>alert(1)</script>", "$(id)", "`id`", "*",
    "a'b\"c", "a\nb", "\ud800", "x" * 3000, "%s{0}", "[/red]", "2026-99-99", "..", ".thermocline/", "gs://x/y", "a//b/",
]  # fmt: skip
NUMBERS: list[Any] = [-1, 0, 10**18, 10**30, 1e308, True]
OTHERS: list[Any] = [None, [], {}, [[]], {"a": {}}]
LOOKS: list[list[str]] = [
    ["plan", "show"], ["plan", "show", "--use-case", "archives"], ["status"], ["doctor"], ["execute", "--dry-run"],
    ["plan", "export", "--format", "gcloud"], ["plan", "export", "--format", "terraform"],
    ["plan", "export", "--format", "transfer-jobs"], ["patch"], ["execute"],
]  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a document."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with the value at one place replaced."""
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


def strange_instead_of(node: Any, path: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Strange values, nine times of ten of the type that stands there."""
    for key in path:
        node = node[key]
    fitting = TEXTS if isinstance(node, str) else NUMBERS if isinstance(node, int | float) else OTHERS
    return st.integers(0, 9).flatmap(lambda dice: st.sampled_from(fitting if dice else [*TEXTS, *NUMBERS, *OTHERS]))


@required(
    "a plan from a stranger: any values of it replaced by paths, commands, markup, huge or wrong ones",
    "shown, rehearsed and carried out, or refused with one sentence; nothing is obeyed, no file lies elsewhere",
)
@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_plans_from_strangers(new_world: MakeWorld, look: list[str]) -> None:
    world = new_world(0)
    world.fill(2)
    settings_of = {"iam": [{"role": "roles/storage.objectViewer", "member": "group:a@example.com", "reason": "r"}]}
    demote = {"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 400}}
    delete = {"action": {"type": "Delete"}, "condition": {"age": 4000, "matchesPrefix": [MOVED]}}
    world.write_plan(lifecycle_policy={"rule": [demote, delete]}, settings=settings_of)
    # Whoever writes a plan can approve it, too.
    good = json.loads(world.plan.read_bytes())
    inside = [place for place in places(good) if place]
    folder = world.directory / "inner" / "work"
    folder.mkdir(parents=True)
    code = folder / "code"
    code.mkdir()
    (code / "job.py").write_text(f"open('gs://{SOURCE}/{PREFIX}x')\n", encoding="utf-8")
    words = [*look, str(folder / "plan.json"), *(["--checkout", str(code)] if look == ["patch"] else [])]

    # Mostly of the right type: what is not is refused at the door.
    change = st.sampled_from(inside).flatmap(lambda place: st.tuples(st.just(place), strange_instead_of(good, place)))

    @given(changes=st.lists(change, min_size=1, max_size=3))
    @settings(max_examples=25 * MANY, **BOUNDED)
    def judge(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
        strange = good
        for place, value in changes:
            with contextlib.suppress(LookupError, TypeError):
                strange = replaced(strange, place, value)
        (folder / "plan.json").write_text(json.dumps(strange), encoding="utf-8")
        with contextlib.suppress(PlannerError):
            approved = load(folder / "plan.json")
            for phase in approved.phases:
                if any(one.action == "move" for one in phase.moves):
                    approved = approve(approved, phase.phase, "s@example.com", "", datetime(2026, 11, 1, tzinfo=UTC))
            write(approved, folder / "plan.json")
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main(words)
        assert code in {0, 1, 2, 3, 4, 5, 6}, said.getvalue()
        # What is printed for machines is theirs to quote.
        assert look[:2] == ["plan", "export"] or not COMMANDS.search(said.getvalue()), said.getvalue()
        assert {path.name for path in folder.parent.iterdir()} == {"work"}
        for left in [*folder.glob("plan.json.*"), *folder.glob("*.manifest.*")]:
            left.unlink()
        world.server.control("POST", "reset")
        world.server.control("POST", "settings", {"keep_history": True})
        world.make_bucket(SOURCE)
        world.fill(2)

    judge()
    assert not Path("/etc/x").exists()


@required("YAML that is broken, of any shape, or a bomb of aliases", "refused with file and line, exit 2, at once")
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=25 * MANY, **BOUNDED)
def test_any_yaml(content: bytes) -> None:
    for read in (load_configs, load_mappings):
        refused = refusal(read, "config.yaml", content)
        assert refused is None or is_clean(refused)


@pytest.mark.parametrize("read", [load_configs, load_mappings])
@pytest.mark.parametrize("form", ["bomb", "deep", "tag", "cycle"])
def test_monstrous_yaml(read: Callable[[Path], Any], form: str) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    contents = {
        "bomb": "\n".join(lines),
        "deep": "[" * 20_000,
        "tag": "x: !!python/object/apply:os.system ['true']",
        "cycle": "x: &x [*x]",
    }
    assert is_clean(refusal(read, "config.yaml", contents[form].encode()))


@required("settings of any shape", "refused with file and key, exit 2")
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=25 * MANY, **BOUNDED)
def test_any_settings(content: bytes) -> None:
    refused = refusal(load_settings, "thermocline.toml", content)
    assert refused is None or is_clean(refused)


def refusal(read: Callable[[Path], Any], name: str, content: bytes) -> AnalysisError | PlannerError | None:
    """How a file with this content is refused; None if it is read. What else is raised is a crash."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            read(path)
        except (AnalysisError, PlannerError) as error:
            return error
    return None


def is_clean(refused: AnalysisError | PlannerError | None) -> bool:
    """Whether a refusal is one line with the exit code of invalid input."""
    return refused is not None and refused.exit_code == 2 and "\n" not in str(refused)


@required("log files of any content: lines of any JSON, torn, binary", "every line is counted; bad ones are kept apart")
@given(lines=st.lists(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)))
@settings(max_examples=4 * MANY, **BOUNDED)
def test_any_log(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.json"
        path.write_bytes(b"\n".join(lines))
        with Catalogue.create_or_migrate(Path(folder) / "c.duckdb") as catalogue:
            [report] = ingest_logs(catalogue, [str(path)]).files
    assert report.adds_up


CELLS = st.sampled_from(
    ["a/x", "", "12", "-1", "9" * 40, "1e999", "NaN", "\x00", '"', '""', "\r", "a\nb", "=1+1", "é" * 300, "2026-10-31",
     "2026-13-99T99:99:99Z", "infinity", "NULL", "\\N", "1790848800000000", "GET_Object", "name", "true"]
)  # fmt: skip
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=7), max_size=12)
INVENTORY = ["name", "bucket", "size", "timeCreated", "generation", "timeDeleted"]
USAGE = ["time_micros", "cs_operation", "cs_bucket", "cs_object", "sc_bytes", "s_request_id"]


@required("inventories and usage logs of any content", "every record is counted, or the file is refused with a hint")
@given(rows=ROWS, quoted=st.booleans(), delimiter=st.sampled_from(",;\t|"), torn=st.integers(0, 30))
@settings(max_examples=8 * MANY, **BOUNDED)
@pytest.mark.parametrize("kind", ["inventory", "usage"])
def test_any_table(kind: str, rows: list[list[str]], quoted: bool, delimiter: str, torn: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r_2026-10-31.csv"
        with path.open("w", newline="", encoding="utf-8", errors="surrogatepass") as out:
            writer = csv.writer(
                out,
                delimiter=delimiter if kind == "inventory" else ",",
                quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_NONE,
                escapechar=None if quoted else "~",
                quotechar='"' if quoted else None,
            )
            writer.writerow(INVENTORY if kind == "inventory" else USAGE)
            writer.writerows(rows)
        path.write_bytes(path.read_bytes()[: path.stat().st_size - torn])
        with Catalogue.create_or_migrate(Path(folder) / "c.duckdb") as catalogue:
            read = ingest_inventory if kind == "inventory" else ingest_usage
            try:
                [report] = read(catalogue, [str(path)]).files
            except AnalysisError:
                return  # refused with a sentence; anything else is a crash
            assert report.adds_up
            assert catalogue.connection.execute("SELECT count(*) FROM v_object").fetchone() == (
                report.kept if kind == "inventory" else 0,
            )


@required(
    "log lines nested 50,000 deep, or with numbers of a million digits", "counted as rejected, read on behind them"
)
def test_monstrous_log_lines(tmp_path: Path) -> None:
    # A file that begins with a bracket is an array, and has no lines.
    monsters = [b'{"a":' * 50_000, b"[" * 50_000, b'{"insertId": ' + b"9" * 1_000_000 + b"}", b'{"timestamp": 1e99999}']
    path = tmp_path / "log.json"
    path.write_bytes(b"\n".join([*monsters, *(json.dumps(entry("a/x", insert_id=str(n))).encode() for n in range(5))]))
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as catalogue:
        [report] = ingest_logs(catalogue, [str(path)]).files
    assert (report.lines, report.kept, report.adds_up) == (9, 5, True)


@required("a gzip or zstd bomb among the logs", "read in bounded memory, or refused; never held whole")
@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_archive_bomb(tmp_path: Path, kind: str) -> None:
    size = 256 if MANY > 1 else 24
    path = tmp_path / "bomb.json.packed"
    with gzip.open(path, "wb", compresslevel=9) if kind == "gzip" else zstandard.open(path, "wb") as bomb:
        for _ in range(size):
            bomb.write((b"0" * 1023 + b"\n") * 1024)
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as catalogue:
        [report] = ingest_logs(catalogue, [str(path)]).files
    assert (report.kept, report.rejected) == (0, size * 1024)


@required("code of any shape: broken, endless, recursive", "scanned or skipped with a note, within its step budget")
@given(lines=st.lists(PYTHON, max_size=12))
@settings(max_examples=25 * MANY, **BOUNDED)
def test_any_code(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.py").write_text("\n".join(lines), encoding="utf-8")
        Path(folder, "b.sql").write_text("\n".join(reversed(lines)), encoding="utf-8")
        found = list(scan(Path(folder), bucket=None, env="prod"))
    assert all(one.file in {"a.py", "b.sql"} and 1 <= one.line <= len(lines) for one in found)


@required("YAML, JSON, Terraform, notebooks and shell of any shape in a checkout", "scanned or skipped; never a crash")
@given(content=st.text(max_size=200) | JSON.map(json.dumps), name=st.sampled_from(FILES))
@settings(max_examples=15 * MANY, **BOUNDED)
def test_any_document(content: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_text(content, encoding="utf-8", errors="replace")
        found = list(scan(Path(folder), bucket=None, env="prod"))
        lines = len(re.split("\r\n|\r|\n", content))
    assert all(one.file == name and 1 <= one.line <= lines for one in found)


@required("a bomb of aliases, and nesting 20,000 deep, in files of a checkout", "skipped in bounded memory")
@pytest.mark.parametrize("name", FILES)
def test_monstrous_documents(tmp_path: Path, name: str) -> None:
    bomb = "\n".join(["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)])
    contents = [bomb, "[" * 20_000, "{" * 20_000, '{"a":' * 20_000, "(" * 20_000, "x" * 3_000_000, "gs://b/" * 100_000]
    for number, content in enumerate(contents):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(content, encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    list(scan(tmp_path, bucket=None, env="prod"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500 * 1024


@required(
    "target paths that would end a text, or run, in the code that `patch` changes",
    "no line is written; a person is told what it must read",
)
@pytest.mark.parametrize(
    "path", ['x"; import os #/', "x'; y='/", "x\ny/", "$(id)/", "`id`/", "{evil}/", "a\\/", "a b/"]
)
def test_patches_are_inert(tmp_path: Path, path: str) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "job.py").write_text(f"open('gs://{SOURCE}/{PREFIX}x')\nP = f'gs://{SOURCE}/{PREFIX}{{1}}'\n")
    (code / "run.sh").write_text(f'gsutil cp "gs://{SOURCE}/{PREFIX}x" .\n')
    fields = {"source_path": PREFIX, "target_bucket": TARGET, "storage_class": "NEARLINE"}
    write_approved(plan_of([move("archives", target_path=path, **fields)]), tmp_path / "plan.json")
    left, said = Line("patch", (tmp_path / "plan.json", "--checkout", code)).run()
    assert left == 3, said
    assert "mean something in code" in said
    assert [one.read_text() for one in (tmp_path / "plan.patches").glob("*.diff") if one.stat().st_size] == []
    write_approved(plan_of([move("archives", target_path="plain/é=1/", **fields)]), tmp_path / "plan.json")
    assert Line("patch", (tmp_path / "plan.json", "--checkout", code)).run()[0] == 0


EVIL = '$(touch owned)`touch owned`"; touch owned; \'; touch owned; #\n touch owned\n${file("x")}%{ if true }\r\u2028'


@required(
    "a plan whose every text is a command, exported as a shell script or as Terraform",
    "the script runs no command of theirs; in Terraform they are literals and comments",
)
@pytest.mark.parametrize("pattern", ["single_folder", "file_pattern"])
def test_exports_are_inert(tmp_path: Path, pattern: str) -> None:
    rule = {"action": {"type": "Delete"}, "condition": {"age": 4, "matchesPrefix": [EVIL]}}
    asked = {"labels": {"a": EVIL}, "lifecycle_policy": {"rule": [rule]}, "exclude_prefixes": [f"{PREFIX}{EVIL}/"]}
    asked |= {"settings": {"iam": [{"role": EVIL, "member": EVIL, "reason": EVIL}]}, "location": EVIL}
    fields: dict[str, Any] = {
        "source_path": PREFIX,
        "target_path": EVIL,
        "target_bucket": TARGET,
        "storage_class": "NEARLINE",
    }
    fields |= {"file_types": [EVIL], "pattern": pattern} if pattern == "file_pattern" else {"pattern": pattern}
    made = plan_of([move(EVIL, **fields, **asked)])
    named = msgspec.structs.replace(made, plan_id=EVIL, source_bucket=EVIL)
    write(named, tmp_path / "plan.json")
    for form in ("gcloud", "terraform"):
        code, said = Line("plan export", (tmp_path / "plan.json", "--format", form, "-o", tmp_path / form)).run()
        assert code == 0, said
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("gcloud", "jq"):
        (tools / tool).write_text('#!/bin/sh\necho "$0 $@" >> calls\n')
        (tools / tool).chmod(0o755)
    command, path = ["bash", str(tmp_path / "gcloud")], {"PATH": f"{tools}:/usr/bin:/bin"}
    assert subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, check=False).returncode == 0
    assert "touch owned" in (tmp_path / "calls").read_text(), "their texts are arguments"
    assert not (tmp_path / "owned").exists()
    text = (tmp_path / "terraform").read_text(encoding="utf-8")
    acting = [line for line in text.split("\n") if not line.startswith("#")]
    assert [line for line in acting if re.search(r"(?<!\$)\$\{|(?<!%)%\{", line)] == []
    # What is left without literals is ours, but for names made of their letters.
    bare = [re.sub(r'"(?:[^"\\]|\\.)*"', "", line) for line in acting]
    assert [line for line in bare if re.search("owned|[;$`]", line)] == []


BUCKETS = [
    "x\r\nX-Evil: 1\r\n\r\n",
    "../b/data-bucket-dev",
    f"{SOURCE}?a=",
    f"{SOURCE}/o/a",
    f"{SOURCE}#",
    "\u202ex",
    "A",
    " x",
]


@required("a plan whose bucket names would be another request or another bucket", "refused before any request")
@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("side", ["source_bucket", "target_bucket"])
def test_bucket_names_are_names(new_world: MakeWorld, side: str, bucket: str) -> None:
    world = new_world(0)
    world.fill(2)
    fields = {"source_path": PREFIX, "target_bucket": TARGET, "storage_class": "NEARLINE", side: bucket}
    write_approved(plan_of([move("archives", **fields)]), world.plan)
    before = world.server.control("GET", "stats")["calls"]
    with pytest.raises(MoveRefused, match="no name of a bucket"):
        world.execute()
    assert world.server.control("GET", "stats")["calls"] == before


@required("symbolic links and cycles in a checkout", "nothing outside the checkout is read")
def test_links_out_of_the_checkout(tmp_path: Path) -> None:
    secret = tmp_path / "outside"
    secret.mkdir()
    (secret / "s.py").write_text("open('gs://secret-bucket/p/x')", encoding="utf-8")
    inside = tmp_path / "checkout"
    inside.mkdir()
    (inside / "link").symlink_to(secret)
    (inside / "s.py").symlink_to(secret / "s.py")
    (inside / "loop").symlink_to(inside)
    assert [one for one in scan(inside, bucket=None, env="prod") if one.bucket == "secret-bucket"] == []


@required(
    "object names with `..`, `//`, escapes, controls, markup, formulas, 1,024 bytes", "copied under exactly that name"
)
def test_hostile_names_arrive(new_world: MakeWorld) -> None:
    world = new_world(0)
    names = world.fill(len(HOSTILE))
    assert len(names) == len(HOSTILE)
    assert max(len(name.encode()) for name in names) == 1024
    world.write_plan()
    assert world.execute().exit_code == 0
    world.require_sound()


@required("the same names, where each of them is a failure to be told", "printed and logged as text, one line a fact")
def test_logs_are_inert(new_world: MakeWorld) -> None:
    world = new_world(0)
    names = world.fill(len(HOSTILE))
    world.write_plan()
    world.make_bucket(TARGET, **HANDED_OVER)
    for name in names:
        world.overwrite(MOVED + name.removeprefix(PREFIX), "somebody else's", bucket=TARGET)
    code, said = Line("execute", (world.plan,)).run()
    assert code == 3
    assert not COMMANDS.search(said)
    assert said.count("failed: archives: ") > 20
    trail = next(world.directory.glob("*.audit.ndjson")).read_bytes().splitlines()
    told = [json.loads(line) for line in trail]
    assert {one["object"] for one in told if one["event"] == "object"} == set(names)
    [manifest] = world.directory.glob("*.manifest.csv")
    with manifest.open(newline="", encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == len(names) + 1


@required("object names that a spreadsheet would run", "no cell of a manifest begins like a formula")
def test_manifests_are_inert(new_world: MakeWorld) -> None:
    world = new_world(0)
    names = world.fill(names=["=1+1", "@SUM(1)", "+1", "-1", "\t=1", 'x",=2', "=cmd|' /C calc'!A0"])
    world.write_plan()
    world.overwrite(f"{MOVED}=1+1", "somebody else's", bucket=SOURCE)
    assert world.execute().exit_code == 0
    [manifest] = world.directory.glob("*.manifest.csv")
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert {row[0] for row in rows[1:]} == {f"gs://{SOURCE}/{name}" for name in names}
    assert [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}] == []


@required("use cases named like paths", "every file of a run lies beside its plan")
@pytest.mark.parametrize("use_case", ["../../escaped", "/etc/escaped", "a/b", "..", "x\x00y", "C:\\x"])
def test_names_bring_no_paths(new_world: MakeWorld, use_case: str) -> None:
    world = new_world(0)
    world.fill(2)
    fields = {"source_path": PREFIX, "target_bucket": TARGET, "target_path": MOVED, "storage_class": "NEARLINE"}
    write_approved(plan_of([move(use_case, **fields)]), world.plan)
    outside = sorted(path for path in world.directory.parent.rglob("*") if world.directory not in path.parents)
    with contextlib.suppress(PlannerError, ExecutorError):
        world.execute()
    assert not Path("/etc/escaped").exists()
    now = sorted(path for path in world.directory.parent.rglob("*") if world.directory not in path.parents)
    assert now == outside
    assert all(path.is_file() for path in world.directory.iterdir())


@required(
    "tokens, secrets and signed addresses in the environment, the hooks and what they say",
    "none in journal, plan, audit trail, manifest, reports or output",
)
def test_no_secret_is_written(
    new_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "ya29.very-secret-token"  # noqa: S105 - that is what must not be found

    async def header(_self: Anonymous) -> str:
        return f"Bearer {secret}"

    monkeypatch.setattr(Anonymous, "header", header)
    monkeypatch.setenv("WAREHOUSE_PASSWORD", secret)
    world = new_world(0)
    world.fill(4)
    world.write_plan()
    world.fault("error", "objects.rewrite", status=403, count=2)
    # The hook prints what it is given and what it finds; the webhook's address is a secret by itself.
    hook = f"{shlex.quote(sys.executable)} -c 'import os; print(os.environ)'"
    webhook = f"http://127.0.0.1:9/hook?X-Goog-Signature={secret}"
    failing = f"{hook.removesuffix(chr(39))}; raise SystemExit(1)' --token={secret}"
    chatty = msgspec.structs.replace(
        SETTINGS, audit_trail=True, on_finish=webhook, on_failure=failing, checks={"archives": failing}
    )
    said = [repr(world.execute(chatty)), repr(world.execute(msgspec.structs.replace(chatty, on_finish=hook)))]
    write_migration(world.plan, world.journal, world.directory)
    said += [*capfd.readouterr()]
    with closing(sqlite3.connect(world.journal)) as journal:
        said += list(journal.iterdump())
    files = [path for path in world.directory.rglob("*") if path.is_file()]
    said += [path.read_bytes().decode(errors="replace") for path in files]
    kinds = {path.suffix for path in files}
    assert {".json", ".sqlite", ".ndjson", ".csv", ".html", ".md"} <= kinds
    assert not [text[:200] for text in said if secret in text or "Bearer" in text]


@required("names with terminal commands, markup, and characters that turn the text", "shown, and obeyed nowhere")
@pytest.mark.parametrize(
    "name", ["\x1b[31mred", "\x1b]0;title\x07", "[/red]", "[link=x]y[/link]", "a\rb", "\u202egnp", "\x9b2J", ":smile:"]
)
def test_screens_are_inert(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    catalogue = write_catalogue(tmp_path / "c.duckdb", [Folder(name, 1 << 30, "cold", pattern="manual archive")])
    for command in (["subfolders"], ["subfolders", name], ["subfolders", "no" + name], ["coverage"]):
        code = main([*command, "--catalogue", str(catalogue)])
        out, err = capsys.readouterr()
        assert code in {0, 2}
        assert not COMMANDS.search(out + err), command
    assert main(["subfolders", name, "--catalogue", str(catalogue)]) == 0
    shown = capsys.readouterr().out
    assert name.encode("unicode_escape").decode() in shown or name in shown

"""Files from strangers: whatever is in them, the answer is a result or one clean sentence; never a crash or a hang.

hypothesis writes the files, bounded in CI; `make torture` looks twenty times as long.
"""

import gzip
import json
import os
import resource
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.catalogue import Catalogue
from analysis.errors import AnalysisError
from analysis.references.scan import scan
from analysis.settings import load_settings
from analysis.sources.log_files import ingest_logs
from executor.credentials import Anonymous
from planner.config_file import load_configs, load_mappings
from planner.errors import PlannerError
from planner.planfile import load
from torture_world import HOSTILE, SETTINGS, World, required

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


@required(
    "a plan that is not one: random text, JSON of any shape, nested 100,000 deep, huge numbers", "refused, exit 2"
)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=40 * MANY, **BOUNDED)
def test_any_plan(content: bytes) -> None:
    _refused(load, "plan.json", content)


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"schema_version": 1e999999}', b"9" * 100_000, b"\xff\xfe", b"{}", b"null"],
)
def test_monstrous_plans(content: bytes) -> None:
    _refused(load, "plan.json", content)


@required("YAML that is broken, of any shape, or a bomb of aliases", "refused with file and line, exit 2, at once")
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=25 * MANY, **BOUNDED)
def test_any_yaml(content: bytes) -> None:
    for read in (load_configs, load_mappings):
        _refused(read, "config.yaml", content)


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
    _refused(read, "config.yaml", contents[form].encode())


@required("settings of any shape", "refused with file and key, exit 2")
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=25 * MANY, **BOUNDED)
def test_any_settings(content: bytes) -> None:
    _refused(load_settings, "thermocline.toml", content)


def _refused(read: Callable[[Path], Any], name: str, content: bytes) -> None:
    """The content is read, or refused with a hint; what else is raised is a crash."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        refusals: list[AnalysisError | PlannerError] = []
        try:
            read(path)
        except (AnalysisError, PlannerError) as error:
            refusals.append(error)
    assert all(one.exit_code == 2 and "\n" not in str(one) for one in refusals)


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


@required("a gzip bomb among the logs", "read in bounded memory, or refused; never held whole")
def test_gzip_bomb(tmp_path: Path) -> None:
    size = 256 if MANY > 1 else 24
    path = tmp_path / "bomb.json.gz"
    with gzip.open(path, "wb", compresslevel=9) as bomb:
        for _ in range(size):
            bomb.write((b"0" * 1023 + b"\n") * 1024)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as catalogue:
        [report] = ingest_logs(catalogue, [str(path)]).files
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (report.kept, report.rejected) == (0, size * 1024)
    assert grown < 600 * 1024, f"{grown} KiB for {size} MiB of text"


@required("code of any shape: broken, endless, recursive", "scanned or skipped with a note, within its step budget")
@given(lines=st.lists(PYTHON, max_size=12))
@settings(max_examples=25 * MANY, **BOUNDED)
def test_any_code(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.py").write_text("\n".join(lines), encoding="utf-8")
        Path(folder, "b.sql").write_text("\n".join(reversed(lines)), encoding="utf-8")
        list(scan(Path(folder), bucket=None, env="prod"))


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
    world.write_plan()
    assert world.execute().exit_code == 0
    world.require_sound()


@required("tokens and secrets in the environment", "none in journal, plan, audit trail or output")
def test_no_secret_is_written(new_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "ya29.very-secret-token"  # noqa: S105 - that is what must not be found

    async def header(_self: Anonymous) -> str:
        return f"Bearer {secret}"

    monkeypatch.setattr(Anonymous, "header", header)
    world = new_world(0)
    world.fill(4)
    world.write_plan()
    world.fault("error", "objects.rewrite", status=403, count=2)
    chatty = msgspec.structs.replace(SETTINGS, audit_trail=True)
    said = [repr(world.execute(chatty)), repr(world.execute(chatty))]
    with closing(sqlite3.connect(world.journal)) as journal:
        said += list(journal.iterdump())
    said += [path.read_bytes().decode(errors="replace") for path in world.directory.iterdir()]
    assert len(list(world.directory.iterdir())) >= 3
    assert not [text for text in said if secret in text or "Bearer" in text]

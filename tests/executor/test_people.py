"""What people get: hooks, checks, manifests, a stop that asks first, a mirror that follows."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from executor.errors import MoveRefused
from executor.feeding import Stop
from executor.reading import Selection
from executor.run import run
from executor.settings import read_settings
from executor_bench import QUICK, Bench
from hand_made_plan import SOURCE, move, plan_of, write_approved

TARGET = "cold-archive-bucket-dev"
CHANGE = {"file": "dags/a.py", "line": 7, "role": "read", "prefix": "archives/", "via": "", "change": True}


def prepare(bench: Bench, count: int = 5, **more: Any) -> None:
    bench.seed(*[f"archives/{number:04}" for number in range(count)], "archives/deep/stays")
    fixed = {"source_path": "archives/", "target_bucket": TARGET, "include_subfolders": False}
    write_approved(plan_of([move("archives", **(fixed | more))]), bench.plan)


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address, and what was posted to it."""
    posted: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", posted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_hooks_hear_how_it_ended(bench: Bench, tmp_path: Path) -> None:
    prepare(bench)
    with webhook() as (address, posted):
        script = tmp_path / "note.py"
        script.write_text(
            f"import os; open({str(tmp_path / 'said')!r}, 'w').write(os.environ['THERMOCLINE_EXIT_CODE'])"
        )
        told = msgspec.structs.replace(QUICK, on_finish=address, on_failure=f"{sys.executable} {script}")

        good = bench.execute(settings=told)
        bench.seed("0001", bucket=TARGET, seed="somebody's")
        bad = bench.execute(settings=told)

    assert (good.exit_code, bad.exit_code) == (0, 4)
    assert [one["run_id"] for one in posted] == [good.run_id]
    assert (tmp_path / "said").read_text() == "4"


def test_a_hook_that_cannot_be_reached_is_mentioned_and_changes_nothing(bench: Bench) -> None:
    prepare(bench)

    result = bench.execute(settings=msgspec.structs.replace(QUICK, on_finish="http://127.0.0.1:1/"))

    assert result.exit_code == 0
    assert any("webhook" in text for text in result.notes)


@pytest.mark.parametrize(("code", "exit_code"), [(0, 0), (7, 4)])
def test_an_end_to_end_check_of_the_user_decides(bench: Bench, tmp_path: Path, code: int, exit_code: int) -> None:
    prepare(bench)
    script = tmp_path / "check.py"
    script.write_text(f"import os, sys; assert os.environ['THERMOCLINE_TARGET'] == 'gs://{TARGET}/'; sys.exit({code})")

    result = bench.execute(settings=msgspec.structs.replace(QUICK, checks={"archives": f"{sys.executable} {script}"}))

    assert result.exit_code == exit_code
    assert any("end-to-end check" in text for text in result.moves[0].notes)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_manifest_holds_every_object_that_was_seen(bench: Bench, kind: str) -> None:
    prepare(bench)
    bench.execute(settings=msgspec.structs.replace(QUICK, manifest=kind))

    path = bench.plan.with_name(f"plan.archives.manifest.{kind}")
    if kind == "csv":
        with path.open(newline="") as file:
            rows: list[dict[str, Any]] = list(csv.DictReader(file))
    else:
        rows = pq.read_table(path).to_pylist()  # type: ignore[no-untyped-call]
    assert {row["Result"] for row in rows} == {"verified", "left behind"}
    assert len(rows) == 6
    row = next(row for row in rows if row["Source"] == f"gs://{SOURCE}/archives/0003")
    copy = bench.objects(TARGET)["0003"]
    assert row["Destination"] == f"gs://{TARGET}/0003"
    assert (str(row["Destination Generation"]), row["Crc32c"]) == (copy["generation"], copy["crc32c"])


def test_references_are_recorded_and_mentioned(bench: Bench) -> None:
    from executor.journal import Journal
    from executor.run import journal_path_of
    from planner.plan import CodeChange

    bench.seed("archives/a")
    one = move("archives", source_path="archives/", target_bucket=TARGET)
    one = msgspec.structs.replace(one, code_changes=(msgspec.convert(CHANGE, CodeChange),))
    write_approved(plan_of([one]), bench.plan)

    result = bench.execute()

    assert any("thermocline patch" in text for text in result.moves[0].notes)
    with Journal.read(journal_path_of(bench.plan)) as journal:
        [step] = [step for step in journal.steps(1) if step.kind == "references"]
    assert step.detail == {"sites": ["dags/a.py:7"]}


def test_a_mirror_follows_the_source_until_it_is_stopped(bench: Bench) -> None:
    prepare(bench)
    stop = Stop()
    quick = msgspec.structs.replace(QUICK, mirror_seconds=0.1)

    async def follow() -> Any:
        task = asyncio.ensure_future(run(bench.plan, Selection(), settings=quick, stop=stop, mirror=True))
        for name, seed in (("archives/new", "one"), ("archives/0001", "second edition")):
            await eventually(lambda: len(bench.objects(TARGET)) >= 5)
            bench.seed(name, seed=seed)
            crc = bench.objects(SOURCE)[name]["crc32c"]
            await eventually(
                lambda name=name, crc=crc: (
                    bench.objects(TARGET).get(name.removeprefix("archives/"), {}).get("crc32c") == crc
                )
            )
        stop.requested = True
        return await task

    result = asyncio.run(follow())

    assert result.exit_code == 130
    assert bench.execute().moves[0].verified == 6


async def eventually(truth: Any) -> None:
    for _ in range(600):
        if truth():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never became true")


@pytest.mark.parametrize("signals", [1, 2])
def test_an_interrupt_leaves_a_run_that_can_go_on(bench: Bench, signals: int) -> None:
    prepare(bench, 400)
    bench.fault("latency", "objects.rewrite", seconds=0.1, count=-1)
    settings = bench.directory / "thermocline.toml"
    settings.write_text("[executor]\nstart_rate = 0\nin_flight = 8\n")
    command = [sys.executable, "-m", "thermocline", "execute", str(bench.plan), "--settings", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(os.environ))
    while not bench.objects(TARGET):
        time.sleep(0.02)

    for _ in range(signals):
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    _, said = process.communicate()

    assert process.returncode == 130
    assert b"stopping after what is in flight" in said
    assert b"Traceback" not in said
    assert 0 < len(bench.objects(TARGET)) < 400
    bench.server.control("DELETE", "faults")
    assert bench.execute().moves[0].verified == 400


@pytest.mark.parametrize(
    ("table", "word"), [({"in_fligth": 3}, "in_flight"), ({"in_flight": "many"}, "cannot be used")]
)
def test_settings_that_are_not_understood_are_refused(table: dict[str, Any], word: str) -> None:
    with pytest.raises(MoveRefused, match=word):
        read_settings(table)

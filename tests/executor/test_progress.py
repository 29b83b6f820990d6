"""What a person sees while a move is carried out: one line that rewrites itself at a terminal, plain lines in a log."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from executor_bench import Bench
from hand_made_plan import HANDED_OVER, move, plan_of, write_approved
from pseudo_terminal import read_to_end

OBJECTS = 240
PROGRAM = """
import sys
from thermocline.cli import moves
moves.INTERVAL_LOG_SECONDS = 0.3
from thermocline.cli.app import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def command(bench: Bench) -> list[str]:
    """Two moves that take a few seconds, with a service that has to be asked twice now and then."""
    bench.seed(*[f"archives/{number:03}" for number in range(OBJECTS)], size=2048)
    bench.seed(*[f"other/{number:03}" for number in range(OBJECTS)], size=2048)
    bench.bucket("taken-bucket-dev", **HANDED_OVER)
    bench.seed("007", bucket="taken-bucket-dev", seed="somebody's")
    first = move("archives", source_path="archives/", target_bucket="archives-bucket-dev")
    second = move("other", source_path="other/", target_bucket="taken-bucket-dev")
    write_approved(plan_of([first, second]), bench.plan)
    bench.fault("error", "objects.rewrite", status=503, count=3)
    bench.fault("latency", "objects.rewrite", seconds=0.05, count=-1)
    settings = bench.directory / "thermocline.toml"
    settings.write_text("[executor]\nin_flight = 4\nfirst_wait_seconds = 0.01\nlongest_wait_seconds = 0.05\n")
    arguments = ["execute", str(bench.plan), "--parallel", "2", "--settings", str(settings)]
    return [sys.executable, "-c", PROGRAM, *arguments]


def assert_tells_everything(text: str) -> None:
    for shape in (
        rf"\d+/{OBJECTS} objects",
        r"[\d.]+ (B|KiB|kB|MiB|MB) of 4\d\d",
        r"\d+/s \(cap \d+/s\)",
        r"\d+ s left",
        r"[1-3] retries",
        rf"all 2 moves: \d+/{2 * OBJECTS} objects.*/s, \d+ s left",
        rf"archives: verified.* {OBJECTS} verified",
        r"other: .*1 conflicts",
    ):
        assert re.search(shape, text), (shape, text)


def assert_failures_come_last(lines: list[str]) -> None:
    assert lines[-1].startswith("failed: other: other/007 (generation ")
    assert "another object" in lines[-1]


def test_a_log_gets_whole_plain_lines(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert not set(done.stderr) & {"\r", "\x1b"}
    assert_tells_everything(done.stderr)
    assert_failures_come_last(done.stderr.splitlines())
    assert "objects," not in done.stdout


def test_a_terminal_gets_one_line_that_rewrites_itself_and_never_folds(command: list[str]) -> None:
    wide, narrow = at_a_terminal(command, 300), at_a_terminal(command, 60)

    assert_tells_everything(wide)
    assert_failures_come_last(wide.splitlines())
    rewritten = [part for part in re.split(r"[\r\n]+", narrow) if " objects" in part and "failed" not in part]
    assert rewritten
    assert max(len(part.rstrip()) for part in rewritten) < 60


def at_a_terminal(command: list[str], columns: int) -> str:
    """What it writes to a stderr that is a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave, env=env | {"COLUMNS": str(columns)})
    os.close(slave)
    written = read_to_end(master)
    process.wait()
    return written

"""The schedule files parse, start one and the same script, and that script does what it says on a lake."""

import ast
import configparser
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from documented import accept
from thermocline.sandbox.lake import Lake, build_lake

ROOT = Path(__file__).parents[2]
SCHEDULE = ROOT / "docs" / "schedule"
SCRIPT = SCHEDULE / "weekly.sh"
NEEDED = {"BUCKET", "LOGS", "STATE"}


def crontab() -> tuple[list[str], dict[str, str]]:
    lines = [line for line in (SCHEDULE / "crontab").read_text().splitlines() if line and not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    jobs = [line for line in lines if not re.match(r"[A-Z_]+=", line)]
    assert len(jobs) == 1
    minute, hour, day, month, weekday, command = jobs[0].split(maxsplit=5)
    assert (minute, hour, day, month, weekday) == ("17", "6", "*", "*", "1")
    return command.split(), settings


def systemd() -> tuple[list[str], dict[str, str]]:
    service = configparser.RawConfigParser(strict=False)
    service.optionxform = str  # type: ignore[assignment,method-assign]
    settings = {}
    text = (SCHEDULE / "thermocline.service").read_text()
    for line in re.findall(r"^Environment=(.+)$", text, flags=re.MULTILINE):
        name, value = line.split("=", 1)
        settings[name] = value
    service.read_string(text)
    timer = configparser.RawConfigParser()
    timer.read_string((SCHEDULE / "thermocline.timer").read_text())
    assert timer["Timer"]["OnCalendar"] == "Mon *-*-* 06:17:00 UTC"
    assert service["Service"]["Type"] == "oneshot"
    return service["Service"]["ExecStart"].split(), settings


def cloud_run() -> tuple[list[str], dict[str, str]]:
    job = YAML(typ="safe").load(SCHEDULE / "cloud-run-job.yaml")
    task = job["spec"]["template"]["spec"]["template"]["spec"]
    container = task["containers"][0]
    mounted = {volume["name"] for volume in task["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == mounted
    settings = {variable["name"]: variable["value"] for variable in container["env"]}
    assert settings["STATE"] == container["volumeMounts"][0]["mountPath"]
    return container["command"] + container["args"], settings


def github_actions() -> tuple[list[str], dict[str, str]]:
    workflow = YAML(typ="safe").load(SCHEDULE / "github-actions.yaml")
    assert workflow["on"]["schedule"][0]["cron"] == "17 6 * * 1"
    steps = workflow["jobs"]["weekly"]["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    step = next(step for step in steps if "weekly.sh" in step.get("run", ""))
    return step["run"].split(), step["env"]


def airflow() -> tuple[list[str], dict[str, str]]:
    tree = ast.parse((SCHEDULE / "airflow_dag.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    dag = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "DAG")
    task = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "BashOperator")
    values: dict[str, Any] = {}
    for keyword in [*dag.keywords, *task.keywords]:
        if keyword.arg in {"schedule", "bash_command", "env"}:
            values[keyword.arg] = ast.literal_eval(keyword.value)
    assert values["schedule"] == "17 6 * * 1"
    # A command that ends in .sh is taken for a template file, unless a space follows.
    assert values["bash_command"].endswith(".sh ")
    return values["bash_command"].split(), values["env"]


FILES = [crontab, systemd, cloud_run, github_actions, airflow]


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Lake]:
    """The same bucket, two weeks apart."""
    folder = tmp_path_factory.mktemp("lakes")
    before = build_lake(folder / "before", scale=0.02, days=40, end=date(2026, 10, 17))
    return before, build_lake(folder / "after", scale=0.02, days=40, end=date(2026, 10, 31))


def environment(lake: Lake, state: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BUCKET": lake.bucket,
        "LOGS": str(lake.logs_dir),
        "INVENTORY": str(lake.inventory_path),
        "CHECKOUT": str(lake.checkout_path),
        "STATE": str(state),
        **more,
    }


def start(words: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("read", FILES, ids=lambda read: str(read.__name__))
def test_each_file_starts_the_script_with_what_it_needs(read: Any) -> None:
    words, settings = read()
    assert words[-1].endswith("docs/schedule/weekly.sh")
    head = SCRIPT.read_text().partition("set -euo")[0]
    known = set(re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)*\b", head)) | {"SHELL", "MAILTO", "CRON_TZ"}
    assert NEEDED <= set(settings) <= known


@pytest.mark.parametrize("read", FILES, ids=lambda read: str(read.__name__))
def test_its_command_line_runs_commands_that_we_accept(read: Any, tmp_path: Path) -> None:
    """The file's own command line with its own settings, on a recorder that stands for `thermocline`."""
    words, settings = read()
    recorder = tmp_path / "bin" / "thermocline"
    recorder.parent.mkdir()
    recorder.write_text(f"""#!/bin/bash
echo "$@" >> {tmp_path}/commands
while [ $# -gt 0 ]; do
  case "$1" in --catalogue) touch "$2";; --output) mkdir -p "$2";; esac
  shift
done
""")
    recorder.chmod(0o755)
    ours = [str(SCRIPT) if word.endswith("weekly.sh") else word for word in words]
    state = {"STATE": str(tmp_path / "state"), "PATH": f"{recorder.parent}:{os.environ['PATH']}"}
    done = start(ours, settings | state)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in (tmp_path / "commands").read_text().splitlines()]
    assert [line[0] for line in lines][:2] == ["ingest", "ingest"]
    assert [line[0] for line in lines][-2:] == ["analyze", "report"]
    for line in lines:
        accept(line)


def test_the_script_refuses_to_guess_the_bucket() -> None:
    refused = start([str(SCRIPT)], {"PATH": os.environ["PATH"]})
    assert refused.returncode != 0
    assert "name the bucket" in refused.stderr


class _Heard(http.server.BaseHTTPRequestHandler):
    heard: list[dict[str, str]] = []  # noqa: RUF012 - the test reads what all handlers heard

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@pytest.fixture
def webhook() -> Iterator[str]:
    _Heard.heard.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Heard) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the script sends its message with curl")
def test_three_weeks(lakes: tuple[Lake, Lake], tmp_path: Path, webhook: str) -> None:
    """First run: no message. The same evidence again: no message. Two weeks later: a message about what drifted."""
    first, later = lakes
    for lake, messages in ((first, 0), (first, 0), (later, 1)):
        done = start([str(SCRIPT)], environment(lake, tmp_path, WEBHOOK=webhook))
        assert done.returncode == 0, done.stderr
        assert len(_Heard.heard) == messages, done.stdout
    assert first.bucket in _Heard.heard[0]["text"]
    assert json.loads((tmp_path / "reports" / "drift.json").read_text())["changes"]
    assert list((tmp_path / "reports" / "latest").glob("*.html"))

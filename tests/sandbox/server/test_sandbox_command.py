"""`thermocline sandbox serve` as a person uses it."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

from raw_http import send_json

SERVE = [sys.executable, "-m", "thermocline", "sandbox", "serve"]


def test_serves_until_interrupted_and_keeps_its_folder(tmp_path: Path) -> None:
    for known in ([], ["kept-bucket"]):
        with subprocess.Popen(
            [*SERVE, "--port", "0", "--dir", str(tmp_path / "data")], stderr=subprocess.PIPE
        ) as process:
            assert process.stderr is not None
            line = process.stderr.readline().decode()
            url = line.split()[2].rstrip(";")
            assert line.startswith("listening on http://127.0.0.1:")
            listed = send_json(url, "GET", "/storage/v1/b?project=p")[1]
            assert [bucket["name"] for bucket in listed["items"]] == known
            send_json(url, "POST", "/storage/v1/b?project=p", {"name": "kept-bucket"})
            process.send_signal(signal.SIGINT)
            assert process.wait() == 0


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run([*SERVE, "--port", str(port)], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: cannot listen on 127.0.0.1:{port}")
    assert len(ended.stderr.splitlines()) == 1

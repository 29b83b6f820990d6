"""One move of a million objects: peak memory, time to the first copy of a resume, time of the verification.

`make bench-million`. The first run is killed with SIGKILL in the middle; the second one resumes and finishes.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from hand_made_plan import SOURCE, move, plan_of, write_approved
from thermocline.sandbox.server.run import Server, running_server

TARGET = "million-bucket-dev"


def create(server: Server, bucket: str) -> None:
    body = json.dumps({"name": bucket, "location": "europe-west1"}).encode()
    path = f"{server.url}/storage/v1/b?project=analytics-dev"
    request = Request(path, data=body, method="POST", headers={"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=60):  # noqa: S310 - our own server
        pass


def fill(server: Server, objects: int) -> None:
    create(server, SOURCE)
    for start in range(0, objects, 5000):
        numbers = range(start, min(start + 5000, objects))
        batch = [{"name": f"p/{n % 1000:03}/dt=2026-01-01/part-{n:07}.parquet", "size": 1000} for n in numbers]
        server.control("POST", "objects", {"bucket": SOURCE, "objects": batch})


def start(plan: Path, server: Server, in_flight: int) -> subprocess.Popen[bytes]:
    settings = plan.with_name("thermocline.toml")
    settings.write_text(f"[executor]\nstart_rate = 0\nin_flight = {in_flight}\n")
    command = [sys.executable, "-m", "thermocline", "execute", str(plan), "--settings", str(settings), "--json"]
    env = {**os.environ, "STORAGE_EMULATOR_HOST": server.url}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def peak_mib(process: subprocess.Popen[bytes]) -> float:
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def copied(server: Server) -> int:
    return int(server.control("GET", "stats")["buckets"].get(TARGET, {"objects": 0})["objects"])


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--in-flight", type=int, default=128)
    wanted = parser.parse_args()
    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        fill(server, wanted.objects)
        plan = Path(folder) / "plan.json"
        one = move("million", source_path="p/", target_path="p/", target_bucket=TARGET, include_subfolders=True)
        write_approved(plan_of([one]), plan)
        begun = time.perf_counter()
        first = start(plan, server, wanted.in_flight)
        peak = 0.0
        while copied(server) < wanted.objects * 0.4:
            peak = max(peak, peak_mib(first))
            time.sleep(0.5)
        say(f"killed after {copied(server)} copies, {time.perf_counter() - begun:.0f} s, peak {peak:.0f} MiB")
        first.send_signal(signal.SIGKILL)
        first.communicate()
        time.sleep(1.0)
        before, begun = copied(server), time.perf_counter()
        second = start(plan, server, wanted.in_flight)
        while copied(server) == before:
            time.sleep(0.05)
        say(f"the resume copied its first object after {time.perf_counter() - begun:.1f} s")
        finish(second, server, wanted.objects, plan, begun)


def finish(process: subprocess.Popen[bytes], server: Server, objects: int, plan: Path, begun: float) -> None:
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, peak_mib(process))
        time.sleep(0.5)
    out = process.stdout.read() if process.stdout is not None else b"{}"
    [result] = json.loads(out)["moves"]
    seconds = time.perf_counter() - begun
    say(f"{result['state']}, {result['verified']} of {objects} verified, {seconds:.0f} s, peak {peak:.0f} MiB")
    if result["verified"] != objects or copied(server) != objects:
        raise SystemExit("not everything was verified")
    times = moments(plan.with_name("plan.json.journal.audit.ndjson"))
    say(f"verification of {objects} pairs took {times['comparison'] - times['last object']:.0f} s")


def moments(trail: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    with trail.open() as lines:
        for line in lines:
            event: dict[str, Any] = json.loads(line)
            name = "last object" if event["event"] == "object" else event["event"]
            found[name] = datetime.fromisoformat(event["at"]).timestamp()
    return found


if __name__ == "__main__":
    main()

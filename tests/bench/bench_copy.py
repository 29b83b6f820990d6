"""Copies a second, of us and of others, on one sandbox server with 50 ms on every call. Run it with `make bench-copy`.

Everything runs on this machine, server included, so only the ratios of one run mean something elsewhere. The
executor runs as users run it: journal with fsync, preconditions, markers, audit trail; only its rate cap is lifted.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from hand_made_plan import HANDED_OVER, move, plan_of, write_approved
from thermocline.sandbox.server.run import Server, running_server

SOURCE = "data-bucket-dev"
LATENCY_SECONDS = 0.05


def call(server: Server, method: str, path: str, body: Any) -> None:
    data = json.dumps(body).encode()
    request = Request(server.url + path, data=data, method=method, headers={"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=60):  # noqa: S310 - our own server
        pass


def names(objects: int) -> list[str]:
    return [f"p/{number % 100:02}/part-{number:06}.parquet" for number in range(objects)]


def prepare(server: Server, objects: int) -> None:
    call(server, "POST", "/storage/v1/b?project=analytics-dev", {"name": SOURCE, "location": "europe-west1"})
    for start in range(0, objects, 5000):
        batch = [{"name": name, "size": 1000} for name in names(objects)[start : start + 5000]]
        server.control("POST", "objects", {"bucket": SOURCE, "objects": batch})
    server.control("POST", "faults", {"kind": "latency", "operation": "*", "seconds": LATENCY_SECONDS, "count": -1})


def fresh_target(server: Server, name: str) -> str:
    body = {"name": name, "location": "europe-west1", **HANDED_OVER}
    call(server, "POST", "/storage/v1/b?project=analytics-dev", body)
    return name


def counted(server: Server, bucket: str) -> int:
    return int(server.control("GET", "stats")["buckets"][bucket]["objects"])


async def _bare(url: str, target: str, objects: list[str], in_flight: int) -> None:
    import aiohttp
    from yarl import URL

    waiting = iter(objects)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:

        async def worker() -> None:
            for name in waiting:
                encoded = quote(name, safe="")
                path = f"{url}/storage/v1/b/{SOURCE}/o/{encoded}/rewriteTo/b/{target}/o/{encoded}"
                async with session.post(URL(path, encoded=True), data=b"{}") as answer:
                    await answer.read()
                    answer.raise_for_status()

        await asyncio.gather(*(worker() for _ in range(in_flight)))


def bare_loop(server: Server, target: str, objects: int, in_flight: int) -> None:
    """In a process of its own, as the others are."""
    code = (
        f"import sys, asyncio; sys.path.insert(0, {str(Path(__file__).parent)!r}); import bench_copy as b; "
        f"asyncio.run(b._bare({server.url!r}, {target!r}, b.names({objects}), {in_flight}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def rclone(server: Server, target: str, objects: int, in_flight: int) -> None:
    remote = f":gcs,anonymous=true,endpoint='{server.url}/storage/v1/':"
    program = shutil.which("rclone", path=str(Path(sys.executable).parent)) or "rclone"
    command = [program, "copy", f"{remote}{SOURCE}/p", f"{remote}{target}/p", "--gcs-no-check-bucket"]
    command += ["--transfers", str(in_flight), "--checkers", str(in_flight)]
    subprocess.run(command, check=True, env={**os.environ, "RCLONE_CONFIG": os.devnull}, stderr=subprocess.DEVNULL)


def google_client(server: Server, target: str, objects: int, in_flight: int) -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    os.environ["STORAGE_EMULATOR_HOST"] = server.url
    client = storage.Client(project="analytics-dev", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    source, destination = client.bucket(SOURCE), client.bucket(target)  # type: ignore[no-untyped-call]

    def one(name: str) -> None:
        destination.blob(name).rewrite(source.blob(name))

    with ThreadPoolExecutor(in_flight) as pool:
        list(pool.map(one, names(objects)))


def ours(server: Server, target: str, objects: int, in_flight: int) -> dict[str, float]:
    """The whole command; returns seconds of the stages, read from the audit trail."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        migration = {"source_path": "p/", "target_path": "p/", "target_bucket": target, "keep_original_time": True}
        write_approved(plan_of([move("bench", **migration)]), plan)
        settings = Path(folder) / "thermocline.toml"
        settings.write_text(f"[executor]\nstart_rate = 0\nin_flight = {in_flight}\n")
        command = [sys.executable, "-m", "thermocline", "execute", str(plan), "--settings", str(settings), "--json"]
        env = {**os.environ, "STORAGE_EMULATOR_HOST": server.url}
        out = subprocess.run(command, check=True, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        [result] = json.loads(out.stdout)["moves"]
        if result["verified"] != objects:
            raise SystemExit(f"only {result['verified']} of {objects} were verified")
        trail = (plan.with_name("plan.json.journal.audit.ndjson")).read_text().splitlines()
    return stages(trail)


def stages(trail: list[str]) -> dict[str, float]:
    from datetime import datetime

    copying = first = last = compared = None
    for line in trail:
        event = json.loads(line)
        at = datetime.fromisoformat(event["at"]).timestamp()
        if event["event"] == "move" and event["state"] == "copying":
            copying = at
        elif event["event"] == "object":
            first, last = first or at, at
        elif event["event"] == "comparison":
            compared = at
    if copying is None or last is None or compared is None:
        raise SystemExit("the audit trail is not complete")
    return {"copy": last - copying, "copy and verify": compared - copying}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--only", nargs="+", default=["bare", "rclone", "google", "ours"])
    wanted = parser.parse_args()
    objects = wanted.objects
    with running_server() as server:
        prepare(server, objects)
        for in_flight in wanted.in_flight:
            report(in_flight, measure(server, objects, in_flight, wanted.only))


def measure(server: Server, objects: int, in_flight: int, only: list[str]) -> dict[str, float]:
    """Copies a second by contender; each copies into a bucket of its own."""
    rates: dict[str, float] = {}
    for name, act in (("bare", bare_loop), ("rclone", rclone), ("google", google_client)):
        if name not in only or (name == "google" and in_flight > 64):
            continue
        count = min(objects, 2000) if name == "google" else objects
        target = fresh_target(server, f"{name}-{in_flight}-bucket")
        start = time.perf_counter()
        act(server, target, count, in_flight)
        seconds = time.perf_counter() - start
        if counted(server, target) != count:
            raise SystemExit(f"{name} copied {counted(server, target)} of {count}")
        rates[name] = count / seconds
    if "ours" in only:
        target = fresh_target(server, f"ours-{in_flight}-bucket")
        start = time.perf_counter()
        found = ours(server, target, objects, in_flight)
        rates["ours (copying)"] = objects / found["copy"]
        rates["ours (copying and verification)"] = objects / found["copy and verify"]
        rates["ours (whole command, listing and start-up too)"] = objects / (time.perf_counter() - start)
    return rates


def report(in_flight: int, rates: dict[str, float]) -> None:
    base = rates.get("rclone")
    for name, rate in rates.items():
        ratio = f"{rate / base:.2f} x rclone" if base else ""
        sys.stdout.write(f"{in_flight:4} in flight  {rate:7.0f}/s  {ratio:14}  {name}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

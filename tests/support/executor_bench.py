"""What the executor's tests do with a sandbox server, a plan and a folder."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from executor.reading import Selection
from executor.results import RunResult
from executor.run import run
from executor.settings import ExecutorSettings
from hand_made_plan import SOURCE
from thermocline.sandbox.server.run import Server

QUICK = ExecutorSettings(start_rate=0.0, first_wait_seconds=0.01, longest_wait_seconds=0.05, in_flight=32)


@dataclass
class Bench:
    """A server, a plan's place, and the few things that tests do with them."""

    server: Server
    directory: Path

    @property
    def plan(self) -> Path:
        return self.directory / "plan.json"

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One plain call of the JSON API."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.server.url + path, data=data, method=method)  # noqa: S310 - our own server
        request.add_header("Content-Type", "application/json")
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
            raw = answer.read()
        return json.loads(raw) if raw else None

    def bucket(self, name: str = SOURCE, **resource: Any) -> None:
        """Create a bucket."""
        self.api("POST", "/storage/v1/b?project=analytics-dev", {"name": name, "location": "europe-west1", **resource})

    def seed(self, *names: str, bucket: str = SOURCE, size: int = 100, **facts: Any) -> None:
        """Create objects with these names; content follows from the name unless `seed` is given."""
        objects = [{"name": name, "size": size, **facts} for name in names]
        self.server.control("POST", "objects", {"bucket": bucket, "objects": objects})

    def objects(self, bucket: str) -> dict[str, dict[str, Any]]:
        """The live objects of a bucket as the server holds them, without our lock."""
        state = self.server.control("GET", "state", bucket=bucket)["buckets"].get(bucket, {"objects": []})
        return {one["name"]: one for one in state["objects"] if not one["name"].startswith(".thermocline/")}

    def removals(self) -> list[dict[str, Any]]:
        """Every object that was deleted or replaced so far, except locks and what the test itself replaced."""
        removed = self.server.control("GET", "state")["removals"]
        return [one for one in removed if not one["name"].startswith(".thermocline/") and one["principal"] != "seed"]

    def fault(self, kind: str, operation: str, **facts: Any) -> None:
        """Put a fault rule in force."""
        self.server.control("POST", "faults", {"kind": kind, "operation": operation, **facts})

    def execute(
        self, selection: Selection | None = None, settings: ExecutorSettings = QUICK, **options: Any
    ) -> RunResult:
        """Run `execute` in this process."""
        return asyncio.run(run(self.plan, selection or Selection(), settings=settings, **options))

"""Before anything is changed, the journal says so: read by somebody else, with plain SQL, just before each request."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from executor.aftercare import cleanup, rollback
from executor.reading import Selection
from executor.transport import Transport
from hand_made_plan import SOURCE
from oracle import OWN
from torture_world import SETTINGS, TARGET, World, required

MakeWorld = Callable[[int], World]
RULE = {"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 365}}
GRANT = {"role": "roles/storage.objectViewer", "member": "group:analysts@example.com", "reason": "reads it"}
STEP = "SELECT 1 FROM step WHERE kind = ? AND state = 'started'"
ROLLING_BACK = "SELECT 1 FROM move WHERE state = 'rolling-back'"
COPYING = "SELECT 1 FROM item WHERE source = ? AND generation = ? AND target = ? AND state = 'started'"
RESTORING = "SELECT 1 FROM item WHERE source = ? AND after = 'restoring'"
DELETING = (
    "SELECT 1 FROM item WHERE source = ? AND generation = ? AND metageneration = ?"
    " AND state = 'verified' AND after = 'deleting'"
)
REMOVING = "SELECT 1 FROM item WHERE target = ? AND target_generation = ? AND after = 'removing'"
UNMAKING = "SELECT 1 FROM step WHERE kind = 'bucket' AND state = 'done' AND json_extract(detail, '$.created')"


def needed(method: str, path: str, body: bytes) -> list[tuple[str, str, tuple[object, ...]]]:
    """(act, query, parameters): what the journal must hold before a request that changes something is sent."""
    place, query = urlsplit(path).path, parse_qs(urlsplit(path).query)
    parts = [unquote(part) for part in place.removeprefix("/upload").removeprefix("/storage/v1/b").split("/")[1:]]
    match method, parts:
        case "POST", [bucket, "o", name, "rewriteTo", "b", _, "o", target]:
            generation = int(query["sourceGeneration"][0])
            if bucket == SOURCE:
                return [("copy", COPYING, (name, generation, target))]
            return [("copy back", RESTORING, (target,))]
        case "POST", [_, "o", name, "restore"]:
            return [("restore", RESTORING, (name,))]
        case "POST", [*_, "v1"]:
            return [found for part in re.findall(rb"DELETE (\S+) HTTP", body) for found in _deleted(part.decode())]
        case "POST", []:
            return [("bucket", STEP, ("bucket",))]
        case "PUT", [_, "iam"]:
            return [("policy", f"{STEP} UNION {ROLLING_BACK}", ("grants",))]
        case "PATCH", [_]:
            return [("rules", f"{STEP} UNION {ROLLING_BACK}", ("lifecycle",))]
        case "DELETE", [_]:
            return [("bucket's end", UNMAKING, ())]
    raise AssertionError(f"no rule for {method} {path}")


def _deleted(path: str) -> list[tuple[str, str, tuple[object, ...]]]:
    bucket, _, name = [unquote(part) for part in urlsplit(path).path.split("/")[4:]]
    query = parse_qs(urlsplit(path).query)
    generation, metageneration = int(query["ifGenerationMatch"][0]), int(query["ifMetagenerationMatch"][0])
    if bucket == SOURCE:
        return [("deletion", DELETING, (name, generation, metageneration))]
    return [("removal", REMOVING, (name, generation))]


async def clean(plan: Path) -> Any:
    return await cleanup(plan, Selection(), lambda _: True, settings=SETTINGS)


async def take_back(plan: Path) -> Any:
    return await rollback(plan, Selection(), lambda _: True, settings=SETTINGS)


@required(
    "somebody reads the journal just before each request that changes anything, from the first bucket to the last",
    "it already says, durably, what is about to happen, to exactly that generation",
)
@pytest.mark.parametrize("soft_delete", [True, False])
def test_the_journal_is_ahead_of_every_act(
    new_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, soft_delete: bool
) -> None:
    world, exchange = new_world(int(soft_delete)), Transport._once
    if not soft_delete:
        world.api("PATCH", f"/storage/v1/b/{SOURCE}", {"softDeletePolicy": {"retentionDurationSeconds": "0"}})
    count = len(world.fill(12))
    world.write_plan(settings={"iam": [GRANT]}, lifecycle_policy={"rule": [RULE]})
    acts: Counter[str] = Counter()
    unsaid: list[str] = []

    async def watched(transport: Transport, method: str, path: str, body: bytes | None, *rest: Any) -> Any:
        if method != "GET" and OWN not in unquote(path) and OWN.encode() not in (body or b""):
            with closing(sqlite3.connect(f"file:{world.journal}?mode=ro", uri=True)) as journal:
                for act, query, parameters in needed(method, path, body or b""):
                    acts[act] += 1
                    if not journal.execute(query, parameters).fetchone():
                        unsaid.append(f"{act}: {method} {path} {parameters}")
        return await exchange(transport, method, path, body, *rest)

    monkeypatch.setattr(Transport, "_once", watched)
    assert world.execute().exit_code == 0
    with closing(sqlite3.connect(world.journal)) as journal:
        journal.execute("UPDATE move SET state = 'quiet', quiet_since = '2026-11-01'")
        journal.commit()
    assert world.run(clean).exit_code == 0
    assert world.run(take_back).exit_code == 0

    assert unsaid == []
    assert TARGET not in world.state()["buckets"]
    back = "restore" if soft_delete else "copy back"
    assert acts["copy"] == acts["deletion"] == acts[back] == acts["removal"] == count
    assert all(acts[once] >= 1 for once in ("bucket", "policy", "rules", "bucket's end")), acts

"""Runs the assumptions one after the other, and removes what they made, whatever happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from executor.credentials import credentials_for, endpoint_from_environment
from executor.errors import NotFound, StorageError
from executor.storage import Storage
from executor.transport import Retries, Transport
from thermocline.errors import ThermoclineError, UnusableInput
from thermocline.selftest.bench import Assumption, Bench, Broken, NotTried, Outcome
from thermocline.selftest.creating import CREATING
from thermocline.selftest.deleting import DELETING
from thermocline.selftest.rewriting import REWRITING

__all__ = ["ASSUMPTIONS", "FOLDER", "Finding", "Findings", "selftest"]

FOLDER = "thermocline-selftest/"
ASSUMPTIONS: tuple[Assumption, ...] = (*CREATING, *REWRITING, *DELETING)


@dataclass(frozen=True)
class Finding:
    """What came of one assumption."""

    name: str
    claim: str
    outcome: Outcome
    seen: str


@dataclass(frozen=True)
class Findings:
    """The whole run: which service and bucket, what holds, and what could not be removed afterwards."""

    endpoint: str
    bucket: str
    prefix: str
    run_id: str
    findings: tuple[Finding, ...]
    removed: int
    left_behind: tuple[str, ...]

    @property
    def broken(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.outcome == "broken")


async def selftest(
    bucket: str,
    run_id: str,
    *,
    anyway: bool = False,
    retries: Retries | None = None,
    on_finding: Callable[[Finding], None] = lambda _finding: None,
) -> Findings:
    """Try every assumption in `bucket`, below `thermocline-selftest/<run_id>/`.

    Raises UnusableInput for a bucket that does not exist, that keeps objects by a retention policy (ours could not be
    removed), or that holds other objects (unless `anyway`); StorageError when the bucket cannot be reached at all.
    """
    endpoint = endpoint_from_environment()
    async with Transport(endpoint, credentials_for(endpoint), run_id, retries=retries) as transport:
        storage = Storage(transport)
        resource = await _usable(storage, bucket, anyway)
        bench = Bench(storage, bucket, f"{FOLDER}{run_id}/", resource)
        findings = []
        try:
            for assumption in ASSUMPTIONS:
                finding = await _try(assumption, bench)
                findings.append(finding)
                on_finding(finding)
        finally:
            removed, left = await _remove(bench)
    return Findings(endpoint, bucket, bench.root, run_id, tuple(findings), removed, tuple(left))


async def _usable(storage: Storage, bucket: str, anyway: bool) -> dict[str, Any]:
    resource = await storage.get_bucket(bucket)
    if resource is None:
        raise UnusableInput(f"there is no bucket {bucket}", "create one for this test, and delete it afterwards")
    if "retentionPolicy" in resource:
        raise UnusableInput(f"{bucket} has a retention policy", "name a bucket whose objects can be removed at once")
    if not anyway:
        async for page in storage.list_objects(bucket, ""):
            others = [item.name for item in page if not item.name.startswith(FOLDER)]
            if others:
                raise UnusableInput(
                    f"{bucket} holds other objects, such as {others[0]!r}",
                    "name an empty bucket, or add --anyway (they are not touched)",
                )
    return resource


async def _try(assumption: Assumption, bench: Bench) -> Finding:
    outcome: Outcome = "holds"
    try:
        seen = await assumption.check(bench)
    except NotTried as reason:
        outcome, seen = "not tried", str(reason)
    except Broken as instead:
        outcome, seen = "broken", str(instead)
    except (StorageError, msgspec.MsgspecError) as error:
        outcome, seen = "broken", f"the service answered {error}"
    return Finding(assumption.name, assumption.claim, outcome, seen)


async def _remove(bench: Bench) -> tuple[int, list[str]]:
    """Delete every generation below this run's root, held ones included; returns how many, and what stayed."""
    if not bench.root.startswith(FOLDER) or bench.root == FOLDER:
        raise ThermoclineError(f"refusing to clean {bench.root!r}", "this is a bug; please report it")
    removed = 0
    left: list[str] = []
    versions = [
        item async for page in bench.storage.list_objects(bench.bucket, bench.root, versions=True) for item in page
    ]
    for item in versions:
        name = item.name.removeprefix(bench.root)
        try:
            if item.temporary_hold:
                await bench.send("PATCH", name, "", {"temporaryHold": False})
            await bench.send("DELETE", name, f"?generation={item.generation}")
            removed += 1
        except NotFound:
            # An earlier deletion that lost its answer; gone is what we want.
            continue
        except StorageError as error:
            left.append(f"{item.name}#{item.generation}: {error}")
    return removed, left

"""The independent judge of migrations: it shares no code with what it judges.

It knows the server's own account of what happened (`/sandbox/history`, every write and removal in the order of
commits, with a SHA-256 of each content) and its state, and replays the one to check the other. It does not believe
checksums, journals or reports; the journal is read with plain SQL and held against the server.

What must hold, whatever failed and whoever interfered:
1. nothing lost: what we took away from the source existed, at that moment, as a copy of ours with the same bytes;
2. nothing overwritten: what we replaced or removed anywhere else was our own copy, unchanged since we wrote it, and
   when we removed one, its bytes stood at the source;
3. nothing wrong: everything we wrote has the bytes of the source generation that its marker names;
4. nothing deleted unless verified: the journal called exactly that generation verified when it was deleted;
5. every planned (object, generation) is in exactly one state, and after a success in a terminal one.
"""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MARKER = "thermocline-origin"
OWN = ".thermocline/"
TERMINAL = {"verified", "skipped", "conflict", "failed", "left"}

Event = dict[str, Any]
Key = tuple[str, str]


@dataclass
class Judgement:
    """What the oracle found wrong, and what it counted on the way."""

    faults: list[str] = field(default_factory=list)
    copies: int = 0
    deletions: int = 0

    def blame(self, text: str) -> None:
        self.faults.append(text)


class Oracle:
    """Judges one server's history. `sources` are the buckets that are migrated from."""

    def __init__(self, sources: set[str]) -> None:
        self.sources = sources

    def judge(self, history: list[Event], state: dict[str, Any]) -> Judgement:
        """Replay the history, judging every act of ours, and compare the outcome with the state."""
        found = Judgement()
        live: dict[Key, Event] = {}
        contents: dict[tuple[str, str, int], str] = {}
        by_generation: dict[int, str] = {}
        for event in history:
            key = (event["bucket"], event["name"])
            if event["kind"] == "written":
                contents[(*key, event["generation"])] = event["sha256"]
                if event["run"] and not event["name"].startswith(OWN):
                    self._judge_copy(event, by_generation, found)
                if event["bucket"] in self.sources:
                    by_generation[event["generation"]] = event["sha256"]
                live[key] = event
                continue
            if event["run"] and not event["name"].startswith(OWN):
                self._judge_removal(event, live, found)
            if key in live and live[key]["generation"] == event["generation"]:
                del live[key]
        _same_state(live, state, found)
        return found

    def _judge_copy(self, event: Event, by_generation: dict[int, str], found: Judgement) -> None:
        marker = event["fields"].get("metadata", {}).get(MARKER)
        where = f"{event['bucket']}/{event['name']}"
        if event["bucket"] in self.sources:
            # A rollback brings something back: those bytes must have been there before.
            if event["sha256"] not in by_generation.values():
                found.blame(f"{where}: bytes were brought to the source that it never held")
            return
        if marker is None:
            found.blame(f"{where}: written by us without a marker")
            return
        found.copies += 1
        origin = int(marker.rpartition("/")[2])
        if by_generation.get(origin) != event["sha256"]:
            found.blame(f"{where}: the bytes are not those of source generation {origin}")

    def _judge_removal(self, event: Event, live: dict[Key, Event], found: Judgement) -> None:
        where = f"{event['bucket']}/{event['name']} generation {event['generation']} ({event['kind']})"
        if event["bucket"] not in self.sources:
            written = live.get((event["bucket"], event["name"]), {})
            if MARKER not in event["fields"].get("metadata", {}) or not written.get("run"):
                found.blame(f"{where}: removed or replaced by us, but not written by us")
            originals = (held for (bucket, _), held in live.items() if bucket in self.sources)
            if event["kind"] == "deleted" and all(held["sha256"] != event["sha256"] for held in originals):
                found.blame(f"{where}: removed by us while its bytes were not at the source: it was the only copy")
            return
        if event["kind"] == "overwritten":
            found.blame(f"{where}: we overwrote a source object")
            return
        found.deletions += 1
        suffix = f"/{event['generation']}"
        copies = [
            copy
            for (bucket, _), copy in live.items()
            if bucket not in self.sources
            and copy["sha256"] == event["sha256"]
            and copy["fields"].get("metadata", {}).get(MARKER, "").endswith(suffix)
        ]
        if not copies:
            found.blame(f"{where}: deleted by us while no copy of it existed")


def _same_state(live: dict[Key, Event], state: dict[str, Any], found: Judgement) -> None:
    """The replayed history must lead to what the server holds, or the oracle itself is blind."""
    shown = {
        (name, held["name"]): int(held["generation"])
        for name, bucket in state["buckets"].items()
        for held in bucket["objects"]
    }
    replayed = {key: event["generation"] for key, event in live.items() if key[0] in state["buckets"]}
    if shown != replayed:
        odd = sorted(set(shown.items()) ^ set(replayed.items()))[:3]
        found.blame(f"history and state disagree: {odd}")


def judge_journal(path: Path, state: dict[str, Any], *, finished: bool) -> list[str]:
    """Invariant 5, and that what the journal calls verified is really there. Returns what is wrong."""
    wrong = []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        if not journal.execute("SELECT 1 FROM sqlite_master WHERE name = 'item'").fetchone():
            return []
        rows = journal.execute(
            "SELECT m.target_bucket, m.state, i.source, i.generation, i.target, i.state, i.target_generation, i.after"
            " FROM item i JOIN move m USING (move_id)"
        ).fetchall()
    twice = [key for key, times in Counter((row[0], row[2], row[3]) for row in rows).items() if times > 1]
    wrong += [f"planned twice: {key}" for key in twice]
    held = {
        (name, one["name"], int(one["generation"]))
        for name, bucket in state["buckets"].items()
        for one in bucket["objects"]
    }
    for bucket, move, source, generation, target, item, target_generation, after in rows:
        where = f"{source} generation {generation}"
        if finished and item not in TERMINAL:
            wrong.append(f"{where}: {item} is not a terminal state (move {move})")
        gone = after in {"removed", "removing"}
        if item == "verified" and not gone and (bucket, target, target_generation) not in held:
            wrong.append(f"{where}: verified in the journal, but {bucket}/{target} is not that generation")
    return wrong


def judge_deletions(journals: list[Path], events: list[Event], sources: set[str]) -> list[str]:
    """Invariant 4 for what has happened since the last look: a later run may plan the same objects again."""
    mine = [one for one in events if one["kind"] == "deleted" and one["run"] and not one["name"].startswith(OWN)]
    deleted = [(one["bucket"], one["name"], one["generation"]) for one in mine if one["bucket"] in sources]
    called: set[tuple[Any, ...]] = set()
    for path in journals if deleted else ():
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
            called |= set(
                journal.execute(
                    "SELECT m.source_bucket, i.source, i.generation FROM item i JOIN move m USING (move_id)"
                    " WHERE i.state = 'verified' AND i.after NOT IN ('', 'kept')"
                )
            )
    return [f"{key}: deleted, but the journal does not call it verified" for key in deleted if key not in called]


def missing_copies(state: dict[str, Any], source: str, prefix: str, target: str, target_prefix: str = "") -> list[str]:
    """Objects below a prefix that have no faithful copy: same bytes, same metadata. Returns what is wrong."""
    wrong = []
    there = {one["name"]: one for one in state["buckets"].get(target, {"objects": []})["objects"]}
    for held in state["buckets"][source]["objects"]:
        if not held["name"].startswith(prefix):
            continue
        name = target_prefix + held["name"][len(prefix) :]
        copy = there.get(name)
        if copy is None:
            wrong.append(f"{held['name']}: no {target}/{name}")
            continue
        wrong += [f"{held['name']}: {what} differs" for what in _differences(held, copy)]
    return wrong


def _differences(held: dict[str, Any], copy: dict[str, Any]) -> list[str]:
    fields = ["sha256", "size", "crc32c", "contentType", "contentEncoding", "contentLanguage"]
    fields += ["contentDisposition", "cacheControl"]
    differing = [name for name in fields if held.get(name) != copy.get(name)]
    metadata = {key: value for key, value in copy.get("metadata", {}).items() if key != MARKER}
    if metadata != held.get("metadata", {}):
        differing.append("metadata")
    # The time of the original outlives the copy: lifecycle rules at the target count from it.
    if copy.get("customTime") != held.get("customTime", held["timeCreated"]):
        differing.append("customTime")
    if not copy.get("metadata", {}).get(MARKER, "").endswith(f"/{held['generation']}"):
        differing.append("marker")
    return differing

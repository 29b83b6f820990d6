"""How fast and how small `ingest logs` is, against plain ways to read the same files: `make bench-ingest`.

Generates the input on the spot, runs every contender in a process of its own, and prints rates, processor time, peak
memory (for a tenth of the input and for all of it) and ratios. Rates are of the unpacked size. `--lines` scales it; the
default is a little over 3 GB. `--folder` keeps the input there, or uses what an earlier run left.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from log_generator import write

PACKINGS = ["plain", "gzip"]
FILES = 10

COLUMNS = (
    "{timestamp: 'TIMESTAMP', protoPayload: 'STRUCT(methodName VARCHAR, resourceName VARCHAR, "
    "authenticationInfo STRUCT(principalEmail VARCHAR), requestMetadata STRUCT(callerSuppliedUserAgent VARCHAR))'}"
)


def ours(files: list[str], catalogue: str) -> int:
    """`ingest logs` with ledger and deduplication, into a catalogue."""
    from analysis.catalogue import Catalogue
    from analysis.sources.log_files import ingest_logs

    with Catalogue.create_or_migrate(catalogue) as opened:
        return ingest_logs(opened, files).total("kept")


def bare(files: list[str], _: str) -> int:
    """DuckDB reading the typed fields of a rollup: no ledger, no deduplication, no rules, no file to keep it in."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    query = f"""CREATE TEMP TABLE rollup AS SELECT
        array_to_string(string_split(split_part(protoPayload.resourceName, '/objects/', 2), '/')[1:3], '/') AS folder,
        timestamp::DATE AS day, protoPayload.authenticationInfo.principalEmail AS principal,
        protoPayload.methodName AS method, protoPayload.requestMetadata.callerSuppliedUserAgent AS agent,
        count(*) AS events
        FROM read_json({files}, format = 'newline_delimited', columns = {COLUMNS}, ignore_errors = true)
        GROUP BY ALL"""  # noqa: S608
    connection.execute(query)
    (events,) = connection.execute("SELECT sum(events)::BIGINT FROM rollup").fetchone() or (0,)
    return int(events)


def key(entry: Mapping[Any, Any]) -> tuple[str, ...]:
    payload = entry["protoPayload"]
    folder = "/".join(str(payload["resourceName"]).partition("/objects/")[2].split("/")[:3])
    agent = payload["requestMetadata"]["callerSuppliedUserAgent"]
    return (
        folder,
        str(entry["timestamp"])[:10],
        payload["authenticationInfo"]["principalEmail"],
        payload["methodName"],
        agent,
    )


def stdlib(files: list[str], _: str) -> int:
    """One process, `json.loads` a line."""
    import gzip

    counts: Counter[tuple[str, ...]] = Counter()
    for file in files:
        with gzip.open(file, "rb") if file.endswith(".gz") else open(file, "rb") as lines:  # noqa: PTH123
            counts.update(key(json.loads(line)) for line in lines)
    return counts.total()


def pandas(files: list[str], _: str) -> int:
    """`read_json(lines=True)` in chunks."""
    import pandas as pd

    counts: Counter[tuple[str, ...]] = Counter()
    for file in files:
        with pd.read_json(file, lines=True, chunksize=20_000) as chunks:
            for chunk in chunks:
                counts.update(key(entry) for entry in chunk.to_dict("records"))
    return counts.total()


CONTENDERS = {"ours": ours, "bare": bare, "stdlib": stdlib, "pandas": pandas}


def measure(name: str, files: list[str], catalogue: Path) -> dict[str, float]:
    """Run one contender in a fresh process; wall and processor seconds, peak MiB, events."""
    output = subprocess.run(
        [sys.executable, __file__, "--contender", name, "--catalogue", str(catalogue), *files],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(output.stdout.splitlines()[-1])
    return result


def contend(name: str, files: list[str], catalogue: str) -> None:
    started = time.perf_counter()
    events = CONTENDERS[name](files, catalogue)
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = {"wall": time.perf_counter() - started, "cpu": used.ru_utime + used.ru_stime}
    print(json.dumps({**spent, "mib": used.ru_maxrss / 1024, "events": events}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--contender", choices=CONTENDERS)
    parser.add_argument("--catalogue", default="")
    parser.add_argument("--lines", type=int, default=1_800_000)
    parser.add_argument("--days", type=int, default=30, help="days they spread over; 30 is how long such logs are kept")
    parser.add_argument("--slow-lines", type=int, default=60_000, help="for the contenders that are slow")
    parser.add_argument("--folder", type=Path, help="where the input lies or is to be kept")
    parser.add_argument("--packing", choices=PACKINGS, nargs="+", default=PACKINGS)
    parser.add_argument("--write-only", action="store_true", help="only write the input")
    asked = parser.parse_args()
    if asked.contender:
        contend(asked.contender, asked.files, asked.catalogue)
        return
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="bench-ingest-"))
    try:
        for packing in asked.packing:
            inputs = [
                stored(folder / packing / name, count, files, asked.days, zipped=packing == "gzip")
                for name, count, files in (("many", asked.lines, FILES), ("few", asked.slow_lines, 2))
            ]
            if not asked.write_only:
                compare(folder / packing, asked.lines, asked.slow_lines, *inputs)
        if not asked.write_only:
            ask_for_temperatures(folder / asked.packing[0] / "ours.duckdb")
    finally:
        if asked.folder is None:
            shutil.rmtree(folder)


# Events that the question about all prefixes is asked of.
MANY_EVENTS = 10_000_000


def stored(folder: Path, lines: int, files: int, days: int, *, zipped: bool) -> list[str]:
    """The files of one input, written unless they are there."""
    there = sorted(folder.glob("*.json*"))
    return [str(path) for path in there or write(folder, lines, files=files, zipped=zipped, days=days)]


def compare(folder: Path, lines: int, slow_lines: int, many: list[str], few: list[str]) -> None:
    per_line = len(Path(write(folder / "one", 1_000, files=1, zipped=False)[0]).read_bytes()) / 1_000
    print(f"\n{folder.name}: {lines:,} lines, {lines * per_line / 1e9:.2f} GB unpacked, on {os.cpu_count()} cores")
    rates: dict[str, float] = {}
    part = measure("ours", many[:1], fresh(folder / "part.duckdb"))
    for name in CONTENDERS:
        files, count = (many, lines) if name in {"ours", "bare"} else (few, slow_lines)
        result = measure(name, files, fresh(folder / f"{name}.duckdb"))
        if result["events"] != count:
            raise SystemExit(f"{name} counted {result['events']} events instead of {count}")
        rates[name] = count * per_line / 1e6 / result["wall"]
        tenth = f" (a tenth of the input: {part['mib']:.0f})" if name == "ours" else ""
        print(
            f"  {name:7} {rates[name]:6.0f} MB/s   cpu {result['cpu'] / count * 1e6:6.2f} s per million"
            f"   peak {result['mib']:4.0f} MiB{tenth}",
            flush=True,
        )
    for other in ("pandas", "bare", "stdlib"):
        print(f"  ours / {other}: {rates['ours'] / rates[other]:.2f}")
    weigh(folder / "ours.duckdb", lines)


def fresh(catalogue: Path) -> Path:
    catalogue.unlink(missing_ok=True)
    return catalogue


def weigh(catalogue: Path, lines: int) -> None:
    """Print what is stored per million events: all of it, and without the memory of events and free blocks."""
    import duckdb

    copy = fresh(catalogue.with_name("rollup.duckdb"))
    with duckdb.connect(str(copy)) as connection:
        connection.execute("ATTACH $catalogue AS ours (READ_ONLY)".replace("$catalogue", f"'{catalogue}'"))
        for table in ("access", "coverage", "evidence_file", "reject"):
            connection.execute(f"CREATE TABLE {table} AS FROM ours.{table}")
        (rows,) = connection.execute("SELECT count(*) FROM access").fetchone() or (0,)
    whole, rollup = (path.stat().st_size / lines for path in (catalogue, copy))
    print(
        f"  stored per million events: {whole:.2f} MB, of which the rollup {rollup:.2f}"
        f" ({lines / rows:.1f} events a row)"
    )


def ask_for_temperatures(catalogue: Path) -> None:
    """Print how long it takes to ask the rollup of ten million events for the temperature of every prefix."""
    import duckdb

    from analysis.catalogue import load_sql

    bigger = fresh(catalogue.with_name("bigger.duckdb"))
    with duckdb.connect(str(bigger)) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("ATTACH $catalogue AS ours (READ_ONLY)".replace("$catalogue", f"'{catalogue}'"))
        (events, days) = connection.execute(
            "SELECT sum(events), max(day) - min(day) + 1 FROM ours.access"
        ).fetchone() or (1, 1)
        copies = -(-MANY_EVENTS // events)
        for table, order in (("access", "bucket, folder, day"), ("coverage", "day")):
            connection.execute(
                f"CREATE TABLE {table} AS SELECT t.* REPLACE ((t.day + (n * $days)::INTEGER)::DATE AS day) "  # noqa: S608
                f"FROM ours.{table} AS t, range($copies) AS r(n) ORDER BY {order}",
                {"days": days, "copies": copies},
            )
        connection.execute(load_sql("migrations/041_heat.sql"))
    with duckdb.connect(str(bigger), read_only=True) as connection:
        times = []
        for _ in range(6):
            started = time.perf_counter()
            prefixes = connection.execute(TEMPERATURES).fetchall()
            times.append((time.perf_counter() - started) * 1000)
        (rows,) = connection.execute("SELECT count(*) FROM access").fetchone() or (0,)
    print(
        f"\ntemperature of {len(prefixes):,} prefixes over {events * copies:,} events in {rows:,} rows: "
        f"{times[0]:.0f} ms at first, then {min(times[1:]):.0f} to {max(times[1:]):.0f} ms"
    )


# Days with reads among the last thirty, last read and reads, for every folder two levels deep.
TEMPERATURES = """
    SELECT
        split_part(folder, '/', 1) AS top,
        split_part(folder, '/', 2) AS below,
        bit_count(bit_or(days_30)) AS read_days_30,
        max(last_read_at) AS last_read_at,
        sum(reads) AS reads
    FROM v_heat
    GROUP BY ALL
"""


if __name__ == "__main__":
    main()

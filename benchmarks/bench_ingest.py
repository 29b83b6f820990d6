"""How fast and how small `ingest logs` is, against plain ways to read the same files: `make bench-ingest`.

Generates the input on the spot, runs every contender in a process of its own, and prints rates, processor time, peak
memory and ratios. Rates are of the unpacked size. `--lines` scales it; the default is a little over 3 GB.
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
from pathlib import Path
from typing import Any

from log_generator import write

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
    query = f"""SELECT
        array_to_string(string_split(split_part(protoPayload.resourceName, '/objects/', 2), '/')[1:3], '/'),
        timestamp::DATE, protoPayload.authenticationInfo.principalEmail, protoPayload.methodName,
        protoPayload.requestMetadata.callerSuppliedUserAgent, count(*) AS events
        FROM read_json({files}, format = 'newline_delimited', columns = {COLUMNS}, ignore_errors = true)
        GROUP BY ALL"""  # noqa: S608
    return sum(row[-1] for row in connection.execute(query).fetchall())


def key(entry: dict[str, Any]) -> tuple[str, ...]:
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
    parser.add_argument("--slow-lines", type=int, default=60_000, help="for the contenders that are slow")
    asked = parser.parse_args()
    if asked.contender:
        contend(asked.contender, asked.files, asked.catalogue)
        return
    folder = Path(tempfile.mkdtemp(prefix="bench-ingest-"))
    try:
        for packing in ("plain", "gzip"):
            compare(folder / packing, asked.lines, asked.slow_lines, zipped=packing == "gzip")
    finally:
        shutil.rmtree(folder)


def compare(folder: Path, lines: int, slow_lines: int, *, zipped: bool) -> None:
    many = [str(path) for path in write(folder / "many", lines, files=8, zipped=zipped)]
    few = [str(path) for path in write(folder / "few", slow_lines, files=2, zipped=zipped)]
    per_line = len(Path(write(folder / "one", 1_000, files=1, zipped=False)[0]).read_bytes()) / 1_000
    print(f"\n{folder.name}: {lines:,} lines, {lines * per_line / 1e9:.2f} GB unpacked, on {os.cpu_count()} cores")
    rates: dict[str, float] = {}
    for name in CONTENDERS:
        files, count = (many, lines) if name in {"ours", "bare"} else (few, slow_lines)
        catalogue = folder / f"{name}.duckdb"
        result = measure(name, files, catalogue)
        if result["events"] != count:
            raise SystemExit(f"{name} counted {result['events']} events instead of {count}")
        rates[name] = count * per_line / 1e6 / result["wall"]
        kept = (
            f", store {catalogue.stat().st_size / 1e6 / count * 1e6:.2f} MB per million" if catalogue.exists() else ""
        )
        print(
            f"  {name:7} {rates[name]:6.0f} MB/s   cpu {result['cpu'] / count * 1e6:6.2f} s per million"
            f"   peak {result['mib']:4.0f} MiB{kept}",
            flush=True,
        )
    for other in ("pandas", "bare", "stdlib"):
        print(f"  ours / {other}: {rates['ours'] / rates[other]:.2f}")


if __name__ == "__main__":
    main()

"""How fast and how small `ingest inventory` is: `make bench-inventory`.

Makes an inventory of five million objects in some 92,000 folders on the spot, and one of a week later (a tenth of the
objects gone, as many new, some rewritten), reads each as CSV and as Parquet in a process of its own, and prints
seconds, processor seconds, peak memory and the size of the catalogue. The sums for every folder at every depth are
asked for in the same process. `--objects` scales it.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

COLUMNS = """
    'project-lake' AS project,
    'data-bucket-prod' AS bucket,
    CASE i % 4
        WHEN 0 THEN concat('historization/applicative/table_', i // 7 % 50, '/',
            strftime(DATE '2023-01-01' + (i // 400 % 1000)::INTEGER, '%Y%m%d'),
            '/part-', lpad(i::VARCHAR, 8, '0'), '.parquet')
        WHEN 1 THEN concat('exports/dt=', strftime(DATE '2024-01-01' + (i // 100 % 900)::INTEGER, '%Y-%m-%d'),
            '/team_', i // 7 % 40, '/file-', i, '.json.gz')
        WHEN 2 THEN concat('raw/src_', i // 5 % 200, '/k_', i // 1000 % 25, '/obj-', i, '.csv')
        ELSE concat('archives/a_', i // 3 % 1000, '/', md5(i::VARCHAR), '.avro')
    END AS name,
    'EUROPE-WEST1' AS location,
    (hash(i) % 10000000)::BIGINT AS size,
    strftime(TIMESTAMP '2023-01-01' + INTERVAL (i // 40) MINUTE, '%Y-%m-%dT%H:%M:%SZ') AS "timeCreated",
    "timeCreated" AS updated,
    CASE WHEN i % 10 = 0 THEN 'NEARLINE' ELSE 'STANDARD' END AS "storageClass",
    left(base64(unhex(md5((i * 3)::VARCHAR))), 8) AS crc32c,
    base64(unhex(md5(i::VARCHAR))) AS "md5Hash",
    1700000000000000 + i * 1000 + CASE WHEN $week = 1 AND i % 20 = 7 THEN 1 ELSE 0 END AS generation,
    1 AS metageneration,
    'application/octet-stream' AS "contentType"
"""


def make(folder: Path, objects: int) -> None:
    """Write two inventories, each as CSV and as Parquet."""
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    for week, day in enumerate(("2026-10-24", "2026-10-31")):
        span = f"range({week * objects // 10}, {week * objects // 10 + objects}) AS t(i)"
        query = f"SELECT {COLUMNS.replace('$week', str(week))} FROM {span}"  # noqa: S608
        connection.execute(f"COPY ({query}) TO '{folder}/report_{day}.csv' (HEADER)")
        connection.execute(f"COPY ({query}) TO '{folder}/report_{day}.parquet' (FORMAT parquet)")


def child(report: str, catalogue: str) -> None:
    """Read one report into a catalogue; print the figures as JSON."""
    begun = time.perf_counter()
    from analysis.catalogue import Catalogue
    from analysis.sources.inventory import ingest_inventory

    with Catalogue.create_or_migrate(catalogue) as opened:
        kept = ingest_inventory(opened, [report]).total("kept")
        ingested = time.perf_counter()
        folders = opened.connection.execute("SELECT count(*), sum(objects) FROM v_folder").fetchone()
        asked = time.perf_counter()
    ended = time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "kept": kept,
                "folders": folders and folders[0],
                "seconds": round(ended - begun, 2),
                "of which sums of every folder": round(asked - ingested, 2),
                "cpu seconds": round(used.ru_utime + used.ru_stime, 1),
                "peak MiB": used.ru_maxrss // 1024,
                "store MB": round(Path(catalogue).stat().st_size / 1e6),
            }
        )
    )


def main() -> None:
    """Make the inventories, then read them, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, help="keep the reports here, and use those that are there")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        if not (folder / "report_2026-10-31.parquet").exists():
            make(folder, arguments.objects)
        for kind in ("parquet", "csv"):
            catalogue = Path(scratch) / f"{kind}.duckdb"
            for day in ("2026-10-24", "2026-10-31"):
                report = folder / f"report_{day}.{kind}"
                command = [sys.executable, __file__, "--child", str(report), str(catalogue)]
                told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                print(f"{report.name:28} {report.stat().st_size / 1e6:6.0f} MB  {told.strip()}")


if __name__ == "__main__":
    main()

"""How long `analyze` takes, and how much memory, at growing sizes: `make bench-analyze`.

Each size is made and analysed in a process of its own, so that the peak memory is that of the analysis alone. The
evidence is made by SQL: half of the folders are dated partitions of a thousand tables, half are folders with names of
their own, which is the harder case.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from analysis.catalogue import Catalogue

SIZES = ((62_500, 1_250_000), (250_000, 5_000_000), (1_000_000, 20_000_000))
BUCKET = "bench-bucket"

FOLDERS = """
CREATE TEMP TABLE bench_folder AS
SELECT i, partition_date,
    CASE WHEN i % 2 = 0
        THEN concat('top', chr(97 + (i % 20)::INTEGER), '/',
            translate((i // 2 % 1000)::VARCHAR, '0123456789', 'abcdefghij'), '/',
            strftime(partition_date, '%Y%m%d'), '/')
        ELSE concat('own', chr(97 + (i % 26)::INTEGER), '/',
            translate(md5((i // 50)::VARCHAR)[:8], '0123456789', 'ghijklmnop'), '/',
            translate(md5(i::VARCHAR)[:10], '0123456789', 'ghijklmnop'), '/') END AS folder
FROM (SELECT i, CASE WHEN i % 2 = 0 THEN DATE '2026-10-31' - (i // 2000)::INTEGER END AS partition_date
      FROM range($folders) AS numbers(i))
"""
STATS = """
INSERT INTO folder_stats
SELECT DATE '2026-10-31', $bucket, folder, partition_date, 'STANDARD', 3, 3000000 + i % 1000, 0,
    TIMESTAMP '2024-01-01' + INTERVAL (i % 800) DAY, TIMESTAMP '2024-01-01' + INTERVAL (i % 800) DAY
FROM bench_folder
"""
ACCESS = """
INSERT INTO access
SELECT $bucket, folder, partition_date, DATE '2026-10-31' - (n // $folders * 7 + i % 7)::INTEGER % 120,
    'job' || (hash(i // 4000, n % 3) % 40)::VARCHAR || '@bench.iam.gserviceaccount.com', '', '',
    CASE WHEN n % 2 = 0 THEN 'python' ELSE 'airflow' END, '',
    CASE WHEN n % 4 = 0 THEN 'write' ELSE 'read' END, 'ok', '', 'audit',
    3, 3, 1, 1 + n % 2, NULL,
    TIMESTAMP '2026-10-31 05:00:00' - INTERVAL ((n // $folders * 7 + i % 7)::INTEGER % 120) DAY,
    TIMESTAMP '2026-10-31 06:00:00' - INTERVAL ((n // $folders * 7 + i % 7)::INTEGER % 120) DAY
FROM (SELECT n, n % $folders AS wanted FROM range($rows) AS numbers(n)) JOIN bench_folder ON i = wanted
"""
COVERAGE = """
INSERT INTO coverage
SELECT DATE '2026-10-31' - n::INTEGER, $bucket, kind, 1000
FROM range(120) AS days(n), (VALUES ('data_read'), ('data_write')) AS kinds(kind)
"""


def make(path: Path, folders: int, rows: int) -> None:
    """A catalogue of the given size."""
    with Catalogue.create_or_migrate(path) as catalogue:
        connection = catalogue.connection
        connection.execute(FOLDERS, {"folders": folders})
        connection.execute(STATS, {"bucket": BUCKET})
        connection.execute(ACCESS, {"bucket": BUCKET, "folders": folders, "rows": rows})
        connection.execute(COVERAGE, {"bucket": BUCKET})


def measure(path: Path) -> None:
    """Analyse a catalogue in this process, and print seconds, peak memory and what came out as JSON."""
    from analysis.classify.analyze import analyze
    from analysis.classify.store import latest_analysis
    from analysis.settings import Settings

    began = time.perf_counter()
    with Catalogue.create_or_migrate(path) as catalogue:
        analyze(catalogue, BUCKET, Settings())
        seconds = time.perf_counter() - began
        found = len(latest_analysis(catalogue, BUCKET).subfolders)
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured = {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mib": used.ru_maxrss // 1024,
        "subfolders": found,
    }
    sys.stdout.write(json.dumps(measured) + "\n")


def main() -> None:
    """Make, measure, print one line per size."""
    if sys.argv[1:2] == ["measure"]:
        measure(Path(sys.argv[2]))
        return
    wanted = int(sys.argv[1]) if sys.argv[1:] else len(SIZES)
    sys.stdout.write(f"duckdb {duckdb.__version__}\nfolders      rollup rows  seconds  cpu s   peak MiB  subfolders\n")
    for folders, rows in SIZES[:wanted]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "catalogue.duckdb"
            make(path, folders, rows)
            printed = subprocess.run(
                [sys.executable, __file__, "measure", str(path)], check=True, capture_output=True, text=True
            )
            found = json.loads(printed.stdout)
        times = f"{found['seconds']:<8} {found['cpu_seconds']:<7} {found['peak_mib']:<9}"
        sys.stdout.write(f"{folders:<12,} {rows:<12,} {times} {found['subfolders']}\n")


if __name__ == "__main__":
    main()

"""Evidence from elsewhere than log files: inventories, listings, usage logs, buckets."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.catalogue import Catalogue
from analysis.classify.analyze import analyze
from analysis.classify.store import latest_analysis
from analysis.errors import AnalysisError, BadInput
from analysis.settings import Settings
from analysis.sources.cloud_storage import storage_client
from analysis.sources.inventory import ingest_inventory
from analysis.sources.listing import Range, ingest_listing, split
from analysis.sources.log_files import ingest_logs
from analysis.sources.usage import ingest_usage
from log_entries import BUCKET, entry, lines, write
from thermocline.sandbox.server.run import running_server


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as opened:
        yield opened


def rows(catalogue: Catalogue, query: str) -> list[Any]:
    return catalogue.connection.execute(query).fetchall()


# Inventory

HEADER = ["project", "bucket", "name", "size", "timeCreated", "storageClass", "generation", "unheardOf"]


def report_rows(day: str, names: list[str]) -> list[list[str]]:
    return [
        ["p", BUCKET, name, str(10 * len(name)), f"{day}T01:02:03.004Z", "standard", str(100 + n), "x"]
        for n, name in enumerate(names)
    ]


def write_csv(path: Path, data: list[list[str]], *, delimiter: str = ",", header: bool = True) -> str:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, delimiter=delimiter)
        if header:
            writer.writerow(HEADER)
        writer.writerows(data)
    return str(path)


NAMES = ["a/1", "a/2", 'odd/with "quotes", and more', "odd/two\nlines", "é/ü", "root"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [True, False])
def test_csv_reports(catalogue: Catalogue, tmp_path: Path, delimiter: str, header: bool) -> None:
    path = write_csv(
        tmp_path / "r_2026-10-31.csv", report_rows("2026-10-01", NAMES), delimiter=delimiter, header=header
    )
    report = ingest_inventory(catalogue, [path], columns=None if header else HEADER).files[0]
    assert (report.lines, report.kept) == (6, 6)
    stored = rows(catalogue, "SELECT name, size, storage_class, created_at, snapshot_date FROM object ORDER BY name")
    assert [row[0] for row in stored] == sorted(NAMES)
    assert stored[0] == ("a/1", 30, "STANDARD", datetime(2026, 10, 1, 1, 2, 3, 4000), date(2026, 10, 31))  # noqa: DTZ001
    again = ingest_inventory(catalogue, [path], columns=None if header else HEADER).files[0]
    assert (again.kept, again.duplicates) == (0, 6)
    assert rows(catalogue, "SELECT sum(objects) FROM folder_stats") == [(6,)]


def test_a_report_without_header_or_names_is_refused(catalogue: Catalogue, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r_2026-10-31.csv", report_rows("2026-10-01", NAMES), header=False)
    with pytest.raises(BadInput, match="--columns"):
        ingest_inventory(catalogue, [path])


def test_manifest_with_shards_and_one_missing(catalogue: Catalogue, tmp_path: Path) -> None:
    write_csv(tmp_path / "s_0.csv", report_rows("2026-10-01", NAMES[:3]), header=False)
    (tmp_path / "s_1.csv.gz").write_bytes(
        gzip.compress(
            Path(write_csv(tmp_path / "tmp", report_rows("2026-10-01", NAMES[3:]), header=False)).read_bytes()
        )
    )
    manifest = {
        "report_config": {"object_metadata_report_options": {"metadata_fields": HEADER}},
        "snapshot_time": "2026-10-30T23:00:00Z",
        "report_shards_file_names": ["s_0.csv", "s_1.csv.gz", "s_2.csv"],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    report = ingest_inventory(catalogue, [str(tmp_path / "manifest.json")])
    assert not report.complete
    assert report.total("kept") == 6
    assert rows(catalogue, "SELECT DISTINCT snapshot_date FROM object") == [(date(2026, 10, 30),)]


def test_parquet_and_bad_rows(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "r_2026-10-31.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT '{BUCKET}' AS bucket, 'a/' || i AS name, i AS size, TIMESTAMP '2026-01-01' AS timeCreated "  # noqa: S608
        f"FROM range(5) t(i)) TO '{path}' (FORMAT parquet)"
    )
    assert ingest_inventory(catalogue, [str(path)]).total("kept") == 5
    bad = report_rows("2026-10-01", ["x/1", "", "x/3", "x/1"])
    bad[2][3] = "many"
    mixed = Path(write_csv(tmp_path / "b_2026-11-01.csv", bad))
    mixed.write_text(mixed.read_text() + "short,row\n")
    report = ingest_inventory(catalogue, [str(mixed)]).files[0]
    assert report.adds_up
    assert (report.lines, report.kept, report.duplicates, report.rejected) == (5, 1, 1, 3)
    assert rows(catalogue, "SELECT count(*) FROM reject") == [(3,)]


def test_two_inventories_show_growth_and_churn(catalogue: Catalogue, tmp_path: Path) -> None:
    first = report_rows("2026-10-01", ["a/keep", "a/gone", "b/old"])
    second = report_rows("2026-10-02", ["a/keep", "a/new1", "a/new22"])
    second[0][6] = "999"
    ingest_inventory(catalogue, [write_csv(tmp_path / "r_2026-10-31.csv", first)])
    ingest_inventory(catalogue, [write_csv(tmp_path / "r_2026-11-07.csv", second)])
    churn = (
        "SELECT folder, new_objects, new_bytes, gone_objects, gone_bytes, rewritten_objects FROM v_churn ORDER BY ALL"
    )
    assert rows(catalogue, churn) == [("a/", 2, 130, 1, 60, 1), ("b/", 0, 0, 1, 50, 0)]
    growth = "SELECT folder, objects_before, objects_after, bytes_grown, fate FROM v_growth ORDER BY ALL"
    assert rows(catalogue, growth) == [("a/", 2, 3, 70, "kept"), ("b/", 1, 0, -50, "gone")]
    sums = "SELECT folder, objects FROM v_folder ORDER BY ALL"
    assert rows(catalogue, sums) == [("", 3), ("a/", 3)]
    # An older inventory read late changes the history, not the objects.
    ingest_inventory(catalogue, [write_csv(tmp_path / "r_2026-10-01.csv", first)])
    assert rows(catalogue, "SELECT DISTINCT snapshot_date FROM object") == [(date(2026, 11, 7),)]


def test_a_later_report_of_the_same_day_replaces_the_earlier(catalogue: Catalogue, tmp_path: Path) -> None:
    wrong = report_rows("2026-10-01", ["a/1", "a/2", "b/3"])
    right = report_rows("2026-10-01", ["a/1", "a/22222"])
    ingest_inventory(catalogue, [write_csv(tmp_path / "before_2026-10-01.csv", wrong)])
    ingest_inventory(catalogue, [write_csv(tmp_path / "first_2026-10-31.csv", wrong)])
    report = ingest_inventory(catalogue, [write_csv(tmp_path / "second_2026-10-31.csv", right)]).files[0]
    assert report.kept == 2
    assert f"replaces the inventory of {BUCKET} of 2026-10-31 (3 objects)" in report.note
    assert rows(catalogue, "SELECT name FROM v_object ORDER BY 1") == [("a/1",), ("a/22222",)]
    assert rows(catalogue, "SELECT folder, objects FROM folder_stats WHERE snapshot_date = '2026-10-31'") == [("a/", 2)]
    # Growth comes from the sums; object by object there is nothing left to compare with.
    assert rows(catalogue, "SELECT folder, bytes_grown FROM v_growth ORDER BY 1") == [("a/", 40), ("b/", -30)]
    assert rows(catalogue, "SELECT count(*) FROM v_churn") == [(0,)]


def write_manifest(folder: Path, shards: list[str], records: int, **csv_options: object) -> str:
    options = {"metadata_fields": HEADER[2:7], "storage_filters": {"bucket": BUCKET}}
    manifest = {
        "report_config": {"csv_options": csv_options, "object_metadata_report_options": options},
        "snapshot_time": "2026-10-30T23:00:00Z",
        "records_processed": records,
        "report_shards_file_names": shards,
    }
    path = folder / "report_manifest.json"
    path.write_text(json.dumps(manifest))
    return str(path)


def test_a_manifest_gives_columns_bucket_delimiter_and_the_number_of_records(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    data = [row[2:7] for row in report_rows("2026-10-01", NAMES)]
    write_csv(tmp_path / "s_0.csv", data[:4], delimiter="^", header=False)
    write_csv(tmp_path / "s_1.csv", data[4:], delimiter="^", header=False)
    manifest = write_manifest(tmp_path, ["s_0.csv", "s_1.csv"], 6, delimiter="^")
    report = ingest_inventory(catalogue, [manifest])
    assert report.complete
    assert rows(catalogue, "SELECT bucket, name FROM v_object ORDER BY 2") == [(BUCKET, name) for name in sorted(NAMES)]
    short = write_manifest(tmp_path, ["s_0.csv", "s_1.csv"], 7, delimiter="^")
    for _ in range(2):
        report = ingest_inventory(catalogue, [short])
        assert not report.complete
        assert [file.note for file in report.files if file.file == short] == [
            "it speaks of 7 records, its files hold 6"
        ]


def test_a_shard_that_comes_late_completes_the_inventory(catalogue: Catalogue, tmp_path: Path) -> None:
    data = [row[2:7] for row in report_rows("2026-10-01", NAMES)]
    write_csv(tmp_path / "s_0.csv", data[:4], header=False)
    manifest = write_manifest(tmp_path, ["s_0.csv", "s_1.csv"], 6)
    first = ingest_inventory(catalogue, [manifest])
    assert not first.complete
    assert [file.note for file in first.files if not file.complete] == ["missing, though report_manifest.json names it"]
    write_csv(tmp_path / "s_1.csv", data[4:], header=False)
    assert ingest_inventory(catalogue, [manifest]).total("kept") == 6
    assert rows(catalogue, "SELECT count(*), count(DISTINCT name) FROM v_object") == [(6, 6)]
    assert rows(catalogue, "SELECT count(*), sum(lines) FROM v_evidence") == [(2, 6)]
    again = ingest_inventory(catalogue, [manifest])
    assert [file.note for file in again.files] == ["read before", "read before"]


@pytest.mark.parametrize("delimiter", ["^", "~", "\x01", ":", " "])
def test_any_delimiter_is_told_by_the_header(catalogue: Catalogue, tmp_path: Path, delimiter: str) -> None:
    path = write_csv(tmp_path / "r_2026-10-31.csv", report_rows("2026-10-01", NAMES), delimiter=delimiter)
    assert ingest_inventory(catalogue, [path]).total("kept") == 6


def test_any_subset_of_columns(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "r_2026-10-31.csv"
    path.write_text("name\na/1\na/2\n")
    with pytest.raises(BadInput, match="--bucket"):
        ingest_inventory(catalogue, [str(path)])
    report = ingest_inventory(catalogue, [str(path)], bucket=BUCKET).files[0]
    assert report.kept == 2
    assert report.note == "it does not tell bytes and ages and storage classes"
    assert rows(catalogue, "SELECT size, created_at FROM v_object") == [(None, None)] * 2
    assert rows(catalogue, "SELECT storage_class, bytes FROM folder_stats") == [("UNKNOWN", 0)]


def test_reject_positions_count_records_whatever_is_wrong_with_them(catalogue: Catalogue, tmp_path: Path) -> None:
    data = report_rows("2026-10-01", [f"a/{n}" for n in range(12)])
    data[0][2] = "two\nlines"
    data[1][3] = "many"
    data[3][2] = ""
    data[4][4] = "yesterday"
    data[5] = ["short"]
    data[7][2] = ""
    data[8][6] = "x"
    path = tmp_path / "r_2026-10-31.csv"
    report = ingest_inventory(catalogue, [write_csv(path, data)]).files[0]
    assert report.adds_up
    assert (report.lines, report.kept, report.rejected) == (12, 6, 6)
    # Record 1 is the header.
    assert rows(catalogue, "SELECT line_no, reason FROM v_reject ORDER BY 1") == [
        *((3, "bad size"), (5, "no name"), (6, "bad time"), (7, "missing columns"), (9, "no name")),
        (10, "bad generation"),
    ]


def test_sums_by_folder_agree_with_the_names(catalogue: Catalogue, tmp_path: Path) -> None:
    names = [
        "root",
        "/lead",
        "//two",
        "a//b",
        "a/",
        "a/b/c/d/e/f/g/h.csv",
        "y/2026/10/31.csv",
        "y/dt=2026-10-31/x_20260101",
    ]
    names += [
        "n\nl/20261031/x",
        "y/f_20261031.csv",
        "20261031",
        "é/ü/2026-02-31/20260228.gz",
        "y/year=2026/month=10/day=31/p",
    ]
    ingest_inventory(catalogue, [write_csv(tmp_path / "r_2026-10-31.csv", report_rows("2026-10-01", names))])
    wanted = [("".join(f"{part}/" for part in name.split("/")[:-1][:6]), day_in(name)) for name in names]
    found = rows(catalogue, "SELECT folder, partition_date FROM folder_stats, range(objects) ORDER BY ALL")
    assert sorted(found, key=str) == sorted(wanted, key=str)


def day_in(name: str) -> date | None:
    known = {"31.csv": 31, "x_20260101": 31, "x": 31, "f_20261031.csv": 31, "20261031": 31, "p": 31}
    return date(2026, 10, known[name.rsplit("/", 1)[-1]]) if name.rsplit("/", 1)[-1] in known else None


# Usage logs

USAGE = (
    '"time_micros","c_ip","c_ip_type","c_ip_region","cs_method","cs_uri","sc_status","cs_bytes","sc_bytes",'
    '"time_taken_micros","cs_host","cs_referer","cs_user_agent","s_request_id","cs_operation","cs_bucket","cs_object","new"'
)


def usage_row(
    request: str, operation: str, name: str, *, status: int = 200, agent: str = "curl", method: str = "GET"
) -> str:
    cells = ["1790848800000000", "198.51.100.1", "1", "", method, "/x?prefix=", str(status), "7", "100", "1", "h", ""]
    return ",".join(f'"{cell}"' for cell in [*cells, agent, request, operation, BUCKET, name, "more"])


def test_usage_logs_bring_bytes(catalogue: Catalogue, tmp_path: Path) -> None:
    content = [
        "Bucket Usage Log:",
        USAGE,
        usage_row("r1", "GET_Object", "a/x"),
        usage_row("r2", "storage.objects.get", "a/y"),
        usage_row("r2", "storage.objects.get", "a/y"),
        usage_row("r3", "PUT_Object", "a/z", method="PUT"),
        usage_row("r4", "GET_Bucket", ""),
        usage_row("r5", "GET_Object", "a/none", status=404),
        usage_row("r6", "DELETE_Object", "a/x", agent="GCS Lifecycle Management", method="DELETE"),
        '"soon","cut off"',
    ]
    (tmp_path / "b_usage_2026_10_01_v0").write_text("\n".join(content))
    report = ingest_usage(catalogue, [str(tmp_path / "b_usage_2026_10_01_v0")]).files[0]
    assert report.adds_up
    assert (report.lines, report.kept, report.duplicates, report.rejected) == (8, 6, 1, 1)
    found = rows(catalogue, "SELECT folder, op, outcome, agent, events, bytes FROM access ORDER BY ALL")
    assert found == [
        ("", "list", "ok", "", 1, 100),
        ("a/", "delete", "ok", "lifecycle", 1, 100),
        ("a/", "read", "missing", "", 1, 100),
        ("a/", "read", "ok", "", 2, 200),
        ("a/", "write", "ok", "", 1, 7),
    ]
    assert rows(catalogue, "SELECT log_type, events FROM coverage") == [("usage", 6)]
    (tmp_path / "b_storage_2026").write_text('"bucket","storage_byte_hours"\n"b","12"\n')
    assert ingest_usage(catalogue, [str(tmp_path / "b_storage_2026")]).files[0].not_storage == 1


def test_heat_counts_days_and_reads_once_whoever_tells_of_them(catalogue: Catalogue, tmp_path: Path) -> None:
    write(
        tmp_path / "1.json",
        entry("a/new", at="2026-10-01T09:00:00Z"),
        entry("a/new", at="2026-10-01T08:00:00Z"),
        entry("a/old", at="2026-09-02T10:00:00Z"),
        entry("a/older", at="2026-09-01T10:00:00Z"),
        entry("a/below/x", at="2026-09-30T10:00:00Z"),
        entry("b/copied", at="2026-09-30T10:00:00Z", metadata={"destination": "projects/_/buckets/other/objects/x"}),
        entry("b/refused", granted=False),
        entry("b/written", method="storage.objects.create"),
    )
    ingest_logs(catalogue, [str(tmp_path / "1.json")])
    # The same day, an hour later.
    (tmp_path / "usage_v0").write_text("\n".join([USAGE, usage_row("r1", "GET_Object", "a/new")]))
    ingest_usage(catalogue, [str(tmp_path / "usage_v0")])
    assert rows(catalogue, "SELECT folder, days_30, last_read_at::VARCHAR, reads FROM v_heat ORDER BY ALL") == [
        ("a/", 1 + (1 << 29), "2026-10-01 10:00:00", 4),
        ("a/below/", 2, "2026-09-30 10:00:00", 1),
    ]


def test_usage_columns_are_known_by_name_in_any_order_and_number(catalogue: Catalogue, tmp_path: Path) -> None:
    header = [
        "s_request_id",
        "new_one",
        "cs_object",
        "time_micros",
        "sc_bytes",
        "cs_operation",
        "cs_bucket",
        "cs_method",
    ]
    row = ["r1", "?", 'a/x,"quoted"\ntwo lines', "1790848800000000", "12", "GET_Object", BUCKET, "GET"]
    with (tmp_path / "u1").open("w", newline="") as out:
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([header, row])
    # The same request again, in a file of another layout.
    with gzip.open(tmp_path / "u2.gz", "wt", newline="") as again:
        csv.writer(again, quoting=csv.QUOTE_ALL).writerows([header[::-1], row[::-1]])
    (tmp_path / "u3").write_text("no header\n1,2,3\n")
    report = ingest_usage(catalogue, [str(tmp_path)])
    assert [(file.kept, file.duplicates, file.complete) for file in report.files] == [
        *((1, 0, True), (0, 1, True), (0, 0, False))
    ]
    assert "not read" in report.files[2].note
    assert rows(catalogue, "SELECT folder, op, bytes FROM access") == [("a/", "read", 12)]
    assert [file.note for file in ingest_usage(catalogue, [str(tmp_path / "u1")]).files] == ["read before"]


def test_usage_rejects_stand_where_they_stand(catalogue: Catalogue, tmp_path: Path) -> None:
    good = [usage_row(f"r{n}", "GET_Object", "a/x") for n in range(3)]
    bad = [good[0].replace("1790848800000000", time) for time in ("", "soon", "99999999999999999999")]
    path = tmp_path / "b_usage_v0"
    path.write_text("\n".join(["title", USAGE, good[0], bad[0], good[1], bad[1], '"short"', bad[2], good[2]]) + "\n")
    report = ingest_usage(catalogue, [str(path)]).files[0]
    assert (report.lines, report.kept, report.rejected) == (7, 3, 4)
    assert report.reasons == {"bad timestamp": 3, "missing columns": 1}
    assert rows(catalogue, "SELECT line_no FROM v_reject ORDER BY 1") == [(4,), (6,), (7,), (8,)]


def test_rules_delete_and_change_classes_but_write_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    rule = "GCS Lifecycle Management"
    requests = [
        usage_row("r1", "DELETE_Object", "a/x", method="DELETE", agent=rule),
        usage_row("r2", "REST.PUT.OBJECT", "a/y", method="PUT", agent=rule),
    ]
    (tmp_path / "u").write_text("\n".join([USAGE, *requests]))
    ingest_usage(catalogue, [str(tmp_path / "u")])
    assert rows(catalogue, "SELECT agent, op FROM access ORDER BY op") == [
        ("lifecycle", "delete"),
        ("lifecycle", "update"),
    ]


def test_usage_logs_add_bytes_and_no_second_access(catalogue: Catalogue, tmp_path: Path) -> None:
    """The same five reads in both logs: five reads in the verdict, with their bytes."""
    at = datetime.fromtimestamp(1790848800, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    (tmp_path / "audit.json").write_bytes(lines(*(entry(f"a/{n}", at=at) for n in range(5))))
    requests = [usage_row(f"r{n}", "GET_Object", f"a/{n}") for n in range(5)]
    (tmp_path / "u").write_text("\n".join([USAGE, *requests]))
    ingest_logs(catalogue, [str(tmp_path / "audit.json")])
    ingest_usage(catalogue, [str(tmp_path / "u")])
    names = [f"a/{n}" for n in range(5)]
    ingest_inventory(catalogue, [write_csv(tmp_path / "r_2026-10-02.csv", report_rows("2025-10-01", names))])
    analyze(catalogue, BUCKET, Settings())
    (found,) = latest_analysis(catalogue, BUCKET).subfolders
    assert (found.name, found.read_events, found.read_bytes) == ("a", 5, 500)


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (403, 7, "denied 1 time to {who}: not counted"),
        (404, 5, "missing objects probed on 1 day by {who}: not counted"),
    ],
)
def test_a_refusal_in_both_logs_is_one_refusal(
    catalogue: Catalogue, tmp_path: Path, status: int, code: int, sentence: str
) -> None:
    at = datetime.fromtimestamp(1790848800, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    (tmp_path / "audit.json").write_bytes(lines(entry("a/1", at=at, status={"code": code})))
    requests = [usage_row(f"r-{name}", "GET_Object", name, status=status) for name in ("a/1", "b/1")]
    (tmp_path / "u").write_text("\n".join([USAGE, *requests]))
    ingest_logs(catalogue, [str(tmp_path / "audit.json")])
    ingest_usage(catalogue, [str(tmp_path / "u")])
    ingest_inventory(catalogue, [write_csv(tmp_path / "r_2026-10-02.csv", report_rows("2025-10-01", ["a/1", "b/1"]))])
    analyze(catalogue, BUCKET, Settings())
    reasons = {found.name: found.reasons for found in latest_analysis(catalogue, BUCKET).subfolders}
    assert sentence.format(who="job@project (python)") in reasons["a"]
    assert sentence.format(who="an unidentified caller") in reasons["b"]


# A real client on the sandbox server


def test_logs_from_a_bucket_and_a_live_listing(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        client = storage_client()
        bucket = client.create_bucket("logs", location="EUROPE-WEST1")
        bucket.blob("audit/1.json").upload_from_string(lines(entry("a/1"), b"broken"))
        bucket.blob("audit/2.json.gz").upload_from_string(gzip.compress(lines(entry("a/2"))))
        bucket.blob("other/3.json").upload_from_string(lines(entry("a/3")))
        names = sorted({f"{top}/{n:02}/x{n}" for n in range(40) for top in ("a", "b", "ü")} | {"root", "a//b", "z/"})
        for name in names:
            bucket.blob(f"in/{name}").upload_from_string(name.encode())
        first = ingest_logs(catalogue, ["gs://logs/audit/"])
        assert [(file.file, file.kept, file.rejected) for file in first.files] == [
            ("gs://logs/audit/1.json", 1, 1),
            ("gs://logs/audit/2.json.gz", 1, 0),
        ]
        second = ingest_logs(catalogue, ["gs://logs/audit", "gs://logs/**/3.json"])
        assert [file.kept for file in second.files] == [0, 0, 1]
        with pytest.raises(BadInput, match="nothing to read"):
            ingest_logs(catalogue, ["gs://logs/nowhere/"])
        for _ in range(2):
            listed = ingest_listing(catalogue, "gs://logs", parallel=4, day=date(2026, 11, 1)).files[0]
            assert listed.kept == len(names) + 3
        stored = rows(
            catalogue, "SELECT name, size, created_at IS NOT NULL, generation > 0 FROM v_object WHERE name LIKE 'in/%'"
        )
        assert sorted(row[0] for row in stored) == sorted(f"in/{name}" for name in names)
        assert all(row[1] == len(row[0].removeprefix("in/").encode()) and row[2] and row[3] for row in stored)
        assert rows(catalogue, "SELECT location FROM bucket_info WHERE bucket = 'logs'") == [("europe-west1",)]
        with pytest.raises(AnalysisError, match="cannot be listed"):
            ingest_listing(catalogue, "gs://absent")


def test_a_flat_folder_is_listed_by_several_at_once(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"flat/{number:05}-{'é' * (number % 3)}.csv" for number in range(3_000)] + ["flat/", "zz", "été"]
    with running_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        storage_client().create_bucket("lake")
        seeded = [{"name": name, "size": 7} for name in names]
        server.control("POST", "objects", {"bucket": "lake", "objects": seeded})
        server.control(
            "POST",
            "faults",
            [
                {"kind": kind, "probability": 0.1, "count": -1, "seed": 1}
                for kind in ("page-empty", "page-truncated", "page-duplicated")
            ],
        )
        report = ingest_listing(catalogue, "gs://lake", parallel=4, day=date(2026, 11, 1), page_size=20).files[0]
    assert report.adds_up
    assert report.kept == 3_003
    assert rows(catalogue, "SELECT name FROM v_object ORDER BY name") == [(name,) for name in sorted(names)]


NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)


@given(NAME, NAME)
def test_a_cut_range_covers_the_same_names(first: str, beyond: str) -> None:
    whole = Range(first, beyond, after=True)
    parts = sorted(split(whole), key=lambda part: part.first.encode())
    assert (parts[0].first, parts[0].after) == (first, True)
    assert parts[-1].beyond == beyond
    if len(parts) == 2:
        assert parts[0].beyond == parts[1].first
        assert first.encode() < parts[1].first.encode()
        assert not beyond or parts[1].first.encode() < beyond.encode()


@pytest.mark.parametrize("odd", ['a"b', "a'b", "(", "line\nend", "", "size", " "])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_a_header_may_hold_columns_of_any_name(catalogue: Catalogue, tmp_path: Path, odd: str, end: str) -> None:
    report = tmp_path / "report_2026-10-31.csv"
    with report.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out, lineterminator=end).writerows(
            [["bucket", "name", "size", odd, odd], [BUCKET, "a/b", "7", "x", "y"]]
        )
    usage = tmp_path / "usage.csv"
    with usage.open("w", newline="", encoding="utf-8") as out:
        named = ["time_micros", "s_request_id", "cs_operation", "cs_bucket", "cs_object", "sc_status"]
        request = ["1790000000000000", "r1", "GET_Object", BUCKET, "a/b", "200"]
        csv.writer(out, lineterminator=end).writerows([[*named, odd, odd], [*request, "x", "y"]])
    assert [file.kept for file in ingest_inventory(catalogue, [str(report)]).files] == [1]
    assert [file.kept for file in ingest_usage(catalogue, [str(usage)]).files] == [1]
    assert rows(catalogue, "SELECT name, size FROM v_object") == [("a/b", 7)]

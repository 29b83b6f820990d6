"""The same entries through files and through BigQuery give the same catalogue."""

import json
import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analysis.catalogue import Catalogue
from analysis.errors import AnalysisError, BadInput
from analysis.sources.bigquery import BigQueryIngest, bigquery_client, parse_size
from analysis.sources.log_files import ingest_logs
from bigquery_double import BYTES_PER_ROW, PAYLOAD, SINK, BigQueryDouble, Tree, running_bigquery
from killing import Gate, finish
from log_entries import entry, write
from thermocline.cli.app import run
from whole_catalogue import everything


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def snaked(kind: Any) -> Any:
    if isinstance(kind, list):
        return [snaked(kind[0])]
    return {snake(name): snaked(inner) for name, inner in kind.items()} if isinstance(kind, dict) else kind


ANALYTICS: Tree = {
    "log_name": "STRING",
    "timestamp": "TIMESTAMP",
    "insert_id": "STRING",
    "resource": {"type": "STRING", "labels": "JSON"},
    "json_payload": "JSON",
    "text_payload": "STRING",
    "proto_payload": {
        "audit_log": {**snaked({k: v for k, v in PAYLOAD.items() if k != "metadataJson"}), "metadata": "JSON"}
    },
}


def fit(value: Any, kind: Any) -> Any:
    """The part of a value that a table has columns for."""
    if value is None:
        return None
    if isinstance(kind, list):
        return [fit(item, kind[0]) for item in value]
    if isinstance(kind, dict):
        return {name: fit(value.get(name), inner) for name, inner in kind.items()}
    return value


def sink_row(found: dict[str, Any]) -> dict[str, Any]:
    payload = found["protoPayload"]
    metadata = json.dumps(payload["metadata"]) if payload.get("metadata") else None
    row = {**found, "protopayload_auditlog": {**payload, "metadataJson": metadata}}
    return {name: fit(row.get(name), kind) for name, kind in SINK.items()}


def analytics_row(found: dict[str, Any]) -> dict[str, Any]:
    payload = found["protoPayload"]
    log = {
        snake(name): rename(fit(payload.get(name), kind)) for name, kind in PAYLOAD.items() if name != "metadataJson"
    }
    return {
        "log_name": found["logName"],
        "timestamp": found["timestamp"],
        "insert_id": found["insertId"],
        "resource": found["resource"],
        "json_payload": None,
        "text_payload": None,
        "proto_payload": {"audit_log": {**log, "metadata": payload.get("metadata")}},
    }


def rename(value: Any) -> Any:
    if isinstance(value, list):
        return [rename(item) for item in value]
    return {snake(name): rename(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def some_entries(seed: int) -> list[dict[str, Any]]:
    """Three days of everything that the rules know."""
    rng = random.Random(seed)
    methods = [
        *("storage.objects.get", "storage.objects.create", "storage.objects.delete", "storage.objects.list"),
        *("storage.objects.update", "storage.buckets.get", "storage.setIamPermissions", "storage.objects.teleport"),
        "storage.multipartUploads.complete",
    ]
    agents = [
        "",
        "gcloud-python/2.18",
        "gccl/airflow_v2.9",
        "apitools gsutil/5 interactive/True",
        "Mozilla/5.0",
        "curl/8",
    ]
    names = [
        "a/objects/b",
        "t/dt=2026-10-02/p",
        "t/20261001/p",
        "root",
        "a//b",
        "1/2/3/4/5/6/7/8",
        "é/ü",
        "t/2026/10/01/x",
    ]
    made = []
    for number in range(300):
        method = rng.choice(methods)
        name = "" if ".list" in method or "buckets" in method or "Iam" in method else rng.choice(names)
        when = (
            f"2026-10-0{rng.randint(1, 3)}T{rng.randrange(24):02}:{rng.randrange(60):02}:07.{rng.randrange(10**6):06}Z"
        )
        extra: dict[str, Any] = {}
        if rng.random() < 0.1:
            extra["metadata"] = {"destination": "projects/_/buckets/other/objects/to/x"}
        elif rng.random() < 0.1:
            header = rng.choice(["job", "thermocline"])
            extra["metadata"] = {"audit_context": {"audit_info": {f"x-goog-custom-audit-{header}": "run-7"}}}
        if rng.random() < 0.1:
            extra["status"] = {"code": rng.choice([5, 7])}
        made.append(
            entry(
                name,
                method=method,
                at=when,
                insert_id=f"i{number}",
                principal=rng.choice(["", "ann@example.com", "job@p.iam.gserviceaccount.com"]),
                granted=rng.random() < 0.9,
                agent=rng.choice(agents),
                **extra,
            )
        )
    made[5]["protoPayload"]["authenticationInfo"]["serviceAccountDelegationInfo"] = [
        {"firstPartyPrincipal": {"principalEmail": "ann@example.com"}}
    ]
    made[6]["protoPayload"]["authorizationInfo"] = [
        {"permission": "storage.objects.list", "granted": True},
        {"permission": "storage.objects.get"},
    ]
    made[7]["protoPayload"]["serviceName"] = "bigquery.googleapis.com"
    made[8]["protoPayload"] |= {
        "resourceName": "projects/12",
        "methodName": "google.storage.objects.get",
        "metadata": {"resourceNames": ["projects/1/buckets/kept/objects/p/x"]},
    }
    return made + made[:20]


@pytest.fixture
def bigquery() -> Iterator[tuple[BigQueryDouble, Any]]:
    with running_bigquery() as (double, url):
        client = bigquery_client(None, url)
        yield double, client
        client.close()


SINCE, UNTIL = date(2026, 10, 1), date(2026, 10, 4)


def fill(double: BigQueryDouble, layout: str, entries: list[dict[str, Any]]) -> str:
    if layout == "analytics":
        double.add_table("logs", "_AllLogs", ANALYTICS, [analytics_row(e) for e in entries])
        return "local.logs._AllLogs"
    if layout == "partitioned":
        double.add_table("logs", "data_access", SINK, [sink_row(e) for e in entries])
        return "local.logs.data_access"
    for day in ("2026-10-01", "2026-10-02", "2026-10-03"):
        rows = [sink_row(e) for e in entries if e["timestamp"].startswith(day)]
        double.add_table("logs", f"data_access_{day.replace('-', '')}", SINK, rows)
    return "local.logs.data_access"


def contents(catalogue: Catalogue) -> list[Any]:
    queries = [
        "FROM v_access ORDER BY ALL",
        "FROM v_coverage ORDER BY ALL",
        "SELECT bucket, location, project FROM bucket_info ORDER BY ALL",
        "SELECT sum(lines), sum(kept), sum(duplicates), sum(rejected), sum(not_storage) FROM evidence_file",
    ]
    return [catalogue.connection.execute(query).fetchall() for query in queries]


@pytest.mark.parametrize("layout", ["partitioned", "sharded", "analytics"])
def test_files_and_bigquery_give_the_same_catalogue(
    tmp_path: Path, bigquery: tuple[BigQueryDouble, Any], layout: str
) -> None:
    double, client = bigquery
    entries = some_entries(11)
    with Catalogue.create_or_migrate(tmp_path / "files.duckdb") as files:
        ingest_logs(files, [write(tmp_path / "logs.json", *entries)])
        expected = contents(files)
    with Catalogue.create_or_migrate(tmp_path / "bigquery.duckdb") as rolled:
        run = BigQueryIngest(rolled, client, fill(double, layout, entries), SINCE, UNTIL)
        estimate = run.estimate()
        assert estimate.bytes_scanned == len(entries) * BYTES_PER_ROW
        report = run.run(estimate.bytes_scanned)
        assert [file.adds_up for file in report.files] == [True] * 3
        assert report.total("kept") == 299
        found = contents(rolled)
    assert len(expected[0]) > 100
    for expectation, result in zip(expected, found, strict=True):
        assert result == expectation


def test_days_are_read_once_and_in_either_order_with_files(
    tmp_path: Path, bigquery: tuple[BigQueryDouble, Any]
) -> None:
    double, client = bigquery
    entries = some_entries(12)
    table = fill(double, "partitioned", entries)
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as opened:
        BigQueryIngest(opened, client, table, SINCE, date(2026, 10, 3)).run(10**9)
        again = BigQueryIngest(opened, client, table, SINCE, UNTIL)
        assert again.days == (date(2026, 10, 3),)
        assert again.run(10**9).total("kept") > 50
        before = contents(opened)[:2]
        late = ingest_logs(opened, [write(tmp_path / "late.json", *entries)]).files[0]
        data_access = late.kept == 0
        assert data_access, late
        assert contents(opened)[:2] == before
    with Catalogue.create_or_migrate(tmp_path / "d.duckdb") as opened:
        ingest_logs(opened, [str(tmp_path / "late.json")])
        before = contents(opened)[:2]
        report = BigQueryIngest(opened, client, table, SINCE, UNTIL).run(10**9)
        assert report.total("kept") == 0
        assert all(file.adds_up for file in report.files)
        assert contents(opened)[:2] == before


def test_bytes_are_capped(tmp_path: Path, bigquery: tuple[BigQueryDouble, Any]) -> None:
    double, client = bigquery
    table = fill(double, "partitioned", some_entries(13))
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as opened:
        with pytest.raises(AnalysisError, match="bytes billed"):
            BigQueryIngest(opened, client, table, SINCE, UNTIL).run(10)
        assert contents(opened)[0] == []


def test_killed_at_any_request_and_run_again(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.duckdb", tmp_path / "broken.duckdb"
    gate = Gate()
    with running_bigquery() as (double, url):
        table = fill(double, "partitioned", some_entries(14))
        command = ["ingest", "bigquery", "--table", table, "--endpoint", url, "--since", "2026-10-01"]
        finish(*command, "--until", "2026-10-04", "--catalogue", str(whole))
        double.before_answer = gate.arrive
        # The table is looked up, a dry run is priced, the query is sent, its rows come in pages and are stored.
        for at, after in ((1, None), (2, None), (3, None), (5, None), (6, 0.02)):
            assert gate.kill([*command, "--until", "2026-10-04", "--catalogue", str(broken)], at, after)
        finish(*command, "--until", "2026-10-04", "--catalogue", str(broken))
    assert len(everything(whole)["access"]) > 100
    assert everything(broken) == everything(whole)


@pytest.mark.parametrize("table", ["nonsense", "local.logs.absent", "local.logs.other"])
def test_what_is_no_log_table_is_refused(tmp_path: Path, bigquery: tuple[BigQueryDouble, Any], table: str) -> None:
    double, client = bigquery
    double.add_table("logs", "other", {"a": "STRING"}, [])
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as opened, pytest.raises(BadInput):
        BigQueryIngest(opened, client, table, SINCE, UNTIL)


def test_a_sink_that_never_saw_some_fields_has_no_columns_for_them(
    tmp_path: Path, bigquery: tuple[BigQueryDouble, Any]
) -> None:
    double, client = bigquery
    payload = {name: kind for name, kind in PAYLOAD.items() if name not in {"metadataJson", "status"}}
    payload["authenticationInfo"] = {"principalEmail": "STRING"}
    tree = {**SINK, "protopayload_auditlog": payload}
    rows = [{name: fit(sink_row(entry("a/x", at="2026-10-01T01:00:00Z"))[name], kind) for name, kind in tree.items()}]
    double.add_table("logs", "thin", tree, rows)
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as opened:
        BigQueryIngest(opened, client, "local.logs.thin", SINCE, UNTIL).run(10**9)
        assert opened.connection.execute("SELECT folder, op, outcome, events FROM access").fetchall() == [
            ("a/", "read", "ok", 1)
        ]


@pytest.mark.parametrize(("text", "size"), [("10", 10), ("1KiB", 1024), ("1.5 GiB", 3 << 29), ("2TB", 2 << 40)])
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


def test_the_price_is_told_before_anything_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = ["--since", "2026-10-01", "--until", "2026-10-04", "--catalogue", str(tmp_path / "c.duckdb")]
    with running_bigquery() as (double, url):
        table = fill(double, "partitioned", some_entries(14))
        command = ["ingest", "bigquery", "--table", table, "--endpoint", url, "--usd-per-tib", "1000000", *days]
        assert run([*command, "--dry-run"]) == 0
        asked = capsys.readouterr().err
        assert run([*command, "--max-bytes", "10"]) == 1
        refused = capsys.readouterr().err
        with Catalogue.open(tmp_path / "c.duckdb") as opened:
            assert opened.connection.execute("SELECT count(*) FROM access").fetchall() == [(0,)]
        assert run(command) == 0
    told = re.match(r"3 days to read: BigQuery will scan ([\d.]+ KiB), about \$([\d.]+) at list price\n", asked)
    assert told
    assert float(told[2]) == pytest.approx(float(told[1].split()[0]) * 1024 / 1024**4 * 1_000_000, abs=0.01)
    assert "more than --max-bytes 10" in refused
    assert capsys.readouterr().err.startswith(asked)

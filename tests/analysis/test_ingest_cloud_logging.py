"""Audit logs from the Cloud Logging API: time slices, paging, quota, and what a killed run leaves."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis.catalogue import Catalogue
from analysis.errors import AnalysisError, BadInput
from analysis.sources.cloud_logging import ingest_cloud_logging, logging_client
from analysis.sources.log_files import ingest_logs
from killing import Gate, finish
from log_entries import entry, lines
from logging_double import LoggingDouble, running_logging
from thermocline.cli.app import run
from whole_catalogue import everything


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as opened:
        yield opened


def rows(catalogue: Catalogue, query: str) -> list[Any]:
    return catalogue.connection.execute(query).fetchall()


SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)


def test_cloud_logging_pages_backs_off_and_resumes(catalogue: Catalogue, tmp_path: Path) -> None:
    entries = [entry(f"a/{n}", at=f"2026-10-0{1 + n // 20}T{n % 20:02}:00:01.5Z") for n in range(40)]
    double = LoggingDouble(entries)
    with running_logging(double) as url, closing(logging_client("team", url)) as client:
        double.refuse = 3
        waits: list[float] = []
        double.broken_after = 12
        with pytest.raises(AnalysisError, match="denied"):
            ingest_cloud_logging(catalogue, client, "team", SINCE, UNTIL, sleep=waits.append)
        assert waits == [1.0, 2.0, 4.0]
        kept = rows(catalogue, "SELECT count(*), sum(kept) FROM evidence_file")
        assert kept[0][0] >= 1
        double.broken_after = None
        report = ingest_cloud_logging(catalogue, client, "team", SINCE, UNTIL, sleep=waits.append)
    assert report.complete
    assert report.total("lines") == 40
    assert [file.note for file in report.files].count("read before") == kept[0][0]
    assert rows(catalogue, "SELECT sum(events) FROM access") == [(40,)]
    assert all('timestamp>="' in request["filter"] for request in double.requests)
    # The same entries from a file are known.
    (tmp_path / "same.json").write_bytes(lines(*entries))
    assert ingest_logs(catalogue, [str(tmp_path / "same.json")]).files[0].duplicates == 40


def test_cloud_logging_gives_up_after_a_while_and_refuses_an_empty_range(catalogue: Catalogue) -> None:
    double = LoggingDouble([])
    with running_logging(double) as url, closing(logging_client("team", url)) as client:
        double.refuse = 1_000
        with pytest.raises(AnalysisError, match="goes on from here"):
            ingest_cloud_logging(catalogue, client, "team", SINCE, UNTIL, sleep=lambda _: None)
        with pytest.raises(BadInput):
            ingest_cloud_logging(catalogue, client, "team", UNTIL, SINCE)


def test_killed_at_any_request_and_run_again(tmp_path: Path) -> None:
    entries = [entry(f"a/{n}", at=f"2026-10-0{1 + n // 20}T{n % 20:02}:00:01.5Z") for n in range(40)]
    double, gate = LoggingDouble(entries), Gate()
    whole, broken = tmp_path / "whole.duckdb", tmp_path / "broken.duckdb"
    double.before_answer = gate.arrive
    with running_logging(double) as url:
        command = ["ingest", "cloud-logging", "--project", "team", "--since", "2026-10-01", "--until", "2026-10-03"]
        command += ["--endpoint", url, "--catalogue"]
        finish(*command, str(whole))
        asked = len(double.requests)
        # Each run goes on where the last one was killed: in its first slice, between two, while it stores the next.
        kills = [gate.kill([*command, str(broken)], at, after) for at, after in ((1, None), (5, None), (4, 0.02))]
        assert kills == [True] * 3
        double.requests.clear()
        finish(*command, str(broken))
        assert len(double.requests) < asked, "nothing was kept of what the killed runs had read"
    assert everything(broken) == everything(whole)


def test_progress_is_told_by_time_covered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    double = LoggingDouble([entry(f"a/{n}", at=f"2026-10-01T{n:02}:00:01Z") for n in range(20)])
    with running_logging(double) as url:
        command = ["ingest", "cloud-logging", "--project", "team", "--endpoint", url]
        days = ["--since", "2026-10-01", "--until", "2026-10-02", "--catalogue", str(tmp_path / "c.duckdb")]
        assert run([*command, *days]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("2026-10-")]
    assert told == [
        "2026-10-01T06:00: 6 new of 6",
        "2026-10-01T12:00: 6 new of 6",
        "2026-10-01T18:00: 6 new of 6",
        "2026-10-02T00:00: 2 new of 2",
    ]

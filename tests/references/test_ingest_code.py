"""Code into the catalogue: what a scan says is stored, replaced by the next scan, and shown again."""

import json
from pathlib import Path

import pytest

from analysis.catalogue import Catalogue
from analysis.sources.code import ingest_code
from thermocline.cli.app import run


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def rows(catalogue: Path) -> list[tuple[str, ...]]:
    with Catalogue.open(catalogue) as store:
        return store.connection.execute(
            "SELECT bucket, prefix, role, file, env FROM code_reference ORDER BY ALL"
        ).fetchall()


def test_a_second_scan_replaces_the_first(tmp_path: Path) -> None:
    checkout = write(tmp_path / "code", {"job.py": 'import pandas\npandas.read_csv("gs://lake/in/a.csv")\n'})
    catalogue = tmp_path / "c.duckdb"
    with Catalogue.create_or_migrate(catalogue) as store:
        report = ingest_code(store, checkout, "prod")
        ingest_code(store, checkout, "dev")
    assert [file.kept for file in report.files] == [1]
    (checkout / "job.py").write_text('import pandas\npandas.read_csv("gs://lake/in/b.csv")\n', encoding="utf-8")
    with Catalogue.create_or_migrate(catalogue) as store:
        ingest_code(store, checkout, "prod")
    assert rows(catalogue) == [
        ("lake", "in/a.csv", "read", "job.py", "dev"),
        ("lake", "in/b.csv", "read", "job.py", "prod"),
    ]


def test_only_the_bucket_asked_for_is_kept(tmp_path: Path) -> None:
    source = 'import pandas\npandas.read_csv("gs://lake/a.csv")\npandas.read_csv("gs://lake-2/b.csv")\n'
    checkout = write(tmp_path / "code", {"job.py": source})
    catalogue = tmp_path / "c.duckdb"
    with Catalogue.create_or_migrate(catalogue) as store:
        report = ingest_code(store, checkout, "prod", "lake").files[0]
    assert (report.lines, report.kept, report.not_storage) == (2, 1, 1)
    assert rows(catalogue) == [("lake", "a.csv", "read", "job.py", "prod")]


def test_a_sink_of_the_users_own_counts_in_both_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout = write(
        tmp_path / "code",
        {"job.py": 'from ours import Sender\n\nSender().ship("lake", path="out/a.csv")\n'},
    )
    settings = write(
        tmp_path,
        {
            "thermocline.toml": '[[references.sink]]\ncall = "Sender.ship"\nrole = "write"\n'
            'bucket = "bucket@0"\nprefix = "path"\n'
        },
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    catalogue, table = str(tmp_path / "c.duckdb"), str(settings / "thermocline.toml")
    run(["references", str(checkout), "--env", "prod", "--settings", table, "--json"])
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["bucket"], one["prefix"], one["role"]) for one in shown] == [("lake", "out/a.csv", "write")]
    run(["ingest", "code", str(checkout), "--env", "prod", "--settings", table, "--catalogue", catalogue])
    assert rows(Path(catalogue)) == [("lake", "out/a.csv", "write", "job.py", "prod")]

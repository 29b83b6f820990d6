"""Six configured use cases in three environments, from the file to verified copies, by the public commands."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from executor.states import state_table
from executor_bench import Bench
from thermocline.cli.app import run

CONFIG = Path(__file__).parent / "document_use_cases.yaml"
TODAY = datetime.now(UTC).date()
RECENT, OLD = TODAY - timedelta(days=3), TODAY - timedelta(days=45)
GUIDE = Path(__file__).parents[2] / "docs" / "migrating.md"


def expected(env: str) -> dict[str, tuple[str, str] | None]:
    """Source name to (target bucket, target name), or None for what stays; written by hand from the configuration."""
    day, old = f"{RECENT:%Y%m%d}", f"{OLD:%Y%m%d}"
    seed, dms, qpi = f"seed-data-bucket-{env}", f"dms-staging-bucket-{env}", f"qpi-import-bucket-{env}"
    sync, archive, click = (
        f"recommendation-sync-bucket-{env}",
        f"archive-bucket-{env}",
        f"clickhouse-staging-bucket-{env}",
    )
    other = "prod" if env == "dev" else "dev"
    return {
        "bigquery_imports/seed/regions/a.csv": (seed, "regions/a.csv"),
        "bigquery_imports/seed/schools/b.parquet": (seed, "schools/b.parquet"),
        "bigquery_imports/seed/schools/deep/c.avro": (seed, "schools/deep/c.avro"),
        "bigquery_imports/seed/schools/notes.txt": None,
        "bigquery_imports/other/x.csv": None,
        "dms_export/dms_pro_2026.parquet": (dms, "staging/dms_pro_2026.parquet"),
        "dms_export/unsorted_dms_pro_2026.json": (dms, "staging/unsorted_dms_pro_2026.json"),
        "dms_export/readme.md": None,
        "dms_export/old/dms_pro_2020.parquet": None,
        "dms_export_old/dms_pro.parquet": None,
        f"QPI_exports/qpi_answers_{day}/part.jsonl": (qpi, f"imports/qpi_answers_{day}/part.jsonl"),
        f"QPI_exports/qpi_answers_{day}/_SUCCESS": None,
        f"QPI_exports/qpi_answers_{old}/part.jsonl": None,
        "QPI_exports/qpi_answers_latest/part.jsonl": None,
        "export/cloudsql_recommendation_tables_to_bigquery/1/t.csv": (sync, "sync_staging/1/t.csv"),
        "export/cloudsql_recommendation_tables_to_bigquery//odd": (sync, "sync_staging//odd"),
        "historization/tracking/t/p/x": (archive, "archives/firebase_tracking/t/p/x"),
        "historization/int_firebase/x": (archive, "archives/firebase_events/x"),
        "historization/api_reco/x": (archive, "archives/recommendation/x"),
        "historization/applicative/t/20260101/x": (archive, "archives/database_snapshots/t/20260101/x"),
        "historization/unmapped/x": None,
        f"clickhouse_export/{env}/export/{day}/x": (click, f"staging/{env}/export/{day}/x"),
        f"clickhouse_export/{env}/export/{old}/deep/y": (click, f"staging/{env}/export/{old}/deep/y"),
        f"clickhouse_export/{other}/export/{day}/x": None,
    }


def thermocline(*arguments: str | Path) -> int:
    return run([str(argument) for argument in arguments])


def plan_for(bench: Bench, env: str, *more: str) -> tuple[str, Path]:
    """The source bucket of an environment, filled, listed and planned by configuration."""
    source = f"data-bucket-{env}"
    if env != "dev":
        bench.bucket(source)
    bench.seed(*expected(env), bucket=source)
    catalogue, plan = bench.directory / "catalogue.duckdb", bench.directory / "plan.json"
    assert thermocline("ingest", "listing", f"gs://{source}", "--catalogue", catalogue) == 0
    assert thermocline("analyze", "--bucket", source, "--catalogue", catalogue, "--as-of", TODAY.isoformat()) == 0
    wanted: list[str | Path] = ["--config", CONFIG, "--use-cases", "configured", "--env", env, "--bucket", source]
    assert thermocline("plan", "generate", *wanted, *more, "--catalogue", catalogue, "--output", plan) == 0
    return source, plan


def approve_all(plan: Path) -> None:
    for phase in json.loads(plan.read_bytes())["phases"]:
        if any(move["action"] == "move" for move in phase["moves"]):
            approval = ["--phase", str(phase["phase"]), "--by", "owner@example.com", "--yes"]
            assert thermocline("plan", "approve", plan, *approval) == 0


@pytest.mark.parametrize("env", ["dev", "stg", "prod"])
def test_every_use_case_lands_where_its_configuration_says(
    bench: Bench, env: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source, plan = plan_for(bench, env)
    before = bench.objects(source)
    approve_all(plan)
    capsys.readouterr()

    assert thermocline("execute", plan, "--dry-run", "--json") == 0
    foretold = moves_of(capsys.readouterr().out)
    assert thermocline("execute", plan, "--use-case", "all", "--parallel", "4", "--json") == 0
    done = moves_of(capsys.readouterr().out)

    wanted = {place: name for name, place in expected(env).items() if place is not None}
    found = {
        (bucket, name): one["crc32c"]
        for bucket in bench.server.control("GET", "state")["buckets"]
        if bucket not in {source, "data-bucket-dev"}
        for name, one in bench.objects(bucket).items()
    }
    assert found == {place: before[name]["crc32c"] for place, name in wanted.items()}
    assert bench.objects(source) == before
    assert {name: move["planned"] for name, move in foretold.items()} == {
        name: move["verified"] for name, move in done.items()
    }
    assert {move["state"] for move in done.values()} == {"verified"}
    assert len(done) == 6


def moves_of(out: str) -> dict[str, Any]:
    return {move["use_case"]: move for move in json.loads(out)["moves"]}


def test_one_use_case_at_a_time_leaves_the_others_alone(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    _, plan = plan_for(bench, "dev")
    approve_all(plan)
    capsys.readouterr()

    assert thermocline("execute", plan, "--use-case", "dms_export", "--dry-run", "--json") == 0
    assert moves_of(capsys.readouterr().out)["dms_export"]["planned"] == 2
    assert thermocline("execute", plan, "--use-case", "bigquery_imports_seed", "--json") == 0
    capsys.readouterr()
    assert thermocline("status", plan, "--json") == 0

    states = {name: move["state"] for name, move in moves_of(capsys.readouterr().out).items()}
    assert states.pop("bigquery_imports_seed") == "verified"
    assert set(states.values()) == {"planned"}


def test_what_is_left_behind_is_counted_and_named(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    _, plan = plan_for(bench, "dev")
    approve_all(plan)
    capsys.readouterr()
    assert thermocline("execute", plan, "--json") == 0

    seed = moves_of(capsys.readouterr().out)["bigquery_imports_seed"]
    assert seed["left_behind"] == 1
    assert any("schools/notes.txt" in text for text in seed["notes"])
    manifest = plan.with_name("plan.bigquery_imports_seed.manifest.csv").read_text()
    assert "gs://data-bucket-dev/bigquery_imports/seed/schools/notes.txt,," in manifest
    assert "left behind,matches no file pattern" in manifest


def commands_of_the_guide() -> list[tuple[str, list[str]]]:
    """What was typed by hand, and the commands that take its place, from the table of the guide."""
    _, _, rest = GUIDE.read_text().partition("| by hand | here |\n|---|---|\n")
    rows = [line.strip("| ").split(" | ") for line in rest.partition("\n\n")[0].splitlines()]
    return [
        (old, [span for span in re.findall(r"`([^`]+)`", new) if span.startswith("thermocline ")]) for old, new in rows
    ]


def test_every_command_of_the_guide_does_what_the_old_one_did(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bench.directory)
    for name in ("migration_configs.yaml", "custom_config.yaml"):
        Path(name).write_text(CONFIG.read_text())
    for env in ("dev", "stg", "prod"):
        _, plan = plan_for(bench, env)
        plan.unlink()
        (bench.directory / "catalogue.duckdb").rename(f"{env}.duckdb")
    rows = commands_of_the_guide()
    assert len(rows) == 7

    for old, commands in rows:
        bucket_names = set(bench.server.control("GET", "state")["buckets"])
        for command in commands:
            env = next(env for env in ("dev", "stg", "prod") if env in command)
            monkeypatch.setenv("THERMOCLINE_CATALOGUE", f"{env}.duckdb")
            for words in spelled_out(command, env):
                assert thermocline(*words) == 0, words
        if "--dry-run" in old:
            assert set(bench.server.control("GET", "state")["buckets"]) == bucket_names

    capsys.readouterr()
    for env, finished in (("dev", 1), ("stg", 6), ("prod", 6)):
        assert thermocline("status", f"{env}.json", "--json") == 0
        moves = moves_of(capsys.readouterr().out)
        assert len(moves) == 6
        assert sum(move["state"] == "verified" for move in moves.values()) == finished


def spelled_out(command: str, env: str) -> list[list[str]]:
    """The command once for each phase or use case that its placeholders stand for."""
    words = command.replace("NAME", "owner@example.com").split()[1:]
    if "$use_case" in words:
        names = ("bigquery_imports_seed", "dms_export", "qpi_exports")
        return [[name if word == "$use_case" else word for word in words] for name in names]
    if "N" in words:
        found = json.loads(Path(f"{env}.json").read_bytes())["phases"]
        numbers = [one["phase"] for one in found if any(move["action"] == "move" for move in one["moves"])]
        yes = ["--yes"] if "approve" in words else []
        return [[*(str(number) if word == "N" else word for word in words), *yes] for number in numbers]
    return [words]


def test_all_goes_phase_by_phase_and_a_move_that_fails_hides_nothing(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    _, plan = plan_for(bench, "dev", "--pin", "qpi_exports=1", "--pin", "dms_export=2", "--pin", "historization=3")
    approve_all(plan)
    bench.bucket("dms-staging-bucket-dev")
    capsys.readouterr()

    assert thermocline("execute", plan, "--use-case", "all", "--parallel", "4", "--json") == 3
    said = capsys.readouterr()

    moves = moves_of(said.out)
    assert moves.pop("dms_export")["state"] != "verified"
    assert {move["state"] for move in moves.values()} == {"verified"}
    assert "dms_export: the bucket dms-staging-bucket-dev" in said.err
    trail = plan.with_name("plan.json.journal.audit.ndjson").read_text().splitlines()
    phase_of = {name: move["phase"] for name, move in moves_of(said.out).items()}
    order = [phase_of[event["use_case"]] for event in map(json.loads, trail) if event["event"] == "object"]
    assert order == sorted(order)
    assert {1, 3} < set(order)


def test_the_guide_shows_every_state_with_both_ways_out() -> None:
    assert state_table() in GUIDE.read_text()

"""The lake's files: reproducible, consistent with each other, in the shapes that real services write."""

import gzip
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lake_reading import entries, inventory, log_lines, tree
from thermocline.sandbox.lake import DOCUMENT_NAMES, Lake, build_lake, random_names
from thermocline.sandbox.lake.folders import FOLDERS
from thermocline.sandbox.lake.names import Names

# Words before they are names: a rename changes what they name, yet the word may stand in a sentence.
_ORDINARY_WORDS = {"export", "seed", "pro", "archives", "categories", "analyst", "contractor", "recommendation", "dms"}


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    build_lake(tmp_path / "one", seed=11, scale=0.02, days=40)
    build_lake(tmp_path / "two", seed=11, scale=0.02, days=40)
    build_lake(tmp_path / "other", seed=12, scale=0.02, days=40)
    one = tree(tmp_path / "one")
    assert one == tree(tmp_path / "two")
    assert one != tree(tmp_path / "other")


def test_log_files_are_named_as_a_sink_names_them(small_lake: Lake) -> None:
    shape = re.compile(
        r"cloudaudit\.googleapis\.com/(data_access|activity|policy)/2026/\d\d/\d\d/"
        r"(\d\d):00:00_\1?(\d\d):59:59_(S0|A0:\d{10})\.json\.gz"
    )
    names = [path.relative_to(small_lake.logs_dir).as_posix() for path in small_lake.log_files()]
    assert [name for name in names if not shape.fullmatch(name)] == []
    assert {name.split("/")[1] for name in names} == {"data_access", "activity", "policy"}
    assert any("_A0:" in name for name in names)


def test_an_entry_lies_in_the_file_of_its_hour(small_lake: Lake) -> None:
    for path in small_lake.log_files()[::97]:
        hour = "-".join(path.parts[-4:-1]) + "T" + path.name[:2]
        for line in gzip.decompress(path.read_bytes()).splitlines():
            if line.startswith(b'{"protoPayload":{"@type"') and line.endswith(b"}"):
                assert json.loads(line)["timestamp"].startswith(hour)


def test_every_line_is_accounted_for(small_lake: Lake) -> None:
    counts = small_lake.counts
    assert len(log_lines(small_lake)) == counts.entries + counts.duplicates + counts.malformed + counts.foreign
    assert len(entries(small_lake)) == counts.entries
    assert min(counts.duplicates, counts.malformed, counts.foreign) > 0


def test_every_day_of_the_window_has_data_access_logs(small_lake: Lake) -> None:
    days = Counter(entry["timestamp"][:10] for entry in entries(small_lake))
    assert len(days) == 120
    assert (min(days), max(days)) == ("2026-07-04", "2026-10-31")


def test_the_inventory_is_the_list_of_objects(small_lake: Lake) -> None:
    rows = inventory(small_lake)
    assert {(row["name"], int(row["size"]), row["crc32c"]) for row in rows} == {
        (item.name, item.size, item.crc32c) for item in small_lake.objects
    }
    assert len({row["name"] for row in rows}) == len(rows)
    manifest = json.loads(next(small_lake.inventory_path.parent.glob("*manifest.json")).read_text())
    assert manifest["records_processed"] == len(rows)
    assert manifest["report_shards_file_names"] == [small_lake.inventory_path.name]
    assert manifest["snapshot_time"].startswith("2026-10-31")


def test_what_was_created_in_the_window_was_logged_unless_its_job_is_exempt(small_lake: Lake) -> None:
    created: dict[str, str] = {}
    deleted = set()
    for entry in sorted(entries(small_lake), key=lambda entry: str(entry["timestamp"])):
        payload = entry["protoPayload"]
        if entry["resource"]["labels"].get("bucket_name") != small_lake.bucket:
            continue
        name = payload.get("resourceName", "").partition("/objects/")[2]
        if payload["methodName"] == "storage.objects.create":
            created[name] = entry["timestamp"]
        if payload["methodName"] == "storage.objects.delete":
            deleted.add(name)
    start = f"{small_lake.window.first}"
    unlogged = set()
    for row in inventory(small_lake):
        if row["timeCreated"] < start:
            assert row["name"] not in created
        elif row["name"] not in created:
            unlogged.add(row["name"].split("/")[0])
        else:
            # Timestamps carry 0 to 9 fractional digits; both are of the same second.
            assert row["timeCreated"][:19] == created[row["name"]][:19]
    assert unlogged == {"ml_features"}
    assert set(created) - deleted == {row["name"] for row in inventory(small_lake) if row["name"] in created}


def test_scale_changes_volumes_and_not_days(small_lake: Lake, tmp_path: Path) -> None:
    larger = build_lake(tmp_path, seed=7, scale=0.15)

    def rhythm(lake: Lake) -> set[tuple[str, str, str, date]]:
        """Who does what to which folder on which day, scanners and refused callers apart: those pick objects."""
        aside = ("dlp-api", "file-guard", "contractor", "storage-transfer", "bucket-analysis")
        return {
            (event.caller.principal, event.method, event.name.split("/")[0], day)
            for event in lake.events
            if event.outcome in {"ok", "missing"} and not any(mark in event.caller.principal for mark in aside)
            for day in [datetime.fromtimestamp(event.at_us / 1e6, tz=UTC).date()]
        }

    assert rhythm(larger) == rhythm(small_lake)
    assert len(larger.objects) > len(small_lake.objects)


def test_the_truth_names_every_folder_and_only_what_the_lake_holds(small_lake: Lake) -> None:
    truth = json.loads(small_lake.truth_path.read_text())
    subfolders = {row["subfolder"] for row in truth["subfolders"]}
    assert len(subfolders) == 13
    for name in subfolders:
        assert any(item.name.startswith(f"{name}/") for item in small_lake.objects), name
    assert {row["subfolder"]: row["target_bucket"] for row in truth["subfolders"]}["archives"] == (
        "cold-archive-bucket-prod"
    )


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Names]:
    names = random_names(2026)
    return build_lake(tmp_path_factory.mktemp("twin"), seed=7, scale=0.05, names=names), names


def test_a_twin_holds_no_name_of_the_original(twin: tuple[Lake, Names]) -> None:
    lake, _ = twin
    words = sorted(set(DOCUMENT_NAMES.values.values()) - _ORDINARY_WORDS, key=len, reverse=True)
    original = re.compile(r"(?<![A-Za-z0-9])(" + "|".join(map(re.escape, words)) + r")(?![A-Za-z0-9])")
    for path in sorted(lake.directory.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            text = gzip.decompress(content) if path.suffix == ".gz" else content
            where = path.relative_to(lake.directory)
            if where.name != "truth.json":
                found = original.search(f"{where}\n{text.decode(errors='replace')}")
                assert found is None, f"{where}: {found}"
    parts = {part for item in lake.objects for part in item.name.split("/")}
    assert parts & set(DOCUMENT_NAMES.values.values()) == set()


def test_a_twin_has_the_structure_of_the_original(twin: tuple[Lake, Names], small_lake: Lake) -> None:
    lake, _ = twin
    assert len(lake.objects) == len(small_lake.objects)
    assert lake.counts == small_lake.counts
    key = {item.created_us: (item.folder_key, item.size) for item in small_lake.objects}
    assert {item.created_us: (item.folder_key, item.size) for item in lake.objects} == key
    assert [event.at_us for event in lake.events] == [event.at_us for event in small_lake.events]
    assert [folder.subfolder(DOCUMENT_NAMES) for folder in FOLDERS][5] == "bigquery_imports/seed"


def test_two_seeds_name_differently_and_one_seed_equally() -> None:
    assert random_names(1) == random_names(1)
    assert random_names(1) != random_names(2)
    values = list(random_names(1).values.values())
    assert len(set(values)) == len(values)

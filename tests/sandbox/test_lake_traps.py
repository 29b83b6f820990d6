"""Every trap of the lake is there: what an analysis must see through."""

import ast
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lake_reading import entries, inventory, log_lines
from thermocline.sandbox.lake import DOCUMENT_NAMES, Lake, build_lake
from thermocline.sandbox.lake.folders import FOLDERS

Entry = dict[str, Any]


@pytest.fixture(scope="module")
def log(small_lake: Lake) -> list[Entry]:
    return entries(small_lake)


def principal(entry: Entry) -> str:
    return str(entry["protoPayload"]["authenticationInfo"].get("principalEmail", ""))


def agent(entry: Entry) -> str:
    return str(entry["protoPayload"]["requestMetadata"].get("callerSuppliedUserAgent", ""))


def method(entry: Entry) -> str:
    return str(entry["protoPayload"]["methodName"])


def name_of(entry: Entry) -> str:
    return str(entry["protoPayload"].get("resourceName", "")).partition("/objects/")[2]


def days(selected: list[Entry]) -> int:
    return len({entry["timestamp"][:10] for entry in selected})


def test_scanners_touch_nearly_everything_about_once(small_lake: Lake, log: list[Entry]) -> None:
    everything = len(small_lake.objects)
    for scanner in ("dlp-api", "file-guard"):
        touched = Counter(name_of(entry) for entry in log if scanner in principal(entry))
        assert len(touched) > 0.7 * everything, scanner
        assert max(touched.values()) == 1, scanner


def test_transfer_and_inventory_services_come_every_week(log: list[Entry]) -> None:
    for service in ("storage-transfer-service", "gcp-sa-storageinsights"):
        visits = [entry for entry in log if service in principal(entry)]
        assert 16 <= len({entry["timestamp"][:10] for entry in visits}) <= 20, service


def test_a_dashboard_lists_buckets_and_objects_every_day(log: list[Entry]) -> None:
    assert days([entry for entry in log if method(entry) == "storage.buckets.list"]) == 120
    lists = [entry for entry in log if method(entry) == "storage.objects.list"]
    assert days([entry for entry in lists if "dashboard" in principal(entry)]) == 120
    assert {name_of(entry) for entry in lists} == {""}
    assert all("resourceName" not in e["protoPayload"] for e in log if method(e) == "storage.buckets.list")


def test_denied_calls_lack_granted_and_carry_a_code(log: list[Entry]) -> None:
    denied = [entry for entry in log if entry["protoPayload"]["status"].get("code") == 7]
    assert len(denied) > 30
    assert any("message" not in entry["protoPayload"]["status"] for entry in denied)
    for entry in denied:
        assert all("granted" not in asked for asked in entry["protoPayload"].get("authorizationInfo", []))
    by_policy = [entry for entry in denied if method(entry).startswith("google.storage.")]
    assert by_policy
    for entry in by_policy:
        assert entry["protoPayload"]["authenticationInfo"] == {}
        assert "/objects/" in entry["protoPayload"]["metadata"]["resourceNames"][0]
    anonymous = [entry for entry in denied if not principal(entry) and entry not in by_policy]
    assert {method(entry) for entry in anonymous} == {"storage.objects.list"}


def test_a_sensor_asks_for_a_missing_object_before_every_delivery(log: list[Entry]) -> None:
    probes = [
        entry
        for entry in log
        if [a["permission"] for a in entry["protoPayload"].get("authorizationInfo", [])]
        == ["storage.objects.list", "storage.objects.get"]
    ]
    assert days(probes) == 120
    for entry in probes:
        listed, got = entry["protoPayload"]["authorizationInfo"]
        assert listed["granted"] is True
        assert "granted" not in got
        assert entry["protoPayload"]["status"] == {}
        assert method(entry) == "storage.objects.get"
    created = {name_of(e): e["timestamp"] for e in log if method(e) == "storage.objects.create"}
    assert all(entry["timestamp"] < created[name_of(entry)] for entry in probes)


def test_our_own_reading_carries_its_audit_header_and_would_warm_a_cold_folder(log: list[Entry]) -> None:
    ours = [
        entry
        for entry in log
        if "x-goog-custom-audit-thermocline"
        in entry["protoPayload"].get("metadata", {}).get("audit_context", {}).get("audit_info", {})
    ]
    assert days(ours) == 40
    assert {name_of(entry).split("/")[0] for entry in ours} == {"", "bigquery_archive_tables"}


def test_copies_into_another_bucket_are_a_read_with_a_destination_and_a_write(
    small_lake: Lake, log: list[Entry]
) -> None:
    reads = [entry for entry in log if "destination" in entry["protoPayload"].get("metadata", {})]
    assert days(reads) == 40
    assert {name_of(entry).split("/")[0] for entry in reads} == {"QPI_mapping"}
    wanted = {(entry["protoPayload"]["metadata"]["destination"], entry["timestamp"][:10]) for entry in reads}
    assert not any(small_lake.bucket + "/" in destination for destination, _ in wanted)
    writes = {(entry["protoPayload"].get("resourceName"), entry["timestamp"][:10]) for entry in log}
    assert wanted <= writes


def test_one_account_is_several_consumers(log: list[Entry]) -> None:
    shared = [entry for entry in log if principal(entry).startswith("etl-jobs@")]
    clients = {agent(entry).split("/")[0].split()[0] for entry in shared}
    assert {"gcloud-python", "python-gcsfs", "apache-beam", "google-cloud-sdk"} <= clients
    beam = [entry for entry in shared if agent(entry).startswith("apache-beam")]
    jobs = {e["protoPayload"]["metadata"]["audit_context"]["audit_info"]["x-goog-custom-audit-job"] for e in beam}
    assert jobs == {"seed-refresh"}
    delegated = [e for e in shared if "serviceAccountDelegationInfo" in e["protoPayload"]["authenticationInfo"]]
    assert delegated


def test_odd_names_and_markers(small_lake: Lake) -> None:
    names = {item.name: item for item in small_lake.objects}
    assert [name for name in names if "//" in name] == ["archives//booking_2019_leftover.parquet"]
    assert [name for name in names if "%25 é#1?" in name] == [
        "archives/firebase_events_2020_100%25 é#1?/000000000000.parquet"
    ]
    assert [name for name in names if "/" not in name] == ["how_to_use_this_bucket.txt"]
    markers = [item for name, item in names.items() if name.endswith("/")]
    assert sorted(item.name for item in markers) == ["QPI_mapping/", "historization/tracking/"]
    assert {item.size for item in markers} == {0}


def test_malformed_lines_and_entries_of_other_services(small_lake: Lake) -> None:
    broken = 0
    foreign = set()
    for line in log_lines(small_lake):
        try:
            entry = json.loads(line)
            if entry["protoPayload"]["serviceName"] != "storage.googleapis.com":
                foreign.add((entry["timestamp"], entry["insertId"]))
            entry["timestamp"]
        except (ValueError, KeyError, TypeError):
            broken += 1
    assert (broken, len(foreign)) == (small_lake.counts.malformed, small_lake.counts.foreign)


def test_timestamps_locations_and_identities_vary_as_in_production(log: list[Entry]) -> None:
    digits = {len(entry["timestamp"].partition(".")[2].rstrip("Z")) for entry in log}
    assert digits == {0, 3, 6, 9}
    places = Counter(entry["resource"]["labels"].get("location") for entry in log)
    assert {"EUROPE-WEST1", "europe-west1", "global"} <= set(places)
    partner = [entry for entry in log if principal(entry).startswith("qpi-exporter@questionnaire-platform-prod.")]
    assert days(partner) == 120
    assert all("serviceAccountKeyName" in e["protoPayload"]["authenticationInfo"] for e in partner)


def test_the_library_is_read_on_ten_of_thirty_days_by_several(log: list[Entry]) -> None:
    reads = [e for e in log if name_of(e).startswith("base32-encode/") and agent(e).startswith("Google-BigQuery")]
    last = [entry for entry in reads if entry["timestamp"] > "2026-10-02"]
    assert 8 <= days(last) <= 10
    assert len({principal(entry) for entry in last}) >= 3


def test_the_window_may_be_shorter(tmp_path: Path) -> None:
    short = build_lake(tmp_path, scale=0.02, days=20)
    assert days(entries(short)) == 20
    assert {row["name"].split("/")[0] for row in inventory(short)} >= {"base32-encode", "archives", "ml_features"}


def test_the_checkout_is_code(small_lake: Lake) -> None:
    sources = sorted(small_lake.checkout_path.rglob("*.py"))
    assert len(sources) >= 14
    for path in sources:
        ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert "@@" not in text
    for folder in FOLDERS:
        named = folder.key not in {"archives", "bigquery_archive_tables"}
        assert (f"{DOCUMENT_NAMES[folder.path[-1]]}" in text) is named, folder.key


def test_the_configuration_files_are_yaml(small_lake: Lake) -> None:
    yaml = YAML(typ="safe")
    mappings = yaml.load(small_lake.mappings_path)
    assert mappings["source_bucket"] == "data-bucket-{env}"
    assert mappings["mappings"]["historization"] == "archive-bucket-{env}"
    assert len(mappings["mappings"]) == 9
    configs = yaml.load(small_lake.migration_configs_path)
    assert {entry["pattern"] for entry in configs.values()} == {
        "single_folder",
        "multi_folder",
        "file_pattern",
        "date_partitioned",
    }
    assert configs["historization"]["subfolder_mapping"]["applicative/"] == "database_snapshots/"

"""The lake comes out as a team's own hand-made table says, and so does a twin in which everything is renamed."""

import json
import shutil
from pathlib import Path

import pytest

from judged_lake import Judged, judge, thermocline
from thermocline.sandbox.lake import Lake, build_lake, random_names
from verdict_table import VERDICTS

TWIN_SEEDS = (11, 12)


@pytest.mark.parametrize("folder", VERDICTS)
def test_each_folder_gets_its_temperature_priority_tier_phase_and_target(judged: Judged, folder: str) -> None:
    expected = VERDICTS[folder]
    move = judged.moves[folder]

    if expected.temperature is not None:
        assert judged.subfolders[folder]["temperature"] == expected.temperature
    assert (move["priority"], move["tier"], move["phase"]) == (expected.priority, expected.tier, expected.phase)
    target = (move.get("migration") or {}).get("target_bucket")
    assert target == (expected.target.format(env=judged.env) if expected.target else None)


def test_every_verdict_carries_reasons_with_numbers(judged: Judged) -> None:
    for name, row in judged.subfolders.items():
        assert row["reasons"], f"{name} has no reasons"
        assert any(character.isdigit() for reason in row["reasons"] for character in reason), name


def test_a_folder_whose_logs_are_incomplete_is_unknown_and_never_moved(judged: Judged) -> None:
    assert judged.subfolders["ml_features"]["temperature"] == "unknown"
    assert judged.moves["ml_features"]["migration"]["target_bucket"] is None


def test_folders_are_moved_to_buckets_of_their_own_only(judged: Judged) -> None:
    places = [
        (move["migration"]["target_bucket"], move["migration"]["target_path"])
        for move in judged.moves.values()
        if move["action"] == "move"
    ]
    assert len(places) == len(set(places))
    assert judged.lake.bucket not in {bucket for bucket, _ in places}


@pytest.mark.parametrize("seed", TWIN_SEEDS)
def test_a_renamed_twin_without_mappings_gets_the_same_verdicts(seed: int, judged: Judged, tmp_path: Path) -> None:
    lake = build_lake(tmp_path / "lake", seed=7, scale=0.2, env="prod", names=random_names(seed))
    twin = judge(lake, tmp_path, env="prod", mappings=None)
    original_names, twin_names = subfolders_by_key(judged.lake), subfolders_by_key(lake)

    assert not set(original_names.values()) & set(twin_names.values())
    for key, original in original_names.items():
        if (expected := VERDICTS.get(original)) is None:
            continue
        renamed = twin_names[key]
        move = twin.moves[renamed]
        found = (twin.subfolders[renamed]["temperature"], move["priority"], move["tier"], move["phase"])
        temperature = expected.temperature or found[0]
        assert found == (temperature, expected.priority, expected.tier, expected.phase), f"{original} as {renamed}"


def subfolders_by_key(lake: Lake) -> dict[str, str]:
    """What the lake calls each of its folders, by a key that all lakes share."""
    return {row["key"]: row["subfolder"] for row in json.loads(lake.truth_path.read_bytes())["subfolders"]}


@pytest.mark.parametrize("as_of", ["2026-08-10", "2026-09-10"])
def test_a_day_in_the_middle_of_the_logs_gives_no_wrong_temperature(as_of: str, judged: Judged, tmp_path: Path) -> None:
    # By then the lake's own virus scanner has met but a part of what it will have read in the end.
    catalogue = tmp_path / "catalogue.duckdb"
    shutil.copy(judged.catalogue, catalogue)
    thermocline("analyze", "--bucket", judged.lake.bucket, "--catalogue", catalogue, "--as-of", as_of)
    rows = json.loads(thermocline("subfolders", "--json", "--bucket", judged.lake.bucket, "--catalogue", catalogue))
    found = {row["subfolder"]: row["temperature"] for row in rows}
    for name, expected in VERDICTS.items():
        if expected.temperature is not None:
            assert found[name] in {expected.temperature, "unknown"}, name
    assert found["ml_features"] == "unknown"
    assert list(found.values()).count("unknown") <= 3

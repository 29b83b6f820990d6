"""Patterns are pure: names in, target names or reasons out."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.dates import DateRange
from executor.errors import MoveRefused
from executor.patterns import LeftBehind, Pattern, Selected, compile_pattern, refuse_overlaps

AS_OF = date(2026, 10, 31)


def pattern(kind: str, source: str = "src/", target: str = "dst/", **options: Any) -> Pattern:
    fixed: dict[str, Any] = {"env": "dev", "source_bucket": "a-{env}", "target_bucket": "b-{env}", "as_of": AS_OF}
    return compile_pattern(kind, source_path=source, target_path=target, **(fixed | options))


def targets(compiled: Pattern, *names: str) -> list[str | None]:
    choices = [compiled.choose(name) for name in names]
    return [choice.target if isinstance(choice, Selected) else None for choice in choices]


def reason(compiled: Pattern, name: str) -> str:
    choice = compiled.choose(name)
    assert isinstance(choice, LeftBehind)
    return choice.reason


def test_a_folder_keeps_every_name_below_it_byte_for_byte() -> None:
    whole = pattern("single_folder", include_subfolders=True)

    assert targets(whole, "src/x", "src//x", "src/x/", "src/", "src/a/../b", "src/%2F#?") == [
        "dst/x", "dst//x", "dst/x/", "dst/", "dst/a/../b", "dst/%2F#?",
    ]  # fmt: skip


def test_a_neighbour_whose_name_begins_alike_is_not_taken_along() -> None:
    assert pattern("single_folder", source="dms_export").source_prefix == "dms_export/"


def test_folders_alike_move_by_the_beginning_of_their_names() -> None:
    alike = pattern("single_folder", "customer_*", "customer_*", include_subfolders=True,
                    exclude_prefixes=["customer_archive/"])  # fmt: skip

    assert alike.source_prefix == "customer_"
    assert targets(alike, "customer_001/x", "customer_2/a/b", "customer_archive/x") == [
        "customer_001/x", "customer_2/a/b", None,
    ]  # fmt: skip
    assert targets(pattern("single_folder", "c_*", "all/c_*", include_subfolders=True), "c_1/x") == ["all/c_1/x"]


def test_the_beginning_of_names_cannot_become_a_folder() -> None:
    with pytest.raises(MoveRefused, match=r"end both with '\*'"):
        pattern("single_folder", "customer_*", "customers/")


def test_the_marker_of_a_folder_that_becomes_a_root_stays() -> None:
    assert "no name" in reason(pattern("single_folder", target=""), "src/")


def test_subfolders_are_left_behind_when_they_are_not_included() -> None:
    flat = pattern("single_folder", include_subfolders=False)

    assert targets(flat, "src/x") == ["dst/x"]
    assert "include_subfolders" in reason(flat, "src/a/x")


def test_file_types_and_folder_markers() -> None:
    typed = pattern("multi_folder", target="", file_types=["*.csv", "*.parquet"])

    assert targets(typed, "src/t/a.csv", "src/t/b.parquet", "src/t/") == ["t/a.csv", "t/b.parquet", "t/"]
    assert reason(typed, "src/t/c.avro") == "matches no file pattern"


def test_file_patterns_look_at_the_name_or_at_the_path_when_they_hold_a_slash() -> None:
    files = pattern("file_pattern", file_patterns=["dms_*.parquet", "in/*.json"], include_subfolders=True)

    assert targets(files, "src/dms_x.parquet", "src/deep/dms_y.parquet", "src/in/a.json") == [
        "dst/dms_x.parquet", "dst/deep/dms_y.parquet", "dst/in/a.json",
    ]  # fmt: skip
    assert reason(files, "src/out/a.json") == "matches no file pattern"


def test_a_mapping_sends_each_subfolder_to_its_own_place_and_names_the_rest() -> None:
    mapped = pattern("multi_folder", subfolder_mapping={"tracking/": "firebase_tracking/", "api/": "recommendation/"})

    assert targets(mapped, "src/tracking/t/1", "src/api/x") == ["dst/firebase_tracking/t/1", "dst/recommendation/x"]
    assert reason(mapped, "src/other/x") == "not in subfolder_mapping"


@pytest.mark.parametrize(
    "mapping",
    [{"a/": "x/", "a/b/": "y/"}, {"a/": "x/", "b/": "x/"}, {"a/": "x/", "b/": "x/y/"}, {"a/": "", "b/": "y/"}],
)
def test_a_mapping_that_could_collide_is_refused(mapping: dict[str, str]) -> None:
    with pytest.raises(MoveRefused):
        pattern("multi_folder", subfolder_mapping=mapping)


def test_partitions_are_anchored_escaped_and_may_be_nested() -> None:
    nested = pattern("date_partitioned", partition_pattern="{env}/export/{YYYYMMDD}/")

    assert targets(nested, "src/dev/export/20261001/x", "src/dev/export/20261001/deep/y") == [
        "dst/dev/export/20261001/x", "dst/dev/export/20261001/deep/y",
    ]  # fmt: skip
    for name in ("src/prod/export/20261001/x", "src/old/dev/export/20261001/x", "src/devXexport/20261001/x"):
        assert "partition_pattern" in reason(nested, name)
    assert reason(nested, "src/dev/export/20261340/x") == "no such calendar date"


def test_a_dot_in_a_partition_pattern_is_a_dot() -> None:
    dotted = pattern("date_partitioned", partition_pattern="v1.{YYYY-MM-DD}")

    assert targets(dotted, "src/v1.2026-10-01/x", "src/v1x2026-10-01/x", "src/v1.2026-10-011/x") == [
        "dst/v1.2026-10-01/x", None, None,
    ]  # fmt: skip


def test_the_last_days_count_back_from_the_evidence() -> None:
    recent = pattern("date_partitioned", partition_pattern="d_{YYYYMMDD}/", date_range="last_30_days")

    assert targets(recent, "src/d_20261031/x", "src/d_20261002/x") == ["dst/d_20261031/x", "dst/d_20261002/x"]
    assert reason(recent, "src/d_20261001/x") == "outside date_range"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2026-01-02:2026-01-04", date(2026, 1, 4), date(2026, 1, 5)),
        ("20260102", date(2026, 1, 2), date(2026, 1, 3)),
        ("last_7_days", date(2026, 10, 25), date(2026, 10, 24)),
        ("all", date(1999, 1, 1), None),
    ],
)
def test_date_ranges(text: str, inside: date, outside: date | None) -> None:
    days = DateRange.parse(text, AS_OF)

    assert inside in days
    assert outside is None or outside not in days


@pytest.mark.parametrize(
    "text", ["last_thirty_days", "2026-13-01", "2026-02-02:2026-01-01", "yesterday", "", "2026-1-1"]
)
def test_a_date_range_that_is_a_typo_is_refused(text: str) -> None:
    with pytest.raises(MoveRefused):
        DateRange.parse(text, AS_OF)


@pytest.mark.parametrize("template", ["day/", "{YYYYMMDD}/{YYYYMMDD}/", "{HH}/{YYYYMMDD}/", "{YYYY}/{MM}/"])
def test_a_partition_pattern_must_name_one_whole_date(template: str) -> None:
    with pytest.raises(MoveRefused):
        pattern("date_partitioned", partition_pattern=template)


def test_what_belongs_to_another_subfolder_is_left_to_it() -> None:
    outer = pattern("single_folder", include_subfolders=True, exclude_prefixes=("src/seed/",))

    assert "another subfolder" in reason(outer, "src/seed/x")
    assert targets(outer, "src/seedling") == ["dst/seedling"]


@pytest.mark.parametrize(("source", "target"), [("a/", "a/"), ("a/", "a/b/"), ("a/b/", "a/"), ("", "x/")])
def test_a_target_inside_its_own_source_is_refused(source: str, target: str) -> None:
    with pytest.raises(MoveRefused):
        pattern("single_folder", source=source, target=target, source_bucket="same", target_bucket="same")


def test_overlapping_moves_are_refused() -> None:
    inner, outer = pattern("single_folder", source="a/b/"), pattern("single_folder", source="a/", target="z/")
    with pytest.raises(MoveRefused, match="both move"):
        refuse_overlaps([("one", inner), ("two", outer)])

    left, right = pattern("single_folder", source="a/"), pattern("single_folder", source="b/")
    with pytest.raises(MoveRefused, match="both land"):
        refuse_overlaps([("one", left), ("two", right)])

    chained = pattern("single_folder", source="dst/", target="x/", source_bucket="b-dev", target_bucket="c")
    with pytest.raises(MoveRefused, match="target of one"):
        refuse_overlaps([("one", left), ("two", chained)])


def test_a_name_that_grows_too_long_stays() -> None:
    grown = pattern("single_folder", target="t" * 30 + "/", include_subfolders=True)

    assert "1024" in reason(grown, "src/" + "é" * 500)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), unique=True, max_size=20))
def test_target_names_are_as_many_and_in_the_same_order_as_source_names(rests: list[str]) -> None:
    whole = pattern("single_folder", include_subfolders=True)
    names = sorted((f"src/{rest}" for rest in rests), key=lambda name: name.encode())

    landed = [name for name in targets(whole, *names) if name is not None]

    assert len(landed) == len(names)
    assert landed == sorted(landed, key=lambda name: name.encode())
    assert len(set(landed)) == len(landed)

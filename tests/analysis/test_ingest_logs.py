"""Log files into the catalogue: formats, hostile input, and arithmetic that closes."""

import ast
import base64
import gzip
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import log_entries
from analysis.catalogue import Catalogue
from analysis.errors import BadInput
from analysis.sources.log_files import ingest_logs
from analysis.sources.report import FileReport, IngestReport
from log_entries import entry, lines, write


@pytest.fixture
def catalogue(tmp_path: Path) -> Any:
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as opened:
        yield opened


def ingest(catalogue: Catalogue, path: Path, content: bytes) -> FileReport:
    path.write_bytes(content)
    report = ingest_logs(catalogue, [str(path)]).files[0]
    assert report.adds_up
    return report


def access(catalogue: Catalogue, columns: str = "*") -> list[Any]:
    return catalogue.connection.execute(f"SELECT {columns} FROM v_access ORDER BY ALL").fetchall()  # noqa: S608


def numbers(report: FileReport) -> tuple[int, int, int, int, int]:
    return report.lines, report.kept, report.duplicates, report.rejected, report.not_storage


TWO = [entry("a/1"), entry("a/2")]
GOOD = lines(*TWO)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lines", GOOD),
        ("no end of line", GOOD.rstrip(b"\n")),
        ("windows", GOOD.replace(b"\n", b"\r\n")),
        ("blank lines", b"\n" + GOOD.replace(b"\n", b"\n\n  \n")),
        ("byte order mark", b"\xef\xbb\xbf" + GOOD),
        ("array", json.dumps(TWO).encode()),
        ("pretty array", json.dumps(TWO, indent=2).encode()),
        ("array of lines", b"[\n" + lines(TWO[0]).rstrip() + b",\n" + lines(TWO[1]) + b"]\n"),
        ("array with mark", b"\xef\xbb\xbf" + json.dumps(TWO).encode()),
        ("pretty documents", "\n".join(json.dumps(e, indent=2) for e in TWO).encode()),
        (
            "push",
            lines(*({"message": {"data": base64.b64encode(lines(e)).decode()}, "subscription": "s"} for e in TWO)),
        ),
        (
            "pulled",
            json.dumps(
                [{"ackId": "a", "message": {"data": base64.b64encode(lines(e)).decode()}} for e in TWO]
            ).encode(),
        ),
        ("eventarc", lines(*({"specversion": "1.0", "id": "1", "data": e} for e in TWO))),
        (
            "cloud event",
            lines(*({"specversion": "1.0", "data_base64": base64.b64encode(lines(e)).decode()} for e in TWO)),
        ),
        ("envelope among lines", lines(TWO[0], {"message": {"data": base64.b64encode(lines(TWO[1])).decode()}})),
    ],
)
@pytest.mark.parametrize("packing", ["plain", "members"])
def test_every_layout_in_every_packing_gives_the_same(
    catalogue: Catalogue, tmp_path: Path, name: str, content: bytes, packing: str
) -> None:
    half = len(content) // 2
    packed = {
        "plain": content,
        "members": gzip.compress(content[:half]) + gzip.compress(content[half:]) + b"\0" * 7,
    }[packing]
    # The name tells nothing.
    report = ingest(catalogue, tmp_path / "data.json", packed)
    assert numbers(report) == (2, 2, 0, 0, 0)
    assert report.complete
    assert access(catalogue, "folder, events, objects") == [("a/", 2, 2)]


@pytest.mark.parametrize("packed", [gzip.compress(GOOD), zstandard.compress(GOOD), zstandard.compress(GOOD) * 2])
def test_clean_lines_in_other_packings(catalogue: Catalogue, tmp_path: Path, packed: bytes) -> None:
    report = ingest(catalogue, tmp_path / "data.json", packed)
    assert (report.kept, report.rejected, report.lines - report.duplicates) == (2, 0, 2)


BAD_LINES = {
    b'{"protoPayload": {"serviceName": "storage.goo': "not JSON",
    b"<html>502</html>": "not JSON",
    b'["a list"]': "no log entry",
    b"null": "no log entry",
    b'{"unrelated": 1}': "no log entry",
    b"\xff\xfe not text": "not UTF-8",
    lines(entry("x", insert_id="\udcff")).replace(b"\\udcff", b"\xff").strip(): "not UTF-8",
    lines({**entry("x"), "timestamp": None}).strip(): "no timestamp",
    lines({**entry("x"), "timestamp": "yesterday"}).strip(): "bad timestamp",
    lines({**entry("x"), "timestamp": "2026-13-01T00:00:00Z"}).strip(): "bad timestamp",
    lines({**entry("x"), "timestamp": 7}).strip(): "bad timestamp",
    lines({**entry("x"), "protoPayload": None}).strip(): "no payload",
    lines({**entry("x"), "protoPayload": "text"}).strip(): "no payload",
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000: "nested too deeply",
}


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.items(), ids=list(BAD_LINES.values()))
@pytest.mark.parametrize("first", [True, False])
def test_a_bad_line_is_kept_with_reason_and_position(
    catalogue: Catalogue, tmp_path: Path, line: bytes, reason: str, first: bool
) -> None:
    content = lines(line, *TWO) if first else lines(TWO[0], line, TWO[1])
    report = ingest(catalogue, tmp_path / "x.json", content)
    assert numbers(report) == (3, 2, 0, 1, 0)
    assert report.complete
    stored = catalogue.connection.execute("SELECT line_no, reason FROM v_reject").fetchall()
    assert stored in (
        [(1 if first else 2, reason)],
        [(1 if first else 2, "no log entry" if reason == "nested too deeply" else reason)],
    )


def test_rejected_text_holds_no_address(catalogue: Catalogue, tmp_path: Path) -> None:
    bad = lines({**entry("x"), "timestamp": "soon"}).strip()
    ingest(catalogue, tmp_path / "x.json", lines(bad, bad[:-40]))
    texts = [text for (text,) in catalogue.connection.execute("SELECT text FROM reject").fetchall()]
    assert len(texts) == 2
    assert not any("203.0.113" in text for text in texts)


def test_a_truncated_gzip_keeps_what_was_read_and_the_others_go_on(catalogue: Catalogue, tmp_path: Path) -> None:
    many = lines(*(entry(f"a/{random.Random(n).getrandbits(90)}", insert_id=str(n)) for n in range(3_000)))
    packed = gzip.compress(many)
    (tmp_path / "1.json.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "2.json").write_bytes(GOOD)
    report = ingest_logs(catalogue, [str(tmp_path / "*.json*")])
    first, second = report.files
    assert not first.complete
    assert "truncated" in first.note
    assert 1_000 < first.kept < 2_000
    assert first.adds_up
    assert second.kept == 2
    again = ingest_logs(catalogue, [str(tmp_path / "*.json*")])
    assert [file.kept for file in again.files] == [0, 0]
    assert not again.complete


@pytest.mark.parametrize("damage", ["middle", "checksum", "garbage behind"])
def test_a_corrupt_gzip_is_noticed(catalogue: Catalogue, tmp_path: Path, damage: str) -> None:
    packed = bytearray(gzip.compress(lines(*(entry(f"a/{n}", insert_id=str(n)) for n in range(500)))))
    if damage == "middle":
        packed[len(packed) // 2 : len(packed) // 2 + 4] = b"\xff\xff\xff\xff"
    elif damage == "checksum":
        packed[-6] ^= 1
    else:
        packed += b"something else"
    report = ingest(catalogue, tmp_path / "x.json.gz", bytes(packed))
    assert not report.complete
    assert report.note
    if damage != "middle":
        assert report.kept == 500


@pytest.mark.parametrize("cut", [10, 100, -3])
def test_a_truncated_zstd_is_noticed(catalogue: Catalogue, tmp_path: Path, cut: int) -> None:
    report = ingest(catalogue, tmp_path / "x.json", zstandard.compress(GOOD)[:cut])
    assert not report.complete


def test_a_broken_array_keeps_the_elements_around_the_damage(catalogue: Catalogue, tmp_path: Path) -> None:
    three = [entry(f"a/{n}") for n in range(3)]
    text = json.dumps(three, indent=2).encode().replace(b'"a/1-', b'"a/1-" oops', 1)
    report = ingest(catalogue, tmp_path / "x.json", text)
    assert numbers(report) == (3, 2, 0, 1, 0)
    cut = json.dumps(three).encode()[:-50]
    report = ingest(catalogue, tmp_path / "y.json", cut)
    assert not report.complete
    # The element in the middle is whole in this file.
    assert (report.kept, report.duplicates, report.rejected) == (1, 1, 1)


def test_a_line_of_a_hundred_megabytes(catalogue: Catalogue, tmp_path: Path) -> None:
    huge = entry("a/huge", request={"blob": "x" * 100_000_000})
    report = ingest(catalogue, tmp_path / "x.json", lines(TWO[0], huge, TWO[1]))
    assert numbers(report) == (3, 3, 0, 0, 0)


_INGEST = """
import sys
from analysis.catalogue import Catalogue
from analysis.sources.log_files import ingest_logs
with Catalogue.create_or_migrate(sys.argv[1]) as catalogue:
    (file,) = ingest_logs(catalogue, [sys.argv[2]]).files
    rejects = catalogue.connection.execute("SELECT line_no, reason, length(text) FROM reject").fetchall()
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print([file.lines, file.kept, file.complete, rejects, int(peak) >> 10])
"""


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["lines", "array"])
def test_what_is_too_long_is_set_aside_without_being_held(tmp_path: Path, layout: str) -> None:
    """An entry of 400 MB between two good ones: refused with reason and position, in bounded memory."""
    head, tail = lines(entry("a/huge", request={"blob": "@@"})).rstrip().split(b"@@")
    before, after, between = (b"[", b"]", b",\n") if layout == "array" else (b"", b"\n", b"\n")
    path = tmp_path / "x.json"
    with path.open("wb") as out:
        out.write(before + lines(TWO[0]).rstrip() + between + head)
        for _ in range(400):
            out.write(b"x" * 1_000_000)
        out.write(tail + between + lines(TWO[1]).rstrip() + after)
    command = [sys.executable, "-c", _INGEST, str(tmp_path / "c.duckdb"), str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    read, kept, complete, rejects, mebibytes = ast.literal_eval(told)
    assert (read, kept, complete, rejects) == (3, 2, True, [(2, "too long", 1_000)])
    assert mebibytes < 400


@pytest.mark.parametrize("content", [b"[[[[", b"[", b"[\n" + GOOD.splitlines()[0]])
def test_an_array_that_is_not_closed_says_so(catalogue: Catalogue, tmp_path: Path, content: bytes) -> None:
    report = ingest(catalogue, tmp_path / "x.json", content)
    assert (report.complete, report.note) == (False, "truncated: its array is not closed")


def test_other_services_and_texts_are_counted_apart(catalogue: Catalogue, tmp_path: Path) -> None:
    other = entry("x")
    other["protoPayload"]["serviceName"] = "bigquery.googleapis.com"
    text = {"insertId": "t", "logName": "l", "timestamp": "2026-10-01T00:00:00Z", "textPayload": "hello"}
    report = ingest(catalogue, tmp_path / "x.json", lines(other, text, *TWO))
    assert numbers(report) == (4, 2, 0, 0, 2)


def test_an_empty_file_and_a_wildcard_in_a_name(catalogue: Catalogue, tmp_path: Path) -> None:
    assert numbers(ingest(catalogue, tmp_path / "empty.json", b"")) == (0, 0, 0, 0, 0)
    (tmp_path / "a[1]*.json").write_bytes(GOOD)
    (tmp_path / "a1x.json").write_bytes(lines(entry("b/other")))
    report = ingest_logs(catalogue, [str(tmp_path / "a[[]1]*.json")])
    assert [(file.lines, file.kept) for file in report.files] == [(2, 2)]


def test_nothing_to_read_is_an_error(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to read at"):
        ingest_logs(catalogue, [str(tmp_path / "absent-*.json")])


def test_duplicates_within_and_across_files(catalogue: Catalogue, tmp_path: Path) -> None:
    first = ingest(catalogue, tmp_path / "1.json", lines(TWO[0], TWO[0], TWO[1]))
    assert numbers(first) == (3, 2, 1, 0, 0)
    # Fewer digits of the same moment are the same moment; another log or moment is another event.
    shorter = {**TWO[0], "timestamp": "2026-10-01T10:00:00.000000Z"}
    same_id = {**TWO[0], "timestamp": "2026-10-01T10:00:01Z"}
    other_log = {**TWO[0], "logName": "projects/q/logs/cloudaudit.googleapis.com%2Fdata_access"}
    second = ingest(catalogue, tmp_path / "2.json", lines(shorter, same_id, other_log))
    assert numbers(second) == (3, 2, 1, 0, 0)
    assert sum(events for (events,) in access(catalogue, "events")) == 4


def test_parts_of_a_split_entry_are_one_event(catalogue: Catalogue, tmp_path: Path) -> None:
    parts = [{**entry("a/1", insert_id=f"i{n}"), "split": {"uid": "u", "index": n, "totalSplits": 3}} for n in range(3)]
    assert numbers(ingest(catalogue, tmp_path / "1.json", lines(*parts))) == (3, 1, 2, 0, 0)


def test_offsets_are_honoured(catalogue: Catalogue, tmp_path: Path) -> None:
    ingest(catalogue, tmp_path / "1.json", lines(entry("a/1", at="2026-10-02T01:30:00+02:00")))
    assert [str(day) for (day,) in access(catalogue, "day")] == ["2026-10-01"]


def judge(catalogue: Catalogue, tmp_path: Path, *entries: Any) -> list[Any]:
    ingest(catalogue, tmp_path / "rules.json", lines(*entries))
    return access(catalogue, "bucket, folder, op, outcome, agent, copied_to, events")


B = log_entries.BUCKET


@pytest.mark.parametrize(
    ("given_entry", "expected"),
    [
        (entry("a/objects/b/objects/c"), (B, "a/objects/b/objects/", "read", "ok", "python", "", 1)),
        (entry("100%/x"), (B, "100%/", "read", "ok", "python", "", 1)),
        (entry("a//b"), (B, "a//", "read", "ok", "python", "", 1)),
        (entry("1/2/3/4/5/6/7/8"), (B, "1/2/3/4/5/6/", "read", "ok", "python", "", 1)),
        (entry("root"), (B, "", "read", "ok", "python", "", 1)),
        (entry("", method="storage.objects.list"), (B, "", "list", "ok", "python", "", 1)),
        (entry("a/x", granted=False), (B, "a/", "read", "denied", "python", "", 1)),
        (entry("a/x", status={"code": 7}), (B, "a/", "read", "denied", "python", "", 1)),
        (entry("a/x", status={"code": 5}), (B, "a/", "read", "missing", "python", "", 1)),
        (
            entry(
                "a/x",
                authorizationInfo=[
                    {"permission": "storage.objects.list", "granted": True},
                    {"permission": "storage.objects.get"},
                ],
            ),
            (B, "a/", "read", "missing", "python", "", 1),
        ),
        (
            entry("a/x", metadata={"destination": "projects/_/buckets/other/objects/to/here/x"}),
            (B, "a/", "read", "ok", "python", "other/to/here/", 1),
        ),
        (
            entry("a/x", metadata={"audit_context": {"audit_info": {"x-goog-custom-audit-thermocline": "run-1"}}}),
            (B, "a/", "read", "ok", "thermocline", "", 1),
        ),
        (
            entry(
                "x",
                method="google.storage.objects.get",
                granted=False,
                principal="",
                status={"code": 7},
                resourceName="projects/1234",
                metadata={"resourceNames": ["projects/1/buckets/protected/objects/p/private.txt"]},
            ),
            ("protected", "p/", "read", "denied", "python", "", 1),
        ),
        (
            entry(
                "a/x",
                method="storage.objects.teleport",
                authorizationInfo=[{"permission": "storage.objects.create", "granted": True}],
            ),
            (B, "a/", "write", "ok", "python", "", 1),
        ),
        (entry("a/x", method="storage.multipartUploads.complete"), (B, "a/", "write", "ok", "python", "", 1)),
        (entry("", method="storage.setIamPermissions", log="activity"), (B, "", "admin", "ok", "python", "", 1)),
        (entry("a/x", agent=""), (B, "a/", "read", "ok", "", "", 1)),
        (
            entry("a/x", agent="apitools gsutil/4.65 (linux) interactive/True command/cat"),
            (B, "a/", "read", "ok", "gsutil-interactive", "", 1),
        ),
    ],
)
def test_rules_of_reading(catalogue: Catalogue, tmp_path: Path, given_entry: Any, expected: Any) -> None:
    assert judge(catalogue, tmp_path, given_entry) == [expected]


def test_a_list_of_buckets_has_no_bucket(catalogue: Catalogue, tmp_path: Path) -> None:
    listed = entry("", method="storage.buckets.list", bucket="")
    del listed["protoPayload"]["resourceName"]
    assert judge(catalogue, tmp_path, listed) == [("", "", "list", "ok", "python", "", 1)]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("t/dt=2026-09-30/p", "2026-09-30"),
        ("t/20260930/p", "2026-09-30"),
        ("t/2026/09/30/p", "2026-09-30"),
        ("t/year=2026/month=09/day=30/p", "2026-09-30"),
        ("t/20260930T101500/p", "2026-09-30"),
        ("t/20260930101500/p", "2026-09-30"),
        ("t/1202609301/p", None),
        ("t/20261330/p", None),
        ("t/20260231/p", None),
        ("t/plain/p", None),
    ],
)
def test_dates_in_names(catalogue: Catalogue, tmp_path: Path, name: str, day: str | None) -> None:
    ingest(catalogue, tmp_path / "d.json", lines(entry(name)))
    assert access(catalogue, "partition_date::VARCHAR") == [(day,)]


def test_location_is_lower_case_and_addresses_are_not_stored(catalogue: Catalogue, tmp_path: Path) -> None:
    ingest(catalogue, tmp_path / "d.json", GOOD)
    assert catalogue.connection.execute("SELECT bucket, location, project FROM bucket_info").fetchall() == [
        (B, "europe-west1", "team-project")
    ]
    catalogue.close()
    assert b"203.0.113" not in (tmp_path / "c.duckdb").read_bytes()


def test_one_object_again_and_again_shows_in_the_bounds(catalogue: Catalogue, tmp_path: Path) -> None:
    polls = [entry("a/flag", at=f"2026-10-01T10:00:{n:02}Z") for n in range(30)]
    ingest(catalogue, tmp_path / "1.json", lines(*polls[:20]))
    ingest(catalogue, tmp_path / "2.json", lines(*polls[20:], entry("b/1"), entry("b/2")))
    assert access(catalogue, "folder, events, object_min = object_max") == [("a/", 30, True), ("b/", 2, False)]


line_strategy = st.one_of(
    st.integers(0, 8).map(lambda n: lines(entry(f"a/{n}", insert_id=str(n))).strip()),
    st.sampled_from([line for line in BAD_LINES if len(line) < 10_000]),
    st.binary(max_size=30).filter(lambda raw: b"\n" not in raw),
    st.sampled_from([b"", b"   ", b"{}", b"[]", b"[", b"{", b'"', b"\xef\xbb\xbf", b"\x00", b'{"data":"bm9wZQ=="}']),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(line_strategy, max_size=12).map(b"\n".join), packed=st.booleans(), cut=st.integers(0, 400))
def test_arithmetic_closes_on_anything(tmp_path: Path, content: bytes, packed: bool, cut: int) -> None:
    path = tmp_path / "h.json"
    raw = gzip.compress(content) if packed else content
    path.write_bytes(raw[: len(raw) - cut] if cut < 50 else raw)
    (tmp_path / "h.duckdb").unlink(missing_ok=True)
    with Catalogue.create_or_migrate(tmp_path / "h.duckdb") as opened:
        report = ingest_logs(opened, [str(path)]).files[0]
        assert report.adds_up
        (events,) = opened.connection.execute("SELECT coalesce(sum(events), 0) FROM access").fetchone() or (None,)
        (rejected,) = opened.connection.execute("SELECT count(*) FROM reject").fetchone() or (None,)
        assert (events, rejected) == (report.kept, report.rejected)
        # By its first bytes a file may pass for a packed one, which is then cut short.
        packed = packed or content.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))
        if not packed and cut >= 50 and not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"[", b"{\n")):
            # Counted by a rule of its own: every line with anything on it.
            first, *others = content.split(b"\n")
            first = first.removeprefix(b"\xef\xbb\xbf")
            assert report.lines == sum(bool(line.strip()) for line in [first, *others])


def snapshot(path: Path) -> list[Any]:
    with Catalogue.open(path) as opened:
        tables = ("evidence_file", "access", "seen", "coverage", "bucket_info", "reject")
        return [opened.connection.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in tables]


def test_twice_changes_nothing_and_new_files_add(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    write(logs / "1.json", *TWO, b"broken")

    def run() -> IngestReport:
        with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as opened:
            return ingest_logs(opened, [str(logs)])

    run()
    before = snapshot(tmp_path / "c.duckdb")
    again = run().files[0]
    assert numbers(again) == (3, 0, 2, 1, 0)
    assert snapshot(tmp_path / "c.duckdb") == before
    write(logs / "2.json", entry("b/1"), TWO[0])
    assert [numbers(file) for file in run().files] == [(3, 0, 2, 1, 0), (2, 1, 1, 0, 0)]

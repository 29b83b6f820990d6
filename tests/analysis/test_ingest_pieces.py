"""Large and packed log files are read in pieces: nothing is lost between two of them, and memory stays bounded."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.catalogue import Catalogue
from analysis.sources import log_intake
from analysis.sources.event_batch import EventBatch
from analysis.sources.log_files import ingest_logs
from analysis.sources.pieces import Piece, cut, grouped
from log_entries import entry, lines

PACKINGS: dict[Any, Any] = {"none": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("packing", PACKINGS)
@given(texts=st.lists(st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")), max_size=60))
@settings(max_examples=30, deadline=None)
def test_pieces_hold_every_byte_and_end_where_lines_end(
    packing: Any, texts: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    content = b"\n".join(texts)
    source = folder / "log[1]"
    source.write_bytes(PACKINGS[packing](content))
    made = [piece.path.read_bytes() for piece in cut(1, source, packing, folder, size=100) if piece.path]
    assert b"".join(made) == content
    assert all(piece.endswith(b"\n") for piece in made[:-1])
    assert len(made) >= len(content) // 300


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_damage_comes_after_the_pieces_before_it(packing: Any, tmp_path: Path) -> None:
    source = tmp_path / "log"
    source.write_bytes(PACKINGS[packing](lines(*(entry(f"a/{number}") for number in range(4_000))))[:-12])
    made = list(cut(7, source, packing, tmp_path, size=100_000))
    assert [piece.path is None for piece in made] == [False] * (len(made) - 1) + [True]


def test_small_files_share_a_statement() -> None:
    small = [Piece(number, Path("x"), 1_000) for number in range(50)]
    assert list(grouped(small)) == [small]
    assert list(grouped([*small, Piece(99, None)])) == [small, [Piece(99, None)]]


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_of_many_pieces_counts_like_one(packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = lines(*(entry(f"a/{number % 7}/{number}") for number in range(3_000)))
    whole, cut_up = tmp_path / "whole.json", tmp_path / "cut.json"
    whole.write_bytes(content)
    cut_up.write_bytes(gzip.compress(content) if packed else content)
    with Catalogue.create_or_migrate(tmp_path / "a.duckdb") as catalogue:
        expected = ingest_logs(catalogue, [str(whole)]).files[0]
        rows = catalogue.connection.execute("SELECT * FROM access ORDER BY ALL").fetchall()
    made: list[Piece] = []

    def watched(of_file: Iterable[Piece]) -> Iterator[list[Piece]]:
        for group in grouped(of_file):
            made.extend(group)
            yield group

    monkeypatch.setattr(log_intake, "PLAIN_PIECE_BYTES", 20_000)
    monkeypatch.setattr(log_intake, "PIECE_BYTES", 20_000)
    monkeypatch.setattr(log_intake, "grouped", watched)
    with Catalogue.create_or_migrate(tmp_path / "b.duckdb") as catalogue:
        report = ingest_logs(catalogue, [str(cut_up)]).files[0]
        assert len(made) > 50, "the file was not cut: this test shows nothing"
        assert (report.lines, report.kept) == (expected.lines, expected.kept) == (3_000, 3_000)
        assert catalogue.connection.execute("SELECT * FROM access ORDER BY ALL").fetchall() == rows


def test_lines_that_are_all_different_are_read_in_smaller_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "log.json"
    source.write_bytes(lines(*(entry(f"{number:x}/{number}/x") for number in range(30_000))))
    refusals = []
    load = EventBatch.load

    def watched(self: EventBatch, files: Any) -> None:
        try:
            load(self, files)
        except duckdb.OutOfMemoryException:
            refusals.append(files)
            raise

    monkeypatch.setattr(EventBatch, "load", watched)
    monkeypatch.setattr(log_intake, "_MEMORY", "100MiB")
    with Catalogue.create_or_migrate(tmp_path / "c.duckdb") as catalogue:
        report = ingest_logs(catalogue, [str(source)]).files[0]
        assert refusals, "the memory sufficed at once: this test shows nothing"
        assert (report.lines, report.kept) == (30_000, 30_000)
        assert catalogue.connection.execute("SELECT sum(events) FROM access").fetchone() == (30_000,)

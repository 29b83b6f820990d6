"""An unchanged checkout is answered from what the last scan kept; any change that matters is scanned again."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from analysis.references import cache
from analysis.references.scan import scan_checkout


def test_only_an_unchanged_checkout_is_answered_from_the_cache(tmp_path: Path) -> None:
    code, kept = tmp_path / "code", tmp_path / "kept"
    code.mkdir()
    script = code / "job.py"
    script.write_text('import pandas\npandas.read_csv("gs://lake/a.csv")\n', encoding="utf-8")

    first = scan_checkout(code, env="prod", keep_in=kept)
    again = scan_checkout(code, env="prod", keep_in=kept)
    other_env = scan_checkout(code, env="dev", keep_in=kept)
    narrowed = scan_checkout(code, env="prod", bucket="elsewhere", keep_in=kept)
    script.write_text('import pandas\npandas.read_csv("gs://lake/b.csv")\n', encoding="utf-8")
    changed = scan_checkout(code, env="prod", keep_in=kept)

    assert [first.cached, again.cached, other_env.cached, narrowed.cached, changed.cached] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert first.references == again.references
    assert narrowed.references == ()
    assert [reference.prefix for reference in changed.references] == ["b.csv"]


def test_a_damaged_cache_is_scanned_past(tmp_path: Path) -> None:
    code, kept = tmp_path / "code", tmp_path / "kept"
    code.mkdir()
    (code / "job.sh").write_text("gsutil ls gs://lake/x/\n", encoding="utf-8")
    scan_checkout(code, keep_in=kept)
    for file in kept.iterdir():
        file.write_bytes(file.read_bytes()[:-3])
    result = scan_checkout(code, keep_in=kept)
    assert not result.cached
    assert [reference.role for reference in result.references] == ["list"]


def test_code_and_tables_of_every_folder_of_the_scanner_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Path(str(files("analysis.references")))
    copy = tmp_path / "scanner"
    shutil.copytree(ours, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "files", lambda _: copy)
    digests = {cache._own_code.__wrapped__()}
    for name in ("scan.py", "ecmascript/syntax.py", "patch/engine.py", "data/sinks.toml", "data/clients.toml"):
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("# another word\n")
        digests.add(cache._own_code.__wrapped__())
    assert len(digests) == 6

"""Patches change what moved and nothing else: proven by scanning, by git, and against the mapping of the copy."""

import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.references.model import operations
from analysis.references.patch.moves import FolderMove
from analysis.references.patch.series import DirtyTree, apply_diffs, apply_series, patch_series
from analysis.references.scan import scan_checkout
from executor.patterns import Selected, compile_pattern

FIXTURES = Path(__file__).parent / "fixtures"

CONFIG = '''"""Shared names."""
import os

ENV_SHORT_NAME = os.environ.get("ENV_SHORT_NAME", "dev")
BUCKET_NAME = os.environ.get("BUCKET_NAME", f"bucket-{ENV_SHORT_NAME}")
'''
DAG = """from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator

from common.config import (
    BUCKET_NAME,
    ENV_SHORT_NAME,
)

with DAG("import_dms") as dag:
    parse = BashOperator(
        task_id="parse",
        bash_command=f"cd jobs/dms && python parse.py --bucket {BUCKET_NAME} --folder dms_export",
    )
    load = GCSToBigQueryOperator(task_id="load", bucket=BUCKET_NAME, source_objects=["dms_export/a_*.parquet"])
    old = GCSToBigQueryOperator(task_id="old", bucket=BUCKET_NAME, source_objects=["dms_export_old/b.parquet"])
    other = GCSToBigQueryOperator(task_id="other", bucket="bucket-prod-2", source_objects=["dms_export/c.parquet"])
    env = ENV_SHORT_NAME
"""
PARSE = """import argparse

import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("--bucket")
parser.add_argument("--folder")
args = parser.parse_args()
pd.DataFrame().to_parquet(f"gs://{args.bucket}/{args.folder}/a_1.parquet")
"""
SQL = """CREATE FUNCTION f() OPTIONS (library = 'gs://bucket-prod/dms_export/lib.js');
EXPORT DATA OPTIONS (uri = 'gs://bucket-prod/dms_export_old/x-*.csv') AS SELECT 1;
"""
MOVE = FolderMove("dms", "prod", "bucket-prod", "dms-staging-bucket-prod", (("dms_export/", "staging/"),))


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder: Path) -> Path:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "start")
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    files = {
        "dags/common/config.py": CONFIG,
        "dags/import_dms.py": DAG,
        "jobs/dms/parse.py": PARSE,
        "sql/f.sql": SQL,
        "README.md": "Exports land in gs://bucket-prod/dms_export/.\n",
    }
    for name, content in files.items():
        path = tmp_path / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return commit(tmp_path / "code")


def places(checkout: Path) -> list[tuple[str, str, str, str]]:
    found = operations(scan_checkout(checkout, env="prod").references)
    return sorted((one.file, one.role, one.bucket, one.prefix) for one in found)


def test_everything_moved_is_rewritten_and_neighbours_are_left_alone(checkout: Path) -> None:
    (patch,) = patch_series(checkout, [MOVE])
    assert (patch.references, patch.rewritten, patch.remaining) == (3, 3, ())
    assert git(checkout, "status", "--porcelain") == ""

    apply_series(checkout, [patch])
    new = "dms-staging-bucket-prod"
    assert places(checkout) == [
        ("dags/import_dms.py", "read", "bucket-prod", "dms_export_old/b.parquet"),
        ("dags/import_dms.py", "read", "bucket-prod-2", "dms_export/c.parquet"),
        ("dags/import_dms.py", "read", new, "staging/a_*.parquet"),
        ("jobs/dms/parse.py", "write", new, "staging/a_1.parquet"),
        ("sql/f.sql", "read", new, "staging/lib.js"),
        ("sql/f.sql", "write", "bucket-prod", "dms_export_old/x-*.csv"),
    ]
    config = (checkout / "dags/common/config.py").read_text(encoding="utf-8")
    assert CONFIG in config  # the shared constant stays as it was
    assert 'os.environ.get("DMS_STAGING_BUCKET_NAME", f"dms-staging-bucket-{ENV_SHORT_NAME}")' in config
    dag = (checkout / "dags/import_dms.py").read_text(encoding="utf-8")
    assert "    BUCKET_NAME,\n    DMS_STAGING_BUCKET_NAME,\n    ENV_SHORT_NAME,\n)" in dag


def test_what_a_person_must_do_is_listed(checkout: Path) -> None:
    (patch,) = patch_series(checkout, [MOVE])
    todos = {(todo.file, todo.line): todo.what for todo in patch.todos}
    assert "create it again" in todos["sql/f.sql", 1]
    assert "document" in todos["README.md", 1]
    assert "BUCKET_NAME is set" in todos["dags/common/config.py", 5]
    (warning,) = patch.warnings
    assert "deploy together" in warning
    assert "jobs/dms/parse.py" in warning
    assert "dags/import_dms.py" in warning


def test_the_diffs_apply_with_git_and_the_reverse_diffs_take_them_back(checkout: Path, tmp_path: Path) -> None:
    second = FolderMove("old", "prod", "bucket-prod", "archive-bucket-prod", (("dms_export_old/", "old/"),))
    patches = list(patch_series(checkout, [MOVE, second]))
    assert all(patch.complete for patch in patches)
    diffs = []
    for number, patch in enumerate(patches):
        forward, backward = tmp_path / f"{number}.diff", tmp_path / f"{number}.reverse.diff"
        forward.write_text(patch.diff, encoding="utf-8")
        backward.write_text(patch.reverse, encoding="utf-8")
        diffs.append((forward, backward))

    apply_diffs(checkout, [forward for forward, _ in diffs])
    assert not [place for place in places(checkout) if place[2] == "bucket-prod"]
    git(checkout, "commit", "-qam", "patched")
    apply_diffs(checkout, [backward for _, backward in reversed(diffs)])
    assert git(checkout, "diff", "HEAD~1") == ""


def test_a_dirty_tree_is_refused(checkout: Path) -> None:
    patches = list(patch_series(checkout, [MOVE]))
    (checkout / "sql/f.sql").write_text("SELECT 1;\n", encoding="utf-8")
    with pytest.raises(DirtyTree, match="commit or stash"):
        apply_series(checkout, patches)
    assert "dms_export" in (checkout / "dags/import_dms.py").read_text(encoding="utf-8")


def test_a_shared_bucket_without_a_constant_of_its_own_is_a_todo(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    source = (
        "import pandas as pd\n\n\ndef read(folder):\n"
        '    return pd.read_csv(f"gs://bucket-prod/{folder}/a.csv")\n\n\nread("stays")\nread("dms_export")\n'
    )
    (code / "job.py").write_text(source, encoding="utf-8")
    (patch,) = patch_series(commit(code), [MOVE])
    assert patch.diff == ""
    assert not patch.complete
    assert [(todo.line, "shared" in todo.what) for todo in patch.todos] == [(5, True)]


def test_moves_that_the_code_cannot_tell_apart_become_one_patch(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    source = (
        'import pandas as pd\n\nBUCKET = "bucket-prod"\n\nfor folder in ["a/x", "b"]:\n'
        '    pd.read_csv(f"gs://{BUCKET}/{folder}/1.csv")\npd.read_csv(f"gs://{BUCKET}/c/1.csv")\n'
    )
    (code / "job.py").write_text(source, encoding="utf-8")
    moves = [
        FolderMove("first", "prod", "bucket-prod", "new-prod", (("a/", "a/"),)),
        FolderMove("second", "prod", "bucket-prod", "new-prod", (("b/", "bb/"),)),
    ]
    (patch,) = patch_series(commit(code), moves)
    assert (patch.use_case, patch.complete) == ("first+second", True)
    apply_series(code, [patch])
    assert [place[2:] for place in places(code)] == [
        ("bucket-prod", "c/1.csv"),
        ("new-prod", "a/x/1.csv"),
        ("new-prod", "bb/1.csv"),
    ]


@pytest.mark.parametrize(
    ("source_path", "target_path", "mapping"),
    [
        ("crm/", "", {}),
        ("crm/", "customers/", {}),
        ("crm/", "customers/", {"raw": "landing", "clean": "tidy", "out": "partners/out"}),
    ],
)
def test_paths_after_the_patch_are_the_paths_after_the_copy(
    tmp_path: Path, source_path: str, target_path: str, mapping: dict[str, str]
) -> None:
    code = commit(Path(shutil.copytree(FIXTURES / "composer", tmp_path / "code")))
    pattern = compile_pattern(
        "multi_folder",
        env="prod",
        source_bucket="acme-lake-prod",
        source_path=source_path,
        target_bucket="crm-lake-prod",
        target_path=target_path,
        subfolder_mapping=mapping,
    )
    segments = tuple((one.source_prefix, one.target_prefix) for one in pattern.segments)
    before = places(code)
    (patch,) = patch_series(code, [FolderMove("crm", "prod", "acme-lake-prod", "crm-lake-prod", segments)])
    assert patch.remaining == ()
    apply_series(code, [patch])
    expected = []
    for file, role, bucket, prefix in before:
        choice = pattern.choose(prefix) if bucket == "acme-lake-prod" else None
        place = ("crm-lake-prod", choice.target) if isinstance(choice, Selected) else (bucket, prefix)
        expected.append((file, role, *place))
    assert places(code) == sorted(expected)

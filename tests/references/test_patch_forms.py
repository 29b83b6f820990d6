"""Each form in which a place is written: what a patch makes of it, and what it leaves to a person."""

import json
import subprocess
from pathlib import Path

import pytest

from analysis.references.patch.moves import FolderMove
from analysis.references.patch.series import (
    DirtyTree,
    NotProven,
    Patch,
    apply_diffs,
    apply_series,
    encoded,
    patch_series,
)

MOVE = FolderMove("dms", "prod", "lake-prod", "dms-prod", (("dms_export/", "staging/"),))
PANDAS = "import pandas as pd\n\n"


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def checkout(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(folder, "init", "-q")
    git(folder, "config", "core.autocrlf", "false")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "start")
    return folder


def patched(folder: Path, files: dict[str, str | bytes], move: FolderMove = MOVE) -> Patch:
    (patch,) = patch_series(checkout(folder, files), [move])
    return patch


EDITED: dict[str, tuple[str, str, str]] = {
    "shell literal": (
        "a.sh",
        "gsutil cp gs://lake-prod/dms_export/a .\ngsutil cp gs://lake-prod/dms_export_old/a .\n",
        "gsutil cp gs://dms-prod/staging/a .\ngsutil cp gs://lake-prod/dms_export_old/a .\n",
    ),
    "shell variables of this move only": (
        "a.sh",
        'BUCKET=lake-prod\nDIR=gs://${BUCKET}/dms_export\ngsutil cp x "$DIR/x.csv"\ngsutil ls gs://lake-prod-2/a/\n',
        'BUCKET=dms-prod\nDIR=gs://${BUCKET}/staging\ngsutil cp x "$DIR/x.csv"\ngsutil ls gs://lake-prod-2/a/\n',
    ),
    "YAML": (
        "a.yaml",
        (
            "in:\n  # why\n  bucket: lake-prod\n  prefix: dms_export/in/\nuri: 'gs://lake-prod/dms_export/x'\n"
            "old: gs://lake-prod/dms_export_old/x\n"
        ),
        (
            "in:\n  # why\n  bucket: dms-prod\n  prefix: staging/in/\nuri: 'gs://dms-prod/staging/x'\n"
            "old: gs://lake-prod/dms_export_old/x\n"
        ),
    ),
    "two addresses in one line of SQL": (
        "a.sql",
        (
            "LOAD DATA INTO d.t FROM FILES (format='CSV', "
            "uris=['gs://lake-prod/dms_export_old/a.csv', 'gs://lake-prod/dms_export/a.csv']);\n"
        ),
        (
            "LOAD DATA INTO d.t FROM FILES (format='CSV', "
            "uris=['gs://lake-prod/dms_export_old/a.csv', 'gs://dms-prod/staging/a.csv']);\n"
        ),
    ),
    "two addresses in one line of Terraform": (
        "a.tf",
        (
            'resource "google_bigquery_table" "t" {\n  external_data_configuration {\n'
            '    source_uris = ["gs://lake-prod/dms_export/*.csv", "gs://lake-prod/dms_export_old/*.csv"]\n  }\n}\n'
        ),
        (
            'resource "google_bigquery_table" "t" {\n  external_data_configuration {\n'
            '    source_uris = ["gs://dms-prod/staging/*.csv", "gs://lake-prod/dms_export_old/*.csv"]\n  }\n}\n'
        ),
    ),
    "a class attribute that others share": (
        "a.py",
        PANDAS
        + "class Job:\n\t_BUCKET: str = 'lake-prod'  # ours\n\tother = 1\n\n\tdef run(self):\n"
        + '\t\tpd.read_csv(f"gs://{self._BUCKET}/dms_export/a")\n\t\tpd.read_csv(f"gs://{self._BUCKET}/b/a")\n\n\n'
        + "Job().run()\n",
        PANDAS
        + "class Job:\n\t_BUCKET: str = 'lake-prod'  # ours\n\t_DMS_BUCKET: str = 'dms-prod'\n\tother = 1\n\n"
        + '\tdef run(self):\n\t\tpd.read_csv(f"gs://{self._DMS_BUCKET}/staging/a")\n'
        + '\t\tpd.read_csv(f"gs://{self._BUCKET}/b/a")\n\n\nJob().run()\n',
    ),
    "a field of a dataclass, last so that positions keep their meaning": (
        "a.py",
        PANDAS
        + "from dataclasses import dataclass\n\n\n@dataclass\nclass Place:\n    bucket: str = 'lake-prod'\n"
        + "    suffix: str = 'csv'\n\n\nplace = Place()\npd.read_csv(f'gs://{place.bucket}/dms_export/a')\n"
        + "pd.read_csv(f'gs://{place.bucket}/b/a')\n",
        PANDAS
        + "from dataclasses import dataclass\n\n\n@dataclass\nclass Place:\n    bucket: str = 'lake-prod'\n"
        + "    suffix: str = 'csv'\n    dms_bucket: str = 'dms-prod'\n\n\nplace = Place()\n"
        + "pd.read_csv(f'gs://{place.dms_bucket}/staging/a')\npd.read_csv(f'gs://{place.bucket}/b/a')\n",
    ),
    "carriage returns and no end of line": (
        "a.py",
        "import pandas as pd\r\nB = 'lake-prod'\r\npd.read_csv(f'gs://{B}/dms_export/a')\r\npd.read_csv(f'gs://{B}/b')",
        (
            "import pandas as pd\r\nB = 'lake-prod'\r\nDMS_B = 'dms-prod'\r\npd.read_csv(f'gs://{DMS_B}/staging/a')\r\n"
            "pd.read_csv(f'gs://{B}/b')"
        ),
    ),
    "a comment stays beside its constant": (
        "a.py",
        PANDAS + "B = 'lake-prod'  # all of it\npd.read_csv(f'gs://{B}/dms_export/a')\npd.read_csv(f'gs://{B}/b/a')\n",
        PANDAS + "B = 'lake-prod'  # all of it\nDMS_B = 'dms-prod'\npd.read_csv(f'gs://{DMS_B}/staging/a')\n"
        "pd.read_csv(f'gs://{B}/b/a')\n",
    ),
}
LATIN = "# -*- coding: latin-1 -*-\nimport pandas as pd\nx = 'é'\npd.read_csv('gs://lake-prod/dms_export/é.csv')\n"
BYTES = {
    "another encoding": (
        LATIN.encode("latin-1"),
        LATIN.replace("lake-prod/dms_export", "dms-prod/staging").encode("latin-1"),
    ),
    "a mark at the start": (
        b"\xef\xbb\xbfimport pandas as pd\npd.read_csv('gs://lake-prod/dms_export/a')\n",
        b"\xef\xbb\xbfimport pandas as pd\npd.read_csv('gs://dms-prod/staging/a')\n",
    ),
}
CASES: dict[str, tuple[str, bytes, bytes]] = {
    **{name: (file, old.encode(), new.encode()) for name, (file, old, new) in EDITED.items()},
    **{name: ("a.py", old, new) for name, (old, new) in BYTES.items()},
}


@pytest.mark.parametrize("case", CASES)
def test_a_form_is_rewritten_and_its_formatting_kept_both_ways(case: str, tmp_path: Path) -> None:
    name, old, new = CASES[case]
    code = checkout(tmp_path / "code", {name: old})
    (patch,) = patch_series(code, [MOVE])
    assert (patch.remaining, patch.mismatches) == ((), ())
    apply_series(code, [patch])
    assert (code / name).read_bytes() == new
    git(code, "commit", "-qam", "patched")

    # The reverse by git, then forward and back by `patch -p1`.
    forward, reverse = tmp_path / "f.diff", tmp_path / "r.diff"
    forward.write_bytes(encoded(patch.diff))
    reverse.write_bytes(encoded(patch.reverse))
    apply_diffs(code, [reverse])
    assert (code / name).read_bytes() == old
    for diff, wanted in ((forward, new), (reverse, old)):
        command = ["patch", "--binary", "-p1", "-s", "-d", str(code), "-i", str(diff)]
        subprocess.run(command, check=True, capture_output=True)
        assert (code / name).read_bytes() == wanted


TODOS: dict[str, tuple[str, str, int, str]] = {
    "a shell variable that others share": (
        "a.sh",
        "BUCKET=lake-prod\ngsutil cat gs://$BUCKET/dms_export/a\ngsutil cat gs://$BUCKET/b/a\n",
        2,
        "a.sh:1) is shared",
    ),
    "a generated file": (
        "a.py",
        '"""Generated by the exporter: do not edit."""\n' + PANDAS + "pd.read_csv('gs://lake-prod/dms_export/a')\n",
        4,
        "is generated",
    ),
    "an Airflow variable": (
        "a.py",
        PANDAS + "from airflow.models import Variable\n"
        "B = Variable.get('bucket', default_var='lake-prod')\npd.read_csv(f'gs://{B}/dms_export/a')\n",
        4,
        "the Airflow variable 'bucket' overrides",
    ),
    "an environment variable": (
        "a.py",
        PANDAS + "import os\nB = os.environ.get('B', 'lake-prod')\npd.read_csv(f'gs://{B}/dms_export/a')\n",
        4,
        "environment variable 'B' overrides",
    ),
    "a Terraform variable": (
        "a.tf",
        (
            'variable "b" {\n  default = "lake-prod"\n}\nresource "google_bigquery_table" "t" {\n'
            '  external_data_configuration {\n    source_uris = ["gs://${var.b}/dms_export/*.csv"]\n  }\n}\n'
        ),
        2,
        "Terraform variable b",
    ),
    "a persistent function": (
        "a.sql",
        (
            "SELECT 1;\nCREATE OR REPLACE FUNCTION d.f(x STRING)\nRETURNS STRING\nLANGUAGE js\n"
            "OPTIONS (library = 'gs://lake-prod/dms_export/f.js')\nAS 'return x';\n"
        ),
        2,
        "create it again after the change (d.f)",
    ),
    "a constant that is also logged": (
        "a.py",
        PANDAS + "B = 'lake-prod'\npd.read_csv(f'gs://{B}/dms_export/a')\n" + "print(B)\n",
        5,
        "B now names dms-prod",
    ),
    "an enumeration": (
        "a.py",
        PANDAS + "from enum import Enum\n\n\nclass B(str, Enum):\n    LAKE = 'lake-prod'\n\n\n"
        "pd.read_csv(f'gs://{B.LAKE.value}/dms_export/a')\npd.read_csv(f'gs://{B.LAKE.value}/b/a')\n",
        10,
        "read_csv: its bucket (a.py:7) is shared",
    ),
}


@pytest.mark.parametrize("case", TODOS)
def test_what_is_not_safe_is_a_todo_at_its_place(case: str, tmp_path: Path) -> None:
    name, content, line, what = TODOS[case]
    patch = patched(tmp_path, {name: content})
    assert [todo for todo in patch.todos if (todo.file, todo.line) == (name, line) and what in todo.what], patch.todos


def test_a_constant_that_only_references_use_needs_no_word(tmp_path: Path) -> None:
    source = PANDAS + "B = 'lake-prod'\npd.read_csv(f'gs://{B}/dms_export/a')\npd.read_csv(f'gs://{B}/dms_export/b')\n"
    assert patched(tmp_path, {"a.py": source}).todos == ()


def test_a_notebook_keeps_its_formatting_outputs_and_metadata(tmp_path: Path) -> None:
    cells = [
        {
            "cell_type": "code",
            "execution_count": 3,
            "metadata": {"tags": ["é"]},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": ["gs://lake-prod/dms_export/a.csv"]}],
            "source": [
                "import pandas as pd\n",
                'BUCKET = "lake-prod"\n',
                'pd.read_csv(f"gs://{BUCKET}/dms_export/a.csv")\n',
                "pd.read_csv('gs://lake-prod/dms_export/b.csv')",
            ],
        }
    ]
    notebook = {"cells": cells, "metadata": {"kernelspec": {"name": "p"}}, "nbformat": 4, "nbformat_minor": 5}
    content = json.dumps(notebook, indent=1, ensure_ascii=False)
    patch = patched(tmp_path, {"n.ipynb": content})
    assert patch.complete
    apply_series(tmp_path, [patch])
    expected = content.replace('BUCKET = \\"lake-prod', 'BUCKET = \\"dms-prod').replace(
        "{BUCKET}/dms_export", "{BUCKET}/staging"
    )
    expected = expected.replace("'gs://lake-prod/dms_export", "'gs://dms-prod/staging")
    assert (tmp_path / "n.ipynb").read_text(encoding="utf-8") == expected


def notebook(*source: str) -> str:
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": [f"{line}\n" for line in source]}]
    return json.dumps({"cells": cells, "nbformat": 4}, indent=1, ensure_ascii=False)


def test_a_constant_that_a_notebook_shares_gets_a_line_above_it(tmp_path: Path) -> None:
    reads = ["pd.read_csv(f'gs://{B}/dms_export/é.csv')", "pd.read_csv(f'gs://{B}/stays/B.csv')"]
    patch = patched(tmp_path, {"n.ipynb": notebook("import pandas as pd", "B: str = 'lake-prod'  # ours", *reads)})
    assert patch.complete
    apply_series(tmp_path, [patch])
    wanted = ["DMS_B: str = 'dms-prod'  # ours", "B: str = 'lake-prod'  # ours"]
    wanted += ["pd.read_csv(f'gs://{DMS_B}/staging/é.csv')", reads[1]]
    assert (tmp_path / "n.ipynb").read_text(encoding="utf-8") == notebook("import pandas as pd", *wanted)


@pytest.mark.parametrize(
    "source",
    [
        ["if x:", "    B = 'lake-prod'"],
        ["A = 'lake-prod'", "B = A"],
        ["B, C = 'lake-prod', 1"],
    ],
)
def test_a_constant_that_a_notebook_makes_in_another_way_is_a_todo(tmp_path: Path, source: list[str]) -> None:
    reads = [f"pd.read_csv(f'gs://{{B}}/{folder}/a.csv')" for folder in ("dms_export", "stays")]
    patch = patched(tmp_path, {"n.ipynb": notebook("import pandas as pd", *source, *reads)})
    assert patch.diff == ""
    assert ["shared with folders that stay" in todo.what for todo in patch.todos] == [True]


def test_code_of_a_folder_of_which_only_some_files_move(tmp_path: Path) -> None:
    move = FolderMove(
        "dms", "prod", "lake-prod", "dms-prod", (("dms_export/", "staging/"),), wildcards=("*.parquet",), nested=False
    )
    source = PANDAS + "".join(
        f"pd.read_csv('gs://lake-prod/dms_export/{name}')\n" for name in ("a.parquet", "a.json", "x/a.parquet", "b*")
    )
    patch = patched(tmp_path, {"a.py": source}, move)
    assert [line for line in patch.diff.splitlines() if line.startswith("+pd")] == [
        "+pd.read_csv('gs://dms-prod/staging/a.parquet')"
    ]
    assert [(todo.line, "only some files move" in todo.what) for todo in patch.todos] == [(6, True)]


LINKED: dict[str, str | bytes] = {
    "w.py": PANDAS + "pd.DataFrame().to_csv('gs://lake-prod/dms_export/a.csv')\n",
    "r.py": '"""Generated by a tool, do not edit."""\n' + PANDAS + "pd.read_csv('gs://lake-prod/dms_export/a.csv')\n",
    "other.py": PANDAS + "pd.read_csv('gs://lake-prod/other/a.csv')\n",
}


def test_a_reader_that_stays_behind_is_a_mismatch_and_apply_puts_the_tree_back(tmp_path: Path) -> None:
    patch = patched(tmp_path, LINKED)
    assert not patch.complete
    (mismatch,) = patch.mismatches
    assert (mismatch.file, mismatch.line) == ("r.py", 4)
    assert "w.py:3 writes dms-prod/staging/a.csv now" in mismatch.what
    with pytest.raises(NotProven, match=r"r\.py:4: read_csv still names.*--partly"):
        apply_series(tmp_path, [patch])
    assert git(tmp_path, "status", "--porcelain") == ""
    assert apply_series(tmp_path, [patch], partly=True) == ["w.py"]


def test_both_sides_that_move_are_no_mismatch(tmp_path: Path) -> None:
    patch = patched(tmp_path, {**LINKED, "r.py": PANDAS + "pd.read_csv('gs://lake-prod/dms_export/a.csv')\n"})
    assert patch.complete
    assert apply_series(tmp_path, [patch]) == ["r.py", "w.py"]


def test_a_file_that_git_does_not_hold_is_not_changed(tmp_path: Path) -> None:
    checkout(tmp_path, {"other.py": "x = 1\n"})
    source = PANDAS + "pd.read_csv('gs://lake-prod/dms_export/a.csv')\n"
    (tmp_path / "new.py").write_text(source, encoding="utf-8")
    with pytest.raises(DirtyTree, match=r"new\.py is not in git"):
        apply_series(tmp_path, list(patch_series(tmp_path, [MOVE])))
    assert (tmp_path / "new.py").read_text(encoding="utf-8") == source


def test_a_folder_below_the_top_of_a_git_tree_can_be_the_checkout(tmp_path: Path) -> None:
    source = PANDAS + "pd.read_csv('gs://lake-prod/dms_export/a.csv')\n"
    checkout(tmp_path, {"team/a.py": source})
    (patch,) = patch_series(tmp_path / "team", [MOVE])
    diff = tmp_path / "reverse.diff"
    diff.write_bytes(encoded(patch.reverse))
    apply_series(tmp_path / "team", [patch])
    git(tmp_path, "commit", "-qam", "patched")
    apply_diffs(tmp_path / "team", [diff])
    assert (tmp_path / "team/a.py").read_text(encoding="utf-8") == source


def test_a_whole_bucket_that_moves_below_a_folder_is_left_to_a_person(tmp_path: Path) -> None:
    move = FolderMove("all", "prod", "lake-prod", "dms-prod", (("", "staging/"),))
    code = PANDAS + 'pd.read_csv("gs://lake-prod/dms_export/a.csv")\n'
    patch = patched(tmp_path, {"a.py": code}, move)
    assert patch.diff == ""
    assert [(todo.file, todo.line) for todo in patch.todos] == [("a.py", 3)]
    assert "whole bucket moves below staging/" in patch.todos[0].what

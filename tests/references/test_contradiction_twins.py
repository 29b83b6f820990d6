"""Each kind of contradiction beside a near miss, which must not be told."""

from pathlib import Path

import pytest

from analysis.references.contradictions import Traffic, find
from analysis.references.scan import scan_checkout

READ = "import pandas as pd\npd.read_csv('gs://{}')\n"
WRITE = "import pandas as pd\npd.DataFrame().to_csv('gs://{}')\n"

DELETE = (
    "from google.cloud import storage\nbucket = storage.Client().bucket('lake')\n"
    "for blob in bucket.list_blobs(prefix='{}'):\n    blob.delete()\n"
)

# kind: what contradicts, and near misses; each is files and the folders that the logs saw written.
Case = tuple[dict[str, str], tuple[str, ...]]
TWINS: dict[str, tuple[Case, list[Case]]] = {
    "read-without-writer": (
        ({"r.py": READ.format("lake/a/x.csv"), "w.py": WRITE.format("lake/a_2/x.csv")}, ("a_old/",)),
        [
            ({"r.py": READ.format("lake/a/x.csv"), "w.py": WRITE.format("lake/a/x.csv")}, ()),
            ({"r.py": READ.format("lake/a/x.csv")}, ("a/2026/",)),
            ({"r.py": READ.format("lake-2/a/x.csv")}, ()),
        ],
    ),
    "buckets-disagree": (
        ({"r.py": READ.format("lake/a/x.csv"), "w.py": WRITE.format("other/a/x.csv")}, ()),
        [
            ({"r.py": READ.format("lake/a/x.csv"), "w.py": WRITE.format("other/a_2/x.csv")}, ()),
            (
                {
                    "r.py": READ.format("lake/a/x.csv"),
                    "w.py": WRITE.format("lake/a/x.csv"),
                    "o.py": WRITE.format("other/a/x.csv"),
                },
                (),
            ),
            ({"r.py": READ.format("lake/a/x.csv"), "o.py": READ.format("other/a/x.csv")}, ()),
        ],
    ),
    "document-unknown-to-code": (
        ({"README.md": "See gs://lake/gone/x.csv.\n", "r.py": READ.format("lake/a/x.csv")}, ()),
        [
            ({"README.md": "See gs://lake/a/.\n", "r.py": READ.format("lake/a/x.csv")}, ()),
            ({"README.md": "See gs://lake/a/x.csv.\n", "r.py": READ.format("lake/a/x.csv")}, ()),
            ({"README.md": "See gs://lake-2/gone/x.csv.\n", "r.py": READ.format("lake/a/x.csv")}, ()),
        ],
    ),
    "delete-reaches-sibling": (
        ({"s.sh": "gsutil -m rm -r gs://lake/tmp*\n"}, ("tmp/", "tmp_keep/")),
        [
            ({"s.sh": "gsutil -m rm -r gs://lake/tmp\n"}, ("tmp/", "tmp_keep/")),
            ({"s.sh": "gsutil -m rm -r gs://lake/tmp/\n"}, ("tmp/", "tmp_keep/")),
            ({"s.py": DELETE.format("tmp")}, ("tmp/", "other_tmp/")),
            ({"s.py": DELETE.format("tmp/")}, ("tmp/", "tmp_keep/")),
            ({"s.sh": "gsutil rm gs://lake/tmp/a.csv\n"}, ("tmp/", "tmp/a.csv_parts/")),
        ],
    ),
    "path-depth": (
        ({"d.py": "def day(path):\n    return len(path.split('/')) == 4\n"}, ()),
        [
            ({"d.py": "def day(path):\n    return len(path.split('-')) == 4\n"}, ()),
            ({"d.py": "def name(path):\n    return path.split('/')[-1]\n"}, ()),
            ({"d.py": "def bucket(path):\n    return path.split('/')[0]\n"}, ()),
            ({"tests/test_d.py": "def test(path):\n    assert len(path.split('/')) == 4\n"}, ()),
        ],
    ),
    "constant-defined-twice": (
        ({"a/config.py": "DATA_BUCKET = 'lake'\n", "b/config.py": "DATA_BUCKET = 'lake'\n"}, ()),
        [
            ({"a/config.py": "DATA_BUCKET = 'lake'\n", "b/config.py": "DATA_BUCKET = 'other'\n"}, ()),
            ({"config.py": "DATA_BUCKET = 'lake'\n", "use.py": "from config import DATA_BUCKET\n"}, ()),
            ({"a/config.py": "MODE = 'lake'\n", "b/config.py": "MODE = 'lake'\n"}, ()),
        ],
    ),
}


def kinds(folder: Path, case: Case) -> dict[str, str]:
    files, written = case
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    result = scan_checkout(folder, env="prod")
    traffic = [Traffic("lake", place, "write") for place in written]
    return {one.kind: one.message for one in find(result.references, result.findings, traffic, "lake")}


@pytest.mark.parametrize("kind", TWINS)
def test_a_contradiction_is_told_and_its_near_misses_are_not(kind: str, tmp_path: Path) -> None:
    contradiction, misses = TWINS[kind]
    assert kind in kinds(tmp_path / "told", contradiction)
    told = [kinds(tmp_path / str(number), miss).get(kind) for number, miss in enumerate(misses)]
    assert told == [None] * len(misses)


def test_a_prefix_of_a_client_is_no_folder(tmp_path: Path) -> None:
    case: Case = ({"s.py": DELETE.format("tmp")}, ("tmp/", "tmp_keep/"))
    assert "tmp_keep/" in kinds(tmp_path, case)["delete-reaches-sibling"]


def test_a_line_that_reads_many_folders_is_told_once(tmp_path: Path) -> None:
    source = (
        "import pandas as pd\nfor name in ['a', 'b', 'c']:\n    pd.read_csv(f'gs://lake/seed/{name}/x.csv')\n"
        "pd.read_csv('gs://lake/other/x.csv')\n"
    )
    (tmp_path / "r.py").write_text(source, encoding="utf-8")
    result = scan_checkout(tmp_path, env="prod")
    found = [one for one in find(result.references, (), (), "lake") if one.kind == "read-without-writer"]
    assert [(one.subfolder, one.evidence) for one in found] == [("other", ("r.py:4",)), ("seed", ("r.py:3",))]
    assert "3 folders below seed/" in found[1].message

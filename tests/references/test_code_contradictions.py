"""Contradictions that the code alone, or the code beside the logs, shows."""

from pathlib import Path

from analysis.references.contradictions import Traffic, find
from analysis.references.scan import scan_checkout

FILES = {
    "reader.py": 'import pandas as pd\npd.read_csv("gs://lake/orphans/a.csv")\npd.read_csv("gs://lake/fed/a.csv")\n'
    'pd.read_csv("gs://lake/logged/a.csv")\npd.read_csv("gs://lake/split/x.csv")\n',
    "writer.py": 'import pandas as pd\npd.DataFrame().to_csv("gs://lake/fed/a.csv")\n'
    'pd.DataFrame().to_csv("gs://other/split/x.csv")\n',
    "sweep.sh": "gsutil -m rm -r gs://lake/tmp*\ngsutil rm gs://lake/tidy/\ngsutil rm gs://lake/fed/a.csv\n",
    "depth.py": 'def table(name):\n    assert len(name.split("/")) == 4\n    return name.split("/")[3]\n',
    "one/config.py": 'DATA_BUCKET = "lake"\n',
    "two/config.py": 'DATA_BUCKET = "lake"\n',
    "README.md": "Raw files: gs://lake/fed/a.csv\nOld: gs://lake/forgotten/place/\n",
}
TRAFFIC = [
    Traffic("lake", "logged/", "write"),
    Traffic("lake", "tmp_keep/2024/", "write"),
    Traffic("lake", "tmp/", "write"),
    Traffic("lake", "tidy_2/", "write"),
]


def found(tmp_path: Path) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    result = scan_checkout(tmp_path, env="prod")
    by_kind: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for one in find(result.references, result.findings, TRAFFIC, "lake"):
        by_kind.setdefault(one.kind, []).append((one.message, one.evidence))
    return by_kind


def test_each_contradiction_is_told_once_with_its_place(tmp_path: Path) -> None:
    kinds = found(tmp_path)
    reads = [evidence for _, evidence in kinds["read-without-writer"]]
    assert reads == [("reader.py:2",), ("reader.py:5",)]
    ((message, evidence),) = kinds["buckets-disagree"]
    assert "split/ in lake" in message
    assert evidence == ("reader.py:5", "writer.py:3")
    ((message, evidence),) = kinds["delete-reaches-sibling"]
    assert "tmp_keep/" in message
    assert evidence == ("sweep.sh:1",)
    ((message, evidence),) = kinds["document-unknown-to-code"]
    assert evidence == ("README.md:2",)
    assert {evidence for _, evidence in kinds["path-depth"]} == {("depth.py:2",), ("depth.py:3",)}
    ((message, evidence),) = kinds["constant-defined-twice"]
    assert evidence == ("one/config.py:1", "two/config.py:1")

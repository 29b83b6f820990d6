"""Whatever a checkout looks like, a patch changes what moved and nothing else, and says what it could not change.

Drawn checkouts write the same places in many forms and encodings; the drawing knows every place, so that the scanner is
judged as well, and knows the exact text after the change of a file that writes its addresses out.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.references.patch.moves import FolderMove
from analysis.references.patch.series import Patch, apply_series, encoded, patch_series
from analysis.references.scan import scan_checkout

SOURCE, TARGET = "lake-prod", "dms-prod"
FOLDERS = ["dms_export", "dms_export/sub", "dms_export_old", "old_dms_export", "other", "other/dms_export"]


@dataclass(frozen=True)
class Place:
    """An object that the code names. `way`: how its bucket and path are put together."""

    bucket: str
    folder: str
    name: str
    way: int = 0

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}".lstrip("/")

    @property
    def address(self) -> str:
        return f"gs://{self.bucket}/{self.path}"

    def moved(self, move: FolderMove) -> "Place":
        ((old, new),) = move.segments
        if self.bucket != SOURCE or not self.path.startswith(old):
            return self
        folder, _, name = (new + self.path.removeprefix(old)).rpartition("/")
        return replace(self, bucket=TARGET, folder=folder, name=name)


# Neighbours in every direction: siblings by name, the moved name below another folder, other buckets.
PLACES = st.builds(
    Place,
    st.sampled_from([SOURCE, SOURCE, SOURCE, "lake-prod-2", "my-lake-prod"]),
    st.sampled_from(FOLDERS),
    st.sampled_from(["a.csv", "dms_export.csv", "été-☃.csv", "*.csv"]),
    st.integers(0, 11),
)


def _python(places: list[Place], bucket: str) -> Iterator[str]:
    """`bucket` is the expression by which this file knows the source bucket."""
    for number, place in enumerate(places):
        known = bucket if place.bucket == SOURCE else f"'{place.bucket}'"
        path, address = place.path, place.address
        function = f'def read_{number}(folder="{place.folder}"):\n\treturn pd.read_csv(f"gs://{{{known}}}/{{folder}}/{place.name}")'
        forms = [
            f'pd.read_csv("{address}")',
            f"pd.read_csv(r'gs://{place.bucket}/{path}')",
            f'pd.read_csv("gs://{place.bucket}/"  "{path}")',
            f'pd.read_csv("gs://" + {known} + "/{path}")',
            f'pd.read_csv("/".join(["gs:/", {known}, "{place.folder}", "{place.name}"]))',
            f'pd.read_csv(os.path.join(f"gs://{{{known}}}", "{place.folder}", "{place.name}"))',
            f'pd.read_csv("gs://%s/%s" % ({known}, "{path}"))',
            f'pd.read_csv("gs://{{}}/{{}}".format({known}, "{path}"))',
            f'storage.Client().bucket({known}).blob("{path}").upload_from_string("é")',
            f'FOLDER_{number} = "{place.folder}"  # où\npd.read_csv(f"gs://{{{known}}}/{{FOLDER_{number}}}/{place.name}")',
            f"{function}\n\n\nread_{number}()",
            f'bigquery.Client().query("""\n  EXPORT DATA OPTIONS (uri = \'{address}\') AS\n  SELECT 1\n""")',
        ]
        yield forms[place.way]


IMPORTS = "import os\nimport pandas as pd\nfrom google.cloud import bigquery, storage\n"


def python_constant(places: list[Place]) -> str:
    return "\n".join([IMPORTS, f"BUCKET = '{SOURCE}'", "", *_python(places, "BUCKET")])


def python_class(places: list[Place]) -> str:
    return "\n".join(
        [IMPORTS, f'class Lake:\n    """Ours."""\n    BUCKET = "{SOURCE}"', "", *_python(places, "Lake.BUCKET")]
    )


def python_shared(places: list[Place]) -> str:
    return "\n".join([IMPORTS + "from shared.names import LAKE_BUCKET\n", *_python(places, "LAKE_BUCKET")])


def python_settings(places: list[Place]) -> str:
    return "\n".join([IMPORTS + "from shared import config\n", *_python(places, "config.BUCKET_NAME")])


def python_helpers(places: list[Place]) -> str:
    """Places that go through a loop, a function, a dictionary and a list, each shared by all of them."""
    lines = [IMPORTS, "def read(bucket, folder, name):", "    return pd.read_csv(f'gs://{bucket}/{folder}/{name}')", ""]
    lines += ["TABLES = {"]
    lines += [f'    "t{n}": ("{p.bucket}", "{p.folder}", "{p.name}"),' for n, p in enumerate(places)]
    lines += ["}", "for bucket, folder, name in TABLES.values():", "\tread(bucket, folder, name)"]
    return "\n".join(lines)


def makefile(places: list[Place]) -> str:
    lines = [f"BUCKET := {SOURCE}", "copy:"]
    for place in places:
        bucket = "$(BUCKET)" if place.bucket == SOURCE and place.way % 2 else place.bucket
        lines.append(f"\tgsutil cp gs://{bucket}/{place.path} .")
    return "\n".join(lines)


def workflow(places: list[Place]) -> str:
    lines = ["env:", f"  BUCKET: {SOURCE}", "jobs:", "  copy:", "    steps:"]
    for place in places:
        bucket = "${{ env.BUCKET }}" if place.bucket == SOURCE and place.way % 2 else place.bucket
        lines.append(f"      - run: gsutil cp gs://{bucket}/{place.path} .  # où")
    return "\n".join(lines)


def locals_of_terraform(places: list[Place]) -> str:
    blocks = [f'locals {{\n  bucket = "{SOURCE}"\n}}']
    for number, place in enumerate(places):
        bucket = "${local.bucket}" if place.bucket == SOURCE else place.bucket
        blocks.append(
            f'resource "google_storage_bucket_object" "o{number}" {{\n  bucket = "{bucket}"\n'
            f'  name   = "{place.path}"\n  content = "é"\n}}'
        )
    return "\n".join(blocks)


def settings_in_json(places: list[Place]) -> str:
    jobs = [{"bucket": place.bucket, "prefix": place.path, "uri": place.address} for place in places]
    return json.dumps({"jobs": jobs}, indent=2, ensure_ascii=False)


def shell(places: list[Place]) -> str:
    lines = ["#!/bin/bash", f"BUCKET={SOURCE}"]
    for place in places:
        bucket = "${BUCKET}" if place.bucket == SOURCE else place.bucket
        forms = [f'gsutil cp x.csv "gs://{bucket}/{place.path}"', f"gcloud storage rm '{place.address}'"]
        forms += [f"\tgsutil cat gs://{place.bucket}/{place.path} | wc -l  # é"]
        lines.append(forms[place.way % 3])
    return "\n".join(lines)


def addresses_in_shell(places: list[Place]) -> str:
    return "\n".join(["#!/bin/bash", *(f"gsutil -m cp  '{place.address}' .\t# où" for place in places)])


def yaml(places: list[Place]) -> str:
    lines = ["# où ☃", "jobs:"]
    for number, place in enumerate(places):
        lines += [f"  job{number}:", f"    bucket: {place.bucket}", f"    prefix: '{place.path}'"]
        lines += [f'    uri: "{place.address}"  # oui']
    return "\n".join(lines)


def sql(places: list[Place]) -> str:
    return "\n".join(
        f"LOAD DATA INTO d.t{n}\n\tFROM FILES (format = 'CSV', uris = ['{p.address}']);" for n, p in enumerate(places)
    )


def terraform(places: list[Place]) -> str:
    blocks = []
    for number, place in enumerate(places):
        blocks.append(
            f'resource "google_bigquery_table" "t{number}" {{\n  external_data_configuration {{\n'
            f'    source_uris = ["{place.address}"] # é\n  }}\n}}'
        )
    return "\n".join(blocks)


def environment(places: list[Place]) -> str:
    return "\n".join(f"PLACE_{number}={place.address}" for number, place in enumerate(places))


def notebook(places: list[Place]) -> str:
    lines = [line + "\n" for line in python_constant(places).split("\n")]
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": lines}]
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False
    )


Writer = Callable[[list[Place]], str]
# A file's name and how it writes its places; True where the new text is that of the places after the move.
FORMS: list[tuple[str, Writer, bool]] = [
    ("constant.py", python_constant, False),
    ("lake.py", python_class, False),
    ("shared_one.py", python_shared, False),
    ("shared_two.py", python_shared, False),
    ("surroundings.py", python_settings, False),
    ("helpers.py", python_helpers, False),
    ("Makefile", makefile, False),
    (".github/workflows/copy.yml", workflow, False),
    ("objects.tf", locals_of_terraform, False),
    ("jobs.json", settings_in_json, True),
    ("copy.sh", shell, False),
    ("addresses.sh", addresses_in_shell, True),
    ("jobs.yaml", yaml, True),
    ("load.sql", sql, True),
    ("tables.tf", terraform, True),
    ("places.env", environment, True),
    ("look.ipynb", notebook, False),
]
ALWAYS = {
    "shared/__init__.py": b"",
    "shared/names.py": f'"""Names."""\n\nLAKE_BUCKET: str = "{SOURCE}"  # of all\n'.encode(),
    "shared/config.py": f'import os\n\nBUCKET_NAME = os.environ.get("BUCKET_NAME", "{SOURCE}")\n'.encode(),
    "untouched.py": b"# no UTF-8: \xff, and no reference\nprint('dms_export lake-prod')\n",
}


@dataclass(frozen=True)
class Code:
    move: FolderMove
    files: dict[str, bytes]
    places: dict[str, list[Place]]
    exact: dict[str, bytes]  # what files must be after the change


@st.composite
def codes(draw: st.DrawFn) -> Code:
    segment = (draw(st.sampled_from(FOLDERS)) + "/", draw(st.sampled_from(["staging/in/", "", "dms_export/", "dms/"])))
    move = FolderMove("dms", "prod", SOURCE, TARGET, (segment,))
    files, places, exact = dict(ALWAYS), {}, {}
    chosen = draw(st.lists(st.sampled_from(FORMS), min_size=1, max_size=4, unique_by=lambda form: form[0]))
    for name, write, writes_out in chosen:
        here = draw(st.lists(PLACES, min_size=1, max_size=4))
        mark = draw(st.sampled_from(["", "", "\ufeff"])) if name.endswith((".py", ".sql")) else ""
        line_end, last = draw(st.sampled_from(["\n", "\n", "\r\n"])), draw(st.sampled_from(["", "\n", "\n\n\n"]))
        before, after = [
            (mark + write(list(written)) + last).replace("\n", line_end).encode()
            for written in (here, [place.moved(move) for place in here])
        ]
        files[name], places[name] = before, here
        if writes_out:
            exact[name] = after
    return Code(move, files, places, exact)


def _git(folder: Path, *words: str) -> None:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words]
    subprocess.run(command, check=True, capture_output=True)


def _written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    _git(folder, "init", "-q")
    _git(folder, "config", "core.autocrlf", "false")
    _git(folder, "add", ".")
    _git(folder, "commit", "-qm", "start")
    return folder


def _content(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files}


def _found(folder: Path) -> set[tuple[str, int, str, str]]:
    scanned = scan_checkout(folder, env="prod").references
    return {(one.file, one.line, one.bucket, one.prefix) for one in scanned if one.kind == "code"}


@settings(deadline=None, max_examples=25)
@given(codes())
def test_a_patch_changes_what_moved_and_nothing_else(code: Code) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = _written(Path(name) / "code", code.files)
        before = _found(folder)
        _the_scanner_knows(code, before, moved=False, todos=set())
        (patch,) = patch_series(folder, [code.move])
        assert _content(folder, code.files) == code.files

        apply_series(folder, [patch], partly=True)
        after = _content(folder, code.files)
        _only_files_with_moved_places_change(code, patch, after)
        _the_scanner_knows(code, _found(folder), moved=True, todos=_left(before, patch))
        for file, content in code.exact.items():
            assert after[file] == content

        _the_diffs_are_the_change_and_its_way_back(folder, patch, code.files, after)


def _left(before: set[tuple[str, int, str, str]], patch: Patch) -> set[tuple[str, str]]:
    """File and path of moved references that a to-do gives to a person, at the line where the scanner told them."""
    told = {(todo.file, todo.line) for todo in patch.todos}
    return {(file, path) for file, line, bucket, path in before if bucket == SOURCE and (file, line) in told}


def _the_scanner_knows(
    code: Code, found: set[tuple[str, int, str, str]], *, moved: bool, todos: set[tuple[str, str]]
) -> None:
    told = {(file, bucket, path) for file, _, bucket, path in found}
    for file, places in code.places.items():
        for place in places:
            left = (file, place.path) in todos
            there = place.moved(code.move) if moved and not left else place
            assert (file, there.bucket, there.path) in told, (file, there, sorted(told))
            if there != place and (file, place.path) not in todos:
                assert (file, place.bucket, place.path) not in told, (file, place)


def _only_files_with_moved_places_change(code: Code, patch: Patch, after: dict[str, bytes]) -> None:
    changed = {file for file in after if after[file] != code.files[file]}
    assert changed == set(patch.files)
    concerned = {
        file for file, places in code.places.items() if any(place.moved(code.move) != place for place in places)
    }
    assert changed <= concerned | {"shared/names.py", "shared/config.py"}
    for file in changed:
        old, new = code.files[file], after[file]
        assert new.count(b"\r\n") - old.count(b"\r\n") in (0, new.count(b"\n") - old.count(b"\n"))


def _the_diffs_are_the_change_and_its_way_back(
    folder: Path, patch: Patch, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    if not patch.diff:
        return
    forward, reverse = folder.parent / "forward.diff", folder.parent / "reverse.diff"
    forward.write_bytes(encoded(patch.diff))
    reverse.write_bytes(encoded(patch.reverse))
    for diff, wanted in ((reverse, before), (forward, after)):
        _git(folder, "apply", str(diff))
        assert _content(folder, before) == wanted
    for diff, wanted in ((reverse, before), (forward, after)):
        subprocess.run(
            ["patch", "--binary", "-p1", "-s", "-d", str(folder), "-i", str(diff)], check=True, capture_output=True
        )
        assert _content(folder, before) == wanted

"""The site builds strictly, carries everything it shows, and its reference pages say what the code says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from judged_lake import Judged
from thermocline.cli.app import COMMANDS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "NO_MKDOCS_2_WARNING": "1", "COLUMNS": "100"},
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(https?:[^"]+)"', page.read_text())
        assert [address for address in loaded if "mkdocs" not in address] == [], page


def test_every_command_and_exit_code_is_in_the_reference(site: Path) -> None:
    text = (site / "reference" / "cli.html").read_text()
    assert [name for name in COMMANDS if f'id="{name}"' not in text] == []
    assert all(f"<td>{code}</td>" in text for code in (0, 1, 2, 3, 4, 5, 6, 11, 130))


def test_every_threshold_is_in_the_reference(site: Path) -> None:
    from analysis.classify.thresholds import SubfolderLimits, Thresholds

    text = (site / "reference" / "configuration.html").read_text()
    for struct in (Thresholds, SubfolderLimits):
        assert [name for name in struct.__struct_fields__ if f"<code>{name}</code>" not in text] == []


def test_the_published_schema_describes_a_real_plan(site: Path, judged: Judged) -> None:
    schema = json.loads((site / "reference" / "plan.schema.json").read_text())
    plan = json.loads(judged.plan.read_text())
    jsonschema.validate(plan, schema)
    plan["phases"][0]["moves"][0]["rank"] = "first"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plan, schema)


def test_the_self_tests_claims_are_listed(site: Path) -> None:
    from thermocline.selftest.run import ASSUMPTIONS

    page = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w-]+)` \| (.+) \|$", page, flags=re.MULTILINE)
    assert listed == [(assumption.name, assumption.claim) for assumption in ASSUMPTIONS]

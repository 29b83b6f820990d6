"""Every operation site of the fixture projects is found, with file, line, bucket, path and role, and nothing else is.

The fixtures are small projects as different teams write them. A site is marked on its line with `#: role bucket path`
(`--:` in SQL, `//:` in
JavaScript), as often as it acts; unmarked code touches nothing.
"""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from analysis.references.model import Reference, operations
from analysis.references.scan import scan_checkout

FIXTURES = Path(__file__).parent / "fixtures"
PROJECTS = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
_MARK = re.compile(
    r"(?:#|--|//):\s*(?P<role>read|write|list|delete)\s+(?P<bucket>\S+)(?:\s+(?P<path>(?!#:|--:|//:)[^\s\"\\]+))?"
)
LINES_APART = 6  # a marked call may be spread over several lines; its site is where it starts

Site = tuple[str, int, str, str, str]


def marked(project: Path) -> list[Site]:
    """The sites that the marks of a project tell."""
    found: list[Site] = []
    for path in sorted(project.rglob("*")):
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            name = path.relative_to(project).as_posix()
            found.extend((name, number, m["role"], m["bucket"], m["path"] or "") for m in _MARK.finditer(line))
    return found


def same(site: Site, reference: Reference) -> bool:
    file, line, role, bucket, path = site
    near = abs(reference.line - line) <= LINES_APART
    place = fnmatchcase(bucket, reference.bucket) and reference.prefix == path
    return (reference.file, reference.role) == (file, role) and near and place


@pytest.mark.parametrize("project", PROJECTS)
def test_every_site_of_a_project_is_found_and_nothing_else(project: str) -> None:
    sites = marked(FIXTURES / project)
    found = operations(scan_checkout(FIXTURES / project, env="prod").references)
    missed = [site for site in sites if not any(same(site, reference) for reference in found)]
    wrong = [
        (reference.file, reference.line, reference.role, reference.bucket, reference.prefix)
        for reference in found
        if not any(same(site, reference) for site in sites)
    ]
    assert sites
    assert (missed, wrong) == ([], [])


def test_an_address_that_nothing_follows_is_named_where_it_stands() -> None:
    found = scan_checkout(FIXTURES / "services", env="prod").references
    named = [(one.bucket, one.prefix, one.line) for one in found if one.role == "reference" and one.kind == "code"]
    assert named == [("tide-prod", "signs/left.png", 8)]


def test_a_job_whose_name_ends_as_that_of_a_test_is_still_a_job(tmp_path: Path) -> None:
    source = (FIXTURES / "services" / "harbour" / "carry.py").read_text(encoding="utf-8")
    for name in ("carry.py", "carry_to_test.py"):
        (tmp_path / name).write_text(source, encoding="utf-8")
    found = operations(scan_checkout(tmp_path, env="prod").references)
    carried = [(one.role, one.prefix, one.line) for one in found if one.file == "carry.py"]
    assert carried
    assert [(one.role, one.prefix, one.line) for one in found if one.file == "carry_to_test.py"] == carried

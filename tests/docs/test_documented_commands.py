"""Every command line in the README and the documentation runs, page by page, on a lake behind the sandbox server.

What needs the live service is marked in the page (`<!-- live: why -->`); our own commands must still accept such lines.
"""

import base64
import io
import json
import os
import re
import shlex
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from documented import Block, accept, blocks
from thermocline.cli.app import run
from thermocline.sandbox.lake import Lake, seed_server
from thermocline.sandbox.server.run import Server, running_server

ROOT = Path(__file__).parents[2]
SINK = "my-log-sink"
# Programs of others that pages may name outside of marked blocks: how to install, how to sign in.
SETUP = {"pip", "pipx", "gcloud", "make", "git", "cd"}
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@dataclass(frozen=True)
class World:
    """The bucket, the log sink and the checkout that the pages speak of."""

    lake: Lake
    server: Server
    home: Path

    def real(self, line: str) -> str:
        """The page's line with our lake's bucket in place of the reader's."""
        return re.sub(r"\bmy-bucket\b", self.lake.bucket, line)


@pytest.fixture(scope="module")
def world(small_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("home")
    (home / "src").mkdir()
    (home / "src" / "my-pipelines").symlink_to(small_lake.checkout_path)
    with running_server() as server:
        seed_server(small_lake, server.url)
        _fill_sink(server, small_lake)
        yield World(small_lake, server, home)


def _fill_sink(server: Server, lake: Lake) -> None:
    body = json.dumps({"name": SINK, "location": "EU"}).encode()
    request = urllib.request.Request(  # noqa: S310 - the sandbox server
        f"{server.url}/storage/v1/b?project=p", data=body, headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).close()  # noqa: S310 - the sandbox server
    files = [
        {"name": path.relative_to(lake.logs_dir).as_posix(), "data": base64.b64encode(path.read_bytes()).decode()}
        for path in lake.log_files()
    ]
    server.control("POST", "objects", {"bucket": SINK, "objects": files})


@pytest.fixture
def desk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, as the reader's terminal would show it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(world.home))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", world.server.url)
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "inventory").symlink_to(world.lake.inventory_path.parent)
    return tmp_path


def perform(world: World, page: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the page's own commands one after the other; returns those that ran."""
    performed = []
    for block in blocks(page):
        for line in block.commands:
            words = [os.path.expanduser(word) for word in shlex.split(world.real(line))]  # noqa: PTH111 - a shell's
            if block.live or words[0] in SETUP:
                continue
            assert words[0] == "thermocline", f"{page.name}:{block.line}: {line}"
            # Somebody at the terminal who types the number of the phase when asked for it.
            monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
            assert run(words[1:]) == block.exit_code, f"{page.name}:{block.line}: {line}"
            performed.append(line)
    return performed


def test_the_readme_works(world: World, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    performed = perform(world, ROOT / "README.md", monkeypatch)
    assert len(performed) >= 8
    assert (desk / "plan.json").exists()


def test_the_tutorial_works(world: World, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(perform(world, ROOT / "docs" / "tutorial.md", monkeypatch)) >= 8
    assert (desk / "tutorial" / "plan.json").exists()


def test_the_guides_work_one_after_the_other(world: World, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    performed = perform(world, ROOT / "docs" / "how-to" / "real-bucket.md", monkeypatch)
    performed += perform(world, ROOT / "docs" / "how-to" / "migrate.md", monkeypatch)
    assert len(performed) >= 18
    assert (desk / "report").is_dir()
    state = world.server.control("GET", "state")["buckets"]
    assert len(state) > 3


RUN_ABOVE = {"README.md", "tutorial.md", "real-bucket.md", "migrate.md"}


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in RUN_ABOVE], ids=lambda page: str(page.name)
)
def test_other_pages_hold_only_lines_that_are_marked_or_run(
    world: World, desk: Path, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [line for block in blocks(page) if not block.live for line in block.commands]
    assert perform(world, page, monkeypatch) == [line for line in here if shlex.split(line)[0] not in SETUP]


def _thermocline_lines() -> list[tuple[str, str]]:
    found: list[Block] = [block for page in PAGES for block in blocks(page)]
    lines = [(f"{block.page.name}:{block.line}", line) for block in found for line in block.commands]
    return [(where, line) for where, line in lines if shlex.split(line)[0] == "thermocline"]


@pytest.mark.parametrize(("where", "line"), [pytest.param(*both, id=both[0]) for both in _thermocline_lines()])
def test_every_line_is_accepted_by_its_command(where: str, line: str) -> None:
    """Options and arguments parse, for the lines that cannot run here, too."""
    words = shlex.split(line)[1:]
    assert accept(words) or not [word for word in words if word.startswith("-")]


def test_make_targets_that_pages_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = {
        word for line in re.findall(r"(?:`|^    )make ([a-z -]+)", text, flags=re.MULTILINE) for word in line.split()
    }
    assert named - targets == set()

"""What holds for every single command: it is in the table of permissions, or it opens no connection at all."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from every_command import registry, without_api
from needed_permissions import NEEDED, OFFLINE, REHEARSALS
from torture_world import World, required

MakeWorld = Callable[[int], World]


def is_form_of(form: str, command: str) -> bool:
    """Whether a row of the table, such as `execute --dry-run`, is about a command."""
    return form == command or form.startswith(f"{command} ")


def test_every_command_is_accounted_for() -> None:
    proven = {command for command in registry() if any(is_form_of(form, command) for form in NEEDED)}
    assert proven | set(OFFLINE) | set(REHEARSALS) == registry()
    # No row is about a command that does not exist.
    assert [form for form in NEEDED if not any(is_form_of(form, command) for command in registry())] == []


@required("a command that needs no permission", "it opens no connection: nothing leaves the machine")
def test_the_others_open_no_connection(new_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = new_world(0)
    world.fill(3)
    world.write_plan()
    assert world.execute().exit_code == 0
    tried: list[Any] = []

    def refuse(_: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError(address)

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    ran = set()
    for line in without_api(tmp_path, world.plan):
        code, said = line.run()
        assert code in line.codes, (line, said)
        ran.add(line.command)
    assert ran == set(OFFLINE)
    assert tried == []
    with pytest.raises(ConnectionRefusedError), socket.socket() as probe:
        probe.connect(("127.0.0.1", 9))

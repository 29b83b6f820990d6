"""What holds for every single command: it is in the table of permissions, or it opens no connection at all."""

import logging
import socket
import traceback
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import Credentials

from bigquery_double import SINK, running_bigquery
from every_command import registry, with_api, without_api
from executor.credentials import Anonymous
from hand_made_plan import SOURCE
from log_entries import entry
from logging_double import LoggingDouble, running_logging
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


SECRET = "ya29.very-secret-token"  # noqa: S105 - that is what must not be found
EVERY = sorted({one for needs in NEEDED.values() for one in (*needs.source, *needs.target, *needs.tidy)})


class Token(Credentials):
    """Credentials that hold a token, and show it to the service as real ones do."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library ships no type information
        self.token = SECRET

    def refresh(self, request: Any) -> None:
        """Nothing to do: the token is good."""


def _bug(*_: object, **__: object) -> None:
    raise RuntimeError("a bug")


@required(
    "every command with credentials: with debug logs on, refused by the services, dying of a bug",
    "the token reaches the service; it is in no output, log, trace or file",
)
@pytest.mark.parametrize("ending", ["good", "refused", "bug"])
def test_no_command_tells_a_secret(
    new_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ending: str
) -> None:
    async def header(_: Anonymous) -> str:
        return f"Bearer {SECRET}"

    world = new_world(0)
    world.fill(3)
    world.write_plan()
    monkeypatch.setattr(Anonymous, "header", header)
    monkeypatch.setattr("google.auth.credentials.AnonymousCredentials", Token)
    monkeypatch.setenv("WAREHOUSE_PASSWORD", SECRET)
    caplog.set_level(logging.DEBUG)
    # Without the token every request is refused.
    grant = {"principal": "mover@example.com", "permissions": {"*": EVERY if ending == "good" else []}}
    world.server.control("POST", "iam", {"tokens": {SECRET: grant}})
    double = LoggingDouble([entry("a/1")])
    double.granted = double.granted if ending == "good" else frozenset()
    said, ran = [], set()
    with running_logging(double) as logging_url, running_bigquery() as (bigquery, bigquery_url):
        bigquery.add_table("logs", "cloudaudit", SINK, [])
        bigquery.granted = bigquery.granted if ending == "good" else frozenset()
        if ending == "bug":
            monkeypatch.setattr("executor.wire.Wire.exchange", _bug)
            monkeypatch.setattr("requests.Session.request", _bug)
        lines = list(with_api(tmp_path, world.plan, SOURCE, 3, logging_url, bigquery_url))
        for line in chain(lines[:-2], without_api(tmp_path, world.plan), lines[-2:]):
            ran.add(line.command)
            try:
                code, text = line.run()
                assert code in line.codes or (ending != "good" and code in {1, 2, 3, 4}), (line, text)
            except RuntimeError:
                assert ending == "bug"
                # What the interpreter would print.
                text = traceback.format_exc()
            said.append(text)
    assert ran == registry() - set(REHEARSALS)
    assert ending != "bug" or sum("a bug" in text for text in said) >= 6
    said += [record.getMessage() for record in caplog.records]
    folders = (tmp_path, world.directory)
    said += [path.read_bytes().decode(errors="replace") for one in folders for path in one.rglob("*") if path.is_file()]
    assert caplog.records
    assert [text[:300] for text in said if SECRET in text or "Bearer" in text] == []

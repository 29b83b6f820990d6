"""Commands and webhooks of the user: end-to-end checks, and messages on finish, failure and late readers.

A command is split like a shell would, but no shell runs it; facts travel in THERMOCLINE_* variables, so that no object
name can become code. A webhook gets the facts as JSON.
"""

import asyncio
import os
import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from executor.errors import MoveRefused

TIMEOUT_SECONDS = 600
WEBHOOK_SECONDS = 15


def program_of(command: str) -> str:
    """What may be said and written of a command: its first word. Its arguments may be secrets."""
    return command.split(maxsplit=1)[0] if command.strip() else command


async def run_check(command: str, facts: Mapping[str, str]) -> int:
    """Run a command; returns its exit code, 124 when it took longer than ten minutes."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise MoveRefused(
            f"the command that begins with {program_of(command)!r} cannot be split ({error})",
            "mend the quotes in [executor]",
        ) from None
    environment = {**os.environ, **{f"THERMOCLINE_{name}": value.replace("\0", "") for name, value in facts.items()}}
    try:
        process = await asyncio.create_subprocess_exec(
            *words, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        raise MoveRefused(
            f"the command {words[0]!r} cannot be run ({error.strerror})", "mend it in [executor]"
        ) from None
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        return 124


async def tell(hook: str | None, facts: Mapping[str, Any]) -> str | None:
    """Call a hook (a command, or an http(s) address); returns a sentence when it did not work.

    A message that cannot be delivered must not undo or stop a migration, so nothing is raised.
    """
    if hook is None:
        return None
    try:
        if hook.startswith(("http://", "https://")):
            return await _post(hook, facts)
        code = await run_check(hook, {name.upper(): str(value) for name, value in facts.items()})
    except MoveRefused as error:
        return str(error)
    return None if code == 0 else f"the hook ended with exit code {code}: {program_of(hook)}"


async def _post(address: str, facts: Mapping[str, Any]) -> str | None:
    import aiohttp

    body = msgspec.json.encode(dict(facts))
    timeout = aiohttp.ClientTimeout(total=WEBHOOK_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.post(address, data=body, headers={"Content-Type": "application/json"}) as answer,
        ):
            host = answer.url.host
            return None if answer.status < 300 else f"the webhook at {host} answered {answer.status}"
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return f"the webhook cannot be reached ({type(error).__name__})"

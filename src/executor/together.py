"""Running several things at once, so that the first error stops the rest and comes out as itself."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def all_of(parts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Await every part; on the first error cancel the others, wait for them, and raise that error (not a group)."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise

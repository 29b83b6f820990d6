"""Ctrl-C: the first asks to stop after what is in flight, the second stops at once. The journal allows for both."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from executor.feeding import Stop

T = TypeVar("T")


def run_interruptible(work: Coroutine[Any, Any, T], stop: Stop, say: Callable[[str], None]) -> T:
    """Run `work` to its end; raises KeyboardInterrupt when it was stopped at once."""

    async def guarded() -> T:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work)

        def on_signal() -> None:
            if stop.requested:
                task.cancel()
                return
            stop.requested = True
            say("stopping after what is in flight; interrupt again to stop at once")

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, on_signal)
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    return asyncio.run(guarded())

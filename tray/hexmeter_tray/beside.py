"""Work beside the event loop: tasks that are kept alive, and calls that block, on threads of their own."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_tasks: set[asyncio.Task[None]] = set()


def spawn(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` beside the rest; it handles its own errors."""
    task = asyncio.get_running_loop().create_task(work)
    # The loop itself holds tasks only weakly.
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def in_thread(work: Callable[[], Answer]) -> Answer:
    """What `work` returns or raises, done on a thread of its own that ends with the process.

    An executor's threads would keep the process from ending while the daemon takes its time to answer.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Answer] = loop.create_future()

    def settle(value: Answer | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]  # a value of None is what `work` returned

    def run() -> None:
        value, failure = None, None
        try:
            value = work()
        except Exception as error:  # handed to whoever awaits it
            failure = error
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, daemon=True).start()
    return await answer

"""Runs an HttpServer with a handler of the test's own, in a thread, on loopback or on a Unix socket."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hexmeter.wire.httpd import Handler, HttpServer


@contextmanager
def serving(handler: Handler, *, path: Path | None = None, **options: Any) -> Iterator[str]:
    """Serve until the block ends; the root URL, or the socket's path where one was given."""
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    started: list[str] = []
    ready = threading.Event()

    async def serve() -> None:
        http = HttpServer(handler, **options)
        if path is None:
            server = await asyncio.start_server(http.accept, "127.0.0.1", 0)
            started.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        else:
            server = await asyncio.start_unix_server(http.accept, path)
            started.append(str(path))
        ready.set()
        await ended.wait()
        server.close()
        await http.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()

"""A line on the terminal while the daemon polls for a command: the budget of requests may hold it back for minutes."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from hexmeter.wire.client import Client

_LONGEST_S = 3600.0
_SHOWN_EVERY_S = 1.0
_CLEAR = "\r\x1b[K"


def post_and_wait(daemon: Client, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The daemon's answer to what makes it poll; on a terminal it is shown for how long that has taken."""
    with _counting("The daemon asks Hex, as its budget of requests allows"):
        return daemon.post(path, body, timeout_s=_LONGEST_S)


@contextlib.contextmanager
def _counting(what: str) -> Iterator[None]:
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    counter = threading.Thread(target=_count, args=(what, over), daemon=True)
    counter.start()
    try:
        yield
    finally:
        over.set()
        counter.join()


def _count(what: str, over: threading.Event) -> None:
    """Show the seconds until `over`; the line is gone then, and never there for what is quick."""
    began_s, shown = time.monotonic(), False
    while not over.wait(_SHOWN_EVERY_S):
        print(f"{_CLEAR}{what}: {time.monotonic() - began_s:.0f} s", end="", file=sys.stderr, flush=True)
        shown = True
    if shown:
        print(_CLEAR, end="", file=sys.stderr, flush=True)

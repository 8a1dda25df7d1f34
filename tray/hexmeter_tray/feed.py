"""The daemon from the event loop's side: its events, by a thread of their own."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

from hexmeter.wire.client import Client, ClientError, DaemonAbsent

FIRST_RETRY_S = 1.0
# Asking a socket that is not there costs next to nothing, and a daemon that is back should show at once.
LAST_RETRY_S = 5.0


class Feed:
    """Follows the daemon's events and connects again when it comes back, calling back on the running loop.

    `on_event` gets each event's name and document; `on_lost` a reason, empty if the daemon is merely not running.
    """

    def __init__(
        self, client: Client, on_event: Callable[[str, dict[str, Any]], None], on_lost: Callable[[str], None]
    ) -> None:
        self._client = client
        self._on_event = on_event
        self._on_lost = on_lost

    def start(self) -> None:
        """Begin, on a thread that ends with the process: it waits in the daemon's socket most of the time."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._follow, args=(loop,), name="events", daemon=True).start()

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        pause = threading.Event()
        delay_s = FIRST_RETRY_S
        with contextlib.suppress(RuntimeError):  # the loop is closed: the tray is ending
            while True:
                heard, reason = self._listen(loop)
                loop.call_soon_threadsafe(self._on_lost, reason)
                delay_s = FIRST_RETRY_S if heard else delay_s
                pause.wait(delay_s)
                delay_s = min(delay_s * 2, LAST_RETRY_S)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> tuple[bool, str]:
        """Pass on events until the stream ends: whether there were any, and what went wrong."""
        heard = False
        try:
            for event, document in self._client.events():
                heard = True
                loop.call_soon_threadsafe(self._on_event, event, document)
        except DaemonAbsent:
            return heard, ""
        except ClientError as error:
            return heard, error.message
        return heard, ""

"""Notifications by plyer: for Windows and macOS, and by choice on Linux. It shows, and no more: no buttons, no answer.

Each notice is shown by a process of its own: plyer blocks for as long as the service hangs, and a process can be
ended. On Linux it is silent when nobody listens, so the service is asked before whether it is there and answers.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING

from hexmeter_tray import texts
from hexmeter_tray.failures import CallFailed, NoAnswer, ServiceAbsent
from hexmeter_tray.notify import Notice

if TYPE_CHECKING:
    from hexmeter_tray.bus import SessionBus

SHOW_TIMEOUT_S = 6.0
_ANSWER_TIMEOUT_S = 3.0
_SERVICE = "org.freedesktop.Notifications"
_REASON_BYTES = 300


class PlyerNotifier:
    """`bus` is the session's; on Windows and macOS there is none, and nobody is asked. `on_available` is called when
    the service appears. `command` starts the process that shows one notice."""

    def __init__(
        self,
        bus: "SessionBus | None",
        on_available: Callable[[], None],
        *,
        command: tuple[str, ...] = (sys.executable, "-m", "hexmeter_tray.plyershow"),
        timeout_s: float = SHOW_TIMEOUT_S,
    ) -> None:
        self._bus = bus
        self._on_available = on_available
        self._command = command
        self._timeout_s = timeout_s

    async def start(self) -> None:
        """Listen for the service to come. Raises BusError."""
        if self._bus is not None:
            await self._bus.watch_name(_SERVICE, self._on_owner)

    async def show(self, notice: Notice) -> str:
        """See Notifier."""
        abilities = await self._ask()
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=asyncio.subprocess.DEVNULL, stderr=pipe, start_new_session=True
        )
        words = json.dumps({"title": notice.title, "body": _body(notice, abilities)}).encode()
        try:
            async with asyncio.timeout(self._timeout_s):
                _, said = await process.communicate(words)
        except TimeoutError:
            await _end(process)
            raise NoAnswer(texts.plyer_hung(self._timeout_s)) from None
        except asyncio.CancelledError:
            await _end(process)
            raise
        if process.returncode:
            reason = said[-_REASON_BYTES:].decode(errors="replace").strip().splitlines()[-1:]
            raise CallFailed(texts.plyer_failed(reason[0] if reason else str(process.returncode)))
        return ""

    def adopt(self, shown: Mapping[str, Notice]) -> None:
        """See Notifier: what plyer has shown is out of reach."""

    async def withdraw(self, alerts: frozenset[int]) -> None:
        """See Notifier: likewise."""

    async def _ask(self) -> frozenset[str]:
        """What the desktop's service can do. Raises CallFailed when none answers."""
        if sys.platform != "linux":
            return frozenset()
        from hexmeter_tray.dbusnotify import ask_capabilities

        if self._bus is None:
            raise ServiceAbsent(texts.NO_BUS)
        return await ask_capabilities(self._bus, _ANSWER_TIMEOUT_S)

    def _on_owner(self, owner: str) -> None:
        if owner:
            self._on_available()


def _body(notice: Notice, abilities: frozenset[str]) -> str:
    return escape(notice.body, quote=False) if "body-markup" in abilities else notice.body


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process and the programs it has started."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()

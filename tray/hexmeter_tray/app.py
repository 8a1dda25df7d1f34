"""The tray put together: one loop, the daemon's events in, the icon, the menu and the notifications out."""

import asyncio
import hashlib
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from hexmeter.wire.client import Client, ClientError
from hexmeter_tray import links
from hexmeter_tray.bus import BusError, SessionBus
from hexmeter_tray.deliver import Courier
from hexmeter_tray.feed import Feed, in_thread
from hexmeter_tray.meters import text
from hexmeter_tray.model import Action, Facts, Refresh, View
from hexmeter_tray.notify import DbusNotifier
from hexmeter_tray.sni import SniTray
from hexmeter_tray.view import hex_link, view

log = logging.getLogger(__name__)

POLL_TIMEOUT_S = 120.0
_LAST_WORDS_S = 1.0
_DONE, _FAILED, _ALREADY_RUNNING = 0, 1, 4


class Tray(Protocol):
    """What a tray backend offers."""

    async def start(self) -> None:
        """Offer the icon to the desktop."""

    def show(self, view: View) -> None:
        """Show this view from now on."""


async def run_tray(bus_address: str, socket_path: str) -> int:
    """Be the tray of the daemon at `socket_path` until told to end; the exit code."""
    told_to_end = asyncio.Event()
    # First of all: a session may end while the tray is still starting.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
    try:
        bus = await SessionBus.connect(bus_address)
        if not await bus.own(_bus_name(socket_path)):
            say("another tray shows this configuration in this session already")
            return _ALREADY_RUNNING
        app = App(bus, Client(socket_path), told_to_end)
        await app.start()
    except BusError as error:
        say(f"the D-Bus session bus cannot be used: {error}; the tray needs one, as every desktop session has")
        return _FAILED
    return await app.run_until_told()


def say(line: str) -> None:
    """One line for whoever started the tray."""
    print(f"hexmeter-tray: {line}", file=sys.stderr)


def _bus_name(socket_path: str) -> str:
    """The name that only one tray can own per session and configuration."""
    real = os.path.realpath(socket_path)
    return f"tech.hexmeter.Tray.x{hashlib.sha256(os.fsencode(real)).hexdigest()[:16]}"


class App:
    """Keeps the facts, shows each change of them, and does what is clicked. Ends when `told_to_end` is set."""

    def __init__(self, bus: SessionBus, client: Client, told_to_end: asyncio.Event) -> None:
        self._bus = bus
        self._client = client
        self._facts = Facts()
        self._view: View | None = None
        self._told_to_end = told_to_end
        self._tray: Tray = SniTray(bus, self._on_action, self._show)
        self._notifier = DbusNotifier(
            bus,
            on_seen=lambda notice: self._courier.on_seen(notice),
            on_link=lambda link: bus.spawn(links.open_link(link)),
            on_available=lambda: self._courier.on_available(),
            can_open=lambda link: links.openable(link, hex_link(self._facts.status)),
        )
        claimant = f"tray-{os.getpid()}-{os.urandom(6).hex()}"
        self._courier = Courier(self._post, self._notifier, claimant)

    async def start(self) -> None:
        """Offer the icon, listen to the desktop and to the daemon. Raises BusError."""
        self._show()
        await self._tray.start()
        await self._notifier.start()
        Feed(self._client, self._on_event, self._on_lost).start()

    async def run_until_told(self) -> int:
        """Run until Quit, a signal or the end of the session; the exit code."""
        loop = asyncio.get_running_loop()
        told = loop.create_task(self._told_to_end.wait())
        lost = loop.create_task(self._bus.wait_until_lost())
        await asyncio.wait({told, lost}, return_when=asyncio.FIRST_COMPLETED)
        if not told.done():
            say(f"the D-Bus session bus went away ({lost.result()})")
            return _FAILED
        await self._courier.finish(_LAST_WORDS_S)
        self._bus.disconnect()
        await lost
        return _DONE

    def _show(self) -> None:
        now = view(self._facts, int(time.time() * 1000), None)
        if now != self._view:
            self._view = now
            self._tray.show(now)

    def _change(self, facts: Facts) -> None:
        self._facts = facts
        self._show()

    def _on_event(self, event: str, document: dict[str, Any]) -> None:
        if event == "status":
            self._change(replace(self._facts, status=document, trouble=""))
        elif event == "alerts":
            self._change(replace(self._facts, alerts=_active(document)))
            pending = document.get("pending")
            self._courier.on_alerts(pending if isinstance(pending, int) else 0)

    def _on_lost(self, reason: str) -> None:
        self._change(replace(self._facts, status=None, alerts=(), trouble=reason))

    def _on_action(self, action: Action) -> None:
        if action is Action.REFRESH and self._facts.status is not None and not self._facts.refresh.running:
            self._bus.spawn(self._refresh())
        elif action is Action.OPEN_HEX and (link := hex_link(self._facts.status)):
            self._bus.spawn(links.open_link(link))
        elif action is Action.QUIT:
            self._told_to_end.set()

    async def _refresh(self) -> None:
        self._change(replace(self._facts, refresh=Refresh(running=True)))
        try:
            answer = await in_thread(lambda: self._client.post("/v1/poll", {}, timeout_s=POLL_TIMEOUT_S))
            result = _refreshed(answer)
        except ClientError as error:
            result = Refresh(error=error.message)
        self._change(replace(self._facts, refresh=replace(result, at_ms=int(time.time() * 1000))))

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await in_thread(lambda: self._client.post(path, body))


def _active(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    active = document.get("active")
    return tuple(alert for alert in active if isinstance(alert, Mapping)) if isinstance(active, list) else ()


def _refreshed(answer: Mapping[str, Any]) -> Refresh:
    if answer.get("ok") is not True:
        return Refresh(error=text(answer.get("error")) or "see the daemon's log")
    increases = answer.get("increases")
    return Refresh(increases=increases if isinstance(increases, int) else 0)

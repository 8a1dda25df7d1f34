"""The tray put together: one loop, the daemon's events in, the icon, the menu and the notifications out."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from hexmeter import __version__
from hexmeter.core.backends import DBUS, SNI
from hexmeter.core.strings import clean
from hexmeter.wire.client import Client
from hexmeter_tray import texts
from hexmeter_tray.backends import Choice, Surroundings
from hexmeter_tray.beside import in_thread, spawn
from hexmeter_tray.deeds import Deeds, starts_at_login
from hexmeter_tray.deliver import Courier, parse_shown
from hexmeter_tray.entries import hex_link
from hexmeter_tray.failures import CallFailed
from hexmeter_tray.feed import Feed
from hexmeter_tray.lines import changes_at
from hexmeter_tray.meters import text
from hexmeter_tray.model import Action, Facts, MenuItem, View
from hexmeter_tray.notify import Notice, Notifier, dressed
from hexmeter_tray.settings import Settings
from hexmeter_tray.view import view

if TYPE_CHECKING:
    from hexmeter_tray.bus import SessionBus

log = logging.getLogger(__name__)

_LAST_WORDS_S = 1.0
_ASK_TIMEOUT_S = 5.0
_LONGEST_WAIT_S = 300.0
"""The loop's clock stands still while the machine sleeps, and a set clock does not move it."""


class Tray(Protocol):
    """What a tray backend offers."""

    async def start(self) -> None:
        """Offer the icon to the desktop. Raises BusError or TrayError."""

    def show(self, view: View) -> None:
        """Show this view from now on."""

    async def wait_until_lost(self) -> str:
        """Wait for the end of the session; why the icon is gone."""

    def stop(self) -> None:
        """Take the icon away."""


@dataclass(frozen=True, slots=True)
class Backends:
    """How the icon and the notifications are shown; neither choice is none. `any_panel`: the icon may change over, on
    this desktop, where a panel of the other kind comes."""

    tray: Choice
    notify: Choice
    any_panel: Surroundings | None = None


class App:
    """Keeps the facts, shows each change of them, and does what is clicked. Ends when `told_to_end` is set."""

    def __init__(
        self, bus: "SessionBus | None", backends: Backends, settings: Settings, told_to_end: asyncio.Event
    ) -> None:
        self._bus = bus
        self._backends = backends
        self._settings = settings
        self._client = Client(settings.socket)
        self._client.absent_hint = texts.absent_hint(settings.config)
        self._told_to_end = told_to_end
        self._facts = Facts(at_login=starts_at_login(settings.config), config=settings.config)
        self._view = view(self._facts, _now_ms(), None)
        self._choice: Callable[[], Choice] = lambda: backends.tray
        self._tray = self._new_tray()
        self._notifier = self._new_notifier()
        self._has_adopted = False
        self._timer: asyncio.TimerHandle | None = None
        self._deeds = Deeds(self._post, lambda: self._facts, self._change, self._tell, self._about, settings.config)
        claimant = f"tray-{os.getpid()}-{os.urandom(6).hex()}"
        self._courier = Courier(
            lambda path, body: self._post(path, body, None), self._notifier, claimant, dress=self._dress
        )

    async def start(self) -> None:
        """Offer the icon, listen to the desktop and to the daemon. Raises BusError or TrayError."""
        await self._tray.start()
        await self._notifier.start()
        Feed(self._client, self._on_event, self._on_lost).start()

    async def run_until_told(self) -> str:
        """Run until Quit, a signal or the end of the session; then why, empty for the first two."""
        loop = asyncio.get_running_loop()
        told = loop.create_task(self._told_to_end.wait())
        ends = [loop.create_task(self._tray.wait_until_lost())]
        if self._bus is not None:
            ends.append(loop.create_task(_bus_lost(self._bus)))
        await asyncio.wait({told, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if not told.done():
            return next(end.result() for end in ends if end.done())
        await self._courier.finish(_LAST_WORDS_S)
        self._tray.stop()
        if self._bus is not None:
            self._bus.disconnect()
            await self._bus.wait_until_lost()
        return ""

    def _new_tray(self) -> Tray:
        if self._backends.any_panel is not None:
            from hexmeter_tray.anypanel import AnyPanelTray

            assert self._bus is not None
            tray = AnyPanelTray(
                self._bus, self._backends.any_panel, self._view, self._on_action, self._on_click, self._on_open
            )
            self._choice = tray.choice
            return tray
        if self._backends.tray.backend == SNI:
            from hexmeter_tray.sni import SniTray

            assert self._bus is not None
            return SniTray(self._bus, self._view, self._on_action, self._on_click, self._on_open)
        if os.name == "posix" and os.uname().sysname != "Darwin":
            from hexmeter_tray.xtray import XTray

            return XTray(self._on_action, self._view)
        from hexmeter_tray.nativetray import NativeTray

        return NativeTray(self._on_action, self._on_click, self._view)

    def _new_notifier(self) -> Notifier:
        bus = self._bus
        if self._backends.notify.backend == DBUS:
            from hexmeter_tray.dbusnotify import DbusNotifier

            assert bus is not None
            return DbusNotifier(
                bus,
                on_seen=lambda notice: self._courier.on_seen(notice),
                on_closed=lambda notice: self._courier.on_closed(notice),
                on_action=self._on_button,
                on_available=lambda: self._courier.on_available(),
            )
        from hexmeter_tray.plyernotify import PlyerNotifier

        return PlyerNotifier(bus, on_available=lambda: self._courier.on_available())

    def _show(self) -> None:
        if self._told_to_end.is_set():
            return  # What it is shown on is being taken away.
        now_ms = _now_ms()
        now = view(self._facts, now_ms, None)
        if now != self._view:
            self._view = now
            self._tray.show(now)
        self._look_again(now_ms)

    def _look_again(self, now_ms: int) -> None:
        """Show the change that time alone makes, when it comes: a daemon that hangs tells none."""
        if self._timer is not None:
            self._timer.cancel()
        status = self._facts.status
        at_ms = changes_at(status, now_ms) if status is not None else None
        self._timer = None
        if at_ms is not None:
            after_s = min((at_ms - now_ms) / 1000, _LONGEST_WAIT_S)
            self._timer = asyncio.get_running_loop().call_later(after_s, self._show)

    def _change(self, facts: Facts) -> None:
        self._facts = facts
        self._show()

    def _on_event(self, event: str, document: dict[str, Any]) -> None:
        if self._told_to_end.is_set():
            return
        if event == "status":
            self._change(replace(self._facts, status=document, trouble=""))
        elif event == "alerts":
            alerts, silences = _rows(document, "active"), _rows(document, "silences")
            self._change(replace(self._facts, alerts=alerts, silences=silences))
            if not self._has_adopted:
                # Only the first time: from then on it is this process that shows them.
                self._has_adopted = True
                self._notifier.adopt(parse_shown(document, hex_link(self._facts.status)))
            pending, withdrawn = document.get("pending"), document.get("withdrawn")
            moot = frozenset(withdrawn) if isinstance(withdrawn, list) else frozenset[int]()
            self._courier.on_alerts(pending if isinstance(pending, int) else 0, moot)

    def _on_lost(self, reason: str) -> None:
        self._change(replace(self._facts, status=None, alerts=(), silences=(), trouble=reason))

    def _on_open(self) -> None:
        # Time has gone on, and `hexmeter service install --tray` writes the same file as the check box.
        self._change(replace(self._facts, at_login=starts_at_login(self._settings.config)))

    def _on_click(self, item: MenuItem) -> None:
        if item.action is not None:
            self._on_action(item.action, () if item.target is None else (item.target,), item.what)

    def _on_action(self, action: Action, alerts: tuple[int, ...] = (), what: str = "") -> None:
        if action is Action.QUIT:
            self._told_to_end.set()
        else:
            self._deeds.do(action, alerts, what=what)

    def _on_button(self, notice: Notice, action: Action) -> None:
        self._deeds.do(action, notice.alerts, notice.link)

    def _dress(self, notice: Notice) -> Notice:
        return dressed(notice, self._facts.alerts, hex_link(self._facts.status))

    def _tell(self, notice: Notice) -> None:
        """Show a message of our own; it is said in the log where that cannot be done."""

        async def show() -> None:
            try:
                async with asyncio.timeout(_ASK_TIMEOUT_S):
                    await self._notifier.show(notice)
            except (CallFailed, TimeoutError):
                log.warning("%s: %s", notice.title, notice.body)

        spawn(show())

    def _about(self) -> str:
        facts = self._facts
        none = clean(facts.trouble) or texts.ABSENT
        daemon = none if facts.status is None else texts.daemon_of(text(facts.status.get("version"), 20))
        tray, notify = self._choice(), self._backends.notify
        backends = texts.backends_are(str(tray.backend), tray.reason, str(notify.backend), notify.reason)
        return texts.about(__version__, daemon, self._settings.socket, backends)

    async def _post(self, path: str, body: dict[str, Any], timeout_s: float | None) -> dict[str, Any]:
        return await in_thread(lambda: self._client.post(path, body, timeout_s=timeout_s))


async def _bus_lost(bus: "SessionBus") -> str:
    return texts.bus_lost(await bus.wait_until_lost())


def _now_ms() -> int:
    return int(time.time() * 1000)


def _rows(document: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    rows = document.get(name)
    return tuple(row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else ()

"""The tray for whichever panel comes, whenever it does: StatusNotifierItem where there is a host, else XEmbed."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from hexmeter.core.backends import AUTO
from hexmeter_tray.backends import Choice, Surroundings, choose_tray
from hexmeter_tray.bus import SessionBus
from hexmeter_tray.failures import TrayError
from hexmeter_tray.model import Action, MenuItem, View
from hexmeter_tray.sni import SniTray
from hexmeter_tray.xtray import XTray

log = logging.getLogger(__name__)

HOST_MAY_TAKE_S = 2.0
"""A panel that restarts is back within so long."""
PANEL_MAY_TAKE_S = 20.0


class AnyPanelTray:
    """See Tray and SniTray. The item for hosts is always offered; the XEmbed icon exists only while there is no host,
    so that no panel shows both."""

    def __init__(
        self,
        bus: SessionBus,
        around: Surroundings,
        view: View,
        on_action: Callable[[Action], None],
        on_click: Callable[[MenuItem], None],
        on_open: Callable[[], None],
    ) -> None:
        self._around = around
        self._view = view
        self._on_action = on_action
        self._item = SniTray(bus, view, on_action, on_click, on_open, self._on_host)
        self._icon: XTray | None = None
        self._life: asyncio.Task[None] | None = None
        self._timers: tuple[asyncio.TimerHandle, ...] = ()

    def choice(self) -> Choice:
        """How the icon is shown now."""
        docked = self._icon is not None and self._icon.is_docked
        return choose_tray(AUTO, replace(self._around, xembed=docked))

    async def start(self) -> None:
        """See Tray."""
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        await self._item.start()

    def show(self, view: View) -> None:
        """See Tray."""
        self._view = view
        self._item.show(view)
        if self._icon is not None:
            self._icon.show(view)

    async def wait_until_lost(self) -> str:
        """See Tray."""
        return await asyncio.shield(self._lost)

    def stop(self) -> None:
        """See Tray."""
        self._end_icon()

    def _on_host(self, present: bool) -> None:
        self._around = replace(self._around, watcher=present)
        self._end_icon()
        if not present:
            loop = asyncio.get_running_loop()
            self._timers = (
                loop.call_later(HOST_MAY_TAKE_S, self._begin_icon),
                loop.call_later(PANEL_MAY_TAKE_S, self._tell),
            )

    def _begin_icon(self) -> None:
        self._life = asyncio.get_running_loop().create_task(self._live())

    async def _live(self) -> None:
        """Have an icon for XEmbed panels until it is ended, or the X display is."""
        icon = XTray(self._on_action, self._view, patient=True)
        try:
            await icon.start()
        except TrayError as error:
            log.debug("no XEmbed icon: %s", error)
            return
        self._icon = icon
        reason = await icon.wait_until_lost()
        self._icon = None
        self._lost.set_result(reason)

    def _end_icon(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = ()
        if self._life is not None:
            self._life.cancel()
        if self._icon is not None:
            self._icon.stop()
            self._icon = None

    def _tell(self) -> None:
        problem = self.choice().problem
        if problem:
            log.warning("%s", problem)

"""The tray on X11 panels that know no StatusNotifierItem: pystray's icon, with clicks and without a menu."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from hexmeter_tray import texts
from hexmeter_tray.failures import TrayError
from hexmeter_tray.icon import draw
from hexmeter_tray.lean import trim_xlib
from hexmeter_tray.model import Action, View

if TYPE_CHECKING:
    from hexmeter_tray.xicon import MendedIcon

_MIDDLE_BUTTON = 2
_AGAIN_S = 1.0
_PATIENCE_S = 1.0


class XTray:
    """See Tray. A left click does the view's default action, a middle click refreshes. A `patient` one gives a panel
    a moment to offer another way before it takes a place."""

    def __init__(self, on_action: Callable[[Action], None], view: View, *, patient: bool = False) -> None:
        self._on_action = on_action
        self._patience_s = _PATIENCE_S if patient else 0.0
        self._view = view
        self._icon: MendedIcon | None = None
        self._ended = threading.Event()

    @property
    def is_docked(self) -> bool:
        """Whether a panel shows the icon."""
        return self._icon is not None and self._icon.is_docked

    async def start(self) -> None:
        """Connect to the X display, and live there on a thread of its own. Raises TrayError."""
        self._loop = asyncio.get_running_loop()
        self._lost: asyncio.Future[str] = self._loop.create_future()
        # Its other backends for Linux need GTK.
        os.environ["PYSTRAY_BACKEND"] = "xorg"
        try:
            trim_xlib()
            # Importing pystray opens the display, and raises what the X library does.
            self._icon = self._new_icon()
        except Exception as error:
            raise TrayError(texts.x11_failed(str(error) or type(error).__name__)) from None
        threading.Thread(target=self._live, name="icon", daemon=True).start()

    def show(self, view: View) -> None:
        """Show this view from now on."""
        shown, self._view = self._view, view
        if self._icon is not None and (view.icon, view.title) != (shown.icon, shown.title):
            self._icon.refresh()

    def stop(self) -> None:
        """Take the icon away."""
        self._ended.set()
        if self._icon is not None:
            self._icon.end()

    async def wait_until_lost(self) -> str:
        """Wait for the end of the X display; why it ended."""
        return await asyncio.shield(self._lost)

    def _new_icon(self) -> "MendedIcon":
        from hexmeter_tray.xicon import MendedIcon

        paint, title = (lambda side: draw(self._view.icon, side)), (lambda: self._view.title)
        return MendedIcon(paint, title, self._on_button, self._on_panel)

    def _on_panel(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the tray is ending
            self._loop.call_soon_threadsafe(self._loop.call_later, self._patience_s, self._dock)

    def _dock(self) -> None:
        if self._icon is not None:
            self._icon.dock()

    def _on_button(self, number: int) -> None:
        action = Action.REFRESH if number == _MIDDLE_BUTTON else self._view.default if number == 1 else None
        if action is not None:
            self._loop.call_soon_threadsafe(self._on_action, action)

    def _live(self) -> None:
        """Be on the panel until told to end. A panel that ends takes the window along: then another is made."""
        reason = ""
        try:
            while self._icon is not None and not self._ended.is_set():
                self._icon.live()
                if not self._ended.wait(_AGAIN_S):
                    self._icon = self._new_icon()
        except Exception as error:  # whatever the X library raises when its server goes away
            reason = str(error) or type(error).__name__
        with contextlib.suppress(RuntimeError):  # the loop is closed: the tray is ending
            self._loop.call_soon_threadsafe(self._tell_lost, reason)

    def _tell_lost(self, reason: str) -> None:
        if not self._lost.done() and not self._ended.is_set():
            self._lost.set_result(texts.x11_lost(reason))

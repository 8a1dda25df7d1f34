"""pystray's icon for X11 with its faults mended; importing this opens the X display and may fail.

As it comes, pystray hears no clicks, takes no title outside latin-1, loses the transparency, is killed by a host that
ends, and does not return to the next. Everything here runs on the thread that calls `live`, but
`refresh`, `dock` and `end`, which only leave an order for it: where two threads speak to the server, the X library
now and then loses the answer that one of them waits for.
"""

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pystray
import Xlib.error
from pystray import _xorg
from Xlib import X

from hexmeter_tray import texts

if TYPE_CHECKING:
    from PIL.Image import Image

_NO_BACKGROUND = (0, 0, 0)
_REFRESH, _DOCK, _END = b"rde"
_ORDERS_AT_ONCE = 64


class MendedIcon(_xorg.Icon):  # type: ignore[misc]  # pystray ships no types
    """`paint` gives the icon for a side in pixels, `title` the words for it; `on_button` gets each click's number,
    1 being the left one, which is also the default entry of pystray's menu. `on_panel` is called when there
    may be a panel that has not been asked for a place; `dock` asks it."""

    _systray_manager: Any

    def __init__(
        self,
        paint: "Callable[[int], Image]",
        title: Callable[[], str],
        on_button: Callable[[int], None],
        on_panel: Callable[[], None],
    ) -> None:
        self._on_panel = on_panel
        self._paint = paint
        self._words = title
        self._on_button = on_button
        self._orders, self._orders_in = socket.socketpair()
        self._orders_in.setblocking(False)
        default = pystray.MenuItem(texts.APP_NAME, lambda: on_button(1), default=True)
        super().__init__(texts.APP_NAME, paint(22), texts.APP_NAME, pystray.Menu(default))
        # The X library's own handler prints; what matters here raises, and the rest is a window that is gone.
        self._display.set_error_handler(lambda *_: None)
        self._pystray_message = self._message_handlers[X.ClientMessage]
        self._message_handlers[X.ClientMessage] = self._on_message

    def live(self) -> None:
        """Be on the panel, whenever there is one, until `end` or until the window is destroyed.

        Raises ConnectionClosedError when the X server goes away.
        """
        self._thread = threading.current_thread()
        self._name_window()
        self._on_panel()
        try:
            self._mainloop()
            self._display.close()
        finally:
            self._orders.close()
            self._orders_in.close()

    @property
    def is_docked(self) -> bool:
        """Whether a panel has been asked for a place, and is there still."""
        return self._systray_manager is not None

    def refresh(self) -> None:
        """Paint and name the icon anew, soon; from any thread."""
        self._leave(_REFRESH)

    def dock(self) -> None:
        """Ask the panel for a place, soon; from any thread."""
        self._leave(_DOCK)

    def end(self) -> None:
        """Take the icon away, soon; from any thread."""
        self._leave(_END)

    def __del__(self) -> None:
        """`live` has closed the display; pystray would do so again."""

    def _leave(self, order: int) -> None:
        with contextlib.suppress(OSError):  # `live` is over; or it hangs, with many orders left
            self._orders_in.send(bytes((order,)))

    def _create_atoms(self) -> None:
        super()._create_atoms()
        self._manager_atom = self._display.intern_atom("MANAGER")
        self._utf8_atom = self._display.intern_atom("UTF8_STRING")
        self._name_atom = self._display.intern_atom("_NET_WM_NAME")

    def _create_window(self) -> Any:
        window = super()._create_window()
        window.change_attributes(event_mask=X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask)
        # A tray that starts is announced at the root window.
        self._display.screen().root.change_attributes(event_mask=X.StructureNotifyMask)
        return window

    def _mainloop(self) -> None:
        while True:
            # What came while an answer was waited for is in the X library's hands already, where select sees nothing.
            while self._display.pending_events():
                event = self._display.next_event()
                if event.type == X.DestroyNotify and event.window == self._window:
                    return
                self._message_handlers.get(event.type, lambda _: None)(event)
            self._display.flush()
            ready, _, _ = select.select([self._display, self._orders], [], [])
            if self._orders in ready and not self._obey(self._orders.recv(_ORDERS_AT_ONCE)):
                return

    def _obey(self, orders: bytes) -> bool:
        """Do what other threads asked for; whether it goes on."""
        if _END in orders:
            self._window.destroy()
            self._display.flush()
            return False
        if _DOCK in orders:
            self._dock()
        if _REFRESH in orders:
            self._name_window()
            self._draw()
        return True

    def _on_message(self, event: Any) -> None:
        if event.client_type == self._manager_atom and event.data[1][1] == self._net_system_tray_sx:
            self._on_panel()
        else:
            self._pystray_message(event)

    def _on_button_press(self, event: Any) -> None:
        if event.detail == 1:
            self()
        else:
            self._on_button(event.detail)

    def _on_destroy_notify(self, event: Any) -> None:
        if self._systray_manager is not None and event.window.id == self._systray_manager.id:
            self._systray_manager = None
            # The server gave the window back to the root, where it would stand about.
            self._window.unmap()
            self._on_panel()

    def _dock(self) -> None:
        """Ask the tray for a place, if there is one and we have none."""
        if self._systray_manager is None:
            try:
                with _xorg.display_manager(self._display):
                    self._dock_window()
            except _xorg.XError:
                # The tray has gone meanwhile; the next one is announced.
                self._systray_manager = None

    def _name_window(self) -> None:
        words = self._words()
        self._window.set_wm_name(words.encode("latin-1", "replace").decode("latin-1"))
        self._window.change_property(self._name_atom, self._utf8_atom, 8, words.encode("utf-8"))
        self._display.flush()

    def _draw(self) -> None:
        try:
            size = self._window.get_geometry()
            picture = self._background(size.width, size.height)
            icon = self._paint(min(size.width, size.height))
            picture.paste(icon, ((size.width - icon.width) // 2, (size.height - icon.height) // 2), icon)
            self._window.put_pil_image(self._gc, 0, 0, picture)
            self._display.flush()
        except (Xlib.error.BadDrawable, Xlib.error.BadWindow):
            return  # The window was destroyed; the loop hears of it.

    def _background(self, width: int, height: int) -> "Image":
        """What the panel has behind the icon: put_image knows no transparency."""
        from PIL import Image

        try:
            with _xorg.display_manager(self._display):
                self._window.change_attributes(background_pixmap=X.ParentRelative)
                self._window.clear_area()
            seen = self._window.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF)
            return Image.frombytes("RGB", (width, height), seen.data, "raw", "BGRX")
        except (_xorg.XError, Xlib.error.XError, ValueError):
            return Image.new("RGB", (width, height), _NO_BACKGROUND)

"""org.kde.StatusNotifierItem: the icon in the panel, its tooltip and its menu, without a toolkit.

The annotations carry D-Bus signatures, so this module must not postpone their evaluation.
"""

import logging
import os
from collections.abc import Callable
from html import escape
from typing import Annotated

from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from hexmeter_tray import dbusmenu, texts
from hexmeter_tray.beside import spawn
from hexmeter_tray.bus import SessionBus
from hexmeter_tray.failures import BusError
from hexmeter_tray.icon import Pixmap, pixmaps
from hexmeter_tray.model import Action, MenuItem, View

log = logging.getLogger(__name__)

PATH = "/StatusNotifierItem"
INTERFACE = "org.kde.StatusNotifierItem"
_WATCHER, _WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"

Pixmaps = Annotated[list[Pixmap], DBusSignature("a(iiay)")]


def _tell(present: bool) -> None:
    if not present:
        log.warning("%s", texts.NO_WATCHER)


class SniTray:
    """The tray of desktops with a StatusNotifierItem host. `on_action` gets what a click on the icon asks for,
    `on_click` the menu's item; `on_open` is called before the menu shows, `on_host` with whether there is a host."""

    def __init__(
        self,
        bus: SessionBus,
        view: View,
        on_action: Callable[[Action], None],
        on_click: Callable[[MenuItem], None],
        on_open: Callable[[], None],
        on_host: Callable[[bool], None] = _tell,
    ) -> None:
        self._bus = bus
        self._on_host = on_host
        self._name = f"{INTERFACE}-{os.getpid()}-1"
        self._item = _Item(view, on_action)
        self._menu = dbusmenu.DbusMenu(view.menu, on_click, on_open)

    async def start(self) -> None:
        """Offer the icon, and register it with every watcher that appears. Raises BusError."""
        self._bus.export(dbusmenu.PATH, self._menu)
        self._bus.export(PATH, self._item)
        await self._bus.own(self._name)
        await self._bus.watch_name(_WATCHER, self._on_watcher)

    def show(self, view: View) -> None:
        """Show this view from now on; the panel is told only what changed."""
        self._menu.show(view.menu)
        self._item.show(view)

    async def wait_until_lost(self) -> str:
        """See Tray."""
        return texts.bus_lost(await self._bus.wait_until_lost())

    def stop(self) -> None:
        """The icon goes with the connection."""

    def _on_watcher(self, owner: str) -> None:
        self._on_host(bool(owner))
        if owner:
            spawn(self._register())

    async def _register(self) -> None:
        try:
            await self._bus.call(_WATCHER, _WATCHER_PATH, _WATCHER, "RegisterStatusNotifierItem", "s", [self._name])
        except BusError as error:
            log.warning("the tray host did not take the icon: %s", error)


class _Item(ServiceInterface):
    def __init__(self, view: View, on_action: Callable[[Action], None]) -> None:
        super().__init__(INTERFACE)
        self._on_action = on_action
        self._view = view

    def show(self, view: View) -> None:
        before, self._view = self._view, view
        if view.icon != before.icon:
            self.new_icon()
            self.new_attention_icon()
        if view.title != before.title:
            self.new_title()
        if (view.title, view.tooltip) != (before.title, before.tooltip):
            self.new_tool_tip()
        if view.urgent != before.urgent:
            self.new_status()

    @dbus_property(PropertyAccess.READ, name="Category")
    def category(self) -> DBusStr:
        return "ApplicationStatus"

    @dbus_property(PropertyAccess.READ, name="Id")
    def id(self) -> DBusStr:
        return "hexmeter"

    @dbus_property(PropertyAccess.READ, name="Title")
    def title(self) -> DBusStr:
        return self._view.title

    @dbus_property(PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        return self._status()

    @dbus_property(PropertyAccess.READ, name="WindowId")
    def window_id(self) -> DBusUInt32:
        return 0

    @dbus_property(PropertyAccess.READ, name="IconName")
    def icon_name(self) -> DBusStr:
        return ""

    @dbus_property(PropertyAccess.READ, name="IconAccessibleDesc")
    def icon_accessible_desc(self) -> DBusStr:
        return self._view.title

    @dbus_property(PropertyAccess.READ, name="AttentionAccessibleDesc")
    def attention_accessible_desc(self) -> DBusStr:
        return self._view.title

    @dbus_property(PropertyAccess.READ, name="IconThemePath")
    def icon_theme_path(self) -> DBusStr:
        return ""

    @dbus_property(PropertyAccess.READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        return list(pixmaps(self._view.icon))

    @dbus_property(PropertyAccess.READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        return ""

    @dbus_property(PropertyAccess.READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        return []

    @dbus_property(PropertyAccess.READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        return ""

    @dbus_property(PropertyAccess.READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        return list(pixmaps(self._view.icon))

    @dbus_property(PropertyAccess.READ, name="AttentionMovieName")
    def attention_movie_name(self) -> DBusStr:
        return ""

    @dbus_property(PropertyAccess.READ, name="ToolTip")
    def tool_tip(self) -> Annotated[tuple[str, list[Pixmap], str, str], DBusSignature("(sa(iiay)ss)")]:
        # Panels read markup here, and labels and titles are strangers' strings.
        return "", [], texts.APP_NAME, escape("\n".join(self._view.tooltip), quote=False)

    @dbus_property(PropertyAccess.READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        return True

    @dbus_property(PropertyAccess.READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        return dbusmenu.PATH

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:
        """A left click where the panel does not open the menu itself."""
        del x, y
        if self._view.default is not None:
            self._on_action(self._view.default)

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:
        """A middle click."""
        del x, y
        self._on_action(Action.REFRESH)

    @dbus_method(name="ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """The panel draws the menu from `Menu`; without a toolkit there is no other."""

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Scrolling over the icon does nothing."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None: ...

    @dbus_signal(name="NewAttentionIcon")
    def new_attention_icon(self) -> None: ...

    @dbus_signal(name="NewTitle")
    def new_title(self) -> None: ...

    @dbus_signal(name="NewToolTip")
    def new_tool_tip(self) -> None: ...

    @dbus_signal(name="NewStatus")
    def new_status(self) -> DBusStr:
        return self._status()

    def _status(self) -> str:
        # Never Passive: panels hide such icons, and a gauge nobody sees warns nobody.
        return "NeedsAttention" if self._view.urgent else "Active"

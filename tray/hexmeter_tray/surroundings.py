"""A look at the desktop the tray was started on: its screen, its session bus, who shows icons and notifications."""

import os
import sys
from typing import TYPE_CHECKING

from hexmeter.core.strings import clean
from hexmeter_tray import texts
from hexmeter_tray.backends import Surroundings
from hexmeter_tray.failures import BusError, CallFailed
from hexmeter_tray.lean import trim_xlib

if TYPE_CHECKING:
    from hexmeter_tray.bus import SessionBus

_WATCHER = "org.kde.StatusNotifierWatcher"
_NOTIFICATIONS, _NOTIFICATIONS_PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
_ANSWER_TIMEOUT_S = 3.0


async def open_bus() -> "tuple[SessionBus | None, str]":
    """The session's bus, or None and why it cannot be used."""
    if sys.platform != "linux":
        return None, texts.ONLY_ON_LINUX
    from hexmeter_tray.bus import SessionBus, session_bus_address

    address = session_bus_address()
    if address is None:
        return None, texts.NO_BUS_ADDRESS
    try:
        return await SessionBus.connect(address), ""
    except BusError as error:
        return None, str(error)


async def look_around(bus: "SessionBus | None", no_bus: str, *, ask_service: bool) -> Surroundings:
    """What is there now; `no_bus` says why there is no `bus`. `ask_service` may start a notification service."""
    around = Surroundings(platform=sys.platform)
    if around.native:
        return around
    display = os.environ.get("DISPLAY", "")
    watcher = service = None
    if bus is not None:
        try:
            watcher = await bus.owner(_WATCHER)
            service = await _service(bus) if ask_service else None
        except BusError as error:
            no_bus = str(error)
    x11, xembed = bool(display), False
    # The X library costs memory, and where the icon has a host it is not needed.
    if display and (ask_service or not watcher):
        x11, xembed = look_at_x11()
    wayland = bool(os.environ.get("WAYLAND_DISPLAY"))
    return Surroundings(
        platform=sys.platform,
        screen=bool(display) or wayland,
        x11=x11,
        xembed=xembed,
        no_bus=no_bus,
        watcher=bool(watcher),
        service=service,
        wayland=wayland,
    )


def look_at_x11() -> tuple[bool, bool]:
    """Whether the X display of DISPLAY can be opened, and whether a tray for XEmbed icons is on it."""
    trim_xlib()
    from Xlib.display import Display
    from Xlib.error import ConnectionClosedError, DisplayError, XauthError

    try:
        display = Display()
    except (DisplayError, XauthError, ConnectionClosedError, OSError):
        return False, False
    try:
        tray = display.intern_atom(f"_NET_SYSTEM_TRAY_S{display.get_default_screen()}")
        return True, bool(display.get_selection_owner(tray))
    finally:
        display.close()


async def _service(bus: "SessionBus") -> str | None:
    try:
        name, _, version, _ = await bus.call(
            _NOTIFICATIONS,
            _NOTIFICATIONS_PATH,
            _NOTIFICATIONS,
            "GetServerInformation",
            answer="ssss",
            timeout_s=_ANSWER_TIMEOUT_S,
        )
    except CallFailed:
        return None
    return clean(f"{name} {version}", 60)

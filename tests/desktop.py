"""A desktop for tests: a real panel and notification service on a virtual screen; and the fakes, by their names.

`private_bus`, `FakeWatcher` and `FakeNotifications` test a tray without pixels; `real_desktop` shows it.
"""

import os
import select
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from desktop_bus import BusPeer, bus_daemon, private_bus, require, started, wait_until
from desktop_fakes import (
    NOTIFICATIONS,
    WATCHER,
    FakeNotifications,
    FakeWatcher,
    MenuLine,
    Shown,
    Signal,
    TrayItem,
)

__all__ = [
    "NO_DISPLAY",
    "BusPeer",
    "Desktop",
    "FakeNotifications",
    "FakeWatcher",
    "MenuLine",
    "Shown",
    "Signal",
    "TrayItem",
    "has_xembed_tray",
    "old_desktop",
    "paint_root",
    "private_bus",
    "real_desktop",
    "require",
    "started",
    "trayer",
    "virtual_screen",
    "wait_until",
]

NO_DISPLAY = ":47110"
"""Named, as on any desktop, but there is no X server behind it: what is shown goes over D-Bus."""

SCREEN_PROGRAMS = ("Xvfb", "dbus-daemon", "xfce4-panel", "dunst", "xdotool", "import")
OLD_SCREEN_PROGRAMS = ("Xvfb", "dbus-daemon", "trayer", "dunst", "notify-send", "xdotool", "import")
TRAYER = ("trayer", "--edge", "top", "--align", "right", "--widthtype", "request", "--height", "30")


@dataclass(frozen=True, slots=True)
class Desktop:
    """A running desktop: give `environment` to the programs that shall appear on it."""

    display: str
    bus_address: str
    environment: dict[str, str]

    def screenshot(self, path: Path) -> Path:
        """Save the whole screen as a PNG file; its path."""
        self._run("import", "-window", "root", str(path))
        return path

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move the pointer there and click."""
        self._run("xdotool", "mousemove", str(x), str(y), "click", str(button))

    def point(self, x: int, y: int) -> None:
        """Move the pointer there."""
        self._run("xdotool", "mousemove", str(x), str(y))

    def key(self, name: str) -> None:
        """Press a key, such as Escape."""
        self._run("xdotool", "key", name)

    def _run(self, *command: str) -> None:
        subprocess.run(command, env=self.environment, check=True, capture_output=True, timeout=20)


@contextmanager
def real_desktop(width: int = 800, height: int = 480, *, dark: bool = True, services: bool = True) -> Iterator[Desktop]:
    """Xfce's panel with its tray at the top of a virtual screen, and dunst for notifications.

    Without `services` there is no dunst.
    """
    require(*SCREEN_PROGRAMS)
    with _desktop(width, height, dark, services=services) as desktop, started(["xfce4-panel"], desktop.environment):
        with BusPeer(desktop.bus_address) as peer:
            wait_until(lambda: peer.has_owner(WATCHER), "the panel's tray is there", 30)
        # The panel has its name before it is drawn.
        look = Path(desktop.environment["HOME"], "panel.png")
        wait_until(lambda: _is_at_rest(desktop, look), "the panel is drawn", 30)
        yield desktop


@contextmanager
def old_desktop(width: int = 400, height: int = 300, *, services: bool = True) -> Iterator[Desktop]:
    """A desktop as of old: a screen whose trayer, once started with `trayer`, takes XEmbed icons alone, and dunst.

    Without `services` there is no dunst.
    """
    require(*OLD_SCREEN_PROGRAMS)
    with _desktop(width, height, dark=True, services=services) as desktop:
        yield desktop


@contextmanager
def trayer(desktop: Desktop) -> Iterator[None]:
    """A panel for XEmbed icons in the upper right corner."""
    with started(list(TRAYER), desktop.environment):
        wait_until(lambda: has_xembed_tray(desktop.display), "trayer is there", 20)
        yield


def has_xembed_tray(display: str) -> bool:
    """Whether a panel on this display takes XEmbed icons."""
    from Xlib.display import Display

    connection = Display(display)
    try:
        return bool(connection.get_selection_owner(connection.intern_atom("_NET_SYSTEM_TRAY_S0")))
    finally:
        connection.close()


@contextmanager
def _desktop(width: int, height: int, dark: bool, *, services: bool = True) -> Iterator[Desktop]:
    """A virtual screen and a session bus, with dunst unless `services` is False."""
    with tempfile.TemporaryDirectory(prefix="hexdesk-") as folder, virtual_screen(width, height) as display:
        home = Path(folder)
        environment = _desktop_environment(home, display)
        _write_settings(home, dark=dark)
        with bus_daemon(["--session"], environment) as address, ExitStack() as stack:
            environment["DBUS_SESSION_BUS_ADDRESS"] = address
            paint_root(display, 0x3B5B7A if dark else 0xB8C7D6)
            if services:
                stack.enter_context(started(["dunst", "-config", str(home / "dunstrc")], environment))
                peer = stack.enter_context(BusPeer(address))
                wait_until(lambda: peer.has_owner(NOTIFICATIONS), "dunst is there", 30)
            yield Desktop(display, address, environment)


def _is_at_rest(desktop: Desktop, path: Path) -> bool:
    """Whether the top of the screen differs from the rest, and nothing moves."""
    looks = []
    for _ in range(3):
        with Image.open(desktop.screenshot(path)) as picture:
            looks.append(picture.convert("RGB"))
    width, height = looks[0].size
    top, rest = (looks[0].getpixel((width // 2, y)) for y in (4, height - 4))
    return top != rest and all(look.tobytes() == looks[0].tobytes() for look in looks)


@contextmanager
def virtual_screen(width: int, height: int) -> Iterator[str]:
    """Xvfb on a free display number; the display's name."""
    require("Xvfb")
    ours, theirs = os.pipe()
    size = f"{width}x{height}x24"
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    with started(command, os.environ, pass_fds=(theirs,)):
        os.close(theirs)
        with os.fdopen(ours) as numbers:
            ready, _, _ = select.select([numbers], [], [], 20)
            assert ready, "Xvfb did not start"
            yield f":{numbers.readline().strip()}"


def paint_root(display: str, colour: int) -> None:
    """Paint the screen's background in one colour, 0xRRGGBB."""
    from Xlib.display import Display

    connection = Display(display)
    root = connection.screen().root
    root.change_attributes(background_pixel=colour)
    root.clear_area()
    connection.sync()
    connection.close()


def _desktop_environment(home: Path, display: str) -> dict[str, str]:
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **inherited,
        "HOME": str(home),
        "DISPLAY": display,
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "GTK_A11Y": "none",
        "NO_AT_BRIDGE": "1",
    }


def _write_settings(home: Path, *, dark: bool) -> None:
    channel = home / "config/xfce4/xfconf/xfce-perchannel-xml"
    channel.mkdir(parents=True)
    (channel / "xfce4-panel.xml").write_text(_PANEL.format(dark=str(dark).lower()))
    gtk = home / "config/gtk-3.0"
    gtk.mkdir(parents=True)
    (gtk / "settings.ini").write_text(
        f"[Settings]\ngtk-application-prefer-dark-theme={int(dark)}\ngtk-font-name=DejaVu Sans 10\n"
    )
    (home / "dunstrc").write_text(_DUNST)


_PANEL = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="30"/>
      <property name="icon-size" type="uint" value="22"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
        <value type="int" value="3"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="icon-size" type="int" value="22"/>
      <property name="square-icons" type="bool" value="true"/>
    </property>
    <property name="plugin-3" type="string" value="separator">
      <property name="style" type="uint" value="0"/>
    </property>
  </property>
</channel>
"""
_DUNST = """\
[global]
    font = DejaVu Sans 10
    origin = bottom-right
    offset = 16x16
    width = 340
    frame_width = 1
    corner_radius = 6
    markup = full
    format = "<b>%s</b>\\n%b"
    mouse_left_click = do_action, close_current
"""

"""The Debian packages that the desktop tests need; nothing but the standard library, for tests/run.py reads it."""

DESKTOP = (
    "dbus",
    "dunst",
    "fonts-dejavu-core",
    "imagemagick",
    "libnotify-bin",
    "trayer",
    "x11-utils",
    "xdotool",
    "xfce4-panel",
    "xvfb",
)

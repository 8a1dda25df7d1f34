"""The Debian packages that some tests need; nothing but the standard library, for tests/run.py reads it."""

NEEDED = (
    "chromium",
    "dbus",
    "dunst",
    "fish",
    "fonts-dejavu-core",
    "imagemagick",
    "libnotify-bin",
    "trayer",
    "x11-utils",
    "xdotool",
    "xfce4-panel",
    "xvfb",
    "zsh",
)

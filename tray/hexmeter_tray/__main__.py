"""`hexmeter-tray`: the command line of the tray."""

import argparse
import logging
import os
import sys

from hexmeter import __version__
from hexmeter.core.strings import clean
from hexmeter.wire.address import socket_path
from hexmeter.wire.client import ClientError

_DESCRIPTION = """\
Shows in the desktop's tray what your Hex credits are doing, and delivers the daemon's notifications.

It is a view: the figures come from `hexmeter daemon`, which may be started before or after it and
may be restarted at any time. One tray runs per desktop session and configuration.
"""
_EPILOG = """\
environment:
  HEXMETER_CONFIG           the configuration, if --config is not given
  DISPLAY, WAYLAND_DISPLAY  one of them must be set: the tray belongs to a desktop session
  DBUS_SESSION_BUS_ADDRESS  the session's bus (else the bus in XDG_RUNTIME_DIR)

exit codes:
  0  ended by Quit or a signal     2  wrong usage or configuration
  1  no desktop session, or lost   4  this tray is running already

The icon needs a desktop that shows StatusNotifierItem icons (KDE, Xfce, Cinnamon, LXQt; GNOME with
the AppIndicator extension). Without one the notifications still come.
"""


def run(argv: list[str] | None = None) -> int:
    """Run the tray with these arguments (default: the process's own); the exit code."""
    arguments = _parser().parse_args(argv)
    _log_to_stderr()
    try:
        socket = socket_path(arguments.config)
    except ClientError as error:
        return _refuse(f"{error.message}; {error.hint}", error.exit_code)
    # Before the costly imports, and so that a start from a text console or cron is explained, not traced back.
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return _refuse("no screen: neither DISPLAY nor WAYLAND_DISPLAY is set; start it inside a desktop session")

    import asyncio

    from hexmeter_tray.app import run_tray
    from hexmeter_tray.bus import session_bus_address

    address = session_bus_address()
    if address is None:
        return _refuse("no D-Bus session bus: DBUS_SESSION_BUS_ADDRESS is not set; start it inside a desktop session")
    return asyncio.run(run_tray(address, socket))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "hexmeter-tray",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", metavar="FILE", help="the daemon's configuration file, which names its socket")
    parser.add_argument("--version", action="version", version=f"hexmeter-tray {__version__}")
    return parser


def _refuse(line: str, code: int = 1) -> int:
    print(f"hexmeter-tray: {clean(line, 500)}", file=sys.stderr)
    return code


class _OneLine(logging.Formatter):
    """A service's error text cannot begin a new line; a traceback, which only a fault of ours makes, may."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        return f"hexmeter-tray: {clean(record.getMessage(), 500)}"


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


if __name__ == "__main__":
    sys.exit(run())

"""`hexmeter-tray`: the command line of the tray."""

import argparse
import logging
import signal
import sys

from hexmeter import __version__
from hexmeter.core.strings import clean
from hexmeter.wire.client import ClientError
from hexmeter_tray.lean import import_asyncio
from hexmeter_tray.settings import read_settings

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
the AppIndicator extension) or, without a menu, an X11 panel with XEmbed icons. Without one the
notifications still come. --which says what is used here; [tray] and [notify] backend choose.
"""


def run(argv: list[str] | None = None) -> int:
    """Run the tray with these arguments (default: the process's own); the exit code."""
    # Until the tray listens for it: a key that ends it while it starts is no fault.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    arguments = _parser().parse_args(argv)
    _log_to_stderr()
    try:
        settings = read_settings(arguments.config)
    except ClientError as error:
        return _refuse(f"{error.message}; {error.hint}", error.exit_code)

    # The costly imports, after what can go wrong without them.
    import_asyncio()
    import asyncio

    from hexmeter_tray.running import run_tray, tell_which

    if arguments.which:
        return asyncio.run(tell_which(settings, as_json=arguments.json))
    if sys.platform == "darwin":
        from hexmeter_tray.nativetray import run_beside_icon

        return run_beside_icon(lambda: asyncio.run(run_tray(settings)))
    else:  # noqa: RET505 (mypy knows platforms by this form)
        return asyncio.run(run_tray(settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "hexmeter-tray",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", metavar="FILE", help="the daemon's configuration file, which names its socket")
    parser.add_argument("--which", action="store_true", help="say how icon and notifications would be shown, and why")
    parser.add_argument("--json", action="store_true", help="with --which: for programs")
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

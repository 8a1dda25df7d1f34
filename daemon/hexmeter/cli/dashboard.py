"""Open the page with all figures, which the daemon serves to this machine alone."""

import argparse
import json
import os
import socket
import sys
import webbrowser
from urllib.parse import urlsplit

from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with

_TIMEOUT_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter dashboard`."""
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--no-open", "--print", action="store_true", help="only print the link, and open no browser")
    ways.add_argument("--close", action="store_true", help="end all open dashboards, and close the port")
    parser.add_argument(
        "--json", action="store_true", help="the link, and until when it works, as JSON; implies --print"
    )
    end_with(
        parser,
        "A link works once, within two minutes. Without [dashboard] enabled the port closes when nobody"
        " used it for half an hour. --print is for a browser on another machine.",
        "hexmeter dashboard",
        "hexmeter dashboard --print",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter dashboard`."""
    daemon = client(arguments.config)
    if arguments.close:
        told = daemon.post("/v1/dashboard/close", timeout_s=_TIMEOUT_S)
        words = "the dashboard is closed" if told["result"] == "closed" else "the dashboard was not open"
        print(json.dumps(told, indent=2) if arguments.json else words)
        return 0
    told = daemon.post("/v1/dashboard", timeout_s=_TIMEOUT_S)
    if arguments.json:
        print(json.dumps(told, indent=2))
    elif arguments.no_open or not _is_opened(told["url"]):
        print(told["url"])
        print(_how_to_use(told["url"]), file=sys.stderr)
    else:
        print("the dashboard opens in your browser; if it does not: hexmeter dashboard --print")
    return 0


def _is_opened(link: str) -> bool:
    """Whether a browser took the link. Without a desktop there is none but those that draw in a terminal."""
    if sys.platform == "linux" and not any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    return webbrowser.open(link)


def _how_to_use(link: str) -> str:
    port = urlsplit(link).port
    return (
        "open it in a browser on this machine within two minutes; it works once\n"
        f"from another machine, first: ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}"
    )

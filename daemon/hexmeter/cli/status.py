"""Show the meters: what is left of each grant, how sure that is, and how fast it goes."""

from __future__ import annotations

from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with
from hexmeter.wire.client import ApiError, DaemonAbsent, DaemonSlow

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    import argparse
    from typing import Any

_CLEAR = "\x1b[H\x1b[J"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter status`."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the whole document, as JSON")
    form.add_argument("--format", choices=("oneline", "waybar"), help="one line for a status bar")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--watch", action="store_true", help="go on showing it as it changes, until Ctrl-C")
    source.add_argument("--offline", action="store_true", help="read the database itself; no daemon is needed")
    end_with(
        parser,
        "A status bar can also ask the socket: curl --unix-socket …/api.sock 'http://x/v1/status?format=oneline'",
        "hexmeter status",
        "hexmeter status --format waybar",
        "hexmeter status --json | jq '.meters[0].remaining'",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter status`."""
    if arguments.watch:
        return _watch(arguments)
    if arguments.offline:
        from hexmeter.cli.offline import offline_status

        print(_shown(offline_status(arguments.config), arguments))
        return 0
    return show(arguments.config, "json" if arguments.json else arguments.format or "text")


def show(config: str | None, form: str) -> int:
    """Print the status as `text` for eyes, as `json`, or as a status bar's `oneline` or `waybar`; the exit code."""
    is_for_bar = form not in ("text", "json")
    daemon = client(config, explains=not is_for_bar)
    if form == "json":
        import json

        print(json.dumps(daemon.get("/v1/status"), ensure_ascii=False, indent=2))
        return 0
    try:
        print(daemon.text(f"/v1/status?format={form}"), end="")
    except DaemonAbsent as error:
        if is_for_bar:
            print(_absent(form, error.message))  # A bar shows no errors.
        raise
    except ApiError:
        if is_for_bar:
            raise
        # A daemon of before the last upgrade renders nothing for eyes.
        from hexmeter.wire.render import status_text

        print(status_text(daemon.get("/v1/status")))
    return 0


def _absent(form: str, message: str) -> str:
    """A status bar's line where there is no daemon to ask; `message` says so at length."""
    text = "hexmeter is off"
    if form == "oneline":
        return text
    import json

    return json.dumps({"text": text, "tooltip": message, "class": "absent"})


def _watch(arguments: argparse.Namespace) -> int:
    """Print the status each time it changes; a daemon that goes away is waited for."""
    import sys
    import time

    daemon, last = client(arguments.config), ""
    clear = _CLEAR if sys.stdout.isatty() and not (arguments.json or arguments.format) else ""
    while True:
        try:
            for event, document in daemon.events():
                if event == "status" and (shown := _shown(document, arguments)) != last:
                    print(clear + shown, flush=True)
                    last = shown
        except (DaemonAbsent, DaemonSlow) as error:
            if not last:
                raise
            if last != error.message:
                print(f"{clear}hexmeter: {error.message}", file=sys.stderr, flush=True)
            last = error.message
        except KeyboardInterrupt:
            return 0
        try:
            time.sleep(1)
        except KeyboardInterrupt:
            return 0


def _shown(document: dict[str, Any], arguments: argparse.Namespace) -> str:
    if arguments.json:
        import json

        # A line a document, so that a program can read them as they come.
        return json.dumps(document, ensure_ascii=False, indent=None if arguments.watch else 2)
    if arguments.format:
        from hexmeter.wire.statusbar import formatted

        return formatted(arguments.format, document)
    from hexmeter.wire.render import status_text

    return status_text(document)

"""The verbs of `hexmeter alerts`: acknowledge, snooze and mute, and each taken back."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with
from hexmeter.wire.render import moment, zone_of

WHEN = "1h, 30m, 2d, tomorrow (its 09:00), reset, or a time: 17:30, 2026-11-27, 2026-11-27T09:30"
_WHICH = "an alert's number, or a meter such as ed@acme.test or pool"
_WHAT = "a kind of alert such as burn, or a meter such as ed@acme.test or pool"


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verbs."""
    _add(verbs, "ack", "Acknowledge an alert: you know of it.", _acknowledge, "ID", "an alert's number", "ack 7")
    _add(verbs, "unack", "Take an acknowledgement back.", _unacknowledge, "ID", "an alert's number", "unack 7")
    snooze = _add(
        verbs,
        "snooze",
        "Tell an alert again later, or nothing of a meter until then.",
        _snooze,
        "ID|METER",
        _WHICH,
        "snooze 7 tomorrow",
        "snooze pool until 17:30",
    )
    snooze.add_argument("when", metavar="WHEN", nargs="+", help=WHEN)
    _add(verbs, "unsnooze", "Take a snooze back.", _unsnooze, "ID|METER", _WHICH, "unsnooze 7")
    _add(verbs, "mute", "Tell nothing of a kind of alert or of a meter.", _mute, "KIND|METER", _WHAT, "mute burn")
    _add(verbs, "unmute", "Take a mute back.", _unmute, "KIND|METER", _WHAT, "unmute burn")


def add_verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    verb: Callable[[argparse.Namespace], int],
    *examples: str,
    note: str = "",
) -> argparse.ArgumentParser:
    """Declare one verb with what all of them take; `examples` come after `hexmeter alerts`."""
    parser = verbs.add_parser(name, help=text, description=text)
    end_with(parser, note, *(f"hexmeter alerts {example}" for example in examples))
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="the answer, as JSON")
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="another configuration file")
    parser.set_defaults(verb=verb)
    return parser


def _add(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    verb: Callable[[argparse.Namespace], int],
    metavar: str,
    help_text: str,
    *examples: str,
) -> argparse.ArgumentParser:
    parser = add_verb(verbs, name, text, verb, *examples)
    parser.add_argument("what", metavar=metavar, help=help_text)
    return parser


def _acknowledge(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "/v1/alerts/ack", {"alert": number(arguments.what)})


def _unacknowledge(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "/v1/alerts/unack", {"alert": number(arguments.what)})


def _snooze(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "/v1/alerts/snooze", {**_alert_or_meter(arguments.what), "until": " ".join(arguments.when)})


def _unsnooze(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "/v1/alerts/unsnooze", _alert_or_meter(arguments.what))


def _mute(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "/v1/alerts/mute", {"what": arguments.what})


def _unmute(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "/v1/alerts/unmute", {"what": arguments.what})


def _ask(arguments: argparse.Namespace, path: str, body: dict[str, Any]) -> int:
    document = client(arguments.config).post(path, body)
    print(json.dumps(document, ensure_ascii=False, indent=2) if arguments.json else _line(document))
    return 0


def _line(document: dict[str, Any]) -> str:
    """What was done, to what, and until when."""
    done = document["result"].replace("already_", "already ").replace("firing", "standing, as before")
    alert = document.get("alert")
    what = f"#{alert['id']} {alert['title']}" if alert else document.get("what") or document["meter"]
    ends = document.get("until")
    until = f" until {moment(ends, zone_of(document['timezone']))}" if ends else ""
    return f"{what}: {done}{until}"


def _alert_or_meter(what: str) -> dict[str, Any]:
    alert = number(what)
    return {"meter": what} if isinstance(alert, str) else {"alert": alert}


def number(what: str) -> int | str:
    """An alert's number, with or without its #; any other word as it is, for the daemon to refuse."""
    digits = what.removeprefix("#")
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 19 else what

"""Show what was told, newest first, and what became of it; acknowledge, snooze or mute it."""

import argparse
import json
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.cli import alertstest
from hexmeter.cli.alertshistory import add_verbs as add_looking_back
from hexmeter.cli.alertverbs import add_verbs
from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with
from hexmeter.wire.render import moment, zone_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter alerts` and of its verbs."""
    parser.add_argument("--json", action="store_true", help="the alerts, as JSON")
    end_with(
        parser,
        "Each verb has --help.",
        "hexmeter alerts",
        "hexmeter alerts snooze 7 tomorrow",
    )
    verbs = parser.add_subparsers(metavar="VERB", title="verbs; without one, the list")
    parser.set_defaults(verb=_list)
    add_verbs(verbs)
    add_looking_back(verbs)
    alertstest.add_to(verbs)


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter alerts`, or its verb."""
    return int(arguments.verb(arguments))


def _list(arguments: argparse.Namespace) -> int:
    document = client(arguments.config).get("/v1/alerts")
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    zone = zone_of(document.get("timezone"))
    lines = [line for alert in document["alerts"] for line in _lines(alert, zone)]
    print("\n".join([*(lines or ["No alerts so far."]), *_silent_lines(document, zone)]))
    return 0


def _lines(alert: dict[str, Any], zone: ZoneInfo | None) -> list[str]:
    over = f" until {moment(alert['resolved_at'], zone)}" if alert["resolved_at"] else ""
    ways = ", ".join(_way(delivery) for delivery in alert["deliveries"])
    snoozed = alert.get("snoozed_until")
    state = f"snoozed until {moment(snoozed, zone)}" if snoozed else alert["state"]
    muted = " (muted)" if alert.get("muted") else ""
    return [
        f"#{alert['id']} {moment(alert['fired_at'], zone)}{over} · {state}{muted} · {ways or 'no channel'}",
        f"   {alert['title']}",
        *(f"   {line}" for line in alert["body"].splitlines()),
    ]


def _way(delivery: dict[str, Any]) -> str:
    problem = f" ({delivery['problem']})" if delivery.get("problem") else ""
    return f"{delivery['channel']}: {delivery['state']}{problem}"


def _silent_lines(document: dict[str, Any], zone: ZoneInfo | None) -> list[str]:
    """What is snoozed, muted or quiet, with what ends it."""
    lines = []
    for silence in document["silences"]:
        what = silence["what"] if silence["scope"] == "meter" else f"all of kind {silence['what']}"
        if silence["until"] is None:
            lines.append(f"Muted: {what} (hexmeter alerts unmute {silence['what']})")
        else:
            until = moment(silence["until"], zone)
            lines.append(f"Snoozed until {until}: {what} (hexmeter alerts unsnooze {silence['what']})")
    quiet = document["quiet"]
    if quiet and quiet["until"]:
        lines.append(f"Quiet hours until {moment(quiet['until'], zone)}")
    return ["", *lines] if lines else []

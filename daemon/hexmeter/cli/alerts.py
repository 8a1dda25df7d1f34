"""Show what was told, newest first, and what became of it."""

import argparse
import json
from typing import Any

from hexmeter.cli.ask import client
from hexmeter.cli.render import moment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter alerts`."""
    parser.add_argument("--json", action="store_true", help="the alerts, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter alerts`."""
    document = client(arguments.config).get("/v1/alerts")
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    elif document["alerts"]:
        print("\n".join(line for alert in document["alerts"] for line in _lines(alert)))
    else:
        print("No alerts so far.")
    return 0


def _lines(alert: dict[str, Any]) -> list[str]:
    over = f" until {moment(alert['resolved_at'])}" if alert["resolved_at"] else ""
    ways = ", ".join(f"{delivery['channel']}: {delivery['state']}" for delivery in alert["deliveries"])
    return [
        f"#{alert['id']} {moment(alert['fired_at'])}{over} · {alert['state']} · {ways or 'no channel'}",
        f"   {alert['title']}",
        *(f"   {line}" for line in alert["body"].splitlines()),
    ]

"""Pause the scheduled polls until a time; polls on demand still work."""

import argparse
import json

from hexmeter.cli.alertverbs import WHEN
from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with
from hexmeter.wire.render import moment, zone_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter pause`."""
    parser.add_argument("when", metavar="WHEN", nargs="*", default=["1h"], help=f"until when (default: 1h): {WHEN}")
    parser.add_argument("--json", action="store_true", help="the answer, as JSON")
    end_with(
        parser,
        "hexmeter resume ends it.",
        "hexmeter pause 2h",
        "hexmeter pause tomorrow",
        "hexmeter pause until 17:30",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter pause`."""
    document = client(arguments.config).post("/v1/pause", {"until": " ".join(arguments.when)})
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        until = moment(document["paused_until"], zone_of(document.get("timezone")))
        print(f"polls are paused until {until}; hexmeter resume ends that")
    return 0

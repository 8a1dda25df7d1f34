"""Send a test to the channels of warnings, and say what is known of its arrival."""

import argparse
import json
from typing import Any

from hexmeter.cli.alertverbs import add_verb
from hexmeter.cli.ask import client

PATIENCE_S = 180.0
_NOTE = "It ends with 1 when it did not arrive everywhere, with 2 for no such channel."


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare `hexmeter alerts test`."""
    parser = add_verb(verbs, "test", __doc__ or "", run, "test", "test slack", note=_NOTE)
    parser.add_argument(
        "channel", nargs="?", metavar="CHANNEL", help="one channel, or how its name begins; without it: all"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter alerts test`."""
    told = client(arguments.config).post("/v1/alerts/test", {"channel": arguments.channel}, timeout_s=PATIENCE_S)
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return 0 if told["ok"] else 1
    return show_arrivals(told)


def show_arrivals(told: dict[str, Any]) -> int:
    """Print what became of a message on each channel; the exit code."""
    for one in told["results"]:
        hint = f"; try: {one['hint']}" if one["hint"] else ""
        print(f"{one['channel']}: {'ok' if one['ok'] else 'FAILED'}, {one['detail']}{hint}")
    return 0 if told["ok"] else 1

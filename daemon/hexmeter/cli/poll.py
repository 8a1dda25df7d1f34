"""Ask the daemon to look at Hex now, wait, and say what it saw."""

import argparse
import json
import sys

from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with
from hexmeter.cli.waiting import post_and_wait
from hexmeter.wire.render import credits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter poll`."""
    parser.add_argument("--json", action="store_true", help="what it saw, as JSON")
    end_with(parser, "It looks at the whole window, as far as the budget of requests allows.", "hexmeter poll")


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter poll`: 0 for a good poll, 1 for a failed one, 3 when the token is refused."""
    seen = post_and_wait(client(arguments.config), "/v1/poll")
    if arguments.json:
        print(json.dumps(seen, ensure_ascii=False, indent=2))
    elif seen["ok"]:
        print(poll_sentence(seen))
    if seen["ok"]:
        return 0
    if not arguments.json:
        print(f"hexmeter: {seen['error']}\n  try: {seen['hint']}", file=sys.stderr)
    return 3 if seen["token_refused"] else 1


def poll_sentence(seen: dict[str, object]) -> str:
    """What a good poll saw."""
    threads, requests = (f"{seen[what]} {what[: -1 if seen[what] == 1 else None]}" for what in ("threads", "requests"))
    text = f"Looked at {threads} with {requests}"
    amount = seen["credits"]
    assert isinstance(amount, float | int)
    text += f": {credits(amount)} credits new." if seen["increases"] else ": nothing new."
    if seen["left_out"]:
        text += f" {seen['left_out']} items could not be used; see the daemon's log."
    return text + (
        " There is more to look at than the budget of requests allows now; the daemon goes on." if seen["more"] else ""
    )

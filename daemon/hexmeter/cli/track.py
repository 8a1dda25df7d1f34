"""Follow single threads by their links: for Editors and Explorers, whom Hex shows no list."""

import argparse
import json
from typing import Any

from hexmeter.cli.ask import client
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.cli.waiting import post_and_wait
from hexmeter.core.strings import clean
from hexmeter.core.threadlink import EXPECTED, thread_id_of
from hexmeter.wire.render import credits, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter track`."""
    parser.add_argument("links", metavar="URL", nargs="*", help="a thread's address, or its id; none: list them")
    parser.add_argument("--remove", action="store_true", help="follow these no longer; what they used stays")
    parser.add_argument("--json", action="store_true", help="the followed threads, as JSON")
    end_with(
        parser,
        "",
        "hexmeter track https://app.hex.tech/acme/thread/0190f0a0-0000-7000-8000-000000000000",
        "hexmeter track",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter track`: 1 when one of the threads just named cannot be read."""
    daemon = client(arguments.config)
    if arguments.remove and not arguments.links:
        raise Explained("--remove needs the threads to remove", "hexmeter track lists them", 2)
    for link in arguments.links:
        if thread_id_of(link) is None and not arguments.remove:
            raise Explained(f"{clean(link, 100)!r} is not the link or id of a thread", EXPECTED, 2)
    if arguments.remove:
        document = daemon.post("/v1/untrack", {"threads": arguments.links})
    elif arguments.links:
        document = post_and_wait(daemon, "/v1/track", {"threads": arguments.links})
    else:
        document = daemon.get("/v1/tracked")
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(document["tracked"])))
    poll = document.get("poll", {"ok": True})
    if not poll["ok"]:
        raise Explained(poll["error"], poll["hint"], 3 if poll["token_refused"] else 1)
    added = document.get("added", [])
    return 1 if any(row["problem"] for row in document["tracked"] if row["thread"] in added) else 0


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return ["No threads are followed. Name one: hexmeter track URL"]
    return table(
        ("THREAD", "CREDITS", "TITLE"),
        [(row["thread"], credits(row["credits"]), row["problem"] or row["title"] or "-") for row in rows],
    )

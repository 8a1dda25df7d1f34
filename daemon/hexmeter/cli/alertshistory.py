"""The verbs of `hexmeter alerts` that look back: why an alert was told, and what other rules would have told."""

import argparse
import json
from typing import Any

from hexmeter.cli.alertverbs import add_verb, number
from hexmeter.cli.ask import client
from hexmeter.wire.render import day, zone_of


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verbs."""
    why = add_verb(verbs, "why", "Say why an alert was told, from the facts stored then.", _why, "why 7")
    why.add_argument("what", metavar="ID", help="an alert's number")
    replay = add_verb(
        verbs,
        "replay",
        "Run the configured rules, or others, over the stored readings; nothing is told.",
        _replay,
        "replay --since 30d --set 'used=[70, 90]'",
    )
    replay.add_argument("--since", metavar="WHEN", default="30d", help="from a day, an instant, or 12h, 30d, 8w ago on")
    replay.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="another rule, as in [alerts]")


def _why(arguments: argparse.Namespace) -> int:
    document = client(arguments.config).get("/v1/alerts/why", id=str(number(arguments.what)))
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        alert = document["alert"]
        lines = [change["line"] for change in document["history"]] or [document["note"]]
        print("\n".join([f"#{alert['id']} {alert['title']} ({alert['meter'] or alert['kind']})", *lines]))
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    document = client(arguments.config).get("/v1/alerts/replay", since=arguments.since, set="\n".join(arguments.set))
    print(json.dumps(document, ensure_ascii=False, indent=2) if arguments.json else "\n".join(_lines(document)))
    return 0


def _lines(document: dict[str, Any]) -> list[str]:
    lines = [f"{'  ' if row['told'] is not False else '+ '}{row['line']}" for row in document["rows"]]
    counts = [
        f"{kind}: told {count['told']}, by these rules {count['replayed']}" for kind, count in document["kinds"].items()
    ]
    since = day(document["since"], zone_of(document.get("timezone")))
    note = f"Replayed since {since}: {', '.join(document['replayed'])}. + is what was not told then."
    return [*(lines or ["Nothing would have been told."]), "", *counts, note]

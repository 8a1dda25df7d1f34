"""What polling saw beside what imported logs say: `hexmeter usage --compare`."""

import argparse
import json
from typing import Any

from hexmeter.cli.ask import client
from hexmeter.cli.explained import Explained
from hexmeter.wire.render import credits, day, moment, table, zone_of


def compare(arguments: argparse.Namespace) -> int:
    """Run `hexmeter usage --compare`."""
    if arguments.by not in ("user", "day") or arguments.csv:
        raise Explained("usage is compared by user or day, as a table or JSON", "hexmeter usage --compare --by day", 2)
    document = client(arguments.config).get(
        "/v1/compare", by=arguments.by, since=arguments.since, until=arguments.until
    )
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    zone = zone_of(document.get("timezone"))
    print(f"Compared from {day(document['since'], zone)} to {moment(document['until'], zone)}, in credits", end="\n\n")
    if not document["rows"]:
        print("nothing is imported for these days; take in a log with: hexmeter import FILE.csv")
        return 0
    names = ("DAY", "USER") if arguments.by == "day" else ("USER",)
    rows = [_row(names, row) for row in document["rows"]]
    print("\n".join(table((*names, "POLLED", "IMPORTED", "DIFFERENCE", "OF IT COUNTS"), rows)))
    return 0


def _row(names: tuple[str, ...], row: dict[str, Any]) -> tuple[str, ...]:
    difference = row["difference"]
    sign = "+" if difference > 0 else ""
    polled = ("about " if row["estimated"] else "") + credits(row["polled"])
    named = [str(row[name.lower()]) for name in names]
    return *named, polled, credits(row["imported"]), sign + credits(difference), credits(row["counts"])

"""Show what was used in this period, summed by user, day or thread."""

import argparse
import json

from hexmeter.cli.ask import client
from hexmeter.cli.render import credits, day, moment, table, zone_of

_HEADS = {"user": ("USER", "CREDITS"), "day": ("DAY", "CREDITS"), "thread": ("THREAD", "USER", "CREDITS")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter usage`."""
    parser.add_argument("--by", choices=tuple(_HEADS), default="user", help="what to sum by (default: user)")
    parser.add_argument("--json", action="store_true", help="the sums, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter usage`."""
    document = client(arguments.config).get("/v1/usage", by=arguments.by)
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    zone = zone_of(document["timezone"])
    print(f"Used from {day(document['since'], zone)} to {moment(document['until'], zone)}, in credits", end="\n\n")
    rows = [_row(arguments.by, row) for row in document["rows"]]
    print("\n".join(table(_HEADS[arguments.by], rows)) if rows else "nothing")
    return 0


def _row(by: str, row: dict[str, object]) -> tuple[str, ...]:
    amount = row["credits"]
    assert isinstance(amount, float | int)
    if by == "thread":
        return str(row["title"] or row["thread"]), str(row["user"]), credits(amount)
    return str(row[by]), credits(amount)

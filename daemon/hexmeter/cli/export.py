"""Write out the ledger, the meters or the alerts, as CSV or JSON lines."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from typing import Any

from hexmeter.cli.ask import client
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.cli.usage import csv_cell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter export`."""
    what = ("ledger", "meters", "alerts")
    parser.add_argument("what", choices=what, nargs="?", default="ledger", help="what to write out (default: ledger)")
    parser.add_argument(
        "--format", choices=("csv", "jsonl"), default="csv", help="default: csv; jsonl: JSON, a row a line"
    )
    parser.add_argument("--anonymous", action="store_true", help="pseudonyms for people, threads and groups; no texts")
    end_with(
        parser,
        "",
        "hexmeter export ledger --format csv --anonymous > ledger.csv",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter export`."""
    lines = client(arguments.config).lines(
        "/v1/export", what=arguments.what, anonymous="true" if arguments.anonymous else None
    )
    head = next(lines, {})
    if head["left_out"]:
        print(
            f"Left out: {', '.join(head['left_out'])}. People, threads and groups have pseudonyms, the same in every"
            " export of this database.",
            file=sys.stderr,
        )
    rows = _whole(lines)
    if arguments.format == "jsonl":
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(head["columns"])
    writer.writerows([csv_cell(row[name]) for name in head["columns"]] for row in rows)
    return 0


def _whole(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows up to the line that says that it was all; without it something is missing."""
    for line in lines:
        if line.get("end") is True:  # A meter's row has the end of its period there.
            return
        yield line
    raise Explained("the export was cut short: what was written is not all", "see the daemon's log, and try again", 1)

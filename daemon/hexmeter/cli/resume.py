"""Poll as scheduled again, beginning now."""

import argparse
import json

from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter resume`."""
    parser.add_argument("--json", action="store_true", help="the answer, as JSON")
    end_with(
        parser,
        "",
        "hexmeter resume",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter resume`."""
    document = client(arguments.config).post("/v1/resume")
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print("polling again" if document["result"] == "resumed" else "polls were not paused")
    return 0

"""Have the daemon read its configuration anew; a file with faults changes nothing."""

import argparse
import json

from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter reload`."""
    parser.add_argument("--json", action="store_true", help="what changed, as JSON")
    end_with(
        parser,
        "SIGHUP does the same. The database's path and the socket need a restart.",
        "hexmeter config check && hexmeter reload",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter reload`."""
    told = client(arguments.config).post("/v1/reload", timeout_s=60)
    print(json.dumps(told, ensure_ascii=False, indent=2) if arguments.json else told["sentence"])
    return 0

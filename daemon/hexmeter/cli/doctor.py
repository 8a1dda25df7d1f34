"""Look at everything Hexmeter needs, and say of each whether it is well, and how to mend it."""

import argparse
import json

from hexmeter.cli.checks import Check, checks
from hexmeter.cli.helps import end_with

_MARKS = {"ok": "ok", "warning": "warning", "failure": "FAILURE"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter doctor`."""
    parser.add_argument("--json", action="store_true", help="the checks as JSON")
    end_with(
        parser,
        "It needs no daemon, network or display, and ends with 1 when something is a failure. It sends"
        " Hex one GET, which no budget counts, for a doctor writes to no database: the half of Hex's rate"
        " that the daemon leaves free is for such requests.",
        "hexmeter doctor",
        "hexmeter doctor --json | jq '.checks[] | select(.state != \"ok\")'",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter doctor`."""
    found = checks(arguments.config)
    if arguments.json:
        print(json.dumps({"schema": 1, "checks": [_document(check) for check in found]}, ensure_ascii=False, indent=2))
    else:
        width = max(len(check.name) for check in found)
        for check in found:
            print(f"{_MARKS[check.state]:8}{check.name:{width}}  {check.message}")
            if check.mend:
                print(f"{'':8}{'':{width}}  try: {check.mend}")
    return 1 if any(check.state == "failure" for check in found) else 0


def _document(check: Check) -> dict[str, str | None]:
    return {"name": check.name, "state": check.state, "message": check.message, "mend": check.mend or None}

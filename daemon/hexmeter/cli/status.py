"""Show the meters: what is left of each grant, how sure that is, and how fast it goes."""

from __future__ import annotations

import json

from hexmeter.cli.ask import client
from hexmeter.cli.render import status_lines

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter status`."""
    parser.add_argument("--json", action="store_true", help="the whole document, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter status`."""
    return show(arguments.config, as_json=arguments.json)


def show(config: str | None, *, as_json: bool) -> int:
    """Print the status, as JSON or for eyes; the exit code."""
    document = client(config).get("/v1/status")
    print(json.dumps(document, ensure_ascii=False, indent=2) if as_json else "\n".join(status_lines(document)))
    return 0

"""Set a grant's meter to the figure that Hex's own page shows."""

import argparse
import json

from hexmeter.cli.ask import client
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.cli.waiting import post_and_wait
from hexmeter.core import outlooktexts, outlookwords
from hexmeter.core.credits import CreditsError, parse_credits
from hexmeter.wire.render import credits, used_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter calibrate`."""
    parser.add_argument("meter", metavar="METER", nargs="?", default="grant", help='"grant", EMAIL, "pool" or "spend"')
    parser.add_argument("amount", metavar="CREDITS", nargs="?", help="what Hex shows as remaining")
    figure = parser.add_mutually_exclusive_group()
    figure.add_argument("--remaining", metavar="CREDITS", help="what Hex shows as remaining")
    figure.add_argument("--used", metavar="CREDITS", help="what Hex shows as used")
    parser.add_argument("--user", metavar="EMAIL", help="whose grant; default: your own")
    parser.add_argument("--insist", action="store_true", help="also a figure that is hard to believe")
    parser.add_argument("--json", action="store_true", help="the meter as it is now, as JSON")
    end_with(
        parser,
        "It polls first, so that the figure and the ledger are of the same moment; if that fails nothing is stored.",
        "hexmeter calibrate 27.5",
        "hexmeter calibrate grant --used 12.5",
        "hexmeter calibrate pool 420",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter calibrate`."""
    meter, amount = arguments.meter, arguments.amount
    if amount is None and _is_number(meter):
        meter, amount = "grant", meter
    given = [figure for figure in (amount, arguments.remaining, arguments.used) if figure is not None]
    if len(given) != 1:
        raise Explained(
            "calibrate takes one figure", "hexmeter calibrate grant --used 12.5, or hexmeter calibrate 27.5", 2
        )
    try:
        parse_credits(given[0])
    except CreditsError as error:
        raise Explained(str(error), "give credits such as 27.5", 2) from None
    if arguments.user and meter != "grant":
        raise Explained(f"--user names whose grant; {meter} is not one", "hexmeter calibrate grant --user EMAIL …", 2)
    if arguments.user:
        meter = f"grant:{arguments.user}"
    name = "used" if arguments.used is not None else "remaining"
    body = {"meter": meter, name: given[0], "insist": arguments.insist}
    document = post_and_wait(client(arguments.config), "/v1/calibrate", body)["meter"]
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    elif document["kind"] == "pool":
        left = f"{outlooktexts.SO_LITTLE[document['bound']]}{credits(document['remaining'])}"
        print(f"pool: {left} left, counted down from now on, until the next calibration")
    else:
        print(
            f"{document['id']}: {used_words(document)} of {credits(document['limit'])} used;"
            f" {outlookwords.calibrated(document) or 'as was seen'}, until the reset"
        )
    return 0


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()

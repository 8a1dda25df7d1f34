"""Say whether so many more prompts fit into what is left: exit code 0 yes, 10 no, 11 not known."""

import argparse
import json
from typing import Any

from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with
from hexmeter.core.outlooktexts import prompts_left

_EXIT_CODES = {"yes": 0, "no": 10}
_NOT_KNOWN = 11
_ANSWERS = {"yes": "Yes", "no": "No", "unknown": "Not known"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter can-afford`."""
    parser.add_argument("prompts", metavar="N", type=_count, help="how many prompts")
    parser.add_argument("--model", metavar="M", help="as prompts to this model cost; a part of its name is enough")
    parser.add_argument("--meter", metavar="METER", default="grant", help='EMAIL, "pool" …; default: your own')
    parser.add_argument("--json", action="store_true", help="the answer and what it is taken from, as JSON")
    end_with(
        parser,
        "A typical prompt is the median of your last 30 days, a heavy one costs more than 9 of 10 of them.",
        "hexmeter can-afford 5 && run-my-agents",
        "hexmeter can-afford 20 --model opus",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter can-afford`."""
    document = client(arguments.config).get(
        "/v1/afford", prompts=str(arguments.prompts), meter=arguments.meter, model=arguments.model
    )
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print(_sentence(document))
    return _EXIT_CODES.get(document["answer"], _NOT_KNOWN)


def _sentence(document: dict[str, Any]) -> str:
    left = document["prompts_left"]
    # Without a typical one left the reason says it all.
    bound = document["meter"]["bound"]
    words = prompts_left(left["typical"], left["heavy"], bound) if left and left["typical"] else ""
    answer = _ANSWERS.get(document["answer"], "Not known")
    return f"{answer}: {words}. {document['reason']}" if words else f"{answer}. {document['reason']}"


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of prompts, such as 5")
    return int(text)

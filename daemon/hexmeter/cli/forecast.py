"""Show how far the credits will go: the range by the reset, when they end, and how past forecasts did."""

import argparse
import json
import shutil
import sys
import time
from typing import Any

from hexmeter.cli.ask import client
from hexmeter.cli.forecastpicture import ASCII, BLOCKS, picture
from hexmeter.cli.helps import end_with
from hexmeter.core import outlookwords
from hexmeter.wire.render import credits, day, moment, table, used_words, zone_of

_CALLS = {
    "warned": "warned, and it ended",
    "missed": "ended without a warning",
    "false_alarm": "warned, but it lasted",
    "lasted": "lasted, as said",
}
_SHOWN = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter forecast`."""
    parser.add_argument(
        "meter", metavar="METER", nargs="?", help='"grant" (your own), EMAIL, "pool" …: one, with its weeks'
    )
    parser.add_argument("--score", action="store_true", help="how the forecasts of ended periods did")
    parser.add_argument("--json", action="store_true", help="the whole document, as JSON")
    end_with(
        parser,
        "The range holds what 8 of 10 such months come to, if anything more is used. It is taken from the recent"
        " pace on working days, and from how uneven the weeks are.",
        "hexmeter forecast",
        "hexmeter forecast grant",
        "hexmeter forecast --score",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter forecast`."""
    path = "/v1/forecast/score" if arguments.score else "/v1/forecast"
    daemon = client(arguments.config)
    document = daemon.get(path, meter=arguments.meter)
    if not arguments.score and arguments.meter is None and len(document["meters"]) == 1:
        document = daemon.get(path, meter=document["meters"][0]["id"])
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_score_lines(document) if arguments.score else _lines(document)))
    return 0


def _lines(document: dict[str, Any]) -> list[str]:
    meters, zone, now_ms = document["meters"], zone_of(document.get("timezone")), time.time_ns() // 1_000_000
    stale = [f"STALE: these figures are of {moment(document['as_of'], zone)}.", ""] if document["stale"] else []
    if not meters:
        return [*stale, "No meters yet: nothing was read from Hex so far."]
    if "weeks" in meters[0]:
        glyphs = BLOCKS if _can_print(BLOCKS.all) else ASCII
        return stale + picture(meters[0], zone, now_ms, shutil.get_terminal_size().columns, glyphs)
    rows = []
    for meter in meters:
        forecast = meter["forecast"]
        known = "unknown" not in forecast
        rows.append(
            (
                meter["label"],
                credits(meter["limit"]) if meter["limit"] is not None else "-",
                used_words(meter) if meter["used"] is not None else "-",
                f"{credits(forecast['low'])} to {credits(forecast['high'])}" if known else "-",
                f"{100 * forecast['probability']:.0f} %" if known else "-",
                outlookwords.said(meter, now_ms, zone),
            )
        )
    return [*stale, *table(("METER", "LIMIT", "USED", "BY RESET", "RUNS OUT", "OUTLOOK"), rows)]


def _score_lines(document: dict[str, Any]) -> list[str]:
    scores, zone = document["scores"], zone_of(document.get("timezone"))
    if not scores:
        return ["No period is over yet that was forecast; a day after the reset there is a score."]
    rows = [
        (
            score["meter"],
            day(score["period"]["start"], zone),
            credits(score["total"]),
            f"{score['held']} of {score['of']}" if score["of"] else "-",
            credits(score["error"]) if score["error"] is not None else "-",
            _CALLS.get(score["call"], score["call"]) + _lead(score["lead_days"]),
        )
        for score in scores[:_SHOWN]
    ]
    lines = table(("METER", "PERIOD FROM", "USED IN ALL", "RANGE HELD", "MEAN ERROR", "WARNING"), rows)
    if len(scores) > _SHOWN:
        lines.append(f"and {len(scores) - _SHOWN} more: hexmeter forecast --score --json")
    return [*lines, "", *_summary_lines(document["summary"])]


def _summary_lines(summary: dict[str, Any]) -> list[str]:
    lines = []
    if summary["of"]:
        lines.append(f"The range held {summary['held']} of {summary['of']} times; it is meant to hold 8 of 10.")
    if summary["error_share"] is not None:
        lines.append(f"What was expected was {100 * summary['error_share']:.0f} % off on average.")
    calls = summary["calls"]
    ended = calls["warned"] + calls["missed"]
    if ended:
        lead = _lead(summary["lead_days"], "half of the times at least ")
        lines.append(f"Of {ended} that ran out {calls['warned']} were warned of{lead}.")
    lasted = calls["false_alarm"] + calls["lasted"]
    if lasted:
        lines.append(f"Of {lasted} that lasted {calls['false_alarm']} were warned of for nothing.")
    return lines


def _lead(days: float | None, about: str = "") -> str:
    return "" if days is None else f", {about}{days:.1f} days ahead"


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True

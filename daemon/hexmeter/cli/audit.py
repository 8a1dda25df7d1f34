"""Show idle seats and schedules, failing runs, and who needs more: what to do in Hex, and what it saves."""

import argparse
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.cli.ask import client
from hexmeter.wire.render import credits, day, moment, zone_of

_HEADINGS = {
    "idle_seat": "Paid seats without use or login",
    "unused_grant": "Grants that lapsed unused",
    "more_needed": "People who need more",
    "failing_runs": "Runs that fail again and again",
    "idle_schedule": "Schedules of projects that nobody views",
    "busy_schedule": "Schedules far busier than their viewers",
    "crowded_minute": "Many schedules in the same minute",
}
_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter audit`."""
    parser.add_argument(
        "--days", type=int, default=30, metavar="N", help="a seat is idle after N days (default 30, up to 366)"
    )
    parser.add_argument("--all", action="store_true", help=f"every finding, not the first {_SHOWN} of a kind")
    parser.add_argument("--json", action="store_true", help="the findings, as JSON")
    parser.epilog = "What a seat costs is [prices] seat in the configuration. Runs are as seen by Hex's API."


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter audit`."""
    document = client(arguments.config).get("/v1/audit", days=str(arguments.days))
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(document, None if arguments.all else _SHOWN)))
    return 0


def _lines(document: dict[str, Any], most: int | None) -> list[str]:
    zone = zone_of(document.get("timezone"))
    lines = [f"Audit · the last {document['days']} days, since {day(document['since'], zone)}"]
    for kind, group in groupby(document["findings"], key=lambda finding: str(finding["kind"])):
        lines += _group(kind, list(group), document["currency"], most)
    if not document["findings"]:
        lines += ["", "Nothing was found."]
    lines += ["", *_savings(document), _runs(document["runs"], zone)]
    for unknown in document["unknown"]:
        lines.append(f"Not known: {_HEADINGS.get(unknown['kind'], unknown['kind']).lower()}: {unknown['why']}")
    return lines


def _group(kind: str, findings: Sequence[dict[str, Any]], currency: str, most: int | None) -> list[str]:
    lines = ["", f"{_HEADINGS.get(kind, kind)} ({len(findings)})"]
    for finding in findings[:most]:
        saving = _saving(finding["saving"], currency)
        lines.append(f"  {finding['subject']}: {finding['fact']}{f' Saves {saving}.' if saving else ''}")
    if most is not None and len(findings) > most:
        lines.append(f"  and {len(findings) - most} more: hexmeter audit --all")
    # The advice is the same for nearly all of a kind, so each is given once.
    return lines + [f"  → {advice}" for advice in dict.fromkeys(finding["advice"] for finding in findings[:most])]


def _saving(saving: dict[str, Any], currency: str) -> str:
    parts = []
    if saving["money_per_month"] is not None:
        parts.append(f"{credits(saving['money_per_month'])} {currency} a month")
    if saving["runs_per_week"]:
        parts.append(f"{saving['runs_per_week']} runs and {saving['minutes_per_week']:g} minutes a week")
    return ", ".join(parts)


def _savings(document: dict[str, Any]) -> list[str]:
    saving = _saving(document["savings"], document["currency"])
    return [f"In all this could save {saving}."] if saving else []


def _runs(runs: dict[str, Any], zone: ZoneInfo | None) -> str:
    if runs["week"] is None:
        return f"Runs: not known: {runs['problem'] or 'the projects are not read yet'}"
    return (
        f"Runs: at least {runs['week']} of {runs['limit']} in the last 7 days, as seen by the API"
        f" on {moment(runs['as_of'], zone)}."
    )

"""Show idle seats and schedules, failing runs, and who needs more: what to do in Hex, and what it saves."""

import argparse
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.cli.ask import client
from hexmeter.cli.helps import end_with
from hexmeter.core import audittexts
from hexmeter.wire.render import day, moment, zone_of

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter audit`."""
    parser.add_argument(
        "--days", type=int, default=30, metavar="N", help="a seat is idle after N days (default 30, up to 366)"
    )
    parser.add_argument("--all", action="store_true", help=f"every finding, not the first {_SHOWN} of a kind")
    parser.add_argument("--json", action="store_true", help="the findings, as JSON")
    end_with(
        parser,
        "What a seat costs is [prices] seat in the configuration. Runs are as seen by Hex's API.",
        "hexmeter audit",
        "hexmeter audit --days 60 --all",
    )


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
    said = {row["kind"] for row in (*document["findings"], *document["unknown"])}
    if none := [heading for kind, heading in audittexts.HEADINGS.items() if kind not in said]:
        lines += ["", f"None were found: {'; '.join(none).lower()}."]
    lines += ["", *_savings(document), _runs(document["runs"], zone)]
    for unknown in document["unknown"]:
        lines.append(f"Not known: {audittexts.heading(unknown['kind']).lower()}: {unknown['why']}")
    return lines


def _group(kind: str, findings: Sequence[dict[str, Any]], currency: str, most: int | None) -> list[str]:
    lines = ["", f"{audittexts.heading(kind)} ({len(findings)})"]
    for finding in findings[:most]:
        saving = audittexts.saving(finding["saving"], currency)
        lines.append(f"  {finding['subject']}: {finding['fact']}{f' Saves {saving}.' if saving else ''}")
    if most is not None and len(findings) > most:
        lines.append(f"  and {len(findings) - most} more: hexmeter audit --all")
    # The advice is the same for nearly all of a kind, so each is given once.
    return lines + [f"  → {advice}" for advice in dict.fromkeys(finding["advice"] for finding in findings[:most])]


def _savings(document: dict[str, Any]) -> list[str]:
    saving = audittexts.saving(document["savings"], document["currency"])
    return [f"In all this could save {saving}."] if saving else []


def _runs(runs: dict[str, Any], zone: ZoneInfo | None) -> str:
    if runs["week"] is None:
        return f"Runs: not known: {runs['problem'] or 'the projects are not read yet'}"
    return (
        f"Runs: at least {runs['week']} of {runs['limit']} in the last 7 days, as seen by the API"
        f" on {moment(runs['as_of'], zone)}."
    )

"""Show what was used, summed by user, day, model, source, type, thread or prompt."""

import argparse
import csv
import json
import sys
import time
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.cli.ask import client
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.core.instants import parse_iso
from hexmeter.core.outlooktexts import SO_MUCH
from hexmeter.core.spans import ALLOWED, SpanError, parse_moment
from hexmeter.core.strings import clean
from hexmeter.wire.render import COLUMN, credits, day, moment, table, zone_of

_DIMENSIONS = ("user", "day", "model", "source", "type", "thread", "prompt")
_PROMPTS = ("prompts", "per_prompt", "median", "p90")
_THREAD = ("thread", "title", "url", "user", "user_id", "model", "source", "type")
_COLUMNS = {
    "user": ("user", "user_id", "credits", "bound", "estimated", *_PROMPTS),
    "day": ("day", "credits", "bound"),
    "model": ("model", "credits", "bound", *_PROMPTS),
    "source": ("source", "credits", "bound", *_PROMPTS),
    "type": ("type", "credits", "bound", *_PROMPTS),
    "thread": (*_THREAD, "credits", "bound", *_PROMPTS),
    "prompt": ("after", "at", *_THREAD, "credits", "bound", "prompts", "shared", "basis"),
}
"""The columns of the CSV, named as the fields of the JSON."""

_WHEN = "a day (2026-11-01), an instant (2026-11-01T09:30), or so long ago (7d, 12h, 2w)"
# With these a spreadsheet begins a formula; the tab and the line break it would skip before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter usage`."""
    parser.add_argument("--by", choices=_DIMENSIONS, default="user", help="what to sum by (default: user)")
    parser.add_argument("--since", metavar="WHEN", help=f"from then on: {_WHEN}; default: the start of this period")
    end = "the end of this period; by day: now"
    parser.add_argument("--until", metavar="WHEN", help=f"up to then, not included; default: {end}")
    parser.add_argument("--compare", action="store_true", help="beside what imported logs say, by user or day")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the sums, as JSON")
    form.add_argument("--csv", action="store_true", help="the sums, as CSV for a spreadsheet")
    end_with(
        parser,
        "",
        "hexmeter usage --by day --since 14d",
        "hexmeter usage --by prompt",
        "hexmeter usage --by user --since 2026-11-01 --until 2026-11-15 --csv > usage.csv",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter usage`."""
    for when in (arguments.since, arguments.until):
        _check(when)
    if arguments.compare:
        from hexmeter.cli.comparing import compare

        return compare(arguments)
    document = client(arguments.config).get("/v1/usage", by=arguments.by, since=arguments.since, until=arguments.until)
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    elif arguments.csv:
        _print_csv(arguments.by, document["rows"])
    else:
        _print_table(arguments.by, document)
    return 0


def _check(when: str | None) -> None:
    """Explain what is no time before anybody is asked; the daemon, which knows the time zone, says when it was."""
    try:
        if when is not None:
            parse_moment(when, time.time_ns() // 1_000_000, ZoneInfo("UTC"))
    except SpanError as error:
        raise Explained(f"usage: {error}", f"since and until: {ALLOWED}", 2) from None


def _print_csv(by: str, rows: Sequence[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS[by])
    writer.writerows([csv_cell(row.get(name)) for name in _COLUMNS[by]] for row in rows)


def csv_cell(value: object) -> str:
    """A value as the text of a CSV cell: what is not known stays empty, and no text of a stranger becomes a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _print_table(by: str, document: dict[str, Any]) -> None:
    zone = zone_of(document.get("timezone"))
    so_far = "so far, " if parse_iso(document["until"]) > time.time_ns() // 1_000_000 else ""
    since, until = day(document["since"], zone), moment(document["until"], zone)
    print(f"Used {so_far}from {since} to {until}, in credits")
    rows = document["rows"]
    if by == "prompt" and rows:
        print(_dearest(rows, zone))
    print()
    total = document["total"]
    if not rows:
        missing = total["bound"] == "at_least"
        print("at least 0: threads may be missing, as the notes of hexmeter status say" if missing else "nothing")
        return
    if by == "prompt":
        lines = table(
            ("WHEN", "USER", "THREAD", "", "CREDITS", ""),
            [*(_prompt(row, zone) for row in rows), ("total", "", "", *_amount(total), "")],
        )
    else:
        names = ("THREAD", "USER") if by == "thread" else (by.upper(),)
        known = any(row.get("prompts") for row in rows)
        heads = (*names, "", "CREDITS", *(("PROMPTS", "TYPICAL", "9 OF 10 UP TO") if known else ()))
        prompts = sum(row.get("prompts") or 0 for row in rows)
        last = ("total", *([""] * (len(names) - 1)), *_amount(total), *((str(prompts), "-", "-") if known else ()))
        lines = table(heads, [*(_sum(by, row, known) for row in rows), last])
    print("\n".join(lines))


def _dearest(rows: Sequence[dict[str, Any]], zone: ZoneInfo | None) -> str:
    """Which prompt was the dearest of those whose cost is known by itself."""
    for row in rows:
        if row["prompts"] and not row["shared"]:
            where = f"{row['user']}, {moment(row['at'], zone)}, {row['title'] or row['thread']}"
            return f"The dearest prompt: {' '.join(filter(None, _amount(row)))}, {where}"
    return "No prompt is known by itself yet: its thread must be seen before and after it"


def _amount(row: dict[str, Any]) -> tuple[str, str]:
    """How sure an amount is, and the amount."""
    return SO_MUCH[row["bound"]].rstrip(), credits(row["credits"])


def _sum(by: str, row: dict[str, Any], known: bool) -> tuple[str, ...]:
    names = (clean(row["title"] or row["thread"], COLUMN), str(row["user"])) if by == "thread" else (str(row[by]),)
    if not known:
        return (*names, *_amount(row))
    count = row["prompts"]
    figures = (str(count), credits(row["median"]), credits(row["p90"])) if count else ("-", "-", "-")
    return (*names, *_amount(row), *figures)


def _prompt(row: dict[str, Any], zone: ZoneInfo | None) -> tuple[str, ...]:
    if row["prompts"] is None:
        what = "several prompts, or before the first look"
    elif row["shared"]:
        what = "shared evenly with others"
    else:
        what = ""
    return moment(row["at"], zone), str(row["user"]), clean(row["title"] or row["thread"], COLUMN), *_amount(row), what

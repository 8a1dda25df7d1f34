"""Take in a usage log that an Admin downloaded from Hex."""

import argparse
import gc
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.cli.ask import client
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.core.credits import format_credits, to_number
from hexmeter.core.instants import to_datetime, to_iso
from hexmeter.core.logheaders import FIELDS, LogError, parse_mapping
from hexmeter.core.logrow import LogRow
from hexmeter.core.strings import clean
from hexmeter.core.usagelog import UsageLog, decode, understand
from hexmeter.wire.client import Client
from hexmeter.wire.render import credits, table, zone_of

_MOST_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 900_000
_CHUNK_ROWS = 5_000
_CHUNK_S = 120.0
_FIRST_ROWS = 5
_BAD_SHOWN = 10
_BAD_LISTED = 1_000
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}

_NOTE = """\
fields: time, user and credits are needed; thread, model, source, type and id (of the row) are taken where they are.
A column is named by its header, or as #3 for the third; --map id= says that there is none.

The same file twice, or downloads that overlap, add nothing twice; one that was broken off is taken up by running it
again. Where the ledger knows of a person's credits, their rows serve for comparison alone: hexmeter usage --compare.\
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter import`."""
    parser.add_argument("file", metavar="FILE.csv", type=Path, help="the downloaded log: CSV in UTF-8")
    parser.add_argument("--map", metavar="FIELD=COLUMN", action="append", default=[], help="name a field's column")
    parser.add_argument("--dry-run", action="store_true", help="say what is understood, and store nothing")
    parser.add_argument("--json", action="store_true", help="what was understood and stored, as JSON")
    end_with(parser, _NOTE, "hexmeter import usage.csv --dry-run", 'hexmeter import usage.csv --map time="Used on"')


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter import`: 2 when the file cannot be understood, or none of its rows."""
    name = clean(str(arguments.file), 200)
    # Rows are values without cycles: looking through all of them again and again would double the time of a large log.
    gc.disable()
    try:
        mapping = parse_mapping(arguments.map)
        text = decode(_read(arguments.file, name))
        daemon = client(arguments.config)
        zone = _zone(daemon)
        log = understand(text, mapping, zone)
    except LogError as error:
        raise Explained(f"{name}: {error}", error.hint, 2) from None
    if log.bad and not log.rows:
        first = log.bad[0]
        raise Explained(
            f"{name}: none of its {len(log.bad)} rows can be read; line {first.line}: {first.problem}",
            f"check the columns; found were {', '.join(_mapped(log))}",
            2,
        )
    document = _document(name, log, _send(daemon, log.rows, dry_run=arguments.dry_run), dry_run=arguments.dry_run)
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(document, log, zone)))
    return 0


def _read(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "that is no path"
        raise Explained(f"cannot read {name}: {reason}", "name the downloaded CSV file", 2) from None
    if len(data) > _MOST_BYTES:
        raise LogError(f"it is larger than {_MOST_BYTES // 1024 // 1024} MiB", "cut it in parts; they may overlap")
    return data


def _zone(daemon: Client) -> ZoneInfo:
    """The plan's time zone, in which the daemon counts days."""
    name = daemon.get("/v1/status").get("timezone")
    if name is None:
        raise Explained("the daemon does not name its time zone: it is of an older version", "restart it", 1)
    zone = zone_of(name)
    if zone is None:
        raise Explained(f"this machine does not know the time zone {name}", "install tzdata", 1)
    return zone


def _send(daemon: Client, rows: Sequence[LogRow], *, dry_run: bool) -> dict[str, Any]:
    """What the daemon says of all rows. Each chunk is stored whole; those before an error stay, and are known again."""
    told: dict[str, Any] = {"new": 0, "known": 0, "changed": 0}
    users: dict[str, dict[str, Any]] = {}
    sent = 0
    for chunk in _chunks(rows):
        answer = daemon.post("/v1/import", {"rows": chunk, "dry_run": dry_run}, timeout_s=_CHUNK_S)
        for name in told:
            told[name] += answer[name]
        for share in answer["users"]:
            so_far = users.setdefault(share["user"], {"user": share["user"], "rows": 0, "credits": 0.0, "counts": 0.0})
            for figure in ("rows", "credits", "counts"):
                so_far[figure] += share[figure]
        sent += len(chunk)
        _tell_progress(sent, len(rows))
    return {**told, "users": sorted(users.values(), key=lambda share: (-share["credits"], share["user"]))}


def _chunks(rows: Sequence[LogRow]) -> Iterator[list[LogRow]]:
    """The rows, in parts that the daemon takes at once."""
    chunk: list[LogRow] = []
    size = 0
    for row in rows:
        bytes_more = len(json.dumps(row)) + 2
        if chunk and (size + bytes_more > _CHUNK_BYTES or len(chunk) == _CHUNK_ROWS):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += bytes_more
    if chunk:
        yield chunk


def _tell_progress(sent: int, of: int) -> None:
    if of > _CHUNK_ROWS and sys.stderr is not None and sys.stderr.isatty():
        print(f"\r{sent} of {of} rows", end="\n" if sent == of else "", file=sys.stderr, flush=True)


def _document(name: str, log: UsageLog, told: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
    times = [row.at_ms for row in log.rows]
    total_micro = sum(row.credits_micro for row in log.rows)
    users = [{**share, **{name: round(share[name], 6) for name in ("credits", "counts")}} for share in told["users"]]
    return {
        "schema": 1,
        "file": name,
        "dry_run": dry_run,
        "mapping": {field: log.layout.header_of(field) for field in FIELDS if field in log.layout.columns},
        "delimiter": log.layout.delimiter,
        "decimal_mark": log.marks.value,
        "since": to_iso(min(times)) if times else None,
        "until": to_iso(max(times)) if times else None,
        "rows": len(log.rows),
        "new": told["new"],
        "known": told["known"] + log.repeated,
        "changed": told["changed"],
        "credits": to_number(total_micro),
        "counts": round(sum(share["counts"] for share in users), 6),
        "users": users,
        "left_out": len(log.bad),
        "problems": [{"line": bad.line, "problem": bad.problem} for bad in log.bad[:_BAD_LISTED]],
    }


def _mapped(log: UsageLog) -> list[str]:
    return [f"{field} = {clean(log.layout.header_of(field), 60)!r}" for field in FIELDS if field in log.layout.columns]


def _lines(document: dict[str, Any], log: UsageLog, zone: ZoneInfo) -> list[str]:
    dry = document["dry_run"]
    lines = [f"Understood {document['file']}, parted by {_DELIMITERS[log.layout.delimiter]}: {', '.join(_mapped(log))}"]
    if dry and log.rows:
        lines += ["", "The first rows:", *_first_rows(log, zone)]
    if document["users"]:
        lines += ["", f"From {_local(log, min, zone)} to {_local(log, max, zone)}, in credits:", ""]
        lines += table(
            ("USER", "ROWS", "CREDITS", "COUNTS", "COMPARISON ONLY"), [_user(row) for row in document["users"]]
        )
    lines += ["", *_summary(document)]
    if log.bad:
        lines += [f"Rows left out: {len(log.bad)}"]
        lines += [f"  line {bad.line}: {bad.problem}" for bad in log.bad[:_BAD_SHOWN]]
        lines += ["  …"] if len(log.bad) > _BAD_SHOWN else []
    return lines


def _summary(document: dict[str, Any]) -> list[str]:
    new, known, corrected = document["new"], document["known"], document["changed"]
    changed = f", {corrected} {_be(document, corrected)} corrected" if corrected else ""
    rows, were = "row" if new == 1 else "rows", "was" if known == 1 else "were"
    lines = [f"{new} {rows} {_be(document, new)} new, {known} {were} known{changed}."]
    if document["dry_run"]:
        lines.append("Nothing was stored; without --dry-run it is.")
    elif document["rows"]:
        lines.append("Compare with what polling saw: hexmeter usage --compare")
    return lines


def _be(document: dict[str, Any], count: int) -> str:
    return "would be" if document["dry_run"] else "is" if count == 1 else "are"


def _first_rows(log: UsageLog, zone: ZoneInfo) -> list[str]:
    shown = [
        (
            f"{to_datetime(row.at_ms).astimezone(zone):%Y-%m-%d %H:%M:%S}",
            row.user or "-",
            format_credits(row.credits_micro),
        )
        for row in log.rows[:_FIRST_ROWS]
    ]
    return table(("TIME", "USER", "CREDITS"), shown)


def _local(log: UsageLog, which: Any, zone: ZoneInfo) -> str:
    return f"{to_datetime(which(row.at_ms for row in log.rows)).astimezone(zone):%Y-%m-%d}"


def _user(row: dict[str, Any]) -> tuple[str, ...]:
    compared = row["credits"] - row["counts"]
    return row["user"], str(row["rows"]), credits(row["credits"]), credits(row["counts"]), credits(compared)

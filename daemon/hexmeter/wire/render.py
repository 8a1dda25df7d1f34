"""Documents as text for a terminal: the only place that makes figures pretty.

The daemon renders its status itself when asked to, which spares `hexmeter status` the time to parse and to import.
"""

from datetime import UTC, datetime

from hexmeter.core import outlooktexts, outlookwords
from hexmeter.core.age import never_read

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from typing import Any
    from zoneinfo import ZoneInfo

_GAUGE = 10
_YEAR_NAMED_DAYS = 200
_OUTLOOKS = 5
COLUMN = 60
"""The characters of a title for which a table has room."""


def status_text(document: "dict[str, Any]") -> str:
    """`hexmeter status` for eyes: who and as of when, a line a meter, and what to know about it."""
    lines = [_heading(document)]
    if document["stale"]:
        lines.append(_stale(document))
    if document.get("paused_until"):
        until = moment(document["paused_until"], zone_of(document.get("timezone")))
        lines.append(f"Polls are paused until {until}: hexmeter resume")
    if document["progress"]:
        lines.append(f"Reading the history: {document['progress']['done']} threads so far; figures still grow.")
    lines.append("")
    if document["meters"]:
        lines += meter_table(document["meters"], document.get("timezone"))
        outlooks = outlook_lines(document)
        lines += ["", *outlooks] if outlooks else []
    else:
        lines.append("No meters yet: nothing was read from Hex so far.")
    notes = [*_calibrations(document["meters"]), *document["notes"]]
    notes += sorted({meter["note"] for meter in document["meters"] if meter["note"]})
    lines += ["", *(f"Note: {note}" for note in notes)] if notes else []
    return "\n".join(lines)


def meter_table(meters: "Sequence[dict[str, Any]]", zone_name: "str | None") -> "list[str]":
    """The meters of a status document, a line each under a heading."""
    zone = zone_of(zone_name)
    now_ms = _now_ms()
    heads = ("METER", "LEFT", "", "USED", "STATE", "A DAY", "OUTLOOK", "RESET")
    return table(heads, [_meter_row(meter, now_ms, zone) for meter in meters])


def outlook_lines(document: "dict[str, Any]") -> "list[str]":
    """A sentence for one's own meter (or the only one), and for the first few that end before the reset."""
    zone, now_ms = zone_of(document.get("timezone")), _now_ms()
    meters, identity = document["meters"], document["identity"]
    own = f"grant:{identity['email']}" if identity else None
    lines: list[str] = []
    for meter in meters:
        said = [outlookwords.clause(meter, now_ms, zone), outlookwords.prompts_left(meter), outlookwords.record(meter)]
        is_own = len(meters) == 1 or meter["id"] == own
        if any(said) and (is_own or (meter["forecast"].get("exhaust_at") and meter["state"] != "exhausted")):
            line = f"{meter['label']}: {'; '.join(clause for clause in said if clause)}{_as_of(document)}."
            lines.insert(0 if is_own else len(lines), line)
    return lines[:_OUTLOOKS]


def _calibrations(meters: "Sequence[dict[str, Any]]") -> "list[str]":
    """What people's own figures add to what was seen, or take from it."""
    said = [(meter["label"], outlookwords.calibrated(meter)) for meter in meters]
    lines = [f"{label} is calibrated: {words}." for label, words in said if words]
    more = [f"{len(lines) - _OUTLOOKS} more meters are calibrated."] if len(lines) > _OUTLOOKS else []
    return lines[:_OUTLOOKS] + more


def _as_of(document: "dict[str, Any]") -> str:
    """A forecast of old figures says how old."""
    return f" (as of {moment(document['as_of'], zone_of(document.get('timezone')))})" if document["stale"] else ""


def _now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


def credits(amount: "float | None") -> str:
    """An amount of credits: at most two decimals; "unknown" for None."""
    if amount is None:
        return "unknown"
    text = f"{amount:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def used_words(meter: "dict[str, Any]") -> str:
    """What a meter has used, marked by its bound; "unknown" where it has no figure."""
    mark = "" if meter["used"] is None else outlooktexts.SO_MUCH[meter["bound"]]
    return f"{mark}{credits(meter['used'])}"


def moment(iso: str, zone: "tzinfo | None") -> str:
    """An instant in `zone`, which is the plan's for all that a person reads; None: this machine's. Thu 26 Nov 09:05."""
    local, now = datetime.fromisoformat(iso).astimezone(zone), datetime.now().astimezone()
    # A month that is not among the last or next few could be of any year.
    year = f" {local.year}" if abs((local - now).days) > _YEAR_NAMED_DAYS else ""
    return f"{outlooktexts.day(round(local.timestamp() * 1000), zone)}{year} {local:%H:%M}"


def day(iso: str, zone: "tzinfo | None") -> str:
    """An instant that is a midnight of `zone` as its day, any other with its time."""
    return moment(iso, zone).removesuffix(" 00:00")


def table(heads: "Sequence[str]", rows: "Sequence[Sequence[str]]") -> "list[str]":
    """Columns as wide as their widest cell; those whose cells all are figures flush right."""
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in heads]
    widths = [max([len(head), *map(len, cells)]) for head, cells in zip(heads, columns, strict=True)]
    right = [bool(cells) and all(cell[:1].isdigit() or cell in ("", "-") for cell in cells) for cells in columns]
    lines = []
    for row in (heads, *rows):
        cells = [
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _heading(document: "dict[str, Any]") -> str:
    identity = document["identity"]
    if identity is None:
        return "Hex credits: Hex has not said yet who the token is"
    who = identity["email"] or "workspace token"
    role = f" ({identity['role'].lower()})" if identity["role"] else ""
    if never_read(document):
        return f"Hex credits · {who}{role} · {'first reading' if document['progress'] else 'nothing was read yet'}"
    return f"Hex credits · {who}{role} · as of {moment(document['as_of'], zone_of(document.get('timezone')))}"


def _stale(document: "dict[str, Any]") -> str:
    last = document["last_poll"]
    if last is None:
        so_far = "once from end to end" if document["progress"] else "yet"
        return f"STALE: Hex has not been read {so_far}."
    why = f": {last['error']}" if last["error"] else ""
    if never_read(document):
        return f"STALE: no good reading yet. The last poll failed{why}"
    zone = zone_of(document.get("timezone"))
    return f"STALE: these figures are of {moment(document['as_of'], zone)}. Last poll {moment(last['at'], zone)}{why}"


def zone_of(name: "str | None") -> "ZoneInfo | None":
    """The time zone called `name`; None where this machine does not know it, or an older daemon names none."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def _meter_row(meter: "dict[str, Any]", now_ms: int, zone: "ZoneInfo | None") -> "list[str]":
    left, limit, used = meter["remaining"], meter["limit"], meter["used"]
    per_cent = percent(used, limit) if used is not None and limit else "-"
    about = outlooktexts.SO_LITTLE[meter["bound"]] if left else ""
    of = f"{about}{credits(left)} of {credits(limit)}" if left is not None else "unknown"
    bar = gauge(left / limit) if left is not None and limit else "?" * _GAUGE
    burn, period = meter["burn"], meter["period"]
    return [
        meter["label"],
        of,
        bar,
        f"{used_words(meter)} ({per_cent})" if used is not None else "-",
        meter["state"],
        f"{outlooktexts.SO_MUCH[meter['bound']]}{credits(burn['per_day'])}" if burn["per_day"] is not None else "-",
        outlookwords.in_short(meter, now_ms, zone),
        day(period["end"], zone) if period else "-",
    ]


def percent(used: float, limit: float) -> str:
    """The share of a limit that is used: cut, for nearly all is not yet all; in millionths, for 4.35 of 5 is 87 %."""
    return f"{100 * round(used * 1e6) // round(limit * 1e6)} %"


def gauge(left: float) -> str:
    """What is left as a bar: full at 1, and never quite empty before 0."""
    cells = round(left * _GAUGE)
    if left > 0:
        cells = max(1, cells)
    return "█" * cells + "░" * (_GAUGE - cells)


def clock_time(iso: str, zone: "tzinfo | None") -> str:
    """An instant as the time of day in `zone`: 09:05:07."""
    return f"{datetime.fromisoformat(iso).astimezone(zone):%H:%M:%S}"

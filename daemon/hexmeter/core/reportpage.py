"""A report's document as a page of sections and tables: the same words for the terminal, Markdown and HTML. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core import outlookwords
from hexmeter.core.credits import MICRO, format_credits
from hexmeter.core.hexlinks import leads_to_hex
from hexmeter.core.instants import parse_iso
from hexmeter.core.meters import least_sure
from hexmeter.core.outlooktexts import SO_LITTLE, SO_MUCH
from hexmeter.core.outlooktexts import day as day_text
from hexmeter.core.outlooktexts import moment as moment_text
from hexmeter.core.texts import capital, counted

_TOP = 15
_GRANTS = 10
_NOT_SHOWN = "other"
_MIDNIGHT = " 00:00"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its text, where it leads to (an https link of Hex, else None), and whether it is a figure."""

    text: str
    href: str | None = None
    figure: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One table under its heading, or the sentence that stands in its place."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A report as a reader sees it. `days` are local days with their credits, for a picture."""

    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    days: tuple[tuple[str, float], ...]


def report_page(document: Mapping[str, Any], zone: ZoneInfo, hex_link: str | None = None) -> Page:
    """The page of a document of `GET /v1/report`; links lead to Hex's own host, `hex_link`, alone."""
    now_ms = parse_iso(document["as_of"])
    sections = [
        _compared("Who", "user", document["users"], _plain),
        _compared("Models", "model", document["models"], _plain),
        _compared("Where they asked", "source", document["sources"], _plain),
        _topics(document["topics"]),
        _threads(document["threads"], hex_link),
        _prompts(document["prompts"], zone, hex_link),
        _meters(document["meters"], now_ms, zone),
        _runs(document["runs"], zone),
        _alerts(document["alerts"], zone),
    ]
    return Page(
        title=f"Hex credits: {window(document, zone)}",
        lead=tuple(lead(document)),
        sections=tuple(sections),
        days=tuple((row["day"], row["credits"]) for row in document["days"]),
    )


def window(document: Mapping[str, Any], zone: ZoneInfo) -> str:
    """The time a report is of: whole days by their names, the last one included; else to the minute."""
    since, until = (moment_text(parse_iso(document[end]), zone) for end in ("since", "until"))
    if until.endswith(_MIDNIGHT):
        until = day_text(parse_iso(document["until"]) - 1, zone)
    return f"{since.removesuffix(_MIDNIGHT)} to {until}"


def credits_text(amount: float | None) -> str:
    """An amount of credits for eyes; a dash for what is not known."""
    return "–" if amount is None else format_credits(round(amount * MICRO))


def marked(marks: Mapping[str, str], amount: float | None, bound: str) -> str:
    """An amount of credits with the mark of its bound. None used are `at least 0` at most: no others are marked."""
    is_marked = amount or (amount is not None and marks is SO_MUCH and bound == "at_least")
    return (marks[bound] if is_marked else "") + credits_text(amount)


def lead(document: Mapping[str, Any]) -> Iterable[str]:
    """What was used against before, in sentences."""
    total = document["total"]
    spent = capital(marked(SO_MUCH, total["credits"], total["bound"]))
    before = marked(SO_MUCH, total["before"], total["before_bound"])
    # A week is compared with the seven days before it, over or not; a month that goes on with a part of the last one.
    goes_on = document["report"] == "month" and parse_iso(document["until"]) >= parse_iso(document["as_of"])
    then = f"{'as much of ' if goes_on else ''}the {document['report']} before"
    yield f"{spent} credits were used, {before} in {then} ({_change(total['credits'], total['before'])})."
    if total["prompts"]:
        yield f"{counted(total['prompts'], 'prompt')} {'is' if total['prompts'] == 1 else 'are'} known one by one."
    if "estimated" in (total["bound"], total["before_bound"]):
        yield "“About”: when some of it was used is not known, so the order may be another."


def _compared(title: str, by: str, rows: Sequence[Mapping[str, Any]], name: Any) -> Section:
    """Credits by something, against before; what is beyond the first few is one row."""
    shown, rest = rows[:_TOP], rows[_TOP:]
    cells = [(name(row[by]), *_against(row)) for row in shown]
    if rest:
        cells.append((Cell(f"{len(rest)} {_NOT_SHOWN}"), *_against(_sum(rest))))
    return Section(title, (by.capitalize(), "Credits", "Before", "Change"), tuple(cells))


def _sum(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Rows as one; it is no surer than the least sure of them."""
    return {
        **{name: sum(row[name] for row in rows) for name in ("credits", "before")},
        **{name: least_sure(row[name] for row in rows) for name in ("bound", "before_bound")},
    }


def _topics(rows: Sequence[Mapping[str, Any]]) -> Section:
    cells = [(Cell(row["topic"]), _count(row["threads"]), *_against(row)) for row in rows[:_TOP]]
    note = "A thread counts in full for each of its topics." if rows else ""
    return Section("Topics", ("Topic", "Threads", "Credits", "Before", "Change"), tuple(cells), note)


def _threads(rows: Sequence[Mapping[str, Any]], hex_link: str | None) -> Section:
    cells = [(_thread(row, hex_link), Cell(str(row["user"])), _used(row)) for row in rows]
    return Section("Dearest threads", ("Thread", "User", "Credits"), tuple(cells))


def _prompts(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo, hex_link: str | None) -> Section:
    cells = [
        (
            Cell(moment_text(parse_iso(row["at"]), zone)),
            _thread(row, hex_link),
            Cell(str(row["user"])),
            Cell(str(row["model"])),
            _used(row),
        )
        for row in rows
    ]
    note = "" if cells else "No prompt is known by itself: its thread must be seen before and after it."
    return Section("Dearest prompts", ("Seen", "Thread", "User", "Model", "Credits"), tuple(cells), note)


def _meters(meters: Sequence[Mapping[str, Any]], now_ms: int, zone: ZoneInfo) -> Section:
    """What is left now and what is forecast: all of the workspace's meters, and the grants nearest to their end."""
    grants = [meter for meter in meters if meter["kind"] == "grant"]
    shown = [meter for meter in meters if meter["kind"] != "grant"] + grants[:_GRANTS]
    cells = [
        (
            Cell(meter["label"]),
            _figure(SO_MUCH, meter["used"], meter["bound"]),
            _figure(SO_MUCH, meter["limit"], "exact"),
            _figure(SO_LITTLE, meter["remaining"], meter["bound"]),
            Cell(meter["state"]),
            Cell(_outlook(meter, now_ms, zone)),
        )
        for meter in shown
    ]
    more = len(grants) - _GRANTS
    note = f"Of {len(grants)} grants, the {_GRANTS} nearest to their end." if more > 0 else ""
    heads = ("Meter", "Used", "Limit", "Left", "State", "Forecast")
    return Section("Now, and what is to come", heads, tuple(cells), note)


def _outlook(meter: Mapping[str, Any], now_ms: int, zone: ZoneInfo) -> str:
    """Whether it lasts, and what it comes to."""
    said, forecast = outlookwords.said(meter, now_ms, zone), meter["forecast"]
    if "unknown" in forecast:
        return said
    spread = f"{credits_text(forecast['low'])} to {credits_text(forecast['high'])}"
    return f"{said}; about {credits_text(forecast['expected_total'])} by then ({spread})"


def _runs(runs: Mapping[str, Any], zone: ZoneInfo) -> Section:
    heads = ("Project", "Owner", "Runs", "Minutes", "Failures")
    if runs["as_of"] is None:
        why = runs["problem"] or "the projects are not read yet"
        return Section("Project runs", heads, (), f"Not known: {why}.")
    cells = [
        (
            Cell(row["title"] or row["project"]),
            Cell(row["owner"] or "–"),
            _count(row["runs"]),
            Cell(f"{row['minutes']:g}", figure=True),
            _count(row["failures"]),
        )
        for row in runs["projects"]
    ]
    total, before, read = runs["total"], runs["before"], moment_text(parse_iso(runs["as_of"]), zone)
    note = (
        f"At least {counted(total['runs'], 'run')} and {total['minutes']:g} minutes, against at least"
        f" {counted(before['runs'], 'run')} before, as seen by the API on {read}; {runs['limit']} in 7 days are in the"
        " budget."
    )
    return Section("Project runs", heads, tuple(cells), note)


def _alerts(alerts: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Section:
    cells = [
        (Cell(moment_text(parse_iso(alert["fired_at"]), zone)), Cell(alert["title"]), Cell(alert["state"]))
        for alert in alerts
    ]
    return Section("Alerts", ("When", "What", "State"), tuple(cells), "" if cells else "None.")


def _against(row: Mapping[str, Any]) -> tuple[Cell, Cell, Cell]:
    """A row's credits, what they were before, and the change."""
    change = Cell(_change(row["credits"], row["before"]), figure=True)
    return _used(row), _figure(SO_MUCH, row["before"], row["before_bound"]), change


def _change(credits: float, before: float) -> str:
    """How much more or less, in per cent of before."""
    if not before:
        return "new" if credits else "–"
    percent = round(100 * (credits - before) / before)
    return f"{percent:+d} %" if percent else "±0 %"


def _thread(row: Mapping[str, Any], hex_link: str | None) -> Cell:
    url = row["url"]
    return Cell(str(row["title"] or row["thread"] or _NOT_SHOWN), url if leads_to_hex(url, hex_link) else None)


def _plain(value: object) -> Cell:
    return Cell(str(value))


def _used(row: Mapping[str, Any]) -> Cell:
    return _figure(SO_MUCH, row["credits"], row["bound"])


def _figure(marks: Mapping[str, str], amount: float | None, bound: str) -> Cell:
    return Cell(marked(marks, amount, bound), figure=True)


def _count(count: int) -> Cell:
    return Cell(str(count), figure=True)

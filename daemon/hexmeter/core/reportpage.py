"""A report's document as a page of sections and tables: the same words for the terminal, Markdown and HTML. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.credits import MICRO, format_credits
from hexmeter.core.instants import parse_iso
from hexmeter.core.texts import day_text, moment_text

_BOUNDS = {"exact": "", "estimated": "about ", "at_least": "at least "}
_TOP = 15
_GRANTS = 10
_NOT_SHOWN = "other"


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
    until_ms = parse_iso(document["until"])
    since, until = moment_text(parse_iso(document["since"]), zone), moment_text(until_ms, zone)
    sections = [
        _compared("Who", "user", document["users"], _plain),
        _compared("Models", "model", document["models"], _plain),
        _compared("Where they asked", "source", document["sources"], _plain),
        _topics(document["topics"]),
        _threads(document["threads"], hex_link),
        _prompts(document["prompts"], zone, hex_link),
        _meters(document["meters"], zone),
        _runs(document["runs"], zone),
        _alerts(document["alerts"], zone),
    ]
    return Page(
        title=f"Hex credits: {_clean_day(since)} to {_clean_day(until)}",
        lead=tuple(_lead(document)),
        sections=tuple(sections),
        days=tuple((row["day"], row["credits"]) for row in document["days"]),
    )


def credits_text(amount: float | None) -> str:
    """An amount of credits for eyes; a dash for what is not known."""
    return "–" if amount is None else format_credits(round(amount * MICRO))


def _lead(document: Mapping[str, Any]) -> Iterable[str]:
    total = document["total"]
    spent, before = credits_text(total["credits"]), credits_text(total["before"])
    so_many, before_so_many = _BOUNDS[total["bound"]], _BOUNDS[total["before_bound"]]
    yield (
        f"{so_many[:1].upper()}{so_many[1:]}{spent} credits were used, {before_so_many}{before} in the"
        f" {document['report']} before ({_change(total['credits'], total['before'])})."
    )
    if total["prompts"]:
        yield f"{total['prompts']} prompts are known one by one."
    if document["report"] == "month":
        yield "A month that is not over is compared with as many days of the one before."


def _compared(title: str, by: str, rows: Sequence[Mapping[str, Any]], name: Any) -> Section:
    """Credits by something, against before; what is beyond the first few is one row."""
    shown, rest = rows[:_TOP], rows[_TOP:]
    cells = [(name(row[by]), _used(row), *_figures(Cell(""), row["credits"], row["before"])[2:]) for row in shown]
    if rest:
        sums = (sum(row["credits"] for row in rest), sum(row["before"] for row in rest))
        cells.append(_figures(Cell(f"{len(rest)} {_NOT_SHOWN}"), *sums))
    return Section(title, (by.capitalize(), "Credits", "Before", "Change"), tuple(cells))


def _topics(rows: Sequence[Mapping[str, Any]]) -> Section:
    cells = [
        (Cell(row["topic"]), _count(row["threads"]), *_figures(Cell(""), row["credits"], row["before"])[1:])
        for row in rows[:_TOP]
    ]
    note = "A thread counts in full for each of its topics."
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
    return Section("Dearest prompts", ("Seen", "Thread", "User", "Model", "Credits"), tuple(cells))


def _meters(meters: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Section:
    """What is left now and what is forecast: all of the workspace's meters, and the grants nearest to their end."""
    grants = [meter for meter in meters if meter["kind"] == "grant"]
    shown = [meter for meter in meters if meter["kind"] != "grant"] + grants[:_GRANTS]
    cells = [
        (
            Cell(meter["label"]),
            _amount(meter["used"]),
            _amount(meter["limit"]),
            _amount(meter["remaining"]),
            Cell(meter["state"]),
            Cell(_forecast(meter["forecast"], zone)),
        )
        for meter in shown
    ]
    more = len(grants) - _GRANTS
    note = f"Of {len(grants)} grants, the {_GRANTS} nearest to their end." if more > 0 else ""
    heads = ("Meter", "Used", "Limit", "Left", "State", "Forecast")
    return Section("Now, and what is to come", heads, tuple(cells), note)


def _forecast(forecast: Mapping[str, Any], zone: ZoneInfo) -> str:
    if "unknown" in forecast:
        return f"not known: {forecast['unknown']}"
    spread = f"{credits_text(forecast['low'])} to {credits_text(forecast['high'])}"
    text = f"{credits_text(forecast['expected_total'])} at the end ({spread})"
    if forecast["exhaust_at"] is None:
        return text
    return f"{text}; ends {day_text(parse_iso(forecast['exhaust_at']), zone)}"


def _runs(runs: Mapping[str, Any], zone: ZoneInfo) -> Section:
    heads = ("Project", "Owner", "Runs", "Minutes", "Failures")
    if runs["as_of"] is None:
        why = runs["problem"] or "the projects are not read"
        return Section("Project runs", heads, (), f"Not known: {why}.")
    cells = [
        (
            Cell(row["title"] or row["project"]),
            Cell(row["owner"] or "–"),
            _count(row["runs"]),
            _amount(row["minutes"]),
            _count(row["failures"]),
        )
        for row in runs["projects"]
    ]
    total, before = runs["total"], runs["before"]
    note = (
        f"At least {total['runs']} runs and {total['minutes']:g} minutes, {before['runs']} runs before, as seen by the"
        f" API on {moment_text(parse_iso(runs['as_of']), zone)}; {runs['limit']} in 7 days are in the budget."
    )
    return Section("Project runs", heads, tuple(cells), note)


def _alerts(alerts: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Section:
    cells = [
        (Cell(moment_text(parse_iso(alert["fired_at"]), zone)), Cell(alert["title"]), Cell(alert["state"]))
        for alert in alerts
    ]
    return Section("Alerts", ("When", "What", "State"), tuple(cells), "" if cells else "None.")


def _figures(name: Cell, credits: float, before: float) -> tuple[Cell, ...]:
    return name, _amount(credits), _amount(before), Cell(_change(credits, before), figure=True)


def _change(credits: float, before: float) -> str:
    """How much more or less, in per cent of before."""
    if not before:
        return "new" if credits else "–"
    percent = round(100 * (credits - before) / before)
    return f"{percent:+d} %" if percent else "±0 %"


def _thread(row: Mapping[str, Any], hex_link: str | None) -> Cell:
    url = row["url"]
    leads_to_hex = isinstance(url, str) and hex_link is not None and url.startswith(hex_link.rstrip("/") + "/")
    return Cell(str(row["title"] or row["thread"] or _NOT_SHOWN), url if leads_to_hex else None)


def _plain(value: object) -> Cell:
    return Cell(str(value))


def _amount(amount: float | None) -> Cell:
    return Cell(credits_text(amount), figure=True)


def _used(row: Mapping[str, Any]) -> Cell:
    """A row's credits, marked by their bound; none are none."""
    so_many = _BOUNDS[row.get("bound", "exact")] if row["credits"] else ""
    return Cell(so_many + credits_text(row["credits"]), figure=True)


def _count(count: int) -> Cell:
    return Cell(str(count), figure=True)


def _clean_day(moment: str) -> str:
    return moment.removesuffix(" 00:00")

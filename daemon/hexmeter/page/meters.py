"""The section of the meters: what is left of each, how long it lasts, and its picture."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core import outlookwords
from hexmeter.core.instants import parse_iso
from hexmeter.core.outlooktexts import day, moment
from hexmeter.core.runs import RUNS
from hexmeter.core.texts import capital
from hexmeter.page.burndown import BurnDown, burn_down, svg
from hexmeter.page.html import anchor, credits, details, section, so_little, so_much, table, text
from hexmeter.page.names import Names
from hexmeter.page.view import View

PICTURED = 6
"""So many meters have a picture: one's own, those of the workspace, and the nearest to their limits."""

_LINES = {"actual": "left", "pace": "even pace", "median": "forecast, with its range", "past": "past months"}
_MARKS = {"ok": "●", "warning": "▲", "critical": "◆", "exhausted": "■", "unknown": "?"}
_WORDS = {"exhausted": "used up"}


def meters_section(document: Mapping[str, Any], view: View, zone: ZoneInfo) -> str:
    """The section `meters`."""
    names = Names(document, view)
    shown = pictured(document)
    if not shown:
        return section("meters", "Credits left", "<p>No meters yet: nothing was read from Hex so far.</p>")
    cards = "".join(_card(meter, document, names, zone) for meter in shown)
    rest = len(document["meters"]) - len(shown)
    more = f'<p class="note">{rest} more {"is" if rest == 1 else "are"} below, in <a href="#roster">People</a>.</p>'
    key = _key() if any(meter["course"] for meter in shown) else ""
    return section("meters", "Credits left", f'{key}<div class="cards">{cards}</div>{more if rest else ""}')


def pictured(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The meters that have a picture: one's own first, then the workspace's, then the nearest to their limits."""
    identity = document["identity"]
    own = f"grant:{identity['email']}" if identity and identity["email"] else None
    ranked = sorted(document["meters"], key=lambda meter: (meter["id"] != own, meter["kind"] == "grant"))
    return ranked[: max(PICTURED, sum(meter["kind"] != "grant" for meter in ranked) + 1)]


def state(meter: dict[str, Any]) -> str:
    """A meter's state as a mark and a word."""
    word = meter["state"]
    return f'<span class="state {word}"><span aria-hidden="true">{_MARKS[word]}</span> {_WORDS.get(word, word)}</span>'


def _key() -> str:
    """What the lines of the pictures are."""
    band = '<rect class="band" width="24" height="12"/>'
    entries = "".join(
        f'<li><svg width="24" height="12">{band if kind == "median" else ""}<path class="{kind}" d="M0 6h24"/></svg> '
        f"{words}</li>"
        for kind, words in _LINES.items()
    )
    return f'<ul class="legend key" aria-hidden="true">{entries}</ul>'


def _card(meter: dict[str, Any], document: Mapping[str, Any], names: Names, zone: ZoneInfo) -> str:
    key = anchor("meter", meter["id"])
    label, picture = names.of_meter(meter), burn_down(meter)
    facts = list(_facts(meter, document, zone, pictured=picture is not None))
    parts = [
        f'<article class="card" aria-labelledby="{key}">',
        f'<header><h3 id="{key}">{text(label)}</h3>{state(meter)}</header>',
        f'<p class="left">{_left(meter)}</p>',
        *(f"<p>{text(fact, 300)}</p>" for fact in facts),
    ]
    if picture is not None:
        words = " ".join([_left_words(meter), *_facts(meter, document, zone, pictured=False)])
        parts.append(svg(picture, {**meter, "label": label}, words, zone, key))
        parts.append(details(f"{key}-figures", "In figures", _table(meter, picture, zone)))
    return "".join(parts) + "</article>"


def _left(meter: dict[str, Any]) -> str:
    if meter["remaining"] is None:
        return "<strong>unknown</strong>"
    amount = so_little(meter["remaining"], meter["bound"])
    return f"<strong>{capital(amount)}</strong> of {credits(meter['limit'])} left"


def _left_words(meter: dict[str, Any]) -> str:
    return f"{capital(so_little(meter['remaining'], meter['bound']))} of {credits(meter['limit'])} left."


def _facts(meter: dict[str, Any], document: Mapping[str, Any], zone: ZoneInfo, *, pictured: bool) -> Iterable[str]:
    """What else is to know of a meter, a sentence each; a picture of it tells the reset."""
    now_ms = parse_iso(document["now"])
    ends = outlookwords.clause(meter, now_ms, zone)
    old = f" (as of {moment(parse_iso(document['as_of']), zone)})" if document["stale"] else ""
    prompts = outlookwords.prompts_left(meter)
    if ends or prompts:
        yield capital("; ".join(filter(None, (ends, prompts)))) + old + "."
    elif meter["state"] not in ("exhausted", "unknown") and meter["kind"] != RUNS and "unknown" in meter["forecast"]:
        yield f"No forecast: {meter['forecast']['unknown']}."
    if meter["used"] is not None and meter["limit"] is not None and meter["used"] > meter["limit"]:
        beyond = meter["used"] - meter["limit"]
        yield f"{capital(so_much(beyond, meter['bound']))} beyond {'the grant' if meter['kind'] == 'grant' else 'it'}."
    if meter["period"] and not pictured and not (ends and "reset on" in ends):
        yield f"Reset on {day(parse_iso(meter['period']['end']), zone)}."
    if calibrated := outlookwords.calibrated(meter):
        yield f"Calibrated: {calibrated}."
    if meter["note"]:
        yield capital(str(meter["note"])) + "."


def _table(meter: dict[str, Any], picture: BurnDown, zone: ZoneInfo) -> str:
    """What the picture shows, day by day."""
    course, limit, bound = meter["course"], meter["limit"], meter["bound"]
    start_ms, end_ms = parse_iso(course["start"]), parse_iso(course["end"])
    rows: list[Sequence[str]] = []
    for iso, used in course["points"][1:]:
        at_ms = parse_iso(iso)
        pace = credits(limit * (end_ms - at_ms) / (end_ms - start_ms))
        rows.append((day(at_ms - 1, zone), so_much(used, bound), so_little(max(0.0, limit - used), bound), pace))
    heads = ("Day", "Used", "Left", "Even pace")
    # Where there is no even pace, its column is left out.
    columns = 4 if picture.pace else 3
    kinds = ("", "n", "n", "n")[:columns]
    by_day = table("Credits at the end of each day", heads[:columns], [row[:columns] for row in rows], kinds)
    if not picture.median:
        return by_day
    total, low, high = (meter["forecast"][name] for name in ("expected_total", "high", "low"))
    expected, least, most = (credits(max(0.0, limit - amount)) for amount in (total, low, high))
    at_end = f"Expected by {day(end_ms, zone)}: {credits(total)} used, {expected} left ({least} to {most})."
    return f"<p>{text(at_end)}</p>{by_day}"

"""The section of the last days: what was used on each, by model, source or user."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from hexmeter.core import outlooktexts
from hexmeter.core.instants import parse_iso
from hexmeter.core.meters import least_sure
from hexmeter.page.html import credits, details, figure, section, so_much, table, text
from hexmeter.page.names import Names
from hexmeter.page.view import DAYS_BY, View

HIGH = 100
WIDE = 10
"""A day is so wide in the picture's own units, and the highest one so high."""

_GAP = 2
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: where its parts begin and how high they are, from the ground up; `unseen`: nothing of it was read."""

    parts: tuple[tuple[float, float], ...]
    unseen: bool


def bars(days: Sequence[Mapping[str, Any]], series: Sequence[Sequence[float]]) -> list[Bar]:
    """The days as bars of the `series` and of what is in none of them, at last."""
    most = max([day["credits"] for day in days], default=0.0)
    found = []
    for place, day in enumerate(days):
        amounts = [max(0.0, one[place]) for one in series]
        amounts.append(max(0.0, day["credits"] - sum(amounts)))
        parts, top = [], float(HIGH)
        for amount in amounts:
            height = HIGH * amount / most if most > 0 else 0.0
            top -= height
            parts.append((round(top, 2), round(height, 2)))
        found.append(Bar(tuple(parts), day["bound"] == "at_least" and not day["credits"]))
    return found


def days_section(document: Mapping[str, Any], view: View) -> str:
    """The section `days`."""
    names, rows = Names(document, view), document["days"]["rows"]
    series = document["days"]["by"][view.by]
    if not any(row["credits"] for row in rows):
        unseen = rows and rows[-1]["bound"] == "at_least"
        words = "Nothing was read of these days so far." if unseen else "Nothing was used."
        return section("days", "Use by day", f'<p class="note">{words}</p>')
    heads = [names.of(one["name"]) if view.by == "user" else one["name"] for one in series]
    amounts = [one["credits"] for one in series]
    drawn = bars(rows, amounts)
    rest = [max(0.0, row["credits"] - sum(one[place] for one in amounts)) for place, row in enumerate(rows)]
    if round(sum(rest), 2) > 0:
        heads, amounts = [*heads, _OTHER], [*amounts, rest]
    switch = " · ".join(_switch(by, view) for by in DAYS_BY)
    bound = least_sure(row["bound"] for row in rows)
    content = (
        f'<p class="note">The last {len(rows)} days by <span role="group" aria-label="divide by">{switch}</span></p>'
        f"{_picture(rows, drawn)}{_legend(heads, amounts, bound)}"
        f"{details('days-figures', 'In figures', _table(rows, heads, amounts))}"
    )
    return section("days", "Use by day", content)


def _switch(by: str, view: View) -> str:
    if by == view.by:
        return f'<a href="{text(view.link("days", by=by), 400)}" aria-current="true">{by}</a>'
    return f'<a href="{text(view.link("days", by=by), 400)}">{by}</a>'


def _picture(rows: Sequence[Mapping[str, Any]], drawn: Sequence[Bar]) -> str:
    days = []
    for place, (row, bar) in enumerate(zip(rows, drawn, strict=True)):
        x = place * WIDE + _GAP / 2
        said = f"{_short(row['day'])}: {'not read' if bar.unseen else so_much(row['credits'], row['bound'])}"
        shapes = [
            f'<rect class="s{min(number, 6)}" x="{x:g}" y="{top:g}" width="{WIDE - _GAP}" height="{height:g}"/>'
            for number, (top, height) in _numbered(bar.parts)
            if height > 0
        ]
        if bar.unseen:
            shapes = [f'<rect class="unseen" x="{x:g}" y="0" width="{WIDE - _GAP}" height="{HIGH}"/>']
        days.append(f"<g><title>{text(said)}</title>{''.join(shapes)}</g>")
    dearest = max(rows, key=lambda row: row["credits"])
    most = so_much(dearest["credits"], dearest["bound"])
    words = f"Credits on each of {len(rows)} days. The most, {most}, on {_short(dearest['day'])}."
    width = len(rows) * WIDE
    labels = [
        f'<text x="0" y="158">{_short(rows[0]["day"])}</text>',
        f'<text x="100%" y="158" class="r">{_short(rows[-1]["day"])}</text>',
        f'<text x="0" y="10">{most}</text>',
    ]
    inner = (
        f'<svg viewBox="0 0 {width} {HIGH}" preserveAspectRatio="none" y="16" width="100%" height="124">'
        f'<path class="axis" d="M0 {HIGH}H{width}"/>{"".join(days)}</svg>'
    )
    return figure("days-picture", "Use by day", words, inner + "".join(labels), 164)


def _numbered(parts: Sequence[tuple[float, float]]) -> Iterable[tuple[int, tuple[float, float]]]:
    """The parts with the number of their colour: the last is what is in no series."""
    return ((6 if number == len(parts) - 1 else number, part) for number, part in enumerate(parts))


def _legend(heads: Sequence[str], amounts: Sequence[Sequence[float]], bound: str) -> str:
    """What each colour stands for, with its sum, which is no surer than the least sure of the days."""
    entries = [
        f'<li><svg width="12" height="12" aria-hidden="true"><rect class="s{6 if head == _OTHER else number}" '
        f'width="12" height="12" rx="2"/></svg> {text(head, 60)} <b>{so_much(sum(found), bound)}</b></li>'
        for number, (head, found) in enumerate(zip(heads, amounts, strict=True))
    ]
    return f'<ul class="legend">{"".join(entries)}</ul>'


def _table(rows: Sequence[Mapping[str, Any]], heads: Sequence[str], amounts: Sequence[Sequence[float]]) -> str:
    cells = [
        (_short(row["day"]), so_much(row["credits"], row["bound"]), *(credits(one[place]) for one in amounts))
        for place, row in enumerate(rows)
    ]
    names = [text(head, 40) for head in heads]
    return table("Credits by day", ("Day", "All", *names), reversed(cells), ("", "n", *["n"] * len(heads)))


def _short(day: str) -> str:
    """A local day: Thu 26 Nov."""
    return outlooktexts.day(parse_iso(day), UTC)

"""The section of people: everybody's grant in a row, sorted and filtered as the reader asks."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core import outlookwords
from hexmeter.core.instants import parse_iso
from hexmeter.page.html import credits, person, section, so_little, so_much, table, text
from hexmeter.page.meters import state
from hexmeter.page.names import Names
from hexmeter.page.view import View

SHOWN, MOST = 25, 200
"""So many people are shown, and so many where all are asked for: the page is to stay small."""

_COLUMNS = (("name", "Person"), ("near", "State"), ("used", "Used"), ("left", "Left"), (None, "Limit"))
_LATER = (("forecast", "Outlook"), (None, "30 days"))


def roster_section(document: Mapping[str, Any], view: View, zone: ZoneInfo) -> str | None:
    """The section `roster`; None where one person alone is watched."""
    grants = [meter for meter in document["meters"] if meter["kind"] == "grant"]
    if len(grants) < 2:
        return None
    names = Names(document, view)
    found = [meter for meter in grants if view.find.lower() in names.of_meter(meter).lower()]
    ranked = sort(found, view.sort, names)
    shown = ranked[: MOST if view.all else SHOWN]
    now_ms = parse_iso(document["now"])
    rows = [_row(meter, names, now_ms, zone, drawn=place < SHOWN) for place, meter in enumerate(shown)]
    heads = [_head(column, title, view) for column, title in (*_COLUMNS, *_LATER)]
    content = _form(view) + (table("Grants", heads, rows, ("u", "", "n", "n", "n", "", "")) if rows else "")
    return section("roster", "People", content + _note(len(grants), len(found), len(shown), view))


def sort(meters: Sequence[dict[str, Any]], by: str, names: Names) -> list[dict[str, Any]]:
    """The meters by name, or those with the most of a figure first (of what is left, the least); those of which it is
    not known come last. They come nearest to their limits first."""

    def rank(meter: dict[str, Any]) -> tuple[bool, float]:
        forecast = meter["forecast"].get("expected_total")
        value = {"used": meter["used"], "left": meter["remaining"], "forecast": forecast}[by]
        return value is None, 0.0 if value is None else (value if by == "left" else -value)

    if by == "near":
        return list(meters)
    if by == "name":
        return sorted(meters, key=lambda meter: names.of_meter(meter).lower())
    return sorted(meters, key=rank)


def sparkline(days: Sequence[float]) -> str:
    """One's last days as a small picture."""
    most = max(days, default=0.0)
    if most <= 0:
        return ""
    heights = [round(16 * max(0.0, amount) / most) for amount in days]
    bars = "".join(f"M{3 * place + 1} 17v-{height}" for place, height in enumerate(heights) if height)
    return (
        f'<svg class="spark" role="img" aria-label="at most {credits(most)} on a day" '
        f'width="{3 * len(days)}" height="18"><path d="{bars}"/></svg>'
    )


def _row(meter: dict[str, Any], names: Names, now_ms: int, zone: ZoneInfo, *, drawn: bool) -> list[str]:
    bound = meter["bound"]
    return [
        person(names.of_meter(meter)),
        state(meter),
        so_much(meter["used"], bound),
        so_little(meter["remaining"], bound),
        credits(meter["limit"]),
        text(outlookwords.in_short(meter, now_ms, zone)),
        sparkline(meter["days"]) if drawn and meter["days"] else "",
    ]


def _head(column: str | None, title: str, view: View) -> str:
    if column is None:
        return title
    if column == view.sort:
        return f'<a href="{text(view.link("roster", sort=column), 400)}" aria-current="true">{title} ▾</a>'
    return f'<a href="{text(view.link("roster", sort=column), 400)}">{title}</a>'


def _form(view: View) -> str:
    kept = {name: value for name, value in view.fields().items() if name != "find"}
    hidden = "".join(f'<input type="hidden" name="{name}" value="{text(value)}">' for name, value in kept.items())
    return (
        f'<form method="get" action="/#roster" role="search">{hidden}<label for="find">Find</label> '
        f'<input id="find" name="find" type="search" value="{text(view.find)}"> <button>Filter</button></form>'
    )


def _note(grants: int, found: int, shown: int, view: View) -> str:
    if not found:
        return f'<p class="note">Nobody is called so. <a href="{text(view.link("roster", find=""), 400)}">All</a></p>'
    of = f"{shown} of {found}" if shown < found else str(found)
    if found < grants:
        of += f", of {grants} in all"
    more = ""
    if shown < found:
        asked = f'<a href="{text(view.link("roster", all=True), 400)}">Show {"all" if found <= MOST else MOST}</a>'
        more = " Find the others by name." if view.all else f" {asked}"
    return f'<p class="note">{of} people.{more}</p>'

"""What the page says of its figures' age: at its top in short, and at its end how polling goes."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.age import never_read
from hexmeter.core.instants import parse_iso
from hexmeter.core.outlooktexts import day, moment
from hexmeter.page.html import section, so_much, text
from hexmeter.page.names import Names
from hexmeter.page.view import View


def now_section(document: Mapping[str, Any], view: View, zone: ZoneInfo) -> str:
    """The section `now`: whose figures these are and of when, and what keeps them from being new or whole."""
    identity, names = document["identity"], Names(document, view)
    who = "Hex has not said yet who the token is"
    if identity:
        role = f" ({identity['role'].lower()})" if identity["role"] else ""
        who = f"{names.of(identity['email'] or 'workspace token')}{role}"
    facts = [who]
    if not never_read(document):
        facts.append(f"as of {moment(parse_iso(document['as_of']), zone)}")
    today = document["today"]
    if today:
        facts.append(f"today {so_much(today['used'], today['bound'])} used")
    links = [_switch(view)]
    if document["standing"]:
        many = "1 alert stands" if document["standing"] == 1 else f"{document['standing']} alerts stand"
        links.insert(0, f'<a href="#alerts">{many}</a>')
    warnings = "".join(
        f'<p class="notice"><span aria-hidden="true">▲</span> {text(names.within(words), 600)}</p>'
        for words in _warnings(document, zone)
    )
    notes = "".join(f"<li>{text(names.within(note), 600)}</li>" for note in document["notes"])
    listed = f'<ul class="note">{notes}</ul>' if notes else ""
    return (
        f'<section id="now" aria-label="Now"><p class="who">{text(" · ".join(facts), 300)} · {" · ".join(links)}</p>'
        f"{warnings}{listed}</section>"
    )


def polling_section(document: Mapping[str, Any], view: View, zone: ZoneInfo) -> str:
    """The section `polling`."""
    names = Names(document, view)
    facts = "".join(
        f"<dt>{name}</dt><dd>{text(names.within(words), 600)}</dd>" for name, words in _facts(document, zone)
    )
    return section("polling", "Polling", f"<dl>{facts}</dl>{_progress(document)}")


def _warnings(document: Mapping[str, Any], zone: ZoneInfo) -> Iterable[str]:
    last = document["last_poll"]
    error = f" The last poll failed: {last['error']}" if last and last["error"] else ""
    if document["stale"] and not never_read(document):
        yield f"Stale: these figures are of {moment(parse_iso(document['as_of']), zone)}.{error}"
    elif document["stale"] and not document["progress"]:
        yield f"Nothing was read from Hex yet.{error}"
    elif error:
        yield error.strip()
    if document["paused_until"]:
        yield f"Polls are paused until {moment(parse_iso(document['paused_until']), zone)}. To go on: hexmeter resume"
    if document["progress"]:
        yield f"Reading the history: {document['progress']['done']} threads so far; figures still grow."


def _facts(document: Mapping[str, Any], zone: ZoneInfo) -> Iterable[tuple[str, str]]:
    last, polling = document["last_poll"], document["polling"]
    if last is None:
        yield "Last poll", "none yet"
    else:
        how = "good" if last["ok"] else f"failed: {last['error']}"
        many = f"{last['requests']} request{'' if last['requests'] == 1 else 's'}"
        yield "Last poll", f"{moment(parse_iso(last['at']), zone)}, {how}, {many}"
    if not never_read(document):
        old = "stale since" if document["stale"] else "of"
        yield "Figures", f"{old} {moment(parse_iso(document['as_of']), zone)}"
    yield "Every", _duration(document["interval_s"])
    minute, hour = polling["minute"], polling["hour"]
    yield (
        "Requests",
        f"{minute['sent']} of {minute['most']} in the last minute, {hour['sent']} of {hour['most']} in the last hour",
    )
    if minute["most"] < minute["configured"]:
        yield "Slower", f"Hex asked for fewer requests, so {minute['most']} a minute in place of {minute['configured']}"
    if polling["held_until"]:
        yield "Waiting", f"Hex asked for a pause until {moment(parse_iso(polling['held_until']), zone)}"
    if document["paused_until"]:
        yield "Paused", f"until {moment(parse_iso(document['paused_until']), zone)}"
    if document["progress"]:
        back_to = day(parse_iso(document["progress"]["back_to"]), zone)
        yield "First run", f"{document['progress']['done']} threads, back to {back_to}"


def _progress(document: Mapping[str, Any]) -> str:
    if not document["progress"]:
        return ""
    share = document["progress"]["share"]
    return f'<progress aria-label="First run" max="1" value="{share:g}">{100 * share:.0f} %</progress>'


def _duration(seconds: float) -> str:
    if seconds >= 60 and seconds % 60 == 0:
        minutes = round(seconds / 60)
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{seconds:g} seconds"


def _switch(view: View) -> str:
    words = "Hide names" if view.names else "Show names"
    return f'<a href="{text(view.link("now", names=not view.names), 400)}">{words}</a>'

"""The section of alerts: what was told, whether it stands, and why."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.instants import parse_iso
from hexmeter.core.outlooktexts import moment
from hexmeter.page.html import details, more, section, text
from hexmeter.page.names import Names
from hexmeter.page.view import View

_SHOWN = 5
_MARKS = {"critical": "◆", "warning": "▲", "info": "●"}


def alerts_section(document: Mapping[str, Any], view: View, zone: ZoneInfo) -> str:
    """The section `alerts`, as they come: those that stand first, the gravest before others."""
    names, alerts = Names(document, view), document["alerts"]
    if not alerts:
        return section("alerts", "Alerts", '<p class="note">None was told so far.</p>')
    shown = alerts if view.all else alerts[:_SHOWN]
    entries = "".join(f"<li>{_alert(alert, names, zone)}</li>" for alert in shown)
    cut = more(len(shown), len(alerts), view.link("alerts", all=True))
    if not cut and document["standing"] > len(shown):
        cut = f'<p class="note">{document["standing"] - len(shown)} more stand: hexmeter alerts</p>'
    return section("alerts", "Alerts", f'<ul class="alerts">{entries}</ul>{cut}')


def _alert(alert: Mapping[str, Any], names: Names, zone: ZoneInfo) -> str:
    stands = alert["state"] != "resolved"
    kind = alert["severity"] if stands else "over"
    mark = _MARKS.get(alert["severity"], "●")
    title, body = (names.within(alert[name], alert["meter"]) for name in ("title", "body"))
    why = "".join(f"<li>{text(names.within(line, alert['meter']), 400)}</li>" for line in alert["why"])
    return (
        f'<h3><span class="state {text(kind)}"><span aria-hidden="true">{mark}</span> {text(_state(alert, zone))}'
        f"</span> {text(title, 200)}</h3><p>{text(body, 600)}</p>"
        f'<p class="note">{text(moment(parse_iso(alert["fired_at"]), zone))}</p>'
        + (details(f"why-{int(alert['id'])}", "Why", f"<ol>{why}</ol>") if why else "")
    )


def _state(alert: Mapping[str, Any], zone: ZoneInfo) -> str:
    if alert["muted"]:
        return "muted"
    if alert["snoozed_until"]:
        return f"snoozed until {moment(parse_iso(alert['snoozed_until']), zone)}"
    words = {"firing": alert["severity"], "resolved": "over"}
    return str(words.get(alert["state"], alert["state"]))

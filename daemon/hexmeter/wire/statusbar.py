"""The status as the daemon itself renders it: for eyes, or for status bars about the meter nearest to its limit."""

import json
import time
from datetime import tzinfo
from typing import Any

from hexmeter.core import outlooktexts, outlookwords
from hexmeter.core.age import never_read
from hexmeter.core.instants import parse_iso
from hexmeter.wire.render import status_text, zone_of

_ABOUT = {"exact": "", "estimated": "~", "at_least": "≤"}
_CLASSES = ("stale", "unknown", "ok", "warning", "critical", "exhausted")
FORMATS = ("text", "oneline", "waybar")
_TOOLTIP_METERS = 10


def formatted(name: str, document: dict[str, Any]) -> str:
    """A status document in one of FORMATS, without a line break at the end."""
    if name == "text":
        return status_text(document)
    return oneline(document) if name == "oneline" else json.dumps(waybar(document), ensure_ascii=False)


def oneline(document: dict[str, Any]) -> str:
    """What is left of the meter nearest to its limit: `27.5/40`, marked `~` or `≤` when it is not exact.

    Somebody else's meter, or one of several, is named. Old figures end in `(stale)`; what is not known is `unknown`.
    """
    meters = document["meters"]
    if not meters:
        return "unknown"
    meter = meters[0]
    name = f"{meter['label'].partition('@')[0]} " if len(meters) > 1 or not _is_own(meter, document) else ""
    return f"{name}{_left(meter)}{' (stale)' if document['stale'] else ''}"


def waybar(document: dict[str, Any]) -> dict[str, Any]:
    """The object that Waybar's custom module reads: text, tooltip, class and the percentage that is used."""
    meters = document["meters"]
    state = meters[0]["state"] if meters else "unknown"
    zone, now_ms = zone_of(document.get("timezone")), time.time_ns() // 1_000_000
    tooltip = [_tooltip(meter, now_ms, zone) for meter in meters[:_TOOLTIP_METERS]]
    if len(meters) > _TOOLTIP_METERS:
        tooltip.append(f"and {len(meters) - _TOOLTIP_METERS} more")
    if never_read(document):
        tooltip.insert(0, "No good reading yet")
    elif document["stale"]:
        tooltip.insert(0, f"No good reading since {outlooktexts.moment(parse_iso(document['as_of']), zone)}")
    shown: dict[str, Any] = {
        "text": oneline(document),
        "tooltip": "\n".join(tooltip) or "No figures yet",
        "class": "stale" if document["stale"] else state if state in _CLASSES else "unknown",
    }
    if meters and meters[0]["used"] is not None and meters[0]["limit"]:
        shown["percentage"] = min(100, int(100 * meters[0]["used"] / meters[0]["limit"]))
    return shown


def _tooltip(meter: dict[str, Any], now_ms: int, zone: tzinfo | None) -> str:
    said = outlookwords.clause(meter, now_ms, zone)
    return f"{meter['label']}: {_left(meter)} left{f', {said}' if said else ''}"


def _is_own(meter: dict[str, Any], document: dict[str, Any]) -> bool:
    identity = document["identity"]
    return identity is not None and meter["id"] == f"grant:{identity['email']}"


def _left(meter: dict[str, Any]) -> str:
    if meter["remaining"] is None:
        return "unknown"
    about = _ABOUT.get(meter["bound"], "") if meter["remaining"] else ""
    return f"{about}{_number(meter['remaining'])}/{_number(meter['limit'])}"


def _number(amount: float) -> str:
    return f"{amount:.2f}".rstrip("0").rstrip(".")

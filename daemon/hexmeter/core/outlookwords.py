"""A meter's outlook in a document of the local API, in words: for terminals, status bars and the tray alike.

Nothing heavy is imported: `hexmeter status` says these words for status bars, every few seconds.
"""

from hexmeter.core import outlooktexts
from hexmeter.core.instants import parse_iso

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from typing import Any


def clause(meter: "Mapping[str, Any]", now_ms: int, zone: "tzinfo | None") -> str | None:
    """`lasts until the reset on Tue 1 Dec`, or `ends Thu 26 Nov, 5 days before the reset`; None where that is
    not known, or where nothing is left to end."""
    if not _is_known(meter):
        return None
    period = meter["period"]
    end_ms = parse_iso(period["end"]) if period else None
    return outlooktexts.lasts_or_ends(*_expected(meter), end_ms, now_ms, zone, meter["bound"])


def said(meter: "Mapping[str, Any]", now_ms: int, zone: "tzinfo | None") -> str:
    """The clause; else `used up`, or why nothing is forecast."""
    used_up = "used up" if meter["state"] == "exhausted" else ""
    return clause(meter, now_ms, zone) or used_up or str(meter["forecast"].get("unknown", ""))


def in_short(meter: "Mapping[str, Any]", now_ms: int, zone: "tzinfo | None") -> str:
    """The same for a column; `learning` while little is known, `-` where nothing is."""
    if not _is_known(meter):
        reason = str(meter["forecast"].get("unknown", ""))
        return "learning" if reason.startswith("learning") else "-"
    return outlooktexts.in_short(*_expected(meter), now_ms, zone, meter["bound"])


def prompts_left(meter: "Mapping[str, Any]") -> str | None:
    """`about 6 typical or 2 heavy prompts left`; None where that is not known, or nothing is left."""
    left = meter.get("prompts_left")
    if not left or meter["state"] == "exhausted":
        return None
    return outlooktexts.prompts_left(left["typical"], left["heavy"], meter["bound"])


def record(meter: "Mapping[str, Any]") -> str | None:
    """`the range held 8 of 10 times`; None before three periods are over."""
    found = meter.get("record")
    return outlooktexts.held(found["held"], found["of"]) if found else None


def calibrated(meter: "Mapping[str, Any]") -> str | None:
    """`5.2 more than was seen`, where a calibration says so."""
    if not meter["adjustment"]:
        return None
    from hexmeter.core.credits import MICRO, format_credits  # It imports decimal, and few meters are calibrated.

    micro = round(meter["adjustment"] * MICRO)
    return f"{format_credits(abs(micro))} {'more' if micro > 0 else 'less'} than was seen"


def _is_known(meter: "Mapping[str, Any]") -> bool:
    return "unknown" not in meter.get("forecast", {"unknown": ""}) and meter["state"] != "exhausted"


def _expected(meter: "Mapping[str, Any]") -> "tuple[float, int | None]":
    """How likely the end is, and when it is expected."""
    exhaust_at = meter["forecast"]["exhaust_at"]
    return meter["forecast"]["probability"], None if exhaust_at is None else parse_iso(exhaust_at)

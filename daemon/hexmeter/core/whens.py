"""An instant to come as people write it: in so long, tomorrow, at the reset, or until a time."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, from_datetime
from hexmeter.core.periods import first_instant, local_day

ALLOWED = "1h (or 30m, 2d, 1w), tomorrow (its 09:00), reset, or a time such as 17:30, 2026-11-27 or 2026-11-27T09:30"
FURTHEST_MS = 366 * DAY_MS

_IN = re.compile(r"(\d{1,5})([mhdw])", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UNITS_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_MORNING = time(9)


class WhenError(ValueError):
    """What was written is no time to come; the message names it, `ALLOWED` says how it should be."""


def parse_when(text: str, now_ms: int, zone: ZoneInfo, reset_ms: int | None = None) -> int:
    """A time after `now_ms`, in Unix milliseconds, at most a year ahead; `reset_ms` is what "reset" means, if anything.

    "until" before it is understood; a time of day is the next one to come in `zone`. Raises WhenError.
    """
    words = text.strip().lower().removeprefix("until ").strip()
    at_ms = _instant(words, now_ms, zone, reset_ms)
    if at_ms is None:
        raise WhenError(f"{text[:40]!r} is no time to come")
    if at_ms <= now_ms:
        raise WhenError(f"{text[:40]!r} is over already")
    if at_ms - now_ms > FURTHEST_MS:
        raise WhenError(f"{text[:40]!r} is more than a year ahead")
    return at_ms


def _instant(words: str, now_ms: int, zone: ZoneInfo, reset_ms: int | None) -> int | None:
    today = local_day(now_ms, zone)
    if words == "tomorrow":
        return first_instant(today + timedelta(days=1), zone, _MORNING)
    if words == "reset":
        if reset_ms is None:
            raise WhenError("there is no reset to wait for")
        return reset_ms
    if found := _IN.fullmatch(words):
        return now_ms + int(found[1]) * _UNITS_MS[found[2]]
    if found := _CLOCK.fullmatch(words):
        clock = time(int(found[1]), int(found[2]))
        today_ms = first_instant(today, zone, clock)
        return today_ms if today_ms > now_ms else first_instant(today + timedelta(days=1), zone, clock)
    try:
        if _DAY.fullmatch(words):
            return first_instant(date.fromisoformat(words), zone)
        moment = datetime.fromisoformat(words.upper())
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None

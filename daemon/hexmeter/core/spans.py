"""A span of time as people write it: since and until, as a day, an instant, or so long ago."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, from_datetime
from hexmeter.core.periods import Period, first_instant

ALLOWED = "a day such as 2026-11-01, an instant such as 2026-11-01T09:30, or so long ago such as 12h, 7d or 2w"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_AGO = re.compile(r"(\d{1,5})([mhdw])", re.ASCII)
_UNITS_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_YEARS = range(2000, 2201)


class SpanError(ValueError):
    """What was written is no span; the message names it, `ALLOWED` says how it should be."""


def span(since: str | None, until: str | None, default: Period, now_ms: int, zone: ZoneInfo) -> Period:
    """The span from `since` up to, but not including, `until`.

    A day is its first instant in `zone`, and an instant without a zone is one of `zone`. Without `since` the span
    begins as `default` does; without either it is `default`; with `since` alone it ends now. Raises SpanError.
    """
    if since is None and until is None:
        return default
    start_ms = default.start_ms if since is None else parse_moment(since, now_ms, zone)
    # What was seen this very moment belongs to it.
    end_ms = now_ms + 1 if until is None else parse_moment(until, now_ms, zone)
    if start_ms >= end_ms:
        swapped = "; the other way round?" if since and until and start_ms > end_ms else ""
        raise SpanError(
            f"since ({_said(since, 'the start of this period')}) is not before until ({_said(until, 'now')}){swapped}"
        )
    return Period(start_ms, end_ms)


def _said(text: str | None, default: str) -> str:
    """How a message names a time: of 7d and 10d the greater number is the earlier time."""
    if text is None:
        return default
    return f"{text} ago" if _AGO.fullmatch(text) else text


def parse_moment(text: str, now_ms: int, zone: ZoneInfo) -> int:
    """Unix milliseconds of a day, an instant, or so long before `now_ms`. Raises SpanError."""
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now_ms - int(ago[1]) * _UNITS_MS[ago[2]]
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            if day.year in _YEARS:
                return first_instant(day, zone)
        else:
            moment = datetime.fromisoformat(text)
            if moment.year in _YEARS:
                return from_datetime(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        pass
    raise SpanError(f"{text[:40]!r} is no time")

"""What a forecast is asked: plain data checked once, so that nothing after it can fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

PERIODS_KEPT = 6
NUMBERS = {int, float, Decimal}
LAST_INSTANT = 7_258_118_400
"""2200-01-01: calendars beyond it are anybody's guess."""
MOST_CREDITS = 1e15
MOST_SHOWN = 60  # characters of a wrong value


@dataclass(frozen=True, slots=True)
class History:
    """Usage in the order it happened: Unix seconds, and the credits used up to and including each."""

    times: Sequence[float]
    totals: Sequence[float]  # one longer than times, begins with 0


@dataclass(frozen=True, slots=True)
class Seat:
    """One person whose use above `grant` credits is drawn from the pool; `used` None: what the history shows."""

    grant: float
    history: History
    used: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request. Times in Unix seconds, amounts in credits; `used` None: what the history shows."""

    zone: ZoneInfo
    start: float
    end: float
    now: float
    limit: float
    history: History
    past: tuple[tuple[float, float], ...]
    hard_stop: bool
    alert_active: bool
    used: float | None
    seats: tuple[Seat, ...]


def parse(request: Mapping[str, Any]) -> Request:
    """The request as checked values. Raises ValueError, saying which key is wrong and why; unknown keys are ignored."""
    if not isinstance(request, Mapping):
        raise ValueError(f"a request must be an object, got {type(request).__name__}")
    start, end = (_number(request, key, LAST_INSTANT) for key in ("period_start", "period_end"))
    now = _number(request, "now", LAST_INSTANT)
    if end <= start:
        raise ValueError(f"period_end must be after period_start, got {start} to {end}")
    if not start <= now <= end:
        raise ValueError(f"now must be within the period {start} to {end}, got {now}")
    return Request(
        zone=_zone(request),
        start=start,
        end=end,
        now=now,
        limit=_amount(request, "limit"),
        history=_history(_listed(request, "events"), now, "events"),
        past=_past(_listed(request, "past_periods"), start),
        hard_stop=bool(request.get("hard_stop")),
        alert_active=bool(request.get("alert_active")),
        used=None if request.get("used") is None else _amount(request, "used"),
        seats=_seats(_listed(request, "seats"), now),
    )


def _zone(request: Mapping[str, Any]) -> ZoneInfo:
    name = request.get("timezone")
    try:
        return ZoneInfo(name)  # type: ignore[arg-type]  # whatever it is, ZoneInfo refuses it
    except (LookupError, ValueError, TypeError, AttributeError, OSError):
        raise ValueError(f"timezone must be an IANA name such as Europe/Berlin, got {_shown(name)}") from None


def _number(values: Mapping[str, Any], key: str, most: float, where: str = "") -> float:
    """A number from 0 to `most`."""
    value: Any = values.get(key)
    # NaN is in no range, but a Decimal's raises where it is compared.
    nan = isinstance(value, Decimal) and value.is_nan()
    if type(value) not in NUMBERS or nan or not 0 <= value <= most:
        raise ValueError(f"{where}{key} must be a number from 0 to {most:g}, got {_shown(value)}")
    return float(value)


def _shown(value: object) -> str:
    """The value, short enough for a message."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # Python writes no integer of more than 4,300 digits, nor what is too deep
        return "one that is too long to show"
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"


def _amount(values: Mapping[str, Any], key: str, where: str = "") -> float:
    return _number(values, key, MOST_CREDITS, where)


def _listed(values: Mapping[str, Any], key: str, where: str = "") -> Sequence[Any]:
    """A list that may be missing."""
    value = values.get(key)
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where}{key} must be a list, got {type(value).__name__}")
    return value


def _history(events: Sequence[Sequence[Any]], now: float, where: str) -> History:
    """The events in two columns. All checks run in C: half a year of hours is 4,400 events."""
    if not events:
        return History((), (0.0,))
    try:
        moments, credits = [at for at, _ in events], [amount for _, amount in events]
    except (TypeError, ValueError):
        raise ValueError(f"{where} must be pairs [Unix seconds, credits]") from None
    if not {*map(type, moments), *map(type, credits)} <= NUMBERS:
        raise ValueError(f"{where} must be pairs of numbers")
    try:
        times, totals = list(map(float, moments)), list(accumulate(map(float, credits), initial=0.0))
    except (OverflowError, ValueError):
        raise ValueError(f"{where} must be finite numbers") from None
    # NaN is in no range, and whatever is not finite makes the sum so.
    if not isfinite(sum(times)) or not totals[-1] <= MOST_CREDITS:
        raise ValueError(f"{where} must be finite, and no more than {MOST_CREDITS:g} credits together")
    if min(credits) < 0:
        raise ValueError(f"{where} must not have negative credits, got {_shown(min(credits))}")
    if times != sorted(times):
        raise ValueError(f"{where} must be sorted by time")
    if times[-1] > now:
        raise ValueError(f"{where} must not lie after now ({now}), got {times[-1]}")
    return History(times, totals)


def _past(periods: Sequence[Sequence[Any]], start: float) -> tuple[tuple[float, float], ...]:
    """The latest past periods, oldest first."""
    found: list[tuple[float, float]] = []
    for period in periods:
        try:
            first, last = period
        except (TypeError, ValueError):
            raise ValueError(f"past_periods must be pairs [start, end], got {_shown(period)}") from None
        bounds = {"start": first, "end": last}
        begin, end = (_number(bounds, key, LAST_INSTANT, "past_periods: ") for key in ("start", "end"))
        found.append((begin, end))
    found.sort()
    if any(last <= first for first, last in found):
        raise ValueError("past_periods: each must end after its start")
    if any(one[1] > other[0] for one, other in pairwise([*found, (start, start)])):
        raise ValueError("past_periods must not overlap each other or this period")
    return tuple(found[-PERIODS_KEPT:])


def _seats(seats: Sequence[Mapping[str, Any]], now: float) -> tuple[Seat, ...]:
    found = []
    for index, seat in enumerate(seats):
        where = f"seats[{index}]."
        if not isinstance(seat, Mapping):
            raise ValueError(f"seats[{index}] must be an object with grant and events")
        history = _history(_listed(seat, "events", where), now, where + "events")
        used = None if seat.get("used") is None else _amount(seat, "used", where)
        found.append(Seat(_amount(seat, "grant", where), history, used))
    return tuple(found)

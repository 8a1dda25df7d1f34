"""Periods: months of an own time zone that begin at local midnight of the reset day."""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hexmeter.core.instants import DAY_MS, from_datetime, to_datetime


@dataclass(frozen=True, slots=True)
class Period:
    """The instants [start_ms, end_ms)."""

    start_ms: int
    end_ms: int

    def __contains__(self, at_ms: int) -> bool:
        return self.start_ms <= at_ms < self.end_ms


def period_at(at_ms: int, reset_day: int, zone: ZoneInfo) -> Period:
    """The period that contains `at_ms`, for a `reset_day` of 1 to 31; a month that lacks it resets on its last day."""
    local = to_datetime(at_ms).astimezone(zone).date()
    start = _reset_in(local.year, local.month, reset_day)
    if first_instant(start, zone) > at_ms:
        start = _reset_in(*_month_before(start.year, start.month), reset_day)
    end = _reset_in(*_month_after(start.year, start.month), reset_day)
    if first_instant(end, zone) <= at_ms:
        # Clocks set back over midnight show the day before the reset once more (St. John's did, at 00:01).
        start, end = end, _reset_in(*_month_after(end.year, end.month), reset_day)
    return Period(first_instant(start, zone), first_instant(end, zone))


def previous_period(period: Period, reset_day: int, zone: ZoneInfo) -> Period:
    """The period that ends where `period` starts."""
    return period_at(period.start_ms - 1, reset_day, zone)


def week_at(at_ms: int, zone: ZoneInfo) -> Period:
    """The local week, Monday to Sunday, that contains `at_ms`."""
    day = local_day(at_ms, zone)
    monday = day - timedelta(days=day.weekday())
    return Period(first_instant(monday, zone), first_instant(monday + timedelta(days=7), zone))


def day_at(at_ms: int, zone: ZoneInfo) -> Period:
    """The local day that contains `at_ms`."""
    day = local_day(at_ms, zone)
    return Period(first_instant(day, zone), first_instant(day + timedelta(days=1), zone))


def first_instant(day: date, zone: ZoneInfo, clock: time = time.min) -> int:
    """The first instant of a local day, or the first at which a `clock` shows that time on it, in Unix milliseconds.

    That is its midnight; the first one where it comes twice; where it does not exist, the first instant after the gap.
    """
    wanted = datetime.combine(day, clock)
    candidate = from_datetime(wanted.replace(tzinfo=zone, fold=0))
    if _local(candidate, zone) == wanted:
        return candidate
    # In a gap fold=0 reads the clock as before the change, so the first instant at or past that time is not later.
    window = range(candidate - DAY_MS, candidate + 1)
    return window[bisect_left(window, wanted, key=lambda at_ms: _local(at_ms, zone))]


def local_day(at_ms: int, zone: ZoneInfo) -> date:
    """The local calendar day of an instant."""
    return to_datetime(at_ms).astimezone(zone).date()


def days_between(start_ms: int, end_ms: int, zone: ZoneInfo) -> Sequence[tuple[date, Period]]:
    """The local days that touch [start_ms, end_ms), each cut to it."""
    days: list[tuple[date, Period]] = []
    day, at_ms = local_day(start_ms, zone), start_ms
    while at_ms < end_ms:
        day_end_ms = min(first_instant(day + timedelta(days=1), zone), end_ms)
        if day_end_ms > at_ms:
            days.append((day, Period(at_ms, day_end_ms)))
        day, at_ms = day + timedelta(days=1), max(at_ms, day_end_ms)
    return days


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return to_datetime(at_ms).astimezone(zone).replace(tzinfo=None)


def _reset_in(year: int, month: int, reset_day: int) -> date:
    return date(year, month, min(reset_day, monthrange(year, month)[1]))


def _month_before(year: int, month: int) -> tuple[int, int]:
    return (year - 1, 12) if month == 1 else (year, month - 1)


def _month_after(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)

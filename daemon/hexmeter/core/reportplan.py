"""When a report is due: of the last whole week or month, at a time of day from its end on."""

from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from hexmeter.core.periods import Period, first_instant, local_day, period_at, week_at

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """`every` week or month (None: never), at `at` of the first day from the period's end on that is the `weekday` (0
    is Monday; None: the very day it ends). `to` names the channels."""

    every: str | None
    weekday: int | None
    at: time
    to: tuple[str, ...]


def due_ms(period: Period, plan: ReportPlan, zone: ZoneInfo) -> int:
    """When the report of `period` is due."""
    day = local_day(period.end_ms, zone)
    if plan.weekday is not None:
        day += timedelta(days=(plan.weekday - day.weekday()) % 7)
    return first_instant(day, zone, plan.at)


def newest_due(every: str, plan: ReportPlan, now_ms: int, reset_day: int, zone: ZoneInfo) -> Period:
    """The newest week or month whose report is due."""
    period = last_whole(every, now_ms, reset_day, zone)
    while due_ms(period, plan, zone) > now_ms:
        period = last_whole(every, period.end_ms - 1, reset_day, zone)
    return period


def last_whole(every: str, now_ms: int, reset_day: int, zone: ZoneInfo) -> Period:
    """The last week, Monday to Sunday, or the last month, from reset to reset, that is over."""
    current = week_at(now_ms, zone) if every == "week" else period_at(now_ms, reset_day, zone)
    return week_at(current.start_ms - 1, zone) if every == "week" else period_at(current.start_ms - 1, reset_day, zone)
